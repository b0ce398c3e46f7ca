"""All traffic of a test run against the two OpenAPI descriptions, affordable also for thousands of exchanges.

Belongs here: knowing an exchange that was checked in another one's shape. Not here: the check itself (`openapi`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.contract.openapi import check_exchange

_checked: set[str] = set()  # shapes that were found good in this process
_DIGITS = re.compile(r"\d")


def findings(exchanges: Iterable[Mapping[str, Any]]) -> list[str]:
    """What in these exchanges the descriptions do not allow. An exchange of a shape already found good is not checked
    again: same route, status, fields and kinds of value, only with other digits."""
    found: list[str] = []
    for exchange in exchanges:
        if exchange["fault"] == "status":  # the answer was made wrong on purpose; what was asked still counts
            exchange = {**exchange, "status": None}
        shape = _shape(exchange)
        if shape in _checked:
            continue
        wrong = check_exchange(exchange)
        if wrong:
            found.extend(wrong)
        else:
            _checked.add(shape)
    return found


def _shape(exchange: Mapping[str, Any]) -> str:
    """The exchange with every digit a zero, and its bodies' rows folded to the distinct ones."""
    request = _DIGITS.sub(
        "0", f"{exchange['method']} {exchange['path']}?{exchange['query']} {exchange['request_body']}"
    )
    return f"{request} {exchange['status']} {exchange['fault']} {_folded(exchange['response_body'])}"


def _folded(body: str | None) -> str:
    if body is None:
        return ""
    text = _DIGITS.sub("0", body)
    if not text.startswith("["):
        return text
    try:
        rows = json.loads(re.sub(r"(?<![\d.\"])0+(?=[,}\]])", "0", text))
    except ValueError:
        return text
    return "|".join(sorted({json.dumps(row, sort_keys=True) for row in rows}))
