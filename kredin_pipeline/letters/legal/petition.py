"""The enforcement petition on a written notice (begjæring om utlegg, tvangsfullbyrdelsesloven § 7-2 f), in words.

Here belongs what it says. What it must state is data in ``required``; whether it may be dated so is
``cases.legal_ready``. Reference § 7 (EN-1 to EN-11).
"""

from __future__ import annotations

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import LegalDocument
from kredin_pipeline.letters.legal.layout import Page, Section


def page(document: LegalDocument) -> Page:
    """The petition as sections."""
    on = formats.day(document.dated)
    sections = [
        layout.creditor_section(document, "Saksøker"),
        layout.debtor_section(document, "Saksøkt"),
        Section(
            "Begjæring",
            (
                f"{document.creditor.name} begjærer utlegg hos {document.debtor.name} for kravet nedenfor, med tillegg "
                "av forsinkelsesrente til betaling skjer og kostnadene ved saken.",
                "Vi ber om at saken blir overført til forliksrådet hvis saksøkte har innvendinger mot kravet, og at "
                "det da blir avsagt fraværsdom dersom vilkårene er oppfylt (tvangsfullbyrdelsesloven §§ 7-2 f, 7-7). "
                f"Påstand: {document.debtor.name} dømmes til å betale {layout.kroner(document.total)} med "
                "forsinkelsesrente av hovedstolen og sakens kostnader.",
            ),
        ),
        _ground(document),
        _notice(document),
        *layout.claim_sections(document, formats.short_day(document.dated)),
        layout.sums_section(document, f"Kravet i alt per {on}"),
        _goes_on(document),
        layout.court_section(
            document,
            "Kostnader ved begjæringen",
            "I tillegg kreves gebyret og kostnaden ved å skrive begjæringen, som ikke er med i summen over.",
        ),
        layout.attachments_section(document),
    ]
    recipient = (
        "Namsmannen",
        "der saksøkte har alminnelig verneting (tvangsfullbyrdelsesloven § 7-3):",
        document.debtor.place,
    )
    return layout.page(document, "Begjæring om utlegg", recipient, sections, "saksøkeren")


def _ground(document: LegalDocument) -> Section:
    dated = [
        f"faktura {one.invoice_no} av {formats.day(one.invoice_date)}" if one.invoice_date else f"faktura "
        f"{one.invoice_no}"
        for one in document.claims
    ]  # fmt: skip
    return Section(
        "Tvangsgrunnlag",
        (
            "Skriftlig meddelelse fra fordringshaveren til skyldneren som viser kravets grunnlag og omfang "
            f"(tvangsfullbyrdelsesloven § 7-2 f): {layout.listed(dated)}.",
        ),
    )


def _notice(document: LegalDocument) -> Section:
    found: dict[str, list[str]] = {}
    for one in document.claims:
        if one.notice is not None:
            found.setdefault(layout.sent(one.notice), []).append(one.invoice_no)
    told = [f"Faktura {layout.listed(numbers)}: {letter}." for letter, numbers in found.items()]
    return Section(
        "Varsel",
        (
            "Saksøkte er varslet skriftlig om at tvangsfullbyrdelse ville bli begjært hvis kravet ikke ble betalt "
            "(tvangsfullbyrdelsesloven § 4-18). To uker er gått siden varselet ble sendt, og det er ikke eldre enn ett "
            "år etter det.",
            *told,
        ),
    )


def _goes_on(document: LegalDocument) -> Section:
    paragraphs = [
        "Forsinkelsesrente løper videre av hovedstolen, "
        f"{layout.kroner(document.principal)}, fra {formats.day(document.dated)} til betaling skjer, etter den sats "
        "som gjelder til enhver tid; periodene til nå står i vedlagt beregning."
    ]
    if document.costs_left_out:
        paragraphs.append(
            f"Utenrettslige kostnader på {layout.kroner(document.costs_left_out)} kreves ikke: betalingsoppfordringen "
            "er eldre enn seks måneder, og en ny er nødvendig for at de skal kunne kreves (inkassoloven § 11). For de "
            "fakturaene gjelder begjæringen bare hovedstol og rente."
        )
    return Section("Rente og kostnader", tuple(paragraphs))
