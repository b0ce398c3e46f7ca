"""What the ledger did to the claim: each entry, how it met the claim, and why it is of its kind (rules § 2).

Belongs here: payments, credit notes, write-offs, what is unexplained, what once settled and does so no more, and
re-openings. Not here: how a payment is shared out between costs and principal (``money``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from kredin_pipeline.cases.decision_words import classification
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import CustomerCredit, LedgerRow, Statement
from kredin_pipeline.cases.explaining.words import kr, listed

KEEPS_THE_PRINCIPAL = ("write_off", "own_voucher", "unexplained")
"""Kinds that do not reduce what may be claimed: a write-off never, an unexplained one until a person says what "
  "it was."""
_CLASS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "payment": ("paid", "payment"),
    "write_off": ("written_off", "write_off"),
    "credit_note": ("credited", "credit_note"),
}


def tell_ledger_rows(facts: Facts) -> tuple[LedgerRow, ...]:
    """Every entry that settles the claim, then those that once did, in the order of posting."""
    settling = [_settling(facts, each) for each in facts.settlements]
    once = [_no_longer(each) for each in facts.former]
    return tuple(sorted((*settling, *once), key=lambda row: row.posted_on))


def tell_credits(facts: Facts) -> tuple[CustomerCredit, ...]:
    """What stands to the customer's credit and settles nothing yet, as far as it bears on this claim."""
    if facts.row["principal_open"] == 0:
        return ()
    held = facts.row["holds"]
    told: list[CustomerCredit] = []
    for each in facts.credits:
        if each["dated_ahead"]:
            if "payment_dated_ahead" not in held:
                continue
            text = f"is dated {each['effective_on']}, after this day: it does not count yet and holds the next step"
        elif facts.covered == 0:
            continue
        else:
            text = (
                f"stands open to the customer's credit since {each['effective_on']}. Of the customer's credit "
                f"{kr(facts.covered)} covers this claim (oldest due first); no letter may ask for that part, and it "
                "bears no interest from the credit's date on"
            )
        named = words.voucher(each["voucher_type"], each["voucher_no"])
        text = f"Entry {each['entry_id']}, {named}, of {kr(each['amount'])} {text}."
        told.append(
            CustomerCredit(
                entry_id=each["entry_id"],
                voucher_no=each["voucher_no"],
                voucher_type=each["voucher_type"],
                amount=each["amount"],
                effective_on=each["effective_on"],
                dated_ahead=each["dated_ahead"],
                statement=Statement("customer_credit", text, "§ 2", on=each["effective_on"]),
            )
        )
    return tuple(told)


def tell_reopenings(facts: Facts) -> tuple[Statement, ...]:
    """The days on which the claim was seen to be open again, and why."""
    return tuple(_reopening(each) for each in facts.reopenings)


def classifying(facts: Facts, settled: Row) -> Row | None:
    """The decision by which a person said what this entry was; None when nobody did."""
    wanted = _CLASS_OF_KIND.get(settled["kind"], ())
    if settled["kind"] in ("credit_note", "reversal"):
        wanted = (*wanted, "goodwill", "correction")
    found = [
        said
        for said in facts.decisions
        if said["kind"] == "classify"
        and classification(said["payload"]) in wanted
        and said["payload"].get("entry_id") in (None, settled["entry_id"])
    ]
    return found[-1] if found else None


def _settling(facts: Facts, each: Row) -> LedgerRow:
    kind: str = each["kind"]
    why = _why(facts, each)
    return LedgerRow(
        entry_id=each["entry_id"],
        voucher_no=each["voucher_no"],
        voucher_type=each["voucher_type"],
        posted_on=each["effective_on"],
        amount=each["amount"],
        entry_amount=each["entry_amount"],
        kind=kind,
        reduces=kind not in KEEPS_THE_PRINCIPAL,
        counts_from=None if kind in ("write_off", "own_voucher") else _counts_from(facts, each),
        match_id=each["match_id"],
        known_on=each["booked_on"],
        statements=(why, _how_met(each), *_recovered(each)),
    )


def _counts_from(facts: Facts, each: Row) -> date:
    """The day from which interest sees the entry."""
    first: date = facts.account["interest_from"]
    return first if each["interest_from_due"] else max(each["effective_on"], first)


def _why(facts: Facts, each: Row) -> Statement:
    on = each["effective_on"]
    named = words.voucher(each["voucher_type"], each["voucher_no"])
    head = f"Entry {each['entry_id']}, {named}, posted {on}, {kr(each['amount'])}"
    teller = {
        "write_off": _write_off,
        "rounding": _rounding,
        "credit_note": _credit_note,
        "reversal": _reversal,
        "payment": _payment,
        "unexplained": _unexplained,
    }.get(each["kind"])
    text = teller(facts, each) if teller is not None else _OTHERS[each["kind"]]
    return Statement(each["kind"], f"{head}: {text}", "§ 2", on=on)


_OTHERS = {
    "own_voucher": "our own fee and interest voucher, known by its reference; it settles no principal.",
    "currency_difference": "an exchange difference (account 8060 or 8160, or zero in the invoice's own currency): the "
    "claim was settled in its currency, so the principal is smaller by it.",
    "netting": "another credit of the same customer that was set off against the invoice (motregning): it reduces the "
    "principal from its date.",
}


def _said(facts: Facts, each: Row) -> str | None:
    """Who said what this entry was, when a person's word made its kind."""
    if each["classified_as"] is None:
        return None
    said = classifying(facts, each)
    if said is None:
        return "a person said what it was"
    return f"{said['decided_by'] or 'a person'} said on {said['effective_on']} what it was"


def _write_off(facts: Facts, each: Row) -> str:
    said = _said(facts, each)
    cause = f"{said}: a write-off" if said else "IsWriteOff is true in the ledger (Avskriv): a write-off"
    return f"{cause}. It does not reduce the principal and closes nothing; interest runs on and the next step stands."


def _rounding(facts: Facts, each: Row) -> str:
    limit = facts.parameters["rounding_write_off"]
    return (
        f"IsWriteOff is true, but it is less than {kr(limit)} (setting rounding_write_off) on a claim that is "
        "otherwise settled: a rounding. It settles what was left of the principal."
    )


def _credit_note(facts: Facts, each: Row) -> str:
    said = _said(facts, each)
    cause = f"{said}: credited" if said else "a credit note in the ledger"
    if each["made_for"]:
        cause += f", made for invoice {each['made_for']}"
    if not each["is_goodwill"]:
        return f"{cause}. A correction: that part was never owed, so the principal is smaller from the due date on."
    word = classifying(facts, each)
    who = f" ({word['decided_by'] or 'a person'} said so on {word['effective_on']})" if word else ""
    return f"{cause}, given as goodwill{who}: the principal is smaller from the note's own date on."


def _reversal(facts: Facts, each: Row) -> str:
    return "a reversal voucher that cancels the invoice: it was never owed, from the due date on."


def _payment(facts: Facts, each: Row) -> str:
    said = _said(facts, each)
    if said:
        return f"{said}: paid. It reduces the principal from its date."
    if each["root_type"] != each["voucher_type"]:
        cause = f"a correction of {words.VOUCHER_TYPES.get(each['root_type'], each['root_type'])}: a payment"
    elif each["voucher_type"] in words.VOUCHER_TYPES and each["voucher_type"] != "ManualJournal":
        cause = f"voucher type {each['voucher_type']} is money through the bank: a payment"
    else:
        cause = (
            f"its offset account {each['offset_accounts']} is a bank or clearing account and carries all of "
            "it: a payment"
        )
    return f"{cause}. It reduces the principal from its date."


def _unexplained(facts: Facts, each: Row) -> str:
    accounts = each["offset_accounts"]
    cause = (
        f"a journal whose offset account {accounts} is no bank or clearing account"
        if accounts
        else "a journal whose offset account is not known"
    )
    return (
        f"{cause}: unexplained. It is not taken as paid and no voucher is made; interest on that part stops at "
        "its date "
        "until a person says what it was (paid, written off, credited)."
    )


def _how_met(each: Row) -> Statement:
    stages, on = str(each["stages"] or ""), each["effective_on"]
    others = [str(name) for name in each["matched_with"] or () if name]
    whole = abs(each["entry_amount"])
    part = f"{kr(each['amount'])} of its {kr(whole)}" if each["amount"] != whole else f"All {kr(whole)}"
    group = f"match group {each['match_id']}" + (f", with {listed(others)}" if others else "")
    if "recovery" in stages:
        text = (
            f"{part} met this claim by its KID or invoice number: the ledger keeps it open, for it has "
            "written the claim off."
        )
    elif "group" in stages:
        text = (
            f"{part} met this claim in {group}: what stood open on both sides of the group was shared out, "
            "oldest due first."
        )
    elif "reversal" in stages:
        text = f"{part} met this claim: the reversal cancels the whole invoice, whatever else was matched with it."
    elif "named" in stages:
        text = (
            f"{part} met this claim in {group}: it names this invoice (KID, or the invoice that a credit "
            "note was made for)."
        )
    elif others:
        text = f"{part} met this claim in {group}: by the ledger's own balances, what they leave open oldest due first."
    else:
        text = f"{part} met this claim in {group}, which holds these two alone."
    return Statement("matched", text, "§ 2", on=on)


def _recovered(each: Row) -> list[Statement]:
    if not each["after_write_off"]:
        return []
    return [
        Statement(
            "recovery",
            f"Entry {each['entry_id']} came on a claim that the ledger had written off: a recovery of "
            f"{kr(each['amount'])}. "
            "It reduces the principal.",
            "§ 2",
            on=each["effective_on"],
        )
    ]


def _no_longer(each: Row) -> LedgerRow:
    if each["reversed_on"] is not None:
        fate, on = f"was reversed by voucher {each['reversed_by']} on {each['reversed_on']}", each["reversed_on"]
    elif each["refunded_on"] is not None:
        fate, on = f"was paid out again on {each['refunded_on']}", each["refunded_on"]
    elif each["gone_on"] is not None:
        fate, on = f"was gone from the ledger on {each['gone_on']}", each["gone_on"]
    else:
        fate, on = "is matched with this invoice no longer", each["posting_date"]
    named = words.voucher(each["voucher_type"], each["voucher_no"])
    text = (
        f"Entry {each['entry_id']}, {named}, posted {each['posting_date']}, {kr(-each['entry_amount'])}, "
        f"{fate}: it settles nothing here now."
    )
    return LedgerRow(
        entry_id=each["entry_id"],
        voucher_no=each["voucher_no"],
        voucher_type=each["voucher_type"],
        posted_on=each["posting_date"],
        amount=Decimal("0.00"),
        entry_amount=each["entry_amount"],
        kind="no_longer",
        reduces=False,
        counts_from=None,
        match_id=each["match_id"],
        known_on=each["booked_on"],
        statements=(Statement("no_longer", text, "§ 2", on=on),),
    )


def _reopening(each: Row) -> Statement:
    of = (
        f"entry {each['entry_id']} (voucher {each['voucher_no']})" if each["entry_id"] else "an entry that is not known"
    )
    cause = {
        "reversed": f"{of} was reversed",
        "refunded": f"the money of {of} was paid out again",
        "deleted": f"{of} is gone from the ledger",
        "unmatched": f"the match with {of} was undone",
    }[each["reason"]]
    settled = "The claim had been settled in full and is a case again" if each["was_settled"] else "More of it is open"
    return Statement(
        "reopened",
        f"On {each['on_date']} it was seen that {cause}: {kr(each['amount'])} is open again. {settled}, at the "
        "step that it "
        "was on and with all its history; no step is sent that day.",
        "§ 2",
        on=each["on_date"],
    )
