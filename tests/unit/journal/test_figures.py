"""Added figures: what is kept, what runs then use, and that nobody can change or lose a row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from kredin_pipeline.journal import AddedFigure, Journal, JournalError, SecretBox, open_journal, schema
from kredin_pipeline.journal import figures as module
from kredin_pipeline.journal.engine import journal_engine
from kredin_pipeline.journal.migrate import HEAD, migrate
from kredin_pipeline.law.rates import COLLECTION_RATE, LATE_INTEREST, Rate, fee_table, statutory_rates
from tests.unit.journal.builders import NOW, after, with_tenant

D = Decimal
day = date.fromisoformat


def add(
    journal: Journal,
    value: str = "11.75",
    kind: str = LATE_INTEREST,
    first: str = "2027-01-01",
    last: str | None = "2027-06-30",
    *,
    replaces: int | None = None,
) -> AddedFigure:
    until = day(last) if last else None
    return journal.add_figure(kind, day(first), until, value, "FOR-X", "high", "Kari", NOW, replaces=replaces)


def rate_on(journal: Journal, on: str) -> int | None:
    rates = journal.law_tables().rates
    return rates.on(day(on)) if rates.covers(day(on)) else None


def test_without_additions_the_tables_are_those_of_the_release(journal: Journal) -> None:
    law = journal.law_tables()
    assert (law.rates, law.fees) == (statutory_rates(), fee_table())
    assert journal.figures() == []


def test_an_added_figure_counts_and_keeps_who_when_and_where_from(journal: Journal) -> None:
    kept = add(journal)
    (found,) = journal.figures()
    assert found == kept
    assert (found.added_by, found.added_at, found.withdrawn) == ("Kari", NOW, None)
    assert (found.given.value, found.given.source, found.given.confidence) == (D("11.75"), "FOR-X", "high")
    assert (rate_on(journal, "2026-12-31"), rate_on(journal, "2027-01-01"), rate_on(journal, "2027-07-01")) == (
        1225, 1175, None,
    )  # fmt: skip
    fee = add(journal, "780", COLLECTION_RATE, "2027-01-01", None)
    assert journal.law_tables().fees.amount(COLLECTION_RATE, day("2030-01-01")) == D("780.00")
    assert fee.figure_id > kept.figure_id


def test_a_second_figure_for_the_same_days_is_refused_and_not_kept(journal: Journal) -> None:
    add(journal)
    with pytest.raises(JournalError, match=r"stored already for 2027-01-01 to 2027-06-30 11\.75 per cent"):
        add(journal, "12.00", first="2027-06-01")
    with pytest.raises(JournalError, match=r"2026-07-01 to 2026-12-31 12\.25 per cent"):
        add(journal, "12.00", first="2026-12-31", last="2026-12-31")
    with pytest.raises(JournalError, match="confirm it"):
        add(journal, "31", first="2027-07-01", last="2027-12-31")
    assert len(journal.figures()) == 1
    journal.add_figure(
        LATE_INTEREST, day("2027-07-01"), day("2027-12-31"), "31", "x", "low", "Kari", NOW, confirm_unusual=True
    )
    assert rate_on(journal, "2027-07-01") == 3100


def test_a_withdrawn_figure_stays_in_the_log_and_counts_no_longer(journal: Journal) -> None:
    wrong = add(journal, "10.75")
    gone = journal.withdraw_figure(wrong.figure_id, "typed wrongly", "Ola", after(60))
    assert gone.withdrawn is not None
    assert (gone.withdrawn.why, gone.withdrawn.withdrawn_by, gone.withdrawn.withdrawn_at) == (
        "typed wrongly", "Ola", after(60),
    )  # fmt: skip
    assert journal.figures() == [gone]
    assert rate_on(journal, "2027-01-01") is None
    with pytest.raises(JournalError, match=f"figure {wrong.figure_id}: was withdrawn already, by Ola: typed wrongly"):
        journal.withdraw_figure(wrong.figure_id, "again", "Ola", after(61))
    add(journal, "11.75")
    assert rate_on(journal, "2027-01-01") == 1175


def test_a_replacement_is_one_step_and_an_unknown_one_keeps_nothing(journal: Journal) -> None:
    wrong = add(journal, "10.75")
    right = add(journal, "11.75", replaces=wrong.figure_id)
    old, new = journal.figures()
    assert old.withdrawn is not None and old.withdrawn.why == f"replaced by figure {right.figure_id}"
    assert (new, rate_on(journal, "2027-01-01")) == (right, 1175)
    with pytest.raises(JournalError, match=f"figure 99: no such added figure; known are {right.figure_id}"):
        add(journal, "11.75", first="2027-07-01", last="2027-12-31", replaces=99)
    assert len(journal.figures()) == 2


def test_who_and_why_are_wanted(journal: Journal) -> None:
    kept = add(journal)
    with pytest.raises(JournalError, match="why is it withdrawn"):
        journal.withdraw_figure(kept.figure_id, "  ", "Ola", NOW)
    with pytest.raises(JournalError, match="who adds or withdraws it"):
        journal.withdraw_figure(kept.figure_id, "wrong", " ", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "update law_figures set value = '1.00'",
        "delete from law_figures",
        "update law_figure_withdrawals set why = 'x'",
        "delete from law_figure_withdrawals",
        "insert into law_figure_withdrawals select * from law_figure_withdrawals",
    ],
)
def test_the_database_itself_refuses_to_change_or_lose_a_row(journal: Journal, statement: str) -> None:
    kept = add(journal)
    journal.withdraw_figure(kept.figure_id, "wrong", "Ola", NOW)
    before = journal.figures()
    with pytest.raises(DBAPIError), journal.writing() as connection:
        connection.execute(text(statement))
    assert journal.figures() == before


def test_sqlite_refuses_a_replace_and_a_figure_id_is_never_used_again(empty: Journal) -> None:
    add(empty)
    with pytest.raises(DBAPIError, match="this row exists"), empty.writing() as connection:
        connection.execute(text("replace into law_figures select * from law_figures"))


@pytest.mark.postgres
def test_postgresql_refuses_to_truncate(migrated_postgresql_url: str, secrets: SecretBox) -> None:
    journal = open_journal(migrated_postgresql_url, secrets)
    add(journal)
    with pytest.raises(DBAPIError, match="only grows"), journal.writing() as connection:
        connection.execute(text("truncate law_figures cascade"))
    assert len(journal.figures()) == 1
    journal.close()


def test_a_purged_tenant_takes_no_figure_with_it(journal: Journal) -> None:
    add(journal)
    journal.purge_tenant("acme", "asked for", "Kari", NOW)
    assert len(journal.figures()) == 1


def test_a_release_that_brings_another_figure_counts_and_the_difference_is_told(
    empty: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = add(empty)
    assert empty.contradicted_figures() == []
    released = statutory_rates().with_rows([Rate(day("2027-01-01"), day("2027-06-30"), 1200, "FOR-R")])
    monkeypatch.setattr(module, "statutory_rates", lambda: released)
    assert rate_on(empty, "2027-03-01") == 1200
    (told,) = empty.contradicted_figures()
    assert f"added figure {kept.figure_id}" in told
    assert "found 11.75, but the release says 12.00 per cent (FOR-R), which counts" in told
    empty.withdraw_figure(kept.figure_id, "the release has it", "Kari", NOW)
    assert empty.contradicted_figures() == []


def test_a_row_of_an_earlier_version_stops_no_run(empty: Journal) -> None:
    """A kind that the program no longer takes, a year-long rate: kept as they are, judged only when they are added."""
    rows = [("old_kind", "5.00", "2010-12-31"), (LATE_INTEREST, "11.75", "2028-12-31")]
    with empty.writing() as connection:
        for kind, value, last in rows:
            connection.execute(
                insert(schema.law_figures).values(
                    kind=kind, valid_from=day("2010-01-01" if kind == "old_kind" else "2028-01-01"), valid_to=day(last),
                    value=value, source="x", confidence="high", added_by="Kari", added_at=NOW,
                )
            )  # fmt: skip
    assert rate_on(empty, "2028-12-31") == 1175
    assert empty.law_tables().fees.amount("old_kind", day("2010-06-01")) == 5


def test_a_journal_from_before_the_figures_is_migrated_and_keeps_its_rows(tmp_path: Path, secrets: SecretBox) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    engine = journal_engine(url)
    migrate(engine, "0001")
    old = with_tenant(Journal(engine, secrets))
    with old.reading() as connection:
        assert connection.execute(text("select name from sqlite_master where name = 'law_figures'")).first() is None
    old.close()

    journal = open_journal(url, secrets)
    assert journal.tenant_names() == ["acme"]
    assert len(journal.cases("acme")) == 4
    kept = add(journal)
    with pytest.raises(DBAPIError, match="only grows"), journal.writing() as connection:
        connection.execute(text("delete from law_figures"))
    assert journal.figures() == [kept]
    with journal.reading() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
    journal.close()


def test_two_people_who_add_the_same_days_at_once_keep_one_row(journal: Journal) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(value: str) -> str:
        try:
            add(journal, value)
        except JournalError as refused:
            return str(refused)
        return "kept"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(one, ["11.50", "11.75", "12.00", "12.25"]))
    assert told.count("kept") == 1
    assert all("a figure is stored already" in text for text in told if text != "kept")
    assert len(journal.figures()) == 1
