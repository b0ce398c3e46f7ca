"""Vouchers through the outbox of a real journal: one in the ledger for each settlement, whatever breaks."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, SecretBox, open_journal, voucher_reference
from kredin_pipeline.ledger.voucher_dispatch import VoucherDispatch, VoucherReport, content_of
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher, FoundLine
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected

DAY = date(2025, 2, 28)
NOW = datetime(2025, 2, 28, 5, 0, tzinfo=UTC)
TENANT = "fjellheim"
KEY = f"voucher:{TENANT}:K1:E9"
ACCOUNT_NOS = {"900014601": "1500", "7001": "3950", "7002": "8050"}
ACCOUNTS = Accounts("900014601", "3950", "7001", "8050", "7002", "11")


class Time:
    """A clock that only moves when somebody waits."""

    def __init__(self, at: datetime) -> None:
        self.at, self.waited = at, 0.0

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.at += timedelta(seconds=seconds)


class FakeLedger:
    """A ledger that books at once, shows after ``lag`` seconds, numbers when told, and answers as a test sets it.

    ``answers``: what the next POSTs do: ``lost_before`` (nothing booked, no answer), ``lost_after`` (booked, none),
    ``refused``, ``away``.
    """

    def __init__(self) -> None:
        self.time = Time(NOW)
        self.booked: list[tuple[datetime, Mapping[str, object]]] = []
        self.answers: list[str] = []
        self.references: list[str] = []
        self.reversed: set[str] = set()
        self.reversals = 0
        self.lag = 0.0
        self.numbered = True
        self.reads_fail = False
        self.looked = 0

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        answer = self.answers.pop(0) if self.answers else "taken"
        reference = str(body["ExternalImportReference"])
        self.references.append(reference)
        if answer == "away":
            raise NothingSent("POST /Vouchers/ManualJournals: 503", status=503)
        if answer == "refused":
            raise Rejected("POST /Vouchers/ManualJournals: 400 account 3950 needs a department", status=400)
        if answer == "lost_before":
            raise OutcomeUnknown("POST /Vouchers/ManualJournals: read time-out")
        if any(one["ExternalImportReference"] == reference for _, one in self.booked):
            raise Rejected("400 ExternalImportReference is already in use.", status=400)
        self.booked.append((self.time.at, body))
        if answer == "lost_after":
            raise OutcomeUnknown("POST /Vouchers/ManualJournals: connection reset")
        return f"V{len(self.booked)}", "901" if self.numbered else None

    def find_all(self, wanted: Mapping[str, date]) -> Mapping[str, Sequence[FoundLine]]:
        self.looked += 1
        if self.reads_fail:
            raise ConnectionError("the ledger is away")
        return {reference: self.lines(reference) for reference in wanted}

    def seen_on_customers(self, wanted: Mapping[str, str], first: date, last: date) -> set[str]:
        return {reference for reference in wanted if self.lines(reference)}

    def lines(self, reference: str) -> Sequence[FoundLine]:
        rows: list[FoundLine] = []
        for number, (at, body) in enumerate(self.booked, start=1):
            if body["ExternalImportReference"] != reference or self.time.at - at < timedelta(seconds=self.lag):
                continue
            for line in cast(list[dict[str, Any]], body["VoucherLines"]):
                account = ACCOUNT_NOS[str(line["AccountId"])]
                customer = "14601" if account == "1500" else None
                amount = Decimal(str(line["CurrencyAmount"]))
                shown = str(900 + number) if self.numbered else None
                rows.append(FoundLine(f"V{number}", shown, account, customer, amount, f"V{number}" in self.reversed))
        return rows

    def reverse(self, voucher_id: str) -> str:
        answer = self.answers.pop(0) if self.answers else "taken"
        if answer == "lost_before":
            raise OutcomeUnknown("POST /Vouchers/Reverse: read time-out")
        if voucher_id in self.reversed:
            raise Rejected("400 the voucher is reversed already", status=400)
        self.reversed.add(voucher_id)
        self.reversals += 1
        if answer == "lost_after":
            raise OutcomeUnknown("POST /Vouchers/Reverse: connection reset")
        return voucher_id


def voucher(fee: str = "35.00", interest: str = "47.95", settlement: str = "E9") -> FeeAndInterestVoucher:
    key = f"voucher:{TENANT}:K1:{settlement}"
    total = Decimal(fee) + Decimal(interest)
    return FeeAndInterestVoucher(
        key, voucher_reference(key), TENANT, "K1", "4601", "14601", settlement, Decimal(fee), Decimal(interest), total,
        date(2025, 2, 27),
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal]:
    opened = new_journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def new_journal(file: Path) -> Journal:
    opened = open_journal(f"sqlite:///{file}", SecretBox(SecretBox.new_key()))
    opened.add_tenant(TENANT, SecretStr("key"), "Fjellheim", "999990126", DAY, TenantSettings.of(), "Kari", NOW)
    opened.open_cases(TENANT, [CaseRow("K1", "V-K1", "4601", "14601", "999990134", DAY)], NOW)
    return opened


def intend(journal: Journal, one: FeeAndInterestVoucher | None = None, at: datetime = NOW) -> str:
    planned = one or voucher()
    content = content_of(planned, ACCOUNTS, date(2025, 2, 27))
    journal.intend(planned.key, TENANT, "voucher", ["K1"], content, DAY, at)
    return planned.key


def run(journal: Journal, ledger: FakeLedger) -> VoucherReport:
    """What the assets ``posted_vouchers`` and ``confirmed_vouchers`` do on one day; the next run is a day later."""
    dispatch = VoucherDispatch(journal, ledger, ledger.time, "run-1")
    for kind in ("voucher", "reversal"):
        dispatch.settle_earlier(journal.open_items(TENANT, kind, ("sending", "outcome_unknown")))
        dispatch.send(journal.open_items(TENANT, kind, ("intended",)))
        dispatch.confirm(journal.open_items(TENANT, kind, ("posted",)))
    ledger.time.at += timedelta(days=1)
    return dispatch.report


def states(journal: Journal, key: str = KEY) -> list[str]:
    return [change.to_state for change in journal.history(key)]


def test_a_settlement_becomes_one_voucher_that_is_read_back(journal: Journal) -> None:
    ledger = FakeLedger()
    intend(journal)

    report = run(journal, ledger)

    assert (report.posted, report.confirmed) == ([KEY], [KEY])
    assert states(journal) == ["intended", "sending", "posted", "confirmed"]
    assert (journal.item(KEY).remote_id, journal.item(KEY).remote_no) == ("V1", "901")


def test_an_answer_lost_after_booking_is_found_in_the_same_run(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["lost_after"]
    intend(journal)

    run(journal, ledger)

    assert len(ledger.booked) == 1
    assert states(journal) == ["intended", "sending", "outcome_unknown", "posted", "confirmed"]


def test_a_look_up_that_lags_is_waited_for_up_to_ten_seconds(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers, ledger.lag = ["lost_after"], 5.0
    intend(journal)

    run(journal, ledger)

    assert 5.0 <= ledger.time.waited <= 10.0
    assert journal.item(KEY).state == "confirmed"


def test_the_run_that_lost_the_answer_never_posts_again_itself(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers, ledger.lag = ["lost_after"], 3600.0
    intend(journal)

    report = run(journal, ledger)

    assert len(ledger.references) == 1
    assert journal.item(KEY).state == "outcome_unknown"
    assert list(report.unknown) == [KEY]
    run(journal, ledger)
    assert len(ledger.booked) == 1
    assert journal.item(KEY).state == "confirmed"


def test_v2_i06_two_time_outs_and_a_success_make_one_voucher_under_one_reference(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["lost_before", "lost_before"]
    intend(journal)

    for _ in range(4):
        run(journal, ledger)

    assert ledger.references == [voucher_reference(KEY)] * 3
    assert len(ledger.booked) == 1
    assert states(journal) == [
        "intended", "sending", "outcome_unknown",
        "intended", "sending", "outcome_unknown",
        "intended", "sending", "posted", "confirmed",
    ]  # fmt: skip


def test_v1_a_run_killed_after_the_ledger_had_booked_is_finished_by_the_next(journal: Journal) -> None:
    ledger = FakeLedger()
    intend(journal)
    journal.claim_for_sending(KEY, "killed", NOW)
    item = journal.item(KEY)
    dispatch = VoucherDispatch(journal, ledger, ledger.time, "killed")
    dispatch._request(item)()  # pyright: ignore[reportPrivateUsage] - the process dies before the answer is written

    report = run(journal, ledger)

    assert len(ledger.booked) == 1
    assert report.posted == [KEY]
    assert states(journal) == ["intended", "sending", "outcome_unknown", "posted", "confirmed"]
    assert journal.item(KEY).remote_no == "901"


def test_v1_a_run_killed_before_the_request_left_is_made_good_by_the_next(journal: Journal) -> None:
    ledger = FakeLedger()
    intend(journal)
    journal.claim_for_sending(KEY, "killed", NOW)

    report = run(journal, ledger)

    assert report.requeued == [KEY]
    assert len(ledger.booked) == 1
    assert ledger.time.waited == 10.0
    assert states(journal)[-1] == "confirmed"


def test_a_look_up_that_fails_proves_nothing(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["lost_before"]
    intend(journal)
    run(journal, ledger)

    ledger.reads_fail = True
    report = run(journal, ledger)

    assert journal.item(KEY).state == "outcome_unknown"
    assert report.requeued == []
    assert "the ledger is away" in report.unread[KEY]
    assert len(ledger.references) == 1


def test_another_amount_under_our_reference_is_a_conflict_and_nothing_is_posted(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["lost_after"]
    intend(journal)
    ledger.lag = 3600.0
    run(journal, ledger)
    at, body = ledger.booked[0]
    lines = cast(list[dict[str, Any]], body["VoucherLines"])
    lines[0]["CurrencyAmount"], lines[1]["CurrencyAmount"] = Decimal("83.95"), Decimal("-36.00")
    ledger.booked[0] = (at, body)

    report = run(journal, ledger)

    assert journal.item(KEY).state == "conflict"
    assert report.faults[KEY] == (
        "found account 3950 -36.00, account 8050 -47.95, customer 14601 83.95, "
        "meant account 3950 -35.00, account 8050 -47.95, customer 14601 82.95; nothing more is posted"
    )
    assert len(ledger.references) == 1


def test_a_refused_repeat_leads_to_a_look_up_and_not_to_a_failure(journal: Journal) -> None:
    ledger = FakeLedger()
    intend(journal)
    ledger.answers, ledger.lag = ["lost_after"], 86_400 * 1.5
    run(journal, ledger)  # not visible for a day and a half: the next run believes it absent

    report = run(journal, ledger)

    assert len(ledger.booked) == 1
    assert list(report.unknown) == [KEY]
    assert journal.item(KEY).state == "outcome_unknown"
    run(journal, ledger)
    assert journal.item(KEY).state == "confirmed"


def test_a_refusal_of_the_content_is_told_and_can_be_sent_again_when_the_cause_is_gone(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["refused"]
    intend(journal)

    report = run(journal, ledger)
    assert journal.item(KEY).state == "rejected"
    assert "account 3950 needs a department" in report.rejected[KEY]

    journal.requeue(KEY, "tried again on a later day", ledger.time.now())
    run(journal, ledger)
    assert len(ledger.booked) == 1
    assert set(ledger.references) == {voucher_reference(KEY)}


def test_v3_a_voucher_without_a_number_is_posted_and_numbered_by_a_later_run(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.numbered = False
    intend(journal)

    first = run(journal, ledger)
    assert (first.posted, first.confirmed, first.faults) == ([KEY], [], {})
    assert (journal.item(KEY).state, journal.item(KEY).remote_no) == ("posted", None)

    ledger.numbered = True
    run(journal, ledger)
    assert (journal.item(KEY).state, journal.item(KEY).remote_no) == ("confirmed", "901")
    assert len(ledger.booked) == 1


def test_a_voucher_that_is_not_visible_yet_is_no_fault_and_is_confirmed_later(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.lag = 60.0
    intend(journal)

    first = run(journal, ledger)

    assert (first.not_visible, first.faults) == ([KEY], {})
    run(journal, ledger)
    assert journal.item(KEY).state == "confirmed"


def test_a_ledger_that_is_away_is_asked_three_times_and_loses_nothing(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.answers = ["away"] * 3
    keys = [intend(journal, voucher(settlement=f"E{number}")) for number in range(5)]

    report = run(journal, ledger)

    assert len(ledger.references) == 3
    assert sorted(report.not_sent) == keys
    assert {journal.item(key).state for key in keys} == {"intended"}
    run(journal, ledger)
    assert len(ledger.booked) == 5


def reverse(journal: Journal) -> str:
    posted = journal.item(KEY)
    key = f"{KEY}:reversal"
    content = {
        "voucher_id": posted.remote_id,
        "reference": posted.reference,
        "posting_date": "2025-02-27",
        "case_id": "K1",
    }
    journal.intend(key, TENANT, "reversal", ["K1"], content, DAY, NOW, reverses=KEY)
    return key


@pytest.mark.parametrize("answers", [[], ["lost_after"], ["lost_before"], ["lost_before", "lost_after"]])
def test_a_payment_bounced_after_our_voucher_reverses_it_once(journal: Journal, answers: list[str]) -> None:
    ledger = FakeLedger()
    intend(journal)
    run(journal, ledger)
    key = reverse(journal)
    ledger.answers = list(answers)

    for _ in range(4):
        run(journal, ledger)

    assert ledger.reversals == 1
    assert journal.item(key).state == "confirmed"
    assert [row.reversed for row in journal.vouchers(TENANT)] == [True]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(st.sampled_from(["lost_before", "lost_after", "away", "taken"]), max_size=6),
    lag=st.sampled_from([0.0, 5.0, 60.0, 86_400 * 1.5]),
    numbered_late=st.booleans(),
)
def test_whatever_breaks_there_is_one_voucher_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, answers: list[str], lag: float, numbered_late: bool
) -> None:
    journal = new_journal(tmp_path_factory.mktemp("journal") / "journal.sqlite")
    ledger = FakeLedger()
    ledger.answers, ledger.lag, ledger.numbered = list(answers), lag, not numbered_late
    try:
        intend(journal)
        for day in range(12):
            ledger.numbered = ledger.numbered or day > 3
            run(journal, ledger)
        assert len(ledger.booked) == 1
        assert journal.item(KEY).state == "confirmed"
        assert set(ledger.references) == {voucher_reference(KEY)}
    finally:
        journal.close()
