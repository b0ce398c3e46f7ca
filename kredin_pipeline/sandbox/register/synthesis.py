"""What an ordinary unit looks like when a script gives only its number.

Deterministic invention belongs here: a unit, its roles and its accounts are a function of the organisation number
(and of the fields that were set). What was set by hand, and how it is served, does not.
Source: Enhetsregisteret reference §§ 3.1, 3.2, 3.4, 6.
"""

from __future__ import annotations

import hashlib
from typing import Any

Json = dict[str, Any]

FORMS: dict[str, str] = {
    "AS": "Aksjeselskap",
    "ASA": "Allmennaksjeselskap",
    "ENK": "Enkeltpersonforetak",
    "NUF": "Norskregistrert utenlandsk foretak",
    "UTLA": "Utenlandsk enhet",
    "ANS": "Ansvarlig selskap med solidarisk ansvar",
    "DA": "Ansvarlig selskap med delt ansvar",
    "KS": "Kommandittselskap",
    "BA": "Selskap med begrenset ansvar",
    "SA": "Samvirkeforetak",
    "STI": "Stiftelse",
    "FLI": "Forening/lag/innretning",
    "BRL": "Borettslag",
    "ESEK": "Eierseksjonssameie",
    "IKS": "Interkommunalt selskap",
    "KF": "Kommunalt foretak",
    "FKF": "Fylkeskommunalt foretak",
    "SF": "Statsforetak",
    "KOMM": "Kommune",
    "FYLK": "Fylkeskommune",
    "STAT": "Staten",
    "ORGL": "Organisasjonsledd",
    "KBO": "Konkursbo",
    "BO": "Andre bo",
    "TVAM": "Tvangsregistrert for MVA",
    "SÆR": "Annet foretak iflg. særskilt lov",
    "BEDR": "Underenhet til næringsdrivende og offentlig forvaltning",
    "AAFY": "Underenhet til ikke-næringsdrivende",
}
#: Forms whose main units may point to a unit above them; with any other form `overordnetEnhet` makes a sub-unit.
MAIN_UNIT_FORMS_WITH_PARENT = frozenset({"ORGL", "KF", "FKF", "STAT", "KOMM", "FYLK", "ADOS"})
SUB_UNIT_FORMS = frozenset({"BEDR", "AAFY"})

_FIRST_WORDS = (
    "NORDVIK", "HAVGUL", "STEINBERG", "LYNGMO", "FURULUND", "KVERNDAL", "ØVREGÅRD", "BJØRNSTAD", "SOLHAUG", "TJELDSUND",
    "ELVERHØY", "MYRVOLL", "RAMSØY", "GRANHEIM", "SKOGLY", "VESTMARK", "HEGGDAL", "ASKELAND", "BREKKHUS", "LINDTVEIT",
)  # fmt: skip
_TRADES = (
    ("BYGG", "41.000", "Oppføring av bygninger"),
    ("ELEKTRO", "43.210", "Elektrisk installasjonsarbeid"),
    ("RØR", "43.220", "VVS-arbeid"),
    ("TRANSPORT", "49.410", "Godstransport på vei"),
    ("EIENDOM", "68.200", "Utleie og drift av egen eller leid fast eiendom"),
    ("HANDEL", "46.900", "Uspesifisert engroshandel"),
    ("RENHOLD", "81.210", "Rengjøring av bygninger"),
    ("CONSULT", "70.200", "Bedriftsrådgivning"),
)
_PLACES = (
    ("0150", "OSLO", "OSLO", "0301"),
    ("7030", "TRONDHEIM", "TRONDHEIM", "5001"),
    ("5003", "BERGEN", "BERGEN", "4601"),
    ("4006", "STAVANGER", "STAVANGER", "1103"),
    ("9008", "TROMSØ", "TROMSØ", "5501"),
    ("2317", "HAMAR", "HAMAR", "3403"),
    ("6003", "ÅLESUND", "ÅLESUND", "1508"),
    ("8006", "BODØ", "BODØ", "1804"),
)
_STREETS = ("Storgata", "Industriveien", "Verkstedveien", "Havnegata", "Kirkeveien", "Fabrikkgata", "Bakkegata")
_GIVEN_NAMES = ("Ingrid", "Lars", "Kari", "Jonas", "Marit", "Erik", "Silje", "Anders", "Astrid", "Magnus")
_FAMILY_NAMES = ("Lyngstad", "Brekkmo", "Tveitnes", "Haugsrud", "Sandmoen", "Fjellheim", "Rønningsen", "Skaugdal")


def _pick(number: str, purpose: str, size: int) -> int:
    """A stable choice below ``size`` for this number and purpose (not random, not a cryptographic use)."""
    return int.from_bytes(hashlib.sha256(f"{purpose}:{number}".encode()).digest()[:6], "big") % size


def person_of(number: str, purpose: str) -> Json:
    """An invented person who holds a role, with the reference's person shape."""
    return {
        "fodselsdato": f"{1950 + _pick(number, purpose + 'y', 45)}-0{1 + _pick(number, purpose + 'm', 9)}-"
        f"{10 + _pick(number, purpose + 'd', 18)}",
        "navn": {
            "fornavn": _GIVEN_NAMES[_pick(number, purpose + "g", len(_GIVEN_NAMES))],
            "etternavn": _FAMILY_NAMES[_pick(number, purpose + "f", len(_FAMILY_NAMES))],
        },
        "erDoed": False,
    }


def street_address(number: str) -> Json:
    """An invented Norwegian street address of the unit."""
    zip_code, city, municipality, municipality_no = _PLACES[_pick(number, "place", len(_PLACES))]
    street = _STREETS[_pick(number, "street", len(_STREETS))]
    return {
        "land": "Norge",
        "landkode": "NO",
        "postnummer": zip_code,
        "poststed": city,
        "adresse": [f"{street} {1 + _pick(number, 'house', 98)}"],
        "kommune": municipality,
        "kommunenummer": municipality_no,
    }


def main_unit_defaults(number: str, form: str) -> Json:
    """Fields of an ordinary active main unit of the given legal form (wire names, no links)."""
    word = _FIRST_WORDS[_pick(number, "word", len(_FIRST_WORDS))]
    trade, code, trade_text = _TRADES[_pick(number, "trade", len(_TRADES))]
    founded = f"{1996 + _pick(number, 'year', 25)}-0{1 + _pick(number, 'month', 9)}-1{_pick(number, 'day', 9)}"
    name = f"{word} {trade} {number[-4:]} {form}"
    fields: Json = {
        "navn": name,
        "historiskeNavn": [],
        "registreringsdatoEnhetsregisteret": founded,
        "registrertIMvaregisteret": True,
        "naeringskode1": {"kode": code, "beskrivelse": trade_text},
        "antallAnsatte": 1 + _pick(number, "staff", 40),
        "registreringsdatoMerverdiavgiftsregisteret": founded,
        "forretningsadresse": street_address(number),
        "institusjonellSektorkode": {"kode": "2100", "beskrivelse": "Private aksjeselskaper mv."},
        "registrertIForetaksregisteret": form in {"AS", "ASA", "NUF", "KS", "ANS", "DA", "SA"},
        "registrertIStiftelsesregisteret": form == "STI",
        "registrertIFrivillighetsregisteret": False,
        "registrertIPartiregisteret": False,
        "konkurs": False,
        "underAvvikling": False,
        "underTvangsavviklingEllerTvangsopplosning": False,
        "maalform": "Bokmål",
        "aktivitet": [trade_text + "."],
        "paategninger": [],
        "erIKonsern": False,
    }
    if form in {"AS", "ASA"}:
        fields |= {
            "stiftelsesdato": founded,
            "sisteInnsendteAarsregnskap": "2024",
            "vedtektsdato": founded,
            "vedtektsfestetFormaal": [trade_text + "."],
            "registreringsdatoForetaksregisteret": founded,
            "kapital": {
                "belop": 30000.0,
                "antallAksjer": 30000,
                "type": "Aksjekapital",
                "valuta": "NOK",
                "innfortDato": founded,
            },
        }
    elif form == "ENK":
        owner = person_of(number, "owner")["navn"]
        fields |= {
            "navn": f"{trade} {owner['fornavn'].upper()} {owner['etternavn'].upper()}",
            "antallAnsatte": 0,
            "institusjonellSektorkode": {"kode": "8200", "beskrivelse": "Personlig næringsdrivende"},
        }
    elif form in {"KBO", "BO"}:
        fields |= {"stiftelsesdato": founded, "registrertIMvaregisteret": False, "antallAnsatte": 0}
        for absent in ("institusjonellSektorkode", "registreringsdatoMerverdiavgiftsregisteret"):
            del fields[absent]
    return fields


def sub_unit_defaults(number: str) -> Json:
    """Fields of an ordinary sub-unit; its parent is not among them and must be set."""
    word = _FIRST_WORDS[_pick(number, "word", len(_FIRST_WORDS))]
    address = street_address(number)
    started = f"{1998 + _pick(number, 'year', 24)}-03-01"
    return {
        "navn": f"{word} AVD {address['poststed']} {number[-4:]}",
        "historiskeNavn": [],
        "registreringsdatoEnhetsregisteret": started,
        "registrertIMvaregisteret": False,
        "naeringskode1": {"kode": "46.900", "beskrivelse": "Uspesifisert engroshandel"},
        "antallAnsatte": 1 + _pick(number, "staff", 20),
        "oppstartsdato": started,
        "beliggenhetsadresse": address,
    }


def filing(number: str, form: str, year: int, currency: str = "NOK", kind: str = "SELSKAP") -> Json:
    """Key figures of one filed set of accounts in whole currency units; they add up. Keys are misspelt as in the
    service."""
    revenue = 1_000_000 + 1_000 * _pick(f"{number}{year}", "revenue", 40_000)
    cost = revenue * (80 + _pick(f"{number}{year}", "cost", 25)) // 100
    result = revenue - cost
    tax = max(0, result * 22 // 100)
    equity = 30_000 + max(0, result) * 2
    debt = revenue // 4
    assets = equity + debt
    return {
        "id": int(number[1:]) * 10 + year % 10,
        "journalnr": f"{year + 1}{number[-6:]}",
        "regnskapstype": kind,
        "virksomhet": {"organisasjonsnummer": number, "organisasjonsform": form, "morselskap": kind == "KONSERN"},
        "regnskapsperiode": {"fraDato": f"{year}-01-01", "tilDato": f"{year}-12-31"},
        "valuta": currency,
        "avviklingsregnskap": False,
        "oppstillingsplan": "store" if form == "ASA" else "smaa",
        "revisjon": {"ikkeRevidertAarsregnskap": form != "ASA", "fravalgRevisjon": form != "ASA"},
        "regnkapsprinsipper": {"smaaForetak": form != "ASA", "regnskapsregler": "regnskapslovenAlminneligRegler"},
        "egenkapitalGjeld": {
            "sumEgenkapitalGjeld": assets,
            "egenkapital": {
                "sumEgenkapital": equity,
                "opptjentEgenkapital": {"sumOpptjentEgenkapital": equity - 30_000},
                "innskuttEgenkapital": {"sumInnskuttEgenkaptial": 30_000},
            },
            "gjeldOversikt": {
                "sumGjeld": debt,
                "kortsiktigGjeld": {"sumKortsiktigGjeld": debt},
                "langsiktigGjeld": {},
            },
        },
        "eiendeler": {
            "sumEiendeler": assets,
            "omloepsmidler": {"sumOmloepsmidler": assets - assets // 3},
            "anleggsmidler": {"sumAnleggsmidler": assets // 3},
        },
        "resultatregnskapResultat": {
            "ordinaertResultatFoerSkattekostnad": result,
            "ordinaertResultatSkattekostnad": tax,
            "aarsresultat": result - tax,
            "finansresultat": {"nettoFinans": 0},
            "driftsresultat": {
                "driftsresultat": result,
                "driftsinntekter": {"salgsinntekter": revenue, "sumDriftsinntekter": revenue},
                "driftskostnad": {"sumDriftskostnad": cost},
            },
        },
    }
