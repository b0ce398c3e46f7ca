"""The manual journal that books fees and interest when the debtor has paid them (rules § 5.4).

Here belong the lines of a voucher (bilag), its date, and the comparison of a voucher that was found in the ledger with
the one that was meant. Not here: which settlement brought in costs (``cases``), and sending (``voucher_dispatch``).

A voucher sums to zero by itself, without a rounding line; debit is positive (PowerOffice reference § 5)::

    debit   customer's sub-ledger account    fee + interest
    credit  fee_account                      fee                VAT code 0
    credit  interest_account                 interest           VAT code 0

Statutory fees and late interest lie outside the VAT base (merverdiavgiftsloven § 4-1 (2) b, c).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

NO_VAT = "0"
"""The VAT code (mva-kode) for no VAT; its id differs from company to company."""
CURRENCY = "NOK"
ZERO = Decimal("0.00")


class VoucherError(ValueError):
    """A voucher that must not be posted: names tenant, case, field, what was found and what is wanted."""


@dataclass(frozen=True)
class FeeAndInterestVoucher:
    """What one settlement brought in, kroner. ``key`` is the outbox key, ``reference`` follows from it.

    ``payment_date`` is the settlement's date in the ledger (Oslo day); account and customer numbers are text.
    """

    key: str
    reference: str
    tenant: str
    case_id: str
    invoice_no: str
    customer_no: str
    settlement_key: str
    fee: Decimal
    interest: Decimal
    total: Decimal
    payment_date: date

    def checked(self) -> FeeAndInterestVoucher:
        """This voucher, after its sums have been checked. Raises ``VoucherError``."""
        if self.fee < 0 or self.interest < 0:
            raise self._error("fee, interest", f"{self.fee}, {self.interest}", "amounts that are not negative")
        if self.fee + self.interest != self.total or self.total <= 0:
            raise self._error("total", f"{self.total}", f"{self.fee + self.interest}, above zero")
        if any(amount != amount.quantize(Decimal("0.01")) for amount in (self.fee, self.interest)):
            raise self._error("fee, interest", f"{self.fee}, {self.interest}", "whole øre")
        return self

    def _error(self, field: str, found: str, wanted: str) -> VoucherError:
        return VoucherError(
            f"{self.tenant}: voucher for case {self.case_id} (invoice {self.invoice_no}), {field}: "
            f"found {found}, want {wanted}. Nothing is posted."
        )


@dataclass(frozen=True)
class Accounts:
    """The ledger's ids behind a voucher's lines; ids are text here and numbers on the wire.

    ``subledger_id`` is the customer's sub-ledger account (SubledgerAccountId), never the customer's id or number.
    Department (avdeling) and project stand on the income lines: they divide the result, not what a customer owes.
    """

    subledger_id: str
    fee_account_no: str | None
    fee_account_id: str | None
    interest_account_no: str | None
    interest_account_id: str | None
    no_vat_id: str
    department_id: str | None = None
    project_id: str | None = None


@dataclass(frozen=True)
class FoundLine:
    """One line of a voucher as read back from the ledger. ``customer_no`` is set on the sub-ledger line alone."""

    voucher_id: str
    voucher_no: str | None
    account_no: str
    customer_no: str | None
    amount: Decimal
    is_reversed: bool = False
    posting_date: date | None = None


def first_open_day(payment_date: date, lock_date: date | None, conversion_date: date | None = None) -> date:
    """The day a voucher is dated (Oslo day): the payment's, or the first one after it on which the ledger takes it.

    The books are locked up to and including ``lock_date``, and nothing is posted before ``conversion_date``, the first
    day of bookkeeping in PowerOffice (reference § 13).
    """
    days = [payment_date]
    if lock_date is not None:
        days.append(lock_date + timedelta(days=1))
    if conversion_date is not None:
        days.append(conversion_date)
    return max(days)


def manual_journal(voucher: FeeAndInterestVoucher, accounts: Accounts, posting_date: date) -> dict[str, object]:
    """The body of ``POST /Vouchers/ManualJournals``, and of ``BankJournals`` too; amounts are ``Decimal``.

    The two take the same fields (PowerOffice reference §§ 11.1, 11.2). No line says what it should be matched with: the
    payment carries no reference of ours, and an invoice number would make the ledger look among the wrong items. What
    is left over of the payment and this debit are matched by the accountant. A line of 0.00 is left out.

    Raises ``VoucherError`` when an account is missing or the lines do not balance.
    """
    voucher = voucher.checked()
    fee = (voucher.fee, accounts.fee_account_id, "fee_account", "Purregebyr")
    interest = (voucher.interest, accounts.interest_account_id, "interest_account", "Forsinkelsesrente")
    texts = [name for amount, _, _, name in (fee, interest) if amount]
    paid_on = f"{voucher.payment_date:%d.%m.%Y}"
    subject = f"faktura {voucher.invoice_no}, sak {voucher.case_id}, betalt {paid_on}"
    whole = f"{' og '.join([texts[0], *(text.lower() for text in texts[1:])])}, {subject}"
    lines = [_line(accounts.subledger_id, voucher.total, accounts.no_vat_id, posting_date, whole)]
    for amount, account_id, setting, name in (fee, interest):
        if not amount:
            continue
        if account_id is None:
            raise VoucherError(
                f"{voucher.tenant}: {setting} is not set or not in the chart of accounts, but case {voucher.case_id} "
                f"has {amount} to book on it. Nothing is posted."
            )
        line = _line(account_id, -amount, accounts.no_vat_id, posting_date, f"{name}, {subject}")
        dimensions = (("DepartmentId", accounts.department_id), ("ProjectId", accounts.project_id))
        lines.append(line | {field: int(found) for field, found in dimensions if found is not None})
    left = sum((Decimal(str(line["CurrencyAmount"])) for line in lines), ZERO)
    if left:
        raise VoucherError(f"{voucher.tenant}: voucher {voucher.key} does not balance, {left} is left over")
    return {
        "VoucherDate": posting_date.isoformat(),
        "CurrencyCode": CURRENCY,
        "Description": whole,
        "ExternalImportReference": voucher.reference,
        "VoucherLines": lines,
    }


def _line(account_id: str, amount: Decimal, vat_id: str, posting_date: date, text: str) -> dict[str, object]:
    return {
        "AccountId": int(account_id),
        "CurrencyAmount": amount,
        "CurrencyCode": CURRENCY,
        "PostingDate": posting_date.isoformat(),
        "VatId": int(vat_id),
        "Description": text,
    }


def difference(voucher: FeeAndInterestVoucher, accounts: Accounts, found: Sequence[FoundLine]) -> str | None:
    """How the voucher in the ledger differs from the one that was meant, None when it does not.

    Compared are the sum on the customer and the sum on each income account, not the dates: another day is no other
    voucher.
    """
    vouchers = {line.voucher_id for line in found}
    if len(vouchers) > 1:
        return f"{len(vouchers)} vouchers carry the reference: {', '.join(sorted(vouchers))}"
    meant = {f"customer {voucher.customer_no}": voucher.total}
    for account_no, amount in (
        (accounts.fee_account_no, voucher.fee),
        (accounts.interest_account_no, voucher.interest),
    ):
        if amount and account_no is not None:
            name = f"account {account_no}"
            meant[name] = meant.get(name, ZERO) - amount
    there = _sums(found)
    if there == meant:
        return None
    return f"found {_shown(there)}, meant {_shown(meant)}"


def _sums(lines: Iterable[FoundLine]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        sums[f"customer {line.customer_no}" if line.customer_no else f"account {line.account_no}"] += line.amount
    return {name: amount for name, amount in sums.items() if amount}


def _shown(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{name} {amount:.2f}" for name, amount in sorted(sums.items())) or "no lines"
