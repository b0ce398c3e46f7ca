"""Who stands for a company whose estate is administered by a court: the trustee (*bostyrer*), by the register's roles.

Belongs here: reading the one role that is needed. Managers, boards and birth dates are not read: they are personal data
that nothing here wants (Enhetsregisteret reference § 3.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from resources.enhetsregisteret_answers import address_lines, day_of, object_of, text_of
from resources.enhetsregisteret_door import RegisterDoor
from resources.http_errors import PermanentFailure

ROLES: Final = "application/vnd.brreg.enhetsregisteret.rolle.v1+json"
TRUSTEE: Final = "BOBE"


@dataclass(frozen=True)
class Role:
    """A trustee of the unit ``orgnr``, with the address that the register gives; ``since`` is the day on which the
    group of roles changed last."""

    orgnr: str
    role: str
    name: str
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    since: date | None = None


def trustees_of(door: RegisterDoor, orgnr: str) -> list[Role]:
    """The trustees of a unit now; none where the register has no roles of it (404).

    Raises ``PermanentFailure`` (410: removed), ``PassingFailure``.
    """
    try:
        body = door.get_object(f"/enheter/{orgnr}/roller", ROLES, {})
    except PermanentFailure as failure:
        if failure.status == 404:
            return []
        raise
    return list(dict.fromkeys(_trustees(orgnr, body)))


def _trustees(orgnr: str, body: Mapping[str, Any]) -> Iterator[Role]:
    for group in _objects(body.get("rollegrupper")):
        of_group = object_of(group.get("type")).get("kode")
        for role in _objects(group.get("roller")):
            if TRUSTEE not in (of_group, object_of(role.get("type")).get("kode")):
                continue
            if role.get("avregistrert") is True or role.get("fratraadt") is True:
                continue
            holder = _holder(role)
            if holder is None:
                continue
            name, address = holder
            yield Role(
                orgnr, TRUSTEE, name, *address_lines(address), text_of(address.get("postnummer")),
                text_of(address.get("poststed")), text_of(address.get("landkode")), day_of(group.get("sistEndret")),
            )  # fmt: skip


def _holder(role: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Name and address: a trustee's is one flat text, a company's a list of lines, a person's in parts; the dead hold
    no office."""
    for key in ("bostyrer", "enhet", "person"):
        held = object_of(role.get(key))
        if not held or held.get("erDoed") is True or held.get("erSlettet") is True:
            continue
        found: Any = held.get("navn")
        if isinstance(found, dict):
            parts = cast(dict[str, Any], found)
            found = [parts.get(part) for part in ("fornavn", "mellomnavn", "etternavn")]
        if isinstance(found, list):
            found = " ".join(text for one in cast(list[Any], found) if (text := text_of(one)))
        if name := text_of(found):
            return name, object_of(held.get("postadresse"))
    return None


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [object_of(one) for one in cast(list[Any], value)] if isinstance(value, list) else []
