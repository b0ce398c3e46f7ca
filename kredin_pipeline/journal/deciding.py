"""A decision from the word of a person to the log: found, judged, told, and appended, or refused and appended as such.

Belongs here: the one way in for the command line, Dagster's jobs and tests alike (rules § 7). Not here: what may be
decided and what it does (``kredin_pipeline.cases``), where the published rows come from (``Facts`` is brought along).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from kredin_pipeline.cases.decision_effects import effects
from kredin_pipeline.cases.decision_standing import Entry, Standing
from kredin_pipeline.cases.decision_words import letters_with_fee, named_hold, releasable
from kredin_pipeline.cases.decisions import refusal
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.facade import Journal
from kredin_pipeline.journal.records import CaseRow
from kredin_pipeline.journal.states import DECISION_KINDS

_OSLO: Final = ZoneInfo("Europe/Oslo")
_ABOUT_A_CUSTOMER: Final = ("exclude", "include")


class DecisionRefused(JournalError):
    """A decision cannot be taken. The attempt is in the log, with ``reason``."""

    def __init__(self, tenant: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{tenant}: {reason}. Nothing was changed; the attempt is in the log")


class Facts(Protocol):
    """What the book knows. ``row``: a case's newest published row; ``entries``: what settles its claim as last read
    (None: not known); ``claims``: the claims of that case id or invoice number, also those without a case yet;
    ``siblings``: the cases of the same customer."""

    def row(self, case_id: str) -> Mapping[str, Any] | None: ...
    def entries(self, case_id: str) -> Sequence[Entry] | None: ...
    def claims(self, wanted: str) -> Sequence[CaseRow]: ...
    def siblings(self, case_id: str) -> Sequence[str]: ...


class NothingKnown:
    """The facts of a tenant that has had no run."""

    def row(self, case_id: str) -> Mapping[str, Any] | None:
        return None

    def entries(self, case_id: str) -> Sequence[Entry] | None:
        return None

    def claims(self, wanted: str) -> Sequence[CaseRow]:
        return ()

    def siblings(self, case_id: str) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class Weighed:
    """A decision as judged, before anything is written.

    ``payloads`` has one member for each row that goes into the log: a release of all holds is one word for each hold
    that is there now, so that none that comes later is released unseen. ``refused_because`` None: it may be taken.
    """

    tenant: str
    kind: str
    case: CaseRow | None
    case_is_new: bool
    customer_no: str | None
    payloads: tuple[Mapping[str, Any], ...]
    effects: tuple[str, ...]
    refused_because: str | None


@dataclass(frozen=True)
class Decided:
    """What went into the log, and what it will do from the next run on."""

    decision_ids: tuple[str, ...]
    weighed: Weighed


def weigh(
    journal: Journal,
    tenant: str,
    case: str | None,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
    facts: Facts,
    *,
    customer_no: str | None = None,
) -> Weighed:
    """Judge a decision and tell what it will do; writes nothing.

    ``case`` is a case id or an invoice number (``with`` in a merge's payload likewise), None only for a customer's
    exclusion or inclusion by ``customer_no``. ``at`` is an aware time; the decision's day is its date in Oslo. Raises
    ``UnknownTenant``, or ``JournalError`` for an unknown kind.
    """
    known = journal.tenant(tenant)
    if kind not in DECISION_KINDS:
        raise JournalError(f"{tenant}: decision {kind!r} is not known; known are {', '.join(DECISION_KINDS)}")
    on = at.astimezone(_OSLO).date()
    given = {key: value for key, value in payload.items() if value is not None}
    desk = _Desk(journal, tenant, on, facts)
    if case is None:
        if kind not in _ABOUT_A_CUSTOMER or customer_no is None:
            return _refused(
                tenant, kind, given, customer_no, f"{kind}: case: found none, want a case or invoice number"
            )
        case = desk.newest_of(customer_no)
    if case is None:
        standing = Standing("", on, customer_no=customer_no, log=desk.log)
        why = refusal(kind, given, standing)
        told = () if why is not None else effects(kind, given, standing, known.settings)
        return Weighed(tenant, kind, None, False, customer_no, (given,), told, why)
    try:
        row, is_new = desk.find(case)
        others = [desk.find(str(name))[0] for name in given.get("with", ())]
    except LookupError as unknown:
        return _refused(tenant, kind, {**given, "case": case}, customer_no, f"{kind}: {unknown.args[0]}")
    standing = desk.standing(row)
    beside = [desk.standing(other) for other in others]
    given = _complete(kind, given, standing, [other.case_id for other in others])
    why = refusal(kind, given, standing, beside)
    about = standing.customer_no if kind in _ABOUT_A_CUSTOMER else customer_no
    told = () if why is not None else effects(kind, given, standing, known.settings, beside)
    payloads = _one_by_one(kind, given, standing) if why is None else (given,)
    return Weighed(tenant, kind, row, is_new, about, payloads, told, why)


def decide(
    journal: Journal,
    tenant: str,
    case: str | None,
    kind: str,
    payload: Mapping[str, Any],
    who: str,
    at: datetime,
    facts: Facts,
    *,
    customer_no: str | None = None,
) -> Decided:
    """Judge a decision and append it to the log, or append the refused attempt and raise ``DecisionRefused``.

    A case that no live run has opened yet is opened under the number that it keeps (§ 1.3). Arguments and other errors
    as ``weigh``; ``JournalError`` also when ``who`` is empty.
    """
    weighed = weigh(journal, tenant, case, kind, payload, at, facts, customer_no=customer_no)
    return record(journal, weighed, who, at)


def record(journal: Journal, weighed: Weighed, who: str, at: datetime) -> Decided:
    """Append what was weighed. Raises ``DecisionRefused`` after appending an attempt that may not be taken."""
    if not who.strip():
        raise JournalError(f"{weighed.tenant}: decision {weighed.kind}: who decided? The log needs a name")
    on, row, refused = at.astimezone(_OSLO).date(), weighed.case, weighed.refused_because
    in_log = row is not None and not (weighed.case_is_new and refused is not None)
    if row is not None and weighed.case_is_new and in_log:
        journal.open_cases(weighed.tenant, [row._replace(opened_on=on)], at)
    case_id = row.case_id if row is not None and in_log else None
    ids = [
        journal.decide(
            weighed.tenant,
            case_id,
            weighed.kind,
            payload if in_log or row is None else {**payload, "case": row.case_id},
            on,
            who,
            at,
            customer_no=weighed.customer_no,
            refused_because=refused,
        )
        for payload in weighed.payloads
    ]
    if refused is not None:
        raise DecisionRefused(weighed.tenant, refused)
    return Decided(tuple(ids), weighed)


class _Desk:
    """One tenant's journal and facts at one moment."""

    def __init__(self, journal: Journal, tenant: str, on: date, facts: Facts) -> None:
        self.on, self._facts = on, facts
        self._cases = journal.cases(tenant)
        self.log = [said for said in journal.decisions(tenant) if said.refused_because is None]
        self._letters = journal.delivered_letters(tenant)

    def find(self, wanted: str) -> tuple[CaseRow, bool]:
        """The case of that id or invoice number, and whether the journal has yet to open it. Raises ``LookupError``."""
        found = [row for row in self._cases if wanted in (row.case_id, row.invoice_no)]
        known = {row.case_id for row in found}
        new = [row for row in self._facts.claims(wanted) if row.case_id not in known]
        hits = [(row, False) for row in found] + [(row, True) for row in new]
        if not hits:
            raise LookupError(f"{wanted}: no case of that id or invoice number; look at `kredin cases`")
        if len(hits) > 1:
            named = ", ".join(row.case_id for row, _ in hits)
            raise LookupError(f"invoice {wanted} is of several cases: {named}; name one by its id")
        return hits[0]

    def newest_of(self, customer_no: str) -> str | None:
        """The case that was opened last for a customer of that number."""
        found = [row.case_id for row in self._cases if row.customer_no == customer_no]
        return found[-1] if found else None

    def standing(self, row: CaseRow) -> Standing:
        published = self._facts.row(row.case_id)
        keys = {letter.letter_key for letter in self._letters if letter.case_id == row.case_id}
        return Standing(
            row.case_id,
            self.on,
            invoice_no=row.invoice_no,
            customer_no=row.customer_no if published is None else published["customer_no"],
            row=published,
            log=self.log,
            letters=[letter for letter in self._letters if letter.letter_key in keys],
            entries=self._facts.entries(row.case_id),
            siblings=self._facts.siblings(row.case_id),
        )


def _complete(kind: str, given: Mapping[str, Any], case: Standing, others: Sequence[str]) -> dict[str, Any]:
    """The payload with what was meant said outright: case ids, and the one letter whose fee is meant."""
    payload = dict(given)
    if kind == "merge":
        payload["with"] = list(others)
    if kind in ("withdraw_fee", "paid_in_time") and not {"step", "letter_key"} & payload.keys():
        letters = letters_with_fee(payload, case)
        if letters:
            payload["letter_key"] = letters[-1].letter_key
    return payload


def _one_by_one(kind: str, payload: Mapping[str, Any], case: Standing) -> tuple[Mapping[str, Any], ...]:
    if kind != "release" or named_hold(payload) is not None or case.row is None:
        return (payload,)
    return tuple({**payload, "hold": hold} for hold in releasable(case))


def _refused(tenant: str, kind: str, payload: Mapping[str, Any], customer_no: str | None, why: str) -> Weighed:
    return Weighed(tenant, kind, None, False, customer_no, (payload,), (), why)
