"""The log of decisions: every attempt is in it, it outlives the book, and people may decide before the first run."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from kredin_pipeline.cases.claims import create_tables, sql_text
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, JournalError, UnknownTenant
from kredin_pipeline.journal.deciding import DecisionRefused, NothingKnown, decide
from tests.unit.cases_settlement.mirror import create_mirror
from tests.unit.decisions.conftest import CONNECTED
from tests.unit.decisions.office import TENANT, Office, said

TABLES = ("case_states", "costs", "interest_periods", "settlements")


def test_c3_a_refused_merge_is_kept_with_its_reason_and_both_cases_go_on_alone(office: Office) -> None:
    """Obligation C-3."""
    for on in ("2025-03-24", "2025-04-04", "2025-04-28"):
        office.run(on)
    assert [office.case(no)["state"] for no in (1001, 1002)] == ["demanded", "noticed"]
    with pytest.raises(DecisionRefused, match="has had its payment demand and the others have not"):
        office.decide(1001, "merge", "2025-04-28", with_=["1002"])
    [(kind, reason)] = office.log()
    assert kind == "merge" and reason is not None and "payment demand" in reason
    letters = office.run("2025-05-16")
    assert [(row["step"], row["case_id"]) for row in letters if row["case_id"] != office.case(2001)["case_id"]] == [
        ("payment_demand", office.case(1002)["case_id"])
    ]


def test_a_refused_attempt_has_no_effect(office: Office) -> None:
    with pytest.raises(DecisionRefused, match=r"fjellheim: pause: until: found 2025-03-01.*the attempt is in the log"):
        office.decide(1001, "pause", "2025-03-18", until="2025-03-01")
    assert [row["step"] for row in office.run("2025-04-04")][:1] == ["collection_notice"]
    assert office.case(1001)["holds"] == []


def test_a_case_that_nobody_knows_is_refused_and_the_attempt_names_it(office: Office) -> None:
    with pytest.raises(DecisionRefused, match="4711: no case of that id or invoice number"):
        office.decide(4711, "pause", "2025-03-18", note="waits")
    with pytest.raises(DecisionRefused, match="4712: no case"):
        office.decide(1001, "merge", "2025-03-18", with_=["4712"])
    first, second = office.journal.decisions(TENANT)
    assert (first.case_id, first.payload) == (None, {"case": "4711", "note": "waits"})
    assert second.refused_because is not None and second.payload["case"] == "1001"
    with pytest.raises(UnknownTenant):
        decide(office.journal, "nobody", "1001", "pause", {}, "Kari", CONNECTED, NothingKnown())
    with pytest.raises(JournalError, match="decision 'forgive' is not known"):
        office.decide(1001, "forgive", "2025-03-18")
    with pytest.raises(JournalError, match="who decided"):
        office.decide(1001, "pause", "2025-03-18", who=" ")
    assert len(office.log()) == 2


def test_an_invoice_number_of_two_cases_asks_for_the_case_id(office: Office) -> None:
    office.journal.open_cases(TENANT, [CaseRow("K2", "v-new", "1001", "10001", None, date(2025, 3, 18))], CONNECTED)
    with pytest.raises(DecisionRefused, match="invoice 1001 is of several cases: K"):
        office.decide(1001, "pause", "2025-03-18")
    office.decide("K2", "pause", "2025-03-18")


def test_a_customer_is_excluded_by_its_number_alone(office: Office) -> None:
    def customers(kind: str, customer_no: str | None) -> None:
        decide(office.journal, TENANT, None, kind, {}, "Kari", CONNECTED, NothingKnown(), customer_no=customer_no)

    customers("exclude", "10001")
    office.run("2025-03-18")
    assert [office.case(no)["holds"] for no in (1001, 1002, 2001)] == [["excluded"], ["excluded"], []]
    with pytest.raises(DecisionRefused, match="10001 is excluded since"):
        customers("exclude", "10001")
    with pytest.raises(DecisionRefused, match="want a case or invoice number"):
        customers("exclude", None)
    customers("include", "10001")
    office.run("2025-03-19")
    assert office.case(1002)["holds"] == []


def test_a_claim_that_only_an_import_knows_gets_its_case_when_somebody_decides_on_it(empty_office: Office) -> None:
    office = empty_office
    office.ledger.invoice(1001, "10 000.00", due="2025-03-03", dated="2025-02-10")
    office.ledger.read("2025-03-17")
    office.derive("2025-03-17", live=False)
    office.published_once = True  # the claims are there, no day is published
    assert office.journal.cases(TENANT) == []
    with pytest.raises(DecisionRefused):
        office.decide(1001, "pause", "2025-03-17", until="2025-03-01")
    assert office.journal.cases(TENANT) == []
    made = office.decide(1001, "pause", "2025-03-17", until="2025-04-30", note="being talked to")
    assert "No run has published this case yet" in said(made)
    assert office.run("2025-03-18") == []
    assert office.case(1001)["holds"] == ["paused"]
    assert [row.case_id for row in office.journal.cases(TENANT)] == [office.case(1001)["case_id"]]


def test_decisions_outlive_the_book(office: Office) -> None:
    """Rules § 7: the book is thrown away and derived again from the ledger and the journal, with the same result."""
    office.decide(1001, "pause", "2025-03-18", until="2025-04-30")
    office.decide(1001, "interest_from", "2025-03-18", from_="2025-03-13", note="sent late")
    office.decide(1001, "withdraw_fee", "2025-03-18", note="wrong address")
    office.decide(1002, "new_due_date", "2025-03-18", due="2025-05-05")
    office.decide(1002, "acknowledge", "2025-03-18", date="2025-03-17")
    office.decide(2001, "exclude", "2025-03-18", note="sister company")
    office.decide(2001, "close", "2025-03-19", reason="withdrawn")
    office.run("2025-03-20")
    before = {table: sorted(map(str, office.rows(table))) for table in TABLES}
    assert office.case(1001)["fees"] == 0 and office.case(2001)["state"] == "closed"

    rebuilt = Office(
        settings=TenantSettings(), ledger=office.ledger, journal=office.journal, connected_on=office.connected_on
    )
    rebuilt.con = duckdb.connect()
    create_mirror(rebuilt.con)
    create_tables(rebuilt.con)
    rebuilt.con.execute(sql_text("conclusions.sql"))
    rebuilt.derive("2025-03-20")
    assert {table: sorted(map(str, rebuilt.rows(table))) for table in TABLES} == before
