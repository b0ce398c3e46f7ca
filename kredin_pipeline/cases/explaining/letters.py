"""The letters that left with the claim, and why each fee was what it was; and the vouchers (rules §§ 4, 5.4).

Not here: which step comes next (``steps``). The reason of a fee is the law module's own, computed again for the day of
sending; where that gives another amount than the letter charged, it is said, for the letter is what the debtor got.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, cast, get_args

from kredin_pipeline.cases.decision_log import as_day
from kredin_pipeline.cases.decision_words import outcome
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import LetterTold, Statement, VoucherTold
from kredin_pipeline.cases.explaining.words import kr, listed
from kredin_pipeline.law import fees
from kredin_pipeline.law.calendar import deadline, next_business_day
from kredin_pipeline.law.money import ZERO
from kredin_pipeline.law.rates import COLLECTION_RATE, NEW_ACT_LETTER_FEE, NoRate

FREE: Final[dict[str, tuple[str, str | None]]] = {
    "free_step": ("this letter never carries a fee", None),
    "minor": ("no fee is ever charged on a claim against a minor", None),
    "customer_without_fees": ("the customer has no fees (late payment fees are off on the customer's card)", None),
    "dispute": ("an objection was open, or was found right even in part", words.NECESSARY_COSTS),
    "set_to_zero": ("the company's own setting for this step is 0", None),
    "earlier_than_14_days": ("it left earlier than 14 days after the due date", words.FLAT_FEES),
    "two_fees_in_six_months": ("two small fees had been charged within the last six months", words.NUMBER_OF_FEES),
    "demand_fee_in_six_months": (
        "a demand's fee had been charged within the last six months", words.NUMBER_OF_FEES,
    ),
    "no_missed_deadline": (
        "no earlier letter's deadline of 14 days or more had been missed", words.NUMBER_OF_FEES,
    ),
    "new_act_without_figure": ("no figure of the new act's regulation is stored", words.NEW_ACT),
}  # fmt: skip


@dataclass(frozen=True)
class _Reason:
    """Why a letter's fee was what it was: the law module's word, a sentence, and the statute."""

    word: str
    text: str
    statute: str | None


def tell_letters(facts: Facts) -> tuple[LetterTold, ...]:
    """Every letter that left with this claim in it, oldest first."""
    return tuple(_letter(facts, each) for each in facts.letters)


def tell_vouchers(facts: Facts) -> tuple[VoucherTold, ...]:
    """Our own fee-and-interest vouchers for settlements of this case."""
    return tuple(_voucher(each) for each in facts.vouchers)


def due_date_on(facts: Facts, day: date) -> date:
    """The agreed due date as it was known on a day."""
    due: date = facts.claim["original_due_date"]
    for said in facts.decisions:
        if said["kind"] in ("new_due_date", "due_date") and said["case_id"] == facts.case_id:
            moved = next((as_day(said["payload"][key]) for key in ("due", "due_date", "new_due_date", "until")
                          if said["payload"].get(key)), None)  # fmt: skip
            if moved is not None and said["effective_on"] <= day:
                due = moved
    return due


def _letter(facts: Facts, each: Row) -> LetterTold:
    reason = _fee_reason(facts, each)
    others = tuple(each["with_cases"] or ())
    return LetterTold(
        letter_key=each["letter_key"],
        step=each["step"],
        channel=each["channel"],
        sent_on=each["sent_on"],
        deadline=each["deadline"],
        principal=each["principal"],
        interest=each["interest"] or ZERO,
        total=each["total"],
        fee=each["fee"],
        fee_reason=reason.word,
        fee_stands=bool(each["fee_stands"]),
        with_cases=others,
        statements=(
            _sent(facts, each),
            _fee(each, reason),
            *_shared(facts, each),
            *_withdrawn(facts, each),
            *_of_an_earlier_round(facts, each),
        ),
    )  # fmt: skip


def _sent(facts: Facts, each: Row) -> Statement:
    step, sent, last = str(each["step"]), each["sent_on"], each["deadline"]
    set_days = next((row["deadline_days"] for row in facts.steps if row["step"] == step), None)
    counted = ""
    if set_days is not None and deadline(sent, set_days) == last:
        counted = f", {words.days(set_days)} after sending"
        if (last - sent).days != set_days:
            counted += " and moved on to a business day"
    by = f" by {each['channel']}" if each["channel"] else ""
    text = (
        f"The {words.step(step)} left on {sent}{by}. It asked for {kr(each['total'])} "
        f"(principal {kr(each['principal'])}, interest {kr(each['interest'] or ZERO)}) by {last}{counted}."
    )
    return Statement("letter", text, "§ 4.3", words.STEP_STATUTES.get(step), on=sent)


def _fee(each: Row, reason: _Reason) -> Statement:
    text = f"Fee of this claim in that letter {kr(each['fee'])}: {reason.text}."
    return Statement("fee", text, "§ 4.2", reason.statute, on=each["sent_on"])


def _shared(facts: Facts, each: Row) -> list[Statement]:
    others = [str(name) for name in each["with_invoices"] or ()]
    if not others:
        return []
    merged = {row["case_id"] for row in facts.merged}.issuperset(each["with_cases"])
    why = "a person merged them" if merged else "claims that can be asked for together are"
    text = (
        f"One letter for {len(others) + 1} claims of this debtor, this one and "
        f"{listed(f'invoice {no}' for no in others)}, with "
        f"one fee, kept on invoice {each['borne_by']}: {why}."
    )
    return [Statement("shared_letter", text, "§ 7" if merged else "§ 4.3", words.NECESSARY_COSTS, on=each["sent_on"])]


def _withdrawn(facts: Facts, each: Row) -> list[Statement]:
    if each["fee_stands"] or not each["bears_fee"] or not each["fee"]:
        return []
    restarted, upheld = facts.account["restarted_on"], facts.account["upheld_on"]
    words_on_fees = [
        said
        for said in facts.decisions
        if said["kind"] in ("withdraw_fee", "paid_in_time")
        and said["case_id"] == facts.case_id
        and said["payload"].get("step") in (None, each["step"])
        and said["payload"].get("letter_key") in (None, each["letter_key"])
        and each["sent_on"] <= said["effective_on"]
    ]
    statute: str | None = words.NECESSARY_COSTS
    if words_on_fees:
        said = words_on_fees[-1]
        because = "it was paid in time" if said["kind"] == "paid_in_time" else "a person withdrew it"
        on, rule, statute = said["effective_on"], "§ 7", None
        cause = f"{because} ({said['decided_by']}, {on})"
    elif upheld is not None and each["sent_on"] <= upheld:
        on, rule, cause = upheld, "§ 4.2", f"the objection was found right on {upheld}, even if only in part"
    elif restarted is not None:
        on, rule, statute = restarted, "§ 4.8", words.FLAT_FEES
        cause = f"a new due date was agreed on {restarted}, and the letter is earlier than that date + 14 days"
    else:
        on, rule, statute, cause = each["sent_on"], "§ 4.2", None, "it is not owed any more"
    return [Statement("fee_withdrawn", f"The fee of {kr(each['fee'])} is withdrawn: {cause}.", rule, statute, on=on)]


def _of_an_earlier_round(facts: Facts, each: Row) -> list[Statement]:
    if each["counts"]:
        return []
    text = (
        f"The letter of {each['sent_on']} is of before the new due date {facts.claim['due_date']}: the steps "
        "began anew."
    )
    return [Statement("step_of_before", text, "§ 4.8")]


def _fee_reason(facts: Facts, each: Row) -> _Reason:
    if not each["bears_fee"]:
        return _Reason(
            "borne_by_another_claim",
            f"the letter's one fee stands on invoice {each['borne_by']}",
            words.NECESSARY_COSTS,
        )
    sent, charged = each["sent_on"], Decimal(each["fee"])
    step = cast(fees.Step, each["step"])
    setting = next((row for row in facts.steps if row["step"] == step), None)
    own = None if setting is None or setting["fee_is_maximum"] else Decimal(setting["fee"] or 0)
    due = due_date_on(facts, sent)
    charge = fees.Charge(
        due_date=due,
        counted_due_date=next_business_day(due) if facts.parameters["due_date_shift"] else due,
        minor=bool(facts.debtor.get("is_minor")),
        no_fees=bool(facts.debtor.get("no_fees")),
        dispute=_dispute_on(facts, sent),
        setting=own,
        new_act_from=facts.parameters["inkassolov_2026_from"],
    )
    try:
        found = fees.letter_fee(step, sent, charge, _earlier(facts, each, sent), facts.law.fees)
        if found.amount == charged:
            if found.reason != "charged":
                text, statute = FREE[found.reason]
                return _Reason(found.reason, text, statute)
            return _Reason("charged", *_charged(facts, step, due, sent, own, charged))
    except NoRate:
        pass
    if charged:
        return _Reason(
            "charged", "as charged when it left, under the settings and the debtor's data of that day", words.FLAT_FEES
        )
    return _Reason(
        "as_sent", "none was charged when it left, under the settings and the debtor's data of that day", None
    )


def _charged(
    facts: Facts, step: fees.Step, due: date, sent: date, own: Decimal | None, charged: Decimal
) -> tuple[str, str]:
    """How the legal maximum of the sending day comes about."""
    table, new_act = facts.law.fees, facts.parameters["inkassolov_2026_from"]
    if new_act is not None and sent >= new_act:
        return f"the new act's letter fee on {sent}, {kr(table.amount(NEW_ACT_LETTER_FEE, sent))}", words.NEW_ACT
    parts = {"payment_demand": 3}.get(step, 1) * (2 if due < fees.HALVED_FROM else 1)
    rate = table.amount(COLLECTION_RATE, sent)
    maximum = fees.legal_maximum(step, due, sent, table)
    exact = (rate * parts / 20).quantize(ZERO)
    text = f"{parts}/20 of the collection rate (inkassosats) of {kr(rate.quantize(ZERO))} in force on {sent}"
    if exact != maximum:
        text += f" = {words.plain(exact)}, rounded to whole kroner"
    text += f" = {kr(maximum)}, the legal maximum"
    if due < fees.HALVED_FROM:
        text += f" for a claim due before {fees.HALVED_FROM}"
    if own is not None and charged < maximum:
        text += f"; the company's own setting is lower, {kr(charged)}"
    statute = words.NUMBER_OF_FEES if step == "payment_demand" else words.FLAT_FEES
    return text, statute


def _earlier(facts: Facts, each: Row, sent: date) -> list[fees.Letter]:
    """The letters before this one as they counted then: of the case, or of all that are merged with it."""
    merged = bool(facts.merged) and len(facts.letters_of_group) > len(facts.letters)
    kept = {(row["case_id"], row["sent_on"]) for row in facts.kept}
    found = {
        fees.Letter(
            cast(fees.Step, row["step"]),
            row["sent_on"],
            row["deadline"],
            Decimal(row["fee"]) if row["fee_stands"] or _withdrawn_later(facts, row, sent) else ZERO,
            (row["case_id"], row["sent_on"]) in kept,
        )
        for row in (facts.letters_of_group if merged else facts.letters)
        if row["sent_on"] < sent and row["counts"] == each["counts"]
    }
    return sorted(found, key=lambda letter: (letter.sent_on, letter.step))


def _withdrawn_later(facts: Facts, row: Row, sent: date) -> bool:
    """Whether the fee of an earlier letter still stood on the day when this one left."""
    if not row["bears_fee"] or not row["fee"]:
        return False
    said = [each["effective_on"] for each in facts.decisions if each["kind"] in ("withdraw_fee", "paid_in_time")]
    upheld, restarted = facts.account["upheld_on"], facts.account["restarted_on"]
    days = [day for day in (*said, upheld, restarted) if day is not None and day >= row["sent_on"]]
    return bool(days) and min(days) >= sent


def _dispute_on(facts: Facts, day: date) -> fees.Dispute:
    """What had become of an objection on a day."""
    settled = [
        said
        for said in facts.decisions
        if said["kind"] == "settle_dispute" and said["case_id"] == facts.case_id and said["effective_on"] <= day
    ]
    if not settled:
        return "none"
    return "upheld" if any(outcome(said["payload"]) != "refused" for said in settled) else "refused"


def _voucher(each: Row) -> VoucherTold:
    state = str(each["state"])
    named = f"voucher {each['voucher_no']}" if each["voucher_no"] else "voucher (number pending)"
    parts = [
        f"{label} {kr(each[column])}" for label, column in (("fee", "fee"), ("interest", "interest")) if each[column]
    ]
    dated = f" dated {each['posting_date']}" if each["posting_date"] else ""
    text = (
        f"Our {named} of {kr(each['total'])} ({listed(parts)}){dated}, for the settlement by entry "
        f"{each['settlement_key']}: "
        f"{words.spoken(state)}" + (", and reversed since" if each["reversed"] else "") + ". Income without VAT."
    )
    return VoucherTold(
        voucher_key=each["voucher_key"],
        settlement_key=each["settlement_key"],
        state=state,
        reversed=bool(each["reversed"]),
        voucher_no=each["voucher_no"],
        reference=each["reference"],
        posting_date=each["posting_date"],
        fee=each["fee"],
        interest=each["interest"],
        total=each["total"],
        statement=Statement("voucher", text, "§ 5.4", words.VAT_FREE_COSTS, on=each["posting_date"]),
    )


_REASONS: Final = frozenset(get_args(fees.Reason)) - {"charged"}
assert frozenset(FREE) == _REASONS, "a reason for charging nothing has no words"
