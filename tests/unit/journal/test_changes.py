"""What came to the journal since a mark: a book that follows the changes holds what a whole copy would hold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from kredin_pipeline.cases.claims import create_tables
from kredin_pipeline.cases.journal_copies import copy_all, copy_changes, held_mark
from kredin_pipeline.journal import CaseRow, Journal, SecretBox, open_journal
from kredin_pipeline.journal import changes as journal_changes
from tests.unit.journal.builders import DAY, NOW, after, claim, letter, voucher, with_tenant

COPIES = ("journal_cases", "journal_decisions", "journal_letters", "journal_vouchers")


def book() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    create_tables(con)
    con.execute("create temp table journal_touched (about varchar, case_id varchar)")
    return con


def follow(con: duckdb.DuckDBPyConnection, journal: Journal) -> bool:
    con.execute("delete from journal_touched")
    return copy_changes(con, journal.changes_since("acme", held_mark(con)))


def copies(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    return {name: sorted(map(str, con.execute(f"from {name}").fetchall())) for name in COPIES}


def touched(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(con.execute("from journal_touched").fetchall())


def whole(journal: Journal) -> dict[str, list[str]]:
    con = book()
    copy_all(con, journal.export_rows("acme"))
    return copies(con)


def something(journal: Journal, random: Random, step: int) -> None:
    """One thing that a run or a person does; the journal decides whether it may."""
    case, at = random.choice(("K1", "K2", "K3", "K4")), after(step)
    keys = [f"letter:acme:{case}:reminder", f"voucher:acme:{case}:E9"]
    items = {item.key: item for item in journal.items("acme")}
    match random.randrange(5):
        case 0:
            journal.decide("acme", case, random.choice(("pause", "resume")), {}, DAY, "Kari", at)
        case 1:
            new = CaseRow(f"N{step}", f"v-N{step}", None, "10001", None, DAY)
            journal.open_cases("acme", [new], at - timedelta(hours=random.randrange(20)))
        case 2:
            key = keys[random.randrange(2)]
            kind, content = ("letter", letter(claim(case))) if key == keys[0] else ("voucher", voucher(case))
            if key not in items:
                journal.intend(key, "acme", kind, [case], content, DAY, at)  # pyright: ignore[reportArgumentType]
        case _:
            open_items = [item for item in items.values() if item.state in ("intended", "sending", "posted")]
            if open_items:
                item = random.choice(open_items)
                if item.state == "intended":
                    journal.claim_for_sending(item.key, "w", at)
                elif item.state == "sending":
                    journal.mark_posted(item.key, f"r-{item.key}", "7", at)
                else:
                    journal.mark_confirmed(item.key, at)


@pytest.mark.parametrize("seed", [1, 2])
def test_following_the_changes_is_copying_everything(
    journal: Journal, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_changes, "OVERLAP_ROWS", 0)
    random, con = Random(seed), book()
    assert not follow(con, journal)  # the first time everything is new
    for step in range(40):
        for _ in range(random.randrange(3)):
            something(journal, random, step)
        before = copies(con)
        assert follow(con, journal)
        assert copies(con) == whole(journal), step
        named = {case_id for _, case_id in touched(con)}
        came = {row for name in COPIES for row in set(before[name]) ^ set(copies(con)[name])}
        assert all(any(f"'{case_id}'" in row for case_id in named) for row in came)
        assert came or not named


def test_a_reversal_touches_the_voucher_it_reverses(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_changes, "OVERLAP_ROWS", 0)
    con, key = book(), "voucher:acme:K1:E9"
    journal.intend(key, "acme", "voucher", ["K1"], voucher(), DAY, NOW)
    for move in (
        lambda: journal.claim_for_sending(key, "w", NOW),
        lambda: journal.mark_posted(key, "r1", "7", NOW),
        lambda: journal.mark_confirmed(key, NOW),
    ):
        move()
    follow(con, journal)
    undo = f"{key}:reversal"
    journal.intend(undo, "acme", "reversal", ["K1"], voucher(), DAY, NOW, reverses=key)
    journal.claim_for_sending(undo, "w", NOW)
    journal.mark_posted(undo, "r2", "8", NOW)
    assert follow(con, journal)
    assert con.execute("select reversed from journal_vouchers").fetchall() == [(True,)]
    assert touched(con) == {("voucher", "K1")}


def test_another_or_an_older_journal_is_copied_whole(tmp_path: Path, secrets: SecretBox) -> None:
    con = book()
    journals = [with_tenant(open_journal(f"sqlite:///{tmp_path / name}.sqlite", secrets)) for name in ("a", "b")]
    for journal in journals:
        journal.decide("acme", "K1", "pause", {}, DAY, "Kari", NOW)
    journals[0].decide("acme", "K2", "pause", {}, DAY, "Kari", NOW)
    assert not follow(con, journals[0])
    assert not follow(con, journals[1])  # the backup lacks the last decision
    assert copies(con) == whole(journals[1])
    for journal in journals:
        journal.close()


def test_a_run_knows_whether_anything_came_after_it(journal: Journal) -> None:
    mark = journal.changes_since("acme", None).mark
    assert journal.has_moved("acme", None) and not journal.has_moved("acme", mark)
    journal.open_cases("acme", [CaseRow("N1", "v-N1", None, "10001", None, DAY)], NOW)
    assert not journal.has_moved("acme", mark)
    journal.decide("acme", "K1", "pause", {}, DAY, "Kari", NOW)
    assert journal.has_moved("acme", mark)
