"""The keys of a company's connection, and the tokens that the clients of this process share.

Belongs here: what a key or a token is and how long it is good for. Not here: asking for a token
(`poweroffice_transport`). Source: PowerOffice reference § 2.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from pydantic import SecretStr

RENEW_BEFORE: Final = timedelta(seconds=60)
"""A token is renewed before it runs out rather than on the 401 (reference § 2)."""


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
class _Token:
    text: str
    until: datetime
    lifetime: timedelta


_tokens: dict[tuple[str, str], _Token] = {}  # reused by later clients of the same company; a token lives 20 minutes
_tokens_lock = threading.Lock()


class SharedToken:
    """The token of one connection, shared by all clients of this process that have the same keys."""

    def __init__(self, token_url: str, keys: Keys) -> None:
        self._key = (token_url, keys.fingerprint())
        self.fetching = threading.Lock()
        """Held by the thread that asks for a new one."""

    def known(self, now: datetime) -> str | None:
        """The token, None when there is none or it runs out soon."""
        found = _tokens.get(self._key)
        # A clock set back makes a token look too young: then a new one is asked for.
        return found.text if found is not None and timedelta(0) < found.until - now <= found.lifetime else None

    def keep(self, text: str, seconds: float, now: datetime) -> None:
        """Keep a new token that is good for so many seconds."""
        lifetime = max(timedelta(seconds=seconds) - RENEW_BEFORE, timedelta(seconds=seconds / 2))
        with _tokens_lock:
            _tokens[self._key] = _Token(text, now + lifetime, lifetime)

    def forget(self, used: str | None = None) -> None:
        """Forget the token; one that another thread has fetched after ``used`` stays."""
        with _tokens_lock:
            found = _tokens.get(self._key)
            if found is not None and used in (None, found.text):
                del _tokens[self._key]


def forget_all_tokens() -> None:
    """Forget the tokens that clients of this process share."""
    with _tokens_lock:
        _tokens.clear()
