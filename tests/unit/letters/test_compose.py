"""The book's plan becomes letters whose lines explain every sum: derived by the real rules, not by hand."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import SecretStr

from assets.letters import sender_of
from kredin_pipeline.cases.logo import kept
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Tenant
from kredin_pipeline.letters.compose import Composed, Sender, compose_letters
from kredin_pipeline.letters.content import LetterContent, from_json, to_json
from kredin_pipeline.letters.text import render_text
from tests.unit.cases.ledger import Ledger

from .builders import CREDITOR

SENDER = Sender("fjellheim", CREDITOR)


@pytest.fixture(autouse=True)
def a_mirror() -> Generator[None]:
    """The open credits and the debtor's language come from the mirror, which these books otherwise do without."""
    con = Ledger.of().con
    con.execute(
        """
        create or replace table poweroffice_ledger_entries
        (entry_id varchar, customer_no varchar, balance decimal(18, 2), posting_date date, gone_on date)
        """
    )
    con.execute("create or replace table brreg_units (orgnr varchar, language varchar)")
    yield
    con.execute("drop table if exists poweroffice_ledger_entries; drop table if exists brreg_units")


def composed(ledger: Ledger, on: str, sender: Sender = SENDER, homeless: str = "") -> Composed:
    """The letters of a day before they are sent; every debtor but ``homeless`` lives at Bakken 3."""
    ledger.run(on, send=False)
    ledger.con.execute(
        "update debtors set address_line1 = 'Bakken 3', zip_code = '5003', city = 'Bergen' where customer_no <> ?",
        [homeless],
    )
    return compose_letters(ledger.con, date.fromisoformat(on), sender)


def only(made: Composed) -> LetterContent:
    assert made.problems == ()
    assert len(made.letters) == 1
    return made.letters[0]


def shown(content: LetterContent) -> list[str]:
    return [line.replace("\u00a0", " ") for line in render_text(content).splitlines()]


def test_b01_a_reminder_states_original_paid_with_its_date_and_open() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.payment("P1", "400.00", "2025-03-10", [1001])
    ledger.run("2025-03-04")

    content = only(composed(ledger, "2025-03-17"))
    lines = shown(content)

    assert (content.principal, content.interest, content.fee, content.total) == (
        Decimal("600.00"),
        Decimal("3.84"),
        Decimal("35.00"),
        Decimal("638.84"),
    )
    start = lines.index("Opprinnelig beløp: 1 000,00")
    assert lines[start + 1 : start + 3] == ["Betalt 10.03.2025: -400,00", "Åpen hovedstol: 600,00"]
    assert content.claims[0].ledger_balance == Decimal("600.00")


def test_the_second_letter_lists_the_first_ones_fee_and_both_periods_of_interest() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "8000.00", "2026-06-12")
    ledger.run("2026-06-26")

    content = only(composed(ledger, "2026-07-15"))
    lines = shown(content)

    assert content.step == "collection_notice"
    assert "Gebyr for purring 26.06.2026: 38,00" in lines
    assert len(content.claims[0].periods) == 2
    assert content.fees_before == Decimal("38.00")
    assert content.total == content.principal + content.interest + Decimal("76.00")


def test_claims_of_one_debtor_share_a_letter_the_earliest_due_first_with_the_fee() -> None:
    ledger = Ledger.of()
    ledger.invoice(1002, "250.00", "2025-03-04")
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.run("2025-03-05", send=False)

    content = only(composed(ledger, "2025-03-18"))

    assert content.invoice_nos == ("1001", "1002")
    assert [claim.fee for claim in content.claims] == [Decimal("35.00"), Decimal("0.00")]


def test_compensation_is_stated_only_for_what_it_gives_beyond_the_fees() -> None:
    ledger = Ledger.of(compensation=True)
    ledger.invoice(1001, "9000.00", "2026-07-01")
    ledger.run("2026-07-02")

    content = only(composed(ledger, "2026-07-15"))

    assert content.fee == Decimal("38.00")
    assert content.compensation == Decimal("392.00")
    assert content.total == content.principal + content.interest + Decimal("430.00")


def test_costs_paid_first_are_shown_as_the_part_of_the_payment_that_met_the_principal() -> None:
    ledger = Ledger.of(allocation="costs_first")
    ledger.invoice(1001, "10000.00", "2026-03-02")
    ledger.run("2026-03-16")
    ledger.payment("P1", "1000.00", "2026-03-20", [1001])

    content = only(composed(ledger, "2026-04-07"))
    claim = content.claims[0]

    assert claim.settlements[0].whole == Decimal("1000.00")
    assert claim.settlements[0].amount < Decimal("1000.00")
    assert claim.principal == Decimal("10000.00") - claim.settlements[0].amount
    assert any(line.startswith("Betalt 20.03.2026 (av 1 000,00): -") for line in shown(content))


def test_a_friendly_reminder_asks_for_the_principal_alone() -> None:
    ledger = Ledger.of(steps={"friendly_reminder": {"after_days": 3, "deadline_days": 7}})
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.run("2025-03-05")

    content = only(composed(ledger, "2025-03-06"))

    assert (content.step, content.total) == ("friendly_reminder", Decimal("1000.00"))


def test_the_new_acts_regime_follows_the_day_the_letter_leaves() -> None:
    ledger = Ledger.of(inkassolov_2026_from="2026-04-01")
    ledger.invoice(1001, "8000.00", "2026-03-02")
    sender = replace(SENDER, new_act_from=date(2026, 4, 1))

    before = only(composed(ledger, "2026-03-16", sender))
    ledger.run("2026-03-16")
    after = only(composed(ledger, "2026-04-07", sender))

    assert (before.step, before.regime) == ("reminder", "1988")
    assert (after.step, after.regime, after.channel) == ("enforcement_notice", "2026", "post")


def test_a_letter_by_post_without_an_address_waits_and_the_others_go_on() -> None:
    ledger = Ledger.of(course="demand_only")
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.invoice(1002, "1000.00", "2025-03-03", customer="10002")
    ledger.run("2025-03-04")

    made = composed(ledger, "2025-03-17", homeless="10002")

    assert [letter.invoice_nos for letter in made.letters] == [("1001",)]
    assert len(made.problems) == 1
    assert made.problems[0].startswith("fjellheim: customer 10002, postal address: found none")


def test_a_letter_comes_back_from_the_outbox_as_it_went_in() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "8000.00", "2026-06-12")
    ledger.run("2026-06-26")

    content = only(composed(ledger, "2026-07-15"))

    assert from_json(to_json(content)) == content


def test_open_credits_are_those_of_the_customers_in_the_letters() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.run("2025-03-04")
    ledger.con.executemany(
        "insert into poweroffice_ledger_entries values (?, ?, ?, ?, ?)",
        [
            ["C1", "10001", "-100.00", "2025-03-10", None],
            ["C2", "10001", "-50.00", "2025-03-18", None],
            ["C3", "10001", "-25.00", "2025-03-10", "2025-03-12"],
            ["C4", "10002", "-10.00", "2025-03-10", None],
        ],
    )

    assert composed(ledger, "2025-03-17").open_credits == {"10001": Decimal("-100.00")}


def in_two_languages(sender: Sender, country: str = "NO") -> list[str]:
    """The languages of two debtors' letters; the register has 10002 under nynorsk and does not know 10001."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.invoice(1002, "1000.00", "2025-03-03", customer="10002")
    ledger.run("2025-03-04")
    ledger.run("2025-03-17", send=False)
    ledger.con.execute(
        "update debtors set orgnr = '999990134', country_code = ? where customer_no = '10002'", [country]
    )
    ledger.con.execute("delete from brreg_units")
    ledger.con.execute("insert into brreg_units values ('999990134', 'Nynorsk')")
    made = compose_letters(ledger.con, date(2025, 3, 17), sender)
    return [letter.language for letter in sorted(made.letters, key=lambda letter: letter.invoice_nos)]


def test_the_letter_takes_the_debtors_own_form_of_norwegian_unless_the_creditor_chose_one() -> None:
    assert in_two_languages(SENDER) == ["nb", "nn"]
    assert in_two_languages(replace(SENDER, norwegian="nb")) == ["nb", "nb"]
    assert in_two_languages(replace(SENDER, norwegian="nn")) == ["nn", "nn"]
    assert in_two_languages(replace(SENDER, norwegian="nn"), country="SE") == ["nn", "en"]


def test_a_creditors_own_text_and_logo_come_from_its_settings_and_travel_with_the_letter() -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path d="M0 0H4V1H0Z"/></svg>'
    texts = {"nb": {"reminder": {"opening": "Hei! {pay}"}}, "en": {"reminder": {"opening": "Hi! {pay}"}}}
    chosen = TenantSettings.of({"creditor_logo": kept(picture), "letter_texts": texts})
    tenant = Tenant("fjellheim", SecretStr("k"), "Fjellheim Verksted AS", "999990126", date(2025, 1, 1), chosen)
    ledger = Ledger.of()
    ledger.invoice(1001, "1000.00", "2025-03-03")
    ledger.run("2025-03-04")

    content = from_json(to_json(only(composed(ledger, "2025-03-17", sender_of(tenant)))))

    assert (content.opening, content.closing, content.creditor.logo) == ("Hei! {pay}", None, kept(picture))
    assert "Hei! Vi ber om at kr 1 039,79 blir betalt innen 31. mars 2025." in " ".join(shown(content))
