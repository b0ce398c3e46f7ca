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

from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.document import document

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
    letter = asdict(document(content))
    letter["footer"] = f"{content.creditor.name} · {', '.join(content.case_ids)}"
    return typeset(_TEMPLATE, "letter", letter, content.dated)


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
