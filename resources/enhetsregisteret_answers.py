"""What an answer of Enhetsregisteret about one unit means to us.

Belongs here: the shape of an answer and how a unit's body becomes one. Not here: asking (`enhetsregisteret_door`) and
keeping (`enhetsregisteret_kept`). Source: Enhetsregisteret reference §§ 2.1, 3, 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, cast

_FORCED_DATES: Final = (
    "tvangsavvikletPgaManglendeSlettingDato", "tvangsopplostPgaManglendeDagligLederDato",
    "tvangsopplostPgaManglendeRevisorDato", "tvangsopplostPgaManglendeRegnskapDato",
    "tvangsopplostPgaMangelfulltStyreDato",
)  # fmt: skip

Status = Literal["registered", "deleted", "removed", "unknown", "not_available"]


@dataclass(frozen=True)
class UnitAnswer:
    """What the register says of one number.

    ``registered``; ``deleted`` (``SlettetEnhet``, ``SlettetUnderEnhet``); ``removed`` (410: nothing else may be kept);
    ``unknown`` (404 among main units and sub-units); ``not_available`` (429, 5xx, no answer: nothing is known).
    ``main_orgnr`` is a sub-unit's main unit, None for a deleted one. ``last_accounts_year`` is the year of the accounts
    filed last (text), None if none are. Dates are the register's own.
    """

    orgnr: str
    status: Status
    is_sub_unit: bool | None = None
    name: str | None = None
    organisation_form: str | None = None
    main_orgnr: str | None = None
    konkurs: bool | None = None
    konkursdato: date | None = None
    under_avvikling: bool | None = None
    under_avvikling_dato: date | None = None
    under_tvangsavvikling: bool | None = None
    tvang_dato: date | None = None
    under_rekonstruksjon_dato: date | None = None
    slettedato: date | None = None
    language: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    last_accounts_year: str | None = None


def is_orgnr(text: str) -> bool:
    """Whether a text can be an organisation number: nine digits with a right check digit (reference § 4.1)."""
    if len(text) != 9 or not text.isdecimal() or not text.isascii():
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text, (3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    return rest != 1 and (11 - rest) % 11 == int(text[8])


def answer_of(body: Mapping[str, Any]) -> UnitAnswer | None:
    """A unit's body as an answer; unknown keys are ignored. None for a body without a number or a class."""
    number, kind = str(body.get("organisasjonsnummer") or ""), str(body.get("respons_klasse") or "").lower()
    if not number:
        return None
    sub = kind in ("underenhet", "slettetunderenhet") or (not kind and "beliggenhetsadresse" in body)
    form = object_of(body.get("organisasjonsform"))
    deleted = day_of(body.get("slettedato"))
    if kind.startswith("slettet") or deleted is not None:
        return UnitAnswer(
            number, "deleted", sub, text_of(body.get("navn")), text_of(form.get("kode")), None, slettedato=deleted
        )
    addresses = (object_of(body.get(key)) for key in ("postadresse", "forretningsadresse", "beliggenhetsadresse"))
    address = next((one for one in addresses if one), {})
    lines = address_lines(address)
    forced = [day for key in _FORCED_DATES if (day := day_of(body.get(key))) is not None]
    return UnitAnswer(
        orgnr=number,
        status="registered",
        is_sub_unit=sub,
        name=text_of(body.get("navn")),
        organisation_form=text_of(form.get("kode")),
        main_orgnr=text_of(body.get("overordnetEnhet")) if sub else None,
        konkurs=None if sub else bool(body.get("konkurs")),
        konkursdato=day_of(body.get("konkursdato")),
        under_avvikling=None if sub else bool(body.get("underAvvikling")),
        under_avvikling_dato=day_of(body.get("underAvviklingDato")),
        under_tvangsavvikling=None if sub else bool(body.get("underTvangsavviklingEllerTvangsopplosning")),
        tvang_dato=min(forced) if forced else None,
        under_rekonstruksjon_dato=day_of(body.get("underRekonstruksjonsforhandlingDato")),
        language=text_of(body.get("maalform")),
        address_line1=lines[0],
        address_line2=lines[1],
        address_line3=lines[2],
        zip_code=text_of(address.get("postnummer")),
        city=text_of(address.get("poststed")),
        country_code=text_of(address.get("landkode")),
        last_accounts_year=text_of(body.get("sisteInnsendteAarsregnskap")),
    )


def address_lines(address: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """An address's lines, three at most: a fourth is put behind the third; empty lines and nulls are left out
    (reference § 3.3)."""
    found = address.get("adresse")
    stated = cast(list[Any], found) if isinstance(found, list) else []
    lines: list[str | None] = [line for one in stated if (line := text_of(one)) is not None]
    first, second, *rest = [*lines, None, None]
    return first, second, ", ".join(line for line in rest if line) or None


def object_of(value: object) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def text_of(value: object) -> str | None:
    """A value as text without space around it; None for nothing and for empty text."""
    text = "" if value is None else str(value).strip()
    return text or None


def day_of(value: object) -> date | None:
    """A wire date (also the head of a time stamp); None for nothing, and for what is none."""
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
