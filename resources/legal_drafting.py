"""Drafting: which legal documents of a tenant are made today, which stand, and which fall away (rules §§ 6, 7).

Belongs here: comparing the day's documents with the drafts in the journal, and laying their attachments beside them,
for the asset and the command alike. Not here: what the law allows (``cases.legal_ready``), what a document says
(``letters.legal``), signatures (``journal.legal``).

A draft stands as long as what it rests on does (``letters.legal.content.basis``): interest that grows makes no new one.
A draft that a person has taken for signing keeps its cases to itself; one that a person gave up is not made again
unasked; what is signed is never touched, only told. ::

    nothing yet ────────────── drafted
    drafted, basis changed ─── drafted anew, the older one withdrawn by the journal
    drafted or handed out, the law no longer allows it ─── withdrawn
    signed or attested, basis changed ─── a person decides
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from kredin_pipeline.cases.legal_ready import PASSING, refusal
from kredin_pipeline.journal import Document, Journal, LegalAttachment, LegalDraft
from kredin_pipeline.letters.legal.content import Kind, LegalDocument, LegalError, SentLetter, basis, to_json
from kredin_pipeline.letters.legal.gathering import Group, Waiting, Writer, asked, document, groups
from kredin_pipeline.letters.legal.layout import STEPS
from kredin_pipeline.letters.legal.reading import Found, ReadyCase
from kredin_pipeline.letters.legal.render import render_calculation, render_legal, template_of

WHO: Final = "kredin"
STANDING: Final = ("drafted", "handed_out", "signed", "attested")
PDF: Final = "application/pdf"


class Copies(Protocol):
    """Invoice copies. ``of`` gives the PDF of a voucher, or why there is none; it never raises for what is missing."""

    def of(self, voucher_id: str) -> bytes | str: ...


@dataclass
class Drafted:
    """What a run did. ``drafted`` new drafts; ``kept`` ids that stand; ``withdrawn`` id → why; ``waiting`` ready cases
    without a document; ``problems`` what a person has to look at, by draft or debtor; ``missing`` attachments that
    could not be had, by draft."""

    drafted: list[LegalDraft] = field(default_factory=list[LegalDraft])
    kept: list[str] = field(default_factory=list[str])
    withdrawn: dict[str, str] = field(default_factory=dict[str, str])
    waiting: list[Waiting] = field(default_factory=list[Waiting])
    problems: dict[str, str] = field(default_factory=dict[str, str])
    missing: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def standing_cases(journal: Journal, tenant: str) -> set[str]:
    """The cases of every draft that is not filed or withdrawn: they are read even when they are ready no more."""
    return {case for one in journal.legal.drafts(tenant, STANDING) for case in one.case_ids}


class Drafting:
    """One run's drafting for one tenant. ``found`` is the book's picture of ``writer.on``; ``at`` is now (UTC)."""

    def __init__(self, journal: Journal, found: Found, writer: Writer, copies: Copies, at: datetime) -> None:
        self._journal, self._found, self._writer, self._copies, self._at = journal, found, writer, copies, at
        self._drafts = journal.legal.drafts(writer.tenant)
        self.report = Drafted()

    def unasked(self) -> Drafted:
        """Draft what the law allows today, and withdraw what it no longer does."""
        due, self.report.waiting = groups(self._found, self._writer.on)
        for group in due:
            try:
                self._group(group)
            except LegalError as error:
                self.report.problems[f"{group.kind} {', '.join(group.case_ids)}"] = str(error)
        self._withdraw_what_fell()
        return self.report

    def asked(self, case_id: str, kind: Kind | None, who: str) -> LegalDraft | str:
        """Draft what a person asks for about a case, also when one was given up; or say why not. A draft that stands
        with the same content is given again. Raises ``LegalError``."""
        group = asked(self._found, case_id, kind, self._writer.on)
        if isinstance(group, str):
            return group
        taken = [one for one in self._of(group.kind) if one.state in STANDING[1:] and case_id in one.case_ids]
        if taken:
            return f"{taken[-1].draft_id} is {taken[-1].state} already; withdraw it first: kredin sign withdraw"
        free = self._free(group, [one for one in self._of(group.kind) if one.state in STANDING[1:]])
        return self._draft(document(free, self._found, self._writer), who)

    # One debtor's document of a kind --------------------------------------------------------------------------------

    def _of(self, kind: Kind) -> list[LegalDraft]:
        return [one for one in self._drafts if one.kind == kind]

    def _group(self, group: Group) -> None:
        group = self._left_over(group)
        given_up = [one for one in group.cases if self._given_up(group.kind, one.facts.case_id)]
        self.report.waiting += [
            Waiting(one.facts.case_id, one.claim.invoice_no, one.debtor.name, "given_up",
                    "a person gave its document up; kredin legal draft makes a new one", False)
            for one in given_up
        ]  # fmt: skip
        group = _without(group, {one.facts.case_id for one in given_up})
        if not group.cases:
            return
        wanted = document(group, self._found, self._writer)
        if not wanted.case_ids:  # every case of the estate is dated after its opening: there is nothing to claim
            return
        based_on = basis(wanted)
        for one in self._of(group.kind):
            if one.state == "drafted" and one.snapshot.get("basis") == based_on and not self._can_complete(one):
                self._keep(one)
                return
        self._note(self._draft(wanted, WHO))

    def _left_over(self, group: Group) -> Group:
        """The group without the cases of drafts that people hold already."""
        for one in self._of(group.kind):
            if one.state not in ("handed_out", "signed", "attested", "filed"):
                continue
            own = group if group.kind == "estate_claim" else _only(group, one.case_ids)
            if not set(one.case_ids) & set(own.case_ids):
                continue
            now = document(own, self._found, self._writer)
            if set(now.case_ids) == set(one.case_ids) and basis(now) == one.snapshot.get("basis"):
                self._keep(one)
            elif one.state == "handed_out":
                continue  # what it says is wrong by now; its cases go into a new draft, which replaces it
            elif one.state != "filed":
                self.report.problems[one.draft_id] = (
                    f"{one.draft_id} is {one.state}, but what it states of {', '.join(one.case_ids)} has changed "
                    "since: file it only if that is right, or give it up (kredin sign withdraw)"
                )
            group = _without(group, set(own.case_ids))
        return group

    def _free(self, group: Group, taken: Sequence[LegalDraft]) -> Group:
        return _without(group, {case for one in taken for case in one.case_ids})

    def _given_up(self, kind: Kind, case_id: str) -> bool:
        """Whether the newest document of a kind about a case was withdrawn by a person, not by a newer draft or us."""
        about = [one for one in self._of(kind) if case_id in one.case_ids]
        if not about or about[-1].state != "withdrawn":
            return False
        return about[-1].who != WHO and not (about[-1].reason or "").startswith("replaced by ")

    def _keep(self, draft: LegalDraft) -> None:
        self.report.kept.append(draft.draft_id)
        if lacking := draft.snapshot.get("missing"):
            self.report.missing[draft.draft_id] = list(lacking)

    def _note(self, draft: LegalDraft) -> None:
        self.report.drafted.append(draft)
        if lacking := draft.snapshot.get("missing"):
            self.report.missing[draft.draft_id] = list(lacking)

    # Making a draft -------------------------------------------------------------------------------------------------

    def _draft(self, wanted: LegalDocument, who: str) -> LegalDraft:
        wanted.checked()
        attached, names, lacking = self._attachments(wanted)
        made = replace(wanted, attachments=tuple(names))
        pdf = render_legal(made)
        calculation = LegalAttachment("beregning.pdf", PDF, render_calculation(made))
        snapshot = {"basis": basis(wanted), "document": to_json(made), "missing": lacking}
        return self._journal.legal.draft(
            self._writer.tenant, made.kind, made.case_ids, pdf, snapshot, [calculation, *attached],
            template_of(made.kind), self._at, who=who,
        )  # fmt: skip

    def _attachments(self, wanted: LegalDocument) -> tuple[list[LegalAttachment], list[str], list[str]]:
        """What goes with it beside the calculation, the names in the document, and what could not be had, with why."""
        attached: list[LegalAttachment] = []
        names, lacking = ["Beregning av kravet"], list[str]()
        for one in wanted.claims:
            copy = self._copies.of(one.voucher_id)
            if isinstance(copy, str):
                lacking.append(f"copy of invoice {one.invoice_no}: {copy}")
                continue
            attached.append(LegalAttachment(f"faktura-{_plain(one.invoice_no)}.pdf", PDF, copy))
            names.append(f"Faktura {one.invoice_no}")
        for letter in _letters(wanted):
            kept = self._as_it_left(letter)
            if kept is None:
                lacking.append(f"{letter.step} of {letter.sent_on.isoformat()}: not in the archive ({letter.key})")
                continue
            number = sum(1 for one in attached if one.name.startswith("varsel-")) + 1
            attached.append(LegalAttachment(f"varsel-{letter.sent_on.isoformat()}-{number}.pdf", PDF, kept.content))
            named = STEPS.get(letter.step, letter.step)
            names.append(f"{named[:1].upper()}{named[1:]}, {letter.sent_on:%d.%m.%Y}")
        return attached, names, lacking

    def _as_it_left(self, letter: SentLetter) -> Document | None:
        found = self._journal.documents(self._writer.tenant, key=letter.key)
        return next((one for one in found if one.kind == letter.step and one.media_type == PDF), None)

    def _can_complete(self, draft: LegalDraft) -> bool:
        """Whether an invoice copy that a draft lacks can be had now."""
        if not draft.snapshot.get("missing"):
            return False
        stored = draft.snapshot["document"]["claims"]
        lacking = " ".join(draft.snapshot["missing"])
        wanted = [one["voucher_id"] for one in stored if f"copy of invoice {one['invoice_no']}:" in lacking]
        return any(isinstance(self._copies.of(voucher), bytes) for voucher in wanted)

    # What fell away -------------------------------------------------------------------------------------------------

    def _withdraw_what_fell(self) -> None:
        """Drafts that the law no longer allows, or that state what is no longer so: those made on request are not made
        anew by themselves."""
        looked_at = {*self.report.kept, *self.report.problems, *(one.draft_id for one in self.report.drafted)}
        for one in self._journal.legal.drafts(self._writer.tenant, STANDING):
            if one.draft_id in looked_at:
                continue
            why = self._overtaken(one)
            if why is None:
                self._keep(one)
            elif one.state in ("drafted", "handed_out"):
                self._journal.legal.withdrawn(one.draft_id, why, WHO, self._at)
                self.report.withdrawn[one.draft_id] = why
            else:
                self.report.problems[one.draft_id] = f"{one.draft_id} is {one.state}, but {why}; give it up or file it"

    def _overtaken(self, draft: LegalDraft) -> str | None:
        """Why a draft is no longer right, None while it is."""
        known: dict[str, ReadyCase] = {one.facts.case_id: one for one in self._found.cases}
        against = [(case, self._against(draft.kind, known.get(case))) for case in draft.case_ids]
        if told := [f"{case}: {reason}" for case, reason in against if reason is not None]:
            return "; ".join(told)
        first = known[draft.case_ids[0]]
        own = [
            one
            for one in self._found.cases
            if one.facts.case_id in draft.case_ids
            or (
                draft.kind == "estate_claim"
                and one.customer_id == first.customer_id
                and self._against(draft.kind, one) is None
            )
        ]
        now = document(Group(draft.kind, first.customer_id, tuple(own)), self._found, self._writer)
        if basis(now) == draft.snapshot.get("basis"):
            return None
        return "what it states has changed since; draft it anew: kredin legal draft"

    def _against(self, kind: Kind, case: ReadyCase | None) -> str | None:
        if case is None:
            return "the case is in the book no more"
        found = refusal(kind, case.facts, self._writer.on)
        return None if found is None or found.name in PASSING else found.text


def _letters(wanted: LegalDocument) -> list[SentLetter]:
    """The notices and demands that the document rests on, each letter once; none for an estate."""
    if wanted.kind == "estate_claim":
        return []
    found: dict[str, SentLetter] = {}
    for one in wanted.claims:
        for letter in (one.notice, one.demand):
            if letter is not None:
                found.setdefault(letter.key, letter)
    return sorted(found.values(), key=lambda letter: (letter.sent_on, letter.key))


def _only(group: Group, cases: Collection[str]) -> Group:
    return replace(group, cases=tuple(one for one in group.cases if one.facts.case_id in cases))


def _without(group: Group, cases: Collection[str]) -> Group:
    return replace(group, cases=tuple(one for one in group.cases if one.facts.case_id not in cases))


def _plain(number: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in number)
