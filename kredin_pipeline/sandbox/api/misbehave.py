"""What a planned fault makes of an answer, whoever's answer it is (PowerOffice, register, letter drop).

Faults on rows of PowerOffice lists are shown where the page is cut (``listing.py``); here are those that need only the
finished answer, and the row faults of the register's lists.
"""

from __future__ import annotations

import json
from typing import Any, cast

from ..faults import Fault
from .gateway import rate_limited
from .protocol import Answer, ApiError

DROPPED_BEFORE = "timeout"
DROPPED_AFTER = frozenset({"timeout_after_commit", "reset_after_commit"})
_TITLES = {400: "Bad Request", 404: "Object(s) not found", 409: "Object conflict", 500: "An unexpected error occurred."}


def refusal(fault: Fault, *, poweroffice: bool) -> Answer:
    """The answer of a ``status`` fault, with the body that this code has at the place."""
    code = fault.code or 500
    if not poweroffice:
        return Answer(code, headers=dict(fault.headers))
    if code == 429:
        answer = rate_limited(1, False).answer()
    elif code in _TITLES:
        answer = ApiError(code, _TITLES[code], "The call met a planned fault.").answer()
    else:
        answer = Answer(code)
    answer.headers.update(fault.headers)
    return answer


def finished(fault: Fault, answer: Answer) -> Answer:
    """An answer after a fault that changes its body."""
    if fault.kind == "empty_200":
        return Answer(200, b"", answer.content_type)
    return answer


def register_rows(fault: Fault, answer: Answer) -> Answer:
    """Row faults on a register answer: the one list in ``_embedded``, or a bare array."""
    if answer.status != 200 or "json" not in answer.content_type:
        return answer
    body = json.loads(answer.body)
    if isinstance(body, list):
        return Answer(200, _written(_with_fault(fault, cast(list[Any], body))), answer.content_type, answer.headers)
    embedded = body.get("_embedded") if isinstance(body, dict) else None
    if not isinstance(embedded, dict):
        return answer
    lists = cast(dict[str, list[Any]], embedded)
    for name, rows in lists.items():
        lists[name] = _with_fault(fault, rows)
    return Answer(200, _written(body), answer.content_type, answer.headers)


def _with_fault(fault: Fault, rows: list[Any]) -> list[Any]:
    third = max(1, len(rows) // 3)
    if fault.kind == "short_page":
        return rows[: len(rows) - third]
    if fault.kind == "repeated_rows":
        return [*rows, *rows[:third]]
    if fault.kind == "shifted_page":
        return [*rows[: len(rows) // 2], *rows[len(rows) // 2 + 1 :]]
    return rows


def _written(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
