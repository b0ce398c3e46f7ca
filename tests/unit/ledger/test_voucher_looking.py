"""Look-ups read each window of posting dates once, and believe "not there" only when two routes say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.ledger.voucher_doors import Item
from kredin_pipeline.ledger.voucher_lines import FoundLine, VoucherError
from kredin_pipeline.ledger.voucher_looking import LONGEST_WINDOW, LOOK_UP_DAYS, Looking, Seen, in_windows, posting_date
from tests.unit.ledger.vouchers_under_way import ShownLedger, dated, days_after

DAY = date(2025, 2, 27)


def looking(ledger: ShownLedger) -> tuple[Looking, dict[str, str]]:
    def judge(item: Item, lines: Sequence[FoundLine]) -> Seen:
        if item.key == "broken":
            raise VoucherError("outbox broken: fee: found nothing")
        return Seen("same", lines[0].voucher_id, lines[0].voucher_no) if lines else Seen("absent")

    unread: dict[str, str] = {}
    return Looking(ledger, judge, unread), unread


def test_a_thousand_vouchers_of_one_week_are_looked_for_in_one_read() -> None:
    ledger = ShownLedger("ref-7")
    items = [dated(str(number), days_after(DAY, number % 7)) for number in range(1000)]

    seen = looking(ledger)[0].see(items)

    assert ledger.windows == [(DAY, days_after(DAY, 6))]
    assert [key for key, one in seen.items() if one.verdict == "same"] == ["7"]


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_every_vouchers_days_lie_in_one_read_that_is_no_longer_than_a_month(days: list[int]) -> None:
    items = [dated(str(number), days_after(DAY, day)) for number, day in enumerate(days)]

    groups = in_windows(items)

    assert sorted(item.key for group in groups for item in group) == sorted(item.key for item in items)
    for group in groups:
        dates = [posting_date(item) for item in group]
        assert max(dates) - min(dates) + 2 * LOOK_UP_DAYS <= LONGEST_WINDOW
    firsts = [min(posting_date(item) for item in group) for group in groups]
    assert firsts == sorted(firsts)
    far = days_after(DAY, 1000)
    assert len(in_windows([*items, dated("far", far)])) == len(groups) + 1  # nothing in between is read


def test_a_window_that_cannot_be_read_says_nothing_about_its_vouchers_and_everything_about_the_others() -> None:
    march = date(2025, 6, 2)
    look, unread = looking(ShownLedger("ref-a", fails=march))

    seen = look.see([dated("a", DAY), dated("b", march)])

    assert list(seen) == ["a"]
    assert unread == {"b": "the ledger could not be asked: the ledger is away"}


def test_a_reference_that_comes_back_in_capitals_is_ours() -> None:
    look, _ = looking(ShownLedger("REF-A"))
    assert look.see([dated("a", DAY, "ref-a")])["a"].verdict == "same"


def test_content_that_cannot_be_read_back_breaks_nobody_elses_look_up() -> None:
    look, unread = looking(ShownLedger("ref-a"))
    assert look.see([dated("broken", DAY), dated("a", DAY)])["a"].verdict == "same"
    assert unread == {"broken": "outbox broken: fee: found nothing"}


def test_not_there_is_believed_only_when_the_customers_ledger_does_not_show_it_either() -> None:
    look, unread = looking(ShownLedger(customers={"ref-b"}))
    items = [dated("a", DAY), dated("b", DAY)]

    assert [item.key for item in look.absent_for_sure(items)] == ["a"]
    assert list(unread) == ["b"]


def test_not_there_is_not_believed_while_the_customers_ledger_cannot_be_asked() -> None:
    look, unread = looking(ShownLedger(fails=DAY))
    assert look.absent_for_sure([dated("a", DAY)]) == []
    assert "could not be asked" in unread["a"]
