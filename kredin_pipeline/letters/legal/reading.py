"""From the book's rows to what a legal document states of each case, and to the facts that decide about it.

Here belongs reading. A sum of the derivation is never changed here, only split into its lines; what the document may
claim of it is for ``gathering``. Tables read: ``case_states``, ``claims``, ``costs``, ``settlements``, ``allocations``,
``interest_periods``, ``journal_letters``, ``journal_decisions``, ``customer_credits``, ``debtors``, ``debtor_estate``,
``brreg_units``, ``poweroffice_ledger_entries``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.cases.legal_ready import LegalFacts
from kredin_pipeline.letters.content import ZERO, EarlierFee, InterestPeriod, Settlement
from kredin_pipeline.letters.legal.content import LaterInvoice, LegalClaim, Party, SentLetter

Row = Mapping[str, Any]

_CASES = """
select
    states.case_id, states.invoice_no, states.kid, states.state, states.holds, states.flags, states.provisional,
    states.principal_open, states.costs_open, states.interest, states.compensation, states.fees,
    claims.voucher_id, claims.customer_id, claims.customer_no, claims.customer_name, claims.orgnr as case_orgnr,
    claims.debtor_kind, claims.invoice_date, claims.due_date, claims.principal,
    coalesce(costs.interest_paid, 0)::decimal(18, 2)   as interest_paid,
    coalesce(costs.interest_waived, 0)::decimal(18, 2) as interest_waived,
    debtors.name, debtors.orgnr, debtors.main_orgnr, coalesce(debtors.is_minor, false) as is_minor,
    debtors.address_line1, debtors.address_line2, debtors.zip_code, debtors.city, debtors.country_code,
    debtors.register_hold_from, unit.organisation_form,
    exists (
        select 1 from journal_decisions as said
        where said.kind = 'dispute' and said.effective_on <= states.business_date
          and (said.case_id = states.case_id or said.case_id is null and said.customer_no = claims.customer_no)
    ) as objected,
    exists (      -- rules § 2: unless a person has said that it belongs elsewhere
        select 1 from customer_credits as credit
        where credit.customer_id = claims.customer_id and credit.amount > 0 and not credit.dated_ahead
          and not exists (
              select 1 from journal_decisions as said
              where said.kind = 'release' and said.case_id = states.case_id
                and said.effective_on between credit.effective_on and states.business_date
                and coalesce(said.payload ->> '$.hold', 'unallocated_payment')
                    in ('unallocated_payment', 'covered_by_credit', 'payment_dated_ahead')
          )
    ) as unmatched_credit
from case_states as states
join claims using (case_id)
left join costs using (case_id)
left join debtors on debtors.customer_id = claims.customer_id
left join brreg_units as unit on unit.orgnr = coalesce(debtors.main_orgnr, debtors.orgnr)
where states.state = 'legal_ready' or list_contains(states.holds, 'bankruptcy')
   or list_contains(states.holds, 'forced_liquidation') or states.case_id in (select unnest($1::varchar[]))
order by claims.customer_no, claims.due_date, states.case_id
"""

_SETTLEMENTS = """
with
to_principal as (     -- with costs first the allocation says which part of a payment reduced the principal (§ 5.1)
    select case_id, settlement_key, sum(to_principal) as amount from allocations group by all
)
select settlements.case_id, settlements.effective_on, settlements.kind, sum(settlements.amount) as whole,
    sum(case when settlements.kind = 'payment' then coalesce(to_principal.amount, settlements.amount)
             else settlements.amount end) as amount
from settlements
left join to_principal using (case_id, settlement_key)
where settlements.kind not in ('write_off', 'own_voucher') and settlements.case_id in (select unnest($1::varchar[]))
group by settlements.case_id, settlements.effective_on, settlements.kind, settlements.settlement_key
order by settlements.case_id, settlements.effective_on, settlements.settlement_key
"""

_PERIODS = """
select case_id, from_date, to_date, days, rate_percent, year_days, base, amount
from interest_periods where case_id in (select unnest($1::varchar[])) order by case_id, from_date
"""

_LETTERS = """
select case_id, letter_key, step, channel, sent_on, deadline, bears_fee, fee
from journal_letters where case_id in (select unnest($1::varchar[])) order by case_id, sent_on, step, letter_key
"""

_TRUSTEES = """
select customer_id, trustee_name, trustee_address_line1, trustee_address_line2, trustee_address_line3,
    trustee_zip_code, trustee_city
from debtor_estate order by customer_id, trustee_name
"""

_INVOICES = """
select customer_id, voucher_id, invoice_no, kid, coalesce(voucher_date, posting_date) as dated, due_date, balance
from poweroffice_ledger_entries
where voucher_type = 'OutgoingInvoice' and balance > 0 and gone_on is null
  and customer_id in (select unnest($1::varchar[]))
order by customer_id, dated, invoice_no
"""
NOTICES = ("payment_demand", "enforcement_notice")


@dataclass(frozen=True)
class ReadyCase:
    """A case as legal work sees it: the facts that decide, the claim with all its lines, and its debtor."""

    facts: LegalFacts
    customer_id: str
    debtor: Party
    claim: LegalClaim


@dataclass(frozen=True)
class OpenInvoice:
    """An open invoice of the ledger, a case or not. ``balance`` in kroner."""

    voucher_id: str
    kid: str | None
    due_date: date | None
    later: LaterInvoice


@dataclass(frozen=True)
class Found:
    """The cases that may be ready, by customer and due date, and what estates need: trustee and open invoices.

    ``on`` is the business date that the book was last derived for; None before the first time.
    """

    on: date | None
    cases: tuple[ReadyCase, ...]
    trustees: Mapping[str, Party]
    invoices: Mapping[str, tuple[OpenInvoice, ...]]


def read(con: duckdb.DuckDBPyConnection, also: Collection[str] = ()) -> Found:
    """Every case that is ``legal_ready`` or whose debtor has an estate, and the cases ``also``, as of the last run."""
    rows = _rows(con, _CASES, sorted(also))
    derived = con.execute("select max(business_date) from parameters").fetchone()
    on: date | None = derived[0] if derived else None
    if not rows:  # an ordinary day
        return Found(on, (), {}, {})
    ids = [row["case_id"] for row in rows]
    settled, periods, letters = (
        _grouped(_rows(con, query, ids), "case_id") for query in (_SETTLEMENTS, _PERIODS, _LETTERS)
    )
    cases = tuple(_case(row, settled[row["case_id"]], periods[row["case_id"]], letters[row["case_id"]]) for row in rows)
    estates = sorted({one.customer_id for one in cases if one.facts.estate_on is not None})
    if not estates:
        return Found(on, cases, {}, {})
    trustees = _grouped([dict(row) for row in _all(con, _TRUSTEES)], "customer_id")
    invoices = _grouped(_rows(con, _INVOICES, estates), "customer_id")
    return Found(
        on,
        cases,
        {customer: _trustee(found[0]) for customer, found in trustees.items()},
        {customer: tuple(_invoice(one) for one in found if one["dated"]) for customer, found in invoices.items()},
    )


def _case(row: Row, settled: Sequence[Row], periods: Sequence[Row], letters: Sequence[Row]) -> ReadyCase:
    sent = [
        SentLetter(one["letter_key"], one["step"], one["sent_on"], one["deadline"], one["channel"]) for one in letters
    ]
    notices = [one for one in sent if one.step in NOTICES]
    demands = [one for one in sent if one.step == "payment_demand"]
    fees = tuple(
        EarlierFee(one["step"], one["sent_on"], one["fee"]) for one in letters if one["bears_fee"] and one["fee"]
    )
    interest = max(ZERO, min(row["costs_open"], row["interest"] - row["interest_paid"] - row["interest_waived"]))
    beyond = max(ZERO, row["compensation"] - row["fees"])
    costs: Decimal = row["costs_open"] - interest
    holds = tuple(row["holds"])
    claim = LegalClaim(
        case_id=row["case_id"],
        invoice_no=row["invoice_no"] or row["case_id"],
        voucher_id=row["voucher_id"],
        kid=row["kid"],
        invoice_date=row["invoice_date"],
        due_date=row["due_date"],
        principal_original=row["principal"],
        principal=row["principal_open"],
        settlements=tuple(
            Settlement(one["effective_on"], one["kind"], one["amount"]) for one in settled if one["amount"]
        ),
        interest_accrued=row["interest"],
        interest=interest,
        periods=tuple(
            InterestPeriod(one["from_date"], one["to_date"], one["days"], one["rate_percent"], one["year_days"],
                           one["base"], one["amount"])
            for one in periods
        ),
        fees=fees,
        compensation=beyond,
        costs_settled=sum((one.amount for one in fees), ZERO) + beyond - costs,
        costs=costs,
        notice=notices[-1] if notices else None,
        demand=demands[-1] if demands else None,
        letters=tuple(sent),
    )  # fmt: skip
    facts = LegalFacts(
        case_id=row["case_id"],
        state=row["state"],
        holds=holds,
        flags=tuple(row["flags"]),
        provisional=bool(row["provisional"]),
        is_open=row["principal_open"] > 0,
        due_date=row["due_date"],
        is_business=row["debtor_kind"] == "business",
        is_minor=row["is_minor"],
        is_identified=row["debtor_kind"] in ("person", "business"),
        organisation_form=row["organisation_form"],
        country_code=row["country_code"],
        objected=row["objected"],
        unmatched_credit=row["unmatched_credit"],
        notice_on=claim.notice.sent_on if claim.notice is not None else None,
        estate_on=row["register_hold_from"] if {"bankruptcy", "forced_liquidation"} & set(holds) else None,
    )
    return ReadyCase(facts, row["customer_id"] or row["customer_no"] or "", _debtor(row), claim)


def _debtor(row: Row) -> Party:
    place = " ".join(part for part in (row["zip_code"], row["city"]) if part)
    lines = [row["address_line1"], row["address_line2"], place]
    is_business = row["debtor_kind"] != "person"
    return Party(
        name=row["name"] or row["customer_name"] or "",
        orgnr=(row["main_orgnr"] or row["orgnr"] or row["case_orgnr"]) if is_business else None,
        lines=tuple(line for line in lines if line),
        place=place,
        is_business=is_business,
        organisation_form=row["organisation_form"],
    )


def _trustee(row: Row) -> Party:
    place = " ".join(part for part in (row["trustee_zip_code"], row["trustee_city"]) if part)
    lines = [*(row[f"trustee_address_line{at}"] for at in (1, 2, 3)), place]
    return Party(row["trustee_name"] or "", None, tuple(line for line in lines if line), place)


def _invoice(row: Row) -> OpenInvoice:
    later = LaterInvoice(row["invoice_no"] or row["voucher_id"], row["dated"], row["due_date"], row["balance"])
    return OpenInvoice(row["voucher_id"], row["kid"], row["due_date"], later)


def _rows(con: duckdb.DuckDBPyConnection, query: str, ids: Sequence[str]) -> list[Row]:
    return _named(con.execute(query, [list(ids)]))


def _all(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    return _named(con.execute(query))


def _named(cursor: duckdb.DuckDBPyConnection) -> list[Row]:
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _grouped(rows: Sequence[Row], by: str) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[by]].append(row)
    return found
