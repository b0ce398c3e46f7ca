"""What a tried file comes to: its customer ledger, its cases, what would leave, and what nobody can know from it.

Belongs here: reading the book of a day that was run, in the file's own numbers. Not here: running it (``try_run``), the
days to come (``try_course``), the layout (``try_words``). Amounts are kroner, days are Oslo days.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kredin_pipeline.commands.try_course import Course, planned_letters
from kredin_pipeline.commands.try_run import TENANT
from kredin_pipeline.commands.try_unknown import unknown, why_unclaimable
from kredin_pipeline.sandbox.seeds.saft import SaftResult
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
_ZERO: Final = Decimal("0.00")

AGES: Final[tuple[tuple[str, int], ...]] = (("1-30", 30), ("31-60", 60), ("61-90", 90), ("over 90", 10**9))
"""Columns of age: a name and the most days after due that it holds."""
_OPEN: Final = """
    select entries.entry_id, entries.customer_no, entries.invoice_no, posting_date, due_date, entries.amount, balance,
           reason
    from poweroffice_ledger_entries as entries
    left join unclaimable using (entry_id)
    where gone_on is null and balance <> 0
    order by entries.customer_no, posting_date, entry_id
"""
_CASES: Final = """
    select invoice_no, customer_no, customer_name, due_date, principal, principal_open, interest, fees, compensation,
           costs_open, total_open, state, holds, flags, next_step, next_step_on, provisional, case_id
    from case_states where state <> 'closed'
    order by due_date, invoice_no, case_id
"""


class DoesNotAgree(AssertionError):
    """The mirror's balance of a customer is not the file's: a fault of ours, never of the file."""


@dataclass(frozen=True)
class Tried:
    """Everything that ``kredin try`` tells.

    customers: number, name, balance, not_due, one amount for each of ``AGES``, no_due_date, credits (a positive amount
    of payments and credit notes that settle nothing), and ``in_file``, the file's own closing balance.
    cases: the published columns of what is overdue, with days_overdue. letters: those of the day. course: those after.
    unclaimable: open rows that ask for nothing, with the reason. open_credits: customer, dated, amount.
    """

    customers: list[Row]
    not_due: list[Row]
    cases: list[Row]
    letters: list[Row]
    course: list[Row]
    course_until: date
    unclaimable: list[Row]
    open_credits: list[Row]
    unknown: list[str]
    stops: list[str] = field(default_factory=list[str])


class Names:
    """The file's own numbers for ours, where a number had to be made up or cut to digits."""

    def __init__(self, posted: SaftResult) -> None:
        self._customers: Mapping[str, str] = posted.renumbered_customers
        self._invoices: Mapping[str, str] = posted.renumbered_invoices

    def customer(self, number: str | None) -> str:
        return self._customers.get(number or "", number or "")

    def in_text(self, text: str) -> str:
        """A sentence of the pipeline with the file's customer ids in it."""
        for number, named in self._customers.items():
            text = re.sub(rf"\bcustomer {number}\b", f"customer {named}", text)
        return text

    def invoice(self, number: str | None) -> str:
        return self._invoices.get(number or "", number or "")


def report(
    con: DuckDBPyConnection, file: SaftFile, posted: SaftResult, on: date, played: Course, messages: Sequence[str]
) -> Tried:
    """Read it all. Raises ``DoesNotAgree`` when a customer's balance in the mirror is not the file's."""
    names = Names(posted)
    rows = _rows(con, _OPEN)
    customers = _customers(file, posted, names, rows, on)
    cases = [{**row, "days_overdue": (on - row["due_date"]).days} for row in _rows(con, _CASES)]
    for row in cases:
        row["invoice"], row["customer"] = names.invoice(row.pop("invoice_no")), names.customer(row.pop("customer_no"))
    later = [row for row in rows if row["reason"] is None and row["balance"] > 0 and row["due_date"] is not None]
    known = {row["case_id"] for row in cases}
    in_cases = {
        row["entry_id"] for row in _rows(con, "select entry_id, case_id from claims") if row["case_id"] in known
    }
    stands = [row for row in rows if row["reason"] is not None and row["balance"] > 0]
    credits = [row for row in rows if row["balance"] < 0]
    letters = letters_told(names, on, planned_letters(con))
    later_letters = [letter for day, rows in played.days for letter in letters_told(names, day, rows)]
    quarantined = _rows(con, "select table_name, record_id, reasons from quarantine where released_at is null")
    return Tried(
        customers=customers,
        not_due=[
            {**_named(names, row), "due_date": row["due_date"], "open": row["balance"]}
            for row in later
            if row["entry_id"] not in in_cases
        ],
        cases=cases,
        letters=letters,
        course=later_letters,
        course_until=played.until,
        unclaimable=[
            {
                **_named(names, row), "dated": row["posting_date"], "amount": row["amount"], "open": row["balance"],
                "reason": row["reason"], "why": why_unclaimable(row, file),
            }
            for row in stands
        ],
        open_credits=[
            {**_named(names, row), "dated": row["posting_date"], "amount": -row["balance"]} for row in credits
        ],
        unknown=unknown(file, posted, on, stands, credits, [*letters, *later_letters], played),
        stops=[
            *(names.in_text(sentence) for message in messages for sentence in _sentences(message)),
            *(f"{row['table_name']} {row['record_id']}: {row['reasons']}" for row in quarantined),
        ],
    )  # fmt: skip


def letters_told(names: Names, day: date, rows: Sequence[Row]) -> list[Row]:
    """One row for each letter, its claims together: sums in kroner, the fee once."""
    letters: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        letters[row["letter_key"]].append(row)
    return [
        {
            "on": day,
            "step": claims[0]["step"],
            "channel": claims[0]["channel"],
            "customer": names.customer(claims[0]["customer_no"]),
            "customer_name": claims[0]["customer_name"],
            "invoices": [names.invoice(claim["invoice_no"]) for claim in claims],
            **{
                name: sum((claim[name] for claim in claims), _ZERO)
                for name in ("principal", "interest", "fee", "total")
            },
            "deadline": max(claim["deadline"] for claim in claims),
        }
        for claims in letters.values()
    ]


def _customers(file: SaftFile, posted: SaftResult, names: Names, rows: Sequence[Row], on: date) -> list[Row]:
    stated = {customer.id: customer for customer in file.customers.values()}
    found: list[Row] = []
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_customer[row["customer_no"]].append(row)
    for number, closing in posted.closing.items():
        own = by_customer.get(number, [])
        customer = stated[names.customer(number)]
        balance = sum((row["balance"] for row in own), _ZERO)
        if balance != closing:
            raise DoesNotAgree(f"customer {customer.id}: the mirror has {balance}, the file's lines give {closing}")
        ages = dict.fromkeys(("not_due", *(name for name, _ in AGES), "no_due_date", "credits"), _ZERO)
        for row in own:
            ages[_age(row, on)] += abs(row["balance"])
        in_file = None if posted.left_out else customer.closing
        found.append(
            {"customer": customer.id, "customer_name": customer.name, "balance": balance, **ages, "in_file": in_file}
        )
    return found


def _age(row: Row, on: date) -> str:
    if row["balance"] < 0:
        return "credits"
    if row["due_date"] is None:
        return "no_due_date"
    days = (on - row["due_date"]).days
    return "not_due" if days <= 0 else next(name for name, most in AGES if days <= most)


def _sentences(message: str) -> list[str]:
    """What a check says, one sentence for each record, without our names for the check and the tenant."""
    return [re.sub(rf"^(\w+: )?{TENANT}: ", "", one) for one in re.split(rf"; (?={TENANT}: )", message)]


def _named(names: Names, row: Row) -> Row:
    return {"customer": names.customer(row["customer_no"]), "invoice": names.invoice(row["invoice_no"])}


def _rows(con: DuckDBPyConnection, query: str) -> list[Row]:
    cursor = con.execute(query)
    found = [str(column[0]) for column in cursor.description or ()]
    return [dict(zip(found, row, strict=True)) for row in cursor.fetchall()]
