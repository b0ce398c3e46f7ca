"""What a row of the ledger must be like to be believed, per table; lazily, so that every fault of a row is named.

Belongs here: the pandera schemas and the reasons they give. Whether a text can be read as a date, an amount or a time
at all is decided where it is read (`reading`); here come the values. A new voucher type or a new field is drift:
reported, never a failure (`drift_of`). A field that is missing breaks the frame (`refuse_broken_frame`).

The frame given to a contract has the table's own column names; money is in øre (Int64), days are datetime64, times are
UTC, ids are text. ``row_no`` numbers the rows of the read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kredin_pipeline.ledger.landing import BrokenFrame, LandedResource
from kredin_pipeline.ledger.wire import TABLES, Column, WireTable

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2100, 12, 31)
"""Outside of these a date is a slip of the pen; an invoice due in 2205 would never become a case."""
LARGEST_ORE = 10**14
"""A thousand billion kroner: above it an amount is a broken number."""
_ID = r"[0-9]{1,19}"
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True)
class Rule:
    """What a contract asks of a column, beyond that a required one has a value."""

    name: str
    check: str  # "day", "time", "ore", "digits", "guid", "text"
    required: bool = False


def _rules(*rules: Rule) -> tuple[Rule, ...]:
    return rules


RULES: dict[str, tuple[Rule, ...]] = {
    "customers": _rules(
        Rule("customer_id", "digits", True), Rule("customer_no", "digits", True), Rule("date_of_birth", "day"),
        Rule("last_changed", "time", True),
    ),
    "ledger_entries": _rules(
        Rule("entry_id", "digits", True), Rule("customer_id", "digits", True), Rule("customer_no", "digits", True),
        Rule("voucher_id", "guid", True), Rule("voucher_type", "text", True), Rule("voucher_date", "day"),
        Rule("posting_date", "day", True), Rule("due_date", "day"), Rule("amount", "ore", True),
        Rule("balance", "ore", True), Rule("created_at", "time"), Rule("last_changed", "time", True),
    ),
    "outgoing_invoices": _rules(
        Rule("voucher_id", "guid", True), Rule("voucher_type", "text", True), Rule("voucher_date", "day"),
        Rule("due_date", "day"), Rule("balance", "ore"), Rule("total_amount", "ore"),
        Rule("last_changed", "time", True),
    ),
    "account_transactions": _rules(
        Rule("transaction_id", "digits", True), Rule("voucher_id", "guid", True), Rule("account_no", "digits", True),
        Rule("posting_date", "day", True), Rule("amount", "ore", True), Rule("last_changed", "time", True),
    ),
}  # fmt: skip

_WANTED = {
    "day": f"a date from {FIRST_DAY:%Y} to {LAST_DAY:%Y}",
    "time": f"a time from {FIRST_DAY:%Y} to {LAST_DAY:%Y}",
    "ore": "an amount below a thousand billion kroner",
    "digits": "a number",
    "guid": "a GUID",
    "text": "a text",
}
_BALANCE = "balance_within_amount"


def refuse_broken_frame(landed: LandedResource) -> None:
    """Raise ``BrokenFrame`` when a field without which the rows mean nothing is not in the pages."""
    table = TABLES[landed.resource]
    present = set(landed.fields) - set(landed.absent)
    missing = sorted(table.required_fields - present)
    if landed.files and missing:
        raise BrokenFrame(
            f"{table.resource}: the pages have no field {', '.join(missing)}. PowerOffice has changed this list, or "
            "something else answered; nothing of the read is kept"
        )


def drift_of(landed: LandedResource) -> list[str]:
    """What is new about the pages' fields and harms nothing yet: unknown names, and names no longer sent."""
    if not landed.files:
        return []
    table, present = TABLES[landed.resource], set(landed.fields)
    new = sorted(present - table.known_fields)
    gone = sorted({column.wire for column in table.columns if "." not in column.wire} - present)
    notes = [f"{table.resource}: new field {', '.join(new)}"] if new else []
    return notes + ([f"{table.resource}: no longer sends {', '.join(gone)}"] if gone else [])


def faults_of(resource: str, frame: pd.DataFrame) -> dict[int, list[str]]:
    """Reasons against each bad row of the frame, by ``row_no``; a row without reasons is good."""
    import pandera.errors

    try:
        _schema(resource).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return _reasons(TABLES[resource], frame, errors.failure_cases)
    return {}


def unread(column: Column, found: str) -> str:
    """The reason against a cell that is no such value at all."""
    wanted = {
        "date": "an ISO date", "time": "an ISO time with its offset", "money": "an amount in whole øre",
        "rate": "a number", "whole": "a whole number", "flag": "true or false",
    }  # fmt: skip
    return f'{column.wire}: found "{found}", want {wanted.get(column.kind, "a text")}'


def _reasons(table: WireTable, frame: pd.DataFrame, cases: pd.DataFrame) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    rules = {rule.name: rule for rule in RULES[table.resource]}
    for case in cases.to_dict("records"):
        place = case["index"]
        if place is None or place != place:
            raise BrokenFrame(f"{table.resource}: {case['column']}: {case['check']}: {case['failure_case']}")
        row: dict[str, Any] = dict(frame.loc[place])
        if case["check"] == _BALANCE:
            amount, balance = row["amount"], row["balance"]
            reason = f"Balance: found {balance / 100:.2f}, want one of the amount's sign, at most {amount / 100:.2f}"
        else:
            name = str(case["column"])
            what = "nothing" if case["check"] == "not_nullable" else f'"{_shown(rules[name], row[name])}"'
            reason = f"{table.column(name).wire}: found {what}, want {_WANTED[rules[name].check]}"
        reasons = found[int(row["row_no"])]
        if reason not in reasons:
            reasons.append(reason)
    return dict(found)


def _shown(rule: Rule, value: Any) -> str:
    if rule.check == "ore":
        return f"{value / 100:.2f}"
    return f"{value:%Y-%m-%d}" if rule.check == "day" else str(value)


@lru_cache(maxsize=len(RULES))
def _schema(resource: str) -> pa.DataFrameSchema:
    import pandas as pd
    import pandera.pandas as pa

    first, last = pd.Timestamp(FIRST_DAY), pd.Timestamp(LAST_DAY)

    def column(rule: Rule) -> pa.Column:
        kinds: dict[str, tuple[Any, Iterable[Any]]] = {
            "day": ("datetime64[us]", (pa.Check.in_range(first, last),)),
            "time": ("datetime64[us, UTC]", (pa.Check.in_range(first.tz_localize("UTC"), last.tz_localize("UTC")),)),
            "ore": ("Int64", (pa.Check.in_range(-LARGEST_ORE, LARGEST_ORE),)),
            "digits": ("str", (pa.Check(lambda texts: texts.str.fullmatch(_ID), name="digits"),)),
            "guid": ("str", (pa.Check(lambda texts: texts.str.fullmatch(_GUID), name="guid"),)),
            "text": ("str", ()),
        }
        kind, checks = kinds[rule.check]
        return pa.Column(kind, list(checks), nullable=not rule.required, coerce=True)

    frame_checks: list[Any] = []
    if resource == "ledger_entries":  # reference § 5: the balance is a part of the amount and has its sign
        frame_checks.append(
            pa.Check(lambda f: (f["balance"] * f["amount"] >= 0) & (f["balance"].abs() <= f["amount"].abs()),
                     name=_BALANCE, ignore_na=True)
        )  # fmt: skip
    return pa.DataFrameSchema({rule.name: column(rule) for rule in RULES[resource]}, checks=frame_checks, strict=False)
