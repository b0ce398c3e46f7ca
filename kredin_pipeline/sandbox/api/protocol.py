"""What every route shares: the call, the answer, query parameters, errors.

Here belongs how the API reads a request and words a refusal (reference § 4). Who may call is in ``gateway.py``, what
the lists contain in the route modules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from ..clock import read_ticks
from ..faults import Fault
from ..ledger.errors import LedgerError

if TYPE_CHECKING:
    from ..ledger.company import Company
    from ..world import World

JSON = "application/json"
Json = dict[str, Any]


class ApiError(Exception):
    """A refusal. ``gateway`` bodies are ``{statusCode, message}``, the others ProblemDetails in lower case."""

    def __init__(self, status: int, title: str = "", detail: str = "", *, gateway: bool = False,
                 headers: Mapping[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.gateway = gateway
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        if not self.title and not self.detail:
            return Answer(self.status, headers=self.headers)
        body: Json = (
            {"statusCode": self.status, "message": self.detail or self.title}
            if self.gateway
            else {"title": self.title, "detail": self.detail}
        )
        return Answer(self.status, json.dumps(body, ensure_ascii=False).encode(), headers=self.headers)


def bad_parameter(detail: str, title: str = "Invalid query parameter") -> ApiError:
    return ApiError(400, title, detail)


def missing(name: str) -> ApiError:
    """A mandatory query parameter was left out."""
    return ApiError(404, "Resource not found", f"No operation fits the request; the parameter {name} is missing.")


def not_found(what: str, key: object) -> ApiError:
    return ApiError(404, "Object(s) not found", f"{what} with id = {key} not found.")


def from_ledger(error: LedgerError, *, conflict_is_400: bool = False) -> ApiError:
    """The ledger's refusal as the API answers it."""
    status = 400 if conflict_is_400 and error.status == 409 else error.status
    return ApiError(status, error.title, error.detail)


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])


def answer_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, dumps(value).encode())


def dumps(value: Any) -> str:
    """JSON with ``Decimal`` as a number."""
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value)} is not JSON")


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """``10000,10005-10010,13000-``: single numbers, inclusive ranges, open ranges; None when nothing was asked."""

    singles: frozenset[int]
    ranges: tuple[tuple[int, int | None], ...]

    def __contains__(self, value: int) -> bool:
        return value in self.singles or any(
            low <= value and (high is None or value <= high) for low, high in self.ranges
        )


class Query:
    """Query parameters, names in any case. An unknown name does nothing, as on the real service; OData names are
    refused. Blank means no filter."""

    def __init__(self, raw: bytes | str) -> None:
        text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        self.raw = text
        self._values: dict[str, str] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self._values.setdefault(name.lower(), value)

    def refuse_odata(self) -> None:
        for name in self._values:
            if name.startswith("$"):
                raise bad_parameter(f"The query parameter '{name}' is not supported.")

    def text(self, name: str) -> str | None:
        value = self._values.get(name.lower(), "").strip()
        return value or None

    def texts(self, name: str) -> frozenset[str] | None:
        value = self.text(name)
        return None if value is None else frozenset(part.strip() for part in value.split(",") if part.strip())

    def flag(self, name: str) -> bool:
        return bool(self.maybe_flag(name))

    def maybe_flag(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in ("true", "false"):
            raise bad_parameter(f"The value '{value}' is not valid for {name}.")
        return value.lower() == "true"

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError as error:
            raise bad_parameter(f"The value '{value}' is not valid for {name}.") from error

    def day(self, name: str) -> str | None:
        """An ISO date; a time part is ignored (reference § 4)."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            try:
                return datetime.fromisoformat(value).date().isoformat()
            except ValueError as error:
                raise bad_parameter(f"The value '{value}' is not valid for {name}.") from error

    def needed_day(self, name: str) -> str:
        """A mandatory date: without it the service finds no such resource (reference §§ 4, 15 no. 7)."""
        value = self.day(name)
        if value is None:
            raise missing(name)
        return value

    def ticks(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return read_ticks(value)
        except ValueError as error:
            raise bad_parameter(f"The value '{value}' is not valid for {name}.") from error

    def numbers(self, name: str) -> NumberFilter | None:
        """Numbers with ranges."""
        value = self.text(name)
        if value is None:
            return None
        singles: set[int] = set()
        ranges: list[tuple[int, int | None]] = []
        for part in (p.strip() for p in value.split(",")):
            if not part:
                continue
            low, dash, high = part.partition("-")
            if not low.strip().isdigit() or (high.strip() and not high.strip().isdigit()):
                raise bad_parameter(f"The value '{part}' is not valid for {name}.")
            if dash:
                ranges.append((int(low), int(high) if high.strip() else None))
            else:
                singles.add(int(low))
        return NumberFilter(frozenset(singles), tuple(ranges))

    def ids(self, name: str) -> frozenset[int] | None:
        """Ids: no ranges; a hyphen is refused."""
        values = self.texts(name)
        if values is None:
            return None
        try:
            return frozenset(int(one) for one in values if "-" not in one or _refuse_range(name))
        except ValueError as error:
            raise bad_parameter(f"Cannot convert {name} to ids.", "Unable to cast object(s)") from error

    def without_paging(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((k, v) for k, v in self._values.items() if k not in _PAGING))


_PAGING = frozenset({"pagenumber", "pagesize", "fields", "subscription-key"})


def _refuse_range(name: str) -> bool:
    raise bad_parameter(f"{name} takes no ranges.", "Unable to cast object(s)")


@dataclass(slots=True)
class Call:
    """One authorised request. ``tail`` are the path segments after the route's fixed ones, as sent."""

    world: World
    company: Company
    application_key: str
    method: str
    path: str
    tail: tuple[str, ...]
    query: Query
    headers: Mapping[str, str]
    raw: bytes
    fault: Fault | None = None

    def json(self) -> Any:
        """The body; numbers with a fraction are ``Decimal``. Raises 400 when it is no JSON."""
        try:
            return json.loads(self.raw, parse_float=Decimal)
        except ValueError as error:
            raise ApiError(400, "One or more validation errors occurred.", f"The body is not JSON: {error}") from error

    def object(self, names: Mapping[str, str] | None = None) -> Json:
        """The body as an object. ``names`` (lower case → PascalCase) binds property names in any case."""
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "One or more validation errors occurred.", "The body must be an object.")
        found = cast(Json, body)
        if names is None:
            return found
        return {names.get(key.lower(), key): value for key, value in found.items()}

    def hidden(self, changed: int) -> bool:
        """Whether the fault ``late_visible`` hides a row changed then."""
        fault = self.fault
        if fault is None or fault.kind != "late_visible":
            return False
        return changed > self.company.clock.ticks() - int(fault.seconds * 10_000_000)


Handler = Callable[[Call], Answer]
