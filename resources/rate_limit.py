"""Keeping to a server's request rate, by waiting before a request instead of being turned away after it.

Belongs here: the bucket, shared by whoever shares a key. Not here: what a 429 means (`http_errors`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock

from resources.http_errors import Sleeper

_shared: dict[tuple[str, float, float | None], RateLimit] = {}
_sharing = Lock()


class RateLimit:
    """A token bucket: at most ``per_second`` requests a second, after a quiet time at most ``burst`` at once.

    0 is no limit. Real time is measured, whatever a pinned clock shows; the waiting is the caller's clock's. Requests
    leave one behind the other, each a full interval after the one before it really left: a sleep that took too long
    gives the next one nothing, or two of them would arrive too close together.
    """

    def __init__(
        self, per_second: float, burst: float | None = None, real_time: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_second = max(0.0, per_second)
        self._burst = max(1.0, per_second if burst is None else burst)
        self._real_time = real_time
        self._tokens, self._at = self._burst, real_time()
        self._lock = Lock()

    def wait(self, clock: Sleeper) -> float:
        """Return when the next request may go; gives the seconds that were waited."""
        if not self.per_second:
            return 0.0
        with self._lock:
            now = self._real_time()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.per_second)
            self._at = now
            if self._tokens >= 1.0:
                self._tokens -= 1.0
                return 0.0
            seconds = (1.0 - self._tokens) / self.per_second
            clock.sleep(seconds)
            self._tokens, self._at = 0.0, self._real_time()
            return seconds


def shared_limit(secret: str, per_second: float, burst: float | None = None) -> RateLimit:
    """The bucket of a subscription in this process; ``secret`` is kept as a hash only."""
    key = (sha256(secret.encode()).hexdigest(), per_second, burst)
    with _sharing:
        return _shared.setdefault(key, RateLimit(per_second, burst))
