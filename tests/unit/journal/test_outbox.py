"""What the outbox promises its users: exactly once, nothing forgotten, and words a person can act on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kredin_pipeline.journal import Journal, JournalError, TransitionRefused, UnknownItem, voucher_reference
from tests.unit.journal.builders import DAY, NOW, after, claim, intend_letter, intend_voucher, letter, voucher


def sent(journal: Journal, key: str, remote_id: str = "guid-1", remote_no: str | None = "90001") -> str:
    assert journal.claim_for_sending(key, "w1", after(1))
    journal.mark_posted(key, remote_id, remote_no, after(2))
    return key


def test_the_way_of_a_voucher_from_intent_to_confirmation_is_all_in_the_log(journal: Journal) -> None:
    key = intend_voucher(journal)
    assert journal.claim_for_sending(key, "w1", after(1))
    journal.mark_outcome_unknown(key, "read time-out after 60 s", after(2))
    journal.requeue(key, "looked up: not in the ledger", after(3))
    assert journal.claim_for_sending(key, "w2", after(4))
    journal.mark_posted(key, "guid-1", None, after(5))
    journal.mark_confirmed(key, after(6), remote_no="90001")

    assert [(c.to_state, c.reason, c.worker, c.at) for c in journal.history(key)] == [
        ("intended", "planned", None, NOW),
        ("sending", None, "w1", after(1)),
        ("outcome_unknown", "read time-out after 60 s", "w1", after(2)),
        ("intended", "looked up: not in the ledger", None, after(3)),
        ("sending", None, "w2", after(4)),
        ("posted", None, "w2", after(5)),
        ("confirmed", None, "w2", after(6)),
    ]
    item = journal.item(key)
    assert (item.attempts, item.remote_id, item.remote_no, item.sent_on) == (2, "guid-1", "90001", DAY)


def test_every_attempt_carries_the_same_reference_and_another_intent_another(journal: Journal) -> None:
    key, other = intend_voucher(journal), intend_voucher(journal, "voucher:acme:K1:E10")
    before = journal.item(key).reference
    assert journal.claim_for_sending(key, "w1", NOW)
    journal.mark_outcome_unknown(key, "time-out", NOW)
    journal.requeue(key, "absent", NOW)

    assert journal.item(key).reference == before == voucher_reference(key) != journal.item(other).reference
    assert voucher_reference("voucher:acme:K1:E9") == "a0e4304c-54d2-577f-a3e7-20eab038faf8"


def test_the_same_plan_twice_is_one_intent_and_no_news(journal: Journal) -> None:
    key = intend_letter(journal)
    assert journal.intend(key, "acme", "letter", ["K1"], letter(), DAY, after(9)) is False
    assert len(journal.history(key)) == 1
    assert journal.item(key).created_at == NOW


def test_a_new_plan_replaces_what_has_not_left_and_never_what_may_have(journal: Journal) -> None:
    key = intend_letter(journal)
    tomorrow = letter(claim("K1") | {"interest": "5.13"})
    journal.intend(key, "acme", "letter", ["K1"], tomorrow, date(2025, 3, 18), after(1))
    assert journal.item(key).payload["claims"][0]["interest"] == "5.13"

    assert journal.claim_for_sending(key, "w1", after(2))
    assert journal.intend(key, "acme", "letter", ["K1"], letter(), DAY, after(3)) is False
    assert journal.item(key).payload["claims"][0]["interest"] == "5.13"


def test_a_letter_dropped_before_sending_charges_nothing_and_may_be_made_anew(journal: Journal) -> None:
    key = intend_letter(journal)
    journal.cancel(key, "paid_before_send", after(1))
    assert journal.delivered_letters("acme") == []
    assert journal.item(key).reason == "paid_before_send"

    assert journal.intend(key, "acme", "letter", ["K1"], letter(), DAY, after(2)) is True
    assert journal.item(key).state == "intended"


@pytest.mark.parametrize("kind", ["letter", "voucher"])
def test_what_has_left_cannot_be_intended_requeued_or_cancelled_again(journal: Journal, kind: str) -> None:
    key = sent(journal, intend_letter(journal) if kind == "letter" else intend_voucher(journal))
    with pytest.raises(TransitionRefused, match=r"is posted, cannot become intended; .* may become confirmed"):
        journal.requeue(key, "again", after(3))
    with pytest.raises(TransitionRefused):
        journal.cancel(key, "too late", after(3))
    assert journal.claim_for_sending(key, "w2", after(3)) is False
    assert journal.item(key).attempts == 1


def test_a_letter_gives_one_row_per_claim_with_one_fee(journal: Journal) -> None:
    key = sent(journal, intend_letter(journal, cases=("K2", "K1", "K3")), "<letter@kredin>", None)

    rows = journal.delivered_letters("acme")
    assert [(row.letter_key, row.case_id, row.fee, row.bears_fee) for row in rows] == [
        (key, "K2", Decimal("35.00"), True),
        (key, "K1", Decimal("0.00"), False),
        (key, "K3", Decimal("0.00"), False),
    ]
    assert (rows[0].step, rows[0].channel, rows[0].sent_on, rows[0].deadline) == (
        "reminder",
        "email",
        DAY,
        date(2025, 3, 31),
    )
    assert journal.item(key).case_ids == ("K2", "K1", "K3")


def test_a_letter_that_may_have_left_blocks_its_step_and_charges_nothing(journal: Journal) -> None:
    key = intend_letter(journal)
    assert journal.blocked_steps("acme") == set()
    assert journal.claim_for_sending(key, "w1", after(1))
    assert journal.blocked_steps("acme") == {("K1", "reminder")}
    journal.mark_outcome_unknown(key, "connection reset", after(2))
    assert journal.blocked_steps("acme") == {("K1", "reminder")}
    assert journal.delivered_letters("acme") == []

    journal.mark_posted(key, "<m>", None, after(3))
    assert journal.blocked_steps("acme") == set()
    assert [row.fee for row in journal.delivered_letters("acme")] == [Decimal("35.00")]


def test_a_step_that_may_have_left_in_a_shared_letter_is_not_intended_alone(journal: Journal) -> None:
    shared = intend_letter(journal, cases=("K1", "K2"))
    assert journal.claim_for_sending(shared, "w1", after(1))
    alone = letter(claim("K2"))
    assert journal.intend("letter:acme:K2:reminder", "acme", "letter", ["K2"], alone, DAY, after(2)) is False
    assert [item.key for item in journal.items("acme")] == [shared]

    other_step = letter(claim("K2"), step="collection_notice")
    assert journal.intend("letter:acme:K2:collection_notice", "acme", "letter", ["K2"], other_step, DAY, after(2))
    journal.mark_rejected(shared, "550 no such mailbox", after(3))
    assert journal.intend("letter:acme:K2:reminder", "acme", "letter", ["K2"], alone, DAY, after(4)) is True


def test_the_day_a_letter_left_is_the_day_in_oslo(journal: Journal) -> None:
    key = intend_letter(journal)
    late = datetime.fromisoformat("2025-03-17T23:30:00+00:00")
    assert journal.claim_for_sending(key, "w1", late)
    journal.mark_posted(key, "<m>", None, late)
    assert journal.delivered_letters("acme")[0].sent_on == date(2025, 3, 18)


def test_a_voucher_is_reversed_by_an_item_of_its_own_once_it_is_in_the_ledger(journal: Journal) -> None:
    key = sent(journal, intend_voucher(journal))
    undo = "reversal:acme:K1:E9"
    journal.intend(undo, "acme", "reversal", ["K1"], {"voucher_id": "guid-1"}, DAY, after(3), reverses=key)
    assert [row.reversed for row in journal.vouchers("acme")] == [False]

    sent(journal, undo, "guid-2", "90002")
    (row,) = journal.vouchers("acme")
    assert (row.reversed, row.state, row.voucher_id, row.voucher_no) == (True, "posted", "guid-1", "90001")
    assert (row.fee, row.interest, row.total, row.posting_date) == (
        Decimal("35.00"), Decimal("4.79"), Decimal("39.79"), DAY,
    )  # fmt: skip


def test_a_voucher_whose_number_comes_late_is_posted_and_numbered_once(journal: Journal) -> None:
    key = sent(journal, intend_voucher(journal), remote_no=None)
    assert journal.vouchers("acme")[0].voucher_no is None
    journal.note_number(key, "90007", after(3))
    assert journal.vouchers("acme")[0].voucher_no == "90007"
    with pytest.raises(JournalError, match="has a number already"):
        journal.note_number(key, "90008", after(4))


def test_what_a_look_up_found_is_confirmed_with_its_id(journal: Journal) -> None:
    key = intend_voucher(journal)
    assert journal.claim_for_sending(key, "w1", after(1))
    journal.mark_outcome_unknown(key, "worker gone", after(2), worker="w2")
    journal.mark_confirmed(key, after(3), remote_id="guid-5", remote_no="90005")
    item = journal.item(key)
    assert (item.state, item.remote_id, item.remote_no, item.sent_on) == ("confirmed", "guid-5", "90005", DAY)


def test_a_conflict_waits_for_a_person(journal: Journal) -> None:
    key = intend_voucher(journal)
    assert journal.claim_for_sending(key, "w1", after(1))
    journal.mark_outcome_unknown(key, "time-out", after(2))
    journal.mark_conflict(key, "found 90001 with 40.00, want 39.79", after(3))
    with pytest.raises(TransitionRefused):
        journal.mark_posted(key, "guid-1", "90001", after(4))
    assert journal.open_items("acme", "voucher") == []
    assert [item.reason for item in journal.items("acme", "voucher", ["conflict"])] == [
        "found 90001 with 40.00, want 39.79"
    ]


def test_open_items_are_what_still_needs_work_oldest_first(journal: Journal) -> None:
    first, second = intend_voucher(journal), intend_voucher(journal, "voucher:acme:K1:E10")
    third = intend_letter(journal)
    sent(journal, first)
    assert [item.key for item in journal.open_items("acme", "voucher")] == sorted([first, second])
    assert [item.key for item in journal.open_items("acme", states=["intended"])] == [third, second]
    journal.mark_confirmed(first, after(3))
    assert [item.key for item in journal.open_items("acme", "voucher")] == [second]


def test_unknown_items_are_named(journal: Journal) -> None:
    for act in (
        lambda: journal.item("letter:none"),
        lambda: journal.claim_for_sending("letter:none", "w", NOW),
        lambda: journal.cancel("letter:none", "x", NOW),
    ):
        with pytest.raises(UnknownItem, match="letter:none"):
            act()


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (letter(claim("K1") | {"fee": 35.0}), "binary float 35.0"),
        (letter(claim("K1") | {"fee": "35.005"}), "claims.fee|fee: found '35.005'"),
        (letter(claim("K1") | {"fee": None}), "fee: found None"),
        (letter(claim("K2")), "but the cases named are"),
        ({"step": "reminder", "channel": "email"}, "has no claims"),
        (letter(claim("K1") | {"bears_fee": None}), "bears_fee"),
        (letter(claim("K1", bears_fee=False)), "bears a letter's fee"),
        (letter() | {"deadline": "31.03.2025"}, "want an ISO date"),
    ],
)
def test_a_letter_without_its_figures_is_never_intended(journal: Journal, payload: dict[str, Any], says: str) -> None:
    with pytest.raises(JournalError, match=says):
        journal.intend("letter:acme:K1:reminder", "acme", "letter", ["K1"], payload, DAY, NOW)
    assert journal.items("acme") == []


def test_a_voucher_whose_parts_are_not_its_total_is_never_intended(journal: Journal) -> None:
    with pytest.raises(JournalError, match=r"35\.00 plus interest 4\.79 is not the total 40\.00"):
        journal.intend("v", "acme", "voucher", ["K1"], voucher() | {"total": "40.00"}, DAY, NOW)
    with pytest.raises(JournalError, match="case K9 is not open"):
        journal.intend("v", "acme", "voucher", ["K9"], voucher("K9"), DAY, NOW)
    assert journal.items("acme") == []


def test_one_faulty_intent_leaves_none_of_its_batch_behind(journal: Journal) -> None:
    from kredin_pipeline.journal.outbox import Intent

    good = Intent("voucher:acme:K1:E1", "voucher", ["K1"], voucher(settlement="E1"), DAY)
    bad = Intent("voucher:acme:K9:E1", "voucher", ["K9"], voucher("K9"), DAY)
    with pytest.raises(JournalError):
        journal.intend_all("acme", [good, bad], NOW)
    assert journal.items("acme") == []
    assert journal.intend_all("acme", [good], NOW) == [good.key]


def test_a_time_without_an_offset_is_refused(journal: Journal) -> None:
    with pytest.raises(Exception, match="has no offset"):
        journal.intend("v", "acme", "voucher", ["K1"], voucher(), DAY, datetime(2025, 3, 17, 6))  # noqa: DTZ001
