"""A morning's read in a process of its own, to be killed from outside.

Belongs here: what the process does and what it tells. Not here: who kills it, and when (`killing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection

from tests.mirror_faults.ledgers import House, clock_at
from tests.mirror_faults.wire import Wire

for _name in ("httpcore", "pandera.pandas", "pandas", "numpy"):
    import_module(_name)  # imported at first use otherwise, which would be in every fork


@dataclass(frozen=True)
class Order:
    """Which book to read into, and when (Oslo)."""

    house: House
    book: str
    now: str


def run(order: Order, tell: Connection) -> None:
    """Tells ``("request", n)`` before each request, then ``("ended", whether the mirror was proved whole)``."""
    wire = Wire(told=lambda number: tell.send(("request", number)))
    report = order.house.read(order.book, clock_at(order.now), wire)
    tell.send(("ended", report.ok))
    order.house.book().close()
