"""Organisation numbers: check digit, cleaning and invented series.

Only arithmetic on the nine digits belongs here; whether a number is registered is the register's business.
Source: Enhetsregisteret reference § 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_NINE_DIGITS = re.compile(r"[0-9]{9}")

#: Passes the check digit and is never registered; clients use it as a ready-made negative test.
NEVER_REGISTERED = "999999999"


def is_nine_digits(number: str) -> bool:
    """True when the text has the outer shape of an organisation number (ASCII digits only)."""
    return _NINE_DIGITS.fullmatch(number) is not None


def has_valid_check_digit(number: str) -> bool:
    """True for nine digits whose last one is the modulus-11 check digit of the first eight."""
    if not is_nine_digits(number):
        return False
    return check_digit(number[:8]) == number[8]


def check_digit(stem: str) -> str | None:
    """Check digit of an eight-digit stem, or None when the stem cannot carry one (remainder 1)."""
    remainder = sum(int(digit) * weight for digit, weight in zip(stem, _WEIGHTS, strict=True)) % 11
    if remainder == 1:
        return None
    return str((11 - remainder) % 11)


def invented_numbers(first_stem: int) -> Iterator[str]:
    """Valid organisation numbers in rising order from an eight-digit stem; stems without a check digit are skipped."""
    for stem in range(first_stem, 100_000_000):
        digit = check_digit(f"{stem:08d}")
        if digit is not None:
            yield f"{stem:08d}{digit}"
