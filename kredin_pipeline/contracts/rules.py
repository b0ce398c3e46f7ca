"""What can be asked of a table: rules for columns, conditions between them, and edges to other tables.

Belongs here: the words of the registry, each with its SQL. Not here: any table's own contract (`ledger.contracts`,
`ledger.table_contracts`, `cases.contracts`), counting (`counting`), and naming a row's faults (`naming`).

A rule reads a column of the book: money is DECIMAL kroner there. ``naming`` reads the same rows as a frame, where
money is whole øre. Both are made from the same rule, and a test holds them to the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2100, 12, 31)
"""Outside of these a date is a slip of the pen; an invoice due in 2205 would never become a case."""
LARGEST_ORE: Final = 10**14
"""A thousand billion kroner: above it an amount is a broken number."""
ID_PATTERN: Final = r"[0-9]{1,19}"
GUID_PATTERN: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
ORGNR_PATTERN: Final = r"[0-9]{9}"
PATTERNS: Final = {"digits": ID_PATTERN, "guid": GUID_PATTERN, "orgnr": ORGNR_PATTERN}

Kind = Literal["day", "time", "ore", "micro", "digits", "guid", "orgnr", "id", "text", "words", "flag", "whole", "raw"]
"""What a column holds. ``ore`` and ``micro`` are kroner with two and six decimals, ``id`` a text that is not empty,
``words`` a list of texts, ``raw`` anything."""

TYPES: Final[dict[Kind, tuple[str, ...]]] = {
    "day": ("DATE",),
    "time": ("TIMESTAMP WITH TIME ZONE",),
    "ore": ("DECIMAL(18,2)",),
    "micro": ("DECIMAL(18,6)",),
    "digits": ("VARCHAR",),
    "guid": ("VARCHAR",),
    "orgnr": ("VARCHAR",),
    "id": ("VARCHAR",),
    "text": ("VARCHAR", "JSON"),
    "words": ("VARCHAR[]",),
    "flag": ("BOOLEAN",),
    "whole": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT"),
    "raw": (),
}
"""The types that a column of the kind may have in a book; none named: any but a binary float."""

_WANTED: Final[dict[Kind, str]] = {
    "day": f"a date from {FIRST_DAY:%Y} to {LAST_DAY:%Y}",
    "time": f"a time from {FIRST_DAY:%Y} to {LAST_DAY:%Y}",
    "ore": "an amount below a thousand billion kroner",
    "micro": "an amount below a thousand billion kroner",
    "digits": "a number",
    "guid": "a GUID",
    "orgnr": "an organisation number of nine digits",
    "id": "a text that is not empty",
    "text": "a text",
    "words": "a list of texts",
    "flag": "true or false",
    "whole": "a whole number",
    "raw": "a value",
}


@dataclass(frozen=True)
class Rule:
    """What a contract asks of a column. ``required``: it has a value. ``among``: the only values (of ``words``: of
    each). ``least``: the smallest value, in øre for money."""

    name: str
    check: Kind
    required: bool = False
    among: tuple[str, ...] = ()
    least: int | None = None

    @property
    def wanted(self) -> str:
        """What a person should put there."""
        if self.among:
            return ("words of " if self.check == "words" else "one of ") + ", ".join(self.among)
        if self.least is not None and self.check in ("ore", "micro"):
            return "an amount that is not negative" if self.least <= 0 else "an amount above zero"
        if self.least is not None:
            return f"a whole number from {self.least}"
        return _WANTED[self.check]

    def sql(self, of: str = "") -> str:
        """A condition that is true for a good value and false or null for a bad one; ``of`` stands before the column's
        name (``f.``)."""
        name = f"{of}{self.name}"
        tests = self._tests(name)
        if not tests:
            return ""
        return " and ".join(tests) if self.required else f"({name} is null or {' and '.join(tests)})"

    def _tests(self, name: str) -> list[str]:
        tests: list[str] = []
        if self.check == "day":
            tests.append(f"{name} between date '{FIRST_DAY}' and date '{LAST_DAY}'")
        elif self.check == "time":
            tests.append(f"{name} between timestamptz '{FIRST_DAY} 00:00:00Z' and timestamptz '{LAST_DAY} 00:00:00Z'")
        elif self.check in ("ore", "micro") and self.least is not None:  # reckoned by us from what was held to be right
            tests.append(f"{name} >= {_kroner(self.least)}")
        elif self.check in ("ore", "micro"):
            tests.append(f"{name} between {_kroner(-LARGEST_ORE)} and {_kroner(LARGEST_ORE)}")
        elif self.check in PATTERNS:
            tests.append(f"regexp_full_match({name}, '{PATTERNS[self.check]}')")
        elif self.check == "id":
            tests.append(f"{name} <> ''")
        elif self.check == "whole" and self.least is not None:
            tests.append(f"{name} >= {self.least}")
        if self.among:
            known = ", ".join(f"'{value}'" for value in self.among)
            tests.append(f"list_has_all([{known}], {name})" if self.check == "words" else f"{name} in ({known})")
        if not tests and self.required:
            tests.append(f"{name} is not null")
        return tests


@dataclass(frozen=True)
class Compared:
    """A column against the sum of others: ``name <operator> terms``; a term with ``-`` before it is taken away.

    Where one of them is null nothing is asked.
    """

    name: str
    operator: Literal["=", "<=", "<", ">=", ">"]
    terms: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (self.name, *(term.lstrip("-") for term in self.terms))

    @property
    def label(self) -> str:
        """The condition in words."""
        first, *others = self.terms
        return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in others)

    def sql(self, of: str = "") -> str:
        """True for a good row."""
        words = " ".join(("- " if term.startswith("-") else "+ ") + of + term.lstrip("-") for term in self.terms)
        return f"coalesce({of}{self.name} {self.operator} {words.removeprefix('+ ')}, true)"


@dataclass(frozen=True)
class PartOf:
    """An amount that is a part of another one and has its sign: an open balance (PowerOffice reference § 5)."""

    name: str
    whole: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (self.name, self.whole)

    def sql(self, of: str = "") -> str:
        """True for a good row."""
        part, whole = f"{of}{self.name}", f"{of}{self.whole}"
        return f"coalesce({part} between least({whole}, 0) and greatest({whole}, 0), true)"


@dataclass(frozen=True)
class Present:
    """A column that has a value exactly where another one has one of ``values``."""

    name: str
    where: str
    values: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (self.name, self.where)

    def sql(self, of: str = "") -> str:
        """True for a good row."""
        known = ", ".join(f"'{value}'" for value in self.values)
        return f"({of}{self.name} is not null) = coalesce({of}{self.where} in ({known}), false)"


Condition = Compared | PartOf | Present


@dataclass(frozen=True)
class TableContract:
    """The contract of one table of a book.

    ``noun`` is what a person calls a row, ``key`` the columns that no two rows share (none: rows have no name).
    ``enforced``: the table itself holds its key unique.
    """

    table: str
    noun: str
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    conditions: tuple[Condition, ...] = ()
    enforced: bool = False

    def rule(self, name: str) -> Rule:
        """The rule of a column."""
        return next(rule for rule in self.rules if rule.name == name)

    @property
    def good_sql(self) -> str:
        """A condition that is true for a row without a fault, its key apart, and false or null for another."""
        return good_sql(self.rules, self.conditions)


@dataclass(frozen=True)
class Owed:
    """Two columns of an edge's query that are to be the same: what stands in ``table`` under ``name``, and what should.

    ``found`` and ``wanted`` are the query's columns, ``meaning`` what a person reads of the wanted one.
    """

    table: str
    name: str
    found: str
    wanted: str
    meaning: str


@dataclass(frozen=True)
class Edge:
    """What one stage owes the next: a query of ``record`` and of the columns that ``owed`` compares.

    ``reads``: a table without whose rows there is nothing to compare.
    """

    owed: tuple[Owed, ...]
    query: str = field(repr=False)
    reads: str = ""


def good_sql(rules: Sequence[Rule], conditions: Sequence[Condition] = (), of: str = "") -> str:
    """A condition that is true for a row that keeps every rule and condition, and false or null for one that does not.

    Ask ``(...) is not true`` for the bad ones.
    """
    tests = [test for one in (*rules, *conditions) if (test := one.sql(of))]
    return " and ".join(tests) or "true"


def _kroner(ore: int) -> str:
    sign, ore = ("-", -ore) if ore < 0 else ("", ore)
    return f"{sign}{ore // 100}.{ore % 100:02}"
