"""Two living runs, one settlement: whoever is slow loses nothing, ends nobody else's attempt, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kredin_pipeline.journal import Journal
from kredin_pipeline.ledger.voucher_dispatch import REFUSED_BEFORE, VoucherDispatch
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected
from tests.unit.letters.test_voucher_dispatch import (
    KEY,
    NOW,
    TENANT,
    FakeLedger,
    intend,
    new_journal,
    run,
    states,
    voucher,
)


class SlowLedger(FakeLedger):
    """While the first POST is under way, something else happens; ``then`` says how the POST itself ends."""

    def __init__(self, meanwhile: Callable[[], None], then: Exception | None = None) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] | None = meanwhile
        self.then = then

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
            if self.then is not None:
                raise self.then
        return super().post(body)


@pytest.fixture
def journal(tmp_path: Path):
    opened = new_journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def a_run(journal: Journal, ledger: FakeLedger, worker: str) -> VoucherDispatch:
    return VoucherDispatch(journal, ledger, ledger.time, worker)


def take_over(journal: Journal, ledger: FakeLedger) -> VoucherDispatch:
    other = a_run(journal, ledger, "other")
    other.settle_earlier(journal.open_items(TENANT, "voucher", ("sending", "outcome_unknown")))
    return other


def test_a_run_that_was_taken_over_and_overtaken_finds_the_others_voucher_and_goes_on(journal: Journal) -> None:
    def meanwhile() -> None:
        other = take_over(journal, ledger)
        other.send(journal.open_items(TENANT, "voucher", ("intended",)))
        assert other.report.posted == [KEY]

    ledger = SlowLedger(meanwhile)
    intend(journal)
    slow = a_run(journal, ledger, "slow")
    slow.send(journal.open_items(TENANT, "voucher", ("intended",)))

    assert len(ledger.booked) == 1
    assert (slow.report.posted, list(slow.report.moved), slow.report.faults) == ([KEY], [KEY], {})
    assert (journal.item(KEY).state, journal.item(KEY).remote_id) == ("posted", "V1")


@pytest.mark.parametrize("dropped", [False, True])
def test_a_voucher_that_arrives_after_it_was_put_back_or_dropped_is_known_as_posted(
    journal: Journal, dropped: bool
) -> None:
    def meanwhile() -> None:
        assert take_over(journal, ledger).report.requeued == [KEY]
        if dropped:
            journal.cancel(KEY, "settlement_fell_away", ledger.time.now())

    ledger = SlowLedger(meanwhile)
    intend(journal)
    slow = a_run(journal, ledger, "slow")
    slow.send(journal.open_items(TENANT, "voucher", ("intended",)))

    put_back = ["intended", "cancelled", "intended"] if dropped else ["intended"]
    assert states(journal) == ["intended", "sending", "outcome_unknown", *put_back, "sending", "posted"]
    assert (journal.item(KEY).remote_id, slow.report.posted) == ("V1", [KEY])
    run(journal, ledger)
    assert (len(ledger.booked), journal.item(KEY).state) == (1, "confirmed")


@pytest.mark.parametrize(
    "ends",
    [NothingSent("503", status=503), Rejected("400 the books are locked", status=400), OutcomeUnknown("time-out")],
)
def test_what_a_slow_run_concludes_does_not_end_the_attempt_of_the_run_that_took_over(
    journal: Journal, ends: Exception
) -> None:
    def meanwhile() -> None:
        take_over(journal, ledger)
        assert journal.claim_many([KEY], "other", ledger.time.now()) == [KEY]

    ledger = SlowLedger(meanwhile, ends)
    intend(journal)
    slow = a_run(journal, ledger, "slow")
    slow.send(journal.open_items(TENANT, "voucher", ("intended",)))

    assert (journal.item(KEY).state, journal.item(KEY).worker) == ("sending", "other")
    assert "another worker has claimed it" in slow.report.moved[KEY]


def test_a_look_up_from_before_another_attempt_puts_nothing_back(journal: Journal) -> None:
    intend(journal)
    journal.claim_many([KEY], "gone", NOW)
    ledger = FakeLedger()
    late = a_run(journal, ledger, "late")
    items = journal.open_items(TENANT, "voucher", ("sending",))
    look = ledger.find_all

    def slow_look(wanted: Mapping[str, object]):
        found = look(wanted)  # pyright: ignore[reportArgumentType]
        ledger.find_all = look
        other = take_over(journal, ledger)
        other.send(journal.open_items(TENANT, "voucher", ("intended",)))
        return found

    ledger.find_all = slow_look  # pyright: ignore[reportAttributeAccessIssue]
    ledger.answers, ledger.lag = ["lost_after"], 3600.0
    late.settle_earlier(items)

    assert journal.item(KEY).state == "outcome_unknown"
    assert late.report.requeued == []
    assert KEY in late.report.moved
    assert len(ledger.booked) == 1


def test_an_item_that_another_run_has_does_not_stop_the_others(journal: Journal) -> None:
    keys = [intend(journal, voucher(settlement=f"E{number}")) for number in range(5)]
    items = journal.open_items(TENANT, "voucher", ("intended",))
    journal.claim_many([keys[2]], "other", NOW)
    ledger = FakeLedger()
    dispatch = a_run(journal, ledger, "run-1")

    dispatch.send(items)

    assert dispatch.report.posted == [keys[0], keys[1], keys[3], keys[4]]
    assert list(dispatch.report.moved) == [keys[2]]
    assert len(ledger.booked) == 4


def test_sixty_vouchers_under_way_at_once_are_each_booked_once_told_in_order_and_read_back_in_one_look_up(
    journal: Journal,
) -> None:
    keys = [intend(journal, voucher(settlement=f"E{number:02}")) for number in range(60)]
    ledger = FakeLedger()
    ledger.answers = ["taken"] * 20 + ["lost_before", "lost_after"] + ["taken"] * 7

    report = run(journal, ledger)
    assert len(report.posted) == 59 and report.posted == [key for key in keys if key in report.posted]
    assert len(report.unknown) == 1

    ledger.looked = 0
    last = run(journal, ledger)
    assert (last.requeued, last.confirmed) == (list(report.unknown), list(report.unknown))
    assert len(ledger.booked) == 60 and len(set(ledger.references)) == 60
    assert {item.state for item in journal.items(TENANT)} == {"confirmed"}


def test_a_day_of_read_backs_is_one_look_up(journal: Journal) -> None:
    for number in range(25):
        intend(journal, voucher(settlement=f"E{number:02}"))
    ledger = FakeLedger()
    dispatch = a_run(journal, ledger, "run-1")
    dispatch.send(journal.open_items(TENANT, "voucher", ("intended",)))

    dispatch.confirm(journal.open_items(TENANT, "voucher", ("posted",)))

    assert (ledger.looked, len(dispatch.report.confirmed)) == (1, 25)


def test_a_voucher_found_by_a_look_up_without_a_number_is_numbered_by_a_later_run(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers, ledger.numbered = ["lost_after"], False
    intend(journal)

    first = run(journal, ledger)
    assert (first.posted, first.not_visible, journal.item(KEY).remote_no) == ([KEY], [KEY], None)

    ledger.numbered = True
    run(journal, ledger)
    assert (journal.item(KEY).state, journal.item(KEY).remote_no) == ("confirmed", "901")


def test_a_voucher_that_reads_back_with_other_amounts_is_a_conflict_in_the_journal_too(journal: Journal) -> None:
    intend(journal)
    ledger = FakeLedger()
    dispatch = a_run(journal, ledger, "run-1")
    dispatch.send(journal.open_items(TENANT, "voucher", ("intended",)))
    ledger.reversed.add("V1")

    dispatch.confirm(journal.open_items(TENANT, "voucher", ("posted",)))

    assert journal.item(KEY).state == "conflict"
    assert "was reversed in the ledger" in dispatch.report.conflicts[KEY]


# --- a refusal that does not say what it refuses ---------------------------------------------------------------------


def refused(journal: Journal, ledger: FakeLedger) -> VoucherDispatch:
    ledger.answers = ["refused"]
    dispatch = a_run(journal, ledger, "run-2")
    dispatch.send(journal.open_items(TENANT, "voucher", ("intended",)))
    return dispatch


def test_a_refusal_soon_after_a_lost_answer_may_be_of_a_repeat_and_is_not_final(journal: Journal) -> None:
    intend(journal)
    ledger = FakeLedger()
    ledger.answers, ledger.lag = ["lost_after"], 3600.0
    a_run(journal, ledger, "run-1").send(journal.open_items(TENANT, "voucher", ("intended",)))
    take_over(journal, ledger)
    assert journal.item(KEY).state == "intended"  # looked for ten seconds, and not shown

    again = refused(journal, ledger)

    assert journal.item(KEY).state == "outcome_unknown"
    assert "whether an earlier attempt stands in the ledger is not clear" in again.report.unknown[KEY]
    ledger.time.sleep(86_400)
    run(journal, ledger)
    assert (journal.item(KEY).state, len(ledger.booked)) == ("confirmed", 1)


def test_a_refusal_of_a_first_attempt_and_one_after_earlier_refusals_is_final(journal: Journal) -> None:
    intend(journal)
    ledger = FakeLedger()
    assert list(refused(journal, ledger).report.rejected) == [KEY]

    journal.requeue(KEY, REFUSED_BEFORE, ledger.time.now())

    assert list(refused(journal, ledger).report.rejected) == [KEY]
    assert states(journal) == ["intended", "sending", "rejected"] * 2


def test_not_there_in_the_lines_but_on_the_customer_is_not_put_back(journal: Journal) -> None:
    intend(journal)
    journal.claim_many([KEY], "gone", NOW)
    ledger = FakeLedger()
    ledger.time.sleep(3600)
    ledger.seen_on_customers = lambda wanted, first, last: set(wanted)

    settled = take_over(journal, ledger)

    assert journal.item(KEY).state == "outcome_unknown"
    assert "the customer's ledger shows it" in settled.report.unread[KEY]
