"""The bankruptcy notice (konkursvarsel, konkursloven § 63), in words. It is served on the debtor.

Here belongs what it says. What it must state is data in ``required``. It is only drafted when a person asks for it.
Reference § 8 (BK-1).
"""

from __future__ import annotations

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import LegalDocument
from kredin_pipeline.letters.legal.layout import Page, Section


def page(document: LegalDocument) -> Page:
    """The notice as sections."""
    sections = [
        layout.creditor_section(document, "Fordringshaver"),
        layout.debtor_section(document, "Skyldner"),
        Section(
            "Varsel",
            (
                f"{document.creditor.name} krever at {document.debtor.name} betaler det forfalte kravet nedenfor, "
                f"{layout.kroner(document.total)} per {formats.day(document.dated)} med forsinkelsesrente til betaling "
                "skjer, innen to uker fra dette varselet er forkynt.",
                "Blir kravet ikke betalt innen fristen, kan vi begjære konkurs. Den som har eller det siste året har "
                "hatt regnskapsplikt, blir da regnet som insolvent inntil det motsatte er vist, når konkursbegjæringen "
                "er kommet inn til retten innen to uker etter at fristen er ute (konkursloven § 63).",
                "Er dere uenige i kravet, ber vi om at innvendingene blir sendt oss innen samme frist.",
            ),
        ),
        Section("Tidligere oppfordring til å betale", _asked(document)),
        *layout.claim_sections(document, formats.short_day(document.dated)),
        layout.sums_section(document, f"Kravet i alt per {formats.day(document.dated)}"),
        _payment(document),
        layout.court_section(
            document, "Kostnader ved varselet", "Gebyret for forkynning kommer i tillegg til summen over."
        ),
        layout.attachments_section(document),
    ]  # fmt: skip
    title = "Konkursvarsel"
    return layout.page(document, title, layout.address_of(document.debtor), sections, "fordringshaveren")


def _asked(document: LegalDocument) -> tuple[str, ...]:
    asked = [one.demand or one.notice for one in document.claims]
    told = sorted({layout.sent(letter) for letter in asked if letter is not None})
    return ("Skyldneren er før dette varselet klart oppfordret til å betale det forfalte kravet.", *(
        f"{each[:1].upper()}{each[1:]}." for each in told
    ))  # fmt: skip


def _payment(document: LegalDocument) -> Section:
    account = document.creditor.bank_account
    where = f"konto {formats.account_number(account)}" if account else "kontoen som står på fakturaen"
    kids = [f"faktura {one.invoice_no}: {one.kid}" for one in document.claims if one.kid]
    told = f" Bruk KID for {layout.listed(kids)}." if kids else ""
    return Section("Betaling", (f"Kravet betales til {where}.{told}",))
