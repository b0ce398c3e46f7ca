"""What the PowerOffice door does when the wire misbehaves, and the exact text of what it asks."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected
from resources.http_errors import PassingFailure, PermanentFailure, run_failure
from resources.poweroffice_filters import LONGEST_LIST, in_parts, ranges_of, wire_time
from tests.unit.resources.doors import NotedClock, Wire, a_client, rows

SECRETS = ("app-secret", "sub-secret", "client-secret")
TIMED_OUT = httpx.ReadTimeout("slow")
REFUSED = httpx.ConnectError("refused")
JOURNAL = {"VoucherDate": "2025-03-10", "VoucherLines": [{"CurrencyAmount": Decimal("340.05")}]}


def entries(folder: Path, cursor: datetime | None = None) -> LandedResource:
    return LandedResource("ledger_entries", folder, cursor is None, datetime(2025, 3, 10, 5, 0, tzinfo=UTC), cursor)


# --- reads that are tried again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_answer_that_passes_is_tried_again(status: int) -> None:
    wire = Wire(httpx.Response(status), rows(1))
    assert len(a_client(wire).vat_codes()) == 1


def test_the_tries_end_and_the_error_says_how_many_and_where() -> None:
    wire = Wire(httpx.Response(503))
    with pytest.raises(
        PassingFailure, match=r"^fjellheim: PowerOffice: GET /VatCodes answered 503.*tried 5 times"
    ) as caught:
        a_client(wire).vat_codes()
    assert len(wire.requests) == 5
    assert run_failure(caught.value).allow_retries


@pytest.mark.parametrize(
    "throttled",
    [
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(429, json={"statusCode": "429", "message": "Rate limit is exceeded. Try again in 7 seconds."}),
    ],
)
def test_the_server_is_given_the_time_it_asks_for(throttled: httpx.Response) -> None:
    clock = NotedClock()
    a_client(Wire(throttled, rows(1)), clock).vat_codes()
    assert len(clock.waits) == 1 and 7 <= clock.waits[0] < 8


def test_a_wait_beyond_the_budget_ends_the_tries_at_once() -> None:
    wire, clock = Wire(httpx.Response(429, headers={"Retry-After": "3600"})), NotedClock()
    with pytest.raises(PassingFailure, match="the server asks for 3600 s"):
        a_client(wire, clock).vat_codes()
    assert (len(wire.requests), clock.waits) == (1, [])


def test_an_address_that_is_none_is_not_tried_again() -> None:
    wire, clock = Wire(httpx.UnsupportedProtocol("no scheme")), NotedClock()
    with pytest.raises(PermanentFailure, match="want one that begins with https"):
        a_client(wire, clock).vat_codes()
    with pytest.raises(NothingSent):
        a_client(wire, clock).post_manual_journal(JOURNAL)
    assert (len(wire.requests), clock.waits) == (2, [])


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_not_tried_again_and_stops_the_runs_retries(status: int) -> None:
    wire = Wire(httpx.Response(status, json={"title": "No", "detail": "not this"}))
    with pytest.raises(PermanentFailure, match=f"GET /VatCodes answered {status}: No; not this") as caught:
        a_client(wire).vat_codes()
    assert [r.url.path for r in wire.requests].count("/v2/VatCodes") == 1
    assert not run_failure(caught.value).allow_retries


def test_a_403_with_the_privilege_granted_points_to_the_old_token() -> None:
    wire = Wire(httpx.Response(403), httpx.Response(200, json={"ValidPrivileges": ["CustomerLedger_Full"]}))
    with pytest.raises(PermanentFailure, match="older than that right"):
        a_client(wire).customer_balances(date(2025, 3, 10))


def test_no_error_shows_a_key(tmp_path: Path) -> None:
    for answer in (httpx.Response(403), httpx.Response(500), TIMED_OUT, REFUSED):
        client = a_client(Wire(answer))
        with pytest.raises(Exception) as caught:
            client.land_ledger_entries(entries(tmp_path), date(2025, 3, 10))
        shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert not any(secret in shown for secret in SECRETS)


# --- answers that lie ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"", b"   ", b'{"Id": 1}', b"<html>ok</html>", b'[{"Id": 1}', b"null"], ids=lambda body: body[:10]
)
def test_a_200_without_a_whole_list_is_a_failure_and_never_an_empty_ledger(body: bytes) -> None:
    with pytest.raises(PassingFailure, match="nothing is concluded"):
        a_client(Wire(httpx.Response(200, content=body))).customer_balances(date(2025, 3, 10))


def test_a_body_cut_off_under_compression_is_a_failure() -> None:
    cut = gzip.compress(b'[{"Id": 1}]')[:-12]
    wire = Wire(lambda _: httpx.Response(200, stream=httpx.ByteStream(cut), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(PassingFailure, match="cut off"):
        a_client(wire).vat_codes()


def test_204_is_an_empty_list() -> None:
    assert a_client(Wire(httpx.Response(204))).vat_codes() == []


# --- paging --------------------------------------------------------------------------------------------------------


def test_a_read_of_rows_pages_too() -> None:
    wire = Wire(rows(100), rows(100, 101), rows(1, 201))
    assert len(a_client(wire).open_items(date(2025, 3, 10), ["10018"])) == 201


def test_a_compressed_page_is_kept_as_it_came(tmp_path: Path) -> None:
    body = gzip.compress(b'[{"Id": 7}]')
    wire = Wire(lambda _: httpx.Response(200, stream=httpx.ByteStream(body), headers={"Content-Encoding": "gzip"}))
    read = a_client(wire).land_ledger_entries(entries(tmp_path), date(2025, 3, 10))
    assert Path(read.paths[0]).read_bytes() == body


# --- what is asked, letter by letter -------------------------------------------------------------------------------


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.integers(-720, 840))  # noqa: DTZ001
def test_the_wires_time_is_the_same_moment(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = wire_time(moment)
    assert text.endswith("+00:00") and len(text) == 33
    assert datetime.fromisoformat(text[:26] + text[27:]) == moment


@given(st.lists(st.integers(1, 60)))
def test_ranges_name_exactly_the_numbers(numbers: list[int]) -> None:
    named: set[int] = set()
    for part in ranges_of([str(one) for one in numbers]):
        low, _, high = part.partition("-")
        named |= set(range(int(low), int(high or low) + 1))
    assert named == set(numbers)


def test_long_lists_are_asked_for_in_parts_that_fit_a_url() -> None:
    numbers = [str(no) for no in range(10_000, 12_000, 2)]
    parts = list(in_parts(numbers))
    assert ",".join(parts).split(",") == numbers
    assert all(len(part) <= LONGEST_LIST for part in parts)


# --- token ---------------------------------------------------------------------------------------------------------


def test_a_stale_token_is_renewed_once() -> None:
    wire = Wire(httpx.Response(401), rows(1))
    assert len(a_client(wire).vat_codes()) == 1
    assert wire.tokens == 2
    assert [r.headers["Authorization"] for r in wire.requests] == ["Bearer t1", "Bearer t2"]


def test_a_second_401_is_an_error() -> None:
    with pytest.raises(PermanentFailure, match="401"):
        a_client(Wire(httpx.Response(401))).vat_codes()


def test_a_token_is_renewed_before_it_runs_out_and_shared_until_then() -> None:
    wire, clock = Wire(rows(1)), NotedClock()
    client = a_client(wire, clock)
    client.vat_codes()
    client.vat_codes()
    assert wire.tokens == 1
    clock.time += timedelta(seconds=1150)
    client.vat_codes()
    assert wire.tokens == 2


def test_the_keys_travel_in_headers_alone() -> None:
    wire = Wire(rows(1))
    a_client(wire).vat_codes()
    assert wire.requests[0].headers["Ocp-Apim-Subscription-Key"] == "sub-secret"
    assert not any(secret in str(wire.requests[0].url) for secret in SECRETS)


def test_an_unknown_client_key_is_explained() -> None:
    answer = httpx.Response(400, json={"error": "invalid_client", "error_description": "The client was not found."})
    with pytest.raises(PermanentFailure, match=r"POST /OAuth/Token answered 400: invalid_client.*removed in Go"):
        a_client(Wire(rows(1), token=answer)).check_key()


# --- writes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Rejected), (403, Rejected), (404, Rejected), (409, Rejected), (429, NothingSent), (503, NothingSent),
     (500, OutcomeUnknown), (502, OutcomeUnknown), (504, OutcomeUnknown)],
)  # fmt: skip
def test_the_code_of_an_answer_says_what_is_known_of_a_post(status: int, outcome: type[Exception]) -> None:
    wire = Wire(httpx.Response(status, json={"title": "x", "detail": "y"}))
    with pytest.raises(outcome):
        a_client(wire).post_manual_journal(JOURNAL)
    assert sum(request.method == "POST" for request in wire.requests) == 1


def test_a_post_turned_away_with_401_is_sent_once_more_with_a_new_token() -> None:
    wire = Wire(httpx.Response(401), httpx.Response(201, json={"Id": "g", "VoucherNo": 0}))
    assert a_client(wire).post_manual_journal(JOURNAL) == ("g", None)


def test_amounts_are_written_digit_by_digit() -> None:
    wire = Wire(httpx.Response(201, json={"Id": "g", "VoucherNo": 7}))
    a_client(wire).post_manual_journal(JOURNAL)
    assert b'"CurrencyAmount":340.05}' in wire.requests[0].content


def test_a_created_answer_without_an_id_is_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        a_client(Wire(httpx.Response(201, content=b""))).post_manual_journal(JOURNAL)
