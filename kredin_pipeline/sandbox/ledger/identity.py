"""Numbers that identify: GUIDs of vouchers, KID, organisation numbers, account number spaces.

All are made from counters, so the same events give the same world. The number spaces of customer numbers, contact ids,
sub-ledger account ids, account ids and VAT ids do not overlap: a client that sends one for another hits nothing.
"""

from __future__ import annotations

from hashlib import sha256

CONTACT_ID_FROM = 4_400_000
SUBLEDGER_ID_FROM = 7_700_000
ACCOUNT_ID_FROM = 5_500_000
ENTRY_ID_FROM = 90_000_000
TRANSACTION_ID_FROM = 300_000_000
MATCH_ID_FROM = 60_000_000

_BITS = 60
_MASK = (1 << _BITS) - 1
_MIX = 0x9E3779B97F4A7C1 | 1
_UNMIX = pow(_MIX, -1, 1 << _BITS)


class GuidSeries:
    """GUIDs that look random, made from a sequence number and turned back into it without a table."""

    def __init__(self, seed: str) -> None:
        digest = sha256(seed.encode()).hexdigest()
        self._tail = f"{'89ab'[int(digest[0], 16) % 4]}{digest[1:4]}-{digest[4:16]}"

    def guid(self, sequence: int) -> str:
        digits = f"{(sequence * _MIX) & _MASK:015x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:]}-{self._tail}"

    def sequence(self, guid: str) -> int | None:
        """The sequence number of a GUID of this series; None for any other text."""
        text = guid.strip().lower()
        if len(text) != 36 or not text.endswith(self._tail) or text[14] != "4":
            return None
        try:
            return (int(text[:8] + text[9:13] + text[15:18], 16) * _UNMIX) & _MASK
        except ValueError:
            return None


def mod10_digit(digits: str) -> int:
    """Check digit of a KID (MOD10): weights 2, 1 from the right, digit sums added."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10


def kid_for(customer_no: str, invoice_no: str) -> str:
    """The KID that the invoice carries when none is given: customer number, invoice number (8 places), check digit."""
    body = f"{customer_no}{invoice_no:0>8}"
    return f"{body}{mod10_digit(body)}"


def organization_no_check_digit(eight: str) -> int | None:
    """Check digit (MOD11) of a Norwegian organisation number; None when these eight digits have none."""
    rest = sum(int(digit) * weight for digit, weight in zip(eight, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return 0 if rest == 0 else (None if rest == 1 else 11 - rest)


def organization_no_for(customer_no: str) -> str:
    """A valid organisation number that belongs to this customer number alone (numbers below one million)."""
    seven = f"{9_000_000 + int(customer_no) % 1_000_000}"
    for last in "0123456789":
        check = organization_no_check_digit(seven + last)
        if check is not None:
            return f"{seven}{last}{check}"
    raise AssertionError(seven)
