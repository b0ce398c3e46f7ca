"""The routes of PowerOffice Go that the pipeline uses, for one company.

Belongs here: paths, parameters, paging, and the wire names at the border. Not here: token, rate and retries
(`poweroffice_transport`), what the rows mean (`kredin_pipeline.ledger`). Source: PowerOffice reference §§ 4-13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from kredin_pipeline.ledger.landing import LandedResource, write_page
from kredin_pipeline.outcomes import OutcomeUnknown
from resources.http_errors import PermanentFailure
from resources.poweroffice_transport import Parameters, Transport

Row = dict[str, Any]
FIRST_POSTING_DAY: Final = date(2000, 1, 1)
DAYS_AHEAD: Final = 730
"""Payments and invoices may be dated ahead; a read reaches this far past the business date."""
LONGEST_LIST: Final = 1500
"""Characters of a comma list in a URL; longer ones are asked for in parts (reference § 4)."""


class PostedVoucher(NamedTuple):
    """A voucher the ledger accepted: its id, and its number or None while the ledger has not given one."""

    id: str
    no: str | None


class PowerOfficeClient:
    """One company's ledger. Rows are mappings with the wire's own names; 204 is an empty list."""

    def __init__(self, transport: Transport, page_size: int) -> None:
        self._transport = transport
        self._page_size = page_size

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._transport.requests

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    # --- who the company is --------------------------------------------------------------------------------------

    def check_key(self) -> None:
        """Fetch a token. Raises ``ReadFailure`` when PowerOffice does not know the key."""
        self._transport.fetch_token()

    def client_information(self) -> Row:
        """Client id and name, valid and invalid privileges, active modules (reference § 2)."""
        return self._one("/ClientIntegrationInformation")

    def organization_settings(self) -> Row:
        """Name, organisation number, address and contact of the company (reference § 13)."""
        return self._one("/OrganizationSettings")

    def financial_settings(self) -> Row:
        """Conversion date and currency (reference § 13)."""
        return self._one("/FinancialSettings")

    def lock_date(self) -> date | None:
        """The day up to and including which the books are locked, None when they are not."""
        found = self._one("/LockDateSettings").get("LockDate")
        return _day(found) if found else None

    def accounts(self, account_nos: Sequence[str]) -> list[Row]:
        """Ledger accounts by number; a number that the chart does not have is left out."""
        return [row for part in _parts(account_nos) for row in self._list("/GeneralLedgerAccounts", {"accountNos": part})]

    def vat_codes(self) -> list[Row]:
        """The company's VAT codes with their ids."""
        return self._list("/VatCodes")

    def client_bank_accounts(self) -> list[Row]:
        """The company's bank accounts; ``IsPrimaryAccount`` marks the one to be paid on."""
        return self._list("/ClientBankAccounts")

    # --- landing: pages to disk ----------------------------------------------------------------------------------

    def land_customers(self, folder: Path, landed: LandedResource) -> LandedResource:
        """Customers, changed since the cursor or all (reference § 7)."""
        return self._land(folder, landed, "/Customers", {})

    def land_ledger_entries(self, folder: Path, landed: LandedResource, business_date: date) -> LandedResource:
        """Customer ledger entries over all posting dates, by `Statement` (reference § 8).

        Never by `OpenItems`: an entry that has been closed leaves that list instead of appearing in it.
        """
        period = {"fromDate": FIRST_POSTING_DAY.isoformat(), "toDate": _ahead(business_date)}
        return self._land(folder, landed, "/Customerledger/Statement", period)

    def land_outgoing_invoices(self, folder: Path, landed: LandedResource, business_date: date) -> LandedResource:
        """Headers of sent invoices and credit notes; what changed is told by the balance's own time (§ 9)."""
        period = {"fromDate": FIRST_POSTING_DAY.isoformat(), "toDate": _ahead(business_date)}
        return self._land(
            folder, landed, "/OutgoingInvoices", period, changed="balanceLastChangedDateTimeOffsetGreaterThan"
        )

    def land_account_transactions(
        self, folder: Path, landed: LandedResource, voucher_nos: Sequence[str], business_date: date
    ) -> LandedResource:
        """All ledger lines of the given vouchers (reference § 10)."""
        period = {"fromDate": FIRST_POSTING_DAY.isoformat(), "toDate": _ahead(business_date)}
        for part in _parts(voucher_nos):
            self._land(folder, landed, "/AccountTransactions", {**period, "voucherNos": part})
        return landed

    def customer_balances(self, day: date) -> list[Row]:
        """Receivable balance per customer at ``day``; customers at zero are left out (reference § 8)."""
        return self._list("/Customerledger/CustomerBalances", {"date": day.isoformat(), "includeOnlyOpenItems": "false"})

    # --- looking again -------------------------------------------------------------------------------------------

    def invoice_exists(self, voucher_id: str) -> bool:
        """Whether the ledger still answers for this invoice or credit note."""
        return self._exists(f"/OutgoingInvoices/{voucher_id}")

    def customer_exists(self, customer_id: str) -> bool:
        """Whether the ledger still answers for this customer; a merged one is gone."""
        return self._exists(f"/Customers/{customer_id}")

    def statement(self, first: date, last: date, customer_nos: Sequence[str]) -> list[Row]:
        """Ledger entries of some customers, posted from ``first`` to ``last``; balances as of ``last``."""
        return [
            row
            for part in _parts(customer_nos)
            for row in self._list(
                "/Customerledger/Statement",
                {"fromDate": first.isoformat(), "toDate": last.isoformat(), "customerNos": part},
            )
        ]

    def open_items(self, day: date, customer_nos: Sequence[str]) -> list[Row]:
        """Entries of some customers with a balance at ``day``."""
        return [
            row
            for part in _parts(customer_nos)
            for row in self._list("/Customerledger/OpenItems", {"date": day.isoformat(), "customerNos": part})
        ]

    def find_voucher(self, reference: str, around: date) -> list[Row]:
        """The ledger lines of vouchers with our reference, posted within a month of ``around``; empty if not visible.

        The route has no filter for the reference (reference § 10): the lines of manual journals are read and sifted.
        """
        period = {
            "fromDate": (around - timedelta(days=31)).isoformat(),
            "toDate": (around + timedelta(days=31)).isoformat(),
            "voucherTypes": "ManualJournal,ReversalVoucher",
        }
        rows = self._list("/AccountTransactions", period)
        ours = {row.get("VoucherId") for row in rows if row.get("ExternalImportReference") == reference}
        return [row for row in rows if row.get("VoucherId") in ours]

    # --- writing -------------------------------------------------------------------------------------------------

    def post_manual_journal(self, body: Mapping[str, object]) -> PostedVoucher:
        """Post a manual journal, once. Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``."""
        response = self._transport.post("/Vouchers/ManualJournals", body)
        try:
            answer: Any = response.json()
            number = answer.get("VoucherNo")
            return PostedVoucher(str(answer["Id"]), str(number) if number else None)
        except (ValueError, KeyError, AttributeError) as error:
            raise OutcomeUnknown(
                f"POST /Vouchers/ManualJournals: answered {response.status_code} without a voucher id",
                status=response.status_code,
            ) from error

    def reverse_voucher(self, voucher_id: str) -> str:
        """Reverse a voucher that this integration posted; returns the id the ledger answers with.

        Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``.
        """
        response = self._transport.post(f"/Vouchers/Reverse/{voucher_id}", None)
        try:
            answer: Any = response.json()
            return str(answer.get("VoucherId") or voucher_id)
        except (ValueError, AttributeError) as error:
            raise OutcomeUnknown(f"POST /Vouchers/Reverse: answered {response.status_code} without a body") from error

    # --- paging --------------------------------------------------------------------------------------------------

    def _land(
        self,
        folder: Path,
        landed: LandedResource,
        path: str,
        params: Parameters,
        changed: str = "lastChangedDateTimeOffsetGreaterThan",
    ) -> LandedResource:
        asked = dict(params)
        if landed.cursor is not None:
            asked[changed] = wire_time(landed.cursor)
        before = self._transport.requests
        for body in self._pages(path, asked):
            if write_page(folder, landed, body) < self._page_size:
                break
        landed.requests += self._transport.requests - before
        return landed

    def _pages(self, path: str, params: Parameters) -> Iterator[bytes]:
        number = 1
        while True:
            page = {**params, "OrderBy": "Id asc", "PageNumber": str(number), "PageSize": str(self._page_size)}
            response = self._transport.get(path, page)
            if response.status_code == 204 or response.content.strip() == b"[]":
                return
            yield response.content
            number += 1

    def _list(self, path: str, params: Parameters | None = None) -> list[Row]:
        found: list[Row] = []
        number = 1
        while True:
            page = {**(params or {}), "PageNumber": str(number), "PageSize": str(self._page_size)}
            response = self._transport.get(path, page)
            rows: list[Row] = [] if response.status_code == 204 else response.json()
            found.extend(rows)
            if len(rows) < self._page_size:
                return found
            number += 1

    def _one(self, path: str) -> Row:
        return dict(self._transport.get(path, a_list=False).json())

    def _exists(self, path: str) -> bool:
        try:
            self._transport.get(path, a_list=False)
        except PermanentFailure as failure:
            if failure.status == 404:
                return False
            raise
        return True


def wire_time(moment: datetime) -> str:
    """A change time as PowerOffice compares it: UTC with seven digits; the plus sign is escaped with the query."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06}0+00:00"


def _ahead(business_date: date) -> str:
    return (business_date + timedelta(days=DAYS_AHEAD)).isoformat()


def _day(text: str) -> date:
    return date.fromisoformat(str(text)[:10])


def _parts(values: Sequence[str]) -> Iterator[str]:
    """The values as comma lists, each short enough for a URL."""
    part: list[str] = []
    length = 0
    for value in values:
        if part and length + len(value) + 1 > LONGEST_LIST:
            yield ",".join(part)
            part, length = [], 0
        part.append(value)
        length += len(value) + 1
    if part:
        yield ",".join(part)
