"""A list counts as read when two readings in a row say the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kredin_pipeline.ledger.landing import LandedResource
from resources.http_errors import PassingFailure
from resources.poweroffice_agreement import MOST_READINGS, agreed

NOW = datetime(2025, 3, 14, 5, tzinfo=UTC)


class Office:
    """Answers each reading with the next of its lists, the last one for ever."""

    def __init__(self, *readings: list[list[int]]) -> None:
        self.readings = list(readings)
        self.asked = 0

    def __call__(self, landed: LandedResource) -> None:
        pages = self.readings[min(self.asked, len(self.readings) - 1)]
        self.asked += 1
        for ids in pages:
            landed.add_page(json.dumps([{"Id": one} for one in ids], separators=(",", ":")).encode())
        landed.requests = len(pages)


def fresh(folder: Path) -> LandedResource:
    return LandedResource("customers", folder / "060000", False, NOW, NOW)


def test_the_reading_that_was_confirmed_counts(tmp_path: Path) -> None:
    office = Office([[1, 2], [3]])
    found = agreed(fresh(tmp_path), office)
    assert office.asked == 2 and len(found.files) == 2 and found.requests == 4


def test_a_reading_with_a_short_page_is_not_confirmed_by_a_whole_one(tmp_path: Path) -> None:
    office = Office([[1]], [[1, 2, 3]], [[1, 2], [3]])
    found = agreed(fresh(tmp_path), office)
    assert office.asked == 3, "the same rows on other pages are the same list"
    assert found.folder.is_dir() and found.requests == 4


def test_the_pages_that_were_merged_last_need_no_confirmation(tmp_path: Path) -> None:
    known = agreed(fresh(tmp_path / "before"), Office([[1, 2]])).digest
    assert known is not None
    office = Office([[1, 2]])
    agreed(fresh(tmp_path), office, known)
    assert office.asked == 1


def test_nothing_where_there_was_something_is_asked_for_again(tmp_path: Path) -> None:
    office = Office([], [[1]])
    assert len(agreed(fresh(tmp_path), office, "of other pages", 1).files) == 1
    assert office.asked == 3


def test_a_list_that_never_says_the_same_twice_is_a_passing_failure(tmp_path: Path) -> None:
    office = Office(*([[number]] for number in range(20)))
    with pytest.raises(PassingFailure, match=f"customers was read {MOST_READINGS} times in a row"):
        agreed(fresh(tmp_path), office)
