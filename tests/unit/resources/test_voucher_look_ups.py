"""Vouchers in the real sandbox: many looked up in one read, and many posted at once over one token and one rate."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from assets.voucher_door import LedgerDoor
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher, manual_journal
from kredin_pipeline.outcomes import NothingSent
from resources import poweroffice_transport
from resources.http_errors import Waits
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_transport import Keys, Transport
from resources.rate_limit import RateLimit
from tests.unit.resources.company import Company
from tests.unit.resources.doors import API, TOKEN, NotedClock, Wire, a_client

DAY = date(2025, 3, 10)
JOURNAL: dict[str, object] = {"VoucherDate": "2025-03-10", "VoucherLines": []}


def body(client: PowerOfficeClient, subledger_id: str, reference: str, day: date) -> dict[str, object]:
    chart = {str(row["AccountNo"]): str(row["Id"]) for row in client.accounts(["3950", "8050"])}
    no_vat = next(str(row["Id"]) for row in client.vat_codes() if str(row["Code"]) == "0")
    voucher = FeeAndInterestVoucher(
        "key", reference, "fjellheim", "K1", "1001", "10018", "E9", Decimal("35.00"), Decimal("47.95"),
        Decimal("82.95"), day,
    )  # fmt: skip
    return manual_journal(voucher, Accounts(subledger_id, "3950", chart["3950"], "8050", chart["8050"], no_vat), day)


def subledger_id(client: PowerOfficeClient) -> str:
    rows = client._list("/Customers", {"customerNos": "10018"})  # pyright: ignore[reportPrivateUsage]
    return str(rows[0]["SubledgerAccountId"])


def test_many_vouchers_are_found_in_one_read_and_in_whatever_case_they_come_back(company: Company) -> None:
    company.invoice(1001, "1000.00")
    client = company.client(company.clock("2025-03-10"))
    door, owner = LedgerDoor(client), subledger_id(client)
    days = {f"REF-{number}": date(2025, 3, number) for number in range(1, 7)}
    posted = {reference: door.post(body(client, owner, reference, day)) for reference, day in days.items()}
    wanted = {reference.lower(): day for reference, day in days.items()} | {"ref-none": DAY}
    before = len(company.asked("/AccountTransactions"))

    found = door.find_all(wanted)

    assert len(company.asked("/AccountTransactions")) == before + 1
    assert found.keys() == wanted.keys() - {"ref-none"}
    for reference, lines in found.items():
        voucher_id, number = posted[reference.upper()]
        assert {(line.voucher_id, line.voucher_no) for line in lines} == {(voucher_id, number)}
        assert sorted((line.account_no, line.customer_no, line.amount) for line in lines) == [
            ("1500", "10018", Decimal("82.95")), ("3950", None, Decimal("-35.00")), ("8050", None, Decimal("-47.95")),
        ]  # fmt: skip
    assert door.find_all({"ref-1": date(2025, 4, 1)}) == {}


def test_the_customers_ledger_shows_the_references_too(company: Company) -> None:
    company.invoice(1001, "1000.00")
    client = company.client(company.clock("2025-03-10"))
    door = LedgerDoor(client)
    door.post(body(client, subledger_id(client), "REF-1", DAY))

    wanted = {"ref-1": "10018", "ref-2": "10018"}
    assert door.seen_on_customers(wanted, date(2025, 3, 7), date(2025, 3, 13)) == {"ref-1"}
    assert door.seen_on_customers(wanted, date(2025, 3, 11), date(2025, 3, 13)) == set()


def test_a_reversed_voucher_is_seen_as_reversed_and_its_reversal_as_no_voucher(company: Company) -> None:
    company.invoice(1001, "1000.00")
    client = company.client(company.clock("2025-03-10"))
    door = LedgerDoor(client)
    voucher_id, _ = door.post(body(client, subledger_id(client), "REF-1", DAY))
    assert door.reverse(voucher_id)

    lines = door.find_all({"ref-1": DAY})["ref-1"]

    assert {(line.voucher_id, line.is_reversed) for line in lines} == {(voucher_id, True)}


def test_other_kinds_of_voucher_are_found_only_when_they_are_asked_for() -> None:
    wire = Wire(httpx.Response(204))
    assert a_client(wire).find_vouchers({"a": DAY, "b": date(2025, 3, 20)}, ["BankJournal", "ManualJournal"]) == {}
    asked = dict(wire.requests[0].url.params)
    assert (asked["fromDate"], asked["toDate"]) == ("2025-03-07", "2025-03-23")
    assert (asked["voucherTypes"], asked["OrderBy"]) == ("BankJournal,ManualJournal", "Id asc")
    assert a_client(wire).find_vouchers({}) == {}


# --- several threads, one connection --------------------------------------------------------------------------------


class CountingWire(Wire):
    """A wire that several threads use, slow enough that they are under way at the same time."""

    def __init__(self, stale: frozenset[str] = frozenset()) -> None:
        super().__init__(httpx.Response(204))
        self.stale, self.lock = stale, threading.Lock()
        self.under_way = self.most = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.01)
        with self.lock:
            self.under_way -= 1
            if request.url.path == "/OAuth/Token":
                return super().__call__(request)
            self.requests.append(request)
            if request.headers["Authorization"].removeprefix("Bearer ") in self.stale:
                return httpx.Response(401)
            return httpx.Response(201, json={"Id": f"g{len(self.requests)}", "VoucherNo": len(self.requests)})


def posting(client: PowerOfficeClient, count: int) -> list[Any]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: client.post_manual_journal(JOURNAL), range(count)))


def test_many_threads_share_one_token_and_count_every_request() -> None:
    wire = CountingWire()
    client = a_client(wire)

    posted = posting(client, 40)

    assert len({one.id for one in posted}) == 40
    assert wire.most > 2
    assert (wire.tokens, client.requests) == (1, 41)


def test_a_token_that_goes_stale_under_many_threads_is_renewed_once() -> None:
    wire = CountingWire(stale=frozenset({"t1"}))
    client = a_client(wire)

    assert len(posting(client, 16)) == 16

    assert wire.tokens == 2
    assert sum(request.headers["Authorization"] == "Bearer t2" for request in wire.requests) == 16


def test_many_threads_keep_to_the_rate_together() -> None:
    poweroffice_transport.forget_all_tokens()
    clock, wire = NotedClock(), CountingWire()
    http = httpx.Client(transport=httpx.MockTransport(wire))
    keys = Keys(*(SecretStr(text) for text in ("a", "s", "c")))
    limit = RateLimit(10, burst=1, real_time=lambda: 0.0)  # the clock waits, one request behind the other
    transport = Transport(
        api_url=API, token_url=TOKEN, keys=keys, clock=clock, limit=limit, http=http, waits=Waits()
    )  # fmt: skip
    posting(PowerOfficeClient(transport, 100), 20)
    assert [round(wait, 6) for wait in clock.waits] == [0.1] * 20


@pytest.mark.parametrize(("headers", "asked"), [({"Retry-After": "7"}, 7.0), ({}, None)])
def test_what_a_throttled_post_is_asked_to_wait_is_told(headers: dict[str, str], asked: float | None) -> None:
    with pytest.raises(NothingSent) as caught:
        a_client(Wire(httpx.Response(429, headers=headers))).post_manual_journal(JOURNAL)
    assert caught.value.asked_wait == asked
