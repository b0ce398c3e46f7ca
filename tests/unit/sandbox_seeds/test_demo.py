"""The demo company: credible, complete in its situations, and the same every time."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock, to_ticks
from kredin_pipeline.sandbox.ledger import Company, Entry
from kredin_pipeline.sandbox.register import Register
from kredin_pipeline.sandbox.register.numbers import has_valid_check_digit
from kredin_pipeline.sandbox.seeds import plant
from kredin_pipeline.sandbox.seeds.demo_company import (
    DEMO_COMPANY_NAME,
    DEMO_DAY,
    DEMO_NEXT_DAY,
    DemoSummary,
    demo_organization_no,
    play_next_day,
    seed_demo,
)
from kredin_pipeline.sandbox.seeds.stage import Stage

NOW = "2026-11-23T05:00"


class Demo:
    def __init__(self, seed: int = 2026) -> None:
        self.clock = SandboxClock(NOW)
        self.company = Company(self.clock, DEMO_COMPANY_NAME, demo_organization_no())
        self.register = Register(self.clock)
        self.summary: DemoSummary = seed_demo(self.company, self.register, seed=seed)

    def entries(self, customer: str) -> list[Entry]:
        return self.company.customers[customer].entries

    def invoice(self, customer: str) -> Entry:
        return next(e for e in self.entries(customer) if e.voucher.type == "OutgoingInvoice")

    def fingerprint(self) -> str:
        books = self.company.books
        told = [
            (e.id, e.customer.no, e.customer.name, books.voucher_id(e.voucher), e.voucher.type, e.posting_date,
             e.due_date, e.invoice_no, e.kid, e.amount, e.balance, e.currency, e.created, e.changed)
            for e in books.entries.values()
        ]  # fmt: skip
        whole = json.dumps([told, self.register.dump()], ensure_ascii=False).encode()
        return hashlib.sha256(whole).hexdigest()


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


def test_the_same_seed_gives_the_same_ledger_and_register_and_another_seed_another(demo: Demo) -> None:
    assert Demo().fingerprint() == demo.fingerprint()
    assert Demo(seed=7).fingerprint() != demo.fingerprint()


def test_the_next_day_is_the_same_every_time() -> None:
    one, other = Demo(), Demo()
    told = [play_next_day(d.company, d.register, DEMO_NEXT_DAY) for d in (one, other)]
    assert told[0] == told[1] and one.fingerprint() == other.fingerprint()


def test_three_years_of_trade_leave_some_dozens_of_overdue_invoices_of_every_age(demo: Demo) -> None:
    summary = demo.summary
    assert 280 <= summary.customers <= 320 and 3_000 <= summary.invoices <= 5_000
    assert 40 <= summary.open_overdue <= 80
    invoices = [e for e in demo.company.books.entries.values() if e.voucher.type == "OutgoingInvoice"]
    by_year = Counter(e.posting_date[:4] for e in invoices)
    assert all(by_year[year] > 600 for year in ("2024", "2025", "2026"))
    paid = sum(1 for e in invoices if not e.balance)
    assert paid / len(invoices) > 0.95
    ages = [
        (DEMO_DAY - date.fromisoformat(str(e.due_date))).days
        for e in invoices
        if e.balance and str(e.due_date) < DEMO_DAY.isoformat()
    ]
    for low, high in ((1, 1), (14, 14), (15, 15), (2, 10), (21, 30), (60, 120), (180, 400), (401, 800), (801, 1200)):
        assert any(low <= age <= high for age in ages), f"no open invoice {low}-{high} days past due"
    limits = {(date.fromisoformat(str(demo.invoice(no).due_date))) for no in ("10323", "10324", "10325", "10326")}
    left = sorted((day.replace(year=day.year + 3) - DEMO_DAY).days for day in limits)
    assert [left[0] <= 30, left[1] <= 30, 30 < left[2] <= 90, 90 < left[3] <= 180] == [True] * 4


def test_the_clock_stands_where_it_stood_and_nothing_is_newer_than_it(demo: Demo) -> None:
    now = to_ticks(demo.clock.now())
    assert demo.clock.today() == DEMO_DAY
    assert max(e.changed for e in demo.company.books.entries.values()) < now
    assert max(e.posting_date for e in demo.company.books.entries.values() if e.customer.no != "10332") <= "2026-11-23"
    created = [e.created for e in demo.company.books.entries.values()]
    assert created == sorted(created) and len({tick // 864_000_000_000 for tick in created}) > 700


def test_every_business_customer_is_in_the_register_but_the_one_that_shall_not_be(demo: Demo) -> None:
    missing = set[str]()
    for customer in demo.company.customers.values():
        orgnr = customer.fields.get("OrganizationNumber")
        if orgnr is None:
            continue
        assert has_valid_check_digit(str(orgnr)) and str(orgnr).startswith("99993")
        unit = demo.register.find(str(orgnr), False) or demo.register.find(str(orgnr), True)
        if unit is None:
            missing.add(customer.no)
        elif not unit.sub and customer.no != "10351":
            assert unit.fields["navn"] == customer.name.upper()
    assert missing == {"10351"}
    numbers = [c.fields.get("OrganizationNumber") for c in demo.company.customers.values()]
    assert max(Counter(n for n in numbers if n).values()) == 1


def test_the_register_knows_every_state_a_debtor_can_be_in(demo: Demo) -> None:
    def fields(customer: str) -> Mapping[str, object]:
        orgnr = str(demo.company.customers[customer].fields["OrganizationNumber"])
        unit = demo.register.find(orgnr, False) or demo.register.find(orgnr, True)
        assert unit is not None
        return unit.fields | {"status": demo.register.status_of(orgnr), "form": unit.form}

    assert fields("10345")["konkurs"] is True and fields("10346")["konkurs"] is True
    assert fields("10347")["slettedato"] == "2026-08-31"  # the 85th day back is a Sunday
    assert fields("10348")["underTvangsavviklingEllerTvangsopplosning"] is True
    assert fields("10349")["underAvvikling"] is True
    assert fields("10350")["status"] == 410
    assert fields("10358")["form"] == "ENK"
    parent = str(fields("10353")["overordnetEnhet"])
    bankrupt_parent = demo.register.find(parent, False)
    assert bankrupt_parent is not None and bankrupt_parent.fields["konkurs"] is True
    assert any(unit.form == "KBO" for unit in demo.register.units(False))


@pytest.mark.parametrize(
    ("customer", "balance"),
    [
        ("10328", "14000.00"),  # paid in part
        ("10329", "-50.00"),  # paid too much
        ("10330", "0.00"),  # money and invoice lie beside each other
        ("10331", "12300.00"),
        ("10332", "0.00"),
        ("10334", "10000.00"),
        ("10335", "0.00"),
        ("10336", "0.00"),
        ("10337", "0.00"),  # written off
        ("10338", "-6000.00"),  # recovered after the write-off
        ("10339", "0.00"),
        ("10340", "0.00"),
        ("10341", "18900.00"),  # bounced
        ("10342", "5400.00"),  # paid back
        ("10343", "5025.00"),  # with PowerOffice's own reminder fee
        ("10364", "0.00"),  # settled in euro with a difference
    ],
)
def test_each_member_of_the_cast_owes_what_its_story_says(demo: Demo, customer: str, balance: str) -> None:
    assert Decimal(sum(e.balance for e in demo.entries(customer))) / 100 == Decimal(balance)


def test_write_offs_are_there_the_right_way_and_the_wrong_way(demo: Demo) -> None:
    assert [e.is_write_off for e in demo.entries("10337")] == [False, True]
    [journal] = [e for e in demo.entries("10340") if e.amount < 0]
    assert not journal.is_write_off and journal.voucher.offset_account == "7830"
    assert demo.invoice("10340").balance == 0
    assert demo.invoice("10330").balance > 0 and demo.invoice("10336").balance > 0
    [recovery] = [e for e in demo.entries("10338") if e.voucher.type == "IncomingOcrGiro"]
    assert recovery.kid == demo.invoice("10338").kid and recovery.balance == -600_000
    assert {e.currency for e in demo.entries("10365")} == {"EUR"}
    assert any(e.voucher.offset_account == "8060" for e in demo.entries("10364"))


def test_marks_and_persons_are_on_the_customers(demo: Demo) -> None:
    fields = {no: demo.company.customers[no].fields for no in ("10354", "10355", "10356", "10357", "10362")}
    assert fields["10354"]["SendPaymentReminders"] is False
    assert fields["10355"]["DoNotAddLatePaymentFees"] is True
    assert fields["10356"]["DoNotAddLatePaymentInterest"] is True
    assert fields["10357"]["EmailAddress"] is None
    born = date.fromisoformat(str(fields["10362"]["DateOfBirth"]))
    assert fields["10362"]["IsPerson"] is True and born.replace(year=born.year + 18) > DEMO_DAY


def test_the_day_after_debtors_pay_what_the_letter_asked() -> None:
    demo = Demo()
    number = str(demo.invoice("10306").invoice_no)

    told = play_next_day(
        demo.company, demo.register, DEMO_NEXT_DAY, [{"invoice_no": number, "total": Decimal("7924.87")}]
    )

    by_customer = {one.customer: one for one in told}
    assert by_customer["10306"].amount == Decimal("7924.87")
    assert by_customer["10307"].amount == Decimal("15960.00") + 400  # no letter known: a generous round surplus
    assert by_customer["10308"].amount == Decimal("4325.00")
    payment = demo.entries("10306")[-1]
    assert (demo.invoice("10306").balance, payment.balance) == (0, -(792_487 - 781_250))
    assert payment.posting_date == "2026-11-23"
    assert demo.entries("10321")[-1].is_write_off and not demo.entries("10320")[-1].is_write_off
    kinds = Counter(one.what for one in told)
    assert {"avskriv", "journal_write_off", "credit_note", "bankrupt", "paid_the_principal"} <= set(kinds)
    assert demo.clock.today() == DEMO_DAY


def test_a_second_call_for_the_next_day_pays_nothing_twice() -> None:
    demo = Demo()
    play_next_day(demo.company, demo.register, DEMO_NEXT_DAY)
    before = {no: sum(e.balance for e in demo.entries(no)) for no in ("10306", "10312", "10308", "10321", "10320")}
    told = play_next_day(demo.company, demo.register, DEMO_NEXT_DAY + timedelta(days=1))
    assert {one.what for one in told} <= {"invoice", "credit_note", "bankrupt"}
    assert {no: sum(e.balance for e in demo.entries(no)) for no in before} == before


def test_a_story_is_played_by_day_and_within_a_day_in_the_order_of_planning() -> None:
    clock = SandboxClock(NOW)
    stage = Stage(Company(clock, "Prøve AS", "999990002"), Register(clock), 1)
    played = list[tuple[str, str]]()
    for day, name in (("2025-03-02", "b"), ("2025-03-01", "a"), ("2025-03-02", "c"), ("2025-03-03", "never")):
        stage.plan(
            date.fromisoformat(day), lambda s, name=name: played.append((name, s.company.clock.today().isoformat()))
        )
    stage.play(until=date(2025, 3, 2))
    assert played == [("a", "2025-03-01"), ("b", "2025-03-02"), ("c", "2025-03-02")]


def test_a_company_with_entries_is_not_seeded_over(demo: Demo) -> None:
    with pytest.raises(ValueError, match="entries already"):
        seed_demo(demo.company, demo.register)


def test_the_demo_can_be_told_for_another_day() -> None:
    clock = SandboxClock("2025-04-10T05:00")
    company, register = Company(clock, DEMO_COMPANY_NAME, demo_organization_no()), Register(clock)
    summary = seed_demo(company, register, date(2025, 4, 10))
    assert 40 <= summary.open_overdue <= 90


def test_seeds_are_planted_by_name_with_plain_values() -> None:
    class World:
        clock = SandboxClock(NOW)
        register = Register(clock)

    company = Company(World.clock, DEMO_COMPANY_NAME, demo_organization_no())
    made = plant(World(), company, "demo")
    assert json.loads(json.dumps(made))["customers"] == len(company.customers)
    told = plant(World(), company, "demo_next_day", letters=[{"invoice_no": "1", "total": "2.00"}])
    assert json.loads(json.dumps(told))[0]["what"] == "paid_the_letter"
    with pytest.raises(ValueError, match="kind 'wonder'"):
        plant(World(), company, "wonder")
    with pytest.raises(ValueError, match="seed demo"):
        plant(World(), company, "demo", todday="2026-11-23")
