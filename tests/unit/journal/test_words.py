"""A person's word on an item: taken or refused by its state and by what the look-up showed, and kept for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import pytest

from kredin_pipeline.journal import Journal, JournalError, TransitionRefused, UnknownItem
from kredin_pipeline.journal.words import Evidence, Settled, WeighedWord, weigh_word
from tests.unit.journal.builders import DAY, NOW, after, intend_letter, intend_voucher

LATER = after(600)
MAIL = Evidence("nobody_knows", "by e-mail, nobody can be asked")
ABSENT = Evidence("absent", "not in the ledger")
SAME = Evidence("same", "the ledger has it as voucher 90001", "guid-1", "90001")
DIFFERENT = Evidence("different", "voucher 90001 has 5.00 kr", "guid-1", "90001")
UNASKED = Evidence("unasked", "the ledger could not be asked: 503")


def lost(journal: Journal, kind: str = "voucher", at: datetime = NOW) -> str:
    key = intend_letter(journal) if kind == "letter" else intend_voucher(journal)
    assert journal.claim_for_sending(key, "w", at)
    journal.mark_outcome_unknown(key, "no answer", at)
    return key


def conflicting(journal: Journal) -> str:
    key = lost(journal)
    journal.mark_conflict(key, "found 5.00, meant 39.79", NOW)
    return key


def weigh(journal: Journal, key: str, said: Settled, evidence: Evidence, **more: Any) -> WeighedWord:
    return weigh_word(journal.item(key), said, evidence, LATER, **more)


def test_an_email_that_left_counts_from_the_day_it_was_written(journal: Journal) -> None:
    key = lost(journal, "letter")
    word = weigh(journal, key, "posted", MAIL, remote_id="<id@kredin.example>")
    assert any("its fee is charged" in sentence for sentence in word.effects)

    journal.settle(word, "the debtor answered it", "Kari", LATER)

    item = journal.item(key)
    assert (item.state, item.sent_on, item.remote_id) == ("posted", DAY, "<id@kredin.example>")
    assert [row.letter_key for row in journal.delivered_letters("acme")] == [key]
    last = journal.history(key)[-1]
    assert (last.from_state, last.to_state) == ("outcome_unknown", "posted")
    assert last.reason is not None and "Kari said posted: the debtor answered it" in last.reason
    (kept,) = journal.words("acme")
    assert (kept.key, kept.about, kept.said, kept.why, kept.said_by, kept.said_at) == (
        key, "outcome_unknown", "posted", "the debtor answered it", "Kari", LATER,
    )  # fmt: skip


def test_an_email_that_did_not_leave_is_intended_again_and_charges_nothing(journal: Journal) -> None:
    key = lost(journal, "letter")
    journal.settle(weigh(journal, key, "not_sent", MAIL), "the server's log has no such message", "Kari", LATER)
    assert journal.item(key).state == "intended"
    assert journal.delivered_letters("acme") == [] and journal.blocked_steps("acme") == set()


def test_a_voucher_that_the_ledger_shows_is_posted_with_its_number(journal: Journal) -> None:
    key = lost(journal)
    journal.settle(weigh(journal, key, "posted", SAME), "saw it in Go", "Kari", LATER)
    item = journal.item(key)
    assert (item.state, item.remote_id, item.remote_no) == ("posted", "guid-1", "90001")


def test_a_voucher_booked_by_hand_is_confirmed_because_no_reference_leads_to_it(journal: Journal) -> None:
    key = lost(journal)
    by_hand = Evidence("same", "voucher 777 was booked by hand", "guid-7", "777", is_by_hand=True)
    journal.settle(weigh(journal, key, "posted", by_hand, remote_no="777"), "booked it myself", "Kari", LATER)
    assert (journal.item(key).state, journal.item(key).remote_no) == ("confirmed", "777")


@pytest.mark.parametrize(
    ("said", "evidence", "says"),
    [
        ("posted", ABSENT, "not in the ledger"),
        ("posted", DIFFERENT, "has 5.00 kr"),
        ("posted", UNASKED, "could not be asked"),
        ("not_sent", SAME, "the ledger has it as voucher 90001"),
        ("not_sent", DIFFERENT, "has 5.00 kr"),
        ("not_sent", UNASKED, "could not be asked"),
    ],
)
def test_what_the_ledger_contradicts_is_refused_and_changes_nothing(
    journal: Journal, said: Settled, evidence: Evidence, says: str
) -> None:
    key = lost(journal)
    word = weigh(journal, key, said, evidence)
    assert word.refused_because is not None and says in word.refused_because and word.effects == ()
    with pytest.raises(JournalError, match="Nothing was changed"):
        journal.settle(word, "because", "Kari", LATER)
    assert journal.item(key).state == "outcome_unknown" and journal.words("acme") == []


def test_a_look_up_right_after_the_try_proves_no_absence(journal: Journal) -> None:
    key = lost(journal)
    early = weigh_word(journal.item(key), "not_sent", ABSENT, after(59))
    assert early.refused_because is not None and "may not be visible yet" in early.refused_because
    assert weigh_word(journal.item(key), "not_sent", ABSENT, after(61)).refused_because is None


def test_another_id_than_the_ledgers_is_refused(journal: Journal) -> None:
    word = weigh(journal, lost(journal), "posted", SAME, remote_id="guid-2")
    assert word.refused_because is not None and "found guid-2, but the ledger says guid-1" in word.refused_because


def test_a_conflict_is_sent_again_only_when_the_other_one_is_gone_and_never_counts_as_sent(journal: Journal) -> None:
    key = conflicting(journal)
    refused = weigh(journal, key, "posted", SAME).refused_because
    assert refused is not None and "cannot count as sent" in refused and "kredin outbox seen" in refused
    journal.settle(weigh(journal, key, "not_sent", ABSENT), "reversed it in Go", "Kari", LATER)
    assert journal.item(key).state == "intended"


@pytest.mark.parametrize("state", ["intended", "sending", "posted", "confirmed", "rejected", "cancelled"])
def test_a_state_that_leaves_no_doubt_needs_no_word(
    journal: Journal, state: Literal["intended", "sending", "posted", "confirmed", "rejected", "cancelled"]
) -> None:
    key = intend_voucher(journal)
    if state == "cancelled":
        journal.cancel(key, "fell away", NOW)
    elif state != "intended":
        assert journal.claim_for_sending(key, "w", NOW)
    if state in ("posted", "confirmed"):
        journal.mark_posted(key, "guid-1", "90001", NOW)
    if state == "confirmed":
        journal.mark_confirmed(key, NOW)
    if state == "rejected":
        journal.mark_rejected(key, "400", NOW)
    for said in ("posted", "not_sent"):
        assert weigh(journal, key, said, SAME if said == "posted" else ABSENT).refused_because is not None
    assert journal.item(key).state == state


def test_an_item_that_moved_after_the_look_up_is_left_alone(journal: Journal) -> None:
    key = lost(journal)
    word = weigh(journal, key, "not_sent", ABSENT)
    journal.mark_posted(key, "guid-1", "90001", LATER)  # a run found it meanwhile
    with pytest.raises(TransitionRefused):
        journal.settle(word, "because", "Kari", LATER)
    assert journal.item(key).state == "posted" and journal.words("acme") == []


def test_a_word_needs_a_name_and_a_reason(journal: Journal) -> None:
    word = weigh(journal, lost(journal, "letter"), "posted", MAIL)
    for why, who in (("", "Kari"), ("because", " ")):
        with pytest.raises(JournalError, match="The log needs both"):
            journal.settle(word, why, who, LATER)
    with pytest.raises(JournalError, match="The log needs both"):
        journal.let_stand("acme", "conflict", "told", "", "Kari", LATER, key=word.item.key)


def test_what_stands_is_no_alarm_until_it_changes_again(journal: Journal) -> None:
    key = conflicting(journal)
    assert journal.standing("acme").keys == frozenset()
    journal.let_stand(
        "acme", "conflict", "found 5.00, meant 39.79", "a rounding by the auditor", "Kari", LATER, key=key
    )
    assert journal.standing("acme").keys == {key} and journal.item(key).state == "conflict"

    journal.requeue(key, "proved absent", after(700))
    assert journal.claim_for_sending(key, "w", after(701))
    journal.mark_outcome_unknown(key, "no answer", after(702))
    journal.mark_conflict(key, "found 6.00", after(703))
    assert journal.standing("acme").keys == frozenset()


def test_a_gap_that_stands_is_known_by_what_it_is_and_whose(journal: Journal) -> None:
    journal.let_stand("acme", "unknown_in_ledger", "voucher 9", "test booking", "Kari", LATER, voucher_id="guid-9")
    assert journal.standing("acme").gaps == {("unknown_in_ledger", "guid-9")}
    with pytest.raises(UnknownItem):
        journal.let_stand("acme", "conflict", "told", "why", "Kari", LATER, key="voucher:acme:K9:E9")


def test_the_numbers_by_state(journal: Journal) -> None:
    key = conflicting(journal)
    intend_letter(journal)
    numbers = {row.state: row[2:] for row in journal.outbox_numbers("acme", DAY)}
    assert numbers["conflict"] == (0, 0, 1, 1) and numbers["intended"] == (1, 0, 0, 0)
    assert [row.key for row in journal.booked("acme")] == [key]
