"""A unit and the roles that it has: what was set, else what a unit of its form and state ordinarily has.

Source: Enhetsregisteret reference §§ 3.4, 4.4, 4.6: a sole trader has a proprietor, a company a manager and a board; a
trustee (bostyrer) stands on bankrupt units and on those under court-run forced dissolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import synthesis, units
from .synthesis import Json

#: Wire fields that date a forced dissolution, each for its own reason.
FORCED_REASONS = frozenset(
    {
        "tvangsavvikletPgaManglendeSlettingDato",
        "tvangsopplostPgaManglendeDagligLederDato",
        "tvangsopplostPgaManglendeRevisorDato",
        "tvangsopplostPgaManglendeRegnskapDato",
        "tvangsopplostPgaMangelfulltStyreDato",
    }
)


@dataclass
class Unit:
    """One registered unit: legal form code and wire fields as set; ``sub`` tells the two collections apart."""

    number: str
    form: str
    sub: bool
    fields: Json = field(default_factory=dict[str, Any])
    roles: list[Json] | None = None  # None: the roles an ordinary unit of this form and state has
    accounts: list[Json] | str | None = None  # None: ordinary; "bank": the service fails on every call
    trustee: str | None = None  # bostyrer, as one flat text


def role_groups(unit: Unit, base_url: str) -> list[Json]:
    """The unit's role groups in the wire's shape; empty for sub-units, deregistered units and estates."""
    if unit.roles is not None:
        return unit.roles
    if unit.sub or unit.fields.get("slettedato") or unit.form in ("KBO", "BO"):
        return []
    number, since = unit.number, str(unit.fields["registreringsdatoEnhetsregisteret"])

    def one(code: str, purpose: str) -> Json:
        holder = {"person": synthesis.person_of(number, purpose)}
        return units.role_group(code, since, [units.role(code, holder, base_url)], base_url)

    groups = [one("INNH", "owner") if unit.form == "ENK" else one("DAGL", "manager")]
    insolvent_since = unit.fields.get("konkursdato") or next(
        (unit.fields[reason] for reason in sorted(FORCED_REASONS) if reason in unit.fields), None
    )
    if insolvent_since:
        trustee = [units.role("BOBE", {"bostyrer": _trustee(unit)}, base_url)]
        groups.append(units.role_group("BOBE", str(insolvent_since), trustee, base_url))
    if unit.form in ("AS", "ASA"):
        chair = {"person": synthesis.person_of(number, "chair")}
        resigned = {"person": synthesis.person_of(number, "former member")}
        board = [units.role("LEDE", chair, base_url), units.role("MEDL", resigned, base_url, 1, resigned=True)]
        groups.append(units.role_group("STYR", since, board, base_url))
    return groups


def trustee_name(unit: Unit) -> str:
    """The trustee as the service writes it: one flat text."""
    if unit.trustee:
        return unit.trustee
    name = synthesis.person_of(unit.number, "trustee")["navn"]
    return f"Adv. {name['fornavn']} {name['etternavn']}"


def _trustee(unit: Unit) -> dict[str, Any]:
    """Trustee addresses lack country name and municipality."""
    address = synthesis.street_address(unit.number + "b")
    parts = {key: address[key] for key in ("landkode", "postnummer", "poststed", "adresse")}
    return {"navn": trustee_name(unit), "postadresse": parts, "erDoed": False}
