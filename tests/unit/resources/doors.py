"""Doors over a scripted wire: answers in a row, a clock that notes its waits. No expectation belongs here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from resources import poweroffice_transport
from resources.clock import Clock
from resources.http_errors import Waits
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_paging import LARGEST_PAGE
from resources.poweroffice_transport import Keys, Transport
from resources.rate_limit import RateLimit

API, TOKEN = "https://po.example/v2", "https://po.example/OAuth/Token"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class NotedClock:
    """Time that moves only by waiting, and remembers each wait."""

    def __init__(self) -> None:
        self.time = datetime(2025, 3, 10, 5, 0, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class PatientClock(Clock):
    """A Clock resource that never really waits."""

    def sleep(self, seconds: float) -> None:
        return


class Wire:
    """Answers in order, whatever is asked; the last one stays. Token requests are answered by themselves."""

    def __init__(self, *answers: Answer, token: Answer | None = None) -> None:
        self.answers = list(answers)
        self.token = token
        self.requests: list[httpx.Request] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/OAuth/Token":
            self.tokens += 1
            if self.token is not None:
                return _given(self.token, request)
            return httpx.Response(200, json={"access_token": f"t{self.tokens}", "expires_in": 1200})
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return _given(answer, request)


def _given(answer: Answer, request: httpx.Request) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, httpx.Response):  # a copy whose body has not been read yet, as one from a socket
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
    return answer(request)


def rows(count: int, first: int = 1, **headers: str) -> httpx.Response:
    """A page of so many rows."""
    return httpx.Response(200, content=json.dumps([{"Id": first + n} for n in range(count)]), headers=headers)


def a_client(
    wire: Wire, clock: NotedClock | None = None, *, page_size: int = 100, ceiling: int = LARGEST_PAGE, **waits: Any
) -> PowerOfficeClient:
    """A client over the wire, whose tokens nobody else has."""
    poweroffice_transport.forget_all_tokens()
    transport = Transport(
        api_url=API,
        token_url=TOKEN,
        keys=Keys(SecretStr("app-secret"), SecretStr("sub-secret"), SecretStr("client-secret")),
        clock=clock or NotedClock(),
        limit=RateLimit(0),
        http=httpx.Client(transport=httpx.MockTransport(wire)),
        waits=Waits(**waits),
        whose="fjellheim: PowerOffice",
    )
    return PowerOfficeClient(transport, page_size, ceiling)


def queries(wire: Wire, name: str) -> Sequence[str | None]:
    """One query parameter of each request."""
    return [request.url.params.get(name) for request in wire.requests]
