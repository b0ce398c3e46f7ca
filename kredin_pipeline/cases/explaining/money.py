"""The sums: what is left of the principal, what of the costs, and how each payment was shared out (rules §§ 2, 4.2, 5).

Belongs here: additions that are shown line by line, from the entries and letters themselves, and held against the
published figures. Not here: interest by period (``interest``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import Allocated, DroppedCosts, LedgerRow, Statement, Sum, SumLine
from kredin_pipeline.cases.explaining.words import kr, listed
from kredin_pipeline.law.interest import BalanceStep, RateSource, interest_to
from kredin_pipeline.law.money import ZERO, to_kroner, to_ore
from kredin_pipeline.law.rates import NO_INTEREST, AgreedRate

ORDERS = {
    "principal_first": "principal, then fees, then interest",
    "costs_first": "fees, then interest, then principal",
}
_LABELS = {
    "credit_note": "credited",
    "reversal": "reversed",
    "payment": "paid",
    "netting": "set off",
    "currency_difference": "exchange difference",
    "rounding": "rounding",
}


def tell_allocations(facts: Facts) -> tuple[Allocated, ...]:
    """How every payment on the case was shared out."""
    surplus = {each["settlement_key"]: each for each in facts.surpluses}
    return tuple(
        _allocated(facts, each, each["order_used"], surplus.get(each["settlement_key"])) for each in facts.allocations
    )


def principal_sum(facts: Facts, ledger_rows: Sequence[LedgerRow]) -> Sum:
    """Principal less what was credited, paid, set off and rounded away, from the entries; against "
    "``principal_open``."""
    costs_first = any(each["order_used"] == "costs_first" for each in facts.allocations)
    taken = {kind: sum((row.amount for row in ledger_rows if row.kind == kind), ZERO) for kind in _LABELS}
    if costs_first:
        taken["payment"] = sum((each["to_principal"] for each in facts.allocations), ZERO)
    lines = [SumLine("principal", facts.claim["principal"])]
    lines += [SumLine(_LABELS[kind], -amount) for kind, amount in taken.items() if amount]
    total = sum((line.amount for line in lines), ZERO)
    if facts.claim["deleted_in_ledger_on"] is not None:
        lines.append(SumLine("gone from the ledger", -total))
        total = ZERO
    elif total < 0:
        lines.append(SumLine("not below zero", -total))
        total = ZERO
    published = facts.row["principal_open"]
    told = [_sum_statement("principal", lines, total, published, "open", "§ 2")]
    if facts.row["written_off"] - taken["rounding"] > 0:
        told.append(
            Statement(
                "write_off_stays_claimed",
                f"{kr(facts.row['written_off'] - taken['rounding'])} of it is written off in the ledger and is "
                "still claimed: "
                f"a write-off does not waive the claim. The ledger's own balance is {kr(facts.row['ledger_balance'])}.",
                "§ 2",
            )
        )
    unexplained = sum((row.amount for row in ledger_rows if row.kind == "unexplained"), ZERO)
    if unexplained:
        told.append(
            Statement(
                "unexplained_stays_open",
                f"{kr(unexplained)} is settled in the ledger without money; it stays open here until a person "
                "says what it was.",
                "§ 2",
            )
        )
    return Sum("principal", tuple(lines), total, published, tuple(told))


def costs_sum(facts: Facts, dropped: DroppedCosts | None) -> Sum:
    """The larger of fees and compensation, and interest, less what was paid and waived; against ``costs_open``."""
    row = facts.row
    fees = sum((each["fee"] for each in facts.letters if each["fee_stands"]), ZERO)
    compensation = row["compensation"]
    lines: list[SumLine] = []
    if fees or compensation:
        label = "fees" if fees >= compensation else "standard compensation (the larger; fees come off it)"
        lines.append(SumLine(label, max(fees, compensation)))
    lines.append(SumLine("interest", row["interest"]))
    for label, column in (("fees paid", "to_fee"), ("interest paid", "to_interest")):
        paid = sum((each[column] for each in facts.allocations), ZERO)
        if paid:
            lines.append(SumLine(label, -paid))
    if row["costs_waived"]:
        lines.append(SumLine("waived", -row["costs_waived"]))
    total = sum((line.amount for line in lines), ZERO)
    if dropped is not None:
        lines.append(SumLine("dropped", -total))
        total = ZERO
    elif total < 0:
        lines.append(SumLine("not below zero", -total))
        total = ZERO
    told = [_sum_statement("costs", lines, total, row["costs_open"], "open", "§ 5")]
    if fees and compensation:
        told.append(
            Statement(
                "larger_of_the_two",
                f"Fees of {kr(fees)} and standard compensation of {kr(compensation)} are deducted from each "
                "other: the larger "
                "is owed, never both.",
                "§ 4.2",
                words.OFFSET,
            )
        )
    elif compensation:
        told.append(
            Statement(
                "compensation",
                f"Standard compensation of {kr(compensation)}: the debtor is a business, and the figure is that of the "
                f"half-year of the due date {facts.claim['due_date']} (setting compensation).",
                "§ 4.2",
                words.COMPENSATION,
            )
        )
    told += [_kept(facts, each) for each in facts.kept]
    if row["costs_waived"]:
        told.append(
            Statement(
                "waived",
                f"{kr(row['costs_waived'])} of costs is waived: never income, never a reason to stay open, and "
                "no loss.",
                "§ 5.6",
            )
        )
    return Sum("costs", tuple(lines), total, row["costs_open"], tuple(told))


def dropped_costs(facts: Facts) -> DroppedCosts | None:
    """Fees and interest that fell away because the claim did: credited in full, gone, or withdrawn; None otherwise."""
    row = facts.row
    reason = row["closed_reason"]
    if row["state"] != "closed" or not facts.money["costs_dropped"] or reason is None:
        return None
    on: date = row["closed_on"] or facts.on
    notes = [each for each in facts.settlements if each["kind"] in ("credit_note", "reversal")]
    credited = reason == "credited" and bool(notes)
    interest = _interest_before_credit(facts, on) if credited else row["interest"]
    interest = max(ZERO, interest - facts.money["interest_paid"] - facts.money["interest_waived"])
    fee_waived = row["costs_waived"] - facts.money["interest_waived"]
    fees = max(ZERO, row["fees"] - facts.money["fee_paid"] - fee_waived)
    compensation = row["compensation"]
    note_no = listed(str(each["own_invoice_no"] or each["voucher_no"]) for each in notes if each["effective_on"] == on)
    if not fees and not interest and not compensation:
        return None
    cause = {
        "credited": f"the claim was credited in full by credit note {note_no or '(entry not named)'}",
        "deleted_in_ledger": "the invoice was found to be gone from the ledger",
    }.get(reason, f"a person closed the case as {words.spoken(reason)}")
    what = [f"fees of {kr(fees)}"] + ([f"compensation of {kr(compensation)}"] if compensation else [])
    return DroppedCosts(
        on=on,
        fees=fees,
        compensation=compensation,
        interest=interest,
        credit_note_no=note_no or None,
        statement=Statement(
            "costs_dropped",
            f"On {on} {cause}: {listed((*what, f'interest of {kr(interest)}'))} are dropped and claimed no more.",
            "§ 2",
            on=on,
        ),
    )


def _interest_before_credit(facts: Facts, on: date) -> Decimal:
    """What interest had come to on ``on`` if the credits of that day had not been given."""
    account = facts.account
    balance = to_ore(facts.claim["principal"])
    steps = [BalanceStep(account["interest_from"], balance)]
    parts = [
        each
        for each in facts.reductions
        if not (each["kind"] in ("credit_note", "reversal") and each["effective_on"] == on)
    ]
    for each in sorted((*parts, *facts.cover), key=lambda part: part["counts_on"]):
        balance -= to_ore(each["amount"])
        steps.append(BalanceStep(each["counts_on"], balance))
    rates: RateSource = {
        "statutory": facts.law.rates,
        "agreed": AgreedRate(facts.parameters["interest_rate_bp"] or 0),
    }.get(account["accrual"], NO_INTEREST)
    return to_kroner(interest_to(steps, rates, max(on, account["interest_from"])).ore)


def _allocated(facts: Facts, each: Row, order: str, surplus: Row | None) -> Allocated:
    parts = [
        f"{kr(each[column])} to {label}"
        for column, label in (
            ("to_fee", "fees"), ("to_interest", "interest"), ("to_principal", "principal"),
            ("to_credit", "the customer's credit"),
        )
        if each[column]
    ]  # fmt: skip
    text = f"The payment of entry {each['settlement_key']} went: {listed(parts)} (order: {ORDERS[order]})."
    if surplus is not None:
        text += f" {kr(surplus['amount'])} of it was more than the principal."
        if each["to_credit"] and each["effective_on"] < facts.parameters["connected_on"]:
            text += (
                f" It came before the company was connected on {facts.parameters['connected_on']}: nothing had "
                "been claimed, "
                "so the rest is the customer's credit."
            )
    rule = "§ 5.3" if surplus is not None else "§ 5.1"
    return Allocated(
        settlement_key=each["settlement_key"],
        on=each["effective_on"],
        order=order,
        to_fee=each["to_fee"],
        to_interest=each["to_interest"],
        to_principal=each["to_principal"],
        to_credit=each["to_credit"],
        statement=Statement("allocated", text, rule, on=each["effective_on"]),
    )


def _kept(facts: Facts, each: Row) -> Statement:
    waived = facts.money["interest_waived"]
    text = (
        f"What the letter of {each['sent_on']} asked was paid by its deadline and the days of grace, on "
        f"{each['kept_on']}"
    )
    text += f": nothing more is owed, and {kr(waived)} of interest since that letter is waived." if waived else "."
    return Statement("kept_letter", text, "§ 4.6", on=each["kept_on"])


def _sum_statement(
    about: str, lines: Sequence[SumLine], total: Decimal, published: Decimal, word: str, rule: str
) -> Statement:
    first, *rest = lines
    shown = words.plain(first.amount) + f" {first.label}"
    for line in rest:
        sign = "−" if line.amount < 0 else "+"
        shown += f" {sign} {words.plain(abs(line.amount))} {line.label}"
    text = f"{shown} = {words.plain(total)} {word}."
    if total != published:
        text += f" THIS IS NOT the published figure of {kr(published)}: a fault, to be reported."
    return Statement(about, text, rule)
