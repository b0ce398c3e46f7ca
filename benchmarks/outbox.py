"""How fast vouchers leave: what a durable intent costs, and ten thousand of them through the real client.

``make bench BENCH=outbox``. Each measure is one JSON line; ``ratio`` says how many times as long the peer took, so 0.67
is one and a half times the peer's time. Totals are compared first, and the run fails if one differs.

- ``vouchers sent``: intents that lie in the journal, through ``VoucherDispatch`` and the client, to the sandbox in a
  process of its own with 50 ms to every answer, at the rate that the subscription allows (100/s; it is the bottleneck).
  The peer posts one after the other with httpx to the same server, fewer of them, by proportion. ``share_of_rate`` is
  what was sent of what the rate allows in that time (a bucket that starts full, and ``rate`` a second).
- ``vouchers read back``: ``confirm`` of all of them, beside one look-up for each, by proportion.
- ``one by one``, ``a run, as many commits each`` and ``outbox``: see ``outbox_journal``. The last line is the journal
  as a run uses it (intents in one commit, claims in groups, every mark by itself) beside a bare outbox, in which the
  insert and the mark of a voucher are a full-sync transaction each. With as many commits on both sides ours takes
  about twice the time: a commit writes the log and the indexes too, where the plain table writes one page.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from assets.voucher_door import LedgerDoor
from benchmarks import outbox_journal
from benchmarks.outbox_journal import CASE, DAY, NOW, TENANT, keys_of, new_journal
from benchmarks.outbox_server import running
from kredin_pipeline.journal import Journal, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import VoucherDispatch, content_of
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from resources.clock import Clock
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient

LATENCY, RATE = 0.05, 100.0
CUSTOMERS = 50
SEQUENTIAL, LOOKED_UP = 200, 10
"""Vouchers that the peers post, and look up, before the rest is reckoned by proportion."""
ROUNDS = 30
PLAIN = "a plain table in SQLite, WAL, synchronous full"


def main() -> None:
    """Everything, one JSON line each."""
    parser = argparse.ArgumentParser(prog="benchmarks.outbox")
    parser.add_argument("--entries", type=int, default=10_000)
    entries: int = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        with running(LATENCY, RATE) as address:
            sending(Path(folder), address, entries)
        a_round = max(64, entries // 4 // ROUNDS)
        for name, peer, measure in (
            ("one by one", PLAIN, outbox_journal.one_by_one),
            ("a run, as many commits each", PLAIN, outbox_journal.as_a_run_does),
            ("outbox", f"{PLAIN}, two commits a voucher", outbox_journal.beside_a_transaction_each),
        ):  # fmt: skip
            seconds, plain = measure(Path(folder) / name.replace(" ", "-"), ROUNDS, a_round)
            tell(name, ROUNDS * a_round, seconds, peer, plain)


def tell(name: str, entries: int, seconds: float, peer: str, peer_seconds: float, **more: object) -> None:
    """One measure; ``peak_mb`` is this process's so far."""
    print(
        json.dumps({
            "name": name, "entries": entries, "seconds": round(seconds, 3), "peer": peer,
            "peer_seconds": round(peer_seconds, 3), "ratio": round(peer_seconds / seconds, 2),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **more,
        }),
        flush=True,
    )  # fmt: skip


def sending(folder: Path, address: str, entries: int) -> None:
    """Sends ``entries`` vouchers and reads them back, beside the peers."""
    control = Control(address)
    company, other = (control.add_company(name, number) for name, number in (("Fjellheim AS", "999990002"),
                                                                             ("Dal AS", "999990010")))  # fmt: skip
    client = _client(address, company)
    vouchers, accounts = _vouchers(control, client, company, entries)
    journal = new_journal(folder)
    intents = [
        Intent(one.key, "voucher", [CASE], content_of(one, its, DAY), DAY)
        for one, its in zip(vouchers, accounts, strict=True)
    ]
    journal.intend_all(TENANT, intents, NOW)
    clock = Clock()
    dispatch = VoucherDispatch(journal, LedgerDoor(client), clock, "benchmark")
    before = client.requests
    begin = time.perf_counter()
    dispatch.send(journal.items(TENANT, "voucher", ["intended"]))
    seconds = time.perf_counter() - begin
    requests = client.requests - before
    _compare(control, journal, company, vouchers)
    sequential = _one_after_the_other(control, address, other) * entries / SEQUENTIAL
    tell("vouchers sent", entries, seconds, "httpx, one after the other", sequential,
         share_of_rate=round(requests / (RATE + RATE * seconds), 3), a_second=round(entries / seconds, 1))  # fmt: skip

    begin = time.perf_counter()
    dispatch.confirm(journal.items(TENANT, "voucher", ["posted"]))
    seconds = time.perf_counter() - begin
    if len(dispatch.report.confirmed) != entries:
        raise SystemExit(f"{len(dispatch.report.confirmed)} of {entries} vouchers were read back")
    begin = time.perf_counter()
    for one in vouchers[:LOOKED_UP]:
        if not client.find_vouchers({one.reference: DAY}):
            raise SystemExit(f"voucher {one.reference} was not found")
    singly = (time.perf_counter() - begin) * entries / LOOKED_UP
    tell("vouchers read back", entries, seconds, "one look-up for each", singly)
    journal.close()
    control.close()


def _client(address: str, company: str) -> PowerOfficeClient:
    door = PowerOffice(
        clock=Clock(), api_url=f"{address}/v2", token_url=f"{address}/OAuth/Token",
        application_key=DEFAULT_APPLICATION_KEY, subscription_key=DEFAULT_SUBSCRIPTION_KEY,
        requests_per_second=RATE,
    )  # fmt: skip
    return door.client(SecretStr(company), TENANT)


def _vouchers(
    control: Control, client: PowerOfficeClient, company: str, entries: int
) -> tuple[list[FeeAndInterestVoucher], list[Accounts]]:
    """So many different vouchers on the company's customers, and the ledger's ids for each."""
    for number in range(CUSTOMERS):
        control.event(company, {"event": "invoice", "no": 1001 + number, "customer": 10001 + number,
                                "amount": 1000.0, "due": "2025-03-24"})  # fmt: skip
    subledger = {str(row["Number"]): str(row["SubledgerAccountId"]) for row in _customers(control, company)}
    chart = {str(row["AccountNo"]): str(row["Id"]) for row in client.accounts(["3950", "8050"])}
    no_vat = next(str(row["Id"]) for row in client.vat_codes() if str(row["Code"]) == "0")
    vouchers: list[FeeAndInterestVoucher] = []
    accounts: list[Accounts] = []
    for number, key in enumerate(keys_of(0, entries)):
        customer_no = str(10001 + number % CUSTOMERS)
        fee, interest = Decimal("35.00"), Decimal(number + 1) / 100
        vouchers.append(
            FeeAndInterestVoucher(
                key, voucher_reference(key), TENANT, CASE, "1001", customer_no, key[-12:], fee, interest,
                fee + interest, DAY,
            )
        )  # fmt: skip
        accounts.append(Accounts(subledger[customer_no], "3950", chart["3950"], "8050", chart["8050"], no_vat))
    return vouchers, accounts


def _compare(control: Control, journal: Journal, company: str, vouchers: list[FeeAndInterestVoucher]) -> None:
    """Each voucher stands in the ledger once, with its reference and amount, and the journal knows it by its id."""
    meant = {one.reference: one.total for one in vouchers}
    standing = [one for one in control.vouchers(company) if one["external_import_reference"]]
    found = {
        one["external_import_reference"]: sum(
            (Decimal(line["amount"]) for line in one["lines"] if Decimal(line["amount"]) > 0), Decimal(0)
        )
        for one in standing
    }
    if found != meant or max(Counter(one["external_import_reference"] for one in standing).values()) > 1:
        raise SystemExit(
            f"meant {len(meant)} vouchers of {sum(meant.values())}, {len(standing)} of {sum(found.values())} stand"
        )
    known = {item.remote_id for item in journal.items(TENANT, "voucher", ["posted"])}
    if len(known) != len(vouchers):
        raise SystemExit(f"the journal knows {len(known)} of {len(vouchers)} vouchers as posted")


def _one_after_the_other(control: Control, address: str, company: str) -> float:
    """Seconds in which httpx posts ``SEQUENTIAL`` vouchers, each after the answer to the one before."""
    vouchers, accounts = _vouchers(control, _client(address, company), company, SEQUENTIAL)
    with _http(address, company) as http:
        begin = time.perf_counter()
        for one, its in zip(vouchers, accounts, strict=True):
            lines = [
                _line(its.subledger_id, one.total, its.no_vat_id), _line(its.fee_account_id, -one.fee, its.no_vat_id),
                _line(its.interest_account_id, -one.interest, its.no_vat_id),
            ]  # fmt: skip
            body = {
                "VoucherDate": DAY.isoformat(), "CurrencyCode": "NOK", "Description": "Gebyr",
                "ExternalImportReference": one.reference, "VoucherLines": lines,
            }  # fmt: skip
            http.post("/v2/Vouchers/ManualJournals", json=body).raise_for_status()
        seconds = time.perf_counter() - begin
    if sum(1 for one in control.vouchers(company) if one["external_import_reference"]) != SEQUENTIAL:
        raise SystemExit("the peer did not post its vouchers")
    return seconds


def _line(account_id: str | None, amount: Decimal, vat_id: str) -> dict[str, Any]:
    return {
        "AccountId": int(account_id or 0), "CurrencyAmount": float(amount), "PostingDate": DAY.isoformat(),
        "VatId": int(vat_id), "Description": "Gebyr",
    }  # fmt: skip


def _customers(control: Control, company: str) -> list[dict[str, Any]]:
    with _http(control.base_url, company) as http:
        return http.get("/v2/Customers", params={"PageSize": 1000}).raise_for_status().json()


@contextmanager
def _http(address: str, company: str) -> Generator[httpx.Client]:
    keys = {"Ocp-Apim-Subscription-Key": DEFAULT_SUBSCRIPTION_KEY}
    with httpx.Client(base_url=address, headers=keys) as http:
        asked = {"grant_type": "client_credentials"}
        answer = http.post("/OAuth/Token", data=asked, auth=(DEFAULT_APPLICATION_KEY, company)).raise_for_status()
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield http


if __name__ == "__main__":
    main()
