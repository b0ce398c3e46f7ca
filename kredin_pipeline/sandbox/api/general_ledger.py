"""Reading the general ledger: account transactions and the trial balance (reference § 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..ledger.records import Voucher
from .listing import Listing, answer_list
from .protocol import Answer, Call, dumps
from .reads import kept, numbered
from .rows import TRANSACTION_NAMES, Transaction, code_of, transaction_writer

_TRANSACTION_KEYS: dict[str, Callable[[Transaction], Any]] = {
    "Id": lambda t: t[1],
    "VoucherNo": lambda t: t[0].no,
    "PostingDate": lambda t: t[2].posting_date,
    "AccountNo": lambda t: int(t[2].account_no),
    "CreatedDateTimeOffset": lambda t: t[0].created,
}
TRIAL_NAMES = ("AccountId", "AccountName", "AccountNo", "AgricultureDepartment", "Balance")


def account_transactions(call: Call) -> Answer:
    query, company = call.query, call.company
    first, last = query.needed_day("fromDate"), query.needed_day("toDate")

    def make() -> list[Transaction]:
        changed, created = query.ticks("lastChangedDateTimeOffsetGreaterThan"), query.ticks(
            "createdDateTimeOffsetGreaterThan")  # fmt: skip
        after = max((t for t in (changed, created) if t is not None), default=None)
        accounts, types, vat_codes = query.numbers("accountNos"), query.texts("voucherTypes"), query.texts("vatCodes")
        departments, projects = query.texts("departmentCodes"), query.texts("projectCodes")
        vouchers: Iterable[Voucher] = company.books.vouchers.values()
        if query.numbers("voucherNos") is not None:
            vouchers = numbered(call, query)
        vouchers = (
            v
            for v in vouchers
            if (v.lines is not None or first <= v.posting_date <= last)
            and (types is None or v.type in types)
            and (after is None or v.created > after)
        )
        rows = [
            row
            for row in company.books.transactions(vouchers)
            if first <= row[2].posting_date <= last
            and (accounts is None or int(row[2].account_no) in accounts)
            and (vat_codes is None or row[2].vat_code in vat_codes)
            and _has_code(company.departments, row, "DepartmentId", departments)
            and _has_code(company.projects, row, "ProjectId", projects)
        ]
        rows.sort(key=lambda row: row[1])
        return rows

    write = transaction_writer(company, call.world.options.dates_with_time == "sometimes")
    rows = kept(call, make)
    return answer_list(call, Listing(rows, write, TRANSACTION_NAMES, lambda t: t[0].created, _TRANSACTION_KEYS))


def _has_code(known: list[dict[str, Any]], row: Transaction, key: str, wanted: frozenset[str] | None) -> bool:
    if wanted is None:
        return True
    code = code_of(known, (row[2].dimensions or {}).get(key))
    return ("-1" if code is None else code) in wanted


def trial_balance(call: Call) -> Answer:
    query, books = call.query, call.company.books
    day, hide, wanted = query.needed_day("date"), query.flag("hideAccountsWithZeroBalance"), query.numbers("accountNos")

    def make() -> list[dict[str, Any]]:
        sums: dict[str, int] = dict.fromkeys(books.accounts, 0)
        for _, _, line in books.transactions(books.vouchers.values()):
            if line.posting_date <= day:
                sums[line.account_no] += line.amount
        return [
            {
                "AccountId": books.accounts[no].id, "AccountName": books.accounts[no].name, "AccountNo": int(no),
                "AgricultureDepartment": None, "Balance": total / 100,
            }
            for no, total in sorted(sums.items())
            if (total or not hide) and (wanted is None or int(no) in wanted)
        ]  # fmt: skip

    return answer_list(call, Listing(kept(call, make), dumps, TRIAL_NAMES, lambda _: 0, {}))
