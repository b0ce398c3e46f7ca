"""What the ledger must have before a voucher can be posted: accounts, VAT code, department, project, currency.

Here belongs judging the ledger's rows against the settings, in words that name the setting; the same judgement is made
when a setting is changed, when a company goes live, and before each day's posting. Not here: asking for the rows
(``resources``). Rows are mappings with the wire's own names (PowerOffice reference § 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from kredin_pipeline.ledger.voucher_lines import CURRENCY, NO_VAT, ZERO, Accounts, FeeAndInterestVoucher

Row = Mapping[str, Any]
CONTROL_ACCOUNTS: Final = frozenset({"1500", "2400", "2910"})
"""Accounts of the sub-ledgers: nothing can be posted straight to them (PowerOffice reference § 11)."""
CLOSED_PROJECTS: Final = frozenset({"Archived", "Complete"})


@dataclass(frozen=True)
class Wanted:
    """What the tenant's settings name: numbers and codes, as text."""

    fee_account: str | None
    interest_account: str | None
    department: str | None = None
    project: str | None = None

    @property
    def accounts(self) -> tuple[tuple[str, str | None], ...]:
        """Setting and number of both income accounts."""
        return (("fee_account", self.fee_account), ("interest_account", self.interest_account))


@dataclass(frozen=True)
class LedgerRows:
    """The ledger's rows of what the settings name. ``departments`` and ``projects`` are empty when none is named.

    ``currency`` is the company's own (FinancialSettings), None when the ledger does not say.
    """

    accounts: Sequence[Row]
    vat_codes: Sequence[Row]
    departments: Sequence[Row] = ()
    projects: Sequence[Row] = ()
    currency: str | None = CURRENCY


@dataclass(frozen=True)
class Resolved:
    """The ledger's ids behind the settings, the same for every voucher of a run."""

    fee_account_no: str | None
    fee_account_id: str | None
    interest_account_no: str | None
    interest_account_id: str | None
    no_vat_id: str
    department_id: str | None = None
    project_id: str | None = None

    def on(self, subledger_id: str) -> Accounts:
        """These and the customer's sub-ledger account: everything behind the lines of one voucher."""
        return Accounts(
            subledger_id=subledger_id,
            fee_account_no=self.fee_account_no,
            fee_account_id=self.fee_account_id,
            interest_account_no=self.interest_account_no,
            interest_account_id=self.interest_account_id,
            no_vat_id=self.no_vat_id,
            department_id=self.department_id,
            project_id=self.project_id,
        )


def resolve(
    wanted: Wanted, rows: LedgerRows, vouchers: Iterable[FeeAndInterestVoucher]
) -> tuple[Resolved | None, tuple[str, ...]]:
    """The ids that these vouchers need, and every fault, one text each naming the setting. With faults there are none.

    An account that no line of them uses is not asked for: a missing interest account holds no fee.
    """
    waiting = list(vouchers)
    sums = {
        "fee_account": sum((one.fee for one in waiting), ZERO),
        "interest_account": sum((one.interest for one in waiting), ZERO),
    }
    by_number = {str(row.get("AccountNo")): row for row in rows.accounts}
    faults: list[str] = []
    for setting, number in wanted.accounts:
        if sums[setting]:
            fault = _needed_account_fault(setting, number, sums[setting], by_number, wanted)
            faults += [fault] if fault else []
    faults += dimension_faults(wanted, rows)
    if (no_vat := no_vat_id(rows.vat_codes)) is None:
        faults.append(f"VAT code {NO_VAT} (no VAT): the ledger does not list it as active; activate it there")
    if rows.currency not in (None, CURRENCY):
        faults.append(
            f"the company's currency: found {rows.currency}, want {CURRENCY}; fees and interest are kroner by statute, "
            "and are not converted"
        )
    if faults or no_vat is None:
        return None, tuple(faults)

    def account_id(number: str | None) -> str | None:
        row = by_number.get(number or "")
        return None if row is None else str(row["Id"])

    return (
        Resolved(
            fee_account_no=wanted.fee_account,
            fee_account_id=account_id(wanted.fee_account),
            interest_account_no=wanted.interest_account,
            interest_account_id=account_id(wanted.interest_account),
            no_vat_id=no_vat,
            department_id=_id_of(wanted.department, rows.departments),
            project_id=_id_of(wanted.project, rows.projects),
        ),
        (),
    )


def account_fault(number: str, row: Row | None, wanted: Wanted) -> str | None:
    """Why nothing can be booked on an account without VAT, None when it can; begins with a verb, for after a number."""
    if number in CONTROL_ACCOUNTS:
        return "is a control account of a sub-ledger, to which nothing can be posted"
    if row is None:
        return "is not in the company's chart of accounts"
    if row.get("IsActive") is False:
        return "is not active in PowerOffice"
    if row.get("IsVatCodeLocked") and str(row.get("VatCode")) != NO_VAT:
        return f"is locked to VAT code {row.get('VatCode')}, but fees and interest carry no VAT"
    for field, what, setting, code in (
        ("IsDepartmentRequired", "department", "voucher_department", wanted.department),
        ("IsProjectRequired", "project", "voucher_project", wanted.project),
    ):
        if row.get(field) and code is None:
            return f"demands a {what} on every line, and {setting} is not set"
    return None


def dimension_faults(wanted: Wanted, rows: LedgerRows) -> list[str]:
    """What is wrong with the department and the project that the settings name; empty when nothing is, or none is."""
    found: list[str] = []
    for setting, code, listed, place in (
        ("voucher_department", wanted.department, rows.departments, "departments (avdelinger)"),
        ("voucher_project", wanted.project, rows.projects, "projects (prosjekter)"),
    ):
        if code is None:
            continue
        row = next((one for one in listed if str(one.get("Code")) == code), None)
        if row is None:
            found.append(f"{setting}: found {code}, which is not among the company's {place}; want a code from there")
        elif row.get("IsActive") is False or row.get("ProjectStatus") in CLOSED_PROJECTS:
            found.append(f"{setting}: found {code}, which is not active in PowerOffice; want an active one")
    return found


def no_vat_id(vat_codes: Iterable[Row]) -> str | None:
    """The id of VAT code 0, which differs from company to company; None when it is missing or not active."""
    return next(
        (str(row["Id"]) for row in vat_codes if str(row.get("Code")) == NO_VAT and row.get("IsActive") is not False),
        None,
    )


def _needed_account_fault(
    setting: str, number: str | None, amount: Decimal, by_number: Mapping[str, Row], wanted: Wanted
) -> str | None:
    if number is None:
        return f"{setting} is not set, and {amount:.2f} kr waits to be booked on it"
    fault = account_fault(number, by_number.get(number), wanted)
    return f"{setting}: found {number}, which {fault}; want an income account" if fault else None


def _id_of(code: str | None, rows: Iterable[Row]) -> str | None:
    return next((str(row["Id"]) for row in rows if code is not None and str(row.get("Code")) == code), None)
