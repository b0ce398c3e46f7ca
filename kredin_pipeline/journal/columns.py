"""Column types that mean the same in SQLite and PostgreSQL: aware UTC times and canonical JSON text."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Final, cast

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from kredin_pipeline.journal.errors import JournalError

_ENCODER: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class UtcTime(TypeDecorator[datetime]):
    """An instant: timestamptz in PostgreSQL, fixed-width ISO text in SQLite (so that text order is time order)."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise JournalError(f"time {value.isoformat()}: has no offset, want an aware time")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")[:-6] + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return found.astimezone(UTC)


def canonical_json(value: object, where: str, *, floats: bool = False) -> str:
    """One text for one value: sorted keys, amounts and days as text.

    A float is refused with its path, because money must not pass through one; with ``floats`` (what people typed)
    it is written as the shortest decimal text instead. Raises ``JournalError``.
    """
    return text_of(plain(value, where, floats=floats))


def plain(value: object, where: str, *, floats: bool = False) -> object:
    """The value as ``canonical_json`` writes it and a reader gets it back: mappings, lists, text, whole numbers."""
    return _plain(value, where, floats)


def text_of(content: object) -> str:
    """The canonical text of what is plain already."""
    return _ENCODER.encode(content)


def _plain(value: object, where: str, floats: bool) -> object:
    if isinstance(value, (str, int, NoneType)):  # bool is an int; most of what is stored is text
        return value
    if isinstance(value, Mapping):
        items = cast(Mapping[object, object], value).items()
        return {str(key): _plain(item, f"{where}.{key}", floats) for key, item in items}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise JournalError(f"{where}: the time {value.isoformat()} has no offset")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        if floats:
            return format(Decimal(str(value)), "f")
        raise JournalError(f"{where}: found the binary float {value!r}, want a Decimal, a whole number or text")
    if isinstance(value, Sequence | set | frozenset):
        listed = cast("Sequence[object]", sorted(value) if isinstance(value, set | frozenset) else value)
        return [_plain(item, f"{where}[{index}]", floats) for index, item in enumerate(listed)]
    raise JournalError(f"{where}: cannot store a {type(value).__name__}")
