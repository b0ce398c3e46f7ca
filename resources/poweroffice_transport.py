"""Talking to PowerOffice Go for one company: token, rate, retries of reads, and what a failed write means.

Belongs here: everything between a method call and the wire that is the same for all routes. Not here: the routes
(`poweroffice_client`), keys and tokens (`poweroffice_keys`), which failures pass (`http_errors`). Source: PowerOffice
reference §§ 2, 4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar, cast

import httpx
from isal import igzip_lib, isal_zlib

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
from resources.poweroffice_json import dumps
from resources.poweroffice_keys import Keys, SharedToken, forget_all_tokens
from resources.poweroffice_privileges import TOKEN_ADVICE, advice_for
from resources.poweroffice_traffic import Traffic
from resources.rate_limit import RateLimit

__all__ = ["Keys", "Page", "Parameters", "Transport", "forget_all_tokens"]
_CutOff = cast("type[Exception]", igzip_lib.IsalError)  # its stub says that it is an instance
TOKEN_PATH: Final = "/OAuth/Token"
Parameters = Mapping[str, str]
Answer = TypeVar("Answer")
Wanted = Callable[[], bool]
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_COMPLETE: Final = ((b"[", b"]"), (b"{", b"}"))


def _always() -> bool:
    return True


class Time(Protocol):
    """The Clock as far as the transport needs it."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Page:
    """The body of a read: as JSON text, and as it came if it came compressed. Status 204 has none. ``seconds``: how
    long the answer took, waiting for its turn not counted."""

    status: int
    body: bytes
    gzipped: bytes | None = None
    claimed_total: int | None = None
    seconds: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether the list has no such page."""
        return self.status == 204 or (len(self.body) < 16 and self.body.strip() == b"[]")


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
        self._token = SharedToken(token_url, keys)
        self._constant = {"Ocp-Apim-Subscription-Key": keys.subscription(), "Accept": "application/json"}
        self.traffic = Traffic()
        """What this connection has cost so far."""

    @property
    def per_second(self) -> float:
        """Requests a second that may be sent; 0 is no limit."""
        return self._limit.per_second

    def get(
        self,
        path: str,
        params: Parameters | None = None,
        *,
        a_list: bool = True,
        failed: PassingFailure | None = None,
        tries: int | None = None,
    ) -> Page:
        """The answer of a read, status 200 or 204. A passing failure is tried again, a stale token renewed once.

        With ``a_list`` a 200 must carry a whole JSON array, else an object: an empty or cut-off body is a failure,
        never an empty list. ``failed``: how a first try (``once``) has ended; ``tries``: fewer than usual. Raises
        ``ReadFailure`` naming status and route.
        """
        waits = self._waits if tries is None else replace(self._waits, tries=min(tries, self._waits.tries))
        return self._tried(lambda: self.once(path, params, a_list=a_list), failed, waits)

    def once(
        self, path: str, params: Parameters | None = None, *, a_list: bool = True, wanted: Wanted = _always
    ) -> Page:
        """One try of ``get``. ``wanted`` is asked when its turn has come; if not, nothing is sent and it fails."""
        return self._read(f"{self._whose}: GET {path}", path, params or {}, a_list, wanted)

    def pause(self, seconds: float) -> None:
        """Wait, and count it as waiting between tries."""
        self.traffic.waits(seconds)
        self._clock.sleep(seconds)

    def post(self, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        """The answer of a write, status 200 to 202; sent once, unless it certainly did not arrive.

        Raises ``NothingSent`` (no connection, or refused unread: may be sent again), ``Rejected`` (understood and
        refused) or ``OutcomeUnknown`` (sent, and no answer came).
        """
        what = f"{self._whose}: POST {path}"
        try:
            response = self._tried(lambda: self._written(what, path, body))
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

    def get_file(self, path: str, params: Parameters) -> bytes | None:
        """The bytes of a download (reference § 12), None for 204; read again as ``get`` is. Raises ``ReadFailure``."""
        what = f"{self._whose}: GET {path}"

        def read() -> bytes | None:
            response, raw = self._sent(what, path, params)
            if response.status_code == 401:
                self._token.forget(_used(response))
                response, raw = self._sent(what, path, params)
            if response.status_code >= 400:
                raise failure_of(response, what, self._advice("GET", path, response.status_code))
            if response.status_code == 204 or not raw:
                return None
            is_packed = response.headers.get("content-encoding", "").lower() == "gzip"
            return bytes(isal_zlib.decompress(raw, wbits=31)) if is_packed else raw

        return self._tried(read)

    def put_file(self, path: str, params: Parameters, name: str, content: bytes) -> None:
        """Upload a PDF as the multipart part ``file``, which must carry a name (reference § 12).

        A new upload replaces the old one, so the outcomes tell less apart than those of ``post``. Raises
        ``NothingSent`` (may be tried again), ``Rejected`` or ``OutcomeUnknown``.
        """
        what = f"{self._whose}: PUT {path}"

        def sent() -> httpx.Response:
            headers = self._headers(f"Bearer {self._bearer()}")
            self._take_place(path)
            parts = {"file": (name, content, "application/pdf")}
            return self._http.put(self._api_url + path, params=dict(params), files=parts, headers=headers)

        try:
            self._tried(self._bearer)
            response = sent()
            if response.status_code == 401:
                self._token.forget(_used(response))
                response = sent()
        except _NOT_SENT as error:
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
        self._token.forget()
        self._tried(self._bearer)

    def _tried(
        self, attempt: Callable[[], Answer], failed: PassingFailure | None = None, waits: Waits | None = None
    ) -> Answer:
        return tried_again(attempt, self._clock, waits or self._waits, failed=failed, waiting=self.traffic.waits)

    # --- one attempt ---------------------------------------------------------------------------------------------

    def _read(self, what: str, path: str, params: Parameters, a_list: bool, wanted: Wanted) -> Page:
        response, raw = self._sent(what, path, params, wanted)
        if response.status_code == 401:
            self._token.forget(_used(response))
            response, raw = self._sent(what, path, params, wanted)
        if response.status_code >= 400:
            raise failure_of(response, what, self._advice("GET", path, response.status_code))
        if response.status_code == 204:
            return Page(204, b"")
        compressed = response.headers.get("content-encoding", "").lower() == "gzip"
        try:
            body = isal_zlib.decompress(raw, wbits=31) if compressed else raw
        except _CutOff as error:
            raise PassingFailure(f"{what} answered 200 with a body that is cut off", status=200) from error
        first, last = _COMPLETE[0 if a_list else 1]
        # Only a body with space around it is copied to see where it begins and ends.
        text = body if body[:1] == first and body[-1:] == last else body.strip()
        if not (text.startswith(first) and text.endswith(last)):
            kind = "list" if a_list else "object"
            found = "an empty body" if not text else f"something that is not a whole JSON {kind}"
            raise PassingFailure(f"{what} answered 200 with {found}; nothing is concluded from it", status=200)
        seconds = response.elapsed.total_seconds()
        return Page(200, body, raw if compressed else None, _total(response), seconds)

    def _sent(self, what: str, path: str, params: Parameters, wanted: Wanted = _always) -> tuple[httpx.Response, bytes]:
        token = self._bearer()
        self._take_place(path, wanted)
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
            self._token.forget(_used(response))
            response = self._write(what, path, body)
        return response

    def _write(self, what: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        """One POST. Raises ``PassingFailure`` only when no connection was made, so that it may be repeated."""
        headers = self._headers(f"Bearer {self._bearer()}")
        self._take_place(path)
        try:
            if body is None:
                return self._http.post(self._api_url + path, headers=headers)
            headers["Content-Type"] = "application/json"
            return self._http.post(self._api_url + path, content=dumps(body), headers=headers)
        except _NOT_SENT as error:
            raise no_answer(error, what) from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(f"{no_answer(error, what)}; it may have been carried out") from error

    def _take_place(self, path: str, wanted: Wanted = _always) -> None:
        """Waits until the next request may go, and counts it if it is still wanted."""
        paced = self._limit.wait(self._clock)
        if not wanted():
            raise PassingFailure(f"{self._whose}: {path} is no longer wanted")
        self.traffic.sent(path, paced)

    # --- token and headers ---------------------------------------------------------------------------------------

    def _headers(self, authorization: str) -> dict[str, str]:
        return {"Authorization": authorization, **self._constant}

    def _bearer(self) -> str:
        """The token; when there is none, one try to get one: trying again is for whoever wants it."""
        known = self._token.known(self._clock.now())
        if known is not None:
            return known
        with self._token.fetching:
            return self._token.known(self._clock.now()) or self._new_token()

    def _new_token(self) -> str:
        what = f"{self._whose}: POST {TOKEN_PATH}"
        self._take_place(TOKEN_PATH)
        try:
            response = self._http.post(
                self._token_url,
                data={"grant_type": "client_credentials"},
                headers=self._headers(self._keys.basic()),
            )
        except httpx.TransportError as error:
            raise _not_of_the_list(no_answer(error, what)) from error
        if response.status_code != 200:
            raise _not_of_the_list(failure_of(response, what, TOKEN_ADVICE.get(response.status_code, "")))
        try:
            answer: Any = response.json()
            text, seconds = str(answer["access_token"]), float(answer.get("expires_in", 600))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PassingFailure(f"{what} answered 200 without a token", status=200) from error
        self._token.keep(text, seconds, self._clock.now())
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


def _used(response: httpx.Response) -> str:
    """The token that a request carried."""
    return response.request.headers["Authorization"].removeprefix("Bearer ")


def _not_of_the_list(failure: ReadFailure) -> ReadFailure:
    """A failure of the token: asking for less of a list would not help."""
    failure.timed_out = False
    return failure


def _total(response: httpx.Response) -> int | None:
    """A count of all rows, should the server claim one; it is compared and never believed."""
    text = response.headers.get("x-total-count", "")
    return int(text) if text.isdigit() else None
