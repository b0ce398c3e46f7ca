"""Query parameters of the registers: which exist, what they may hold, and the 400 for everything else.

Reading and refusing belong here; what a filter selects is in ``search.py``.
Source: Enhetsregisteret reference §§ 2.2-2.4 and brreg-openapi-subset.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlencode

from .errors import BadRequest, Finding
from .numbers import is_nine_digits

Kind = Literal["text", "texts", "number", "numbers", "codes", "boolean", "integer", "date", "moment", "method", "sort"]
Value = str | bool | int | date | datetime | tuple[str, ...]

WINDOW = 10_000  # size * (page + 1) may not exceed it
DEFAULT_SIZE = 20
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_INDUSTRY_CODE = re.compile(r"\d{2}(\.\d{1,3})?")
_SORT = re.compile(r"[A-Za-z.]+,(ASC|DESC)")

_PAGING: dict[str, Kind] = {"size": "integer", "page": "integer", "sort": "sort"}


def _address(prefix: str) -> dict[str, Kind]:
    return {
        f"{prefix}.kommunenummer": "texts",
        f"{prefix}.postnummer": "texts",
        f"{prefix}.poststed": "text",
        f"{prefix}.landkode": "texts",
        f"{prefix}.adresse": "texts",
    }


MAIN_UNIT_SEARCH: dict[str, Kind] = {
    "navn": "text",
    "navnMetodeForSoek": "method",
    "organisasjonsnummer": "numbers",
    "overordnetEnhet": "number",
    "organisasjonsform": "texts",
    "naeringskode": "codes",
    "kommunenummer": "texts",
    "institusjonellSektorkode": "texts",
    "sisteInnsendteAarsregnskap": "texts",
    "konkurs": "boolean",
    "underAvvikling": "boolean",
    "underTvangsavviklingEllerTvangsopplosning": "boolean",
    "registrertIMvaregisteret": "boolean",
    "registrertIForetaksregisteret": "boolean",
    "registrertIStiftelsesregisteret": "boolean",
    "registrertIFrivillighetsregisteret": "boolean",
    "frivilligRegistrertIMvaregisteret": "texts",
    "fraAntallAnsatte": "integer",
    "tilAntallAnsatte": "integer",
    "fraRegistreringsdatoEnhetsregisteret": "date",
    "tilRegistreringsdatoEnhetsregisteret": "date",
    "fraStiftelsesdato": "date",
    "tilStiftelsesdato": "date",
    "hjemmeside": "text",
    **_address("postadresse"),
    **_address("forretningsadresse"),
    **_PAGING,
}
SUB_UNIT_SEARCH: dict[str, Kind] = {
    "navn": "text",
    "organisasjonsnummer": "numbers",
    "overordnetEnhet": "number",
    "organisasjonsform": "texts",
    "naeringskode": "codes",
    "kommunenummer": "texts",
    "registrertIMvaregisteret": "boolean",
    "fraAntallAnsatte": "integer",
    "tilAntallAnsatte": "integer",
    "fraOppstartsdato": "date",
    "tilOppstartsdato": "date",
    "fraDatoEierskifte": "date",
    "tilDatoEierskifte": "date",
    "fraNedleggelsesdato": "date",
    "tilNedleggelsesdato": "date",
    "fraRegistreringsdatoEnhetsregisteret": "date",
    "tilRegistreringsdatoEnhetsregisteret": "date",
    "hjemmeside": "text",
    **_address("postadresse"),
    **_address("beliggenhetsadresse"),
    **_PAGING,
}
FEED: dict[str, Kind] = {
    "dato": "moment",
    "oppdateringsid": "integer",
    "organisasjonsnummer": "numbers",
    "includeChanges": "boolean",
    **_PAGING,
}
ROLE_FEED: dict[str, Kind] = {"afterTime": "moment", "afterId": "integer", "size": "integer"}
ACCOUNTS: dict[str, Kind] = {"år": "integer", "regnskapstype": "text"}


@dataclass(frozen=True)
class Query:
    """The parameters of one request, each of its kind; ``pairs`` as they were written, for links."""

    values: Mapping[str, Value]
    pairs: tuple[tuple[str, str], ...]

    @property
    def page(self) -> int:
        return int(str(self.values.get("page", 0)))

    @property
    def size(self) -> int:
        return int(str(self.values.get("size", DEFAULT_SIZE)))

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, ())
        return value if isinstance(value, tuple) else (str(value),)

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)

    def integer(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def day(self, name: str) -> date | None:
        value = self.values.get(name)
        return value if isinstance(value, date) and not isinstance(value, datetime) else None

    def moment(self, name: str) -> datetime | None:
        value = self.values.get(name)
        return value if isinstance(value, datetime) else None

    def with_page(self, page: int) -> str:
        """The query string of another page of the same search."""
        kept = [(k, v) for k, v in self.pairs if k not in ("page", "size")]
        return urlencode([*kept, ("page", str(page)), ("size", str(self.size))], safe=",:")

    def as_written(self) -> str:
        return urlencode(self.pairs, safe=",:")


def read(pairs: Iterable[tuple[str, str]], allowed: Mapping[str, Kind], longest_list: int | None = None) -> Query:
    """Read a query string's pairs. Raises ``BadRequest`` naming every unknown parameter and invalid value, and for a
    page outside the window of 10,000 hits."""
    written = tuple(pairs)
    findings: list[Finding] = []
    values: dict[str, Value] = {}
    for name, text in written:
        kind = allowed.get(name)
        if kind is None:
            findings.append(Finding(f"Ukjent parameter: {name}", (name,), text))
            continue
        value = _value(kind, text)
        known = values.get(name)
        if isinstance(value, Finding):
            findings.append(Finding(value.message, (name,), text if value.value is None else value.value))
        elif isinstance(value, tuple) and isinstance(known, tuple):
            values[name] = known + value  # a list may also come as one parameter for each item
        else:
            values[name] = value
    query = Query(values, written)
    numbers = query.texts("organisasjonsnummer")
    if longest_list is not None and len(numbers) > longest_list:
        findings.append(Finding(f"Maks {longest_list} organisasjonsnummer", ("organisasjonsnummer",)))
    if not findings and "size" in allowed:
        if query.size < 1 or query.page < 0:
            findings.append(Finding("size må være minst 1 og page minst 0", ("size", "page")))
        elif query.size * (query.page + 1) > WINDOW:
            findings.append(Finding("size * (page+1) kan ikke overstige 10_000", ("size", "page")))
    if findings:
        raise BadRequest(findings)
    return query


def _value(kind: Kind, text: str) -> Value | Finding:
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    match kind:
        case "text":
            return text
        case "texts":
            return parts
        case "number":
            return text if is_nine_digits(text) else Finding(f"Organisasjonsnummer {text} er ugyldig", ())
        case "numbers":
            bad = [part for part in parts if not is_nine_digits(part)]
            if bad or not parts:
                return Finding(f"Organisasjonsnummer {', '.join(bad)} er ugyldig", (), f"[{', '.join(bad)}]")
            return parts
        case "codes":
            bad = [part for part in parts if not _INDUSTRY_CODE.fullmatch(part)]
            if bad or not parts:
                return Finding(f"Næringskode {', '.join(bad)} er ugyldig", (), f"[{', '.join(bad)}]")
            return parts
        case "boolean":
            return text == "true" if text in ("true", "false") else Finding("Må være true eller false", ())
        case "integer":
            return int(text) if text.isascii() and text.isdigit() else Finding("Må være et heltall fra 0", ())
        case "date":
            return _date(text)
        case "moment":
            return _moment(text)
        case "method":
            return text if text == "FORTLOEPENDE" else Finding(f"Ukjent søkemetode {text}", ())
        case "sort":
            return text if _SORT.fullmatch(text) else Finding("sort må være feltnavn,ASC eller feltnavn,DESC", ())


def _date(text: str) -> date | Finding:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return Finding(f"Dato {text} er ugyldig, formatet er yyyy-MM-dd", ())


def _moment(text: str) -> datetime | Finding:
    if _MOMENT.fullmatch(text):
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        except ValueError:
            pass
    return Finding("Tidspunktet må være på formen yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", ())
