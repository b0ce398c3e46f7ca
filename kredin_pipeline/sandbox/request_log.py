"""Every exchange that crossed the sandbox's socket, for tests that check the traffic itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Exchange:
    """One request and its answer. ``status`` is None when the connection was dropped without an answer; a body is None
    when it was empty, no text, or larger than the log keeps. ``fault`` names the fault that was shown."""

    time: datetime
    company: str | None
    method: str
    path: str
    query: str
    status: int | None
    accept: str | None
    user_agent: str | None
    request_type: str | None
    request_body: str | None
    response_type: str | None
    response_body: str | None
    response_bytes: int
    fault: str | None

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"time": self.time.isoformat()}


class RequestLog:
    """The latest exchanges, oldest first."""

    def __init__(self, keep: int, bodies_up_to: int) -> None:
        self.bodies_up_to = bodies_up_to
        self._kept: deque[Exchange] = deque(maxlen=keep)

    def text(self, body: bytes) -> str | None:
        """What the log keeps of a body."""
        if not body or len(body) > self.bodies_up_to:
            return None
        try:
            return body.decode()
        except UnicodeDecodeError:
            return None

    def add(self, exchange: Exchange) -> None:
        self._kept.append(exchange)

    def exchanges(self) -> list[Exchange]:
        return list(self._kept)

    def clear(self) -> None:
        self._kept.clear()
