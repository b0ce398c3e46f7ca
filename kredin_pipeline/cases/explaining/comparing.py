"""What changed between two days, and which rows, words, letters, vouchers and days made it change.

Belongs here: comparing two explanations of one case. Not here: how either comes about (``telling``). Both are told with
today's knowledge, so a difference is always something that happened between the two days, or the passing of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.shapes import Explanation, InterestPeriodTold, Statement, in_order_of_time
from kredin_pipeline.cases.explaining.words import kr, plain
from kredin_pipeline.law.interest import DENOMINATOR
from kredin_pipeline.law.money import divide_half_up, to_kroner


@dataclass(frozen=True)
class Change:
    """A published column that differs: before, after, and what explains it."""

    column: str
    before: Any
    after: Any
    because: tuple[Statement, ...]


@dataclass(frozen=True)
class Comparison:
    """The columns that differ between two days, and everything that happened between them in the order of time."""

    tenant: str
    case_id: str
    invoice_no: str | None
    earlier_on: date
    later_on: date
    changes: tuple[Change, ...]
    between: tuple[Statement, ...]


_NO_CHANGE: Final = ("tenant", "business_date", "case_id")


def compare(earlier: Explanation, later: Explanation) -> Comparison:
    """Compares two explanations of one case. Raises ``ValueError`` when they are of two, or in the wrong order."""
    if earlier.case_id != later.case_id:
        raise ValueError(f"compare: found cases {earlier.case_id} and {later.case_id}, want one case")
    if earlier.on > later.on:
        raise ValueError(f"compare: found {earlier.on} before {later.on}, want the earlier day first")
    between = _between(earlier, later)
    changes = [
        Change(column, earlier.row[column], after, _because(column, earlier, later, between))
        for column, after in later.row.items()
        if column not in _NO_CHANGE and _comparable(earlier.row[column]) != _comparable(after)
    ]
    return Comparison(later.tenant, later.case_id, later.invoice_no, earlier.on, later.on, tuple(changes), between)


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def _between(earlier: Explanation, later: Explanation) -> tuple[Statement, ...]:
    """What is told of the later day and not of the earlier one, and the reverse; each with its day."""
    known = set(earlier.happened)
    came = [one for one in later.happened if one not in known and (one.on is None or one.on > earlier.on)]
    late = [one for one in later.happened if one not in known and one.on is not None and one.on <= earlier.on]
    return in_order_of_time((*came, *late))


def _because(
    column: str, earlier: Explanation, later: Explanation, between: Sequence[Statement]
) -> tuple[Statement, ...]:
    tell = _TELLERS.get(column)
    told = tuple(tell(earlier, later, between)) if tell is not None else ()
    if told:
        return told
    if between:
        return tuple(between)
    text = f"{words.days((later.on - earlier.on).days)} passed, or the customer's data in the ledger are others."
    return (Statement("time_passed", text, "§ 1.4"),)


_Teller = Callable[[Explanation, Explanation, Sequence[Statement]], Iterable[Statement]]


def _about(*abouts: str) -> _Teller:
    return lambda earlier, later, between: [one for one in between if one.about in abouts]


def _interest(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    """The days that came on top; if what was counted before is another sum now, also the entries that count back."""
    start = max(earlier.interest.until, earlier.interest.runs_from)
    told = [_more(period, start) for period in later.interest.periods if period.to_date > start]
    before = sum(period.numerator for period in earlier.interest.periods)
    same_span = sum(_clipped(period, date.min, start) for period in later.interest.periods)
    if before != same_span:
        recounted = to_kroner(divide_half_up(same_span, DENOMINATOR))
        told.insert(
            0,
            Statement(
                "interest_counted_anew",
                f"Interest to {start} is {kr(recounted)} now and was {kr(earlier.interest.rounded)}: what came "
                "between counts "
                "from a day before.",
                "§ 3",
            ),
        )
        told += [
            one for one in between if one.rule == "§ 2" or one.about in ("interest_from", "new_due_date", "classify")
        ]
    return told


def _more(period: InterestPeriodTold, start: date) -> Statement:
    first = max(period.from_date, start)
    days = (period.to_date - first).days
    share = to_kroner(divide_half_up(_clipped(period, start, date.max), DENOMINATOR))
    text = (
        f"{words.days(days)} more ({first} to {period.to_date}) at {plain(period.rate_percent)} % on "
        f"{plain(period.base)}: "
        f"{kr(share)}."
    )
    return Statement("more_days", text, "§ 3", words.INTEREST_RATE, on=period.to_date)


def _clipped(period: InterestPeriodTold, start: date, end: date) -> int:
    """The exact interest of the part of a period between two days; it is even over the days of one period."""
    days = (min(period.to_date, end) - max(period.from_date, start)).days
    return period.numerator // period.days * days if days > 0 else 0


def _sums(*columns: str) -> _Teller:
    """A sum moves with its parts."""

    def tell(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
        told: list[Statement] = []
        for column in columns:
            before, after = earlier.row[column], later.row[column]
            if before != after:
                told.append(Statement(column, f"{words.spoken(column)} {plain(before)} → {plain(after)}.", "§ 5"))
        return told

    return tell


_SETTLING: Final = (
    *("payment", "credit_note", "netting", "reversal", "rounding", "unexplained", "no_longer", "reopened", "classify"),
    *("waive_costs", "deleted_in_ledger"),
)
_DECIDING: Final = ("close", "reopen", "legal", "new_due_date")


def _state(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    settled = {"closed", "costs_open"} & {earlier.row["state"], later.row["state"]}
    moving = (*_DECIDING, *(_SETTLING if settled else ()))
    return [*later.state, *_last_letter(earlier, later, between), *(one for one in between if one.about in moving)]


def _last_letter(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    return [one for one in between if one.about == "letter" and one.on == later.row["last_step_on"]]


def _step(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    return [*_last_letter(earlier, later, between), *(one for one in between if one.about == "new_due_date")]


def _holds(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    before, now = {hold.hold for hold in earlier.holds}, {hold.hold for hold in later.holds}
    came = [hold.cause for hold in later.holds if hold.hold not in before]
    went = [
        Statement("hold_ended", f"Hold {hold.hold} has ended ({hold.ends}).", hold.cause.rule)
        for hold in earlier.holds
        if hold.hold not in now
    ]
    return [*came, *went]


def _flags(earlier: Explanation, later: Explanation, between: Sequence[Statement]) -> list[Statement]:
    before, now = {flag.about for flag in earlier.flags}, {flag.about for flag in later.flags}
    gone = [
        Statement("flag_gone", f"Flag {flag.about} no longer stands.", flag.rule)
        for flag in earlier.flags
        if flag.about not in now
    ]
    return [*(flag for flag in later.flags if flag.about not in before), *gone]


_ENTRIES = ("payment", "credit_note", "netting", "currency_difference", "reversal", "rounding", "write_off", "recovery",
            "no_longer", "unexplained", "reopened", "classify")  # fmt: skip

_TELLERS: Final[dict[str, _Teller]] = {
    "interest": _interest,
    "principal_open": _about(*(kind for kind in _ENTRIES if kind != "write_off")),
    "paid": _about("payment", "netting", "currency_difference", "no_longer", "reopened", "classify", "allocated"),
    "credited": _about("credit_note", "reversal", "no_longer", "reopened", "classify"),
    "written_off": _about("write_off", "rounding", "no_longer", "classify"),
    "ledger_balance": _about(*_ENTRIES),
    "fees": _about("letter", "fee", "fee_withdrawn", "withdraw_fee", "paid_in_time", "settle_dispute", "new_due_date"),
    "costs_paid": _about("allocated", "no_longer", "reopened"),
    "costs_waived": _about("waive_costs", "allocated", "payment"),
    "costs_open": _sums("interest", "fees", "compensation", "costs_paid", "costs_waived"),
    "total_open": _sums("principal_open", "costs_open"),
    "state": _state,
    "closed_reason": _state,
    "closed_on": _state,
    "holds": _holds,
    "flags": _flags,
    "last_step": _step,
    "last_step_on": _step,
    "deadline": _step,
    "next_step": lambda earlier, later, between: later.next_step.statements,
    "next_step_on": lambda earlier, later, between: later.next_step.statements,
    "limitation_date": lambda earlier, later, between: later.limitation.statements,
    "loss_ground": lambda earlier, later, between: () if later.loss is None else later.loss.statements[:1],
    "due_date": _about("new_due_date", "due_date"),
}
