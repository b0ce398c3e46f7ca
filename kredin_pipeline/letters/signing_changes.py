"""What a signed file may add to our draft: signatures and what proves them, and nothing else.

A signing service appends revisions to a PDF; a revision can replace any page while the draft's bytes stay in the file.
So every object of the draft must be the same in every later revision, save that

- the catalogue may gain the form that holds the signatures, the store of validation data (DSS) and a version;
- a page may gain the invisible fields of signatures;
- the date of change and the producer may differ, in the information dictionary and in the metadata.

Belongs here: that comparison. Not here: whether a signature is good (``signing``). A visible mark is refused: it could
cover what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final

from lxml import etree
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_CATALOGUE_MAY_GAIN: Final = frozenset({"/AcroForm", "/DSS", "/Version", "/Extensions", "/Perms"})
_FORM_MAY_HAVE: Final = frozenset({"/Type", "/Fields", "/SigFlags", "/DR", "/DA"})
_FIELD_MAY_HAVE: Final = frozenset(
    {"/FT", "/T", "/TU", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V", "/AP", "/Lock", "/SV", "/Ff", "/DA", "/MK",
     "/Q", "/Contents", "/StructParent"}
)  # fmt: skip
_INFO_MAY_DIFFER: Final = frozenset({"/ModDate", "/Producer"})


class Changed(Exception):
    """The signed file says something that the draft did not; the text says what."""


def only_signed(draft: bytes, signed: PdfFileReader) -> None:
    """Raises ``Changed`` unless every later revision of the file leaves the draft as it was.

    The caller has seen that the file begins with the draft's bytes.
    """
    ours = PdfFileReader(BytesIO(draft))
    count = ours.total_revisions
    for revision in range(count):
        if (
            revision >= signed.total_revisions
            or signed.xrefs.get_startxref_for_revision(revision) != ours.xrefs.get_startxref_for_revision(revision)
        ):  # fmt: skip
            raise Changed("it carries the draft's bytes, but as a reader opens it the document is another one")
    if signed.encrypted or signed.xrefs.hybrid_xrefs_present:
        raise Changed("it is encrypted, or has two tables of contents that may differ")
    before = signed.get_historical_resolver(count - 1)
    drafted = {ref for revision in range(count) for ref in signed.xrefs.explicit_refs_in_revision(revision)}
    added = {ref for revision in range(count, signed.total_revisions) for ref in _numbers(signed, revision)}
    if _left_open(before, drafted) & added:
        raise Changed("it fills in what the draft referred to and did not have")
    for revision in range(count, signed.total_revisions):
        _compare(before, signed.get_historical_resolver(revision), drafted)


def _compare(old: HistoricalResolver, new: HistoricalResolver, drafted: set[generic.Reference]) -> None:
    if new.root_ref != old.root_ref:
        raise Changed("its catalogue is another one")
    widgets = _widgets(new)
    info_ref, metadata_ref = _ref_of(old.trailer_view, "/Info"), _ref_of(old.root, "/Metadata")
    if info_ref is not None and _ref_of(new.trailer_view, "/Info") != info_ref:
        raise Changed("its information dictionary is another one")
    pages = dict(_pages(old))
    for ref in drafted:
        was, now = _found(old, ref), _found(new, ref)
        if _plain(was) == _plain(now):
            continue
        if ref == old.root_ref:
            _gained(was, now, _CATALOGUE_MAY_GAIN, "the catalogue")
        elif ref in pages:
            _page(was, now, widgets, pages[ref])
        elif ref == info_ref:
            _gained(_without(was, _INFO_MAY_DIFFER), _without(now, _INFO_MAY_DIFFER), frozenset(), "the information")
        elif ref == metadata_ref:
            if _described(was) != _described(now):
                raise Changed("its metadata describe another document")
        elif not _is_container(was):
            raise Changed(f"object {ref.idnum} of the draft was replaced")


def _numbers(signed: PdfFileReader, revision: int) -> set[tuple[int, int]]:
    return {(ref.idnum, ref.generation) for ref in signed.xrefs.explicit_refs_in_revision(revision)}


def _left_open(draft: HistoricalResolver, drafted: set[generic.Reference]) -> set[tuple[int, int]]:
    """Objects that the draft refers to and does not have: a later revision could bring them and show what it likes."""
    waiting: list[Any] = [_found(draft, ref) for ref in drafted]
    named: set[tuple[int, int]] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            named.add((value.idnum, value.generation))
        elif isinstance(value, generic.DictionaryObject):
            waiting.extend(value.raw_get(key) for key in value)
        elif isinstance(value, generic.ArrayObject):
            waiting.extend(value.raw_get(number) for number in range(len(value)))
    return named - {(ref.idnum, ref.generation) for ref in drafted}


def _page(was: Any, now: Any, widgets: set[generic.Reference], number: int) -> None:
    _gained(_without(was, {"/Annots"}), _without(now, {"/Annots"}), frozenset(), f"page {number}")
    old, new = _annotations(was), _annotations(now)
    if new[: len(old)] != old or any(ref not in widgets for ref in new[len(old) :]):
        raise Changed(f"page {number} has gained an annotation that is no signature's field")


def _widgets(new: HistoricalResolver) -> set[generic.Reference]:
    """The fields of the form; each must hold a signature and be invisible."""
    form: Any = value_of(new.root, "/AcroForm")
    if form is None:
        raise Changed("a revision was added that holds no signature")
    if set(form) - _FORM_MAY_HAVE:
        raise Changed(f"its form has {', '.join(sorted(set(form) - _FORM_MAY_HAVE))}")
    found: set[generic.Reference] = set()
    for entry in value_of(form, "/Fields", ()):
        field: Any = entry.get_object() if isinstance(entry, generic.IndirectObject) else entry
        name = str(value_of(field, "/T", "without a name"))
        if value_of(field, "/FT") != "/Sig" or set(field) - _FIELD_MAY_HAVE or "/V" not in field:
            raise Changed(f"its form has a field that is no signature: {name}")
        if _area(field):
            raise Changed(
                f"the signature {name} has a visible mark, which may cover what stands there; sign without one"
            )
        if isinstance(entry, generic.IndirectObject):
            found.add(entry.reference)
    return found


def _area(field: Mapping[str, Any]) -> bool:
    box = [float(side) for side in value_of(field, "/Rect", (0, 0, 0, 0))]
    return bool((box[2] - box[0]) * (box[3] - box[1]))


def _gained(was: Any, now: Any, may: frozenset[str], what: str) -> None:
    """Every key as it was; of new ones only those in ``may``."""
    if not isinstance(was, generic.DictionaryObject) or not isinstance(now, generic.DictionaryObject):
        raise Changed(f"{what} was replaced")
    for key in was.keys() | now.keys():
        if key in may:
            continue
        if key not in was or key not in now or _plain(was.raw_get(key)) != _plain(now.raw_get(key)):
            raise Changed(f"{key} of {what} was changed")


def value_of(holder: Any, key: str, missing: Any = None) -> Any:
    """What stands under a key, looked up where it is a reference."""
    if key not in holder:
        return missing
    return holder[key]


def _without(value: Any, keys: frozenset[str] | set[str]) -> Any:
    if not isinstance(value, generic.DictionaryObject):
        return value
    kept = generic.DictionaryObject()
    for key in value:
        if key not in keys:
            kept[key] = value.raw_get(key)
    return kept


def _annotations(page: Any) -> list[Any]:
    listed = value_of(page, "/Annots", ())
    return [one.reference if isinstance(one, generic.IndirectObject) else _plain(one) for one in listed]


def _pages(resolver: HistoricalResolver) -> Iterator[tuple[generic.Reference, int]]:
    waiting: list[Any] = [resolver.root.raw_get("/Pages")]
    number = 0
    while waiting:
        node = waiting.pop(0)
        found: Any = node.get_object()
        if value_of(found, "/Type") == "/Page":
            number += 1
            yield node.reference, number
        waiting[:0] = list(value_of(found, "/Kids", ()))


def _described(stream: Any) -> list[tuple[str, str]]:
    """What the metadata say of the document itself: Dublin Core's title, author, language and so on."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    found: list[tuple[str, str]] = []
    for element in etree.fromstring(stream.data, parser).iter():
        if str(element.tag).startswith(_DC):
            found.append((str(element.tag), "".join(str(text) for text in element.itertext()).strip()))
        found.extend((str(name), str(value)) for name, value in element.attrib.items() if str(name).startswith(_DC))
    return sorted(found)


def _is_container(value: Any) -> bool:
    """Tables and streams of objects: what they hold is compared by itself."""
    return isinstance(value, generic.StreamObject) and value_of(value, "/Type") in ("/ObjStm", "/XRef")


def _found(resolver: HistoricalResolver, ref: generic.Reference) -> Any:
    try:
        return resolver.get_object(ref)
    except Exception:  # whatever a damaged file makes of it: the object is not there as it was
        raise Changed(f"object {ref.idnum} of the draft is gone") from None


def _ref_of(holder: generic.DictionaryObject, key: str) -> generic.Reference | None:
    value = holder.raw_get(key) if key in holder else None
    return value.reference if isinstance(value, generic.IndirectObject) else None


def _plain(value: Any) -> object:
    """A value to compare: references as they are, keys in one order, a stream with its bytes as stored."""
    if isinstance(value, generic.IndirectObject):
        return ("reference", value.idnum, value.generation)
    if isinstance(value, generic.DictionaryObject):
        said = sorted((str(key), _plain(value.raw_get(key))) for key in value if key != "/Length")
        return (said, value.encoded_data) if isinstance(value, generic.StreamObject) else ("dictionary", said)
    if isinstance(value, generic.ArrayObject):
        return [_plain(value.raw_get(number)) for number in range(len(value))]
    written = BytesIO()
    value.write_to_stream(written, None)
    return written.getvalue()
