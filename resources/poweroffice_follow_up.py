"""What the mirrored entries make it necessary to ask PowerOffice for, and what a direct read concludes.

Belongs here: finding in the book what is missing or unknown, and asking for it one by one. A row is gone only when
three witnesses agree: a full read did not bring it, a direct read does not find it, and the customer's balance does not
need it. Not here: the order of a day (`poweroffice_sync`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from kredin_pipeline.ledger.mirror import mark_gone
from kredin_pipeline.ledger.wire import SELF_EXPLAINING_TYPES
from resources.poweroffice_client import PowerOfficeClient

INVOICE_TYPES = ("OutgoingInvoice", "OutgoingCreditNote")
MOST_DIRECT_READS = 500
"""So many direct reads a day and resource; what is left over is asked for on a later day."""


@dataclass
class Confirmed:
    """What direct reads said of rows that a full read did not bring."""

    resource: str
    gone: list[str] = field(default_factory=list[str])
    still_there: list[str] = field(default_factory=list[str])
    customers: set[str] = field(default_factory=set[str])

    def mark(self, con: duckdb.DuckDBPyConnection, business_date: date, seen_at: datetime) -> None:
        """Mark what is gone; in the caller's transaction."""
        mark_gone(con, self.resource, self.gone, business_date, seen_at)


@dataclass(frozen=True)
class WantedTransactions:
    """Vouchers whose ledger lines are wanted, and the days between which they were posted."""

    voucher_nos: list[str]
    first: date
    last: date


def confirm_missing_entries(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, entry_ids: Sequence[str], business_date: date
) -> Confirmed:
    """Ask the ledger for entries that a full read did not bring.

    An invoice or credit note is asked for by its id, any other entry by a statement of its posting date. What is found
    again is not gone (obligation S-11), nor is what the customer's balance of ``business_date`` still contains. The
    balances must have been stored.
    """
    confirmed = Confirmed("ledger_entries")
    if not entry_ids:
        return confirmed
    rows = con.execute(
        "select entry_id, voucher_id, voucher_type, posting_date, customer_id from poweroffice_ledger_entries "
        "where entry_id in (select unnest($1::varchar[])) order by posting_date, entry_id",
        [list(entry_ids)],
    ).fetchall()
    invoices: dict[str, bool] = {}
    days: dict[date, set[str]] = {}
    for entry_id, voucher_id, voucher_type, posting_date, customer_id in rows:
        if len(invoices) + len(days) >= MOST_DIRECT_READS:
            break
        if voucher_type in INVOICE_TYPES:
            if voucher_id not in invoices:
                invoices[voucher_id] = client.invoice_exists(voucher_id)
            there = invoices[voucher_id]
        else:
            if posting_date not in days:
                days[posting_date] = {str(row["Id"]) for row in client.statement(posting_date, posting_date)}
            there = entry_id in days[posting_date]
        (confirmed.still_there if there else confirmed.gone).append(str(entry_id))
        if not there:
            confirmed.customers.add(str(customer_id))
    needed = _still_in_balances(con, confirmed.gone, business_date)
    confirmed.still_there += [one for one in confirmed.gone if one in needed]
    confirmed.gone = [one for one in confirmed.gone if one not in needed]
    return confirmed


def _still_in_balances(con: duckdb.DuckDBPyConnection, entry_ids: Sequence[str], business_date: date) -> set[str]:
    """Those entries without which the mirror would no longer have the balance that the ledger gives their customer."""
    if not entry_ids:
        return set()
    rows = con.execute(
        """
        with entries as (
            select entry_id, customer_id, amount, entry_id in (select unnest($1::varchar[])) as is_asked
            from poweroffice_ledger_entries where gone_on is null and posting_date <= $2
        ),
        sums as (
            select customer_id, sum(amount) as held, coalesce(sum(amount) filter (where not is_asked), 0) as left_over
            from entries group by customer_id having bool_or(is_asked)
        ),
        needed as (
            select sums.customer_id from sums
            left join poweroffice_customer_balances as listed on listed.customer_id = sums.customer_id and as_of = $2
            where coalesce(listed.balance, 0) = held and held <> left_over
        )
        select entry_id from entries where is_asked and customer_id in (select customer_id from needed)
        """,
        [list(entry_ids), business_date],
    ).fetchall()
    return {str(row[0]) for row in rows}


def confirm_missing_customers(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, customer_ids: Sequence[str]
) -> Confirmed:
    """Ask for customers that a full read did not bring or that entries were moved away from."""
    confirmed = Confirmed("customers")
    known = {
        str(row[0])
        for row in con.execute("select customer_id from poweroffice_customers where gone_on is null").fetchall()
    }
    for customer_id in [one for one in customer_ids if one in known][:MOST_DIRECT_READS]:
        there = client.customer_exists(customer_id)
        (confirmed.still_there if there else confirmed.gone).append(customer_id)
    return confirmed


def confirm_missing_persons(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, person_ids: Sequence[str]
) -> Confirmed:
    """Ask for contact persons that a full read did not bring."""
    confirmed = Confirmed("contact_persons")
    rows = con.execute(
        "select contact_person_id, customer_id from poweroffice_contact_persons "
        "where contact_person_id in (select unnest($1::varchar[])) order by 1",
        [list(person_ids)],
    ).fetchall()
    for person_id, customer_id in rows[:MOST_DIRECT_READS]:
        there = client.contact_person_exists(str(customer_id), str(person_id))
        (confirmed.still_there if there else confirmed.gone).append(str(person_id))
        if not there:
            confirmed.customers.add(str(customer_id))
    return confirmed


def unknown_customers(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Numbers of customers that have entries in the mirror and are not in it themselves."""
    rows = con.execute(
        """
        select distinct customer_no from poweroffice_ledger_entries
        where gone_on is null and customer_no is not null
          and customer_id not in (select customer_id from poweroffice_customers)
        order by customer_no limit 20000
        """
    ).fetchall()
    return [str(row[0]) for row in rows]


def invoices_to_read(con: duckdb.DuckDBPyConnection, cursor: datetime | None) -> datetime | None:
    """The newest change of an invoice or credit note that the list of invoices has not been read for; None if none."""
    found = con.execute(
        "select max(last_changed) from poweroffice_ledger_entries where voucher_type in ($1, $2) "
        "and ($3::timestamptz is null or last_changed > $3)",
        [*INVOICE_TYPES, cursor],
    ).fetchone()
    return found[0] if found else None


def transactions_to_read(con: duckdb.DuckDBPyConnection, *, also_moved: bool = False) -> WantedTransactions | None:
    """Vouchers on customers whose own kind does not say what they are, and whose lines are not known yet.

    Our own vouchers are known by their reference. A voucher that has no number yet is asked for when it has one; one
    whose lines do not add up to zero is not known (every voucher does, reference § 5). ``also_moved``: those too whose
    lines name another customer than their entries do, as after a merger of customers.
    """
    types = ", ".join(f"'{one}'" for one in SELF_EXPLAINING_TYPES)
    rows = con.execute(
        f"""
        select voucher_no, min(posting_date), max(posting_date) from poweroffice_ledger_entries
        where voucher_type not in ({types}) and gone_on is null and voucher_no is not null
          and not coalesce(is_created_by_current_integration, false)
          and (voucher_id not in (
              select voucher_id from poweroffice_account_transactions group by voucher_id having sum(amount) = 0)
            or ($1 and voucher_id in (
              select line.voucher_id from poweroffice_account_transactions as line
              join poweroffice_ledger_entries as entry on entry.entry_id = line.sub_ledger_entry_id
              where line.customer_account_no is distinct from entry.customer_no)))
        group by voucher_no
        """,
        [also_moved],
    ).fetchall()
    if not rows:
        return None
    return WantedTransactions([str(r[0]) for r in rows], min(r[1] for r in rows), max(r[2] for r in rows))
