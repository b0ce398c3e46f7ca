"""Legal documents that a lawyer can read, for the tests of this folder. No assertions here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from kredin_pipeline.law.rates import fee_table
from kredin_pipeline.letters.content import Creditor, EarlierFee, InterestPeriod, Settlement, Step
from kredin_pipeline.letters.legal.content import (
    Estate,
    Kind,
    LaterInvoice,
    LegalClaim,
    LegalDocument,
    Party,
    SentLetter,
)
from kredin_pipeline.letters.legal.court import court_amounts

TODAY = date(2026, 7, 1)
CREDITOR = Creditor(
    name="Fjellheim Verksted AS",
    orgnr="999990126",
    address="Storgata 1, 0155 Oslo",
    email="post@fjellheim.example",
    phone="22 00 00 00",
    bank_account="12345678903",
)
DEBTOR = Party("Dalnes AS", "999990134", ("Bakken 3", "5003 Bergen"), "5003 Bergen", True, "AS")
TRUSTEE = Party("Advokat Åse Sørbø", None, ("Torget 2", "5014 Bergen"), "5014 Bergen")
ESTATE = Estate(date(2026, 6, 15), TRUSTEE, (LaterInvoice("1099", date(2026, 6, 20), date(2026, 7, 4), Decimal(500)),))


def sent(step: Step, on: date) -> SentLetter:
    return SentLetter(f"letter:{step}", step, on, on + timedelta(days=14), "post")


def claim(
    invoice_no: str = "1001",
    amount: str = "1000.00",
    *,
    paid: str = "0.00",
    fees: str = "38.00",
    carried: bool = True,
) -> LegalClaim:
    """Due 2026-03-02 with one period of interest; the demand of 2026-05-01 is also the § 4-18 notice."""
    principal, fee = Decimal(amount) - Decimal(paid), Decimal(fees)
    demand = sent("payment_demand", date(2026, 5, 1))
    interest = Decimal("40.98")
    return LegalClaim(
        case_id=f"K{int(invoice_no):010d}",
        invoice_no=invoice_no,
        voucher_id=f"V{invoice_no}",
        kid="00100420",
        invoice_date=date(2026, 2, 16),
        due_date=date(2026, 3, 2),
        principal_original=Decimal(amount),
        principal=principal,
        settlements=(Settlement(date(2026, 3, 10), "payment", Decimal(paid)),) if Decimal(paid) else (),
        interest_accrued=interest,
        interest=interest,
        periods=(InterestPeriod(date(2026, 3, 2), TODAY, 121, Decimal("12.25"), 365, principal, interest),),
        fees=(EarlierFee("reminder", date(2026, 3, 17), fee),) if fee else (),
        costs=fee,
        costs_carried=carried,
        notice=demand,
        demand=demand,
        letters=(sent("reminder", date(2026, 3, 17)), demand),
    )


def document(kind: Kind = "enforcement_petition", *claims: LegalClaim, on: date = TODAY) -> LegalDocument:
    return LegalDocument(
        kind=kind,
        tenant="fjellheim",
        dated=on,
        creditor=CREDITOR,
        debtor=DEBTOR,
        claims=claims or (claim(),),
        court=court_amounts(kind, on, fee_table()),
        estate=ESTATE if kind == "estate_claim" else None,
        attachments=("Beregning", "Faktura 1001"),
    )


def awkward(kind: Kind) -> LegalDocument:
    """Thirty invoices, names of sixty characters and more with Norwegian letters, no fee, an amount of millions."""
    claims = [claim(str(1001 + at), "1234567.89", paid="0.89", fees="0.00") for at in range(30)]
    name = "Ærlig & Øvrig *Ålesund* #Fisk_og_Sjømat $Eksport <og> Import NUF"
    found = document(kind, *claims)
    return replace(found, debtor=replace(DEBTOR, name=name, lines=("c/o Bjørn Åsheim", "Sjøgata 1 B", "6002 Ålesund"),
                                         place="6002 Ålesund"))  # fmt: skip
