"""Python's garbage collector and a ledger of a million rows: when it rests, and what it need not visit again."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Generator[None, None, None]:
    """While many records are made, collecting would visit each of them again and again and find nothing; afterwards
    they are set aside until ``let_go``."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def let_go() -> None:
    """The records set aside may be garbage now."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
