"""The chart of accounts (NS 4102, a usual small company) and the VAT codes of a new company.

Only the tables and how one is made; posting rules are in ``books.py``.
"""

from __future__ import annotations

from decimal import Decimal

from .identity import ACCOUNT_ID_FROM
from .records import Account, VatCode

RECEIVABLES = "1500"
PAYABLES = "2400"
EMPLOYEES = "2910"
BANK = "1920"
OCR_CLEARING = "1920"
SALES = "3000"
LOSS = "7830"
CURRENCY_GAIN = "8060"
CURRENCY_LOSS = "8160"
REMINDER_INCOME = "3950"

_ACCOUNTS: tuple[tuple[str, str, str], ...] = (
    ("1200", "Maskiner og anlegg", "0"), ("1250", "Inventar", "0"), ("1280", "Kontormaskiner", "0"),
    ("1460", "Innkjøpte varer for videresalg", "0"),
    ("1500", "Kundefordringer", "0"), ("1510", "Kundefordringer, annen reskontro", "0"),
    ("1530", "Opptjente, ikke fakturerte inntekter", "0"),
    ("1570", "Andre kortsiktige fordringer", "0"), ("1579", "Mellomregning innbetalinger", "0"),
    ("1580", "Avsetning tap på fordringer", "0"), ("1700", "Forskuddsbetalt leie", "0"),
    ("1900", "Kontanter", "0"), ("1909", "Interimskonto innbetalinger", "0"), ("1910", "Kasse", "0"),
    ("1920", "Bankinnskudd", "0"), ("1930", "Bankinnskudd, sparekonto", "0"), ("1940", "Bankinnskudd, OCR", "0"),
    ("1950", "Bankinnskudd for skattetrekk", "0"),
    ("2000", "Aksjekapital", "0"), ("2050", "Annen egenkapital", "0"), ("2220", "Gjeld til kredittinstitusjoner", "0"),
    ("2400", "Leverandørgjeld", "0"), ("2600", "Forskuddstrekk", "0"),
    ("2700", "Utgående merverdiavgift, høy sats", "0"), ("2701", "Utgående merverdiavgift, middels sats", "0"),
    ("2702", "Utgående merverdiavgift, lav sats", "0"), ("2710", "Inngående merverdiavgift, høy sats", "0"),
    ("2740", "Oppgjørskonto merverdiavgift", "0"), ("2770", "Skyldig arbeidsgiveravgift", "0"),
    ("2900", "Forskudd fra kunder", "0"), ("2910", "Gjeld til ansatte", "0"), ("2990", "Annen kortsiktig gjeld", "0"),
    ("3000", "Salgsinntekt, avgiftspliktig", "3"), ("3020", "Salgsinntekt tjenester, avgiftspliktig", "3"),
    ("3040", "Salgsinntekt, middels sats", "31"), ("3100", "Salgsinntekt, avgiftsfri", "5"),
    ("3200", "Salgsinntekt, utenfor avgiftsområdet", "7"), ("3900", "Annen driftsrelatert inntekt", "0"),
    ("3950", "Purregebyr", "0"), ("3960", "Inkassoinntekter", "0"),
    ("4300", "Innkjøp av varer for videresalg", "1"), ("5000", "Lønn til ansatte", "0"),
    ("6300", "Leie lokale", "1"), ("6540", "Inventar", "1"), ("6700", "Revisjons- og regnskapshonorar", "1"),
    ("7740", "Øreavrunding", "0"), ("7770", "Bank- og kortgebyrer", "0"), ("7790", "Annen kostnad", "1"),
    ("7820", "Innkommet på tidligere nedskrevne fordringer", "0"), ("7830", "Tap på fordringer", "0"),
    ("7831", "Tap på fordringer, avgiftspliktig", "0"), ("7840", "Endring i avsetning for tap", "0"),
    ("8040", "Renteinntekt, skattefri", "0"), ("8050", "Annen renteinntekt", "0"),
    ("8060", "Valutagevinst (agio)", "0"), ("8070", "Annen finansinntekt", "0"), ("8150", "Annen rentekostnad", "0"),
    ("8160", "Valutatap (disagio)", "0"), ("8300", "Betalbar skatt", "0"),
    ("8960", "Overføringer annen egenkapital", "0"),
)  # fmt: skip
_CONTROL = frozenset({"1500", "2400", "2910"})
_VAT_LOCKED = frozenset({"2740", "8050", "8060", "8160"})  # interest and currency carry no VAT

VAT_CODES: tuple[VatCode, ...] = (
    VatCode(101, "0", "Ingen avgiftsbehandling", Decimal("0")),
    VatCode(102, "1", "Fradrag for inngående avgift, høy sats", Decimal("0.25"), "2710"),
    VatCode(103, "3", "Utgående avgift, høy sats", Decimal("0.25"), "2700"),
    VatCode(104, "5", "Innenlands omsetning med fritak", Decimal("0")),
    VatCode(105, "6", "Omsetning utenfor merverdiavgiftsloven", Decimal("0")),
    VatCode(106, "7", "Ingen avgiftsbehandling, inntekt", Decimal("0")),
    VatCode(107, "11", "Fradrag for inngående avgift, middels sats", Decimal("0.15"), "2710"),
    VatCode(108, "13", "Fradrag for inngående avgift, lav sats", Decimal("0.12"), "2710"),
    VatCode(109, "31", "Utgående avgift, middels sats", Decimal("0.15"), "2701"),
    VatCode(110, "33", "Utgående avgift, lav sats", Decimal("0.12"), "2702"),
    VatCode(111, "51", "Innenlands omsetning med omvendt avgiftsplikt", Decimal("0")),
    VatCode(112, "52", "Utførsel av varer og tjenester", Decimal("0")),
)
VAT_BY_CODE = {vat.code: vat for vat in VAT_CODES}
VAT_BY_ID = {vat.id: vat for vat in VAT_CODES}


def account_kind(no: str) -> str:
    """Asset, Liability, Equity, Income or Expense, by the number's class in NS 4102."""
    if no[0] == "1":
        return "Asset"
    if no[0] == "2":
        return "Equity" if no < "2100" else "Liability"
    if no[0] == "3" or "8000" <= no < "8100":
        return "Income"
    return "Expense"


def standard_chart() -> dict[str, Account]:
    """The accounts of a new company by number, in number order; ids are not numbers."""
    return {
        no: Account(
            id=ACCOUNT_ID_FROM + position * 7 + 3,
            no=no,
            name=name,
            kind=account_kind(no),
            vat_code=vat,
            vat_locked=no in _VAT_LOCKED,
            control=no in _CONTROL,
        )
        for position, (no, name, vat) in enumerate(_ACCOUNTS)
    }
