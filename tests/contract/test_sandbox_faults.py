"""Planned faults, as a client meets them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from kredin_pipeline.sandbox.control import Control, ControlError

from .conftest import Caller
from .test_sandbox_contract import fee_voucher, rows, sell

pytestmark = pytest.mark.usefixtures("checked")
STATEMENT = "Customerledger/Statement"
PERIOD: dict[str, str | int] = {"fromDate": "2025-01-01", "toDate": "2025-12-31", "OrderBy": "Id asc"}


def plan(control: Control, caller: Caller, kind: str, route: str = f"GET /{STATEMENT}", **more: Any) -> None:
    control.event(caller.client_key, {"event": "fault", "route": route, "kind": kind, **more})


def ids(caller: Caller, **params: str | int) -> list[int]:
    answer = caller.get(STATEMENT, **PERIOD, **params)
    return [] if answer.status_code == 204 else [row["Id"] for row in rows(answer)]


@pytest.fixture
def seven(control: Control, caller: Caller) -> list[int]:
    for no in range(1001, 1008):
        sell(control, caller, no, 100.0)
    return ids(caller)


def test_status_with_headers_for_so_many_calls_after_so_many(control: Control, caller: Caller) -> None:
    plan(control, caller, "status", "/Customers", code=429, times=2, after=1, headers={"Retry-After": "7"})
    answers = [caller.get("Customers") for _ in range(4)]
    assert [a.status_code for a in answers] == [204, 429, 429, 204]
    assert answers[1].headers["retry-after"] == "7" and answers[1].json()["statusCode"] == 429


def test_403_has_no_body_and_500_has_problem_details(control: Control, caller: Caller) -> None:
    plan(control, caller, "status", "GET /Customers", code=403)
    plan(control, caller, "status", "GET /Customers", code=500)
    first, second = caller.get("Customers"), caller.get("Customers")
    assert (first.status_code, first.content) == (403, b"")
    assert second.status_code == 500 and set(second.json()) == {"title", "detail"}


def test_routes_fit_by_segments_method_and_company(control: Control, caller: Caller) -> None:
    other = Caller(caller.sandbox, control.add_company("Solvika AS", "999990010"))
    plan(control, caller, "status", "get /customerledger", code=500)
    assert caller.get("Customers").status_code == 204
    assert other.get(STATEMENT, **PERIOD).status_code == 204
    assert caller.get(STATEMENT, **PERIOD).status_code == 500
    other.http.close()


def test_a_timeout_does_nothing_and_says_nothing(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 100.0)
    body = fee_voucher(caller)
    plan(control, caller, "timeout", "POST /Vouchers/ManualJournals")
    with pytest.raises(httpx.TransportError):
        caller.post("Vouchers/ManualJournals", body)
    assert len(control.vouchers(caller.client_key)) == 1
    assert control.requests()[-1]["status"] is None


@pytest.mark.parametrize("kind", ["timeout_after_commit", "reset_after_commit"])
def test_an_answer_lost_after_the_booking_leaves_one_voucher(control: Control, caller: Caller, kind: str) -> None:
    sell(control, caller, 1001, 100.0)
    body = fee_voucher(caller)
    plan(control, caller, kind, "POST /Vouchers/ManualJournals")
    with pytest.raises(httpx.ReadError if kind == "reset_after_commit" else httpx.TransportError):
        caller.post("Vouchers/ManualJournals", body)
    assert [v["external_import_reference"] for v in control.vouchers(caller.client_key)] == [None, "ref-1"]
    assert caller.post("Vouchers/ManualJournals", body).status_code == 400


def test_a_held_call_does_not_hold_the_others(control: Control, caller: Caller) -> None:
    plan(control, caller, "timeout", "GET /Customers")

    async def both() -> tuple[object, int]:
        async with httpx.AsyncClient(base_url=caller.sandbox.base_url, headers=dict(caller.http.headers)) as http:
            held = asyncio.create_task(http.get("/v2/Customers"))
            await asyncio.sleep(0.05)
            quick = await http.get("/v2/VatCodes")
            return (await asyncio.gather(held, return_exceptions=True))[0], quick.status_code

    lost, quick = asyncio.run(both())
    assert isinstance(lost, httpx.TransportError) and quick == 200


def test_a_200_may_be_empty(control: Control, caller: Caller, seven: list[int]) -> None:
    plan(control, caller, "empty_200")
    answer = caller.get(STATEMENT, **PERIOD)
    assert (answer.status_code, answer.content) == (200, b"")
    assert ids(caller) == seven


def test_rows_changed_just_now_become_visible_late(control: Control, caller: Caller, seven: list[int]) -> None:
    control.advance_clock(600)
    control.event(caller.client_key, {"event": "payment", "id": "P1", "customer": 10001, "amount": 100, "for": [1001]})
    plan(control, caller, "late_visible", seconds=60, times=2)
    assert ids(caller) == seven[1:], "the payment and the invoice whose balance it moved are hidden"
    control.advance_clock(61)
    assert len(ids(caller)) == 8


def test_a_short_page_lacks_rows_and_the_next_page_follows_all_the_same(
    control: Control, caller: Caller, seven: list[int]
) -> None:
    plan(control, caller, "short_page", times=1)
    assert ids(caller, PageSize=4) == seven[:3]
    assert ids(caller, PageSize=4, PageNumber=2) == seven[4:]
    plan(control, caller, "short_page")
    assert ids(caller) == seven[:5]


def test_a_shifted_page_skips_the_row_on_the_border(control: Control, caller: Caller, seven: list[int]) -> None:
    plan(control, caller, "shifted_page")
    assert ids(caller, PageSize=3) == seven[:3], "nothing is wrong with the first page"
    assert ids(caller, PageSize=3, PageNumber=2) == seven[4:7]
    assert control.faults() == []
    plan(control, caller, "shifted_page")
    assert len(ids(caller)) == 6


def test_repeated_rows_come_on_their_page_or_the_next(control: Control, caller: Caller, seven: list[int]) -> None:
    plan(control, caller, "repeated_rows")
    assert ids(caller) == [*seven, *seven[:2]]
    plan(control, caller, "repeated_rows", after=1)
    assert ids(caller, PageSize=4) == seven[:4]
    assert ids(caller, PageSize=4, PageNumber=2) == [seven[3], *seven[4:]]


def test_an_expired_token_is_401_until_a_new_one_is_fetched(control: Control, caller: Caller) -> None:
    plan(control, caller, "token_expired", "GET /Customers")
    assert caller.get("Customers").status_code == 401
    assert caller.get("Customers").status_code == 401
    caller.renew()
    assert caller.get("Customers").status_code == 204


def test_a_voucher_number_may_come_late(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 100.0)
    plan(control, caller, "number_late", "POST /Vouchers/ManualJournals", seconds=600)
    made = caller.post("Vouchers/ManualJournals", fee_voucher(caller)).json()
    assert made["VoucherNo"] is None
    cursor = rows(caller.get(STATEMENT, **PERIOD))[-1]["LastChangedDateTimeOffset"]
    control.advance_clock(601)
    assert caller.get(f"Vouchers/ManualJournals/{made['Id']}").json()["VoucherNo"] == 2
    changed = rows(caller.get(STATEMENT, **PERIOD, lastChangedDateTimeOffsetGreaterThan=cursor))
    assert [row["VoucherNo"] for row in changed] == [2]


def test_parallel_customer_posts_are_refused_with_503(caller: Caller) -> None:
    async def post_three() -> list[int]:
        async with httpx.AsyncClient(base_url=caller.sandbox.base_url, headers=dict(caller.http.headers)) as http:
            answers = await asyncio.gather(*(http.post("/v2/Customers", json={"Name": f"K{n}"}) for n in range(3)))
            return sorted(a.status_code for a in answers)

    assert asyncio.run(post_three()) == [201, 503, 503]


def test_faults_of_the_register_are_shared_and_fit_any_number(control: Control, caller: Caller) -> None:
    plan(control, caller, "status", "GET /enheter/{orgnr}", code=500, times=2)
    plan(control, caller, "status", "GET /enheter", code=429)
    unit = "/enhetsregisteret/api/enheter/999990150"
    assert [caller.http.get(unit).status_code for _ in range(2)] == [500, 500]
    assert caller.http.get("/enhetsregisteret/api/enheter?organisasjonsnummer=999990150").status_code == 429
    assert caller.http.get(unit).status_code == 404


def test_faults_of_the_letter_drop(control: Control, caller: Caller) -> None:
    plan(control, caller, "reset_after_commit", "letter_drop")
    with pytest.raises(httpx.ReadError):
        caller.http.put("/letter-drop/a/b.pdf", content=b"x")
    assert [one["path"] for one in control.letter_drop_files()] == ["a/b.pdf"]
    assert caller.http.put("/letter-drop/a/b.pdf", content=b"x").status_code == 204


def test_unknown_events_keys_and_kinds_are_errors(control: Control, caller: Caller) -> None:
    for event, text in (
        ({"event": "gift"}, "event 'gift' is unknown"),
        ({"event": "invoice", "no": 1}, "missing key(s) amount, customer, due"),
        ({"event": "delete", "no": 1, "why": "x"}, "unknown key(s) why"),
        ({"event": "fault", "route": "/x", "kind": "slow"}, "kind 'slow' is unknown"),
        ({"event": "reverse", "of": "P9"}, "nothing is called P9"),
    ):
        with pytest.raises(ControlError) as raised:
            control.event(caller.client_key, event)
        assert text in str(raised.value)


def test_what_is_unused_is_dropped_on_request(control: Control, caller: Caller) -> None:
    plan(control, caller, "empty_200", times=5)
    control.clear_faults()
    assert control.faults() == []
    assert caller.get(STATEMENT, **PERIOD).status_code == 204
