"""A PowerOffice that answers the questions of onboarding from plain rows, in the shapes of the reference (§§ 2, 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from pydantic import SecretStr

from resources.http_errors import PermanentFailure

KEY = "7d32debc-bf06-5855-9565-6217c7c31b08"
PRIVILEGES = [
    "Customer", "CustomerLedger", "OutgoingInvoice", "AccountTransaction", "GeneralLedgerAccount", "CommonServices",
    "ManualVoucher_Full", "ReverseVoucher_Full",
]  # fmt: skip


def permanent_failure(status: int, route: str, said: str) -> PermanentFailure:
    """The failure of a read as the client raises it, made without knowing how it is put together."""
    failure = PermanentFailure.__new__(PermanentFailure)
    Exception.__init__(failure, f"{route}: answered {status} ({said})")
    failure.status = status
    return failure


def account(no: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "AccountNo": no, "Name": name, "IsActive": True, "GeneralLedgerAccountType": "Income",
        "IsVatCodeLocked": False, "VatCode": "0", "IsDepartmentRequired": False, "IsProjectRequired": False, **more,
    }  # fmt: skip


@dataclass
class FakeLedger:
    """One company. Its answers may be changed before it is asked."""

    valid: list[str] = field(default_factory=lambda: list(PRIVILEGES))
    blocked: list[str] = field(default_factory=list[str])
    organization: dict[str, Any] = field(
        default_factory=lambda: {
            "LegalName": "Fjellheim AS", "OrganizationNumber": "999990126", "EmailAddress": "post@fjellheim.example",
            "PhoneNumber": "73000000",
            "MailAddress": {"AddressLine1": "Elvegata 1", "AddressLine2": None, "ZipCode": "7010", "City": "Trondheim"},
        }
    )  # fmt: skip
    chart: list[dict[str, Any]] = field(
        default_factory=lambda: [account(3950, "Purregebyr"), account(8050, "Annen renteinntekt")]
    )
    vat: list[dict[str, Any]] = field(default_factory=lambda: [{"Id": 101, "Code": "0"}, {"Id": 103, "Code": "3"}])
    dimensions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Departments, and projects: those have a ``ProjectStatus``."""
    asked_with: list[str] = field(default_factory=list[str])

    def client(self, client_key: SecretStr) -> FakeLedger:
        self.asked_with.append(client_key.get_secret_value())
        return self

    def client_information(self) -> Mapping[str, Any]:
        return {
            "ClientName": "Fjellheim AS", "ClientId": "c0ffee00-0000-0000-0000-000000000001",
            "ValidPrivileges": self.valid, "InvalidPrivileges": self.blocked,
            "ActiveClientSubscriptions": ["Invoicing", "Accounting"],
        }  # fmt: skip

    def organization_settings(self) -> Mapping[str, Any]:
        return self.organization

    def accounts(self, account_nos: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        return [row for row in self.chart if str(row["AccountNo"]) in account_nos]

    def client_bank_accounts(self) -> Sequence[Mapping[str, Any]]:
        return [
            {"BankAccountNumber": "86010000000", "IsPrimaryAccount": False, "IsActive": True},
            {"BankAccountNumber": "86011117947", "IsPrimaryAccount": True, "IsActive": True},
        ]

    def vat_codes(self) -> Sequence[Mapping[str, Any]]:
        return self.vat

    def departments(self, code: str) -> Sequence[Mapping[str, Any]]:
        return [row for row in self.dimensions if row["Code"] == code and "ProjectStatus" not in row]

    def projects(self, code: str) -> Sequence[Mapping[str, Any]]:
        return [row for row in self.dimensions if row["Code"] == code and "ProjectStatus" in row]


@dataclass(frozen=True)
class FixedClock:
    moment: datetime = datetime(2025, 3, 17, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()
