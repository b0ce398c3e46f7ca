"""From the book's planned letters to what each of them states.

Here belongs reading the book: the planned rows, and beside them the lines that explain their sums (settlements with
their dates, interest periods, earlier fees, what was paid or waived). Not here: which letter is due and what it asks
(``cases``); a sum of the plan is never changed here, only explained, and one that cannot be explained is refused.

Tables read: ``planned_letters``, ``claims``, ``debtors``, ``settlements``, ``allocations``, ``interest_periods``,
``journal_letters``, ``costs``, ``poweroffice_ledger_entries``, ``brreg_units``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import duckdb

from kredin_pipeline.cases.letter_texts import LetterTexts
from kredin_pipeline.letters.content import (
    ZERO,
    ClaimInLetter,
    Creditor,
    Deduction,
    EarlierFee,
    InterestPeriod,
    Language,
    LetterContent,
    LetterError,
    Recipient,
    Regime,
    Settlement,
)

Row = Mapping[str, Any]

_PLANNED = """
select
    planned.letter_key, planned.case_id, planned.step, planned.channel, planned.planned_on, planned.deadline,
    planned.fee, planned.interest, planned.principal, planned.total, planned.bears_fee,
    claims.entry_id, claims.invoice_no, claims.kid, claims.customer_no, claims.customer_name, claims.orgnr,
    claims.debtor_kind, claims.invoice_date, claims.due_date, claims.original_due_date, claims.currency,
    claims.currency_amount, claims.principal as principal_original, claims.ledger_balance,
    debtors.name, debtors.is_minor, debtors.main_orgnr, debtors.email, debtors.address_line1, debtors.address_line2,
    debtors.zip_code, debtors.city, debtors.country_code,
    coalesce(lower(unit.language) = 'nynorsk', false) as writes_nynorsk,
    coalesce(costs.fees, 0)::decimal(18, 2)         as fees_standing,
    coalesce(costs.compensation, 0)::decimal(18, 2) as compensation,
    coalesce(costs.interest, 0)::decimal(18, 2)     as interest_accrued,
    coalesce(costs.fee_paid, 0)::decimal(18, 2)     as fee_paid
from planned_letters as planned
join claims using (case_id)
left join debtors on debtors.customer_id = claims.customer_id
left join costs on costs.case_id = planned.case_id
left join brreg_units as unit on unit.orgnr = coalesce(debtors.main_orgnr, debtors.orgnr)
where planned.planned_on = ?
order by planned.letter_key, not planned.bears_fee, claims.due_date, planned.case_id
"""

# With costs first, the allocation and not the ledger says which part of a payment reduced the principal (rules § 5.1).
_SETTLEMENTS = """
with
to_principal as (
    select case_id, settlement_key, sum(to_principal) as amount from allocations group by all
)
select settlements.case_id, settlements.effective_on, settlements.kind, sum(settlements.amount) as whole,
    sum(case when settlements.kind = 'payment' then coalesce(to_principal.amount, settlements.amount)
             else settlements.amount end) as amount
from settlements
left join to_principal using (case_id, settlement_key)
where settlements.kind not in ('write_off', 'own_voucher')
  and settlements.case_id in (select case_id from planned_letters)
group by settlements.case_id, settlements.effective_on, settlements.kind, settlements.settlement_key
order by settlements.case_id, settlements.effective_on, settlements.settlement_key
"""

_PERIODS = """
select case_id, from_date, to_date, days, rate_percent, year_days, base, amount
from interest_periods
where case_id in (select case_id from planned_letters)
order by case_id, from_date
"""

_EARLIER_FEES = """
select case_id, step, sent_on, fee
from journal_letters
where bears_fee and fee > 0 and case_id in (select case_id from planned_letters)
order by case_id, sent_on, step
"""

_OPEN_CREDITS = """
select customer_no, sum(balance) as credit
from poweroffice_ledger_entries
where balance < 0 and gone_on is null and posting_date <= ?
  and customer_no in (select claims.customer_no from planned_letters join claims using (case_id))
group by customer_no
"""


@dataclass(frozen=True)
class Sender:
    """What the tenant's settings say about its letters. ``norwegian``: one form for all, or the debtor's own."""

    tenant: str
    creditor: Creditor
    new_act_from: date | None = None
    norwegian: Literal["register", "nb", "nn"] = "register"
    texts: LetterTexts | None = None


@dataclass(frozen=True)
class Composed:
    """The letters of a day. ``open_credits`` maps customer number to the sum of its open credits, kroner, <= 0.

    ``problems`` are letters that cannot be made, one text each; the other letters go on.
    """

    letters: tuple[LetterContent, ...]
    open_credits: Mapping[str, Decimal]
    problems: tuple[str, ...]


def compose_letters(con: duckdb.DuckDBPyConnection, business_date: date, sender: Sender) -> Composed:
    """The contents of all letters planned for ``business_date`` (Oslo day), fee bearer first in each."""
    rows = _rows(con, _PLANNED, [business_date])
    if not rows:
        return Composed((), {}, ())
    settlements = _by_case(_rows(con, _SETTLEMENTS))
    periods = _by_case(_rows(con, _PERIODS))
    fees = _by_case(_rows(con, _EARLIER_FEES))
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["letter_key"]].append(row)
    letters: list[LetterContent] = []
    problems: list[str] = []
    for key, group in grouped.items():
        try:
            claims = tuple(
                _claim(sender.tenant, row, settlements[row["case_id"]], periods[row["case_id"]], fees[row["case_id"]])
                for row in group
            )
            letters.append(_letter(key, group[0], claims, sender).checked())
        except LetterError as error:
            problems.append(str(error))
    credits = {row["customer_no"]: row["credit"] for row in _rows(con, _OPEN_CREDITS, [business_date])}
    return Composed(tuple(letters), credits, tuple(problems))


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> list[Row]:
    cursor = con.execute(query, list(parameters))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _by_case(rows: Sequence[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(row)
    return found


def _letter(key: str, first: Row, claims: tuple[ClaimInLetter, ...], sender: Sender) -> LetterContent:
    recipient = Recipient(
        customer_no=first["customer_no"] or "",
        name=first["name"] or first["customer_name"] or "",
        orgnr=first["main_orgnr"] or first["orgnr"],
        is_business=first["debtor_kind"] != "person",
        is_minor=bool(first["is_minor"]),
        email=(first["email"] or "").strip() or None,
        address_line1=first["address_line1"],
        address_line2=first["address_line2"],
        zip_code=first["zip_code"],
        city=first["city"],
        country_code=first["country_code"],
    )
    planned_on: date = first["planned_on"]
    regime: Regime = "2026" if sender.new_act_from is not None and planned_on >= sender.new_act_from else "1988"
    if first["channel"] == "post" and not recipient.has_postal_address:
        raise LetterError(
            f"{sender.tenant}: customer {recipient.customer_no}, postal address: found none, want a street or box "
            f"and a place in PowerOffice. The {first['step']} of case {first['case_id']} waits for it."
        )
    language = _language(recipient, first, sender)
    own = sender.texts.of(language, first["step"]) if sender.texts is not None else None
    return LetterContent(
        letter_key=key,
        tenant=sender.tenant,
        step=first["step"],
        channel=first["channel"],
        language=language,
        regime=regime,
        dated=planned_on,
        deadline=first["deadline"],
        creditor=sender.creditor,
        recipient=recipient,
        claims=claims,
        opening=own.opening if own is not None else None,
        closing=own.closing if own is not None else None,
    )


def _language(recipient: Recipient, first: Row, sender: Sender) -> Language:
    """English abroad; in Norway what the tenant chose, or the form of Norwegian that the register has of the debtor."""
    if recipient.language == "en":
        return "en"
    if sender.norwegian == "register":
        return "nn" if first["writes_nynorsk"] else "nb"
    return sender.norwegian


def _claim(tenant: str, row: Row, settled: Sequence[Row], periods: Sequence[Row], fees: Sequence[Row]) -> ClaimInLetter:
    settlements = tuple(
        Settlement(
            on=one["effective_on"],
            kind=one["kind"],
            amount=one["amount"],
            whole=one["whole"] if one["whole"] != one["amount"] else None,
        )
        for one in settled
        if one["amount"]
    )
    original: Decimal = row["principal_original"]
    on_account = original - sum((one.amount for one in settlements), ZERO) - row["principal"]
    if on_account < 0:
        raise LetterError(
            f"{tenant}: {row['step']} for case {row['case_id']} (invoice {row['invoice_no']}), principal: "
            f"found {row['principal']}, want at most {original} less what has settled it. The letter does not leave."
        )
    common = ClaimInLetter(
        case_id=row["case_id"],
        invoice_no=row["invoice_no"] or row["case_id"],
        kid=row["kid"],
        invoice_date=row["invoice_date"],
        due_date=row["due_date"],
        original_due_date=row["original_due_date"],
        principal_original=original,
        settlements=settlements,
        on_account=on_account,
        principal=row["principal"],
        total=row["total"],
        currency=row["currency"] or "NOK",
        currency_amount=row["currency_amount"],
        bears_fee=row["bears_fee"],
        entry_id=row["entry_id"],
        customer_no=row["customer_no"] or "",
        ledger_balance=row["ledger_balance"],
    )
    return common if row["step"] == "friendly_reminder" else _with_costs(tenant, common, row, periods, fees)


def _with_costs(
    tenant: str, claim: ClaimInLetter, row: Row, periods: Sequence[Row], fees: Sequence[Row]
) -> ClaimInLetter:
    """The claim with its cost lines. What the plan's total leaves out of them was paid or waived (rules § 5)."""
    fee, interest, accrued = row["fee"], row["interest"], row["interest_accrued"]
    earlier = tuple(EarlierFee(step=one["step"], charged_on=one["sent_on"], amount=one["fee"]) for one in fees)
    charged = sum((one.amount for one in earlier), ZERO)
    beyond_fees = max(ZERO, row["compensation"] - row["fees_standing"] - fee)
    left_out = claim.principal + interest + charged + beyond_fees + fee - claim.total
    if left_out < 0:
        raise LetterError(
            f"{tenant}: {row['step']} for case {claim.case_id} (invoice {claim.invoice_no}), total: found "
            f"{claim.total}, want at most {claim.total + left_out}, the sum of its lines. The letter does not leave."
        )
    paid = min(left_out, row["fee_paid"])
    deductions = [Deduction("paid", paid)] if paid else []
    if left_out > paid:
        deductions.append(Deduction("waived", left_out - paid))
    return replace(
        claim,
        interest=interest,
        interest_accrued=accrued if accrued != interest else None,
        fee=fee,
        periods=tuple(
            InterestPeriod(
                from_date=one["from_date"],
                to_date=one["to_date"],
                days=one["days"],
                rate_percent=one["rate_percent"],
                year_days=one["year_days"],
                base=one["base"],
                amount=one["amount"],
            )
            for one in periods
        ),
        earlier_fees=earlier,
        compensation=beyond_fees,
        deductions=tuple(deductions),
    )
