"""The derivation of a small made-up ledger in pandas, claim by claim: the peer that a notebook would have been.

Belongs here: reading frames from the book (not timed), and the same rules with ``groupby(...).apply(...)`` (timed). Not
here: what this ledger never has (decisions, own vouchers, refunds, recoveries, letters paid in time). Money is integer
øre, a day is a ``Timestamp``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any, Final, cast

import duckdb
import numpy as np
import pandas as pd

from benchmarks.derive_ledger import Totals
from kredin_pipeline.cases.claims import Parameters
from kredin_pipeline.law.calendar import calendar_rows
from kredin_pipeline.law.interest import DENOMINATOR
from kredin_pipeline.law.money import to_ore
from kredin_pipeline.law.rates import rate_rows

PAYMENTS: Final = [
    "IncomingOcrGiro",
    "BankJournal",
    "IncomingPayments",
    "CashJournal",
    "IncomingBankRemittance",
    "OutgoingPayments",
]
RANKS: Final = {"friendly_reminder": 1, "reminder": 2, "collection_notice": 3, "payment_demand": 4}
STATES: Final = {2: "reminded", 3: "noticed", 4: "demanded"}
ONE_DAY: Final = pd.Timedelta(days=1)
ENTRIES: Final = """
select entry_id, try_cast(entry_id as bigint) as seq, voucher_id, voucher_type, posting_date, due_date, kid,
    (amount * 100)::bigint as amount, (balance * 100)::bigint as balance, match_id, is_write_off
from poweroffice_ledger_entries where gone_on is null
"""
TRANSACTIONS: Final = """
select voucher_id, account_no, customer_account_no, (amount * 100)::bigint as amount
from poweroffice_account_transactions
"""
LETTERS: Final = """
select case_id, step, sent_on, deadline, case when bears_fee then (fee * 100)::bigint else 0 end as fee
from journal_letters
"""

Frame = pd.DataFrame
Row = Any


@dataclass(frozen=True)
class Frames:
    """What the derivation reads: the ledger, the journal's copies, and the law's days and rates."""

    entries: Frame
    transactions: Frame
    cases: Frame
    letters: Frame
    rates: Frame
    next_business_day: pd.Series[pd.Timestamp]


def derive(book: duckdb.DuckDBPyConnection, parameters: Parameters) -> tuple[Totals, float]:
    """The totals of the ledger in ``book`` and the seconds that deriving them took, reading not counted."""
    frames = load(book, parameters)
    started = perf_counter()
    cases = case_table(frames, parameters)
    seconds = perf_counter() - started
    return totals(cases), seconds


def load(book: duckdb.DuckDBPyConnection, parameters: Parameters) -> Frames:
    """The frames of a ledger; dates as ``datetime64``, money as integer øre."""
    year = parameters.business_date.year
    days = Frame(
        calendar_rows(date(year - 10, 1, 1), date(year + 10, 12, 31)),
        columns=["day", "is_business_day", "next_business_day", "year_days"],
    )
    known = [row for row in rate_rows() if row[1] >= date(year - 10, 1, 1)]  # nothing here fell due before
    rates = Frame(known, columns=["valid_from", "valid_to", "rate_bp"])
    return Frames(
        entries=book.execute(ENTRIES).df(),
        transactions=book.execute(TRANSACTIONS).df(),
        cases=book.execute("select voucher_id, case_id, opened_on from journal_cases").df(),
        letters=book.execute(LETTERS).df(),
        rates=rates.assign(valid_from=pd.to_datetime(rates["valid_from"]), valid_to=pd.to_datetime(rates["valid_to"])),
        next_business_day=pd.Series(
            pd.to_datetime(days["next_business_day"]).array, index=pd.DatetimeIndex(days["day"])
        ),
    )


def case_table(frames: Frames, parameters: Parameters) -> Frame:
    """One row of figures for each case: øre, state and the limitation date."""
    today = pd.Timestamp(parameters.business_date)
    entries = classified(frames.entries, frames.transactions)
    members = entries[entries["matched"] > 0].sort_values(["day", "seq"])
    shares = members.groupby("match_id")[["entry_id", "amount", "matched", "role", "kid"]].apply(laid_end_to_end)
    credits = entries[["entry_id", "role", "posting_date", "unmatched"]]
    settlements = shares.merge(credits.rename(columns={"entry_id": "credit"}), on="credit")

    claims = entries[entries["role"] == "invoice"].merge(frames.cases, on="voucher_id")
    claims = claims[(claims["opened_on"] > claims["due_date"]) & (claims["opened_on"] <= today)]
    claims = claims.assign(
        counted=claims["due_date"].map(frames.next_business_day),
        limitation=(claims["due_date"] + pd.DateOffset(years=3)).map(frames.next_business_day),
    )
    claims = claims[["case_id", "entry_id", "amount", "counted", "limitation"]].rename(columns={"amount": "principal"})
    settled = claims.merge(settlements.rename(columns={"debit": "entry_id"}), on="entry_id", how="left")
    settled = settled.fillna({"amount": 0, "unmatched": 0}).astype({"amount": "int64", "unmatched": "int64"})

    periods = rate_periods(frames.rates, claims["counted"].min(), today)
    letters: dict[object, Frame] = dict(tuple(frames.letters.sort_values("sent_on").groupby("case_id")))
    no_letters = frames.letters.iloc[:0]

    def of_case(claim: Frame) -> pd.Series[Any]:
        case_id = claim["case_id"].iloc[0]
        return figures(claim, letters.get(case_id, no_letters), periods, parameters)

    return cast(Frame, settled.groupby("entry_id")[list(settled.columns)].apply(of_case))


def classified(entries: Frame, transactions: Frame) -> Frame:
    """Each entry with its ``role`` (rules §§ 1, 2), what of it is ``matched``, and without what a reversal cancels."""
    is_customer = transactions["customer_account_no"].notna()
    is_bank = ~is_customer & transactions["account_no"].str.startswith("19")
    on_bank = transactions[is_bank].groupby("voucher_id")["amount"].sum().abs()
    on_customers = transactions[is_customer].groupby("voucher_id")["amount"].sum().abs()
    by_bank = on_bank.index[on_bank >= on_customers.reindex(on_bank.index, fill_value=0)]

    is_credit = entries["amount"] < 0
    kind = entries["voucher_type"]
    role = np.select(
        [
            is_credit & entries["is_write_off"],
            kind == "ReversalVoucher",
            is_credit & (kind == "OutgoingCreditNote"),
            is_credit & (kind.isin(PAYMENTS) | entries["voucher_id"].isin(by_bank)),
            is_credit,
            kind == "OutgoingInvoice",
        ],
        ["write_off", "reversal", "credit_note", "payment", "unexplained", "invoice"],
        "other",
    )
    unmatched = entries["balance"].abs()
    found = entries.assign(
        role=role,
        unmatched=unmatched,
        matched=entries["amount"].abs() - unmatched,
        day=entries["due_date"].where(entries["amount"] > 0, entries["posting_date"]),
    )
    return found[~found["entry_id"].isin(cancelled(found))]


def cancelled(entries: Frame) -> list[str]:
    """The reversals and the entries that they cancel, known by their common match (rules § 2)."""
    reversals = entries[entries["role"] == "reversal"]
    others = entries[entries["match_id"].isin(reversals["match_id"]) & (entries["role"] != "reversal")]
    pairs = reversals.assign(opposite=-reversals["amount"]).merge(
        others, left_on=["match_id", "opposite"], right_on=["match_id", "amount"], suffixes=("", "_of")
    )
    pairs = pairs.drop_duplicates("entry_id").drop_duplicates("entry_id_of")
    return [*pairs["entry_id"], *pairs["entry_id_of"]]


def laid_end_to_end(group: Frame) -> Frame:
    """What met what in one match group (rules § 2): by KID where it has several invoices, then oldest due first."""
    rows: list[Row] = list(group.itertuples())
    debits = [row for row in rows if row.amount > 0]
    credits = [row for row in rows if row.amount < 0]
    left: dict[str, int] = {row.entry_id: row.matched for row in rows}
    met: dict[tuple[str, str], int] = {}

    def lay(debit_side: Sequence[Row], credit_side: Sequence[Row]) -> None:
        for debit in debit_side:
            for credit in credit_side:
                amount = min(left[debit.entry_id], left[credit.entry_id])
                if amount > 0:
                    left[debit.entry_id] -= amount
                    left[credit.entry_id] -= amount
                    pair = (debit.entry_id, credit.entry_id)
                    met[pair] = met.get(pair, 0) + amount

    if len(debits) > 1 and len(credits) > 1:
        for debit in debits:
            lay([debit], [credit for credit in credits if credit.role == "payment" and credit.kid == debit.kid])
    lay(debits, credits)
    return Frame(
        [(debit, credit, amount) for (debit, credit), amount in met.items()], columns=["debit", "credit", "amount"]
    )


def figures(claim: Frame, letters: Frame, periods: Sequence[Period], parameters: Parameters) -> pd.Series[Any]:
    """The figures of one claim, given one row for each of its settlements (rules §§ 2 to 5, 8)."""
    today = pd.Timestamp(parameters.business_date)
    rows: list[Row] = list(claim.itertuples())
    principal, counted = int(rows[0].principal), rows[0].counted
    by_kind: dict[str, int] = {}
    for row in rows:
        by_kind[row.role] = by_kind.get(row.role, 0) + row.amount
    credited, paid, lost = (by_kind.get(kind, 0) for kind in ("credit_note", "payment", "write_off"))
    is_rounding = 0 < lost < to_ore(parameters.rounding_write_off) and sum(by_kind.values()) == principal > lost
    principal_open = principal - credited - paid - (lost if is_rounding else 0)

    reductions = sorted(
        (counted if row.role == "credit_note" else max(row.posting_date, counted), int(row.amount))
        for row in rows
        if row.amount > 0 and (row.role != "write_off" or is_rounding)
    )
    interest = interest_until(today, principal, counted, reductions, periods)
    fees = int(letters["fee"].sum())

    costs_paid = 0
    surplus = [row for row in rows if row.role == "payment" and row.unmatched > 0]
    if principal_open == 0 and surplus and surplus[0].posting_date >= pd.Timestamp(parameters.connected_on):
        on = surplus[0].posting_date
        owed = int(letters.loc[letters["sent_on"] <= on, "fee"].sum())
        owed += interest_until(on, principal, counted, reductions, periods)
        costs_paid = min(int(surplus[0].unmatched), owed)
    costs_open = 0 if credited >= principal else max(0, fees + interest - costs_paid)
    return pd.Series(
        {
            "principal": principal,
            "credited": credited,
            "paid": paid,
            "written_off": lost,
            "principal_open": principal_open,
            "interest": interest,
            "fees": fees,
            "costs_paid": costs_paid,
            "costs_open": costs_open,
            "limitation": rows[0].limitation,
            "state": state(principal, credited, principal_open, costs_open, letters, parameters),
        }
    )


def state(
    principal: int, credited: int, principal_open: int, costs_open: int, letters: Frame, parameters: Parameters
) -> str:
    """Where a case stands (rules §§ 2, 4)."""
    if credited >= principal or (principal_open == 0 and costs_open == 0):
        return "closed"
    if principal_open == 0:
        return "costs_open"
    if letters.empty:
        return "overdue"
    newest = letters.iloc[-1]
    grace_ends = newest["deadline"] + pd.Timedelta(days=parameters.grace_days)
    if newest["step"] == "payment_demand" and pd.Timestamp(parameters.business_date) > grace_ends:
        return "legal_ready"
    return STATES.get(RANKS[newest["step"]], "overdue")


@dataclass(frozen=True)
class Period:
    """Days with one rate in one year: from ``from_day`` up to ``to_day``."""

    from_day: pd.Timestamp
    to_day: pd.Timestamp
    rate_bp: int
    year_days: int


def rate_periods(rates: Frame, since: pd.Timestamp, until: pd.Timestamp) -> list[Period]:
    """The rates from ``since`` to ``until``, cut at every new year."""
    periods: list[Period] = []
    for rate in rates.itertuples():
        row: Row = rate
        day = max(row.valid_from, since)
        end = min(row.valid_to + ONE_DAY, until)
        while day < end:
            next_year = pd.Timestamp(year=day.year + 1, month=1, day=1)
            periods.append(Period(day, min(end, next_year), row.rate_bp, 366 if day.is_leap_year else 365))
            day = next_year
    return periods


def interest_until(
    until: pd.Timestamp,
    principal: int,
    first_day: pd.Timestamp,
    reductions: Sequence[tuple[pd.Timestamp, int]],
    periods: Sequence[Period],
) -> int:
    """Interest in øre (rules § 3): split at every change of rate, year and principal, summed exactly, rounded once."""
    numerator, base, day = 0, principal, first_day
    for on, amount in [*reductions, (until, 0)]:
        end = min(on, until)
        if base > 0 and day < end:
            for period in periods:
                start, stop = max(day, period.from_day), min(end, period.to_day)
                if start < stop:
                    of_a_day = base * period.rate_bp * (DENOMINATOR // 10_000 // period.year_days)
                    numerator += of_a_day * (stop - start).days
        base, day = base - int(amount), max(day, end)
    return (2 * numerator + DENOMINATOR) // (2 * DENOMINATOR)


def totals(cases: Frame) -> Totals:
    """The totals of a case table."""
    amounts = (
        "principal",
        "credited",
        "paid",
        "written_off",
        "principal_open",
        "interest",
        "fees",
        "costs_paid",
        "costs_open",
    )
    days = (pd.to_datetime(cases["limitation"]) - pd.Timestamp("1970-01-01")).dt.days
    states = cases["state"].value_counts().sort_index()
    return Totals(
        len(cases),
        *(int(cases[amount].sum()) for amount in amounts),
        limitation_days=int(days.sum()),
        states=tuple((str(name), int(count)) for name, count in states.items()),
    )
