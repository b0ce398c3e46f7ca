"""The brake: what counts on a day, which limit follows from a tenant's history, and that a release is kept for good."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError

from kredin_pipeline.cases.settings import SettingsError
from kredin_pipeline.journal import Journal, JournalError
from kredin_pipeline.journal.brake import HISTORY_DAYS, LEAST, TIMES, DayOfSending, Limit, limit_of
from tests.unit.journal.builders import DAY, NOW, claim, letter, voucher, with_tenant

TIME = datetime(2025, 3, 17, 5, 0, tzinfo=UTC)


def before(days: int) -> date:
    return DAY - timedelta(days=days)


def test_a_new_tenant_has_the_least_and_a_setting_goes_before_everything() -> None:
    assert limit_of("letters", None, {}, (), DAY).number == LEAST
    assert limit_of("letters", 0, {before(1): 5000}, (), DAY) == Limit(0, "setting daily_letter_limit")


def test_the_highest_day_of_the_quarter_counts_three_times_and_an_older_one_or_today_not() -> None:
    history = {before(1): 40, before(60): 50, before(HISTORY_DAYS + 1): 9000, DAY: 8000}
    assert limit_of("letters", None, history, (), DAY) == Limit(TIMES * 50, f"3 times the 50 of {before(60)}")
    assert limit_of("letters", None, {before(HISTORY_DAYS): 70}, (), DAY).number == TIMES * 70


def test_a_released_day_counts_once_because_somebody_looked_at_that_number_and_not_at_three_times_it() -> None:
    history = {before(3): 400, before(2): 60}
    assert limit_of("vouchers", None, history, {before(3)}, DAY) == Limit(
        400, f"as many as were released on {before(3)}"
    )


@given(st.dictionaries(st.integers(1, 120).map(before), st.integers(0, 3000), max_size=8), st.integers(0, 2000))
def test_a_day_like_any_of_the_quarter_before_never_asks(history: dict[date, int], more: int) -> None:
    limit = limit_of("letters", None, history, (), DAY)
    recent = [count for day, count in history.items() if before(HISTORY_DAYS) <= day]
    assert limit.number >= max([LEAST, *recent])
    assert limit_of("letters", None, {**history, before(5): history.get(before(5), 0) + more}, (), DAY).number >= (
        limit.number
    )


@pytest.mark.parametrize(
    ("left", "waiting", "released", "held"),
    [(0, 10, None, False), (4, 7, None, True), (4, 7, 11, False), (4, 8, 11, True), (50, 0, None, False)],
)
def test_all_or_nothing_of_what_waits(left: int, waiting: int, released: int | None, held: bool) -> None:
    day = DayOfSending("acme", "letters", DAY, Limit(10, "setting daily_letter_limit"), released, left, waiting)
    assert day.held is held
    assert ("kredin brake release acme --kind letters --on 2025-03-17" in day.told) is held


def intend(journal: Journal, key: str, kind: str = "letter", on: date = DAY, tenant: str = "acme") -> str:
    case = "K1" if tenant == "acme" else f"{tenant}-K1"
    content = letter(claim(case), step=key) if kind == "letter" else voucher(case, settlement=key)
    journal.intend(key, tenant, kind, [case], content, on, NOW)  # pyright: ignore[reportArgumentType]
    return key


def send(journal: Journal, key: str, at: datetime = TIME, kind: str = "letter") -> None:
    intend(journal, key, kind)
    assert journal.claim_for_sending(key, "w", at)
    journal.mark_posted(key, f"id-{key}", None, at)


def test_the_oslo_day_is_counted_over_every_run_and_what_came_back_is_not(journal: Journal) -> None:
    send(journal, "taken")
    send(journal, "late on the day before", datetime(2025, 3, 16, 22, 59, tzinfo=UTC))  # 23:59 in Oslo
    send(journal, "first of the day", datetime(2025, 3, 16, 23, 0, tzinfo=UTC))
    for key in ("unanswered", "refused", "turned away"):
        intend(journal, key)
        assert journal.claim_for_sending(key, "w", TIME)
    journal.mark_outcome_unknown("unanswered", "no answer", TIME)
    journal.mark_rejected("refused", "550", TIME)
    journal.mark_nothing_sent("turned away", "421", TIME)
    with_tenant(journal, "other")
    intend(journal, "of another", tenant="other")

    day = journal.day_of_sending("acme", "letters", DAY, None, ["turned away", "unanswered"])

    assert (day.left, day.waiting) == (3, 1)  # an item that has left meanwhile is not counted a second time
    assert day.limit.number == LEAST
    assert journal.day_of_sending("acme", "letters", before(1), None, []).left == 1


def test_letters_and_vouchers_are_limited_apart_and_a_reversal_is_a_voucher(journal: Journal) -> None:
    send(journal, "a letter")
    send(journal, "a voucher", kind="voucher")
    journal.intend("r", "acme", "reversal", ["K1"], {}, DAY, NOW, reverses="a voucher")
    assert (journal.brake_of("acme", "letters", DAY).left, journal.brake_of("acme", "vouchers", DAY).left) == (1, 1)
    assert journal.brake_of("acme", "vouchers", DAY).waiting == 1


def test_a_letter_waits_on_its_day_and_a_voucher_on_any(journal: Journal) -> None:
    intend(journal, "old letter", on=before(1))
    intend(journal, "old voucher", "voucher", on=before(1))
    assert journal.waiting_to_leave("acme", "letters", DAY) == []
    assert journal.waiting_to_leave("acme", "vouchers", DAY) == ["old voucher"]


def test_a_release_holds_for_its_day_kind_and_tenant_and_is_kept_with_who_and_why(journal: Journal) -> None:
    journal.change_settings("acme", {"daily_letter_limit": 1}, "Kari", NOW)
    intend(journal, "one")
    intend(journal, "two")
    held = journal.brake_of("acme", "letters", DAY)
    assert held.held

    journal.release_brake(held, 2, "month end", "Kari", TIME)

    assert not journal.brake_of("acme", "letters", DAY).held
    assert journal.brake_of("acme", "letters", DAY + timedelta(days=1)).released is None
    assert journal.brake_of("acme", "vouchers", DAY).released is None
    (kept,) = journal.brake_releases("acme")
    assert (kept.kind, kept.on, kept.up_to, kept.limit_was) == ("letters", DAY, 2, 1)
    assert (kept.why, kept.released_by, kept.released_at) == ("month end", "Kari", TIME)
    intend(journal, "three")
    assert journal.brake_of("acme", "letters", DAY).held  # up to that number, and no further


@pytest.mark.parametrize(
    ("on", "up_to", "why", "who", "says"),
    [
        (before(1), 500, "x", "Kari", "that day is over"),
        (DAY, LEAST, "x", "Kari", "nothing new"),
        (DAY, 500, " ", "Kari", "who releases them, and why"),
        (DAY, 500, "x", "", "who releases them, and why"),
    ],
)
def test_a_release_without_sense_is_refused(
    journal: Journal, on: date, up_to: int, why: str, who: str, says: str
) -> None:
    with pytest.raises(JournalError, match=says):
        journal.release_brake(journal.brake_of("acme", "letters", on), up_to, why, who, TIME)
    assert journal.brake_releases("acme") == []


def test_a_dry_run_releases_nothing(journal: Journal) -> None:
    journal.release_brake(journal.brake_of("acme", "letters", DAY), 500, "x", "Kari", TIME, dry_run=True)
    assert journal.brake_releases("acme") == []


@pytest.mark.parametrize(
    "statement",
    [
        "update brake_releases set up_to = 9999",
        "delete from brake_releases",
        "update outbox_words set why = 'other'",
        "delete from outbox_words",
    ],
)
def test_the_database_itself_keeps_releases_and_words_as_they_were(journal: Journal, statement: str) -> None:
    journal.release_brake(journal.brake_of("acme", "letters", DAY), 500, "x", "Kari", TIME)
    journal.let_stand("acme", "unknown_in_ledger", "told", "x", "Kari", TIME, voucher_id="guid")
    with pytest.raises(DatabaseError, match="only grows"), journal.writing() as connection:
        connection.exec_driver_sql(statement)


def test_they_go_with_their_tenant_and_with_no_other(journal: Journal) -> None:
    with_tenant(journal, "other")
    for name in ("acme", "other"):
        journal.release_brake(journal.brake_of(name, "letters", DAY), 500, "x", "Kari", TIME)
        journal.let_stand(name, "unknown_in_ledger", "told", "x", "Kari", TIME, voucher_id="guid")
    erased = journal.purge_tenant("acme", "contract ended", "Kari", TIME)
    assert (erased["brake_releases"], erased["outbox_words"]) == (1, 1)
    assert len(journal.brake_releases("other")) == len(journal.words("other")) == 1


def test_counting_a_day_reads_the_index_and_not_the_log(empty: Journal) -> None:
    from kredin_pipeline.journal import brake

    query = brake._handed_over("acme", "letters", DAY, DAY)  # pyright: ignore[reportPrivateUsage]
    with empty.reading() as connection:
        text = str(query.compile(empty.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"explain query plan {text}"))
    assert "ix_outbox_transitions_sending" in plan


def test_a_limit_is_a_whole_number_and_none_means_by_history(journal: Journal) -> None:
    for wrong in (-1, 2.5, True, "many"):
        with pytest.raises(SettingsError, match="daily_voucher_limit"):
            journal.change_settings("acme", {"daily_voucher_limit": wrong}, "Kari", NOW)
    assert journal.change_settings("acme", {"daily_voucher_limit": "250"}, "Kari", NOW).daily_voucher_limit == 250
    assert journal.change_settings("acme", {"daily_voucher_limit": None}, "Kari", NOW).daily_voucher_limit is None
