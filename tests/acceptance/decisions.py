"""A person at our own interface: each decision of the format, made through the journal as the program itself makes it.

Belongs here: the mapping of the format's words to our interface, in this one place. Not here: when a decision is made
(`playing`), or what it does to a case (the pipeline). A person may decide on any claim that stands in the ledger, also
before the first run has published it; the case is then opened under the number that it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kredin_pipeline.cases import claims
from kredin_pipeline.cases.decision_standing import Entry
from kredin_pipeline.journal import Journal, deciding
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.records import CaseRow
from resources import onboarding
from tests.acceptance.reading import Event

WHO = "a person"


class WrongDecision(AssertionError):
    """A decision that had to be refused was taken, or one that had to be taken was refused."""


@dataclass(frozen=True)
class LedgerInvoice:
    """What the ledger says about an invoice: its voucher, and whose it is."""

    voucher_id: str
    customer_no: str
    orgnr: str | None


@dataclass(frozen=True)
class Desk:
    """One person of one tenant at one moment.

    ``invoice`` looks an invoice up in the ledger by its number, ``published`` gives a case's newest published row.
    """

    journal: Journal
    poweroffice: onboarding.Ledgers
    clock: onboarding.Clock
    tenant: str
    at: datetime
    on: date
    invoice: Callable[[str], LedgerInvoice]
    published: Callable[[str], Mapping[str, Any] | None]

    def case(self, invoice_no: Any) -> str:
        """The case of an invoice, opened today if the pipeline has not opened it."""
        number = str(invoice_no)
        for row in self.journal.cases(self.tenant):
            if row.invoice_no == number:
                return row.case_id
        found = self.invoice(number)
        case_id = case_id_of(self.tenant, found.voucher_id)
        opened = CaseRow(case_id, found.voucher_id, number, found.customer_no, found.orgnr, self.on)
        self.journal.open_cases(self.tenant, [opened], self.at)
        return case_id

    def row(self, case_id: str) -> Mapping[str, Any] | None:
        """The case as published, for whoever judges."""
        return self.published(case_id)

    def entries(self, case_id: str) -> Sequence[Entry] | None:
        """Not looked up here; what is not known is not judged."""
        return None

    def claims(self, wanted: str) -> Sequence[CaseRow]:
        """``case`` opens what is decided on, so the journal knows every claim."""
        return ()

    def siblings(self, case_id: str) -> Sequence[str]:
        """Not looked up here; the customer's number says enough."""
        return ()

    def decide(self, invoice_no: Any, kind: str, payload: Mapping[str, object]) -> None:
        """Decide as the program does. Raises ``DecisionRefused`` when it may not be taken; the attempt is logged."""
        deciding.decide(self.journal, self.tenant, self.case(invoice_no), kind, payload, WHO, self.at, self)


def case_id_of(tenant: str, voucher_id: str) -> str:
    """The number of a case, which follows from the tenant and the ledger's invoice (rules § 1.3)."""
    return claims.case_id_of(tenant, voucher_id)


def make(desk: Desk, event: Event) -> None:
    """Do what ``event`` says; raises ``WrongDecision`` when it is refused and should not be, or the other way round."""
    wanted_refused = event.keys.get("refused") is True
    shown = f"{event.name} {event.keys.get('do', '')} on {event.keys.get('case', event.keys.get('no', 'settings'))}"
    try:
        _HANDLERS[event.name](desk, event.keys)
    except (JournalError, onboarding.OnboardingError, ValueError) as error:
        if not wanted_refused:
            raise WrongDecision(f"{shown} had to be taken, but was refused: {error}") from error
        return
    if wanted_refused:
        raise WrongDecision(f"{shown} had to be refused, but was taken")


def decide(desk: Desk, keys: Mapping[str, Any]) -> None:
    """`decide`: what a person does with a case."""
    payload: dict[str, object] = {key: keys[key] for key in ("until", "reason", "note", "amount") if key in keys}
    kind, case = str(keys["do"]), keys["case"]
    if kind == "merge":
        desk.decide(case, kind, {**payload, "with": [desk.case(no) for no in keys.get("with", [])]})
    elif kind == "new_due_date" and "until" in payload:
        desk.decide(case, kind, {**payload, "due": payload["until"]})
    else:
        desk.decide(case, kind, payload)


def due_date(desk: Desk, keys: Mapping[str, Any]) -> None:
    """`due_date`: a new due date is agreed with the debtor."""
    desk.decide(keys["no"], "new_due_date", {"due": str(keys["due"])})


def legal(desk: Desk, keys: Mapping[str, Any]) -> None:
    """`legal`: a person records that a legal step was filed or decided."""
    desk.decide(keys["case"], "legal", {key: keys[key] for key in ("kind", "reference") if key in keys})


def sign(desk: Desk, keys: Mapping[str, Any]) -> None:
    """`sign`: a person signs a drafted document."""
    desk.decide(keys["case"], "sign", {"document": keys["document"]})


def tenant(desk: Desk, keys: Mapping[str, Any]) -> None:
    """`tenant`: settings are changed; going live and back to observing are steps of their own."""
    changes = dict(keys["set"])
    mode = changes.pop("mode", None)
    if changes:
        onboarding.change_settings(desk.journal, desk.tenant, changes, who=WHO, clock=desk.clock)
    if mode == "live":
        onboarding.go_live(desk.journal, desk.poweroffice, desk.tenant, who=WHO, clock=desk.clock)
    elif mode == "observe":
        onboarding.observe(desk.journal, desk.tenant, who=WHO, clock=desk.clock)


def goodwill(desk: Desk, invoice_nos: list[Any]) -> None:
    """A person's word that the credit note on these invoices was goodwill: the ledger itself cannot say it (§ 2)."""
    for invoice_no in invoice_nos:
        desk.decide(invoice_no, "classify", {"reason": "goodwill"})


_HANDLERS: dict[str, Callable[[Desk, Mapping[str, Any]], None]] = {
    "decide": decide,
    "due_date": due_date,
    "legal": legal,
    "sign": sign,
    "tenant": tenant,
}
