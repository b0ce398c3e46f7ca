"""Reading the case table of a book in which no day was derived."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from kredin_pipeline.cases import published


def test_a_book_without_a_derivation_says_so_and_not_that_a_table_is_missing() -> None:
    with pytest.raises(published.NothingPublished, match="run a day"):
        published.rows(duckdb.connect(), date(2026, 11, 24))
