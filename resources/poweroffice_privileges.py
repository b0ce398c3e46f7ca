"""Which privilege a route of PowerOffice Go needs, and what a refused call therefore asks of a person.

Belongs here: the table and its words. Source: PowerOffice reference §§ 2, 7-13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NEEDED: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("GET", "/customerledger/", ("CustomerLedger", "CustomerLedger_Full")),
    ("GET", "/contactpersons", ("ContactPerson", "Customer", "ContactPerson_Full", "Customer_Full")),
    ("GET", "/customers", ("Customer", "Customer_Full")),
    ("GET", "/outgoinginvoices", ("OutgoingInvoice", "OutgoingInvoice_Full")),
    ("GET", "/accounttransactions", ("AccountTransaction", "AccountTransaction_Full")),
    ("GET", "/generalledgeraccounts", ("GeneralLedgerAccount", "GeneralLedgerAccount_Full")),
    ("GET", "/clientbankaccounts", ("ClientBankAccount", "ClientBankAccount_Full")),
    ("GET", "/vatcodes", ("CommonServices", "CommonServices_Full")),
    ("GET", "/lockdatesettings", ("CommonServices", "CommonServices_Full")),
    ("GET", "/financialsettings", ("CommonServices", "CommonServices_Full")),
    ("GET", "/organizationsettings", ("CommonServices", "CommonServices_Full")),
    ("GET", "/departments", ("Department", "Department_Full")),
    ("GET", "/projects", ("Project", "Project_Full")),
    ("GET", "/voucherdocumentation", ("VoucherDocumentation", "VoucherDocumentation_Full")),
    ("PUT", "/voucherdocumentation", ("VoucherDocumentation_Full",)),
    ("POST", "/vouchers/bankjournals", ("BankVoucher_Full",)),
    ("POST", "/vouchers/manualjournals", ("ManualVoucher_Full",)),
    ("POST", "/vouchers/reverse/", ("ReverseVoucher_Full",)),
)
"""Method, beginning of the path in lower case, and the privileges of which one is enough."""

TOKEN_ADVICE: Final[dict[int, str]] = {
    400: "The client key and our application key do not belong together here; was the extension removed in Go, or is "
    "the key from the other environment (demo, production)?",
    401: "Check the subscription key.",
}
"""What to do about a refused token, by status."""


def needed_for(method: str, path: str) -> tuple[str, ...]:
    """The privileges of which a call needs one; empty when none is known."""
    return next((names for m, p, names in NEEDED if m == method and path.lower().startswith(p)), ())


def advice_for(method: str, path: str, status: int, information: Mapping[str, Any] | None) -> str:
    """What to do about a refused call. ``information`` is the company's ``ClientIntegrationInformation``, if known."""
    if status == 401:
        return "A new token was refused as well: check the subscription key and that the extension still stands in Go"
    if status == 404:
        return ""
    if status != 403:
        return ""
    names = needed_for(method, path)
    wanted = " or ".join(names) or "the privilege of this route"
    if information is None:
        return f"It needs the privilege {wanted}"
    valid = {str(name) for name in information.get("ValidPrivileges") or ()}
    blocked = {str(name) for name in information.get("InvalidPrivileges") or ()}
    if valid & set(names):
        return (
            f"The company grants {', '.join(sorted(valid & set(names)))}, so the token is older than that right: try "
            "again in 20 minutes, and ask PowerOffice if it stays"
        )
    if blocked & set(names):
        return f"The privilege {wanted} is blocked: the company's Go subscription lacks the module that it depends on"
    return f"The privilege {wanted} is not granted to this integration; ask PowerOffice to add it to its key"
