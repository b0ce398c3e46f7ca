"""The claim itself: the invoice, its due dates and why they moved, and since when it is a case (rules §§ 1, 3, 4.8).

Not here: what happened to it.
"""

from __future__ import annotations

from datetime import date, timedelta

from kredin_pipeline.cases.decision_log import as_day
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import Claim, Statement
from kredin_pipeline.cases.explaining.words import kr


def tell_claim(facts: Facts) -> Claim:
    """The claim with the arithmetic of its due dates."""
    claim = facts.claim
    off = words.why_off(claim["due_date"])
    since, told_since = _case_since(facts)
    return Claim(
        invoice_no=claim["invoice_no"],
        voucher_id=claim["voucher_id"],
        entry_id=claim["entry_id"],
        invoice_date=claim["invoice_date"],
        principal=claim["principal"],
        currency=claim["currency"],
        currency_amount=claim["currency_amount"],
        original_due_date=claim["original_due_date"],
        due_date=claim["due_date"],
        counted_due_date=claim["counted_due_date"],
        moved_because=off if claim["counted_due_date"] != claim["due_date"] else None,
        case_since=since,
        debtor_kind=claim["debtor_kind"],
        statements=(_invoice(facts), *_due(facts), told_since, *_debtor(facts), *_gone(facts)),
    )


def agreement(facts: Facts) -> Row | None:
    """The newest decision that moved the due date; None when none did."""
    said = [each for each in facts.decisions if each["kind"] in ("new_due_date", "due_date")]
    mine = [each for each in said if each["case_id"] == facts.case_id]
    return mine[-1] if mine else None


def _invoice(facts: Facts) -> Statement:
    claim = facts.claim
    text = (
        f"Invoice {claim['invoice_no'] or '(without a number)'} of {claim['invoice_date']} to "
        f"{claim['customer_name'] or 'the customer'} (customer {claim['customer_no']}) for {kr(claim['principal'])}, "
        f"due on {claim['original_due_date']}; ledger entry {claim['entry_id']}."
    )
    if claim["currency"] != "NOK":
        text += f" It was made out in {claim['currency']}: {words.plain(claim['currency_amount'])} {claim['currency']}."
    return Statement("invoice", text, "§ 1.1")


def _due(facts: Facts) -> list[Statement]:
    claim, told = facts.claim, list[Statement]()
    moved = agreement(facts)
    if moved is not None and claim["due_date"] != claim["original_due_date"]:
        told.append(
            Statement(
                "due_date_agreed",
                f"{moved['decided_by'] or 'A person'} recorded on {moved['effective_on']} that a new due date "
                "was agreed: "
                f"{claim['due_date']} in place of {claim['original_due_date']}. Interest and letters start anew "
                "from it; "
                "both dates are kept, and limitation stays with the first.",
                "§ 4.8",
            )
        )
    due, counted = claim["due_date"], claim["counted_due_date"]
    if counted != due:
        told.append(
            Statement(
                "due_date_moved",
                f"{words.moved(due, counted)} (setting due_date_shift).",
                "§ 3",
                words.DUE_ON_A_DAY_OFF,
            )
        )
    elif words.why_off(due) is not None:
        told.append(
            Statement(
                "due_date_not_moved",
                f"{due} is {words.why_off(due)}; it counts all the same, because the setting due_date_shift is off.",
                "§ 3",
            )
        )
    return told


def _case_since(facts: Facts) -> tuple[date, Statement]:
    claim, parameters = facts.claim, facts.parameters
    wait, overdue_on, connected = parameters["days_past_due"], claim["overdue_on"], parameters["connected_on"]
    first = max(overdue_on, connected) if facts.on >= connected else overdue_on
    opened: date | None = as_day(facts.opened.get("opened_on")) if claim["in_journal"] else None
    since = opened or first
    text = (
        f"It is a case since {since}: the first day that is {words.days(wait)} or more after the due date, "
        f"{overdue_on}, and on which something of it was open (setting days_past_due = {wait})"
    )
    if overdue_on != claim["counted_due_date"] + timedelta(days=wait):
        text += "; the agreement about a later due date came after that day and does not undo the case"
    if since > overdue_on:
        text += f". That day it was first seen by a run; the company was connected on {connected}"
    return since, Statement("became_a_case", text + ".", "§ 1.2", on=None)


def _debtor(facts: Facts) -> list[Statement]:
    claim = facts.claim
    if claim["debtor_changed"]:
        return [
            Statement(
                "debtor_changed",
                f"The customer's organisation number in the ledger is another one now; the claim was made against "
                f"{claim['orgnr']} and stays there.",
                "§ 6",
            )
        ]
    return []


def _gone(facts: Facts) -> list[Statement]:
    gone = facts.claim["deleted_in_ledger_on"]
    if gone is None:
        return []
    return [
        Statement(
            "deleted_in_ledger",
            f"On {gone} the invoice was found to be gone from the ledger; nothing is claimed on it any more.",
            "§ 2",
            on=gone,
        )
    ]
