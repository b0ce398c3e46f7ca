"""A SAF-T file as a stream: small element trees with their line numbers, never the whole document.

Belongs here: XML and what can be wrong with it as XML (not well-formed, another root, another encoding, a document type
with entities). Not here: what an element means (``saft_reader``), or whether the sums are right (``saft_proofs``).
Memory is that of one record, whatever the file's size. expat and not lxml, because it knows the line of every element
(libxml2 counts exactly to 65,535 only) and tells of a document type before anything in it is read.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from xml.parsers import expat

NAMESPACE: Final = "urn:StandardAuditFile-Taxation-Financial:NO"
"""Of all versions from 1.00 to 1.30."""
_CHUNK: Final = 1 << 16
_PLACEHOLDERS: Final = frozenset({"n.a", "n.a.", "na", "n/a", "-"})
_DEEPEST: Final = 100
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\x00", b"\x00<")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file: the line (None: the file as a whole) and the reason."""

    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"line {self.line or '?'}: {self.reason}"


class SaftError(ValueError):
    """A file that is not read: every fault that was found, in the file's order, and what to do.

    ``line`` and ``reason`` are the first fault's; ``more`` counts the ones that were found but not kept.
    """

    def __init__(self, path: Path, faults: Sequence[Fault], advice: str, more: int = 0) -> None:
        others = len(faults) - 1 + more
        also = f" (and {others} more)" if others else ""
        super().__init__(f"{path.name}, {faults[0]}{also}. Nothing was read from it. {advice}")
        self.path = path
        self.faults = tuple(faults)
        self.more = more
        self.line = faults[0].line
        self.reason = faults[0].reason
        self.advice = advice


class Element:
    """An element with the line it starts on, its own text, and its children by name. Namespaces are left out."""

    __slots__ = ("children", "line", "name", "texts")

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.texts: list[str] = []
        self.children: dict[str, list[Element]] = {}

    def all(self, name: str) -> list[Element]:
        """The children of that name, in order."""
        return self.children.get(name, [])

    def find(self, path: str) -> Element | None:
        """The first element at a path such as ``PartyInfo/PaymentTerms``."""
        named = self.children.get(path)
        if named is not None:
            return named[0]
        found = self
        for name in path.split("/") if "/" in path else ():
            named = found.children.get(name)
            if named is None:
                return None
            found = named[0]
        return None if found is self else found

    def text(self, path: str) -> str | None:
        """The text at a path, None when it is not there, empty, or one of the placeholders that systems export."""
        found = self.find(path)
        text = "" if found is None else "".join(found.texts).strip()
        return None if not text or text.lower() in _PLACEHOLDERS else text


def records(path: Path, opened: BinaryIO, wanted: frozenset[str]) -> Iterator[tuple[str, Element]]:
    """Every element whose path below the root is wanted (``MasterFiles/Customers/Customer``), as it is read.

    Raises ``SaftError`` with the line when the file is no SAF-T Financial file that can be read safely.
    """
    reading = _Reading(path, wanted)
    first = True
    while True:
        chunk = opened.read(_CHUNK)
        if first:
            first = False
            reading.look_at_start(chunk)
        yield from reading.feed(chunk)
        if not chunk:
            return


class _Reading:
    """One pass of the parser; records that have ended wait in ``_done`` until the chunk is read."""

    def __init__(self, path: Path, wanted: frozenset[str]) -> None:
        self._path = path
        self._wanted = wanted
        self._names: list[str] = []  # the path below the root
        self._open: list[Element] = []  # the record under way, innermost last
        self._done: list[tuple[str, Element]] = []
        self._chunk = b""
        self._chunk_at = 0
        self._encoding = "UTF-8"
        self._depth = 0
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def look_at_start(self, chunk: bytes) -> None:
        """Refuse what is plainly another kind of file, with words that say which."""
        if not chunk.strip():
            raise self._refused(1, "the file is empty", "Export it again from the accounting system.")
        if chunk[:2] == b"PK":
            raise self._refused(1, "this is a zip archive, not XML", "Unpack it and give the XML file inside.")
        if chunk[:2] == b"\x1f\x8b":
            raise self._refused(1, "this is a gzip archive, not XML", "Unpack it and give the XML file inside.")
        if chunk[:4] == b"%PDF":
            raise self._refused(1, "this is a PDF, not XML", _EXPORT_SAFT)
        if chunk.removeprefix(codecs.BOM_UTF8).lstrip()[:1] != b"<" and chunk[:2] not in _UTF_16:
            raise self._refused(1, "this is not XML", _EXPORT_SAFT)

    def feed(self, chunk: bytes) -> list[tuple[str, Element]]:
        """Parse a chunk, the empty one ends the file; gives the records that ended in it."""
        self._chunk_at += len(self._chunk)
        self._chunk = chunk
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            raise self._not_well_formed(error) from error
        except (LookupError, ValueError) as error:
            if isinstance(error, SaftError):
                raise
            raise self._other_encoding() from error
        done, self._done = self._done, []
        return done

    # --- what the parser calls ---------------------------------------------------------------------------------

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        self._encoding = encoding or "UTF-8"

    def _document_type(self, name: str, system_id: str | None, public_id: str | None, has_internal: bool) -> None:
        del name, system_id, public_id, has_internal
        raise self._refused(
            self._parser.CurrentLineNumber,
            "the file has a document type (<!DOCTYPE ...>), which SAF-T never has; the entities in one can open other "
            "files or fill the memory, so none is read",
            "Do not trust this file: ask whoever sent it where it comes from, and export a new one.",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        local = name.rpartition(" ")[2]
        depth = self._depth = self._depth + 1
        if depth > _DEEPEST:
            reason = f"elements lie more than {_DEEPEST} deep in each other"
            raise self._refused(self._parser.CurrentLineNumber, reason, _EXPORT_SAFT)
        opened = self._open
        if opened:
            made = Element(local, self._parser.CurrentLineNumber)
            siblings = opened[-1].children
            if local in siblings:
                siblings[local].append(made)
            else:
                siblings[local] = [made]
            opened.append(made)
        elif depth == 1:
            self._root(name.rpartition(" ")[0], local)
        else:
            self._names.append(local)
            if "/".join(self._names) in self._wanted:
                opened.append(Element(local, self._parser.CurrentLineNumber))
                self._parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _end(self, name: str) -> None:
        del name
        self._depth -= 1
        if self._open:
            ended = self._open.pop()
            if self._open:
                return
            self._parser.CharacterDataHandler = None
            self._done.append(("/".join(self._names), ended))
        if self._depth:
            self._names.pop()

    # --- refusals ----------------------------------------------------------------------------------------------

    def _root(self, namespace: str, local: str) -> None:
        line = self._parser.CurrentLineNumber
        if local == "AuditFile" and namespace == NAMESPACE:
            return
        if local == "AuditFile" and not namespace:
            reason = f"root element: AuditFile has no namespace, want {NAMESPACE}"
            raise self._refused(line, reason, "Its system wrote it against the schema: ask its supplier to mend it.")
        if local == "AuditFile":
            reason = f"root element: found AuditFile of {namespace}, want {NAMESPACE}"
            raise self._refused(line, reason, f"It is another country's or another kind of SAF-T. {_EXPORT_SAFT}")
        raise self._refused(line, f"root element: found {local}, want AuditFile of SAF-T NO", _EXPORT_SAFT)

    def _not_well_formed(self, error: expat.ExpatError) -> SaftError:
        line = error.lineno
        at = self._parser.ErrorByteIndex - self._chunk_at
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]:
            return self._other_encoding()
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN] and 0 <= at < len(self._chunk):
            found = self._chunk[at]
            if found >= 0x80 and self._is_utf_8():
                was = bytes([found]).decode("latin-1")
                reason = (
                    f"the file says that it is {self._encoding}, but byte {found:#04x} here is not; in ISO-8859-1 it "
                    f"would be {was!r}"
                )
                return self._refused(line, reason, "Export it as UTF-8, or correct the encoding in its first line.")
        what = expat.ErrorString(error.code).removeprefix("not well-formed ").strip("()")
        reason = f"not well-formed XML: {what} at column {error.offset + 1}"
        if not self._chunk:
            reason = "not well-formed XML: the file ends here, before its last element does; it was cut off on its way"
        return self._refused(line, reason, "Export it again from the accounting system, and send it unchanged.")

    def _other_encoding(self) -> SaftError:
        reason = f"encoding: found {self._encoding!r}, which cannot be read; want UTF-8"
        return self._refused(1, reason, "Export it as UTF-8.")

    def _is_utf_8(self) -> bool:
        try:
            return codecs.lookup(self._encoding).name == "utf-8"
        except LookupError:
            return False

    def _refused(self, line: int, reason: str, advice: str) -> SaftError:
        return SaftError(self._path, [Fault(line, reason)], advice)


_EXPORT_SAFT: Final = "In the accounting system, export SAF-T Financial (SAF-T Regnskap) for Norway and give that file."
