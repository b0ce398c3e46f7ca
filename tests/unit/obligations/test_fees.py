"""Fees: no figure no fee, an objection upheld in part, and what an agency could charge is never ours."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import kredin_pipeline
from kredin_pipeline.cases.derive import LawTables
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.law import agency
from kredin_pipeline.law.agency import agency_fee
from kredin_pipeline.law.fees import Charge, Letter, letter_fee
from kredin_pipeline.law.rates import FeeTable, fee_table
from tests.unit.cases.histories import KnownBook
from tests.unit.cases.ledger import Ledger

D = Decimal
day = date.fromisoformat


def test_f1_a_day_without_a_figure_stops_the_letter_and_names_kind_and_day() -> None:
    """No inkassosats is stored for 2012. Of two claims the one whose letter is free goes, the other waits."""
    ledger = Ledger.of(import_from="2011-01-01")
    ledger.customer("10002", no_fees=True)
    ledger.invoice(1001, "1 000.00", due="2012-03-01")
    ledger.invoice(1002, "1 000.00", due="2012-03-01", customer="10002")
    ledger.run("2012-03-02")
    summary = ledger.run("2012-03-15")
    assert any("collection rate" in problem and "2012-03-15" in problem for problem in summary.problems)
    assert [letter["cases"] for letter in ledger.sent_on("2012-03-15")] == [["1002"]]
    assert (ledger.case(1001)["fees"], ledger.case(1001)["state"]) == (D(0), "overdue")
    assert ledger.case(1001)["interest"] > 0


def test_f2_fees_may_be_charged_again_after_six_months_and_a_day() -> None:
    charge = Charge(due_date=day("2025-12-15"), counted_due_date=day("2025-12-15"))
    small = [
        Letter("reminder", day("2026-01-12"), day("2026-01-26"), D(38)),
        Letter("collection_notice", day("2026-02-10"), day("2026-02-24"), D(38)),
    ]
    found = {on: letter_fee("reminder", day(on), charge, small) for on in ("2026-08-10", "2026-08-11")}
    assert [(fee.amount, fee.reason) for fee in found.values()] == [
        (D(0), "two_fees_in_six_months"),
        (D(38), "charged"),
    ]


def test_f3_a_third_reminder_may_go_and_adds_nothing() -> None:
    charge = Charge(due_date=day("2026-02-02"), counted_due_date=day("2026-02-02"))
    sent = [
        Letter("reminder", day("2026-02-16"), day("2026-03-02"), D(38)),
        Letter("collection_notice", day("2026-03-06"), day("2026-03-20"), D(38)),
    ]
    third = letter_fee("reminder", day("2026-04-07"), charge, sent)
    assert (third.amount, third.reason) == (D(0), "two_fees_in_six_months")


SALAER = [
    ("8000.00", "person", True, "600.00", "1200.00"),
    ("8000.00", "business", True, "900.00", "1800.00"),
    ("8000.00", "person", False, "750.00", "1500.00"),
    ("500.00", "person", True, "187.50", "375.00"),
    ("500.01", "person", True, "262.50", "525.00"),
    ("2500.00", "person", True, "300.00", "600.00"),
    ("2500.01", "person", True, "600.00", "1200.00"),
]


@pytest.mark.parametrize(("principal", "kind", "deducts_vat", "light", "heavy"), SALAER)
def test_f7_what_an_agency_could_charge(principal: str, kind: Any, deducts_vat: bool, light: str, heavy: str) -> None:
    """WE-29."""
    found = agency_fee(D(principal), day("2026-02-02"), day("2026-06-01"), kind, deducts_vat)
    assert (found.light, found.heavy) == (D(light), D(heavy))


def ladder(law: LawTables) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The whole course of a claim of 8 000.00, to the last letter and beyond: letters and the case at the end."""
    ledger = Ledger.of(compensation=True)
    ledger.law = law
    ledger.invoice(1001, "8 000.00", due="2026-03-02")
    for on in ("2026-03-16", "2026-04-07", "2026-04-27", "2026-05-20", "2026-08-20"):
        ledger.run(on)
    return ledger.letters, ledger.rows("select * from case_states")


def test_f7_an_agencys_fee_never_enters_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agency figures a hundred times higher, and an agency function that raises, change nothing of a case."""

    def never(*args: object, **more: object) -> None:
        raise AssertionError("a case asked what an agency could charge")

    letters, states = ladder(LawTables.stored())
    raised = FeeTable(
        tuple(
            replace(row, amount=row.amount * 100) if row.kind.startswith("agency_") and row.amount else row
            for row in fee_table().figures
        )
    )
    monkeypatch.setattr(agency, "agency_fee", never)
    assert ladder(replace(LawTables.stored(), fees=raised)) == (letters, states)
    (case,) = states
    assert (case["state"], case["fees"], case["compensation"]) == ("legal_ready", D(189), D(460))
    assert case["costs_open"] == max(case["fees"], case["compensation"]) + case["interest"]


def test_f7_nothing_that_claims_or_books_imports_the_agencys_fees() -> None:
    """Only what shows it as information may; it is not a cost of the creditor's own."""
    root = Path(kredin_pipeline.__file__).parent
    files = [file for part in ("cases", "letters", "ledger", "journal") for file in (root / part).rglob("*.py")]
    files += sorted((root.parent / "assets").rglob("*.py"))
    assert len(files) > 40
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not any("agency" in name for name in (module, *names)), file
    for file in root.rglob("*.sql"):
        assert "agency" not in file.read_text(), file


def test_f8_an_objection_upheld_in_part_lowers_the_principal_and_takes_back_the_fees() -> None:
    """WE-33: the ledger's credit note lowers the principal; the fees charged before the decision are withdrawn."""
    book = KnownBook(settings=TenantSettings.of({"interest": "none"}))
    claim = book.ledger.invoice(1001, "9 000.00", due="2025-03-03", dated="2025-02-10")
    assert [row["fee"] for row in book.run("2025-03-17")] == [D(35)]
    assert [row["fee"] for row in book.run("2025-04-04")] == [D(35)]
    book.decide(claim, "dispute", "2025-04-07", reason="two hours were never worked")
    assert book.run("2025-04-28") == []
    assert (book.case(1001)["holds"], book.case(1001)["fees"]) == (["disputed"], D(70))
    book.decide(claim, "settle_dispute", "2025-04-29", outcome="upheld_in_part", amount="2000.00")
    book.ledger.credit_note(2001, "2 000.00", dated="2025-04-29", for_=[1001])
    (demand,) = book.run("2025-04-29")
    case = book.case(1001)
    assert (demand["step"], demand["principal"], demand["fee"], demand["total"]) == (
        "payment_demand",
        D(7000),
        D(0),
        D(7000),
    )
    assert (case["principal_open"], case["credited"], case["fees"], case["total_open"]) == (
        D(7000),
        D(2000),
        D(0),
        D(7000),
    )
