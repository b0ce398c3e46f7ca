"""From ready cases to the documents of a day: which cases go into one, and what each may claim.

Here belongs putting one debtor's cases together (one petition, one court fee: inkassoloven § 17) and the claim's bounds
by kind. Not here: reading (``reading``), and whether a draft is there already (``resources.legal_drafting``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kredin_pipeline.cases.legal_ready import document_for, refusal
from kredin_pipeline.law.enforcement import demand_carries_costs
from kredin_pipeline.law.rates import FeeTable
from kredin_pipeline.letters.content import Creditor
from kredin_pipeline.letters.legal.content import Estate, Kind, LegalClaim, LegalDocument, Party
from kredin_pipeline.letters.legal.court import court_amounts
from kredin_pipeline.letters.legal.reading import Found, OpenInvoice, ReadyCase


@dataclass(frozen=True)
class Writer:
    """What every document of a tenant shares: its name, the creditor, the day (Oslo) and the law's figures."""

    tenant: str
    creditor: Creditor
    on: date
    fees: FeeTable


@dataclass(frozen=True)
class Group:
    """The cases of one debtor that go into one document of a kind."""

    kind: Kind
    customer_id: str
    cases: tuple[ReadyCase, ...]

    @property
    def case_ids(self) -> tuple[str, ...]:
        """The cases by due date."""
        return tuple(one.facts.case_id for one in self.cases)


@dataclass(frozen=True)
class Waiting:
    """A ready case without a document, and why; ``name`` is one word, ``needs_a_person``: no later run helps."""

    case_id: str
    invoice_no: str
    debtor: str
    name: str
    why: str
    needs_a_person: bool


def groups(found: Found, on: date) -> tuple[list[Group], list[Waiting]]:
    """The documents to be drafted unasked on a day, and the ready cases that wait."""
    pools: dict[tuple[str, Kind], list[ReadyCase]] = {}
    waiting: list[Waiting] = []
    for one in found.cases:
        judged = document_for(one.facts, on)
        if isinstance(judged, str):
            pools.setdefault((one.customer_id, judged), []).append(one)
        elif one.facts.state == "legal_ready" or "bankruptcy" in one.facts.holds:
            waiting.append(
                Waiting(one.facts.case_id, one.claim.invoice_no, one.debtor.name, judged.name, judged.text,
                        judged.needs_a_person)
            )  # fmt: skip
    return [Group(kind, customer, tuple(cases)) for (customer, kind), cases in pools.items()], waiting


def asked(found: Found, case_id: str, kind: Kind | None, on: date) -> Group | str:
    """The document that a person asks for about a case, with the debtor's other cases that fit; or why not."""
    meant = next((one for one in found.cases if one.facts.case_id == case_id), None)
    if meant is None:
        return "no such case in the last run"
    chosen = kind
    if chosen is None:
        judged = document_for(meant.facts, on)
        if not isinstance(judged, str):
            return judged.text
        chosen = judged
    refused = refusal(chosen, meant.facts, on)
    if refused is not None:
        return refused.text
    same = [one for one in found.cases if one.customer_id == meant.customer_id]
    return Group(chosen, meant.customer_id, tuple(one for one in same if refusal(chosen, one.facts, on) is None))


def document(group: Group, found: Found, writer: Writer) -> LegalDocument:
    """The document of a group, not yet checked, without attachments."""
    first = group.cases[0]
    claims = tuple(_claim(group.kind, one.claim, writer.on) for one in group.cases)
    estate = None
    if group.kind == "estate_claim":
        opened = first.facts.estate_on
        assert opened is not None  # `refusal` lets no case without it through
        claims, estate = _estate(opened, claims, found.trustees.get(group.customer_id),
                                 found.invoices.get(group.customer_id, ()))  # fmt: skip
    return LegalDocument(
        kind=group.kind,
        tenant=writer.tenant,
        dated=writer.on,
        creditor=writer.creditor,
        debtor=first.debtor,
        claims=claims,
        court=court_amounts(group.kind, writer.on, writer.fees),
        estate=estate,
    )


def _claim(kind: Kind, claim: LegalClaim, on: date) -> LegalClaim:
    """inkassoloven § 11 (obligation C-8): a petition carries costs only on a demand of the last six months."""
    if kind != "enforcement_petition":
        return claim
    carried = claim.demand is not None and demand_carries_costs(claim.demand.sent_on, on)
    return replace(claim, costs_carried=carried)


def _estate(
    opened: date, claims: Sequence[LegalClaim], trustee: Party | None, invoices: Sequence[OpenInvoice]
) -> tuple[tuple[LegalClaim, ...], Estate]:
    """What arose before the opening is claimed, a case or not; what is dated after it is listed apart (rules § 6)."""
    known = {one.voucher_id for one in claims}
    before = [one for one in claims if one.invoice_date is None or one.invoice_date <= opened]
    before += [
        LegalClaim("", one.later.invoice_no, one.voucher_id, one.kid, one.later.invoice_date, one.due_date,
                   one.later.balance, one.later.balance)
        for one in invoices
        if one.later.invoice_date <= opened and one.voucher_id not in known and one.due_date is not None
    ]  # fmt: skip
    later = tuple(one.later for one in invoices if one.later.invoice_date > opened)
    return tuple(before), Estate(opened, trustee, later)
