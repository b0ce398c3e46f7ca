"""How long the claim can be claimed, when its loss may be deducted, and what the books want then (rules § 8).

Not here: warnings (``standing``), or any posting: the loss is guidance for the bookkeeper.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kredin_pipeline.cases import loss_guidance
from kredin_pipeline.cases.decision_log import as_day
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts
from kredin_pipeline.cases.explaining.shapes import LedgerRow, Limitation, Loss, Statement
from kredin_pipeline.cases.explaining.words import kr, plain
from kredin_pipeline.law.calendar import add_months
from kredin_pipeline.law.limitation import YEARS, YEARS_OF_A_JUDGMENT, Interruption, InterruptionKind, limitation_date
from kredin_pipeline.law.money import ZERO

KINDS: dict[str, InterruptionKind] = {
    "acknowledgement": "acknowledgement",
    "conciliation_complaint": "conciliation_complaint",
    "enforcement_petition": "enforcement_petition",
    "no_binding_decision": "no_binding_decision",
    "judgment": "judgment",
}
GROUNDS = {
    "six_months_three_reminders": "six months have passed since the due date and at least three letters have "
    "asked for it",
    "enforcement_in_vain": "enforcement was in vain",
    "insolvency": "the debtor is insolvent, as a person recorded when closing the case",
    "unrecoverable": "the claim is clearly unrecoverable",
}


def tell_limitation(facts: Facts) -> Limitation:
    """The last day, from the due date as agreed first and every interruption in turn."""
    due: date = facts.claim["original_due_date"]
    last = limitation_date(due)
    told = [_from_due(due, last)]
    if facts.claim["due_date"] != due:
        told.append(
            Statement(
                "limitation_not_moved",
                f"The due date agreed later ({facts.claim['due_date']}) does not move it, unless the debtor "
                "acknowledged the claim.",
                "§ 4.8",
            )
        )
    events = _interruptions(facts)
    for at, (event, what) in enumerate(events):
        before, last = last, limitation_date(due, [found for found, _ in events[: at + 1]])
        years = YEARS_OF_A_JUDGMENT if event.kind == "judgment" else YEARS
        moved = (
            f"starts {years} new years: the last day is {last}"
            if last != before
            else f"changes nothing: the last day stays {last}"
        )
        if last == before and event.on > before:
            moved = f"came after the last day {before} and changes nothing"
        statute = words.ACKNOWLEDGED if event.kind == "acknowledgement" else words.LEGAL_STEPS
        told.append(Statement("interruption", f"{what} on {event.on} {moved}.", "§ 8", statute, on=event.on))
    if facts.letters:
        told.append(Statement("letters_move_nothing", "Reminders, notices and demands move nothing.", "§ 8"))
    published: date = facts.row["limitation_date"]
    if last != published:
        told.append(
            Statement(
                "limitation_differs", f"THIS IS NOT the published day {published}: a fault, to be reported.", "§ 8"
            )
        )
    return Limitation(last, published, tuple(told))


def tell_loss(facts: Facts, ledger_rows: tuple[LedgerRow, ...], vat_rate: Decimal) -> Loss | None:
    """What the loss comes to in the books; None for a claim that is neither written off nor deductible nor "
    "waived of costs."""
    row = facts.row
    ground, waived = row["loss_ground"], row["costs_waived"]
    recovered = sum((each.amount for each in ledger_rows if any(s.about == "recovery" for s in each.statements)), ZERO)
    written_off = sum((each.amount for each in ledger_rows if each.kind == "write_off"), ZERO)
    lost = loss_guidance.principal_lost(written_off, row["principal_open"], ground)
    if ground is None and not written_off and not (waived and row["state"] == "closed"):
        return None
    entry, back = loss_guidance.loss_entry(lost, vat_rate), loss_guidance.recovery_entry(recovered, vat_rate)
    left = loss_guidance.loss_left(lost, recovered, vat_rate)
    sales = loss_guidance.sales_to_cover(left, facts.parameters["contribution_margin"])
    told: list[Statement] = []
    if ground is not None:
        told.append(
            Statement("loss_ground", f"The loss may be deducted: {GROUNDS[ground]} ({ground}).", "§ 8", words.TAX_LOSS)
        )
    elif written_off:
        told.append(
            Statement(
                "no_loss_ground",
                "The ledger has written it off, but no ground to deduct the loss is recorded yet.",
                "§ 8",
                words.TAX_LOSS,
            )
        )
    if lost:
        told.append(
            Statement(
                "loss_entry",
                f"As a final loss of {kr(lost)}: loss (7830) {plain(entry.loss)}, output VAT "
                f"{plain(-entry.output_vat)}, customers "
                f"(1500) {plain(entry.customers)}. Counted with {plain(vat_rate.normalize())} % VAT; the rate "
                "must be the "
                "invoice's own. Fees and interest that were never paid take no part. We post nothing.",
                "§ 8",
                words.VAT_LOSS,
            )
        )
    else:
        told.append(Statement("no_loss", "Loss 0.00 kr: no principal is lost.", "§ 8"))
    if recovered:
        told.append(_recovery(back))
    if left and sales is not None:
        told.append(_sales(left, facts.parameters["contribution_margin"], sales))
    if waived:
        told.append(
            Statement(
                "waived_is_no_loss",
                f"{kr(waived)} of costs is waived; it was never income, so it is no loss.",
                "§ 5.6",
            )
        )
    return Loss(
        ground=ground,
        principal_lost=lost,
        vat_rate=vat_rate,
        loss=entry.loss,
        output_vat=entry.output_vat,
        recovered=recovered,
        costs_waived=waived,
        sales_to_cover=sales,
        statements=tuple(told),
    )


def _sales(loss: Decimal, margin: Decimal, sales: Decimal) -> Statement:
    share = plain(
        (margin * 100).normalize().quantize(Decimal(1)) if margin * 100 == int(margin * 100) else margin * 100
    )
    text = (
        f"Sales needed to cover the loss: {plain(loss)} ÷ {share} % (setting contribution_margin) = "
        f"{kr(sales)}, without VAT."
    )
    return Statement("sales_to_cover", text, "§ 8")


def _recovery(back: loss_guidance.RecoveryEntry) -> Statement:
    return Statement(
        "recovery_entry",
        f"{kr(back.bank)} came after the write-off: income {plain(back.income)}, output VAT {plain(back.output_vat)}. "
        "Reverse the write-off in the ledger and match the payment there: that books it, and we post nothing of it.",
        "§ 2",
        words.VAT_LOSS,
    )


def _from_due(due: date, last: date) -> Statement:
    plain_day = add_months(due, 12 * YEARS)
    text = f"Due date {due} as first agreed, not shifted, + {YEARS} years = {plain_day}"
    if last != plain_day:
        text += f"; {words.moved(plain_day, last)}"
    statute = words.LIMITATION if last == plain_day else f"{words.LIMITATION}, 29"
    return Statement("limitation", f"{text}: the claim can be made until {last}.", "§ 8", statute)


def _interruptions(facts: Facts) -> list[tuple[Interruption, str]]:
    """What may have started a new period, in the order of time, each with its name."""
    found: list[tuple[Interruption, str]] = []
    for said in facts.decisions:
        if said["kind"] not in ("acknowledge", "legal") or said["case_id"] != facts.case_id:
            continue
        on = as_day(said["payload"].get("date")) or said["effective_on"]
        name = "acknowledgement"
        if said["kind"] == "legal":
            name = str(said["payload"].get("legal") or said["payload"].get("kind"))
        kind = KINDS.get(name)
        if kind is not None:
            found.append((Interruption(on, kind), f"The {words.spoken(name)}"))
    if facts.parameters["part_payment_acknowledges"]:
        found += [
            (Interruption(each["effective_on"]), "A payment (setting part_payment_acknowledges)")
            for each in facts.settlements
            if each["kind"] == "payment"
        ]
    return sorted(found, key=lambda pair: pair[0].on)
