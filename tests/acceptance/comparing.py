"""What was expected against what was found: partial rows, lists in any order, and messages a person can read.

Belongs here: comparing normalised values. Not here: reading a case (`reading`) or looking at the world (`arrivals`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from tests.acceptance.reading import DAY, MONEY, WORDS

Row = Mapping[str, Any]


def normal(kind: str, value: Any) -> Any:
    """A found value in the shape in which expected ones are kept; a value of a wrong type is shown as what it is.

    Numbers for text columns are not forgiven: an id that comes as a number is a fault.
    """
    if kind == WORDS:
        return frozenset(str(word) for word in cast(list[Any], value or []))
    if value is None:
        return None
    if kind == MONEY:
        if isinstance(value, Decimal) and value == value.quantize(Decimal("0.01")):
            return value.quantize(Decimal("0.01"))
        return f"{value!r} (not a decimal number of kroner and øre)"
    if kind == DAY:
        if isinstance(value, datetime) or not isinstance(value, date):
            return f"{value!r} (not a date)"
        return value
    return value if isinstance(value, str) else f"{value!r} (not a text)"


def differences(expected: Row, found: Row, columns: Mapping[str, str]) -> list[str]:
    """One line per named column that is not as expected; a column that is missing is a difference too."""
    lines: list[str] = []
    for name, wanted in expected.items():
        if name not in found:
            lines.append(f"{name}: expected {show(wanted)}, found no such column")
            continue
        value = normal(columns[name], found[name])
        if value != wanted:
            lines.append(f"{name}: expected {show(wanted)}, found {show(value)}")
    return lines


def assign(expected: Sequence[Row], found: Sequence[Row], fits: Callable[[Row, Row], bool]) -> list[int | None]:
    """For each expected row the index of a found row of its own, or None; as many as can be, in any order.

    Augmenting paths, so that a row with few columns never takes the only place of one with many.
    """
    holder: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for index, candidate in enumerate(found):
            if index not in tried and fits(expected[row], candidate):
                tried.add(index)
                if index not in holder or place(holder[index], tried):
                    holder[index] = row
                    return True
        return False

    for row in range(len(expected)):
        place(row, set())
    placed = {row: index for index, row in holder.items()}
    return [placed.get(row) for row in range(len(expected))]


def list_differences(expected: Sequence[Row], found: Sequence[Row], columns: Mapping[str, str]) -> list[str]:
    """Lines for every expected row without a found one of its own and every found one nobody expected."""
    places = assign(expected, found, lambda wanted, row: not differences(wanted, row, columns))
    left = [row for index, row in enumerate(found) if index not in places]
    lines: list[str] = []
    for wanted, place in zip(expected, places, strict=True):
        if place is None:
            lines.append(f"missing   {show_row(wanted)}")
            nearest = min(left, key=lambda row: len(differences(wanted, row, columns)), default=None)
            if nearest is not None:
                lines += [f"            {line}" for line in differences(wanted, nearest, columns)]
    lines += [f"unexpected {show_row(row)}" for row in left]
    return lines


def show(value: Any) -> str:
    """A value as the format writes it."""
    if isinstance(value, frozenset | set):
        return "[" + ", ".join(sorted(cast(frozenset[str], value))) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(item) for item in cast(list[Any], value)) + "]"
    return "null" if value is None else str(value)


def show_row(row: Row) -> str:
    """A row as the format writes it, on one line."""
    return "{" + ", ".join(f"{name}: {show(value)}" for name, value in row.items()) + "}"
