"""What a decision will do, told before it is recorded (rules § 7).

Belongs here: one sentence or more for each kind, from what is known of the case. Not here: whether it may be taken
(``decisions``), or doing it: every decision counts from the next run on. Tests hold the sentences against a derivation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from kredin_pipeline.cases import decision_log as said_before
from kredin_pipeline.cases.decision_log import as_day, spoken
from kredin_pipeline.cases.decision_standing import Standing
from kredin_pipeline.cases.decision_words import (
    CREDIT_NOTE_CLASSES,
    INSTEAD,
    Payload,
    classification,
    kroner,
    letters_with_fee,
    named_hold,
    outcome,
    releasable,
)
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.law.calendar import next_business_day
from kredin_pipeline.law.limitation import YEARS_OF_A_JUDGMENT, is_in_time, last_day

FEE_FREE_DAYS: Final = 14
"""Days after due before which no fee is owed (rules § 4.2)."""


def effects(
    kind: str, payload: Payload, case: Standing, settings: TenantSettings, others: Sequence[Standing] = ()
) -> tuple[str, ...]:
    """What a decision that may be taken will do, as sentences; days are Oslo days, amounts kroner."""
    if kind == "merge":
        return tuple(_merge(case, others))
    tell = _TELLERS.get(kind)
    told = [] if tell is None else tell(payload, case, settings)
    known = [] if case.row is not None or kind in ("exclude", "include", "sign") else [_UNPUBLISHED]
    if not case.case_id:
        known = ["No case of this customer is known yet; it counts for the first that comes. Look at the number twice."]
    return (*told, *known)


_UNPUBLISHED: Final = "No run has published this case yet; only what the log says was judged."


def _pause(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    until = as_day(payload.get("until"))
    if until is None:
        return ["Stops letters until somebody resumes the case; interest keeps running.", *_next(case, None, settings)]
    return [
        f"Stops letters until {until}, that day included; interest keeps running.",
        *_next(case, until + timedelta(days=1), settings, ["paused"]),
    ]


def _resume(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    ended = [hold for hold in ("paused", *said_before.ANSWERED_BY_RESUMING) if hold in case.holds] or ["paused"]
    return [f"Ends {_listed(ended)}; letters go on.", *_next(case, case.on, settings, ended)]


def _dispute(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    return ["Stops letters and fees until the dispute is settled; interest keeps running and is shown apart."]


def _settle_dispute(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    ended = outcome(payload)
    if ended == "refused":
        return [
            "The objection is refused: letters go on and later ones carry their fee.",
            *_next(case, case.on, settings, ["disputed"]),
        ]
    amount = kroner(payload.get("amount"))
    note = f"a credit note of {amount}" if amount else "the credit note"
    charged = sum(letter.fee for letter in letters_with_fee({}, case))
    withdrawn = f"the fees charged so far ({charged}) are withdrawn" if charged else "no fee has been charged so far"
    return [
        f"The objection is {spoken(ended)}: {withdrawn} and later letters carry none (inkassoloven § 17).",
        f"Write {note} in PowerOffice: the principal follows the ledger.",
        *_next(case, case.on, settings, ["disputed"]),
    ]


def _close(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    reason = str(payload["reason"]).strip().lower()
    costs = (case.row or {}).get("costs_open")
    dropped = f"; open costs of {costs} are dropped" if costs else "; open costs are dropped" if costs is None else ""
    later = {
        "debtor_insolvent": "Money that comes later may still cover costs.",
    }.get(reason, "A payment that comes later brings in no costs.")
    return [
        f"Closes the case as {spoken(reason)} on {case.on}: no letter, no fee, no interest after that day{dropped}.",
        f"It stays closed whatever happens in the ledger, until somebody reopens it. {later}",
    ]


def _reopen(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    return [
        "Opens the case again at the step that it was on, with its fees; interest runs as if it had never been closed.",
        "The next run plans its next step; look at it with `kredin case`, and pause it if no letter is to go yet.",
    ]


def _waive_costs(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    amount = kroner(payload.get("amount"))
    left = (case.row or {}).get("costs_open")
    what = f"{amount} of" if amount is not None else "all"
    open_now = f" ({left})" if left is not None else ""
    told = [f"Waives {what} the costs that are open on {case.on}{open_now}. They never become income."]
    if case.row is not None:
        if case.row["principal_open"] > 0:
            told.append("The principal stays claimed: interest from then on and later fees are owed.")
        elif amount is None or amount == left:
            told.append("The case closes as paid.")
    return told


def _exclude(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    return [
        f"No letter goes to customer {case.customer_no} for any claim, merged ones included; interest keeps running."
    ]


def _include(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    return [f"Letters to customer {case.customer_no} go on from the next run, each claim at the step that it is on."]


def _acknowledge(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    day = as_day(payload.get("date")) or case.on
    last = (case.row or {}).get("limitation_date")
    if last is not None and not is_in_time(day, last):
        return [f"Changes nothing: the claim was time-barred after {last}, before the acknowledgement of {day}."]
    moved = last_day(day)
    if last is not None and moved <= last:
        return [f"Moves nothing: the claim may be made until {last} already."]
    return [f"The claim may be made until {moved}, three years from {day}" + (f" (before: {last})." if last else ".")]


def _new_due_date(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    due = as_day(payload["due"])
    assert due is not None
    counted = next_business_day(due) if settings.due_date_shift else due
    old = f" from {case.due_date}" if case.due_date else ""
    early = [one for one in letters_with_fee({}, case) if one.sent_on < counted + timedelta(days=FEE_FREE_DAYS)]
    told = [f"Moves the due date{old} to {due}; interest counts from {counted} and the letters start anew."]
    steps = settings.effective_steps()
    if steps and (case.row or {}).get("principal_open", 1):
        first = steps[0]
        wanted = max(counted + timedelta(days=max(1, first.after_days or 0)), case.on)
        told.append(f"First letter after that: {spoken(first.name)} on {_sending_day(wanted, settings)}.")
    if early:
        told.append(f"Fees already charged ({sum(one.fee for one in early)}) are withdrawn.")
    return [*told, "Limitation does not move, unless the debtor acknowledged the claim."]


def _merge(case: Standing, others: Sequence[Standing]) -> list[str]:
    listed = ", ".join(one.invoice_no or one.case_id for one in others)
    told = [
        f"Letters of {case.name} and {listed} are common from now on, at the pace of the one that has come least far.",
        f"One fee a letter, kept on {case.name}; each claim keeps its own row, interest and limitation.",
    ]
    if any(one.excluded for one in (case, *others)):
        told.append(f"Customer {case.customer_no} is excluded: no letter goes until it is included again.")
    return told


def _unmerge(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    group = said_before.merged_with(case.log, case.case_id)
    if (group and group[0] == case.case_id) or len(group) == 2:
        return [f"Parts cases {', '.join(group)}: each goes on alone, with its own letters and fees."]
    rest = ", ".join(name for name in group if name != case.case_id)
    return [f"Takes {case.name} out: it goes on alone, {rest} stay together."]


def _classify(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    found = classification(payload)
    which = f"entry {payload['entry_id']}" if payload.get("entry_id") else "it"
    if found in CREDIT_NOTE_CLASSES:
        since = "its own date; interest before that is owed" if found == "goodwill" else "the due date on"
        what = f"entry {payload['entry_id']}" if payload.get("entry_id") else f"Credit notes dated {case.on} or before"
        return [f"{what} on this claim: {found}. The principal is smaller from {since}; interest is computed anew."]
    effect = {
        "paid": "counts as a payment: it reduces the principal on its date",
        "written_off": "counts as a write-off: the claim stands, interest runs and letters go on",
        "credited": "counts as a credit note: it reduces the principal from the due date on",
    }[found]
    return [f"The unexplained settlement is {spoken(found)}; {which} {effect}. The hold settled_without_bank ends."]


def _release(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    hold = named_hold(payload)
    lifted = releasable(case) if hold is None else (hold,)
    left = [name for name in case.holds if name not in lifted]
    told = [f"Lifts {_listed(lifted) if lifted else 'whatever holds the case and can be released'}."]
    if left:
        return [*told, *(f"{name} still holds it: {INSTEAD.get(name, '`release` that as well')}." for name in left)]
    return [*told, *_next(case, case.on, settings, lifted)]


def _interest_from(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    kept = f" {case.due_date}" if case.due_date else ""
    return [f"Interest counts from {as_day(payload['from'])}; the due date{kept} and the letters stay as they are."]


def _withdraw_fee(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    letters = letters_with_fee(payload, case)
    told = ", ".join(f"{one.fee} of the {spoken(one.step)} sent {one.sent_on}" for one in letters)
    return [f"Withdraws the fee: {told}. It is no longer owed; the step itself stands."]


def _legal(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    kind, day = str(payload["kind"]), as_day(payload.get("date")) or case.on
    last = (case.row or {}).get("limitation_date")
    told = [f"Records a legal step ({spoken(kind)}): the state becomes legal and no more letters of the course go."]
    if kind in ("enforcement_in_vain", "nothing_to_seize"):
        return [*told, "The loss may then be deducted (enforcement in vain)."]
    if kind == "judgment":
        return [*told, f"The claim may be made until {last_day(day, YEARS_OF_A_JUDGMENT)}, ten years from {day}."]
    if last is not None and not is_in_time(day, last):
        return [*told, f"It came after the last day {last}: the claim stays time-barred."]
    moved = last_day(day)
    return [*told, f"The claim may be made until {max(moved, last) if last is not None else moved}."]


def _sign(payload: Payload, case: Standing, settings: TenantSettings) -> list[str]:
    return [f"Records the signature of {payload['document']}. Nothing is filed by it."]


_TELLERS: Final[Mapping[str, Callable[[Payload, Standing, TenantSettings], list[str]]]] = {
    "pause": _pause,
    "resume": _resume,
    "dispute": _dispute,
    "settle_dispute": _settle_dispute,
    "close": _close,
    "reopen": _reopen,
    "waive_costs": _waive_costs,
    "exclude": _exclude,
    "include": _include,
    "acknowledge": _acknowledge,
    "new_due_date": _new_due_date,
    "unmerge": _unmerge,
    "classify": _classify,
    "release": _release,
    "interest_from": _interest_from,
    "withdraw_fee": _withdraw_fee,
    "paid_in_time": _withdraw_fee,
    "legal": _legal,
    "sign": _sign,
}


def _next(case: Standing, earliest: date | None, settings: TenantSettings, ended: Sequence[str] = ()) -> list[str]:
    """The next step after the decision; None for no day at which it could go again by itself."""
    row = case.row
    if row is None:
        return []
    step, planned = row.get("next_step"), row.get("next_step_on")
    if step is None or planned is None:
        return ["No further step is planned for it."]
    if earliest is None:
        return [f"The next step is then {spoken(step)}."]
    left = [hold for hold in case.holds if hold not in (*ended, "unknown_register")]
    if left:
        return [f"{_listed(left)} still holds it."]
    day = _sending_day(max(planned, earliest), settings)
    return [f"The next step after that: {spoken(step)} on {day}."]


def _sending_day(day: date, settings: TenantSettings) -> date:
    return next_business_day(day) if settings.send_on_business_days else day


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)
