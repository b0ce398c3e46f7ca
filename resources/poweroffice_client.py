"""The routes of PowerOffice Go that the pipeline uses, for one company.

Belongs here: paths, parameters, and the wire names at the border. Not here: token, rate and retries
(`poweroffice_transport`), paging (`poweroffice_paging`), what the rows mean (`kredin_pipeline.ledger`), in which order
a day reads them (`poweroffice_sync`). Source: PowerOffice reference §§ 4-13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.voucher_looking import LOOK_UP_DAYS
from kredin_pipeline.outcomes import OutcomeUnknown
from resources.http_errors import PassingFailure, PermanentFailure
from resources.poweroffice_documents import first_pdf
from resources.poweroffice_filters import in_parts, ranges_of, wire_time
from resources.poweroffice_paging import LARGEST_PAGE, Lister, parsed, rows_of
from resources.poweroffice_traffic import Traffic
from resources.poweroffice_transport import Parameters, Transport
from resources.poweroffice_windows import Axis, ByCustomerNo, ByDay, Uncut

Row = dict[str, Any]
FIRST_POSTING_DAY: Final = date(1990, 1, 1)
"""The whole ledger is read, not only what is claimed: balances can be proved only over all entries."""
YEARS_AHEAD: Final = 10
"""Payments and invoices may be dated ahead; a read reaches this far past the business date."""
CHANGED: Final = "lastChangedDateTimeOffsetGreaterThan"
BALANCE_CHANGED: Final = "balanceLastChangedDateTimeOffsetGreaterThan"


class PostedVoucher(NamedTuple):
    """A voucher the ledger accepted: its id, and its number or None while the ledger has not given one."""

    id: str
    no: str | None


class PowerOfficeClient:
    """One company's ledger. Rows are mappings with the wire's own names, amounts ``Decimal``; 204 is an empty list.

    Reads raise ``ReadFailure`` (`http_errors`): passing ones after tries with growing waits, permanent ones at once.
    ``page_size``: rows asked for at once; ``ceiling``: the most rows that one read of a list may return in all.
    """

    def __init__(self, transport: Transport, page_size: int, ceiling: int = LARGEST_PAGE) -> None:
        self._transport = transport
        self._page_size = page_size
        self._lister = Lister(transport, page_size, ceiling)

    @property
    def requests(self) -> int:
        """Requests sent so far, tokens and repetitions included."""
        return self._transport.traffic.requests

    @property
    def traffic(self) -> Traffic:
        """What the connection has cost so far: requests by route, repetitions, waiting."""
        return self._transport.traffic

    # --- who the company is --------------------------------------------------------------------------------------

    def check_key(self) -> None:
        """Fetch a token. Raises ``PermanentFailure`` when PowerOffice does not know the key."""
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
        return date.fromisoformat(str(found)[:10]) if found else None

    def accounts(self, account_nos: Sequence[str]) -> list[Row]:
        """Ledger accounts by number; a number that the chart does not have is left out."""
        return [
            row for part in in_parts(account_nos) for row in self._list("/GeneralLedgerAccounts", {"accountNos": part})
        ]

    def vat_codes(self) -> list[Row]:
        """The company's VAT codes with their ids."""
        return self._list("/VatCodes")

    def departments(self, code: str) -> list[Row]:
        """The departments (avdelinger) with a code; none when there is no such code."""
        return self._list("/Departments", {"codes": code})

    def projects(self, code: str) -> list[Row]:
        """The projects with a code; none when there is no such code."""
        return self._list("/Projects", {"projectCodes": code})

    def client_bank_accounts(self) -> list[Row]:
        """The company's bank accounts; ``IsPrimaryAccount`` marks the one to be paid on."""
        return self._list("/ClientBankAccounts")

    # --- landing: pages to disk ----------------------------------------------------------------------------------

    def land_customers(self, landed: LandedResource, customer_nos: Sequence[str] | None = None) -> LandedResource:
        """Customers, changed since the cursor or all, or those with the given numbers (reference § 7)."""
        if customer_nos is None:
            return self._land(landed, "/Customers", [{}], CHANGED, ByCustomerNo(self._customer_nos))
        named = [{"customerNos": part} for part in in_parts(customer_nos)]
        return self._land(landed, "/Customers", named, CHANGED, Uncut())

    def land_contact_persons(self, landed: LandedResource) -> LandedResource:
        """Contact persons of all contacts; they have a change time of their own (reference § 7)."""
        return self._land(landed, "/ContactPersons", [{}], CHANGED, Uncut())

    def land_ledger_entries(self, landed: LandedResource, business_date: date) -> LandedResource:
        """Customer ledger entries over all posting dates, by `Statement` (reference § 8).

        Never by `OpenItems`: an entry that has been closed leaves that list instead of appearing in it. Balances are
        those of the last day asked for, so matches dated ahead are in them.
        """
        every = _all_days(business_date)
        return self._land(landed, "/Customerledger/Statement", [every], CHANGED, ByCustomerNo(self._customer_nos))

    def land_outgoing_invoices(self, landed: LandedResource) -> LandedResource:
        """Headers of sent invoices and credit notes; what changed is told by the balance's own time (§ 9)."""
        return self._land(landed, "/OutgoingInvoices", [{}], BALANCE_CHANGED, ByCustomerNo(self._customer_nos))

    def land_account_transactions(
        self, landed: LandedResource, voucher_nos: Sequence[str], first: date, last: date
    ) -> LandedResource:
        """All ledger lines of the given vouchers, posted between two days (reference § 10)."""
        parts = [{"voucherNos": part} for part in in_parts(ranges_of(voucher_nos))]
        return self._land(landed, "/AccountTransactions", parts, CHANGED, ByDay(first, last))

    # --- reading rows --------------------------------------------------------------------------------------------

    def customer_balances(self, day: date) -> list[Row]:
        """Receivable balance per customer at ``day``; a customer without open items is left out (reference § 8)."""
        asked = {"date": day.isoformat(), "includeOnlyOpenItems": "true", "OrderBy": "CustomerAccountNo asc"}
        path = "/Customerledger/CustomerBalances"
        return _with_balances(self._list(path, asked), path)

    def open_items(self, day: date, customer_nos: Sequence[str]) -> list[Row]:
        """Entries of some customers with a balance at ``day``."""
        return [
            row
            for part in in_parts(customer_nos)
            for row in self._list(
                "/Customerledger/OpenItems", {"date": day.isoformat(), "customerNos": part, "OrderBy": "Id asc"}
            )
        ]

    def open_balances(self, business_date: date) -> dict[str, Decimal]:
        """Balance of every open entry by its id, as of the last day that ``land_ledger_entries`` asks for."""
        asked = {"date": _all_days(business_date)["toDate"], "Fields": "Id,Balance"}
        path = "/Customerledger/OpenItems"
        rows = self._lister.rows(path, asked, ByCustomerNo(self._customer_nos))
        return {str(row["Id"]): Decimal(row["Balance"]) for row in _with_balances(rows, path)}

    def statement(self, first: date, last: date, customer_nos: Sequence[str] | None = None) -> list[Row]:
        """Ledger entries posted from ``first`` to ``last``, of all customers or some; balances as of ``last``."""
        period = {"fromDate": first.isoformat(), "toDate": last.isoformat(), "OrderBy": "Id asc"}
        if customer_nos is None:
            return self._list("/Customerledger/Statement", period)
        return [
            row
            for part in in_parts(customer_nos)
            for row in self._list("/Customerledger/Statement", {**period, "customerNos": part})
        ]

    def entries_by_match_id(self, match_id: str) -> list[Row]:
        """All entries that share a match id; empty when there is no such match."""
        try:
            return self._list("/Customerledger/EntriesByMatchId", {"matchId": match_id})
        except PermanentFailure as failure:
            if failure.status == 404:
                return []
            raise

    def invoice_exists(self, voucher_id: str) -> bool:
        """Whether the ledger still answers for this invoice or credit note."""
        return self._exists(f"/OutgoingInvoices/{voucher_id}")

    def contact_person_exists(self, customer_id: str, person_id: str) -> bool:
        """Whether the ledger still answers for this contact person of a customer."""
        return self._exists(f"/ContactPersons/{customer_id}/{person_id}")

    def customer_exists(self, customer_id: str) -> bool:
        """Whether the ledger still answers for this customer; one that was merged into another is gone."""
        return self._exists(f"/Customers/{customer_id}")

    def find_vouchers(
        self, wanted: Mapping[str, date], voucher_types: Sequence[str] = ("ManualJournal",)
    ) -> dict[str, list[Row]]:
        """The ledger lines of vouchers with our references, each posted within days of its date; by reference.

        The route has no filter for the reference (reference § 10): the lines of these types, from the first date to the
        last, are read once and sifted, references compared without case. A reference that is not visible is left out.
        """
        if not wanted:
            return {}
        days = ByDay(min(wanted.values()) - LOOK_UP_DAYS, max(wanted.values()) + LOOK_UP_DAYS)
        rows = self._lister.rows("/AccountTransactions", {"voucherTypes": ",".join(voucher_types)}, days)
        asked = {reference.lower(): reference for reference in wanted}
        ours: dict[Any, str] = {}
        for row in rows:
            reference = asked.get(str(row.get("ExternalImportReference") or "").lower())
            if reference is not None:
                ours[row.get("VoucherId")] = reference
        found: dict[str, list[Row]] = {}
        for row in rows:
            if row.get("VoucherId") in ours:
                found.setdefault(ours[row.get("VoucherId")], []).append(row)
        return found

    # --- writing -------------------------------------------------------------------------------------------------

    def post_manual_journal(self, body: Mapping[str, object]) -> PostedVoucher:
        """Post a manual journal, once (reference § 11.1).

        Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``.
        """
        return self.post_journal("ManualJournal", body)

    def post_journal(self, voucher_type: str, body: Mapping[str, object]) -> PostedVoucher:
        """Post a ``ManualJournal`` or ``BankJournal``, once (reference §§ 11.1, 11.2).

        Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``.
        """
        path = f"/Vouchers/{voucher_type}s"
        response = self._transport.post(path, body)
        try:
            answer: Any = response.json()
            number = answer.get("VoucherNo")
            return PostedVoucher(str(answer["Id"]), str(number) if number else None)
        except (ValueError, KeyError, AttributeError) as error:
            raise OutcomeUnknown(
                f"PowerOffice: POST {path} answered {response.status_code} without a voucher id",
                status=response.status_code,
            ) from error

    def has_pdf(self, voucher_id: str) -> bool:
        """Whether a PDF lies beside a voucher (reference § 12)."""
        rows = self._list("/VoucherDocumentation", {"id": voucher_id})
        return any(row.get("HasPdf") is True for row in rows)

    def voucher_pdf(self, voucher_id: str) -> bytes | None:
        """The PDF of a voucher, e.g. an invoice as it was sent; None when it has none (reference § 12).

        PowerOffice gives a ZIP of files. Raises ``ReadFailure``; a missing privilege is a permanent one with 403.
        """
        asked = {"id": voucher_id, "documentationType": "Pdf"}
        packed = self._transport.get_file("/VoucherDocumentation/Download", asked)
        return None if packed is None else first_pdf(packed, voucher_id)

    def attach_pdf(self, voucher_id: str, name: str, content: bytes) -> None:
        """Lay a PDF beside a voucher of ours; one that lies there is replaced (reference § 12).

        Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``.
        """
        self._transport.put_file("/VoucherDocumentation", {"id": voucher_id}, name, content)

    def reverse_voucher(self, voucher_id: str) -> str:
        """Reverse a voucher that this integration posted (reference § 11.5); gives the id that the ledger answers with.

        Raises ``NothingSent``, ``Rejected`` or ``OutcomeUnknown``.
        """
        response = self._transport.post(f"/Vouchers/Reverse/{voucher_id}", None)
        try:
            answer: Any = response.json() if response.content.strip() else {}
            return str(answer.get("VoucherId") or voucher_id)
        except (ValueError, AttributeError) as error:
            raise OutcomeUnknown(
                f"PowerOffice: POST /Vouchers/Reverse answered {response.status_code} with no JSON object"
            ) from error

    # --- paging --------------------------------------------------------------------------------------------------

    def _land(
        self, landed: LandedResource, path: str, parts: Sequence[Parameters], changed: str, axis: Axis
    ) -> LandedResource:
        since = {} if landed.cursor is None else {changed: wire_time(landed.cursor)}
        return self._lister.land(landed, path, [{**part, **since} for part in parts], axis)

    def _customer_nos(self) -> tuple[int, int] | None:
        """The lowest and the highest customer number in use."""
        found: list[int] = []
        for order in ("asc", "desc"):
            asked = {"OrderBy": f"Number {order}", "PageNumber": "1", "PageSize": "1"}
            page = self._transport.get("/Customers", asked)
            found += [int(row["Number"]) for row in rows_of(page, "/Customers") if row.get("Number")]
        return (min(found), max(found)) if found else None

    def _list(self, path: str, params: Parameters | None = None) -> list[Row]:
        found: list[Row] = []
        number = 1
        while True:
            asked = {**(params or {}), "PageNumber": str(number), "PageSize": str(self._page_size)}
            page = self._transport.get(path, asked)
            rows = rows_of(page, path)
            found += rows
            if len(rows) < self._page_size:
                return found
            number += 1

    def _one(self, path: str) -> Row:
        page = self._transport.get(path, a_list=False)
        return cast(Row, parsed(page, path)) if page.status != 204 else {}

    def _exists(self, path: str) -> bool:
        try:
            self._transport.get(path, a_list=False)
        except PermanentFailure as failure:
            if failure.status == 404:
                return False
            raise
        return True


def _with_balances(rows: list[Row], path: str) -> list[Row]:
    """Rows that prove the mirror; one without a balance is a failure, and never 0."""
    if not all(isinstance(row.get("Balance"), (int, Decimal)) for row in rows):
        raise PassingFailure(f"PowerOffice: GET {path} answered 200 with rows that have no balance")
    return rows


def _all_days(business_date: date) -> dict[str, str]:
    last = date(business_date.year + YEARS_AHEAD, 12, 31)
    return {"fromDate": FIRST_POSTING_DAY.isoformat(), "toDate": last.isoformat()}
