"""The next step of the course and the arithmetic of its day (rules §§ 4.1, 4.3, 4.7, 7).

Not here: the letters that left (``letters``). The day was found by ``sql/80_steps.sql``; it is counted here once more
to show how, and where the two differ (a merge waits for the slowest of its claims) that is what is said.
"""

from __future__ import annotations

from datetime import date, timedelta

from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts
from kredin_pipeline.cases.explaining.shapes import NextStep, Statement
from kredin_pipeline.cases.explaining.words import listed
from kredin_pipeline.law.calendar import next_business_day
from kredin_pipeline.law.fees import EARLIEST_FEE

HOLDS_OF_LEGAL_STEPS_ONLY = ("unknown_register",)


def tell_next_step(facts: Facts) -> NextStep:
    """The next step, its day and how that was counted; or why there is none."""
    step, on = facts.row["next_step"], facts.row["next_step_on"]
    if step is None or on is None:
        return NextStep(None, None, (_why_none(facts),))
    told = [_counted(facts, str(step), on)]
    if step == "enforcement_notice":
        told.append(
            Statement(
                "new_act",
                f"On that day the act of 2026 applies (setting inkassolov_2026_from = "
                f"{facts.parameters['inkassolov_2026_from']}): the § 4-18 notice goes in place of an own notice "
                "or demand.",
                "§ 4.7",
                words.NEW_ACT,
            )
        )
    told += _today(facts, on)
    return NextStep(step, on, tuple(told))


def step_days(facts: Facts) -> tuple[list[tuple[str, date]], date]:
    """The days before which the next step may not go, each with its reason, and the latest of them moved on."""
    counted: date = facts.claim["counted_due_date"]
    reached, after = facts.standing["reached"], facts.course.get("after_days")
    grace = facts.parameters["grace_days"]
    days: list[tuple[str, date]] = []
    last: date | None = facts.standing["ladder_deadline"]
    if reached >= 2 and last is not None:
        after_deadline = f"deadline {last} + {words.days(grace)} of grace + 1 day"
        days.append((after_deadline, last + timedelta(days=grace + 1)))
        if after:
            days.append((f"due date {counted} + {words.days(after)}", counted + timedelta(days=after)))
    else:
        wait = max(1, EARLIEST_FEE.days if after is None else after)
        days.append((f"due date {counted} + {words.days(wait)}", counted + timedelta(days=wait)))
    latest = max(day for _, day in days)
    return days, next_business_day(latest) if facts.parameters["send_on_business_days"] else latest


def _counted(facts: Facts, step: str, on: date) -> Statement:
    name = words.step(step)
    statute = words.STEP_STATUTES.get(step)
    if step == "friendly_reminder":
        wait = facts.course.get("friendly_after_days")
        text = (
            f"Next step: {name} on {on}, {words.days(wait or 0)} after the due date {facts.claim['counted_due_date']}"
        )
        return Statement("next_step", f"{text}, moved on to a business day where needed. It costs nothing.", "§ 4.1")
    days, planned = step_days(facts)
    if planned != on:
        joined = [str(each["case_id"]) for each in facts.merged if each["case_id"] != facts.case_id]
        why = (
            f"it goes together with {listed(joined)}, at the pace of the one that has come least far"
            if joined
            else "as planned"
        )
        return Statement("next_step", f"Next step: {name} on {on}: {why}.", "§ 7", statute)
    latest = max(day for _, day in days)
    counted = listed(f"{text} = {day}" for text, day in days)
    text = f"Next step: {name} on {on}: {counted}"
    if len(days) > 1:
        text += f", the later of the two: {latest}"
    if latest != on:
        text += f"; {words.moved(latest, on)} (setting send_on_business_days)"
    return Statement("next_step", f"{text}. Any later run sends it.", "§ 4.1", statute)


def _today(facts: Facts, on: date) -> list[Statement]:
    stopping = [hold for hold in facts.row["holds"] if hold not in HOLDS_OF_LEGAL_STEPS_ONLY]
    if stopping:
        text = (
            f"It does not go while {listed(stopping)} holds the case."
            if len(stopping) == 1
            else (f"It does not go while {listed(stopping)} hold the case.")
        )
        return [Statement("held", text, "§ 4.5")]
    if facts.standing.get("reopened_today"):
        return [Statement("held", "The claim was seen to be open again today: no step is sent that day.", "§ 2")]
    if facts.row["provisional"]:
        return [Statement("held", "It waits: a figure is provisional, and no letter leaves on one.", "§ 3")]
    if on <= facts.on and facts.parameters["mode"] == "observe":
        return [Statement("observed", "It is due; in observe nothing leaves the house.", "§ 4.1")]
    return []


def _why_none(facts: Facts) -> Statement:
    row, grace = facts.row, facts.parameters["grace_days"]
    state, last = str(row["state"]), facts.standing["ladder_deadline"]
    rule = "§ 4.1"
    if facts.on > row["limitation_date"]:
        text, rule = "The claim is time-barred: nothing more is sent.", "§ 8"
    elif state == "closed":
        text = "The case is closed: no step follows."
    elif state == "costs_open":
        text, rule = (
            "The principal is settled: costs stay claimable, but no letter of the course asks for them.",
            "§ 5.2",
        )
    elif state == "legal":
        text, rule = "A legal step is recorded: the course is over.", "§ 7"
    elif state == "legal_ready":
        text, rule = (
            "The last letter's deadline has passed: the course is over, and legal steps are open. A person decides.",
            "§ 7",
        )
    elif state == "demanded" and last is not None:
        opens = last + timedelta(days=grace + 1)
        text = (
            f"The last letter of the course has left; its deadline is {last}. Deadline + {words.days(grace)} of "
            "grace + 1 day = "
            f"{opens}: from then on the case is legal_ready."
        )
    else:
        text = "The company's course has no further step for this case."
    return Statement("no_next_step", text, rule)
