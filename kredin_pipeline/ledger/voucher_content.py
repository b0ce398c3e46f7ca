"""A voucher as it lies in the outbox: plain JSON there, typed here.

Here belong the names of the content's fields and reading them back, also from content that an earlier version wrote.
Not here: the lines that follow (``voucher_lines``), and when something is sent (``voucher_dispatch``).

Amounts and ids are text, days are ISO text. Fields that came later are optional; without them a voucher is a manual
journal without department, project or calculation, which is what it was when it was written:

=================================== ==========================================================
``voucher_type``                    the ledger's name for it: ``ManualJournal``, ``BankJournal``
``department_id``, ``project_id``   on the income lines
``calculation``                     what the PDF beside the voucher shows (``letters.calculation``)
=================================== ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, cast

from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher, VoucherError

VoucherType = Literal["ManualJournal", "BankJournal"]
WIRE_TYPES: Final[Mapping[str, VoucherType]] = {"manual_journal": "ManualJournal", "bank_journal": "BankJournal"}
"""The setting ``voucher_type`` as the ledger names it (PowerOffice reference § 10, VoucherType)."""


def content_of(voucher: FeeAndInterestVoucher, accounts: Accounts, posting_date: date) -> dict[str, object]:
    """The outbox content of a voucher: plain JSON, amounts and ids as text, days as ISO text."""
    content: dict[str, object] = {
        "case_id": voucher.case_id,
        "invoice_no": voucher.invoice_no,
        "customer_no": voucher.customer_no,
        "settlement_key": voucher.settlement_key,
        "fee": f"{voucher.fee:.2f}",
        "interest": f"{voucher.interest:.2f}",
        "total": f"{voucher.total:.2f}",
        "payment_date": voucher.payment_date.isoformat(),
        "posting_date": posting_date.isoformat(),
        "reference": voucher.reference,
        "tenant": voucher.tenant,
        "subledger_account_id": accounts.subledger_id,
        "fee_account": accounts.fee_account_no,
        "fee_account_id": accounts.fee_account_id,
        "interest_account": accounts.interest_account_no,
        "interest_account_id": accounts.interest_account_id,
        "no_vat_id": accounts.no_vat_id,
    }
    dimensions = {"department_id": accounts.department_id, "project_id": accounts.project_id}
    return content | {name: value for name, value in dimensions.items() if value is not None}


def voucher_of(key: str, content: Mapping[str, Any]) -> tuple[FeeAndInterestVoucher, Accounts, date]:
    """The voucher, its accounts and its posting date back from the outbox. Raises ``VoucherError`` naming the field."""
    try:
        voucher = FeeAndInterestVoucher(
            key=key,
            reference=str(content["reference"]),
            tenant=str(content["tenant"]),
            case_id=str(content["case_id"]),
            invoice_no=str(content["invoice_no"]),
            customer_no=str(content["customer_no"]),
            settlement_key=str(content["settlement_key"]),
            fee=Decimal(str(content["fee"])),
            interest=Decimal(str(content["interest"])),
            total=Decimal(str(content["total"])),
            payment_date=date.fromisoformat(str(content["payment_date"])),
        )
        accounts = Accounts(
            subledger_id=str(content["subledger_account_id"]),
            fee_account_no=content["fee_account"],
            fee_account_id=content["fee_account_id"],
            interest_account_no=content["interest_account"],
            interest_account_id=content["interest_account_id"],
            no_vat_id=str(content["no_vat_id"]),
            department_id=content.get("department_id"),
            project_id=content.get("project_id"),
        )
        return voucher, accounts, date.fromisoformat(str(content["posting_date"]))
    except KeyError as error:
        raise VoucherError(f"outbox {key}: {error.args[0]}: found nothing, want it in the voucher's content") from None


def type_of(content: Mapping[str, Any]) -> VoucherType:
    """The kind of voucher that an item is, of a voucher's or a reversal's content. Raises ``VoucherError``."""
    found = content.get("voucher_type", "ManualJournal")
    if found not in WIRE_TYPES.values():
        wanted = " or ".join(WIRE_TYPES.values())
        raise VoucherError(f"outbox {content.get('reference')}: voucher_type: found {found!r}, want {wanted}")
    return cast(VoucherType, found)
