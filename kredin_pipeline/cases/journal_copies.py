"""The book's copies of the journal: cases, decisions, letters that left, vouchers (rules §§ 1.3, 4, 5, 7).

Belongs here: bringing them up to date, and noting which cases' rows are others than before. Not here: reading the
journal (``kredin_pipeline.journal``), or what follows from a row (the SQL files).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import duckdb

from kredin_pipeline.cases.claims import load_journal, replace_rows

KINDS: Final[Mapping[str, str]] = {"cases": "case", "decisions": "decision", "letters": "letter", "vouchers": "voucher"}
"""The four lists, and what one row of each is about in ``journal_touched``."""


class NamedRow(Protocol):
    """A named tuple of the journal, its fields named as the columns of the book's copy."""

    def _asdict(self) -> dict[str, Any]: ...


class JournalLike(Protocol):
    """What ``Journal.export_rows`` answers: the four lists that the book copies."""

    @property
    def cases(self) -> Sequence[NamedRow]: ...
    @property
    def decisions(self) -> Sequence[NamedRow]: ...
    @property
    def letters(self) -> Sequence[NamedRow]: ...
    @property
    def vouchers(self) -> Sequence[NamedRow]: ...


class ChangesLike(JournalLike, Protocol):
    """What ``Journal.changes_since`` answers: rows that came or changed, or all of them, and the mark for next time."""

    @property
    def mark(self) -> str: ...
    @property
    def whole(self) -> bool: ...
    @property
    def letter_keys(self) -> Sequence[str]: ...
    @property
    def voucher_keys(self) -> Sequence[str]: ...


def copy_all(con: duckdb.DuckDBPyConnection, journal: JournalLike) -> None:
    """Takes the journal's lists in place of every copy."""
    load_journal(con, **_lists(journal))


def copy_and_compare(con: duckdb.DuckDBPyConnection, journal: JournalLike) -> None:
    """The same, and notes in ``journal_touched`` the cases whose rows are others than those that were there."""
    for name, rows in _lists(journal).items():
        _fresh(con, name, rows)
        con.execute(
            f"""
            insert into journal_touched
            select distinct '{KINDS[name]}', case_id
            from ((from fresh except from journal_{name}) union all (from journal_{name} except from fresh));
            delete from journal_{name};
            insert into journal_{name} select * from fresh
            """
        )


def copy_changes(con: duckdb.DuckDBPyConnection, changes: ChangesLike) -> bool:
    """Brings the copies up to date and notes whose rows came; False when they were all replaced, so nobody knows."""
    con.execute("delete from journal_mark")
    con.execute("insert into journal_mark values (?)", [changes.mark])
    if changes.whole:
        copy_all(con, changes)
        return False
    keys = {"cases": "case_id", "decisions": "seq", "letters": "letter_key", "vouchers": "voucher_key"}
    for name, rows in _lists(changes).items():
        gone = {"letters": changes.letter_keys, "vouchers": changes.voucher_keys}.get(name, ())
        if not rows and not gone:
            continue
        _fresh(con, name, rows)
        key = keys[name]
        con.execute(
            "create or replace temp table named as select unnest(?::varchar[]) as key union select key from "
            f"(select {key}::varchar as key from fresh)",
            [list(gone)],
        )
        con.execute(
            f"""
            insert into journal_touched
            select distinct '{KINDS[name]}', case_id
            from ((from fresh except from journal_{name})
                  union all (from (from journal_{name} where {key}::varchar in (from named)) except from fresh));
            delete from journal_{name} where {key}::varchar in (from named);
            insert into journal_{name} select * from fresh
            """
        )
    return True


def held_mark(con: duckdb.DuckDBPyConnection) -> str | None:
    """The mark up to which the journal is copied, None when nothing is."""
    found = con.execute("select mark from journal_mark").fetchone()
    return None if found is None else str(found[0])


def _fresh(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    con.execute(f"create or replace temp table fresh as select * from journal_{name} limit 0")
    replace_rows(con, "fresh", columns, [[row.get(column) for column in columns] for row in rows])


def _lists(journal: JournalLike) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [row._asdict() for row in getattr(journal, name)]  # pyright: ignore[reportPrivateUsage]
        for name in KINDS
    }
