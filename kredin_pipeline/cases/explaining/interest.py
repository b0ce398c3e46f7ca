"""Late interest in words: every period, why it begins, where its rate comes from, and the one rounding (rules § 3).

Not here: the calculation itself (``sql/50_interest.sql``). Its rows are added up again here, to show that they give the
published figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import InterestPeriodTold, InterestTold, Statement
from kredin_pipeline.cases.explaining.words import kr, plain
from kredin_pipeline.law.interest import DENOMINATOR
from kredin_pipeline.law.money import ZERO, divide_half_up, to_kroner
from kredin_pipeline.law.rates import NoRate

SIX_DECIMALS = 10_000


def tell_interest(facts: Facts) -> InterestTold:
    """The periods, their exact sum rounded half up once, and the published interest beside it."""
    periods = tuple(_period(facts, at) for at in range(len(facts.periods)))
    numerator = sum(each.numerator for each in periods)
    rounded = to_kroner(divide_half_up(numerator, DENOMINATOR))
    shown_sum = sum((each.shown for each in periods), ZERO)
    stopped, told = _end(facts, periods)
    return InterestTold(
        periods=periods,
        runs_from=facts.account["interest_from"],
        until=facts.account["interest_until"],
        stopped_because=stopped,
        exact_sum=_exact(numerator),
        rounded=rounded,
        shown_sum=shown_sum,
        published=facts.row["interest"],
        provisional=facts.row["provisional"],
        statements=(_begin(facts), *told, *_sum(facts, periods, rounded, shown_sum)),
    )


def _period(facts: Facts, at: int) -> InterestPeriodTold:
    row = facts.periods[at]
    numerator = int(row["numerator"])
    return InterestPeriodTold(
        from_date=row["from_date"],
        to_date=row["to_date"],
        days=row["days"],
        rate_percent=row["rate_percent"],
        year_days=row["year_days"],
        base=row["base"],
        exact=_exact(numerator),
        shown=to_kroner(divide_half_up(numerator, DENOMINATOR)),
        numerator=numerator,
        began=_began(facts, row, facts.periods[at - 1] if at else None),
        source=_source(facts, row),
    )


def _exact(numerator: int) -> Decimal:
    """Kroner with six decimals of øre over the common denominator."""
    return Decimal(divide_half_up(numerator * SIX_DECIMALS, DENOMINATOR)).scaleb(-6)


def _began(facts: Facts, row: Row, before: Row | None) -> str:
    day: date = row["from_date"]
    causes: list[str] = []
    changed = [each for each in facts.reductions if each["counts_on"] == day]
    if before is None:
        causes.append("interest begins" if day == facts.account["interest_from"] else "the principal is open again")
    elif row["base"] != before["base"]:
        named = words.listed(f"{_kind(each)} of {kr(each['amount'])}" for each in changed)
        if named:
            causes.append(f"the principal is smaller: {named}")
        cover = sum((each["amount"] for each in facts.cover if each["counts_on"] == day), ZERO)
        if cover:
            causes.append(f"the customer's own credit covers {kr(abs(cover))} {'more' if cover > 0 else 'less'} of it")
    if before is not None and row["rate_percent"] != before["rate_percent"]:
        causes.append(f"the rate of the half-year from {day}")
    elif before is not None and day.month == day.day == 1 and not causes:
        causes.append("a new year" if row["year_days"] == before["year_days"] else f"a year of {row['year_days']} days")
    return "; ".join(causes) or f"the half-year from {day}, at the same rate"


def _source(facts: Facts, row: Row) -> str:
    if facts.account["accrual"] != "statutory":
        return "agreed with the debtor, a business (setting interest)"
    try:
        found = facts.law.rates.row_on(row["from_date"])
    except NoRate:
        return "a rate that was stored when the day was derived"
    return f"{found.source or 'stored rate'} (confidence {found.confidence})"


def _begin(facts: Facts) -> Statement:
    account, claim = facts.account, facts.claim
    if account["accrual"] == "none":
        cause = (
            "the customer has no interest (late payment interest is off on the customer's card)"
            if facts.debtor.get("no_interest")
            else "the setting interest is none"
        )
        return Statement("no_interest", f"No interest is claimed: {cause}. Fees stand.", "§ 3")
    first: date = account["interest_from"]
    text = (
        f"Interest runs from {first}, the due date that counts: the day from d to d + 1 has the rate and the year of d"
    )
    if first > claim["counted_due_date"]:
        said = [each for each in facts.decisions if each["kind"] == "interest_from"]
        who = f" by {said[-1]['decided_by']} on {said[-1]['effective_on']}" if said and said[-1]["decided_by"] else ""
        text = f"Interest runs from {first} and not from the due date {claim['counted_due_date']}: so decided{who}"
    rate = (
        f" It is the agreed rate of {plain(Decimal(facts.parameters['interest_rate_bp'] or 0) / 100)} % a year."
        if account["accrual"] == "agreed"
        else " It is simple interest at the statutory rate, on the principal alone, never on interest or fees."
    )
    return Statement("interest_begins", f"{text}.{rate}", "§ 3", words.LATE_INTEREST)


def _end(facts: Facts, periods: Sequence[InterestPeriodTold]) -> tuple[str | None, list[Statement]]:
    account, row = facts.account, facts.row
    if account["accrual"] == "none":
        return "no interest is claimed", []
    told: list[Statement] = []
    stopped: str | None = None
    last = periods[-1].to_date if periods else account["interest_from"]
    until: date = account["interest_until"]
    if row["provisional"] and last < until:
        stopped = f"no rate is stored for {last}"
        told.append(
            Statement(
                "provisional",
                f"No rate is stored for {last}, so the interest is computed to that day and is provisional; no "
                "letter, fee or "
                "voucher leaves on it. The last known rate is never rolled forward.",
                "§ 3",
                words.INTEREST_RATE,
                on=last,
            )
        )
    elif account["interest_from"] > facts.on:
        told.append(Statement("interest_not_yet", f"It does not run yet on {facts.on}.", "§ 3"))
        return None, told
    elif _bears(facts) <= 0:
        stopped = _why_nothing_bears(facts, last)
    elif until < facts.on or until in (account["closed_on"], facts.claim["deleted_in_ledger_on"]):
        stopped = _why_until(facts, until)
    if stopped and not told:
        told.append(Statement("interest_stopped", f"Interest stopped on {last}: {stopped}.", "§ 3", on=last))
    elif not stopped:
        told.append(Statement("interest_runs", f"Interest is shown to {until} and runs on.", "§ 3"))
    return stopped, told


def _bears(facts: Facts) -> Decimal:
    """What of the principal bears interest on the day: less what settled it, unexplained too, and the "
    "customer's credit."""
    taken = sum((each["amount"] for each in (*facts.reductions, *facts.cover)), ZERO)
    return facts.claim["principal"] - taken


def _why_until(facts: Facts, until: date) -> str:
    if facts.claim["deleted_in_ledger_on"] == until:
        return "the invoice was gone from the ledger"
    if facts.account["closed"] and facts.account["closed_on"] == until:
        return "a person closed the case"
    return "bankruptcy was opened that day (rules § 6)"


def _why_nothing_bears(facts: Facts, last: date) -> str:
    settling = [each for each in facts.reductions if each["counts_on"] == last]
    if not facts.periods and not settling and facts.row["principal_open"] == 0:
        return "the principal was settled by the due date"
    named = words.listed(f"{_kind(each)} of {kr(each['amount'])} dated {each['effective_on']}" for each in settling)
    if facts.row["principal_open"] > 0 and any(each["kind"] == "unexplained" for each in facts.reductions):
        return f"{named or 'an unexplained entry'}; nobody has said yet what the unexplained part was"
    if facts.row["principal_open"] > 0:
        return "the customer's own credit covers what is open"
    return f"the principal was settled by {named}" if named else "the principal was settled"


def _kind(reduction: Row) -> str:
    return "unexplained settlement" if reduction["kind"] == "unexplained" else words.spoken(str(reduction["kind"]))


def _sum(facts: Facts, periods: Sequence[InterestPeriodTold], rounded: Decimal, shown_sum: Decimal) -> list[Statement]:
    published = facts.row["interest"]
    if not periods and published == rounded:
        return []
    exact = _exact(sum(each.numerator for each in periods))
    text = f"The exact amounts come to {exact:f} and are rounded once, half up: {kr(rounded)}. "
    text += (
        "That is the published interest."
        if rounded == published
        else f"THIS IS NOT the published interest of {kr(published)}: a fault, to be reported."
    )
    told = [Statement("interest_sum", text, "§ 3", words.INTEREST_RATE)]
    if shown_sum != rounded:
        told.append(
            Statement(
                "lines_rounded_apart",
                f"The lines as shown, each rounded by itself, come to {plain(shown_sum)}; the claim rounds "
                "once, and no line "
                "is changed to make them agree.",
                "§ 3",
            )
        )
    return told
