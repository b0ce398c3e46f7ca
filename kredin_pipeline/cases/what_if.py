"""What would differ if a tenant's settings or the law's figures were others: two derivations of one day, compared.

Belongs here: the comparison alone, rows in and differences out. Not here: deriving (``aside``), reading the rows and
printing (``commands.what_if``). A row is a mapping by the column names of ``case_states``, ``planned_letters``,
``planned_vouchers`` and ``planned_reversals``; amounts are kroner, dates Oslo days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, cast

Row = Mapping[str, Any]
Change = Literal["added", "dropped", "changed"]
VoucherKind = Literal["voucher", "reversal"]

_WHO: Final = ("case_id", "invoice_no", "customer_no", "customer_name")
_OF_THE_DAY: Final = ("tenant", "business_date")
_LETTER: Final = ("step", "channel", "fee", "interest", "principal", "total", "deadline", "together_with")
_VOUCHER: Final = ("fee", "interest", "total", "payment_date")
_SUMMED: Final = ("principal_open", "interest", "fees", "compensation", "costs_open", "total_open")
_ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class DerivedDay:
    """What one derivation concluded. ``problems``: what kept a figure provisional or a letter at home."""

    cases: Sequence[Row]
    letters: Sequence[Row] = ()
    vouchers: Sequence[Row] = ()
    reversals: Sequence[Row] = ()
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Whose:
    """The case that a difference is about."""

    case_id: str
    invoice_no: str | None = None
    customer_no: str | None = None
    customer_name: str | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Where it stands in a list: by customer and invoice number."""
        number = self.invoice_no or ""
        return (self.customer_no or "", len(number), number, self.case_id)


@dataclass(frozen=True)
class FieldChange:
    """One value as it is now and as it would be; None where there is no such row."""

    field: str
    now: object
    then: object


@dataclass(frozen=True)
class CaseDifference:
    """A case that would be added, dropped, or have other sums, states, holds, steps or dates."""

    whose: Whose
    change: Change
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class LetterDifference:
    """A claim's part of a letter that would leave, stay at home, or say something else. ``step``: as it would be.

    The field ``together_with`` names the other invoices in the same letter.
    """

    whose: Whose
    change: Change
    step: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class VoucherDifference:
    """A voucher for fee and interest that would be booked, not be booked, or with other sums; or a reversal of one."""

    whose: Whose
    change: Change
    kind: VoucherKind
    settlement_key: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class TotalDifference:
    """A count or sum over the day that would be another."""

    name: str
    now: Decimal | int
    then: Decimal | int


@dataclass(frozen=True)
class WhatIf:
    """Every difference, by customer and invoice; ``problems_*``: what a run would tell no more, or newly."""

    cases: tuple[CaseDifference, ...]
    letters: tuple[LetterDifference, ...]
    vouchers: tuple[VoucherDifference, ...]
    totals: tuple[TotalDifference, ...]
    problems_gone: tuple[str, ...]
    problems_new: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Nothing at all would differ."""
        return not (
            self.cases or self.letters or self.vouchers or self.totals or self.problems_gone or self.problems_new
        )


def compare(now: DerivedDay, then: DerivedDay) -> WhatIf:
    """What ``then`` has otherwise than ``now``."""
    known = {row["case_id"]: _whose(row) for row in (*then.cases, *now.cases)}

    def whose(row: Row) -> Whose:
        return known.get(row["case_id"], Whose(row["case_id"]))

    cases = [
        CaseDifference(whose(old or new), change, fields)
        for old, new, change, fields in _pairs(
            now.cases, then.cases, lambda row: row["case_id"], _case_fields(now, then)
        )
    ]
    letters = [
        LetterDifference(whose(old or new), change, (new or old)["step"], fields)
        for old, new, change, fields in _pairs(_letters(now), _letters(then), lambda row: row["case_id"], _LETTER)
    ]
    vouchers: list[VoucherDifference] = []
    both: tuple[tuple[VoucherKind, Sequence[Row], Sequence[Row], Sequence[str]], ...] = (
        ("voucher", now.vouchers, then.vouchers, _VOUCHER),
        ("reversal", now.reversals, then.reversals, ("total",)),
    )
    for kind, before, after, compared in both:
        vouchers += [
            VoucherDifference(whose(old or new), change, kind, (new or old)["settlement_key"], fields)
            for old, new, change, fields in _pairs(before, after, _settled, compared)
        ]
    steps = sorted({str(row["step"]) for row in (*now.letters, *then.letters)})
    states = sorted({str(row["state"]) for row in (*now.cases, *then.cases)})
    totals, others = _totals(now, steps, states), _totals(then, steps, states)
    return WhatIf(
        cases=tuple(sorted(cases, key=lambda one: one.whose.place)),
        letters=tuple(sorted(letters, key=lambda one: one.whose.place)),
        vouchers=tuple(sorted(vouchers, key=lambda one: one.whose.place)),
        totals=tuple(
            TotalDifference(name, total, others[name]) for name, total in totals.items() if total != others[name]
        ),
        problems_gone=tuple(one for one in now.problems if one not in then.problems),
        problems_new=tuple(one for one in then.problems if one not in now.problems),
    )


def _whose(row: Row) -> Whose:
    return Whose(row["case_id"], *(row.get(name) for name in _WHO[1:]))


def _settled(row: Row) -> tuple[str, str]:
    return row["case_id"], row["settlement_key"]


def _case_fields(now: DerivedDay, then: DerivedDay) -> tuple[str, ...]:
    """Every column of a case but those that say which case and which day it is."""
    named = (name for row in (*now.cases[:1], *then.cases[:1]) for name in row)
    return tuple(name for name in dict.fromkeys(named) if name not in (*_WHO, *_OF_THE_DAY))


def _pairs(
    now: Sequence[Row], then: Sequence[Row], key: Callable[[Row], object], compared: Sequence[str]
) -> list[tuple[Row, Row, Change, tuple[FieldChange, ...]]]:
    """Rows of one key on either side, where they differ; the missing side is an empty row."""
    old, new = {key(row): row for row in now}, {key(row): row for row in then}
    if len(old) != len(now) or len(new) != len(then):
        raise ValueError("what-if: found two rows of one key in a derivation, want one; report this fault")
    found: list[tuple[Row, Row, Change, tuple[FieldChange, ...]]] = []
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, {}), new.get(name, {})
        changed = tuple(
            FieldChange(field, _plain(before.get(field)), _plain(after.get(field)))
            for field in compared
            if _plain(before.get(field)) != _plain(after.get(field))
        )
        change: Change = "changed" if before and after else "added" if after else "dropped"
        if changed or change != "changed":
            found.append((before, after, change, changed))
    return found


def _plain(value: object) -> object:
    """A value that two derivations give alike: the words of a list have no order."""
    return tuple(sorted(cast("Sequence[str]", value))) if isinstance(value, list | tuple) else value


def _letters(day: DerivedDay) -> list[Row]:
    """The claims of the planned letters, each with the other claims in its letter.

    A case has at most one letter a day, so that another step reads as a change of the letter.
    """
    numbers = {row["case_id"]: row.get("invoice_no") or row["case_id"] for row in day.cases}
    shared: dict[str, list[str]] = {}
    for row in day.letters:
        shared.setdefault(row["letter_key"], []).append(row["case_id"])
    return [
        {
            **row,
            "together_with": tuple(
                sorted(numbers.get(other, other) for other in shared[row["letter_key"]] if other != row["case_id"])
            ),
        }
        for row in day.letters
    ]


def _totals(day: DerivedDay, steps: Sequence[str], states: Sequence[str]) -> dict[str, Decimal | int]:
    """Counts and sums of a day, in the order in which a person asks for them."""
    sent = Counter({row["letter_key"]: row["step"] for row in day.letters}.values())
    held = Counter(str(row["state"]) for row in day.cases)
    found: dict[str, Decimal | int] = {"letters": sum(sent.values())}
    found |= {f"letters: {step}": sent[step] for step in steps}
    found |= {"fees in letters": _sum(day.letters, "fee"), "vouchers": len(day.vouchers)}
    found |= {f"vouchers: {name}": _sum(day.vouchers, name) for name in ("fee", "interest")}
    found |= {"reversals": len(day.reversals), "cases": len(day.cases)}
    found |= {f"cases: {state}": held[state] for state in states}
    found["cases: provisional"] = sum(bool(row.get("provisional")) for row in day.cases)
    return found | {name: _sum(day.cases, name) for name in _SUMMED}


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((row[name] for row in rows), _ZERO)
