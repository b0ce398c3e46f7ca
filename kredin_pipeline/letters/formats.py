"""Amounts, rates and dates as a Norwegian or an English reader expects them.

Here belongs the notation and nothing else; babel's locale data decides separators and month names.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from kredin_pipeline.letters.content import Language

LOCALES: dict[Language, str] = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}


def amount(value: Decimal, language: Language = "nb") -> str:
    """Kroner with two decimals, without a unit: ``1 039,79`` (no-break space) or ``1,039.79``."""
    return format_decimal(value, "#,##0.00", locale=LOCALES[language])


def money(value: Decimal, language: Language = "nb", currency: str = "NOK") -> str:
    """An amount with its unit: ``kr 1 039,79``, ``NOK 1,039.79``, ``EUR 500,00``."""
    unit = "kr" if currency == "NOK" and language != "en" else currency
    return f"{unit}\u00a0{amount(value, language)}"


def percent(value: Decimal, language: Language = "nb") -> str:
    """A yearly rate: ``12,25 %`` or ``12.25%``."""
    shown = format_decimal(value, "0.00", locale=LOCALES[language])
    return f"{shown}\u00a0%" if language != "en" else f"{shown}%"


def day(value: date, language: Language = "nb") -> str:
    """A date in running text: ``31. mars 2025`` or ``31 March 2025``, on one line."""
    pattern = "d. MMMM y" if language != "en" else "d MMMM y"
    return format_date(value, pattern, locale=LOCALES[language]).replace(" ", "\u00a0")


def short_day(value: date, language: Language = "nb") -> str:
    """A date in a table: ``31.03.2025`` or ``31/03/2025``."""
    return format_date(value, "dd.MM.y" if language != "en" else "dd/MM/y", locale=LOCALES[language])


def account_number(value: str) -> str:
    """A Norwegian bank account in groups, ``1234 56 78903``; anything that has not eleven digits as it is."""
    digits = "".join(sign for sign in value if sign.isdigit())
    if len(digits) != 11:
        return value
    return f"{digits[:4]}\u00a0{digits[4:6]}\u00a0{digits[6:]}"


def organisation_number(value: str) -> str:
    """An organisation number in groups of three, ``999 990 126``; anything that has not nine digits as it is."""
    return f"{value[:3]}\u00a0{value[3:6]}\u00a0{value[6:]}" if len(value) == 9 and value.isdigit() else value


def country(code: str) -> str:
    """A country as the last line of an address abroad: its English name in capitals, or the code if it has none."""
    return Locale("en").territories.get(code.upper(), code).upper()
