"""``docs/tables.md`` says what the code makes."""

from __future__ import annotations

from kredin_pipeline.journal.schema import metadata
from kredin_pipeline.table_docs import PAGE, tables_page
from tests.unit.contracts.book import a_whole_book


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "columns have changed: run `make tables`"


def test_every_column_of_the_book_and_the_journal_stands_on_it() -> None:
    shown: dict[str, list[str]] = {}
    table = ""
    for line in tables_page().splitlines():
        if line.startswith("### "):
            table = line.removeprefix("### ")
            shown[table] = []
        elif line.startswith("| `"):
            shown[table].append(line.split("`")[1])
    made: dict[str, list[str]] = {}
    for name, column in (
        a_whole_book()
        .execute(
            "select table_name, column_name from duckdb_columns() join duckdb_tables() using (table_name) "
            "where not duckdb_columns.internal order by column_index"
        )
        .fetchall()
    ):
        made.setdefault(str(name), []).append(str(column))

    assert {name: sorted(columns) for name, columns in shown.items() if not name.startswith("journal: ")} == {
        name: sorted(columns) for name, columns in made.items()
    }
    assert {name for name in shown if name.startswith("journal: ")} == {f"journal: {name}" for name in metadata.tables}
