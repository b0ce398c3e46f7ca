"""What a row of the ledger must be like to be believed, per table; lazily, so that every fault of a row is named.

Belongs here: the pandera schemas and the reasons they give. Whether a text can be read as a date, an amount or a time
at all is decided where it is read (`reading`); here come the values. A new voucher type or a new field is drift:
reported, never a failure (`drift_of`). A field that is missing breaks the frame (`refuse_broken_frame`).

The frame given to a contract has the table's own column names; money is in øre (Int64), days are datetime64, times are
UTC, ids are text. ``row_no`` numbers the rows of the read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kredin_pipeline.contracts.naming import NotThisFrame, reasons
from kredin_pipeline.contracts.rules import Condition, PartOf, Rule, TableContract
from kredin_pipeline.ledger.landing import BrokenFrame, LandedResource
from kredin_pipeline.ledger.wire import TABLES, Column

if TYPE_CHECKING:
    import pandas as pd


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
    "contact_persons": _rules(
        Rule("contact_person_id", "digits", True), Rule("customer_id", "digits", True),
        Rule("last_changed", "time", True),
    ),
    "account_transactions": _rules(
        Rule("transaction_id", "digits", True), Rule("voucher_id", "guid", True), Rule("account_no", "digits", True),
        Rule("posting_date", "day", True), Rule("amount", "ore", True), Rule("last_changed", "time", True),
    ),
}  # fmt: skip

CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "ledger_entries": (PartOf("balance", "amount"),),  # reference § 5: a part of the amount, with its sign
}
"""What holds between the columns of a row."""


@lru_cache(maxsize=16)
def row_contract(resource: str) -> TableContract:
    """The contract of one row of a read; the same id may come twice in a read."""
    table = TABLES[resource]
    return TableContract(f"fresh_{resource}", table.noun, (), RULES[resource], CONDITIONS.get(resource, ()))


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
    """What is new about the pages' fields and harms nothing yet: unknown names, and names no longer sent; one text
    each."""
    if not landed.files:
        return []
    table, present = TABLES[landed.resource], set(landed.fields)
    new = sorted(present - table.known_fields)
    gone = sorted({column.wire for column in table.columns if "." not in column.wire} - present)
    return [f"{table.resource}: new field {name}" for name in new] + [
        f"{table.resource}: no longer sends {name}" for name in gone
    ]


def is_drift(note: str) -> bool:
    """Whether a note of a read is about the wire's shape; others (a count that the server claimed) are about one read
    alone."""
    return " new field " in note or " no longer sends " in note or note.partition("; ")[0].endswith(" is new")


def faults_of(resource: str, frame: pd.DataFrame) -> dict[int, list[str]]:
    """Reasons against each bad row of the frame, by ``row_no``; a row without reasons is good.

    Raises ``BrokenFrame`` when the frame itself cannot be judged.
    """
    table = TABLES[resource]
    try:
        found = reasons(row_contract(resource), frame)
    except NotThisFrame as error:
        raise BrokenFrame(f"{resource}: {error}") from error
    return {
        int(frame.loc[place, "row_no"]): [one.told(table.column(one.name).wire) for one in several]  # pyright: ignore
        for place, several in found.items()
    }


def unread(column: Column, found: str) -> str:
    """The reason against a cell that is no such value at all."""
    wanted = {
        "date": "an ISO date", "time": "an ISO time with its offset", "money": "an amount in whole øre",
        "rate": "a number", "whole": "a whole number", "flag": "true or false",
    }  # fmt: skip
    return f'{column.wire}: found "{found}", want {wanted.get(column.kind, "a text")}'
