"""What a search of main units or sub-units finds, and how hits and feed lines are paged.

Filters, ranking and the paging envelope belong here; reading the parameters does not.
Source: Enhetsregisteret reference §§ 2.2, 2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from .parameters import Query
from .roles import Unit
from .state import FeedEvent, Register, wire_time
from .synthesis import Json

Row = TypeVar("Row")

_FLAGS = (
    "konkurs", "underAvvikling", "underTvangsavviklingEllerTvangsopplosning", "registrertIMvaregisteret",
    "registrertIForetaksregisteret", "registrertIStiftelsesregisteret", "registrertIFrivillighetsregisteret",
)  # fmt: skip
_DATES = (
    ("RegistreringsdatoEnhetsregisteret", "registreringsdatoEnhetsregisteret"),
    ("Stiftelsesdato", "stiftelsesdato"),
    ("Oppstartsdato", "oppstartsdato"),
    ("DatoEierskifte", "datoEierskifte"),
    ("Nedleggelsesdato", "nedleggelsesdato"),
)
_ADDRESSES = ("postadresse", "forretningsadresse", "beliggenhetsadresse")


def find(register: Register, query: Query, sub: bool) -> list[Unit]:
    """Units that the search returns. Numbers that were set to answer a status are left out: a caller must look them
    up directly to learn why. Deregistered units are left out too unless the register is told otherwise."""
    named = query.texts("organisasjonsnummer")
    if "organisasjonsnummer" in query.values:
        candidates = [unit for number in dict.fromkeys(named) if (unit := register.find(number, sub))]
    else:
        candidates = register.units(sub)
    hits = [
        unit
        for unit in candidates
        if register.status_of(unit.number) is None
        and (register.options.deleted_in_search or not unit.fields.get("slettedato"))
        and _fits(unit, query)
    ]
    sort = query.text("sort")
    if sort:
        name, direction = sort.split(",")
        key = name.split(".")[0]  # older documentation sorts names as navn.norwegian
        hits.sort(key=lambda unit: str(unit.fields.get(key, unit.number)), reverse=direction == "DESC")
    elif words := _words(query):
        hits.sort(key=lambda unit: (-len(words & set(_name(unit).split())), unit.number))
    return hits


def _name(unit: Unit) -> str:
    return str(unit.fields["navn"]).upper()


def _words(query: Query) -> set[str]:
    return set((query.text("navn") or "").upper().split())


def _fits(unit: Unit, query: Query) -> bool:
    return _fits_name(unit, query) and _fits_fields(unit, query) and _fits_addresses(unit, query)


def _fits_name(unit: Unit, query: Query) -> bool:
    text = query.text("navn")
    if text is None:
        return True
    if query.text("navnMetodeForSoek") == "FORTLOEPENDE":
        return _name(unit).startswith(text.upper())
    return bool(_words(query) & set(_name(unit).split()))  # words are ORed; æøå and dots are not folded


def _fits_fields(unit: Unit, query: Query) -> bool:
    fields = unit.fields
    if any((want := query.flag(name)) is not None and bool(fields.get(name)) != want for name in _FLAGS):
        return False
    for parameter, name in _DATES:
        first, last = query.day(f"fra{parameter}"), query.day(f"til{parameter}")
        if first or last:
            text = fields.get(name)
            day = date.fromisoformat(str(text)) if text else None
            if day is None or (first and day < first) or (last and day > last):
                return False
    staff = int(fields.get("antallAnsatte") or 0)  # the filter also sees counts that the body hides
    fewest, most = query.integer("fraAntallAnsatte"), query.integer("tilAntallAnsatte")
    if (fewest is not None and staff < fewest) or (most is not None and staff > most):
        return False
    voluntary = fields.get("frivilligMvaRegistrertBeskrivelser", [])
    codes = [str(fields[k]["kode"]) for k in ("naeringskode1", "naeringskode2", "naeringskode3") if k in fields]
    checks: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("overordnetEnhet", lambda want: fields.get("overordnetEnhet") == want),
        ("organisasjonsform", lambda want: unit.form == want),
        ("naeringskode", lambda want: any(code.startswith(want) for code in codes)),
        ("institusjonellSektorkode", lambda want: fields.get("institusjonellSektorkode", {}).get("kode") == want),
        ("sisteInnsendteAarsregnskap", lambda want: fields.get("sisteInnsendteAarsregnskap") == want),
        ("frivilligRegistrertIMvaregisteret", lambda want: want in voluntary),
        ("hjemmeside", lambda want: want in str(fields.get("hjemmeside", ""))),
        ("kommunenummer", lambda want: any(_address(unit, a).get("kommunenummer") == want for a in _ADDRESSES)),
    )
    return all(name not in query.values or any(test(want) for want in query.texts(name)) for name, test in checks)


def _address(unit: Unit, name: str) -> dict[str, Any]:
    address = unit.fields.get(name)
    return address if isinstance(address, dict) else {}


def _fits_addresses(unit: Unit, query: Query) -> bool:
    for name in _ADDRESSES:
        address = _address(unit, name)
        for part in ("kommunenummer", "postnummer", "poststed", "landkode"):
            if f"{name}.{part}" in query.values and str(address.get(part, "")) not in query.texts(f"{name}.{part}"):
                return False
        lines = " ".join(str(line) for line in address.get("adresse", []))
        if f"{name}.adresse" in query.values and not any(w in lines for w in query.texts(f"{name}.adresse")):
            return False
    return True


def feed(events: Iterable[FeedEvent], query: Query) -> list[FeedEvent]:
    """Feed lines from the cursor on (``oppdateringsid`` inclusive), ascending by id unless ``id,DESC`` is asked for."""
    first = query.integer("oppdateringsid") or 0
    since = query.moment("dato")
    numbers = set(query.texts("organisasjonsnummer"))
    rows = [
        event
        for event in events
        if event.id >= first
        and (since is None or event.at >= wire_time(since))
        and (not numbers or event.number in numbers)
    ]
    return rows[::-1] if (query.text("sort") or "").endswith(",DESC") else rows


def page_of(rows: Sequence[Row], query: Query) -> Sequence[Row]:
    return rows[query.page * query.size : (query.page + 1) * query.size]


def envelope(url: str, query: Query, total: int, key: str, hits: list[Json]) -> Json:
    """The HAL page: no ``_embedded`` without hits, links that do not apply left out."""
    pages = -(-total // query.size)
    written = query.as_written()
    links: Json = {"self": {"href": f"{url}?{written}" if written else url}}
    if pages > 1:
        links["first"] = {"href": f"{url}?{query.with_page(0)}"}
        links["last"] = {"href": f"{url}?{query.with_page(pages - 1)}"}
        if query.page + 1 < pages:
            links["next"] = {"href": f"{url}?{query.with_page(query.page + 1)}"}
        if query.page > 0:
            links["prev"] = {"href": f"{url}?{query.with_page(query.page - 1)}"}
    body: Json = {"_embedded": {key: hits}} if hits else {}
    number = {"size": query.size, "totalElements": total, "totalPages": pages, "number": query.page}
    return body | {"_links": links, "page": number}
