"""The outbox's measurement compares what is the same: both sides hold the same vouchers, and a difference ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import outbox_journal
from benchmarks.outbox_journal import PlainTable, as_a_run_does, beside_a_transaction_each, keys_of, one_by_one


def test_both_sides_do_the_same_in_every_way(tmp_path: Path) -> None:
    for name, measure in (("run", as_a_run_does), ("single", one_by_one), ("each", beside_a_transaction_each)):
        seconds, plain_seconds = measure(tmp_path / name, 2, 9)
        assert seconds > 0 and plain_seconds > 0


def test_a_side_that_leaves_a_voucher_out_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = keys_of(0, 1)[0]
    mark = PlainTable.mark
    monkeypatch.setattr(PlainTable, "mark", lambda self, key: None if key == left_out else mark(self, key))
    with pytest.raises(SystemExit, match="differ"):
        outbox_journal.as_a_run_does(tmp_path / "run", 1, 5)
