"""Invented names and addresses for the demo company's customers.

Only word lists and how they are combined. The place names and post codes are real towns; streets, companies and people
are made up, and mail addresses end in ``.example``.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_PREFIXES = (
    "Kvennbekk", "Fossmyra", "Lauvlia", "Skarvhaug", "Tverrdal", "Bjønnås", "Gråberg", "Hestvatn", "Mjølnerud",
    "Orrhaug", "Pilgrimsvad", "Rypedal", "Storbrekka", "Tømmerås", "Ulvhaugen", "Vassmo", "Ytterbekk", "Ørnlia",
    "Åsmyr", "Almeskog", "Bergskar", "Elvekroken", "Flatneset", "Granskar", "Havblikk", "Indervåg", "Jutulmo",
    "Klokkhaug", "Litjdalen", "Moltemyr", "Nedrebø", "Ospelund", "Revmoen", "Sagbekken", "Trollskar", "Veslefoss",
)  # fmt: skip
_TRADES = (
    "Bygg AS", "Tømrer AS", "Entreprenør AS", "Rør og Varme AS", "Elektro AS", "Malerservice AS", "Mur og Flis AS",
    "Tak og Blikk AS", "Eiendom AS", "Maskin AS", "Hage og Anlegg AS", "Restaurering AS", "Interiør AS", "Hytter AS",
)  # fmt: skip
_SOLE_TRADES = ("Tømrermester", "Murmester", "Malermester", "Snekkerverksted", "Gulvlegger", "Handymannen")
_GIVEN = (
    "Ragnhild", "Torstein", "Åse", "Bjarne", "Gunnhild", "Eilif", "Solveig", "Håkon", "Turid", "Sigurd", "Randi",
    "Oddvar", "Berit", "Steinar", "Liv", "Arvid", "Synnøve", "Jostein", "Hilde", "Kjartan", "Mona", "Vegard",
)  # fmt: skip
_FAMILY = (
    "Kvernmo", "Aunehaug", "Bekkavoll", "Drogseth", "Eidsbakk", "Fossmark", "Grindvoll", "Hovdebrekk", "Iversmo",
    "Jordheimsve", "Kleivmyr", "Lundbrekke", "Myrhaugen", "Nordløkk", "Oppheimsli", "Rognskar", "Stokkbekk",
    "Tverråsen", "Uglebakk", "Vollenget",
)  # fmt: skip
_STREETS = (
    "Smedgata", "Fabrikkveien", "Møllebakken", "Sagveien", "Bryggegata", "Steinbruddveien", "Teglverksvegen",
    "Lagerveien", "Verkstedgata", "Hammerbakken", "Elvegata", "Havnevegen", "Kvartsvegen", "Skiferveien",
)  # fmt: skip
_PLACES = (
    ("7010", "Trondheim"), ("7030", "Trondheim"), ("7041", "Trondheim"), ("7048", "Trondheim"), ("7066", "Trondheim"),
    ("7072", "Heimdal"), ("7079", "Flatåsen"), ("7500", "Stjørdal"), ("7600", "Levanger"), ("7650", "Verdal"),
    ("7713", "Steinkjer"), ("7300", "Orkanger"), ("7224", "Melhus"), ("7290", "Støren"), ("7340", "Oppdal"),
    ("7374", "Røros"), ("7800", "Namsos"), ("6509", "Kristiansund N"),
)  # fmt: skip
_ASCII = str.maketrans({"æ": "ae", "ø": "o", "å": "a", " ": "", "/": ""})


class Names:
    """Names in a fixed but unordered sequence, none of them twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._companies = self._shuffled(f"{prefix} {trade}" for trade in _TRADES for prefix in _PREFIXES)
        self._people = self._shuffled(f"{given} {family}" for given in _GIVEN for family in _FAMILY)

    def _shuffled(self, names: Iterator[str]) -> Iterator[str]:
        listed = list(names)
        self._random.shuffle(listed)
        return iter(listed)

    def company(self) -> str:
        return next(self._companies)

    def person(self) -> str:
        return next(self._people)

    def sole_trader(self) -> str:
        """The name of a sole trader's business carries the owner's family name."""
        return f"{self._random.choice(_SOLE_TRADES)} {self.person()}"

    def address(self) -> dict[str, str]:
        zip_code, city = self._random.choice(_PLACES)
        street = f"{self._random.choice(_STREETS)} {self._random.randrange(1, 90)}"
        return {"line1": street, "zip": zip_code, "city": city, "country": "NO"}


def mail_of(name: str, role: str = "faktura") -> str:
    """A mail address for a business of that name, on a domain that cannot exist."""
    domain = "".join(c for c in name.lower().removesuffix(" as").translate(_ASCII) if c.isascii() and c.isalnum())
    return f"{role}@{domain}.example"
