"""The demo's cast: debtors whose invoices show one situation each, on dates counted back from the demo's day.

One short act per situation. The everyday trade around them is in ``demo_company.py``; what the cast does on the day
after is in ``demo_next_day.py``, which finds them by the customer numbers given here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ...law.calendar import add_months, next_business_day
from ..register import Register
from .demo_names import Names, mail_of
from .stage import Stage

FIRST_CAST_CUSTOMER = 10301
TERM_DAYS = 14

#: Days past due on the demo's day -> customer number and amount, one open invoice each. Ages of every kind; several of
#: exactly 1, 14 and 15 days, so that the day has letters to send, and of 0 and 13, so that the next day has too.
PLAIN_DEBTORS: tuple[tuple[int, str, str], ...] = (
    (0, "10301", "6450.00"),
    (1, "10302", "12880.00"),
    (1, "10303", "3290.50"),
    (13, "10304", "8740.00"),
    (13, "10305", "21400.00"),
    (14, "10306", "7812.50"),
    (14, "10307", "15960.00"),
    (14, "10308", "4325.00"),
    (15, "10309", "9980.00"),
    (15, "10310", "2745.75"),
    (20, "10311", "18230.00"),
    (27, "10312", "5560.00"),
    (35, "10313", "33125.00"),
    (44, "10314", "1890.00"),
    (58, "10315", "14475.25"),
    (75, "10316", "27600.00"),
    (120, "10317", "6935.00"),
    (200, "10318", "11240.00"),
    (340, "10319", "8120.00"),
    (520, "10320", "19875.00"),
    (760, "10321", "4410.00"),
    (1000, "10322", "12015.00"),
)
#: Limitation (three years) runs out so many days after the demo's day.
NEAR_LIMITATION: tuple[tuple[int, str, str], ...] = (
    (1, "10323", "5210.00"),
    (11, "10324", "23890.00"),
    (67, "10325", "9450.00"),
    (143, "10326", "16730.00"),
)
OLDER_THAN_THE_IMPORT = ("10327", "3980.00")

# Who does what on the next day (customer numbers)
PAYS_THE_LETTER = ("10306", "10307", "10311")
PAYS_A_LITTLE_MORE = ("10312",)
PAYS_ONLY_THE_PRINCIPAL = ("10308",)
IS_WRITTEN_OFF = "10321"
IS_WRITTEN_OFF_BY_JOURNAL = "10320"
GOES_BANKRUPT = "10318"
RETURNS_GOODS = "10304"


class Cast:
    """Plans the acts of the cast on a stage."""

    def __init__(self, stage: Stage, register: Register, names: Names, numbers: Iterator[str], today: date) -> None:
        self._stage = stage
        self._register = register
        self._names = names
        self._orgnrs = numbers
        self._today = today

    def plan(self) -> None:
        """Plan every act. The customers are created at once."""
        for days, customer, amount in PLAIN_DEBTORS:
            self._business(customer)
            self._open(customer, customer, amount, self._ago(days))
        for days, customer, amount in NEAR_LIMITATION:
            self._business(customer)
            self._open(customer, customer, amount, add_months(self._ago(-days), -36))
        self._business(OLDER_THAN_THE_IMPORT[0])
        self._open("older", *OLDER_THAN_THE_IMPORT, add_months(self._ago(13), -36))
        self._payments()
        self._credits()
        self._write_offs()
        self._undone()
        self._register_states()
        self._wishes_and_persons()
        self._abroad()

    # --- help --------------------------------------------------------------------------------------------------

    def _ago(self, days: int) -> date:
        return self._today - timedelta(days=days)

    def _business(self, customer: str, form: str = "AS", **words: Any) -> str:
        """A business customer with its unit in the register; returns the organisation number."""
        orgnr = next(self._orgnrs)
        enk = form == "ENK"
        name = str(words.pop("name", None) or (self._names.sole_trader() if enk else self._names.company()))
        address = words.pop("address", None) or self._names.address()
        self._stage.company.customer(
            customer, name=name, orgnr=orgnr, address=address, email=words.pop("email", mail_of(name)), **words
        )
        register_business(self._register, orgnr, name, address, form)
        return orgnr

    def _open(self, name: str, customer: str, amount: str, due: date) -> None:
        """An invoice sent fourteen days before it falls due."""
        self._stage.plan(due - timedelta(days=TERM_DAYS), lambda s: s.invoice(name, customer, Decimal(amount), due))

    def _pay(self, day: date, customer: str, amount: str, *names: str, kind: str = "ocr") -> None:
        self._stage.plan(next_business_day(day), lambda s: s.pay(customer, Decimal(amount), *names, kind=kind))

    # --- acts --------------------------------------------------------------------------------------------------

    def _payments(self) -> None:
        """Part payments, a surplus, money that nobody placed, money dated ahead, three invoices of one debtor."""
        self._business("10328")
        self._open("part", "10328", "24000.00", self._ago(48))
        self._pay(self._ago(30), "10328", "10000.00", "part")
        self._business("10329")
        self._open("surplus", "10329", "8750.00", self._ago(61))
        self._pay(self._ago(63), "10329", "8800.00", "surplus")
        self._business("10330")  # paid without KID; covers the invoice, nobody has matched it
        self._open("unplaced", "10330", "6120.00", self._ago(21))
        self._pay(self._ago(16), "10330", "6120.00", kind="bank")
        self._business("10331")  # on account; covers a part
        self._open("on account", "10331", "17300.00", self._ago(33))
        self._pay(self._ago(20), "10331", "5000.00", kind="bank")
        self._business("10332")
        self._open("ahead", "10332", "9640.00", self._ago(17))
        ahead = next_business_day(self._ago(-3))
        self._stage.plan(self._ago(0), lambda s: s.pay("10332", Decimal("9640.00"), "ahead", dated=ahead))
        self._business("10333")
        for place, amount in enumerate(("2310.00", "5875.00", "1249.50")):
            self._open(f"three {place}", "10333", amount, self._ago(16))

    def _credits(self) -> None:
        """Credit notes: a part, the whole, and one that nobody has matched."""
        self._business("10334")
        self._open("part credited", "10334", "13400.00", self._ago(29))
        self._stage.plan(self._ago(25), lambda s: s.credit_note("10334", Decimal("3400.00"), "part credited"))
        self._business("10335")
        self._open("wholly credited", "10335", "7150.00", self._ago(52))
        self._stage.plan(self._ago(45), lambda s: s.credit_note("10335", Decimal("7150.00"), "wholly credited"))
        self._business("10336")
        self._open("covered", "10336", "4480.00", self._ago(24))
        self._stage.plan(self._ago(15), lambda s: s.credit_note("10336", Decimal("4480.00")))

    def _write_offs(self) -> None:
        """Avskriv, with a recovery afterwards and a rounding; and the wrong way, a journal against 7830."""
        company = self._stage.company
        self._business("10337")
        self._open("written off", "10337", "10690.00", self._ago(410))
        self._at(220, lambda s: company.write_off([s.numbers["written off"]]))
        self._business("10338")
        self._open("recovered", "10338", "15200.00", self._ago(480))
        self._at(300, lambda s: company.write_off([s.numbers["recovered"]]))
        self._pay(self._ago(12), "10338", "6000.00", "recovered")
        self._business("10339")
        self._open("rounded", "10339", "3999.60", self._ago(70))
        self._pay(self._ago(71), "10339", "3999.00", "rounded")
        self._at(60, lambda s: company.write_off([s.numbers["rounded"]]))
        self._business("10340")
        self._open("lost by journal", "10340", "12500.00", self._ago(300))
        self._at(150, lambda s: company.journal("J-10340", "10340", Decimal("-12500.00"), "7830",
                                                for_=[s.numbers["lost by journal"]]))  # fmt: skip

    def _undone(self) -> None:
        """A payment that bounced, one paid back, and fees that PowerOffice's own reminder put on customers."""
        company = self._stage.company
        self._business("10341")
        self._open("bounced", "10341", "18900.00", self._ago(40))
        self._at(38, lambda s: s.numbers.update(bounce=s.pay("10341", Decimal("18900.00"), "bounced")))
        self._at(9, lambda s: company.reverse(s.numbers["bounce"]))
        self._business("10342")
        self._open("paid back", "10342", "5400.00", self._ago(55))
        self._pay(self._ago(54), "10342", "5400.00", "paid back")
        self._at(11, lambda s: company.refund("R-10342", "10342", Decimal("5400.00"), for_=[s.numbers["paid back"]]))
        for customer, days in (("10343", 38), ("10344", 64)):
            self._business(customer)
            self._open(f"own reminder {customer}", customer, "4990.00", self._ago(days))
            self._own_reminder(customer, days - 16)

    def _own_reminder(self, customer: str, days: int) -> None:
        self._at(days, lambda s: s.company.own_reminder(
            f"OR-{customer}", customer, Decimal("35.00"), s.numbers[f"own reminder {customer}"]))  # fmt: skip

    def _register_states(self) -> None:
        """Bankrupt, dissolved, forced out, winding up, removed, unknown; branches of a sound and a bankrupt company."""
        register = self._register
        bankrupt = self._business("10345")
        self._open("bankrupt", "10345", "41250.00", self._ago(98))
        estate = next(self._orgnrs)
        self._at(66, lambda s: register.bankrupt(bankrupt, self._weekday(66), estate))
        also = self._business("10346")
        self._open("also bankrupt", "10346", "7730.00", self._ago(190))
        self._at(19, lambda s: register.bankrupt(also, self._weekday(19)))
        dissolved = self._business("10347")
        self._open("dissolved", "10347", "6300.00", self._ago(250))
        self._at(85, lambda s: register.dissolve(dissolved, self._weekday(85)))
        forced = self._business("10348")
        self._open("forced", "10348", "13980.00", self._ago(110))
        self._at(31, lambda s: register.force_liquidation(forced, self._weekday(31)))
        winding = self._business("10349")
        self._open("winding up", "10349", "9100.00", self._ago(47))
        self._at(50, lambda s: register.set_unit(winding, underAvvikling=True, underAvviklingDato=self._weekday(50)))
        hidden = self._business("10350")
        self._open("not disclosed", "10350", "5620.00", self._ago(36))
        self._at(26, lambda s: register.remove(hidden))
        self._business("10351")
        self._stage.company.customer("10351", orgnr=next(self._orgnrs))  # mistyped: nobody has this number
        self._open("unknown number", "10351", "3375.00", self._ago(28))
        sound, main = self._business("10352"), next(self._orgnrs)
        register.set_unit(main, navn="SKARVHAUG KJEDEDRIFT AS")
        register.set_unit(sound, organisasjonsform="BEDR", overordnetEnhet=main)
        self._open("branch", "10352", "8260.00", self._ago(23))
        lost, owner = self._business("10353"), next(self._orgnrs)
        register.set_unit(owner, navn="TROLLSKAR GRUPPEN AS")
        register.set_unit(lost, organisasjonsform="BEDR", overordnetEnhet=owner)
        self._open("branch of a bankrupt", "10353", "20150.00", self._ago(72))
        self._at(41, lambda s: register.bankrupt(owner, self._weekday(41)))

    def _wishes_and_persons(self) -> None:
        """Customers marked no reminders, no fees, no interest; sole traders, private persons, a minor, no e-mail."""
        wishes: tuple[tuple[str, dict[str, Any], str], ...] = (
            ("10354", {"send_reminders": False}, "11800.00"),
            ("10355", {"no_fees": True}, "6890.00"),
            ("10356", {"no_interest": True}, "14320.00"),
            ("10357", {"email": None}, "2980.00"),
        )
        for customer, mark, amount in wishes:
            self._business(customer, **mark)
            self._open(f"wish {customer}", customer, amount, self._ago(32))
        self._business("10358", "ENK")
        self._open("sole trader", "10358", "4730.00", self._ago(45))
        self._business("10359", "ENK")
        self._open("another sole trader", "10359", "1680.00", self._ago(19))
        for customer, age, days, amount in (
            ("10360", 47, 26, "2149.00"),
            ("10361", 33, 90, "5899.00"),
            ("10362", 16, 34, "899.00"),  # a minor
        ):
            name, born = self._names.person(), add_months(self._ago(40), -12 * age)
            self._stage.company.customer(
                customer, name=name, person=True, date_of_birth=born.isoformat(), address=self._names.address(),
                email=mail_of(name, "post"),
            )  # fmt: skip
            self._open(f"person {customer}", customer, amount, self._ago(days))

    def _abroad(self) -> None:
        """Invoices in euro and Swedish kronor: one open, one settled with a gain on the exchange rate."""
        company = self._stage.company
        places: tuple[tuple[str, str, dict[str, str]], ...] = (
            ("10363", "Ulvsjö Trä AB", {"line1": "Sågvägen 4", "zip": "83012", "city": "Ulvsjö", "country": "SE"}),
            ("10364", "Havbro Byg ApS", {"line1": "Kajgade 11", "zip": "9990", "city": "Havbro", "country": "DK"}),
            ("10365", "Steinfurt Holzhandel GmbH",
             {"line1": "Sägewerkstraße 8", "zip": "48565", "city": "Steinfurt", "country": "DE"}),
        )  # fmt: skip
        for customer, name, address in places:
            company.customer(customer, name=name, orgnr=None, address=address, email=mail_of(name), currency="EUR")
        open_due, paid_due = self._ago(37), self._ago(80)
        self._stage.plan(open_due - timedelta(days=30), lambda s: s.invoice(
            "euro", "10365", Decimal("27930.00"), open_due, "EUR", Decimal("2400.00")))  # fmt: skip
        self._stage.plan(paid_due - timedelta(days=30), lambda s: s.invoice(
            "euro paid", "10364", Decimal("11637.50"), paid_due, "EUR", Decimal("1000.00")))  # fmt: skip
        self._stage.plan(self._weekday(79), lambda s: s.pay(
            "10364", Decimal("11712.00"), "euro paid", kind="bank", currency="EUR",
            currency_amount=Decimal("1000.00")))  # fmt: skip
        self._stage.plan(self._ago(52), lambda s: s.invoice(
            "kronor", "10363", Decimal("9870.00"), self._ago(22), "SEK", Decimal("9500.00")))  # fmt: skip

    def _weekday(self, days: int) -> date:
        return next_business_day(self._ago(days))

    def _at(self, days: int, act: Any) -> None:
        self._stage.plan(self._weekday(days), act)


def register_business(register: Register, orgnr: str, name: str, address: dict[str, str], form: str) -> None:
    """The unit of a demo customer, with the customer's own name and street."""
    register.set_unit(
        orgnr,
        navn=name.upper(),
        organisasjonsform=form,
        forretningsadresse={
            "land": "Norge",
            "landkode": "NO",
            "postnummer": address["zip"],
            "poststed": address["city"].upper(),
            "adresse": [address["line1"]],
        },
    )
