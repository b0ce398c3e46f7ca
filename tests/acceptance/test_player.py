"""The player's own promises: what is not in the format is refused, and what differs fails and is readable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.acceptance import arrivals
from tests.acceptance.catalogue import read_expected_failures
from tests.acceptance.comparing import assign, differences, list_differences, normal
from tests.acceptance.reading import (
    CASE_COLUMNS,
    DAY,
    LETTER_COLUMNS,
    MONEY,
    ONLY_TENANT,
    TEXT,
    VOUCHER_COLUMNS,
    Case,
    FormatError,
    read_cases,
    read_folder,
)

MINIMAL = """
case: T-1
title: a test
{more}
world:
  - {{on: 2025-02-10, event: invoice, no: 1001, customer: 10001, amount: 1000.00, due: 2025-03-03}}
expect:
  - {{on: 2025-03-17, case: 1001, principal_open: 1000.00}}
"""


def one(more: str = "", world: str = "", expect: str = "") -> Case:
    """The minimal case with some lines more."""
    text = MINIMAL.format(more=more).replace("\nexpect:", f"\n{world}\nexpect:") + expect
    return read_cases(text, "t.yaml")[0]


def world_row(row: str) -> Case:
    return one(world=f"  - {{on: 2025-03-01, {row}}}")


def expect_row(row: str) -> Case:
    return one(expect=f"  - {{on: 2025-03-17, {row}}}\n")


# --- the format ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("colour: red", "unknown colour"),
        ("tenant: {grace: 3}", "unknown grace"),
        ("tenant: {steps: {reminder: {days: 3}}}", "unknown days"),
        ("tenant: {steps: {purring: {after_days: 3}}}", "unknown purring"),
        ("tenant: {}\ntenants: {A: {}}", "both tenant and tenants"),
        ("runs: [2025-03-32]", "2025-03-32"),
        ("runs: [tomorrow]", "tomorrow"),
        ("runs: {from: 2025-03-17}", "from"),
        ("runs: {from: 2025-03-17, to: 2025-03-16}", "the earlier day first"),
        ("runs: [2025-03-18]", "a run day, or a day of the backfill"),
        ("runs: []", "no run"),
        ("case: T-2", "not YAML 1.2"),
    ],
)
def test_a_case_with_something_unknown_is_refused(more: str, said: str) -> None:
    with pytest.raises(FormatError, match=r"t\.yaml") as caught:
        one(more)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("event: earthquake", "event 'earthquake'"),
        ("event: payment, id: P1, customer: 10001, amount: 1.00, invoice: 1001", "unknown invoice"),
        ("event: payment, customer: 10001, amount: 1.00", "no id"),
        ("event: payment, id: P1, customer: 10001, amount: ten", "amount"),
        ("event: payment, id: P1, customer: 10001, amount: 1.005", "at most two decimals"),
        ("event: payment, id: P1, customer: 10001, amount: 1.00, kid: 00100420", "quotation marks"),
        ("event: payment, id: P1, customer: 10001, amount: 1.00, kind: cheque", "kind 'cheque'"),
        ("event: payment, id: P1, customer: 10001, amount: 1.00, for: 1001", "a list"),
        ("event: invoice, no: 1002, customer: 1, amount: 1.00, due: 2025-02-30", "2025-02-30"),
        ("event: fault, route: SMTP, kind: earthquake", "kind 'earthquake'"),
        ("event: fault, route: SMTP, kind: status", "a code"),
        ("event: decide, case: 1001, do: forgive", "do 'forgive'"),
        ("event: register, orgnr: '999990002'", "either set or status"),
        ("event: tenant, set: {graces: 1}", "unknown graces"),
        ("event: delete, no: 1001, tenant: A", "unknown tenant"),
    ],
)
def test_a_world_row_with_something_unknown_is_refused(row: str, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        world_row(row)
    assert said in str(caught.value) and "T-1" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("case: 1001, colour: red", "unknown colour"),
        ("case: 1001", "no column"),
        ("case: 1001, state: payed", "payed"),
        ("case: 1001, holds: [on_holiday]", "on_holiday"),
        ("case: 1001, interest: '1.00'", "an amount in kroner"),
        ("case: 1001, deadline: soon", "soon"),
        ("letters: [{case: 1001, colour: red}]", "unknown colour"),
        ("letters: none", "a list"),
        ("vouchers: [{case: 1001, deadline: 2025-03-17}]", "unknown deadline"),
        ("letters: [], vouchers: []", "to compare"),
        ("run: perhaps", "ok or failed"),
        ("quarantined: many", "a number of rows"),
        ("no_case: 1001, state: closed", "unknown state"),
    ],
)
def test_an_expect_row_with_something_unknown_is_refused(row: str, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        expect_row(row)
    assert said in str(caught.value)


def test_every_event_of_the_format_is_known() -> None:
    case = one(
        world="""  - {on: 2025-01-02, event: customer, no: 10001, set: {name: "Solvika AS", orgnr: null, no_fees: true}}
  - {on: 2025-01-02, event: customer_merge, from: 10002, into: 10001}
  - {on: 2025-04-01, event: legal, case: 1001, kind: judgment, reference: "25-1"}
  - {on: 2025-03-01, event: credit_note, no: 2001, customer: 10001, amount: 10.00, for: [1001], reason: goodwill}
  - {on: 2025-03-01, event: payment, id: P1, customer: 10001, amount: 10.00, for: [1001], kid: "001", kind: ocr}
  - {on: 2025-03-01, event: refund, id: R1, customer: 10001, amount: 10.00}
  - {on: 2025-03-01, event: own_reminder, id: O1, customer: 10001, amount: 35.00, for: 1001}
  - {on: 2025-03-01, event: write_off, for: [1001]}
  - {on: 2025-03-01, event: journal, id: J1, customer: 10001, amount: -5.00, offset_account: 7830}
  - {on: 2025-03-01, event: reverse, of: P1}
  - {on: 2025-03-01, event: match, entries: [1001, P1]}
  - {on: 2025-03-01, event: unmatch, entries: [1001, P1]}
  - {on: 2025-03-01, event: due_date, no: 1001, due: 2025-04-01}
  - {on: 2025-03-01, event: delete, no: 1001}
  - {on: 2025-03-01, event: register, orgnr: "999990002", status: 404}
  - {on: 2025-03-01, event: decide, case: 1001, do: merge, with: [1002], refused: true}
  - {on: 2025-03-01, event: sign, case: 1001, document: enforcement_petition}
  - {on: 2025-03-01, event: lock_date, date: 2025-02-28}
  - {on: 2025-03-01T05:58, event: fault, route: GET /Customers, kind: status, code: 403}
  - {on: 2025-03-01, event: tenant, set: {interest_account: null}}"""
    )
    assert len({event.name for event in case.world}) == 21


def test_runs_may_be_left_out_listed_spanned_or_imported() -> None:
    def days(more: str) -> list[str]:
        return [f"{run.moment:%d %H:%M}{' import' if run.history else ''}" for run in one(more).runs]

    assert days("") == ["17 06:00"]
    assert days("runs: {from: 2025-03-16, to: 2025-03-18}") == ["16 06:00", "17 06:00", "18 06:00"]
    assert days("runs: {backfill: [2025-03-01, 2025-03-17], on: 2025-03-20}") == ["20 06:00 import"]
    mixed = "runs: [2025-03-18T23:59, {backfill: [2025-01-01, 2025-03-15], on: 2025-03-16}, 2025-03-17T00:30]"
    assert days(mixed) == ["16 06:00 import", "17 00:30", "18 23:59"]


def test_on_and_no_are_words_and_only_true_and_false_are_booleans() -> None:
    case = one("tenant: {register: false, due_date_shift: true, interest: no}")
    assert case.tenants[ONLY_TENANT] == {"register": False, "due_date_shift": True, "interest": "no"}
    assert case.world[0].keys["no"] == 1001


def test_money_is_decimal_and_null_is_kept() -> None:
    case = one("tenant: {fee_account: null, minimum_claim: 100.10}")
    assert case.tenants[ONLY_TENANT] == {"fee_account": None, "minimum_claim": Decimal("100.10")}
    assert case.expect[0].values == {"principal_open": Decimal("1000.00")}


def test_the_world_happens_in_order_of_time_and_a_day_alone_comes_before_that_days_runs() -> None:
    night = "runs: [2025-03-17T00:30]"
    rows = """  - {on: 2025-03-17, event: delete, no: 1001}
  - {on: 2025-03-16T09:05, event: payment, id: P1, customer: 10001, amount: 1.00}"""
    case = one(night, world=rows)
    assert [event.name for event in case.world] == ["invoice", "payment", "delete"]
    assert case.world[-1].moment < case.runs[0].moment
    assert f"{case.world[0].moment:%H:%M}" == "05:00"


def test_with_several_tenants_every_row_names_one() -> None:
    text = """
case: T-3
title: two tenants
tenants: {A: {}, B: {mode: observe}}
world:
  - {on: 2025-02-10, tenant: A, event: invoice, no: 1001, customer: 1, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-02-10, event: register, orgnr: "999990002", status: 404}
expect:
  - {on: 2025-03-17, tenant: B, letters: []}
"""
    case = read_cases(text, "t.yaml")[0]
    assert (case.world[0].tenant, case.world[1].tenant, case.expect[0].tenant) == ("A", None, "B")
    with pytest.raises(FormatError, match="tenant None"):
        read_cases(text.replace("tenant: B, letters", "letters"), "t.yaml")


def test_two_cases_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(MINIMAL.format(more=""), encoding="utf-8")
    (tmp_path / "c.yaml").write_text("case: [", encoding="utf-8")
    cases, errors = read_folder(tmp_path)
    assert [case.id for case in cases] == ["T-1"]
    assert sorted(str(error)[:6] for error in errors) == ["b.yaml", "c.yaml"]


# --- comparing -------------------------------------------------------------------------------------------------------

FOUND: dict[str, Any] = {
    "state": "reminded", "interest": Decimal("4.79"), "deadline": date(2025, 3, 31), "holds": ["paused", "disputed"],
    "orgnr": None, "kid": "00100420",
}  # fmt: skip


def test_only_named_columns_are_compared() -> None:
    assert differences({"state": "reminded"}, FOUND, CASE_COLUMNS) == []
    assert differences({"holds": frozenset({"disputed", "paused"}), "orgnr": None}, FOUND, CASE_COLUMNS) == []


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("interest", Decimal("4.80"), "interest: expected 4.80, found 4.79"),
        ("orgnr", "999990002", "orgnr: expected 999990002, found null"),
        ("holds", frozenset({"paused"}), "holds: expected [paused], found [disputed, paused]"),
        ("deadline", date(2025, 4, 1), "deadline: expected 2025-04-01, found 2025-03-31"),
        ("fees", Decimal("35.00"), "fees: expected 35.00, found no such column"),
    ],
)
def test_an_ore_a_day_or_a_word_that_differs_is_said(name: str, wanted: Any, said: str) -> None:
    assert differences({name: wanted}, FOUND, CASE_COLUMNS) == [said]


def test_a_number_is_no_id_and_a_float_is_no_money() -> None:
    assert normal(TEXT, 100420) != "100420"
    assert normal(MONEY, 4.79) != Decimal("4.79")
    assert normal(MONEY, Decimal("4.795")) != Decimal("4.80")
    assert normal(DAY, datetime(2025, 3, 31, tzinfo=UTC)) != date(2025, 3, 31)


def letter(case: str, step: str = "reminder", fee: str = "35.00") -> dict[str, Any]:
    return {"case": case, "cases": [case], "step": step, "fee": Decimal(fee)}


def test_letters_match_in_any_order_and_each_only_once() -> None:
    found = [letter("1"), letter("2")]
    assert list_differences([{"case": "2"}, {"case": "1"}], found, LETTER_COLUMNS) == []
    assert list_differences([{"step": "reminder"}, {"case": "1"}], found, LETTER_COLUMNS) == []
    assert list_differences([{"case": "1"}, {"case": "1"}], found, LETTER_COLUMNS)


def test_a_letter_too_many_and_a_letter_too_few_are_failures() -> None:
    assert any("unexpected" in line for line in list_differences([], [letter("1")], LETTER_COLUMNS))
    assert any("missing" in line for line in list_differences([letter("1")], [], LETTER_COLUMNS))
    twice = [letter("1"), letter("1")]
    assert any("unexpected" in line for line in list_differences([{"case": "1"}], twice, LETTER_COLUMNS))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=7), st.randoms(use_true_random=False))
def test_whatever_the_order_a_full_assignment_is_found(pairs: list[tuple[int, int]], random: Any) -> None:
    rows = [{"a": a, "b": b} for a, b in pairs]
    asked = [{"a": row["a"]} if random.random() < 0.5 else row for row in rows]
    random.shuffle(asked)
    places = assign(asked, rows, lambda wanted, row: all(row[key] == value for key, value in wanted.items()))
    assert None not in places and len(set(places)) == len(rows)


# --- arrivals --------------------------------------------------------------------------------------------------------

TEXT_OF_A_LETTER = """Faktura 1001
Åpen hovedstol: 1 000,00
Forsinkelsesrenter: 4,79
Sum for fakturaen: 1 039,79

Samlet krav i kroner
Hovedstol: 1\u00a0000,00
Renter: 4,79
Gebyr: 35,00
Sum: 1\u00a0039,79
Betalingsfrist: 31.03.2025
"""


def test_the_figures_of_a_letter_are_read_from_their_own_lines() -> None:
    assert arrivals.figures_of_text(TEXT_OF_A_LETTER) == {
        "principal": Decimal("1000.00"), "interest": Decimal("4.79"), "fee": Decimal("35.00"),
        "total": Decimal("1039.79"), "deadline": date(2025, 3, 31),
    }  # fmt: skip


@pytest.mark.parametrize("line", ["Hovedstol", "Renter", "Gebyr", "Sum", "Betalingsfrist"])
def test_a_letter_without_one_of_its_lines_is_refused(line: str) -> None:
    with pytest.raises(arrivals.WrongArrival, match=f"line {line}"):
        arrivals.figures_of_text(TEXT_OF_A_LETTER.replace(f"\n{line}:", "\nNoe:"))


@pytest.mark.parametrize("text", ["1039.79", "1 039,7", "10 39,79", "kr", ""])
def test_an_amount_in_another_notation_is_refused(text: str) -> None:
    with pytest.raises(arrivals.WrongArrival):
        arrivals.norwegian_amount(text)


def voucher(**changes: Any) -> dict[str, Any]:
    return {
        "voucher_id": "v1", "voucher_no": "501", "voucher_type": "ManualJournal", "posting_date": "2025-02-27",
        "external_import_reference": "r1", "is_reversed": False, "created_by_integration": True,
        "lines": [
            {"account_no": "1500", "customer_no": "14601", "amount": "82.95", "vat_code": None},
            {"account_no": "3950", "customer_no": None, "amount": "-35.00", "vat_code": "0"},
            {"account_no": "8050", "customer_no": None, "amount": "-47.95", "vat_code": "0"},
        ],
        **changes,
    }  # fmt: skip


ACCOUNTS = arrivals.Accounts("3950", "8050")


def test_a_voucher_is_read_by_its_accounts() -> None:
    [(posted, row)] = arrivals.our_vouchers([voucher()], ACCOUNTS, {"r1": "4601"})
    assert posted == date(2025, 2, 27)
    wanted = {"case": "4601", "fee": Decimal("35.00"), "interest": Decimal("47.95"), "total": Decimal("82.95")}
    assert differences(wanted, row, VOUCHER_COLUMNS) == []


def test_reversed_vouchers_and_those_of_others_do_not_stand() -> None:
    others = [voucher(is_reversed=True), voucher(created_by_integration=False, external_import_reference=None)]
    assert arrivals.our_vouchers(others, ACCOUNTS, {}) == []


def test_a_voucher_that_does_not_balance_or_has_no_reference_of_its_own_is_refused() -> None:
    lines = voucher()["lines"]
    for wrong in (
        [voucher(external_import_reference=None)],
        [voucher(), voucher(voucher_id="v2")],
        [voucher(lines=lines[:2])],
        [voucher(lines=[*lines, {"account_no": "3900", "customer_no": None, "amount": "0.00", "vat_code": None}])],
        [voucher(lines=[lines[0], {**lines[1], "vat_code": "3"}, lines[2]])],
    ):
        with pytest.raises(arrivals.WrongArrival):
            arrivals.our_vouchers(wrong, ACCOUNTS, {"r1": "4601"})


# --- expected failures -----------------------------------------------------------------------------------------------


def test_expected_failures_need_a_reason_and_stand_once() -> None:
    assert read_expected_failures("# none\nA-01 interest is late  # note\n\n") == {"A-01": "interest is late"}
    for wrong in ("A-01", "A-01 x\nA-01 y"):
        with pytest.raises(FormatError):
            read_expected_failures(wrong)
