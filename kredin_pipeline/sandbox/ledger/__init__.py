"""The simulated ledger: a company's books as Go keeps them, without HTTP."""

from .company import Company
from .errors import LedgerConflict, LedgerError, NotInLedger
from .identity import kid_for, organization_no_for
from .records import Account, Customer, Entry, Line, Voucher
from .standing import (
    DEFAULT_APPLICATION_KEY,
    DEFAULT_PRIVILEGES,
    DEFAULT_SUBSCRIPTION_KEY,
    DEFAULT_SUBSCRIPTIONS,
)

__all__ = [
    "DEFAULT_APPLICATION_KEY",
    "DEFAULT_PRIVILEGES",
    "DEFAULT_SUBSCRIPTIONS",
    "DEFAULT_SUBSCRIPTION_KEY",
    "Account",
    "Company",
    "Customer",
    "Entry",
    "LedgerConflict",
    "LedgerError",
    "Line",
    "NotInLedger",
    "Voucher",
    "kid_for",
    "organization_no_for",
]
