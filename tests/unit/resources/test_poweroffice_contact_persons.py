"""Contact persons: mirrored with a cursor of their own, and written to where the customer itself has no e-mail."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx

from kredin_pipeline.ledger.debtors import build_debtors
from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import load_pages
from tests.unit.resources.company import APPLICATION, SUBSCRIPTION, Company

KARI = {"FirstName": "Kari", "LastName": "Li", "EmailAddress": "kari@kunde.example", "IsDefault": True}


def contact_id(company: Company) -> str:
    client = company.client(company.clock("2025-02-20"))
    rows = client._list("/Customers", {"customerNos": "10018"})  # pyright: ignore[reportPrivateUsage]
    return str(rows[0]["Id"])


def call(company: Company, day: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """What somebody does to a contact person in the ledger on a day."""
    company.clock(day)
    subscription = {"Ocp-Apim-Subscription-Key": SUBSCRIPTION}
    grant = {"grant_type": "client_credentials"}
    token = httpx.post(company.sandbox.token_url, data=grant, auth=(APPLICATION, company.key), headers=subscription)
    kind = "application/json-patch+json" if method == "PATCH" else "application/json"
    headers = {**subscription, "Authorization": f"Bearer {token.json()['access_token']}", "Content-Type": kind}
    content = None if body is None else json.dumps(body).encode()
    response = httpx.request(method, company.sandbox.poweroffice_url + path, content=content, headers=headers)
    response.raise_for_status()
    return response.json() if response.content else {}


def email(company: Company, day: date = date(2025, 3, 1)) -> str | None:
    build_debtors(company.con, False, day)
    return company.one("select email from debtors where customer_no = '10018'")


def a_customer_without_email(company: Company) -> str:
    company.invoice(1001, "1000.00")
    company.happens("2025-02-11", "customer", no=10018, set={"email": None})
    return contact_id(company)


def test_a_contact_person_is_mirrored_and_a_change_arrives_the_next_day_by_its_own_time(company: Company) -> None:
    owner = a_customer_without_email(company)
    made = call(company, "2025-02-20", "POST", f"/ContactPersons/{owner}", KARI)
    company.run("2025-03-01")
    assert email(company) == "kari@kunde.example"
    changed = company.one("select last_changed from poweroffice_customers where customer_no = '10018'")

    call(company, "2025-03-01T12:00", "PATCH", f"/ContactPersons/{owner}/{made['Id']}",
         [{"op": "replace", "path": "/EmailAddress", "value": "li@kunde.example"}])  # fmt: skip
    report = company.run("2025-03-02")

    assert report.ok and not report.full_read
    assert report.results["contact_persons"].changed == 1 and owner in report.changed_customer_ids
    assert email(company) == "li@kunde.example"
    assert company.one("select last_changed from poweroffice_customers where customer_no = '10018'") == changed


def test_the_customers_own_email_comes_first_and_only_an_active_default_person_stands_in(company: Company) -> None:
    owner = a_customer_without_email(company)
    other = {"FirstName": "Ola", "LastName": "Li", "EmailAddress": "ola@kunde.example", "IsDefault": False}
    gone = {**KARI, "EmailAddress": "gone@kunde.example", "IsActive": False}
    for person in (other, gone):
        call(company, "2025-02-20", "POST", f"/ContactPersons/{owner}", person)
    company.run("2025-03-01")
    assert company.one("select count(*) from poweroffice_contact_persons") == 2
    assert email(company) is None
    call(company, "2025-03-01T12:00", "POST", f"/ContactPersons/{owner}", KARI)
    company.run("2025-03-02")
    assert email(company) == "kari@kunde.example"
    company.happens("2025-03-02T12:00", "customer", no=10018, set={"email": "post@kunde.example"})
    company.run("2025-03-03")
    assert email(company) == "post@kunde.example"


def test_a_deleted_person_is_found_by_the_weekly_read_and_asked_for_directly(company: Company) -> None:
    owner = a_customer_without_email(company)
    made = call(company, "2025-02-20", "POST", f"/ContactPersons/{owner}", KARI)
    company.run("2025-03-01")
    call(company, "2025-03-02", "DELETE", f"/ContactPersons/{owner}/{made['Id']}")
    assert "contact_persons" not in company.run("2025-03-03").gone
    report = company.run("2025-03-08")
    assert report.gone["contact_persons"] == [str(made["Id"])]
    assert email(company, date(2025, 3, 8)) is None
    assert company.one("select count(*) from poweroffice_contact_persons where gone_on = '2025-03-08'") == 1


def test_an_address_that_moves_no_change_time_is_refreshed_by_the_weekly_read(company: Company) -> None:
    """Reference § 7: address changes do not move the customer's own change time."""
    company.invoice(1001, "1000.00")
    company.invoice(1002, "1000.00", on="2025-02-20", customer=10044)  # the newest change is no longer the first's
    company.run("2025-03-01")
    company.happens("2025-03-02", "customer", no=10018, set={"address": {"line1": "Nygata 5", "zip": "5003"}})
    line = "select address_line1 from poweroffice_customers where customer_no = '10018'"
    company.run("2025-03-03")
    assert company.one(line) != "Nygata 5"
    company.run("2025-03-08")
    assert company.one(line) == "Nygata 5"


def test_a_person_without_an_owner_is_set_aside_with_its_reason(company: Company) -> None:
    page = [
        {"Id": 7, "ContactId": None, "LastChangedDateTimeOffset": "2025-02-20T10:00:00.0000000+00:00"},
        {"Id": 8, "ContactId": 3, "LastChangedDateTimeOffset": "2025-02-20T10:00:00.0000000+00:00"},
    ]
    landed = LandedResource("contact_persons", company.folder, True, datetime(2025, 3, 1, tzinfo=UTC))
    landed.add_page(json.dumps(page).encode())
    result = load_pages(company.con, landed, date(2025, 3, 1), datetime(2025, 3, 1, tzinfo=UTC))
    assert (result.rows_in, result.kept, result.quarantined) == (2, 1, 1)
    assert company.one("select reasons from quarantine") == "ContactId: found nothing, want a number"


def test_a_company_without_contact_persons_costs_one_request_a_day(company: Company) -> None:
    company.invoice(1001, "1000.00")
    company.run("2025-03-01")
    company.sandbox.control.clear_requests()
    assert company.run("2025-03-02").ok
    assert len(company.asked("/ContactPersons")) == 1
