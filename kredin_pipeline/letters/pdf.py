"""A letter as a PDF (A4, PDF/A-2a and PDF/UA-1: archivable, and readable by a screen reader).

Here belongs the call of the typesetter; the page stands in ``letter.typ`` beside this module, what is said in
``document``. Fonts are those that the typesetter carries, so that every machine makes the same letter; the same content
gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock

import typst

from kredin_pipeline.cases.logo import as_svg
from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.document import LABELS, document

_TEMPLATE = "letter.typ"
_LOCK = Lock()


@cache
def _compiler(template: str) -> typst.Compiler:
    """One compiler a template for the process: it keeps the parsed template and the fonts; a page then takes
    milliseconds."""
    path = Path(str(files("kredin_pipeline.letters") / template))
    return typst.Compiler(str(path), root=str(path.parent), ignore_system_fonts=True)


def render_pdf(content: LetterContent) -> bytes:
    """The letter as PDF. Raises ``LetterError`` when its sums do not agree."""
    return typeset(_TEMPLATE, "letter", _page(content), content.dated)


def render_pictures(content: LetterContent, ppi: float = 96) -> list[bytes]:
    """The letter's pages as PNG, for a person to look at before it is ever sent. Raises as ``render_pdf``."""
    with _LOCK:
        made = _compiler(_TEMPLATE).compile(
            format="png", ppi=ppi, sys_inputs={"letter": json.dumps(_page(content), ensure_ascii=False)}
        )
    return list(made) if isinstance(made, list) else [bytes(made or b"")]


def logo_fault(logo: str) -> str | None:
    """Why the typesetter cannot print a kept logo, or None when it can."""
    page = b'#set document(title: "x")\n#image(bytes(sys.inputs.at("logo")), format: "svg", alt: "x")'
    try:
        typst.compile(page, ignore_system_fonts=True, sys_inputs={"logo": as_svg(logo)}, pdf_standards=["a-2a", "ua-1"])
    except typst.TypstError as error:
        return str(error)
    return None


def _page(content: LetterContent) -> dict[str, object]:
    """What the template gets: the letter as it is read, and what only a page has."""
    letter: dict[str, object] = asdict(document(content))
    first, *others = content.case_ids
    label = LABELS[content.language]
    letter["footer"] = f"{content.creditor.name} · {first}{' + ' + str(len(others)) if others else ''}"
    letter["pages"] = (label["page"], label["of_pages"])
    letter["logo"] = as_svg(content.creditor.logo) if content.creditor.logo else None
    return letter


def typeset(template: str, name: str, content: Mapping[str, object], dated: date) -> bytes:
    """A page from a template beside this module, which gets ``content`` as JSON under ``name``; dated noon (UTC)."""
    stamp = int(datetime.combine(dated, time(12), UTC).timestamp())
    with _LOCK:  # the compiler's world is one; two runs in one process take turns
        made = _compiler(template).compile(
            format="pdf",
            sys_inputs={name: json.dumps(content, ensure_ascii=False)},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=stamp,
        )
    if not isinstance(made, bytes):
        raise TypeError(f"the typesetter gave {type(made).__name__}, want bytes")
    return made
