"""Claims in groups, conclusions that name their holder, and what is known whoever holds: on each engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from kredin_pipeline.journal import Journal, TransitionRefused
from kredin_pipeline.journal.direct import directly
from kredin_pipeline.journal.errors import JournalError, UnknownItem
from kredin_pipeline.journal.outbox import KEYS_AT_ONCE, Intent
from kredin_pipeline.outcomes import ItemMoved
from tests.unit.journal.builders import DAY, NOW, after, intend_voucher, voucher

KEYS = [f"voucher:acme:K1:E{number}" for number in range(9)]


def fill(journal: Journal) -> None:
    journal.intend_all("acme", [Intent(key, "voucher", ["K1"], voucher(settlement=key[-2:]), DAY) for key in KEYS], NOW)


def states(journal: Journal, key: str) -> list[str]:
    return [change.to_state for change in journal.history(key)]


def test_a_group_is_claimed_at_once_and_what_another_worker_has_is_left_out(journal: Journal) -> None:
    fill(journal)
    assert journal.claim_many([KEYS[3], KEYS[1]], "w1", NOW) == [KEYS[3], KEYS[1]]
    assert journal.claim_many(KEYS[:5], "w2", NOW) == [KEYS[0], KEYS[2], KEYS[4]]
    assert {item.key: item.worker for item in journal.items("acme", states=["sending"])} == {
        KEYS[0]: "w2", KEYS[1]: "w1", KEYS[2]: "w2", KEYS[3]: "w1", KEYS[4]: "w2",
    }  # fmt: skip
    assert {item.attempts for item in journal.items("acme", states=["sending"])} == {1}


def test_a_group_with_an_unknown_key_is_not_claimed_at_all(journal: Journal) -> None:
    fill(journal)
    with pytest.raises(UnknownItem):
        journal.claim_many([KEYS[0], "voucher:acme:K1:none"], "w1", NOW)
    assert journal.item(KEYS[0]).state == "intended"


def test_workers_that_claim_the_same_groups_in_other_orders_share_them_without_waiting_for_each_other(
    journal: Journal,
) -> None:
    fill(journal)
    orders = [KEYS, KEYS[::-1], KEYS[4:] + KEYS[:4], KEYS[::2] + KEYS[1::2]]
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda number: journal.claim_many(orders[number], f"w{number}", NOW), range(4)))
    assert sorted(key for keys in won for key in keys) == KEYS
    for keys, order in zip(won, orders, strict=True):
        assert keys == [key for key in order if key in keys]


@pytest.mark.parametrize("concluded", ["mark_nothing_sent", "mark_rejected", "mark_outcome_unknown"])
def test_a_conclusion_of_a_worker_that_lost_the_item_changes_nothing(journal: Journal, concluded: str) -> None:
    key = intend_voucher(journal)
    journal.claim_for_sending(key, "slow", NOW)
    journal.mark_outcome_unknown(key, "taken over", after(1), worker="other", held_by="slow")
    journal.requeue(key, "not there", after(2), attempts=1)
    journal.claim_for_sending(key, "other", after(3))

    with pytest.raises(TransitionRefused, match="another worker has claimed it since"):
        getattr(journal, concluded)(key, "mine", after(4), held_by="slow")

    assert (journal.item(key).state, journal.item(key).worker) == ("sending", "other")
    getattr(journal, concluded)(key, "mine", after(5), held_by="other")
    assert journal.item(key).state != "sending"


def test_a_refused_change_is_what_the_sending_knows_as_moved(journal: Journal) -> None:
    key = intend_voucher(journal)
    with pytest.raises(ItemMoved):
        journal.mark_posted(key, "guid-1", None, NOW)


def test_a_look_up_older_than_the_last_attempt_puts_nothing_back(journal: Journal) -> None:
    key = intend_voucher(journal)
    for attempt in range(2):
        journal.claim_for_sending(key, "w", after(attempt * 3))
        journal.mark_outcome_unknown(key, "time-out", after(attempt * 3 + 1))
        if attempt == 0:
            journal.requeue(key, "not there", after(2), attempts=1)
    with pytest.raises(TransitionRefused):
        journal.requeue(key, "not there", after(9), attempts=1)
    assert journal.item(key).state == "outcome_unknown"
    journal.requeue(key, "not there", after(10), attempts=2)


@pytest.mark.parametrize("moved_to", ["intended", "cancelled", "rejected", "sending", "outcome_unknown"])
def test_what_the_other_side_has_taken_is_posted_wherever_another_run_has_moved_it(
    journal: Journal, moved_to: str
) -> None:
    key = intend_voucher(journal)
    journal.claim_for_sending(key, "slow", NOW)
    if moved_to != "sending":
        journal.mark_outcome_unknown(key, "taken over", after(1), worker="other")
    if moved_to in ("intended", "cancelled", "rejected"):
        journal.requeue(key, "not there", after(2))
    if moved_to == "cancelled":
        journal.cancel(key, "fell away", after(3))
    if moved_to == "rejected":
        journal.claim_for_sending(key, "other", after(3))
        journal.mark_rejected(key, "locked", after(4))

    assert journal.adopt(key, "guid-1", "901", "slow", after(5)) == "posted"

    item = journal.item(key)
    assert (item.state, item.remote_id, item.remote_no, item.sent_on) == ("posted", "guid-1", "901", DAY)
    assert states(journal, key)[-1] == "posted"
    assert journal.adopt(key, "guid-1", "901", "slow", after(6)) == "posted"
    with pytest.raises(TransitionRefused):
        journal.adopt(key, "guid-2", None, "slow", after(7))


def test_what_lies_there_with_other_content_is_not_adopted(journal: Journal) -> None:
    key = intend_voucher(journal)
    journal.claim_for_sending(key, "w", NOW)
    journal.mark_outcome_unknown(key, "time-out", after(1))
    journal.mark_conflict(key, "other amounts", after(2))
    with pytest.raises(TransitionRefused):
        journal.adopt(key, "guid-1", None, "w", after(3))
    assert journal.item(key).state == "conflict"


def test_many_are_confirmed_at_once_and_one_that_is_confirmed_already_is_left_out(journal: Journal) -> None:
    fill(journal)
    journal.claim_many(KEYS, "w", NOW)
    for number, key in enumerate(KEYS):
        journal.mark_posted(key, f"guid-{number}", None if number % 2 else str(900 + number), after(1))
    journal.mark_confirmed(KEYS[0], after(2))

    numbers = {key: "950" if number == 1 else None for number, key in enumerate(KEYS)}
    assert journal.confirm_many(numbers, after(3)) == KEYS[1:]

    assert {item.state for item in journal.items("acme")} == {"confirmed"}
    assert [journal.item(key).remote_no for key in KEYS[:4]] == ["900", "950", "902", None]


def test_one_intent_twice_in_a_list_is_one_item_with_the_later_content(journal: Journal) -> None:
    first, second = (Intent(KEYS[0], "voucher", ["K1"], voucher(fee=fee), DAY) for fee in ("35.00", "70.00"))
    assert journal.intend_all("acme", [first, second], NOW) == [KEYS[0]]
    assert journal.item(KEYS[0]).payload["fee"] == "70.00"
    assert [change.reason for change in journal.history(KEYS[0])] == ["planned", "planned anew"]


def test_more_intents_than_one_statement_takes_are_one_transaction(journal: Journal) -> None:
    wanted = [
        Intent(f"voucher:acme:K1:{number:05}", "voucher", ["K1"], voucher(settlement=f"{number:05}"), DAY)
        for number in range(KEYS_AT_ONCE + 3)
    ]
    last = Intent("voucher:acme:K9:1", "voucher", ["K9"], voucher(case="K9"), DAY)
    with pytest.raises(JournalError, match="case K9 is not open"):
        journal.intend_all("acme", [*wanted, last], NOW)
    assert journal.items("acme") == []
    assert journal.intend_all("acme", wanted, NOW) == [intent.key for intent in wanted]
    assert len(journal.items("acme")) == len(wanted)
    assert journal.intend_all("acme", wanted, NOW) == []


def test_what_the_database_refuses_is_refused_in_the_same_words_as_everywhere(journal: Journal) -> None:
    fill(journal)
    journal.claim_many(KEYS[:2], "w", NOW)
    journal.mark_posted(KEYS[0], "guid-1", None, NOW)
    with pytest.raises(IntegrityError):
        journal.mark_posted(KEYS[1], "guid-1", None, NOW)
    assert journal.item(KEYS[1]).state == "sending"
    with pytest.raises(IntegrityError), directly(journal.engine) as statements:
        statements.run("update outbox set state = 'confirmed' where key = :key", key=KEYS[2])
    assert journal.item(KEYS[2]).state == "intended"
