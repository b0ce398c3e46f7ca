"""PowerOffice as the sending of vouchers sees it: wire rows become lines with text ids and decimal amounts.

Belongs here: which kind of voucher is posted and looked for where. Not here: the routes
(`resources.poweroffice_client`) and what follows from an answer (`kredin_pipeline.ledger`).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kredin_pipeline.journal import OutboxItem
from kredin_pipeline.ledger.voucher_content import VoucherType, type_of
from kredin_pipeline.ledger.voucher_lines import FoundLine
from resources.poweroffice_client import PowerOfficeClient

CUSTOMERS_NAMED = 200
"""Of more customers than this everybody's entries are read: that is fewer requests than naming them."""


class LedgerDoor:
    """The ledger of one tenant. ``types`` says for each reference what kind of voucher it is; manual journal if not
    named, which is also what every voucher was before there was a choice."""

    def __init__(self, client: PowerOfficeClient, types: Mapping[str, VoucherType] | None = None) -> None:
        self._client = client
        self._types: Mapping[str, VoucherType] = types or {}

    @property
    def voucher_types(self) -> tuple[VoucherType, ...]:
        """The kinds to look among, in alphabetical order."""
        return tuple(sorted(set(self._types.values()))) or ("ManualJournal",)

    def find_all(self, wanted: Mapping[str, date]) -> dict[str, list[FoundLine]]:
        """The visible lines with our references, in whatever case the ledger gives them back, read in one window of
        posting dates (PowerOffice reference § 10). A reference that shows none is left out."""
        return {
            reference: [_line(row) for row in rows if not row.get("ReversedVoucherId")]
            for reference, rows in self._client.find_vouchers(wanted, self.voucher_types).items()
        }

    def seen_on_customers(self, wanted: Mapping[str, str], first: date, last: date) -> set[str]:
        """Those references that the customers' own ledger shows, posted in these days (PowerOffice reference § 8)."""
        asked = {reference.lower(): reference for reference in wanted}
        customers = sorted(set(wanted.values()))
        rows = self._client.statement(first, last, customers if len(customers) <= CUSTOMERS_NAMED else None)
        shown = {str(row.get("ExternalImportReference") or "").lower() for row in rows}
        return {reference for lower, reference in asked.items() if lower in shown}

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        """Post a voucher, once; gives its id, and its number if the ledger has given one."""
        voucher_type = self._types.get(str(body["ExternalImportReference"]), "ManualJournal")
        posted = self._client.post_journal(voucher_type, body)
        return posted.id, posted.no

    def reverse(self, voucher_id: str) -> str:
        """Reverse a voucher, once."""
        return self._client.reverse_voucher(voucher_id)


def types_of(items: Iterable[OutboxItem]) -> dict[str, VoucherType]:
    """For each voucher or reversal, by the voucher's reference, what kind of voucher it is."""
    return {str(item.payload["reference"]): type_of(item.payload) for item in items}


def _line(row: Mapping[str, Any]) -> FoundLine:
    return FoundLine(
        voucher_id=str(row["VoucherId"]),
        voucher_no=str(row["VoucherNo"]) if row.get("VoucherNo") else None,
        account_no=str(row["AccountNo"]),
        customer_no=str(row["CustomerAccountNo"]) if row.get("CustomerAccountNo") else None,
        amount=Decimal(str(row["Amount"])).quantize(Decimal("0.01")),
        is_reversed=row.get("IsReversed") is True,
    )
