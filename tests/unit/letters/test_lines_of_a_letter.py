"""What a letter shows of each claim: the lines that make its sum, each apart (rules § 4.4; obligations, payments)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import cast

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, StreamObject

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.content import Deduction, EarlierFee, InterestPeriod, from_json, to_json
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.text import render_text

from .builders import CREDITOR, claim, letter

REMINDED = EarlierFee("reminder", date(2026, 3, 17), Decimal("38.00"))


def lines(text: str) -> list[str]:
    return [line.replace("\u00a0", " ") for line in text.splitlines()]


def test_original_paid_and_open_stand_on_lines_of_their_own() -> None:
    shown = lines(
        render_text(letter("reminder", claim(amount="1 000.00", paid="400.00", interest="3.84", fee="38.00")))
    )

    start = shown.index("Opprinnelig beløp: 1 000,00")
    assert shown[start : start + 3] == [
        "Opprinnelig beløp: 1 000,00",
        "Betalt 10.03.2026: -400,00",
        "Åpen hovedstol: 600,00",
    ]


def test_every_fee_has_its_line_with_the_letter_it_came_from() -> None:
    demand = letter("payment_demand", claim(interest="100.00", fee="113.00", earlier=(REMINDED,)))
    shown = lines(render_text(demand))

    assert "Gebyr for purring 17.03.2026: 38,00" in shown
    assert "Gebyr for dette brevet: 113,00" in shown
    assert "Sum for fakturaen: 1 251,00" in shown


def test_a_credit_on_account_is_named_and_comes_off_what_is_asked() -> None:
    owed = replace(
        claim(amount="5 000.00"),
        on_account=Decimal("2000.00"),
        principal=Decimal("3000.00"),
        total=Decimal("3000.00"),
    )
    shown = lines(render_text(letter("reminder", owed)))

    assert "Innbetalt, ikke fordelt på faktura: -2 000,00" in shown
    assert "Sum: 3 000,00" in shown


def test_the_sum_of_interest_is_shown_as_calculated_and_its_lines_are_not_repaired() -> None:
    rate, half_ore = Decimal("12.25"), Decimal("1.234500")
    half_ores = (
        InterestPeriod(date(2026, 3, 2), date(2026, 3, 9), 7, rate, 365, Decimal("1000.00"), half_ore),
        InterestPeriod(date(2026, 3, 9), date(2026, 3, 17), 8, rate, 365, Decimal("900.00"), half_ore),
    )
    two = replace(claim(interest="2.47"), periods=half_ores)
    shown = lines(render_text(letter("reminder", two)))

    assert [line.split()[-1] for line in shown if line.startswith(("02.03.2026  ", "09.03.2026  "))] == ["1,23", "1,23"]
    assert "Forsinkelsesrenter: 2,47" in shown


def test_costs_already_paid_are_deducted_on_a_line_of_their_own() -> None:
    owed = claim(interest="10.00", fee="38.00", earlier=(REMINDED,))
    partly = replace(owed, deductions=(Deduction("paid", Decimal("38.00")),), total=owed.total - Decimal("38.00"))
    shown = lines(render_text(letter("collection_notice", partly)))

    assert "Renter og gebyr som er betalt: -38,00" in shown
    assert "Sum: 1 048,00" in shown


def test_compensation_shows_only_what_it_gives_beyond_the_fees() -> None:
    owed = claim(fee="38.00")
    business = replace(owed, compensation=Decimal("392.00"), total=owed.total + Decimal("392.00"))
    shown = lines(render_text(letter("reminder", business)))

    assert "Standardkompensasjon ut over gebyrene (forsinkelsesrenteloven § 3 a): 392,00" in shown
    assert "Sum: 1 430,00" in shown


def test_several_claims_share_one_letter_one_fee_and_keep_their_own_kid() -> None:
    both = letter("reminder", claim("1001", fee="38.00", kid="0010012"), claim("1002", "250.00", kid="0010020"))
    text = render_text(both)
    shown = lines(text)

    assert "Sak: K0000001001, K0000001002" in shown
    assert (both.principal, both.fee, both.total) == (Decimal("1250.00"), Decimal("38.00"), Decimal("1288.00"))
    assert "Sum: 1 288,00" in shown
    assert "KID: 0010012" in shown
    assert "KID: 0010020" in shown


def test_a_foreign_invoice_shows_what_is_open_in_both_currencies() -> None:
    euro = replace(claim(amount="5 713.75"), currency="EUR", currency_amount=Decimal("500.00"))
    shown = lines(render_text(letter("reminder", euro)))

    assert "Åpen hovedstol: 5 713,75" in shown
    assert "Åpen hovedstol i fakturaens valuta: EUR 500,00" in shown


def test_without_a_kid_or_an_account_the_debtor_is_told_how_to_pay_all_the_same() -> None:
    plain = letter("reminder", claim(kid=None), creditor=replace(CREDITOR, bank_account=None))
    shown = lines(render_text(plain))

    assert "KID: merk med fakturanummeret" in shown
    assert "Konto: kontoen på fakturaen" in shown


def test_leading_zeros_of_a_kid_survive_text_pdf_and_outbox() -> None:
    content = letter("reminder")
    text = PdfReader(io.BytesIO(render_pdf(content))).pages[0].extract_text()

    assert "00100420" in render_text(content)
    assert "00100420" in text
    assert from_json(to_json(content)) == content


def test_markup_in_a_name_is_printed_and_never_run() -> None:
    content = letter("reminder")
    nasty = replace(content, recipient=replace(content.recipient, name='#panic() *AS* $x$ <a> \\ "q"'))
    text = PdfReader(io.BytesIO(render_pdf(nasty))).pages[0].extract_text()

    assert '#panic() *AS* $x$ <a> \\ "q"' in text


def test_the_same_letter_is_the_same_bytes_and_another_is_not() -> None:
    assert render_pdf(letter("reminder")) == render_pdf(letter("reminder"))
    assert render_pdf(letter("reminder")) != render_pdf(letter("collection_notice"))


def test_a_letter_takes_less_than_sixty_milliseconds() -> None:
    render_pdf(letter("reminder"))
    numbered = [letter("reminder", claim(str(number), interest="5.03", fee="38.00")) for number in range(2000, 2020)]

    started = perf_counter()
    for content in numbered:
        render_pdf(content)
    assert (perf_counter() - started) / len(numbered) < 0.060


def test_the_pdf_is_archivable_tagged_and_names_its_language() -> None:
    root = cast(DictionaryObject, PdfReader(io.BytesIO(render_pdf(letter("reminder")))).trailer["/Root"])

    assert str(root["/Lang"]).startswith("nb")
    assert cast(DictionaryObject, root["/MarkInfo"])["/Marked"]
    assert b"pdfaid:part" in cast(StreamObject, root["/Metadata"]).get_data()


def test_amounts_and_dates_are_written_as_in_norway() -> None:
    assert formats.money(Decimal("1234567.80")) == "kr\u00a01\u00a0234\u00a0567,80"
    assert formats.day(date(2025, 3, 31)) == "31.\u00a0mars\u00a02025"
    assert formats.money(Decimal("1234567.80"), "en") == "NOK\u00a01,234,567.80"
    assert formats.account_number("12345678903") == "1234\u00a056\u00a078903"
