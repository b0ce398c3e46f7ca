"""Faults that wait for the next matching call: what misbehaves, how often, for whom.

Here belongs the store and the matching of routes; what a fault does to an answer is in ``api/misbehave.py`` (HTTP) and
``mailbox.py`` (SMTP). Kinds and keys are those of the acceptance format's ``fault`` event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

KINDS = frozenset(
    {
        "status", "timeout", "timeout_after_commit", "reset_after_commit", "empty_200", "late_visible", "short_page",
        "repeated_rows", "shifted_page", "token_expired", "number_late",
    }
)  # fmt: skip
ROW_KINDS = frozenset({"late_visible", "short_page", "repeated_rows", "shifted_page"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
_SHARED_ROUTES = frozenset(
    {
        "smtp", "letter_drop", "letter-drop", "enheter", "underenheter", "enhetsregisteret", "roller", "oppdateringer",
        "regnskapsregisteret", "regnskap", "organisasjonsformer", "konsernstruktur",
    }
)  # fmt: skip
_KEYS = frozenset({"route", "kind", "times", "after", "code", "headers", "seconds", "on", "event", "tenant"})


def _segments(route: str) -> list[str]:
    return [part.lower() for part in route.replace("_", "-").split("/") if part]


@dataclass
class Fault:
    """One planned misbehaviour. ``seconds`` belongs to ``late_visible`` and ``number_late``."""

    route: str
    kind: str
    company: str | None = None  # client key, or None: whoever calls
    times: int = 1
    after: int = 0
    code: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0

    def fits(self, route: str, method: str, company: str | None) -> bool:
        """Whether a call meets this fault: same method if one is named, and the route is the call's path or a prefix
        of it, segment by segment, in any case; ``{orgnr}`` stands for any one segment."""
        if self.company is not None and self.company != company:
            return False
        wanted_method, _, rest = self.route.strip().partition(" ")
        if wanted_method.upper() in _METHODS:
            if wanted_method.upper() != method.upper():
                return False
            wanted = _segments(rest)
        else:
            wanted = _segments(self.route.strip())
        given = _segments(route)
        return len(wanted) <= len(given) and all(
            w == g or (w.startswith("{") and w.endswith("}")) for w, g in zip(wanted, given, strict=False)
        )


class Faults:
    """The planned faults, oldest first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = Lock()

    def add(self, spec: Mapping[str, Any], company: str | None = None) -> Fault:
        """Plan a fault from an acceptance ``fault`` event. Routes of the register, SMTP and the letter drop are shared
        by all companies, so ``company`` is dropped for them. Raises ``ValueError`` for an unknown kind or key."""
        kind, route = spec.get("kind"), spec.get("route")
        if kind not in KINDS:
            raise ValueError(f"fault: kind {kind!r} is unknown, want one of {', '.join(sorted(KINDS))}")
        if not route:
            raise ValueError(f"fault {kind}: route is missing")
        unknown = set(spec) - _KEYS
        if unknown:
            raise ValueError(f"fault {kind} on {route}: unknown key(s) {', '.join(sorted(unknown))}")
        if kind == "status" and not spec.get("code"):
            raise ValueError(f"fault status on {route}: code is missing")
        fault = Fault(
            route=str(route),
            kind=str(kind),
            company=None if is_shared_route(str(route)) else company,
            times=int(spec.get("times", 1)),
            after=int(spec.get("after", 0)),
            code=int(spec["code"]) if spec.get("code") else None,
            headers={str(k): str(v) for k, v in dict(spec.get("headers") or {}).items()},
            seconds=float(spec.get("seconds", 60)),
        )
        with self._lock:
            self._planned.append(fault)
        return fault

    def take(self, route: str | tuple[str, ...], method: str, company: str | None = None) -> Fault | None:
        """The fault that this call must show, or None; counts it down. ``route`` may be given in several spellings
        (with and without the API's base path). For mail: ``take("SMTP", "")``."""
        if not self._planned:
            return None
        spellings = (route,) if isinstance(route, str) else route
        with self._lock:
            for fault in self._planned:
                if fault.times <= 0 or not any(fault.fits(one, method, company) for one in spellings):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                self._planned = [f for f in self._planned if f.times > 0]
                return fault
        return None

    def give_back(self, fault: Fault) -> None:
        """A fault that had nothing to show on this call waits for the next one."""
        with self._lock:
            fault.times += 1
            if fault not in self._planned:
                self._planned.insert(0, fault)

    def clear(self, company: str | None = None) -> None:
        """Drop what is unused: everything, or one company's."""
        with self._lock:
            self._planned = [] if company is None else [f for f in self._planned if f.company != company]

    def planned(self) -> list[dict[str, Any]]:
        with self._lock:
            return [vars(f).copy() for f in self._planned]

    def load(self, stored: list[dict[str, Any]]) -> None:
        with self._lock:
            self._planned = [Fault(**one) for one in stored]


def is_shared_route(route: str) -> bool:
    """Whether a fault's route belongs to what all companies share (register, SMTP, letter drop)."""
    path = route.strip().split(" ", 1)[-1].strip("/").lower()
    return path.split("/")[0] in _SHARED_ROUTES
