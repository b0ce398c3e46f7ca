"""What a company's connection has cost so far: requests by route, repetitions, waiting.

Belongs here: counting. Not here: why a request was repeated (`http_errors`) or had to wait (`rate_limit`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

_TWO_PARTS = frozenset({"customerledger", "vouchers", "oauth"})


@dataclass
class Traffic:
    """Counts of one connection; safe for several threads.

    ``by_route``: requests sent, tokens and repetitions included, by route without ids (``Customerledger/Statement``).
    ``repeated``: tries after the first. ``waited``: seconds between tries. ``paced``: seconds that requests waited for
    their place in the subscription's rate, added up over threads.
    """

    by_route: Counter[str] = field(default_factory=Counter[str])
    repeated: int = 0
    waited: float = 0.0
    paced: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self.by_route.total()

    def sent(self, path: str, paced: float) -> None:
        """One request leaves."""
        parts = path.lstrip("/").split("/", 2)
        route = "/".join(parts[:2]) if parts[0].lower() in _TWO_PARTS else parts[0]
        with self._lock:
            self.by_route[route] += 1
            self.paced += paced

    def waits(self, seconds: float) -> None:
        """A read is about to be tried again."""
        with self._lock:
            self.repeated += 1
            self.waited += seconds

    def copy(self) -> Traffic:
        """The counts as they are now."""
        with self._lock:
            return Traffic(Counter(self.by_route), self.repeated, self.waited, self.paced)

    def since(self, before: Traffic) -> Traffic:
        """What has come on top of ``before``."""
        now = self.copy()
        return Traffic(
            now.by_route - before.by_route,
            now.repeated - before.repeated,
            now.waited - before.waited,
            now.paced - before.paced,
        )

    def add(self, other: Traffic) -> None:
        """Add the counts of another stretch."""
        with self._lock:
            self.by_route.update(other.by_route)
            self.repeated += other.repeated
            self.waited += other.waited
            self.paced += other.paced
