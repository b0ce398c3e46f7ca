"""The database itself holds the outbox's state machine: every change in the table works, every other is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kredin_pipeline.journal import ALLOWED_TRANSITIONS, Journal, State
from kredin_pipeline.journal.states import STATES
from tests.unit.journal.builders import CASES, DAY, NOW, intend_letter, intend_voucher, letter, with_tenant

PATHS: dict[str, tuple[str, ...]] = {
    "intended": (),
    "sending": ("sending",),
    "posted": ("sending", "posted"),
    "confirmed": ("sending", "posted", "confirmed"),
    "outcome_unknown": ("sending", "outcome_unknown"),
    "conflict": ("sending", "outcome_unknown", "conflict"),
    "rejected": ("sending", "rejected"),
    "cancelled": ("cancelled",),
}


def raw(journal: Journal, statement: str, **values: Any) -> int:
    with journal.writing() as connection:
        return connection.execute(text(statement), values).rowcount


def force(journal: Journal, key: str, state: str) -> None:
    """A change of state as a careless hand would make it, past every method of ours."""
    changed = raw(
        journal,
        "update outbox set state = :state, worker = 'w1', "
        "remote_id = case when :state in ('posted', 'confirmed') then coalesce(remote_id, :key) else remote_id end, "
        "sent_on = coalesce(sent_on, planned_on) where key = :key",
        state=state,
        key=key,
    )
    assert changed == 1


def bring(journal: Journal, state: str) -> str:
    key = intend_letter(journal, f"letter:acme:K1:{state}")
    for step in PATHS[state]:
        force(journal, key, step)
    return key


def state_of(journal: Journal, key: str) -> State:
    return journal.item(key).state


def test_raw_sql_can_make_every_allowed_change_and_no_other(journal: Journal) -> None:
    made: set[tuple[str, str]] = set()
    for number, (start, to) in enumerate(product(STATES, STATES)):
        key = intend_voucher(journal, f"voucher:acme:K1:E{number}")
        for step in PATHS[start]:
            force(journal, key, step)
        try:
            force(journal, key, to)
            made.add((start, to))
        except DBAPIError as refusal:
            assert "not allowed" in str(refusal)
            assert state_of(journal, key) == start

    assert made == ALLOWED_TRANSITIONS


def test_the_log_is_written_by_the_database_and_not_by_us(journal: Journal) -> None:
    key = intend_letter(journal)
    raw(journal, "update outbox set state = 'cancelled', reason = 'by hand' where key = :key", key=key)

    assert [(change.from_state, change.to_state, change.reason) for change in journal.history(key)] == [
        (None, "intended", "planned"),
        ("intended", "cancelled", "by hand"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "update outbox_transitions set reason = 'nothing happened'",
        "delete from outbox_transitions",
        "delete from outbox",
        "delete from outbox_cases",
        "update outbox_cases set case_id = 'K2'",
        "insert into outbox_cases (key, position, tenant, case_id) values ('letter:acme:K1:posted', 7, 'acme', 'K2')",
        "update outbox set key = 'letter:acme:K1:other'",
        "update outbox set kind = 'voucher'",
        "update outbox set reference = 'R'",
        "update outbox set payload = '{}'",
        "update outbox set planned_on = '2025-01-01'",
        "update outbox set remote_id = 'another'",
        "update outbox set remote_id = null",
        "update outbox set sent_on = '2025-01-01'",
        "update outbox_allowed_transitions set to_state = 'intended'",
        "delete from outbox_allowed_transitions",
        "insert into outbox_allowed_transitions (from_state, to_state) values ('posted', 'intended')",
        "update decisions set decided_by = 'someone else'",
        "delete from decisions",
        "update settings_history set settings = '{}'",
        "delete from settings_history",
        "update cases set customer_no = '10002'",
        "delete from cases",
        "update documents set content = ''",
        "delete from documents",
    ],
)
def test_the_past_cannot_be_changed_even_by_hand(journal: Journal, statement: str) -> None:
    key = bring(journal, "posted")
    journal.decide("acme", "K1", "pause", {}, DAY, "Kari", NOW)
    journal.add_document("acme", b"letter", "letter", "application/pdf", {}, NOW, key=key)

    with pytest.raises(DBAPIError):
        raw(journal, statement)
    assert state_of(journal, key) == "posted"
    assert [row.decided_by for row in journal.decisions("acme")] == ["Kari"]


@pytest.mark.parametrize("table", ["outbox", "outbox_transitions", "decisions", "settings_history", "cases"])
def test_sqlites_replace_is_no_way_around_it(empty: Journal, table: str) -> None:
    journal = with_tenant(empty)
    bring(journal, "posted")
    journal.decide("acme", "K1", "pause", {}, DAY, "Kari", NOW)

    with pytest.raises(IntegrityError, match=r"exists|starts as intended"):
        raw(journal, f"insert or replace into {table} select * from {table}")


@pytest.mark.parametrize("state", [state for state in STATES if state != "intended"])
def test_an_item_cannot_be_born_half_way(journal: Journal, state: str) -> None:
    statement = (
        "insert into outbox (key, tenant, kind, state, reference, payload, planned_on, attempts, worker, remote_id, "
        "sent_on, created_at, changed_at) values ('k', 'acme', 'letter', :state, 'r', '{}', :day, 0, 'w', 'x', :day, "
        ":now, :now)"
    )
    with pytest.raises(DBAPIError, match="starts as intended"):
        raw(journal, statement, state=state, day=str(DAY), now="2025-03-17T05:00:00.000000Z")


@pytest.mark.parametrize(
    "statement",
    [
        "update outbox set state = 'sending' where key = :key",
        "update outbox set state = 'unheard_of' where key = :key",
    ],
)
def test_a_state_without_what_it_promises_is_refused(journal: Journal, statement: str) -> None:
    key = intend_letter(journal)
    with pytest.raises(DBAPIError):
        raw(journal, statement, key=key)


def test_posted_without_the_other_sides_name_is_refused(journal: Journal) -> None:
    key = intend_letter(journal)
    assert journal.claim_for_sending(key, "w1", NOW)
    with pytest.raises(DBAPIError):
        raw(journal, "update outbox set state = 'posted' where key = :key", key=key)


def test_voucher_number_zero_is_refused(journal: Journal) -> None:
    key = intend_voucher(journal)
    assert journal.claim_for_sending(key, "w1", NOW)
    journal.mark_posted(key, "guid-1", "0", NOW)
    assert journal.item(key).remote_no is None
    with pytest.raises(DBAPIError):
        raw(journal, "update outbox set remote_no = '0' where key = :key", key=key)


def test_one_ledger_voucher_cannot_stand_for_two_settlements(journal: Journal) -> None:
    first, second = intend_voucher(journal), intend_voucher(journal, "voucher:acme:K1:E10")
    for key in (first, second):
        assert journal.claim_for_sending(key, "w1", NOW)
    journal.mark_posted(first, "guid-1", "90001", NOW)

    with pytest.raises(IntegrityError):
        journal.mark_posted(second, "guid-1", "90001", NOW)
    assert state_of(journal, second) == "sending"


def test_a_case_of_another_tenant_cannot_be_named(journal: Journal) -> None:
    with_tenant(journal, "other")
    intend_letter(journal)
    with pytest.raises(IntegrityError):
        raw(journal, "insert into outbox_cases (key, position, tenant, case_id) values "
            "('letter:acme:K1:reminder', 5, 'acme', 'other-K1')")  # fmt: skip


@pytest.mark.postgres
def test_truncate_is_no_way_around_it(postgresql_url: str, secrets: Any) -> None:
    from kredin_pipeline.journal import open_journal

    journal = with_tenant(open_journal(postgresql_url, secrets))
    bring(journal, "posted")
    with pytest.raises(DBAPIError):
        raw(journal, "truncate outbox, outbox_cases, outbox_transitions, documents")
    assert len(journal.items("acme")) == 1
    journal.close()


def test_the_content_of_a_new_plan_is_kept_in_the_log(journal: Journal) -> None:
    key = intend_letter(journal, cases=CASES[:2])
    smaller = letter(step="reminder") | {"note": "one claim was paid"}
    assert journal.intend(key, "acme", "letter", ["K1"], smaller, DAY, NOW) is False

    assert journal.item(key).case_ids == ("K1",)
    assert [bool(change.payload) for change in journal.history(key)] == [True, True]
