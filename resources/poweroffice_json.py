"""Bodies for PowerOffice as JSON. Belongs here: writing amounts digit by digit, which ``json`` alone cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import cast


def dumps(body: Mapping[str, object]) -> bytes:
    """``body`` as JSON with amounts written digit by digit: a Decimal never passes through a binary float."""
    return _json(body).encode()


def _json(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        items = cast(Mapping[str, object], value).items()
        return "{" + ",".join(f"{json.dumps(str(name))}:{_json(item)}" for name, item in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_json(item) for item in cast("list[object]", value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)
