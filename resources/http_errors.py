"""Which failures of an HTTP door pass by themselves and which do not, decided in one place.

A refusal (403) that is tried ten times delays the run by minutes and then says less than the first answer did; a
throttled call (429) that is not tried again costs a day. So the codes that invite another try are a named set, the
waits are data, and the two kinds of failure are two classes: a permanent one also stops Dagster's retries of the run.

In scope are reads and token requests. What may follow a write whose answer is lost is in ``kredin_pipeline.outcomes``.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar, cast

import httpx
from dagster import Failure

PASSING_CODES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same read may well succeed (PowerOffice reference § 4, Enhetsregisteret reference § 5)."""
_TIMED_OUT_CODES = frozenset({408, 504})
_IN_SECONDS = re.compile(r"in (\d+) second", re.IGNORECASE)
_SAID_AT_MOST = 300

Answer = TypeVar("Answer")


class ReadFailure(Exception):
    """A read that did not give what was asked. The text names method, route and status, and never holds a key, a
    token or a row. ``asked_wait`` is what the server wants to be given, in seconds. ``timed_out``: the server took the
    question and did not answer in time, so that a smaller one may be answered."""

    permanent = False

    def __init__(
        self, detail: str, *, status: int | None = None, asked_wait: float | None = None, timed_out: bool = False
    ) -> None:
        super().__init__(detail)
        self.detail, self.status, self.asked_wait, self.timed_out = detail, status, asked_wait, timed_out


class PassingFailure(ReadFailure):
    """Nothing came of it now; the same read may be answered later."""


class PermanentFailure(ReadFailure):
    """The same read would be refused again; the text says what to change."""

    permanent = True


class Sleeper(Protocol):
    """A clock that can wait."""

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Waits:
    """How often and how patiently a read is tried: seconds, doubled from ``first`` up to ``longest``, with jitter.

    ``budget`` bounds what one read may wait in all; a server that wants more than is left ends the tries at once.
    """

    tries: int = 5
    first: float = 1.0
    longest: float = 30.0
    budget: float = 120.0

    def before_try(self, number: int, asked: float | None, waited: float) -> float | None:
        """Seconds to wait before try ``number`` (2, 3, ...), None when there is to be no further try.

        ``asked`` is what the server wants, ``waited`` what this read has waited so far.
        """
        if number > self.tries:
            return None
        grown = min(self.longest, self.first * 2 ** (number - 2))
        wait = grown * random.uniform(0.75, 1.25) if asked is None else max(asked, self.first) + random.uniform(0, 0.25)
        return wait if waited + wait <= self.budget else None


def tried_again(
    attempt: Callable[[], Answer],
    clock: Sleeper,
    waits: Waits,
    *,
    failed: PassingFailure | None = None,
    waiting: Callable[[float], None] | None = None,
) -> Answer:
    """The answer of ``attempt``, which is repeated while its failure passes.

    ``failed`` is how a first try has ended already; ``waiting`` is told the seconds before each repetition. An attempt
    must not try again by itself: this is the one budget of a read, its token included. Raises the last
    ``PassingFailure`` with the number of tries in its text, or the ``PermanentFailure`` at once.
    """
    number, waited, failure = (0, 0.0, None) if failed is None else (1, 0.0, failed)
    while True:
        if failure is not None:
            wait = waits.before_try(number + 1, failure.asked_wait, waited)
            if wait is None:
                raise _given_up(failure, number, waits) from failure
            if waiting is not None:
                waiting(wait)
            clock.sleep(wait)
            waited += wait
        try:
            return attempt()
        except PassingFailure as passing:
            number, failure = number + 1, passing


def _given_up(failure: PassingFailure, tries: int, waits: Waits) -> PassingFailure:
    if tries == 1 and waits.tries == 1:
        return failure
    times = "once" if tries == 1 else f"{tries} times"
    longer = "" if failure.asked_wait is None else f"; the server asks for {failure.asked_wait:.0f} s"
    return PassingFailure(
        f"{failure.detail} (tried {times}{longer})",
        status=failure.status, asked_wait=failure.asked_wait, timed_out=failure.timed_out,
    )  # fmt: skip


def failure_of(response: httpx.Response, what: str, advice: str = "") -> ReadFailure:
    """The failure that an answer of 400 or above is. ``what`` names method and route, ``advice`` says what to do."""
    status, said = response.status_code, _said(response)
    text = f"{what} answered {status}" + (f": {said}" if said else "") + (f". {advice}" if advice else "")
    if status in PASSING_CODES:
        wait = _asked_wait(response, datetime.now(UTC))
        return PassingFailure(text, status=status, asked_wait=wait, timed_out=status in _TIMED_OUT_CODES)
    return PermanentFailure(text, status=status)


def no_answer(error: httpx.TransportError, what: str) -> ReadFailure:
    """The failure of a call that got no whole answer: time-out, broken or refused connection; all pass but an address
    that is none."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return PermanentFailure(f"{what}: the configured address is none; want one that begins with https://")
    kinds: tuple[tuple[type[httpx.TransportError], str], ...] = (
        (httpx.ConnectTimeout, "no connection within the time limit"),
        (httpx.ConnectError, "no connection could be made"),
        (httpx.TimeoutException, "no answer within the time limit"),
        (httpx.RemoteProtocolError, "the connection was closed before the answer was complete"),
        (httpx.NetworkError, "the connection broke"),
    )
    said = next((text for kind, text in kinds if isinstance(error, kind)), type(error).__name__)
    answer_missing = isinstance(error, httpx.ReadTimeout)
    return PassingFailure(f"{what}: {said}", timed_out=answer_missing)


def run_failure(error: ReadFailure) -> Failure:
    """The failure that a Dagster asset raises (``raise run_failure(error) from error``): its text, and no retry of the
    run for what is permanent."""
    return Failure(description=str(error), allow_retries=not error.permanent)


def _asked_wait(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that a 429 or 503 asks for: ``Retry-After`` in seconds or as a date, else the number in the message."""
    text = response.headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    if text:
        try:
            return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - now).total_seconds())
        except (TypeError, ValueError):
            return None
    found = _IN_SECONDS.search(response.text[:2000]) if response.status_code in (429, 503) else None
    return float(found.group(1)) if found else None


def _said(response: httpx.Response) -> str:
    """What an error body says (ProblemDetails, the gateway's or OAuth's shape, any case), else its first line."""
    text = response.text.strip()
    try:
        body: Any = json.loads(text)
    except ValueError:
        first = text.splitlines()[0] if text and not text.startswith("<") else ""
        return first[:_SAID_AT_MOST]
    if not isinstance(body, dict):
        return ""
    known = {str(key).lower(): value for key, value in cast(dict[str, Any], body).items()}
    names = ("title", "detail", "message", "error", "error_description", "feilmelding")
    parts = [str(known[name]).strip() for name in names if known.get(name)]
    faults = cast(list[Any], known["valideringsfeil"]) if isinstance(known.get("valideringsfeil"), list) else []
    parts += [str(cast(dict[str, Any], one).get("feilmelding", "")) for one in faults if isinstance(one, dict)]
    return "; ".join(dict.fromkeys(part for part in parts if part))[:_SAID_AT_MOST]
