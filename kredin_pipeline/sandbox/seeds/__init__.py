"""Ready-made worlds: a credible company, a company's own SAF-T file, a company of any size.

A seed posts through the company's own methods, so that what it makes obeys the same rules as what people do later. No
wall clock and no outside randomness: the same arguments give the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from ..ledger import Company
from ..register import Register
from .demo_company import DEMO_DAY, DEMO_NEXT_DAY, play_next_day, seed_demo
from .saft import seed_saft
from .size import seed_size

KINDS = ("demo", "demo_next_day", "saft", "size")


class HasRegister(Protocol):
    """The part of a sandbox world that a seed needs beside the company."""

    @property
    def register(self) -> Register: ...


def plant(world: HasRegister, company: Company, kind: str, **params: Any) -> Any:
    """Run one seed and return what it made, as plain JSON values.

    - ``demo`` (``today``: ISO date, ``seed``): three years of the demo company up to that morning;
    - ``demo_next_day`` (``today``, ``letters``: list of {invoice_no, total}): what people do until the next morning;
    - ``saft`` (``path``): a SAF-T Financial file;
    - ``size`` (``entries``, ``seed``, ``customers``): a load company.

    Raises ``ValueError`` for another kind, a parameter that the kind does not have, or what the seed itself refuses.
    """
    planters = {"demo": _demo, "demo_next_day": _demo_next_day, "saft": _saft, "size": _size}
    if kind not in planters:
        raise ValueError(f"seed: kind {kind!r} is unknown, want one of {', '.join(KINDS)}")
    try:
        return planters[kind](world, company, **params)
    except TypeError as error:
        raise ValueError(
            f"seed {kind}: parameters {', '.join(sorted(params)) or 'none'} do not fit: {error}"
        ) from error


def _demo(world: HasRegister, company: Company, today: str = DEMO_DAY.isoformat(), seed: int = 2026) -> Any:
    return seed_demo(company, world.register, date.fromisoformat(today), seed).as_json()


def _demo_next_day(
    world: HasRegister,
    company: Company,
    today: str = DEMO_NEXT_DAY.isoformat(),
    letters: Iterable[Mapping[str, Any]] = (),
) -> Any:
    return [one.as_json() for one in play_next_day(company, world.register, date.fromisoformat(today), letters)]


def _saft(world: HasRegister, company: Company, path: str) -> Any:
    return seed_saft(company, Path(path)).as_json()


def _size(world: HasRegister, company: Company, entries: int, seed: int = 1, customers: int | None = None) -> Any:
    return seed_size(company, int(entries), seed, customers).as_json()


__all__ = ["KINDS", "plant", "play_next_day", "seed_demo", "seed_saft", "seed_size"]
