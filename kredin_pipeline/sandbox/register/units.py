"""The bodies that Enhetsregisteret answers with, composed from stored fields.

Wire shapes belong here (which keys, in which order, what is hidden, the links); what a unit is and when it changed is
kept in ``state.py``. An unset field is absent, never null; booleans and the two lists of a main unit are always there.
Source: Enhetsregisteret reference §§ 2.1, 3.1-3.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .synthesis import FORMS, Json

_ADDRESSES = ("postadresse", "forretningsadresse", "beliggenhetsadresse", "utenlandskRegisterAdresse")

#: Keys of a main unit's body in the order in which the service writes them.
MAIN_UNIT_KEYS = (
    "organisasjonsnummer", "navn", "organisasjonsform", "historiskeNavn", "hjemmeside", "postadresse",
    "registreringsdatoEnhetsregisteret", "registrertIMvaregisteret", "frivilligMvaRegistrertBeskrivelser",
    "naeringskode1", "naeringskode2", "naeringskode3", "hjelpeenhetskode", "antallAnsatte",
    "harRegistrertAntallAnsatte", "overordnetEnhet", "registreringsdatoFrivilligMerverdiavgiftsregisteret",
    "registreringsdatoMerverdiavgiftsregisteret", "registreringsdatoMerverdiavgiftsregisteretEnhetsregisteret",
    "registreringsdatoAntallAnsatteEnhetsregisteret", "registreringsdatoAntallAnsatteNAVAaregisteret",
    "epostadresse", "telefon", "mobil", "forretningsadresse", "stiftelsesdato", "institusjonellSektorkode",
    "registrertIForetaksregisteret", "registrertIStiftelsesregisteret", "registrertIFrivillighetsregisteret",
    "registreringsdatoFrivillighetsregisteret", "sisteInnsendteAarsregnskap", "konkurs", "konkursdato",
    "underAvvikling", "underAvviklingDato", "underTvangsavviklingEllerTvangsopplosning",
    "tvangsavvikletPgaManglendeSlettingDato", "tvangsopplostPgaManglendeDagligLederDato",
    "tvangsopplostPgaManglendeRevisorDato", "tvangsopplostPgaManglendeRegnskapDato",
    "tvangsopplostPgaMangelfulltStyreDato", "underRekonstruksjonsforhandlingDato",
    "underUtenlandskInsolvensbehandlingDato", "maalform", "vedtektsdato", "vedtektsfestetFormaal", "aktivitet",
    "registreringsdatoForetaksregisteret", "registrertIPartiregisteret", "registreringsdatoPartiregisteret",
    "registreringsnummerIHjemlandet", "utenlandskRegisterNavn", "utenlandskRegisterAdresse",
    "underlagtLovgivningLand", "underlagtLovgivningLandKode", "foretaksformIHjemlandet", "paategninger",
    "fravalgRevisjonDato", "fravalgRevisjonBeslutningsDato", "erIKonsern", "kapital",
)  # fmt: skip
SUB_UNIT_KEYS = (
    "organisasjonsnummer", "navn", "organisasjonsform", "historiskeNavn", "hjemmeside", "postadresse",
    "registreringsdatoEnhetsregisteret", "registrertIMvaregisteret", "naeringskode1", "naeringskode2", "naeringskode3",
    "hjelpeenhetskode", "antallAnsatte", "harRegistrertAntallAnsatte", "overordnetEnhet",
    "registreringsdatoAntallAnsatteEnhetsregisteret", "registreringsdatoAntallAnsatteNAVAaregisteret", "epostadresse",
    "telefon", "mobil", "oppstartsdato", "datoEierskifte", "nedleggelsesdato", "beliggenhetsadresse",
)  # fmt: skip
_DELETED_KEYS = ("organisasjonsnummer", "navn", "organisasjonsform", "historiskeNavn", "slettedato", "nedleggelsesdato")
#: Lists and flags of a main unit that are never absent.
ALWAYS_LISTS = frozenset({"historiskeNavn", "paategninger"})
ALWAYS_THERE = ALWAYS_LISTS | {
    "registrertIMvaregisteret", "registrertIForetaksregisteret", "registrertIStiftelsesregisteret",
    "registrertIFrivillighetsregisteret", "registrertIPartiregisteret", "konkurs", "underAvvikling",
    "underTvangsavviklingEllerTvangsopplosning", "erIKonsern",
}  # fmt: skip
#: Every field that a script may set on a unit.
SETTABLE_KEYS = (frozenset(MAIN_UNIT_KEYS) | frozenset(SUB_UNIT_KEYS) | {"slettedato"}) - {"organisasjonsnummer"}
_HIDDEN_STAFF_BELOW = 5  # 1-4 employees are not disclosed

_GROUP_TEXTS = {
    "INNH": "Innehaver",
    "DAGL": "Daglig leder",
    "STYR": "Styre",
    "BOBE": "Bostyrer",
    "DELT": "Deltakere",
    "KOMP": "Komplementar",
    "REVI": "Revisor",
    "REGN": "Regnskapsfører",
    "FFØR": "Forretningsfører",
    "KONT": "Kontaktperson",
    "REPR": "Norsk representant for utenlandsk enhet",
}
_ROLE_TEXTS = _GROUP_TEXTS | {
    "LEDE": "Styrets leder",
    "NEST": "Nestleder",
    "MEDL": "Styremedlem",
    "VARA": "Varamedlem",
    "OBS": "Observatør",
    "DTPR": "Deltaker med delt ansvar",
    "DTSO": "Deltaker med fullt ansvar",
}


def form_of(code: str, base_url: str) -> Json:
    """``organisasjonsform`` as the service writes it."""
    return {
        "kode": code,
        "beskrivelse": FORMS.get(code, code),
        "_links": {"self": {"href": f"{base_url}/organisasjonsformer/{code}"}},
    }


def _with_country(address: Any) -> Any:
    """An address that names its country; without one it is Norwegian. An empty ``adresse`` list stays empty."""
    if not isinstance(address, Mapping) or "land" in address or "landkode" in address:
        return address
    return {"land": "Norge", "landkode": "NO", **address}


def _unit_body(keys: Iterable[str], number: str, form: str, fields: Mapping[str, Any], base_url: str) -> Json:
    staff = fields.get("antallAnsatte")
    body: Json = {}
    for key in keys:
        if key == "organisasjonsnummer":
            body[key] = number
        elif key == "organisasjonsform":
            body[key] = form_of(form, base_url)
        elif key == "harRegistrertAntallAnsatte":
            body[key] = bool(fields.get(key, bool(staff)))
        elif key == "antallAnsatte":
            if isinstance(staff, int) and staff >= _HIDDEN_STAFF_BELOW:
                body[key] = staff
        elif key in fields and fields[key] is not None:
            body[key] = _with_country(fields[key]) if key in _ADDRESSES else fields[key]
    return body


def main_unit_body(number: str, form: str, fields: Mapping[str, Any], base_url: str) -> Json:
    """Body of a main unit: ``Enhet``, or the reduced ``SlettetEnhet`` once ``slettedato`` is set (HTTP 200 both)."""
    link = {"self": {"href": f"{base_url}/enheter/{number}"}}
    if fields.get("slettedato"):
        return _deleted_body(number, form, {**fields, "nedleggelsesdato": None}, base_url, link, "SlettetEnhet")
    body = _unit_body(MAIN_UNIT_KEYS, number, form, fields, base_url)
    parent = fields.get("overordnetEnhet")
    if parent:
        link["overordnetEnhet"] = {"href": f"{base_url}/enheter/{parent}"}
    return body | {"_links": link, "respons_klasse": "Enhet"}


def sub_unit_body(number: str, form: str, fields: Mapping[str, Any], base_url: str) -> Json:
    """Body of a sub-unit (``underenhet``); a deleted one is ``SlettetUnderEnhet`` and names no parent."""
    link = {"self": {"href": f"{base_url}/underenheter/{number}"}}
    if fields.get("slettedato"):
        return _deleted_body(number, form, fields, base_url, link, "SlettetUnderEnhet")
    body = _unit_body(SUB_UNIT_KEYS, number, form, fields, base_url)
    link["overordnetEnhet"] = {"href": f"{base_url}/enheter/{fields['overordnetEnhet']}"}
    return body | {"_links": link, "respons_klasse": "Underenhet"}


def _deleted_body(
    number: str, form: str, fields: Mapping[str, Any], base_url: str, link: Json, response_class: str
) -> Json:
    body = _unit_body(_DELETED_KEYS, number, form, fields, base_url)
    body.setdefault("historiskeNavn", [])
    return body | {"_links": link, "respons_klasse": response_class}


def removed_body(number: str, removed_on: str, base_url: str, collection: str) -> Json:
    """Body of HTTP 410: the unit was removed from the open data and copies must be purged."""
    return {
        "organisasjonsnummer": number,
        "slettedato": removed_on,
        "_links": {"self": {"href": f"{base_url}/{collection}/{number}"}},
    }


def role(code: str, holder: Mapping[str, Any], base_url: str, order: int = 0, resigned: bool = False) -> Json:
    """One role; ``holder`` is exactly one of ``{"person": …}``, ``{"enhet": …}``, ``{"bostyrer": …}``."""
    return {
        "type": _role_type(code, "rolletyper", base_url),
        **holder,
        "avregistrert": resigned,
        "rekkefolge": order,
    }


def role_group(code: str, changed_on: str, roles: list[Json], base_url: str) -> Json:
    return {"type": _role_type(code, "rollegruppetyper", base_url), "sistEndret": changed_on, "roller": roles}


def _role_type(code: str, kind: str, base_url: str) -> Json:
    return {
        "kode": code,
        "beskrivelse": _ROLE_TEXTS.get(code, code),
        "_links": {"self": {"href": f"{base_url}/roller/{kind}/{code}"}},
    }


def patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    """RFC 6902 operations that turn one body into the other, top-level keys only, links left out."""
    operations: list[Json] = []
    for key in [*before, *(k for k in after if k not in before)]:
        if key in ("_links", "respons_klasse") or before.get(key) == after.get(key):
            continue
        if key not in after:
            operations.append({"op": "remove", "path": f"/{key}"})
        elif key not in before:
            operations.append({"op": "add", "path": f"/{key}", "value": after[key]})
        else:
            value = after[key]
            # Counts arrive with a trailing .0 in the live feed; a reader must take them.
            operations.append(
                {"op": "replace", "path": f"/{key}", "value": float(value) if key == "antallAnsatte" else value}
            )
    return operations
