"""The register as one file: gzipped JSON and CSV of current units.

Source: Enhetsregisteret reference § 2.5: deletions show only as absence, records carry ``links`` instead of
``_links``, the CSV has dotted column names and newlines inside quoted cells.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..clock import OSLO
from . import units
from .state import Register
from .synthesis import Json

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def records(register: Register, sub: bool, base_url: str) -> list[Json]:
    """Current units of a collection in the bulk shape."""
    compose = units.sub_unit_body if sub else units.main_unit_body
    current: list[Json] = []
    for unit in register.units(sub):
        if unit.fields.get("slettedato") or register.status_of(unit.number) in (404, 410):
            continue
        body = compose(unit.number, unit.form, unit.fields, base_url)
        body = {key: value for key, value in body.items() if key not in ("_links", "respons_klasse")}
        form = {key: value for key, value in body["organisasjonsform"].items() if key != "_links"}
        body["organisasjonsform"] = form | {"links": []}
        current.append(body | {"links": []})
    return current


def as_json(rows: Iterable[Json]) -> bytes:
    """One pretty-printed JSON array, gzipped; the same bytes for the same register."""
    return gzip.compress(json.dumps(list(rows), ensure_ascii=False, indent=2).encode(), mtime=0)


def as_csv(rows: Iterable[Json]) -> bytes:
    """Comma separated with dotted column names, gzipped; remarks become a flag."""
    flat = [dict(_flat("", row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _flat(prefix: str, value: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for key, item in value.items():
        name = f"{prefix}{key}"
        if key in ("links", "historiskeNavn"):
            continue
        if key == "paategninger":
            yield name, "true" if item else "false"
        elif isinstance(item, Mapping):
            yield from _flat(f"{name}.", item)
        elif isinstance(item, list):
            yield name, "\n".join(str(line) for line in item)
        elif isinstance(item, bool):
            yield name, "true" if item else "false"
        else:
            yield name, str(item)


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def java_time(moment: datetime) -> str:
    """``Fri Sep 11 04:27:17 CEST 2026``: what the service sends as Last-Modified, which is no HTTP date."""
    local = moment.astimezone(OSLO)
    zone = "CEST" if local.dst() else "CET"
    return f"{_WEEKDAYS[local.weekday()]} {_MONTHS[local.month - 1]} {local:%d %H:%M:%S} {zone} {local.year}"
