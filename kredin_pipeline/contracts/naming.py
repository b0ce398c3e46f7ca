"""Every fault of a row by name: the registry as pandera schemas, checked lazily.

Belongs here: the schema of a contract and what its failures say. Not here: which rows are worth looking at
(`counting`): pandera takes half a second to load and milliseconds a table, so a day's healthy rows never reach it.

A frame has the table's column names; money is whole øre (millionths of a krone for ``micro``) as Int64, days are
datetime64, times are UTC, the rest as DuckDB gives it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kredin_pipeline.contracts.rules import (
    FIRST_DAY,
    LARGEST_ORE,
    LAST_DAY,
    PATTERNS,
    Compared,
    Condition,
    PartOf,
    Present,
    Rule,
    TableContract,
)

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

MICRO = 10_000
"""Millionths of a krone in an øre."""
_KEY = "key is unique"


class NotThisFrame(Exception):
    """The frame lacks a column or holds something that is no such column at all; no row of it can be judged."""


@dataclass(frozen=True)
class Reason:
    """One fault of a row: the column, what stands there (None: nothing), and what should."""

    name: str
    found: str | None
    wanted: str
    quoted: bool = True

    def told(self, called: str | None = None) -> str:
        """The fault as a text; ``called`` is another name for the column."""
        mark = '"' if self.quoted else ""
        found = "nothing" if self.found is None else f"{mark}{self.found}{mark}"
        return f"{called or self.name}: found {found}, want {self.wanted}"


def frame_sql(contract: TableContract, where: str = "true") -> str:
    """The query for the frame of a contract's table."""
    return f"select {', '.join(frame_cell(rule) for rule in contract.rules)} from {contract.table} where {where}"


def frame_cell(rule: Rule, of: str = "") -> str:
    """A column as the frame wants it; amounts as texts, for ``exact``."""
    scale = {"ore": 100, "micro": 100 * MICRO}.get(rule.check)
    return f"({of}{rule.name} * {scale})::bigint::varchar as {rule.name}" if scale else f"{of}{rule.name}"


def exact(contract: TableContract, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its amounts as whole numbers, from one that ``frame_sql`` brought. They travel as texts: a column
    with a null in it would come as binary floats, and a large amount would not survive that."""
    for rule in contract.rules:
        if rule.check in ("ore", "micro"):
            frame[rule.name] = frame[rule.name].astype(object).map(int, na_action="ignore").astype("Int64")
    return frame


def reasons(contract: TableContract, frame: pd.DataFrame) -> dict[int, list[Reason]]:
    """The faults of each bad row, by the frame's index (0, 1, 2, ...); raises ``NotThisFrame``.

    A key that two rows share is a fault of both.
    """
    import pandera.errors

    try:
        schema_of(contract).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return _told(contract, frame, errors.failure_cases)
    return {}


@lru_cache(maxsize=128)
def schema_of(contract: TableContract) -> pa.DataFrameSchema:
    """The contract as a pandera schema."""
    import pandera.pandas as pa

    checks = [_condition(one) for one in contract.conditions]
    if contract.key:
        key = list(contract.key)
        checks.append(pa.Check(lambda frame: ~frame.duplicated(key, keep=False), name=_KEY))
    columns = {rule.name: _column(rule) for rule in contract.rules}
    return pa.DataFrameSchema(columns, checks=checks, strict=False)


def _column(rule: Rule) -> pa.Column:
    import pandas as pd
    import pandera.pandas as pa

    first, last = pd.Timestamp(FIRST_DAY), pd.Timestamp(LAST_DAY)
    amount = pa.Check.in_range(-LARGEST_ORE, LARGEST_ORE) if rule.least is None else pa.Check.ge(rule.least)
    kinds: dict[str, tuple[Any, Iterable[Any]]] = {
        "day": ("datetime64[us]", (pa.Check.in_range(first, last),)),
        "time": ("datetime64[us, UTC]", (pa.Check.in_range(first.tz_localize("UTC"), last.tz_localize("UTC")),)),
        "ore": ("Int64", (amount,)),
        "micro": ("Int64", (amount,)),
        "id": ("str", (pa.Check.str_length(min_value=1),)),
        "text": ("str", ()),
        "words": (None, (pa.Check(_words_of(rule.among), element_wise=True, name="words"),)),
        "flag": ("boolean", ()),
        "whole": (None, () if rule.least is None else (pa.Check.ge(rule.least),)),
        "raw": (None, ()),
    }
    kinds |= {name: ("str", (_matches(name, pattern),)) for name, pattern in PATTERNS.items()}
    kind, checks = kinds[rule.check]
    known = () if not rule.among or rule.check == "words" else (pa.Check.isin(rule.among),)
    return pa.Column(kind, [*checks, *known], nullable=not rule.required, coerce=kind is not None)


def _matches(name: str, pattern: str) -> pa.Check:
    import pandera.pandas as pa

    return pa.Check(lambda texts: texts.str.fullmatch(pattern), name=name)


def _words_of(among: Sequence[str]) -> Any:
    known = set(among)
    return lambda words: not known or set(words) <= known


def _condition(one: Condition) -> pa.Check:
    import pandera.pandas as pa

    def holds(frame: pd.DataFrame) -> pd.Series[Any]:
        if isinstance(one, Present):
            return frame[one.name].notna() == frame[one.where].isin(list(one.values))
        unknown = frame[list(one.columns)].isna().any(axis=1)
        if isinstance(one, PartOf):
            part, whole = frame[one.name], frame[one.whole]
            return unknown | ((part >= whole.clip(upper=0)) & (part <= whole.clip(lower=0))).fillna(value=False)
        return unknown | _compared(one, frame).fillna(value=False)

    return pa.Check(holds, name=_label(one))


def _compared(one: Compared, frame: pd.DataFrame) -> pd.Series[Any]:
    summed = _sum(one, frame)
    compare = {"=": "eq", "<=": "le", "<": "lt", ">=": "ge", ">": "gt"}[one.operator]
    return getattr(frame[one.name], compare)(summed)


def _sum(one: Compared, row: Any) -> Any:
    first, *others = one.terms
    summed = row[first]
    for term in others:
        summed = summed - row[term[1:]] if term.startswith("-") else summed + row[term]
    return summed


def _label(one: Condition) -> str:
    match one:
        case Compared():
            return f"{one.name} {one.operator} {one.label}"
        case PartOf():
            return f"{one.name} part of {one.whole}"
        case Present():
            return f"{one.name} where {one.where} in {one.values}"


def _told(contract: TableContract, frame: pd.DataFrame, cases: pd.DataFrame) -> dict[int, list[Reason]]:
    found: defaultdict[int, list[Reason]] = defaultdict(list)
    rules = {rule.name: rule for rule in contract.rules}
    conditions = {_label(one): one for one in contract.conditions}
    seen: set[tuple[object, str, str]] = set()
    for place, check, column, case in zip(
        cases["index"], cases["check"].astype(str), cases["column"].astype(str), cases["failure_case"], strict=True
    ):
        if place is None or place != place:
            raise NotThisFrame(f"{column}: {check}: {case}")
        one = conditions.get(check)
        told = (place, check, "" if one is not None or check == _KEY else column)
        if told in seen:  # a condition of the row comes once for each of its columns
            continue
        seen.add(told)
        if one is not None:
            reason = _broken(one, rules, {name: frame.at[place, name] for name in one.columns})
        elif check == _KEY:
            reason = Reason(", ".join(contract.key), ", ".join(str(frame.at[place, name]) for name in contract.key),
                            "it once")  # fmt: skip
        else:
            value = frame.at[place, column]
            empty = check == "not_nullable" or _is_null(value)
            reason = Reason(column, None if empty else shown(rules[column], value), rules[column].wanted)
        if reason not in found[place]:
            found[place].append(reason)
    return dict(found)


def _broken(one: Condition, rules: dict[str, Rule], row: dict[str, Any]) -> Reason:
    rule, value = rules[one.name], row[one.name]
    said = None if _is_null(value) else shown(rule, value)
    match one:
        case PartOf():
            wanted = f"one of the {one.whole}'s sign, at most {shown(rules[one.whole], row[one.whole])}"
            return Reason(one.name, said, wanted, quoted=False)
        case Present():
            where = f"{one.where} is {' or '.join(one.values)}"
            return Reason(one.name, said, f"a value where {where}, and none elsewhere (it is {row[one.where]})")
        case Compared():
            wanted = f"{one.operator} {one.label} ({shown(rule, _sum(one, row))})"
            return Reason(one.name, said, wanted)


def shown(rule: Rule, value: Any) -> str:
    """A value of a frame as a person reads it."""
    if rule.check == "ore":
        return f"{value / 100:.2f}"
    if rule.check == "micro":
        return f"{value / (100 * MICRO):.6f}"
    return f"{value:%Y-%m-%d}" if rule.check == "day" else str(value)


def _is_null(value: Any) -> bool:
    import pandas as pd

    return value is None or (not isinstance(value, (list, tuple)) and bool(pd.isna(value) is True))
