"""What the law requires each legal document to state, as data, and which of it a page lacks.

Belongs here: one row per required statement, with its source, and the words that must stand for it. Not here: how it is
said. ``missing`` looks through text as it was laid out or extracted; blanks and line breaks do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import Kind, LegalDocument

Says = Callable[[LegalDocument], tuple[str, ...]]


@dataclass(frozen=True)
class Required:
    """``what`` must stand in the document by ``source``; ``says`` gives the words to be found, all of them."""

    what: str
    source: str
    says: Says


def _parties(document: LegalDocument) -> tuple[str, ...]:
    who = document.creditor
    return (who.name, formats.organisation_number(who.orgnr or ""), document.debtor.name, document.debtor.place)


def _lines(document: LegalDocument) -> tuple[str, ...]:
    found: list[str] = []
    for one in document.claims:
        found += [f"Faktura {one.invoice_no}", formats.short_day(one.due_date), layout.amount(one.principal)]
    return tuple(found)


def _apart(document: LegalDocument) -> tuple[str, ...]:
    return (
        f"Hovedstol: {layout.amount(document.principal)}",
        f"Forsinkelsesrente: {layout.amount(document.interest)}",
        f"Utenrettslige kostnader: {layout.amount(document.costs)}",
        f"Sum: {layout.kroner(document.total)}",
    )


def _notices(document: LegalDocument) -> tuple[str, ...]:
    sent = [f"sendt {formats.day(one.notice.sent_on)}" for one in document.claims if one.notice is not None]
    return ("tvangsfullbyrdelsesloven § 4-18", *sent)


def _asked(document: LegalDocument) -> tuple[str, ...]:
    asked = [one.demand or one.notice for one in document.claims]
    return ("klart oppfordret", *(f"sendt {formats.day(letter.sent_on)}" for letter in asked if letter is not None))


def _marks(document: LegalDocument) -> tuple[str, ...]:
    marks = [(one.name, layout.SURENESS[one.confidence]) for one in document.court if one.confidence != "high"]
    return tuple(f"{name}: {mark}" for name, mark in marks)


def _left_out(document: LegalDocument) -> tuple[str, ...]:
    return ("en ny er nødvendig", "inkassoloven § 11") if document.costs_left_out else ()


def _opening(document: LegalDocument) -> tuple[str, ...]:
    return () if document.estate is None else (f"åpnet konkurs hos {document.debtor.name}", formats.day(
        document.estate.opened_on))  # fmt: skip


def _later(document: LegalDocument) -> tuple[str, ...]:
    later = () if document.estate is None else document.estate.later
    return ("datert etter konkursåpningen", *(one.invoice_no for one in later))


def _trustee(document: LegalDocument) -> tuple[str, ...]:
    trustee = None if document.estate is None else document.estate.trustee
    return ("v/bostyrer",) if trustee is None else (f"v/bostyrer {trustee.name}",)


def _words(*words: str) -> Says:
    return lambda _: words


_PARTIES: Final = Required("both parties with number and address", "reference § 7; tvisteloven § 6-3", _parties)
_LINES: Final = Required("each invoice with due date and what is open", "tvangsfullbyrdelsesloven § 7-2 f", _lines)
_APART: Final = Required("principal, interest, costs and their sum apart", "reference § 7 (EN-2)", _apart)
_MARKS: Final = Required("each amount of the court that is not sure is marked", "obligation C-9", _marks)
_SIGNED: Final = Required("a place for date and signature", "rules § 7", _words("Sted og dato", "Underskrift"))

REQUIRED: Final[Mapping[Kind, tuple[Required, ...]]] = {
    "enforcement_petition": (
        _PARTIES,
        Required("that enforcement is asked for", "reference § 7", _words("begjærer utlegg")),
        Required("the ground", "tvangsfullbyrdelsesloven § 7-2 f", _words("Skriftlig meddelelse", "§ 7-2 f")),
        Required("the notice, with day and way of sending", "tvangsfullbyrdelsesloven § 4-18", _notices),
        Required("the venue", "tvangsfullbyrdelsesloven § 7-3", _words("alminnelig verneting", "§ 7-3")),
        Required("whether forliksrådet, default judgment and a claim are wanted", "reference § 7 (EN-9)",
                 _words("overført til forliksrådet", "fraværsdom", "Påstand")),
        _LINES,
        _APART,
        Required("interest until payment", "forsinkelsesrenteloven § 2", _words("til betaling skjer")),
        Required("costs that may not be claimed, and why", "inkassoloven § 11; obligation C-8", _left_out),
        _MARKS,
        _SIGNED,
    ),
    "conciliation_complaint": (
        _PARTIES,
        Required("which conciliation board", "tvisteloven § 6-3", _words("Forliksrådet", "i innklagedes kommune")),
        Required("what is claimed and why", "tvisteloven § 6-3", _words("Hva saken gjelder", "krever betaling")),
        Required("the written notice before it", "tvisteloven § 5-2", _words("tvisteloven § 5-2", "varslet")),
        Required("the outcome sought", "tvisteloven § 6-3", _words("Påstand", "dømmes til å betale")),
        Required("whether default judgment is wanted", "tvisteloven §§ 6-3, 6-10", _words("fraværsdom")),
        _LINES,
        _APART,
        _MARKS,
        _SIGNED,
    ),
    "bankruptcy_notice": (
        _PARTIES,
        Required("two weeks from service", "konkursloven § 63", _words("innen to uker fra dette varselet er forkynt")),
        Required("that bankruptcy may be petitioned for", "konkursloven § 63", _words("kan vi begjære konkurs")),
        Required("the presumption and whom it concerns", "konkursloven § 63", _words("regnskapsplikt", "insolvent")),
        Required("an earlier clear call to pay", "konkursloven § 63", _asked),
        Required("that the debtor may object", "inkassoloven § 8", _words("innvendingene")),
        _LINES,
        _APART,
        _MARKS,
        _SIGNED,
    ),
    "estate_claim": (
        _PARTIES,
        Required("the trustee", "rules § 6", _trustee),
        Required("the day of the opening", "rules § 6", _opening),
        Required("interest up to the opening", "reference § 6", _words("regnet til konkursåpningen")),
        Required("priority and security", "reference § 6", _words("uprioritert", "ikke sikret ved pant")),
        Required("invoices after the opening, apart", "rules § 6", _later),
        Required("where to pay the dividend", "reference § 6", _words("Dividende bes utbetalt")),
        _LINES,
        _APART,
        _SIGNED,
    ),
}  # fmt: skip


def missing(document: LegalDocument, text: str) -> list[str]:
    """Which required statements a text lacks, each with its source; empty when it is whole."""
    found = _plain(text)
    return [
        f"{one.what} ({one.source})"
        for one in REQUIRED[document.kind]
        if not all(_plain(word) in found for word in one.says(document))
    ]


def _plain(text: str) -> str:
    return "".join(text.split())
