"""What a customer is by default, and how the words of a world event map to CustomerDto properties.

The shape of the whole DTO on the wire is in ``api/rows.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from .errors import LedgerError
from .identity import organization_no_for

_PLAIN = {
    "name": "Name",
    "legal_name": "LegalName",
    "orgnr": "OrganizationNumber",
    "email": "EmailAddress",
    "invoice_email": "InvoiceEmailAddress",
    "reminder_email": "PaymentReminderEmailAddress",
    "phone": "PhoneNumber",
    "archived": "IsArchived",
    "send_reminders": "SendPaymentReminders",
    "no_fees": "DoNotAddLatePaymentFees",
    "no_interest": "DoNotAddLatePaymentInterest",
    "no_automatic_notifications": "DoNotAutomatePaymentNotifications",
    "payment_term": "PaymentTerm",
    "currency": "CurrencyCode",
    "first_name": "FirstName",
    "last_name": "LastName",
    "date_of_birth": "DateOfBirth",
    "external_no": "ExternalNumber",
    "external_import_reference": "ExternalImportReference",
    "reminder_delivery": "ReminderDeliveryType",
    "invoice_delivery": "InvoiceDeliveryType",
    "transfer_to_debt_collection": "TransferToDebtCollectionAgency",
    "active": "IsActive",
}
_ADDRESS = {
    "line1": "AddressLine1", "line2": "AddressLine2", "zip": "ZipCode", "city": "City", "country": "CountryCode",
}  # fmt: skip
_TEXTS = frozenset({"OrganizationNumber", "PhoneNumber", "DateOfBirth"})
_QUIET = frozenset({"MailAddress"})  # changes that do not move LastChangedDateTimeOffset (reference § 7)


def default_fields(no: str) -> dict[str, Any]:
    """A business with a valid organisation number of its own, an e-mail and a postal address."""
    return {
        "Name": f"Kunde {no} AS",
        "OrganizationNumber": organization_no_for(no),
        "EmailAddress": f"post@kunde{no}.example",
        "MailAddress": {
            "AddressLine1": f"Storgata {int(no) % 200 + 1}",
            "ZipCode": "0155",
            "City": "Oslo",
            "CountryCode": "NO",
        },
    }


def apply_words(fields: dict[str, Any], words: Mapping[str, Any], no: str, today: date) -> bool:
    """Change a customer's properties by the words of an event; True when the change moves its timestamp.

    Raises ``LedgerError`` for a word that is not known.
    """
    before = {key: value for key, value in fields.items() if key not in _QUIET}
    for word, value in words.items():
        if word in _PLAIN:
            name = _PLAIN[word]
            fields[name] = str(value) if name in _TEXTS and value is not None else value
        elif word == "address":
            fields["MailAddress"] = _address(value, no)
        elif word == "person":
            _become_person(fields, bool(value), words, no)
        elif word == "minor":
            _become_person(fields, True, words, no)
            years = 16 if value else 40
            fields["DateOfBirth"] = date(today.year - years, 1, 15).isoformat()
        else:
            raise LedgerError(f"customer {no}: unknown key {word!r}; known: {', '.join(sorted(_PLAIN))}, address, "
                              f"person, minor")  # fmt: skip
    if fields.get("IsPerson") and fields.get("Name"):
        first, _, last = str(fields.pop("Name")).rpartition(" ")
        fields["FirstName"], fields["LastName"] = first or "Kari", last
    return before != {key: value for key, value in fields.items() if key not in _QUIET}


def _become_person(fields: dict[str, Any], person: bool, words: Mapping[str, Any], no: str) -> None:
    if not person:
        fields["IsPerson"] = False
        fields.setdefault("Name", f"Kunde {no} AS")
        return
    if fields.get("IsPerson"):
        return
    fields["IsPerson"] = True
    fields["OrganizationNumber"] = words.get("orgnr")
    fields.setdefault("DateOfBirth", "1979-05-20")
    if "name" not in words:
        fields["Name"] = f"Kari Nordmann{int(no) % 1000}"


def _address(value: Any, no: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = {"line1": value, "zip": "0155", "city": "Oslo"}
    given = cast(Mapping[str, Any], value)
    unknown = set(given) - set(_ADDRESS)
    if unknown:
        raise LedgerError(f"customer {no}: address has unknown key(s) {', '.join(sorted(unknown))}")
    made: dict[str, Any] = {_ADDRESS[key]: None if part is None else str(part) for key, part in given.items()}
    made.setdefault("CountryCode", "NO")
    return made
