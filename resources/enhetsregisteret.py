"""The door to Enhetsregisteret, the register of legal units: what it says of an organisation number.

Belongs here: asking, in bulk where it can be, and the outcomes. A number that could not be asked about is never one
that was not found. Not here: what follows for a debtor (``kredin_pipeline/ledger/sql/debtors.sql``) and keeping the
answers (`enhetsregisteret_sync`). Source: Enhetsregisteret reference §§ 1-5.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, cast

import httpx
from dagster import ConfigurableResource
from pydantic import Field

from resources.clock import Clock
from resources.http_errors import (
    PassingFailure,
    PermanentFailure,
    Waits,
    failure_of,
    no_answer,
    tried_again,
)
from resources.rate_limit import shared_limit

MAIN_UNIT: Final = "application/vnd.brreg.enhetsregisteret.enhet.v2+json"
SUB_UNIT: Final = "application/vnd.brreg.enhetsregisteret.underenhet.v2+json"
NUMBERS_PER_CALL: Final = 100
"""What the public clients send at most in one search (reference § 2.2)."""
GIVE_UP_AFTER: Final = 5
"""So many questions in a row without an answer: the register is down, the rest is not tried."""
FEW: Final = 2
"""Up to so many numbers are looked up one by one rather than searched for among sub-units first."""
USER_AGENT: Final = "kredin-pipeline (debt collection for creditors; look-ups of their debtors)"
_FORCED_DATES: Final = (
    "tvangsavvikletPgaManglendeSlettingDato", "tvangsopplostPgaManglendeDagligLederDato",
    "tvangsopplostPgaManglendeRevisorDato", "tvangsopplostPgaManglendeRegnskapDato",
    "tvangsopplostPgaMangelfulltStyreDato",
)  # fmt: skip

Status = Literal["registered", "deleted", "removed", "unknown", "not_available"]
_connections: dict[tuple[str, float], httpx.Client] = {}
_connecting = threading.Lock()


@dataclass(frozen=True)
class UnitAnswer:
    """What the register says of one number.

    ``registered``; ``deleted`` (``SlettetEnhet``, ``SlettetUnderEnhet``); ``removed`` (410: nothing else may be kept);
    ``unknown`` (404 among main units and sub-units); ``not_available`` (429, 5xx, no answer: nothing is known).
    ``main_orgnr`` is a sub-unit's main unit, None for a deleted one. Dates are the register's own.
    """

    orgnr: str
    status: Status
    is_sub_unit: bool | None = None
    name: str | None = None
    organisation_form: str | None = None
    main_orgnr: str | None = None
    konkurs: bool | None = None
    konkursdato: date | None = None
    under_avvikling: bool | None = None
    under_avvikling_dato: date | None = None
    under_tvangsavvikling: bool | None = None
    tvang_dato: date | None = None
    under_rekonstruksjon_dato: date | None = None
    slettedato: date | None = None
    language: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None


def is_orgnr(text: str) -> bool:
    """Whether a text can be an organisation number: nine digits with a right check digit (reference § 4.1)."""
    if len(text) != 9 or not text.isdecimal() or not text.isascii():
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text, (3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    return rest != 1 and (11 - rest) % 11 == int(text[8])


class Enhetsregisteret(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """Where the register is and how it may be asked (etiquette: reference § 5)."""

    clock: Clock = Field(default_factory=Clock)
    api_url: str = Field(default="https://data.brreg.no/enhetsregisteret/api", description="Base, ending in /api.")
    requests_per_second: float = Field(default=5.0, description="0 is no limit of ours.")
    read_timeout_seconds: float = Field(default=10.0)
    attempts: int = Field(default=3, ge=1, description="How often one look-up is tried while its failure passes.")

    def look_up(self, orgnrs: Iterable[str], clock: Clock | None = None) -> list[UnitAnswer]:
        """What the register says of each number, in the order given, each once; and of the main unit of each sub-unit
        among them, after those.

        Searched for 100 at a time; what a search does not return is looked up directly, as a main unit, then as a
        sub-unit: a search that misses a number proves nothing. Never raises for what the register answers.
        """
        wanted = list(dict.fromkeys(orgnrs))
        waiting = clock or self.clock
        round_ = _Round(self._http(), self.api_url.rstrip("/"), waiting, self.requests_per_second, self.attempts)
        answers = round_.ask([one for one in wanted if is_orgnr(one)])
        for one in wanted:
            answers.setdefault(one, UnitAnswer(one, "unknown"))  # a number that cannot exist is not asked for
        parents = [
            answer.main_orgnr for answer in answers.values() if answer.is_sub_unit and answer.main_orgnr is not None
        ]
        above = [one for one in dict.fromkeys(parents) if one not in answers]
        mains = round_.ask(above) if above else {}
        return [answers[one] for one in wanted] + [mains[one] for one in above]

    def close(self) -> None:
        """Give the process's connections to the register back."""
        with _connecting:
            client = _connections.pop((self.api_url, self.read_timeout_seconds), None)
        if client is not None:
            client.close()

    def _http(self) -> httpx.Client:
        place = (self.api_url, self.read_timeout_seconds)
        with _connecting:
            client = _connections.get(place)
            if client is None:
                client = _connections[place] = httpx.Client(
                    timeout=self.read_timeout_seconds,
                    headers={"User-Agent": USER_AGENT},
                    verify=self.api_url.startswith("https:"),
                )
            return client


class _Round:
    """One round of questions; once the register proves to be down it stops asking."""

    def __init__(self, http: httpx.Client, url: str, clock: Clock, per_second: float, tries: int) -> None:
        self._http, self._url, self._clock = http, url, clock
        self._limit = shared_limit(url, per_second)
        self._waits = Waits(tries=tries, longest=8.0, budget=30.0)
        self._failed_in_a_row = 0

    def ask(self, orgnrs: Sequence[str]) -> dict[str, UnitAnswer]:
        answers: dict[str, UnitAnswer] = {}
        left = list(orgnrs)
        for sub in (False, True):
            if len(left) > (FEW if sub else 0):
                for start in range(0, len(left), NUMBERS_PER_CALL):
                    answers |= self._search(left[start : start + NUMBERS_PER_CALL], sub)
                left = [one for one in left if one not in answers]
        for one in left:
            answers[one] = self._one(one)
        return answers

    def _search(self, orgnrs: list[str], sub: bool) -> dict[str, UnitAnswer]:
        """Units that a search returns. When the search itself fails nothing is known of any of them."""
        collection, accept = ("underenheter", SUB_UNIT) if sub else ("enheter", MAIN_UNIT)
        params = {"organisasjonsnummer": ",".join(orgnrs), "size": str(len(orgnrs))}
        if self._failed_in_a_row >= GIVE_UP_AFTER:
            return {one: UnitAnswer(one, "not_available") for one in orgnrs}
        try:
            body = self._get(f"/{collection}", accept, params)
        except PermanentFailure:
            return {}
        except PassingFailure:
            self._failed_in_a_row += 1
            return {one: UnitAnswer(one, "not_available") for one in orgnrs}
        self._failed_in_a_row = 0
        found: dict[str, UnitAnswer] = {}
        for unit in cast(list[Any], (body.get("_embedded") or {}).get(collection) or []):
            answer = answer_of(unit) if isinstance(unit, dict) else None
            if answer is not None and answer.orgnr in orgnrs:
                found[answer.orgnr] = answer
        return found

    def _one(self, orgnr: str) -> UnitAnswer:
        if self._failed_in_a_row >= GIVE_UP_AFTER:
            return UnitAnswer(orgnr, "not_available")
        for collection, accept in (("enheter", MAIN_UNIT), ("underenheter", SUB_UNIT)):
            try:
                answer = answer_of(self._get(f"/{collection}/{orgnr}", accept, {}))
            except PermanentFailure as failure:
                self._failed_in_a_row = 0
                if failure.status == 410:
                    return UnitAnswer(orgnr, "removed")
                if failure.status == 404:
                    continue
                return UnitAnswer(orgnr, "not_available")
            except PassingFailure:
                self._failed_in_a_row += 1
                return UnitAnswer(orgnr, "not_available")
            self._failed_in_a_row = 0
            return answer if answer is not None and answer.orgnr == orgnr else UnitAnswer(orgnr, "not_available")
        return UnitAnswer(orgnr, "unknown")

    def _get(self, path: str, accept: str, params: Mapping[str, str]) -> dict[str, Any]:
        what = f"Enhetsregisteret: GET {path}"

        def attempt() -> dict[str, Any]:
            self._limit.wait(self._clock)
            try:
                response = self._http.get(self._url + path, params=dict(params), headers={"Accept": accept})
            except httpx.TransportError as error:
                raise no_answer(error, what) from error
            if response.status_code >= 400:
                raise failure_of(response, what)
            try:
                body: Any = json.loads(response.content)
            except ValueError as error:
                raise PassingFailure(f"{what} answered {response.status_code} without JSON") from error
            if not isinstance(body, dict):
                raise PassingFailure(f"{what} answered {response.status_code} with no JSON object")
            return cast(dict[str, Any], body)

        return tried_again(attempt, self._clock, self._waits)


def answer_of(body: Mapping[str, Any]) -> UnitAnswer | None:
    """A unit's body as an answer; unknown keys are ignored. None for a body without a number or a class."""
    number, kind = str(body.get("organisasjonsnummer") or ""), str(body.get("respons_klasse") or "").lower()
    if not number:
        return None
    sub = kind in ("underenhet", "slettetunderenhet") or (not kind and "beliggenhetsadresse" in body)
    form: Mapping[str, Any] = body.get("organisasjonsform") or {}
    deleted = _day(body.get("slettedato"))
    if kind.startswith("slettet") or deleted is not None:
        return UnitAnswer(
            number, "deleted", sub, _text(body.get("navn")), _text(form.get("kode")), None, slettedato=deleted
        )
    lines, address = _address(body)
    forced = [day for key in _FORCED_DATES if (day := _day(body.get(key))) is not None]
    return UnitAnswer(
        orgnr=number,
        status="registered",
        is_sub_unit=sub,
        name=_text(body.get("navn")),
        organisation_form=_text(form.get("kode")),
        main_orgnr=_text(body.get("overordnetEnhet")) if sub else None,
        konkurs=None if sub else bool(body.get("konkurs")),
        konkursdato=_day(body.get("konkursdato")),
        under_avvikling=None if sub else bool(body.get("underAvvikling")),
        under_avvikling_dato=_day(body.get("underAvviklingDato")),
        under_tvangsavvikling=None if sub else bool(body.get("underTvangsavviklingEllerTvangsopplosning")),
        tvang_dato=min(forced) if forced else None,
        under_rekonstruksjon_dato=_day(body.get("underRekonstruksjonsforhandlingDato")),
        language=_text(body.get("maalform")),
        address_line1=lines[0],
        address_line2=lines[1],
        address_line3=lines[2],
        zip_code=_text(address.get("postnummer")),
        city=_text(address.get("poststed")),
        country_code=_text(address.get("landkode")),
    )


def _address(body: Mapping[str, Any]) -> tuple[tuple[str | None, str | None, str | None], Mapping[str, Any]]:
    """Where to write to: postal address, else business address, else where the sub-unit lies (reference § 3.3).

    A fourth line is put behind the third; empty lines and nulls are left out.
    """
    for key in ("postadresse", "forretningsadresse", "beliggenhetsadresse"):
        address = body.get(key)
        if isinstance(address, dict) and address:
            found = cast(dict[str, Any], address)
            lines = [line for one in found.get("adresse") or () if (line := _text(one)) is not None]
            third = ", ".join(lines[2:]) or None
            return (*([*lines[:2], None, None][:2]), third), found  # pyright: ignore[reportReturnType]
    return (None, None, None), {}


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
