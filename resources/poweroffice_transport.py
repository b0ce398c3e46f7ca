"""Talking to PowerOffice Go for one company: token, rate, retries of reads, and what a failed write means.

Belongs here: everything between a method call and the wire that is the same for all routes. Not here: the routes
(`poweroffice_client`) and which failures pass (`http_errors`). Source: PowerOffice reference §§ 2, 4.
"""

from __future__ import annotations

import base64
import json
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, Protocol, cast

import httpx
from pydantic import SecretStr

from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected
from resources.http_errors import (
    PassingFailure,
    PermanentFailure,
    ReadFailure,
    Waits,
    failure_of,
    no_answer,
    tried_again,
)
from resources.poweroffice_privileges import advice_for
from resources.rate_limit import RateLimit

RENEW_BEFORE: Final = timedelta(seconds=60)
"""A token is renewed before it runs out rather than on the 401 (reference § 2)."""
TOKEN_ROUTE: Final = "POST /OAuth/Token"
Parameters = Mapping[str, str]
_COMPLETE: Final = ((b"[", b"]"), (b"{", b"}"))


class Time(Protocol):
    """The Clock as far as the transport needs it."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


class Keys:
    """The three keys of a company's connection. Never shows any of them."""

    def __init__(self, application: SecretStr, subscription: SecretStr, client: SecretStr) -> None:
        self._application, self._subscription, self._client = application, subscription, client

    def basic(self) -> str:
        """The Authorization header of the token request."""
        pair = f"{self._application.get_secret_value()}:{self._client.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def subscription(self) -> str:
        """The subscription key, which every call carries."""
        return self._subscription.get_secret_value()

    def fingerprint(self) -> str:
        """Tells two connections apart without being a key."""
        return sha256(self.basic().encode()).hexdigest()

    def __repr__(self) -> str:
        return "Keys(***)"


@dataclass(frozen=True)
class Page:
    """The body of a read: as JSON text, and as it came if it came compressed. Status 204 has none."""

    status: int
    body: bytes
    gzipped: bytes | None = None
    claimed_total: int | None = None


@dataclass
class _Token:
    text: str
    until: datetime
    lifetime: timedelta


_tokens: dict[tuple[str, str], _Token] = {}  # reused by later clients of the same company; a token lives 20 minutes
_tokens_lock = threading.Lock()


class Transport:
    """One company's connection. ``whose`` begins every error text.

    Safe for several threads at once: they share the token, which one of them fetches while the others wait, and the
    rate, in which each takes the next place.
    """

    def __init__(
        self,
        *,
        api_url: str,
        token_url: str,
        keys: Keys,
        clock: Time,
        limit: RateLimit,
        http: httpx.Client,
        waits: Waits,
        whose: str = "PowerOffice",
    ) -> None:
        self._api_url, self._token_url, self._keys = api_url.rstrip("/"), token_url, keys
        self._clock, self._limit, self._waits, self._http, self._whose = clock, limit, waits, http, whose
        self._fetching, self._counting = threading.Lock(), threading.Lock()
        self.requests = 0
        """Requests sent, token requests and repetitions included."""

    def get(self, path: str, params: Parameters | None = None, *, a_list: bool = True) -> Page:
        """The answer of a read, status 200 or 204. A passing failure is tried again, a stale token renewed once.

        With ``a_list`` a 200 must carry a whole JSON array, else an object: an empty or cut-off body is a failure,
        never an empty list. Raises ``ReadFailure`` naming status and route.
        """
        what = f"{self._whose}: GET {path}"
        return tried_again(lambda: self._read(what, path, params or {}, a_list), self._clock, self._waits)

    def post(self, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        """The answer of a write, status 200 to 202; sent once, unless it certainly did not arrive.

        Raises ``NothingSent`` (no connection, or refused unread: may be sent again), ``Rejected`` (understood and
        refused) or ``OutcomeUnknown`` (sent, and no answer came).
        """
        what = f"{self._whose}: POST {path}"
        try:
            response = tried_again(lambda: self._written(what, path, body), self._clock, self._waits)
        except ReadFailure as failure:  # no connection, or no token: the request itself has not left
            raise NothingSent(str(failure), status=failure.status) from failure
        if response.status_code < 300:
            return response
        failure = failure_of(response, what, self._advice("POST", path, response.status_code))
        if response.status_code in (401, 429, 503):  # turned away unread: a 401 is about the key, never about a voucher
            raise NothingSent(str(failure), status=response.status_code, asked_wait=failure.asked_wait)
        if response.status_code >= 500 or response.status_code == 408:
            raise OutcomeUnknown(str(failure), status=response.status_code)
        raise Rejected(str(failure), status=response.status_code)

    def put_file(self, path: str, params: Parameters, name: str, content: bytes) -> None:
        """Upload a PDF as the multipart part ``file``, which must carry a name (reference § 12).

        A new upload replaces the old one, so the outcomes tell less apart than those of ``post``. Raises
        ``NothingSent`` (may be tried again), ``Rejected`` or ``OutcomeUnknown``.
        """
        what = f"{self._whose}: PUT {path}"

        def sent() -> httpx.Response:
            headers = self._headers(f"Bearer {self._bearer()}")
            self._take_place()
            parts = {"file": (name, content, "application/pdf")}
            return self._http.put(self._api_url + path, params=dict(params), files=parts, headers=headers)

        try:
            response = sent()
            if response.status_code == 401:
                self._forget_token(_used(response))
                response = sent()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NothingSent(str(no_answer(error, what))) from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(f"{no_answer(error, what)}; it may have been carried out") from error
        except PassingFailure as failure:
            raise NothingSent(str(failure), status=failure.status) from failure
        except PermanentFailure as failure:
            raise Rejected(str(failure), status=failure.status) from failure
        status = response.status_code
        if status < 300:
            return
        failure = failure_of(response, what, self._advice("PUT", path, status))
        if status in (429, 503):
            raise NothingSent(str(failure), status=status)
        raise (OutcomeUnknown if status >= 500 or status == 408 else Rejected)(str(failure), status=status)

    def fetch_token(self) -> None:
        """Fetch a token now. Raises ``ReadFailure`` when PowerOffice refuses the keys."""
        self._forget_token()
        self._bearer()

    # --- one attempt ---------------------------------------------------------------------------------------------

    def _read(self, what: str, path: str, params: Parameters, a_list: bool) -> Page:
        response, raw = self._sent(what, path, params)
        if response.status_code == 401:
            self._forget_token(_used(response))
            response, raw = self._sent(what, path, params)
        if response.status_code >= 400:
            raise failure_of(response, what, self._advice("GET", path, response.status_code))
        if response.status_code == 204:
            return Page(204, b"")
        compressed = response.headers.get("content-encoding", "").lower() == "gzip"
        try:
            body = zlib.decompress(raw, wbits=31) if compressed else raw
        except zlib.error as error:
            raise PassingFailure(f"{what} answered 200 with a body that is cut off", status=200) from error
        first, last = _COMPLETE[0 if a_list else 1]
        text = body.strip()
        if not (text.startswith(first) and text.endswith(last)):
            wanted = "list" if a_list else "object"
            found = "an empty body" if not text else f"something that is not a whole JSON {wanted}"
            raise PassingFailure(f"{what} answered 200 with {found}; nothing is concluded from it", status=200)
        return Page(200, body, raw if compressed else None, _total(response))

    def _sent(self, what: str, path: str, params: Parameters) -> tuple[httpx.Response, bytes]:
        token = self._bearer()
        self._take_place()
        request = self._http.build_request(
            "GET", self._api_url + path, params=dict(params), headers=self._headers(f"Bearer {token}")
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                if response.status_code >= 400:
                    response.read()
                    return response, b""
                return response, b"".join(response.iter_raw())
            finally:
                response.close()
        except httpx.TransportError as error:
            raise no_answer(error, what) from error

    def _written(self, what: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        response = self._write(what, path, body)
        if response.status_code == 401:  # turned away unread: a new token makes the same request a first one
            self._forget_token(_used(response))
            response = self._write(what, path, body)
        return response

    def _write(self, what: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        """One POST. Raises ``PassingFailure`` only when no connection was made, so that it may be repeated."""
        headers = self._headers(f"Bearer {self._bearer()}")
        self._take_place()
        try:
            if body is None:
                return self._http.post(self._api_url + path, headers=headers)
            headers["Content-Type"] = "application/json"
            return self._http.post(self._api_url + path, content=dumps(body), headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise no_answer(error, what) from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(f"{no_answer(error, what)}; it may have been carried out") from error

    def _take_place(self) -> None:
        """Waits until the next request may go, and counts it."""
        self._limit.wait(self._clock)
        with self._counting:
            self.requests += 1

    # --- token and headers ---------------------------------------------------------------------------------------

    def _headers(self, authorization: str) -> dict[str, str]:
        return {
            "Authorization": authorization,
            "Ocp-Apim-Subscription-Key": self._keys.subscription(),
            "Accept": "application/json",
        }

    def _bearer(self) -> str:
        known = self._known_token()
        if known is not None:
            return known
        with self._fetching:
            return self._known_token() or tried_again(self._new_token, self._clock, self._waits)

    def _known_token(self) -> str | None:
        with _tokens_lock:
            known = _tokens.get((self._token_url, self._keys.fingerprint()))
        if known is None:
            return None
        left = known.until - self._clock.now()
        # A clock set back makes a token look too young: then a new one is asked for.
        return known.text if timedelta(0) < left <= known.lifetime else None

    def _forget_token(self, used: str | None = None) -> None:
        """Forgets the token; one that another thread has fetched after ``used`` stays."""
        key = (self._token_url, self._keys.fingerprint())
        with _tokens_lock:
            known = _tokens.get(key)
            if known is not None and used in (None, known.text):
                del _tokens[key]

    def _new_token(self) -> str:
        what = f"{self._whose}: {TOKEN_ROUTE}"
        self._take_place()
        try:
            response = self._http.post(
                self._token_url,
                data={"grant_type": "client_credentials"},
                headers=self._headers(self._keys.basic()),
            )
        except httpx.TransportError as error:
            raise no_answer(error, what) from error
        if response.status_code != 200:
            raise failure_of(response, what, _TOKEN_ADVICE.get(response.status_code, ""))
        try:
            answer: Any = response.json()
            text, seconds = str(answer["access_token"]), float(answer.get("expires_in", 600))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PassingFailure(f"{what} answered 200 without a token", status=200) from error
        lifetime = max(timedelta(seconds=seconds) - RENEW_BEFORE, timedelta(seconds=seconds / 2))
        with _tokens_lock:
            _tokens[(self._token_url, self._keys.fingerprint())] = _Token(text, self._clock.now() + lifetime, lifetime)
        return text

    def _advice(self, method: str, path: str, status: int) -> str:
        """What to do about a refusal; a 403 is explained by the rights that the company has (reference § 2)."""
        if status != 403:
            return advice_for(method, path, status, None)
        try:
            response, raw = self._sent(self._whose, "/ClientIntegrationInformation", {})
            found: Any = json.loads(raw) if response.status_code == 200 else None
        except (ReadFailure, ValueError):
            found = None
        return advice_for(method, path, status, cast(dict[str, Any], found) if isinstance(found, dict) else None)


_TOKEN_ADVICE: Final = {
    400: "The client key and our application key do not belong together here; was the extension removed in Go, or is "
    "the key from the other environment (demo, production)?",
    401: "Check the subscription key.",
}


def _used(response: httpx.Response) -> str:
    """The token that a request carried."""
    return response.request.headers["Authorization"].removeprefix("Bearer ")


def forget_all_tokens() -> None:
    """Forget the tokens that clients of this process share."""
    with _tokens_lock:
        _tokens.clear()


def _total(response: httpx.Response) -> int | None:
    """A count of all rows, should the server claim one; it is compared and never believed."""
    text = response.headers.get("x-total-count", "")
    return int(text) if text.isdigit() else None


def dumps(body: Mapping[str, object]) -> bytes:
    """``body`` as JSON with amounts written digit by digit: a Decimal never passes through a binary float."""
    return _json(body).encode()


def _json(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        items = cast(Mapping[str, object], value).items()
        return "{" + ",".join(f"{json.dumps(str(name))}:{_json(item)}" for name, item in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_json(item) for item in cast("list[object]", value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)
