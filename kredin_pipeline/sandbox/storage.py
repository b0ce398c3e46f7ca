"""The whole sandbox in one file and back: JSON lines, one record each, gzip when the name ends in ``.gz``.

A company comes before its customers, these before the vouchers, these before the allocations that settle them. Nothing
is executed when a file is read.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

from .ledger import Account, Company, Customer, Entry, Line, Voucher
from .ledger.collector import collector_at_rest
from .ledger.records import Allocation, MatchGroup
from .world import World

FORMAT = 1
_COMPANY = (
    "name", "organization_no", "client_key", "application_key", "subscription_key", "write_off_voucher_type",
    "conversion_date", "lock_date", "drafts", "departments", "projects", "dimensions", "contact_groups", "founded",
    "_next_contact", "_next_detail_id",
)  # fmt: skip
_BOOKS = ("version", "next_voucher_no", "_next_sequence", "_next_entry_id", "_next_line_id")
_ENTRY = ("id", "amount", "posting_date", "due_date", "invoice_no", "kid", "currency", "currency_amount",
          "matching_reference", "is_write_off", "paid_from", "created", "changed")  # fmt: skip
_VOUCHER = ("sequence", "no", "type", "date", "posting_date", "created", "first_line_id", "offset_account", "vat_code",
            "currency", "description", "reference", "application_key", "related_invoice_no", "customer_reference",
            "sent", "changed")  # fmt: skip


class BadStateFile(ValueError):
    """The file is no saved sandbox of this format."""


def save(world: World, path: Path) -> None:
    """Write everything to a file; a file that was there is replaced only when the new one is complete."""
    partial = path.with_name(path.name + ".part")
    with _open(partial, path, "wt") as out:
        for record in _records(world):
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=_plain))
            out.write("\n")
    partial.replace(path)


def load(world: World, path: Path) -> None:
    """Replace everything in the world by what the file holds. Raises ``BadStateFile``."""
    with _open(path, path, "rt") as lines:
        head = json.loads(next(lines, "{}"))
        if head.get("kredin_sandbox") != FORMAT:
            raise BadStateFile(f"{path}: found no saved sandbox of format {FORMAT}; save one with this version")
        world.reset()
        world.load_shared(head["shared"])
        reader = _Reader(world)
        with collector_at_rest():
            for line in lines:
                reader.take(json.loads(line))
    world.load_shared(head["shared"])  # the clock once more: making companies has ticked it


def _open(file: Path, name: Path, mode: str) -> IO[str]:
    if name.suffix == ".gz":
        return cast("IO[str]", gzip.open(file, mode, compresslevel=3, encoding="utf-8"))
    return cast("IO[str]", file.open(mode.replace("t", ""), encoding="utf-8"))


def _plain(value: Any) -> Any:
    """``Decimal`` of a posted body, bytes of a document."""
    return {"hex": value.hex()} if isinstance(value, bytes) else float(value)


def _records(world: World) -> Iterator[dict[str, Any]]:
    yield {"kredin_sandbox": FORMAT, "shared": world.dump_shared()}
    for company in world.companies.values():
        yield from _company_records(company)


def _company_records(company: Company) -> Iterator[dict[str, Any]]:
    books, matching = company.books, company.matching
    yield {
        "company": {name: getattr(company, name) for name in _COMPANY}
        | {"privileges": company.privileges, "invalid_privileges": company.invalid_privileges,
           "subscriptions": company.subscriptions},
        "books": {name: getattr(books, name) for name in _BOOKS},
        "accounts": [asdict(account) for account in books.accounts.values()],
        "next_match": matching._next_id,  # pyright: ignore[reportPrivateUsage]
    }  # fmt: skip
    for customer in company.customers.values():
        details = [list(customer.persons.values()), list(customer.bank_accounts.values())]
        yield {"customer": [customer.id, customer.no, customer.subledger_id, customer.created, customer.changed,
                            customer.fields, *details]}  # fmt: skip
    for voucher in books.vouchers.values():
        yield _voucher_record(voucher)
    for group in matching.groups.values():
        links = {id(link): link for entry in group.members for link in entry.links}
        yield {"match": group.id, "members": [entry.id for entry in group.members],
               "links": [[k.debit.id, k.credit.id, k.amount, k.date] for k in links.values()]}  # fmt: skip
    yield {
        "named": {name: voucher.sequence for name, voucher in company.named.items()},
        "waiting": [[at, v.sequence] for at, v in books._waiting_for_number],  # pyright: ignore[reportPrivateUsage]
        "numbered": [v.sequence for v in books._numbered if v.sequence in books.vouchers],  # pyright: ignore[reportPrivateUsage]
    }


def _voucher_record(voucher: Voucher) -> dict[str, Any]:
    record: dict[str, Any] = {
        "voucher": [getattr(voucher, name) for name in _VOUCHER],
        "entries": [[entry.customer.no, *(getattr(entry, name) for name in _ENTRY)] for entry in voucher.entries],
    }
    if voucher.lines is not None:
        record["lines"] = [
            [x.account_no, x.amount, x.posting_date, x.entry.id if x.entry else None, x.vat_code, x.vat_amount,
             x.currency_amount, x.description, x.dimensions]
            for x in voucher.lines
        ]  # fmt: skip
    for name, other in (("reverses", voucher.reverses), ("corrects", voucher.corrects)):
        if other is not None:
            record[name] = other.sequence
    if voucher.posted is not None:
        record["posted"] = voucher.posted
    if voucher.documentation is not None:
        record["documentation"] = voucher.documentation.hex()
    return record


class _Reader:
    """Rebuilds companies from their records, in the order in which they were written."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._company: Company | None = None

    @property
    def _now(self) -> Company:
        if self._company is None:
            raise BadStateFile("a customer or voucher stands before its company")
        return self._company

    def take(self, record: dict[str, Any]) -> None:
        if "company" in record:
            self._take_company(record)
        elif "customer" in record:
            self._take_customer(record["customer"])
        elif "voucher" in record:
            self._take_voucher(record)
        elif "match" in record:
            self._take_match(record)
        elif "named" in record:
            self._finish(record)

    def _take_company(self, record: dict[str, Any]) -> None:
        stored = record["company"]
        made = self._world.add_company(
            stored["name"], stored["organization_no"], stored["client_key"], stored["application_key"],
            stored["subscription_key"], stored["privileges"], stored["subscriptions"],
        )  # fmt: skip
        for name in _COMPANY:
            setattr(made, name, stored[name])
        made.invalid_privileges = tuple(stored["invalid_privileges"])
        for name in _BOOKS:
            setattr(made.books, name, record["books"][name])
        made.books.accounts = {one["no"]: Account(**one) for one in record["accounts"]}
        made.matching._next_id = record["next_match"]  # pyright: ignore[reportPrivateUsage]
        self._company = made

    def _take_customer(self, stored: list[Any]) -> None:
        company = self._now
        made = Customer(*stored[:6])
        made.persons = {one["Id"]: one for one in stored[6]}
        made.bank_accounts = {one["Id"]: one for one in stored[7]}
        company.customers[made.no] = made
        company.customers_by_id[made.id] = made
        company.customers_by_account[made.subledger_id] = made

    def _take_voucher(self, record: dict[str, Any]) -> None:
        company = self._now
        books = company.books
        values = dict(zip(_VOUCHER, record["voucher"], strict=True))
        voucher = Voucher(entries=(), **values)
        entries: list[Entry] = []
        for stored in record["entries"]:
            customer = company.customers[stored[0]]
            entry = Entry(customer=customer, voucher=voucher, **dict(zip(_ENTRY, stored[1:], strict=True)))
            books.entries[entry.id] = entry
            customer.entries.append(entry)
            entries.append(entry)
            if entry.invoice_no is not None:
                books.by_invoice_no[entry.invoice_no] = voucher
        voucher.entries = tuple(entries)
        if "lines" in record:
            voucher.lines = tuple(
                Line(x[0], x[1], x[2], books.entries[x[3]] if x[3] is not None else None, *x[4:])
                for x in record["lines"]
            )
        voucher.posted = record.get("posted")
        if "documentation" in record:
            voucher.documentation = bytes.fromhex(record["documentation"])
        books.vouchers[voucher.sequence] = voucher
        if voucher.reference is not None:
            books.by_reference[voucher.reference] = voucher
        for name in ("reverses", "corrects"):
            if name in record:
                setattr(voucher, name, books.vouchers[record[name]])
        if voucher.reverses is not None:
            original = voucher.reverses
            original.reversed_by = voucher
            if original.reference is not None and books.by_reference.get(original.reference) is original:
                del books.by_reference[original.reference]
            for entry in original.entries:
                if entry.invoice_no is not None and books.by_invoice_no.get(entry.invoice_no) is original:
                    del books.by_invoice_no[entry.invoice_no]

    def _take_match(self, record: dict[str, Any]) -> None:
        company = self._now
        entries = company.books.entries
        group = MatchGroup(record["match"], [entries[id_] for id_ in record["members"]])
        company.matching.groups[group.id] = group
        for entry in group.members:
            entry.group = group
        for debit_id, credit_id, amount, date in record["links"]:
            debit, credit = entries[debit_id], entries[credit_id]
            link = Allocation(debit, credit, amount, date)
            debit.links += (link,)
            credit.links += (link,)
            debit.matched += amount
            credit.matched -= amount

    def _finish(self, record: dict[str, Any]) -> None:
        company = self._now
        books = company.books
        company.named = {name: books.vouchers[sequence] for name, sequence in record["named"].items()}
        books.restore(
            [books.vouchers[sequence] for sequence in record["numbered"]],
            [(at, books.vouchers[sequence]) for at, sequence in record["waiting"]],
        )
        for customer in company.customers.values():
            customer.entries.sort(key=lambda entry: entry.id)
