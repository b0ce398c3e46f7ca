"""Media types of the registers and the choice by the caller's Accept header.

Source: Enhetsregisteret reference § 1.1: vendor types carry a version; ``application/json`` and ``*/*`` get the newest;
a version that is not offered is 406.
"""

from __future__ import annotations

_PREFIX = "application/vnd.brreg.enhetsregisteret."
MAIN_UNIT = _PREFIX + "enhet.v2+json"
SUB_UNIT = _PREFIX + "underenhet.v2+json"
ROLES = _PREFIX + "rolle.v1+json"
MAIN_UNIT_FEED = _PREFIX + "oppdatering.enhet.v1+json"
SUB_UNIT_FEED = _PREFIX + "oppdatering.underenhet.v1+json"
MAIN_UNIT_BULK = _PREFIX + "enhet.v2+gzip"
SUB_UNIT_BULK = _PREFIX + "underenhet.v2+gzip"
PLAIN = "application/json"


def chosen(accept: str | None, offered: str) -> str | None:
    """Content type to answer with, or None when nothing that the caller accepts is offered (406)."""
    if not accept or not accept.strip():
        return offered
    best: tuple[float, str] | None = None
    for part in accept.split(","):
        media, *parameters = [piece.strip() for piece in part.split(";")]
        weight = _weight(parameters)
        if weight <= 0:
            continue
        media = media.lower()
        found = PLAIN if media == PLAIN else offered if media in (offered.lower(), "*/*", "application/*") else None
        if found and (best is None or weight > best[0]):
            best = (weight, found)
    return None if best is None else best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
