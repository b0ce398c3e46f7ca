"""Journal against ledger, both ways: what is a gap, what is none, and which gaps stop the posting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from kredin_pipeline.journal.booked import Booked
from kredin_pipeline.ledger.schema import create_tables
from kredin_pipeline.ledger.voucher_reconciliation import VISIBLE_AFTER, Reconciliation, reconcile

READ_AT = datetime(2025, 3, 18, 5, 0, tzinfo=UTC)
DAY = date(2025, 3, 14)


class Mirror:
    """A book with the ledger as read at ``READ_AT``, and the outbox's rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        create_tables(con)
        self.booked: list[Booked] = []
        self.entries = 0
        con.execute(
            "insert into sync_state values ('ledger_entries', $1, $2, $1, null, null, null)", [READ_AT, READ_AT.date()]
        )

    def voucher(self, number: int, state: str = "confirmed", **more: Any) -> str:
        """One voucher of the outbox; booked a day before the read if not said otherwise."""
        row: dict[str, Any] = {
            "key": f"voucher:acme:K{number}:E{number}", "kind": "voucher", "state": state,
            "reference": f"ref-{number}", "reverses": None, "remote_id": f"guid-{number}", "remote_no": f"{number}",
            "customer_no": "10001", "total": Decimal("39.79"), "posting_date": DAY,
            "booked_by": READ_AT - timedelta(days=1), **more,
        }  # fmt: skip
        self.booked.append(Booked(**row))
        return str(row["key"])

    def reversal(self, of: str, state: str = "confirmed", **more: Any) -> None:
        row: dict[str, Any] = {
            "key": f"{of}:reversal", "kind": "reversal", "state": state, "reference": f"{of} back", "reverses": of,
            "remote_id": None, "remote_no": None, "customer_no": None, "total": Decimal(0), "posting_date": DAY,
            "booked_by": READ_AT - timedelta(days=1), **more,
        }  # fmt: skip
        self.booked.append(Booked(**row))

    def entry(self, number: int | str, amount: str = "39.79", **more: Any) -> None:
        """One entry of the customer ledger, as the ledger shows a voucher of ours."""
        self.entries += 1
        row: dict[str, Any] = {
            "entry_id": str(self.entries), "customer_id": "C1", "customer_no": "10001", "voucher_id": f"guid-{number}",
            "voucher_no": str(number), "voucher_type": "ManualJournal", "posting_date": DAY, "amount": Decimal(amount),
            "balance": Decimal(amount), "external_import_reference": f"ref-{number}",
            "is_created_by_current_integration": True, **more,
        }  # fmt: skip
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        self.con.execute(f"insert into poweroffice_ledger_entries ({names}) values ({marks})", list(row.values()))

    def reversed_by(self, number: int, by: int, **more: Any) -> None:
        """A reversal voucher of an entry, matched with it."""
        self.con.execute(
            "update poweroffice_ledger_entries set match_id = $1 where voucher_no = $2", [f"m{number}", f"{number}"]
        )
        content = {"voucher_type": "ReversalVoucher", "match_id": f"m{number}", "external_import_reference": None}
        self.entry(by, "-39.79", **{**content, **more})

    def compared(self, *seen: tuple[str, str]) -> Reconciliation:
        return reconcile(self.con, "acme", self.booked, seen)

    def gaps(self) -> list[tuple[str, str]]:
        return [(gap.about, gap.subject) for gap in self.compared().gaps]


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        yield Mirror(con)


def test_what_is_booked_and_stands_with_its_amount_agrees(mirror: Mirror) -> None:
    mirror.voucher(1)
    mirror.entry(1, voucher_id="GUID-1", external_import_reference="REF-1")  # the ledger's capitals are its own
    found = mirror.compared()
    assert found.gaps == () and not found.stops and found.in_journal == 1


def test_a_voucher_of_ours_that_the_outbox_does_not_know_is_an_alarm_and_stops(mirror: Mirror) -> None:
    mirror.entry(9)
    found = mirror.compared()
    (gap,) = found.gaps
    assert (gap.about, gap.subject, gap.found) == ("unknown_in_ledger", "guid-9", Decimal("39.79"))
    assert found.stops
    assert "voucher 9 (customer 10001, 2025-03-14, 39.79 kr)" in found.told and "does not know it" in found.told
    assert "kredin outbox seen guid-9 --tenant acme" in found.told


@pytest.mark.parametrize("state", ["cancelled", "rejected"])
def test_one_that_the_outbox_holds_for_not_booked_is_unknown_too(mirror: Mirror, state: str) -> None:
    mirror.voucher(1, state, remote_id=None, remote_no=None)
    mirror.entry(1)
    assert mirror.gaps() == [("unknown_in_ledger", "guid-1")]
    assert f"has it as {state}" in mirror.compared().told


@pytest.mark.parametrize("state", ["intended", "sending", "outcome_unknown", "conflict"])
def test_one_that_is_under_way_is_known(mirror: Mirror, state: str) -> None:
    mirror.voucher(1, state, remote_id=None, remote_no=None)
    mirror.entry(1)
    assert mirror.gaps() == []


def test_a_voucher_of_another_system_is_not_ours(mirror: Mirror) -> None:
    mirror.entry(9, is_created_by_current_integration=False, external_import_reference="their-ref")
    mirror.entry(8, is_created_by_current_integration=None, external_import_reference=None)
    assert mirror.gaps() == []


def test_one_that_the_ledger_does_not_show_is_an_alarm_and_stops(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.entry(1, gone_on=date(2025, 3, 18))
    found = mirror.compared()
    assert mirror.gaps() == [("missing_in_ledger", key)] and found.stops
    assert "39.79 kr" in found.told and "does not show it" in found.told


def test_one_booked_within_the_lag_of_the_read_is_no_alarm(mirror: Mirror) -> None:
    mirror.voucher(1, "posted", booked_by=READ_AT + timedelta(minutes=5))  # after the read
    mirror.voucher(2, "posted", booked_by=READ_AT - VISIBLE_AFTER + timedelta(seconds=1))
    late = mirror.voucher(3, "posted", booked_by=READ_AT - VISIBLE_AFTER)
    assert mirror.gaps() == [("missing_in_ledger", late)]


def test_before_the_first_read_nothing_is_concluded(mirror: Mirror) -> None:
    mirror.voucher(1)
    mirror.con.execute("delete from sync_state")
    found = mirror.compared()
    assert found.gaps == () and found.read_at is None and "nothing was compared" in found.told


def test_another_amount_is_an_alarm_with_both_amounts(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.entry(1, "40.79")
    assert mirror.gaps() == [("other_amounts", key)] and mirror.compared().stops
    assert "39.79 kr was booked and 40.79 kr stands" in mirror.compared().told


def test_the_same_reference_on_two_vouchers_is_twice_the_money(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.entry(1)
    mirror.entry(2, external_import_reference="ref-1")
    (gap,) = mirror.compared().gaps
    assert (gap.about, gap.subject, gap.found, gap.voucher_no) == ("other_amounts", key, Decimal("79.58"), "1, 2")


def test_one_reversed_by_somebody_in_the_ledger_is_an_alarm_and_the_others_go_on(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.entry(1)
    mirror.reversed_by(1, 5, is_created_by_current_integration=False)
    found = mirror.compared()
    assert mirror.gaps() == [("reversed_in_ledger", key)]
    assert not found.stops and "No voucher leaves" not in found.told and "not by us" in found.told


def test_a_reversal_that_only_its_lines_tie_to_the_voucher_is_seen(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.entry(1)
    mirror.con.execute(
        "insert into poweroffice_account_transactions (transaction_id, voucher_id, reversed_voucher_id) "
        "values ('1', 'guid-5', 'GUID-1')"
    )
    assert mirror.gaps() == [("reversed_in_ledger", key)]


def test_our_own_reversal_is_known_whether_or_not_the_ledger_matches_it(mirror: Mirror) -> None:
    mirror.reversal(mirror.voucher(1))
    mirror.entry(1)
    mirror.reversed_by(1, 5)
    mirror.reversal(mirror.voucher(2))
    mirror.entry(2)
    mirror.entry(6, "-39.79", voucher_type="ReversalVoucher", external_import_reference=None)
    assert mirror.gaps() == []


@pytest.mark.parametrize("state", ["intended", "sending", "outcome_unknown", "posted", "rejected"])
def test_a_reversal_that_we_meant_is_no_alarm_whoever_made_it(mirror: Mirror, state: str) -> None:
    mirror.reversal(mirror.voucher(1), state)
    mirror.entry(1)
    mirror.reversed_by(1, 5, is_created_by_current_integration=False)
    assert mirror.gaps() == []


def test_a_reversal_by_us_that_nobody_meant_is_unknown(mirror: Mirror) -> None:
    mirror.voucher(1)
    mirror.entry(1)
    mirror.reversed_by(1, 5)
    assert sorted(mirror.gaps()) == [
        ("reversed_in_ledger", "voucher:acme:K1:E1"), ("unknown_in_ledger", "guid-5"),
    ]  # fmt: skip


def test_what_we_reversed_and_still_stands_is_told(mirror: Mirror) -> None:
    key = mirror.voucher(1)
    mirror.reversal(key)
    mirror.entry(1)
    assert mirror.gaps() == [("not_reversed", key)]
    mirror.booked[-1] = mirror.booked[-1]._replace(booked_by=READ_AT)  # too lately for this read
    assert mirror.gaps() == []


def test_an_unknown_voucher_that_somebody_has_reversed_is_gone_with_its_reversal(mirror: Mirror) -> None:
    mirror.entry(9)
    mirror.reversed_by(9, 10, is_created_by_current_integration=False)
    assert mirror.gaps() == []
    mirror.entry(11)
    mirror.reversed_by(11, 12)
    assert mirror.gaps() == []


def test_what_a_person_let_stand_is_apart_and_stops_nothing(mirror: Mirror) -> None:
    mirror.entry(9)
    mirror.entry(8)
    found = mirror.compared(("unknown_in_ledger", "guid-9"))
    assert [gap.subject for gap in found.gaps] == ["guid-8"] and [gap.subject for gap in found.seen] == ["guid-9"]
    both = mirror.compared(("unknown_in_ledger", "guid-9"), ("unknown_in_ledger", "guid-8"))
    assert not both.stops and "2 differences were looked at" in both.told


def test_a_large_ledger_is_compared_in_a_second(mirror: Mirror) -> None:
    import time

    mirror.booked = [
        Booked(
            f"voucher:acme:K{n}:E{n}", "voucher", "confirmed", f"ref-{n}", None, f"guid-{n}", str(n), "10001",
            Decimal("39.79"), DAY, READ_AT - timedelta(days=1),
        )
        for n in range(20_000)
    ]  # fmt: skip
    mirror.con.execute(
        """
        insert into poweroffice_ledger_entries (entry_id, customer_id, voucher_id, voucher_no, voucher_type,
            posting_date, amount, external_import_reference, is_created_by_current_integration)
        select n, n % 5000, case when n < 19999 then 'guid-' || n else 'other-' || n end, n,
            case when n < 20000 then 'ManualJournal' else 'OutgoingInvoice' end, date '2025-03-14', 39.79,
            case when n < 19999 then 'ref-' || n end, n < 19999
        from range(300000) as numbers(n)
        """
    )
    started = time.perf_counter()
    assert mirror.gaps() == [("missing_in_ledger", "voucher:acme:K19999:E19999")]
    assert time.perf_counter() - started < 2.0  # about 0.3 s; comparing all with all took longer
