"""Requests and answers checked against the two OpenAPI files (PowerOffice Go v2, the business registers).

Here belongs the reading of the files and the checking of one exchange; which exchanges are checked is up to the tests.
The files are looked for in ``$KREDIN_REFERENCE``, by default ``../shared/reference`` beside the project. PowerOffice's
objects are checked as closed: a property that the description does not have is a finding on either side of the wire.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from ruamel.yaml import YAML

Json = dict[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete", "head")
_ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("KREDIN_REFERENCE", _ROOT.parent / "shared" / "reference"))
_SHOWN_BY_FAULT = frozenset({"empty_200", "number_late"})  # answers that are wrong on purpose
_ROWS_CHECKED = 300  # of a long list: the first and the last rows


class ContractViolation(AssertionError):
    """An exchange that the description does not allow; the text names operation, place and finding."""


@dataclass(frozen=True)
class Operation:
    """One documented operation: its path as a pattern, and the operation object."""

    method: str
    template: str
    pattern: re.Pattern[str]
    spec: Json
    document: str


def _read(name: str) -> Json:
    path = REFERENCE / name
    with path.open(encoding="utf-8") as file:
        return cast(Json, YAML(typ="safe").load(file))


@cache
def document(name: str) -> Json:
    """One of the two files, by ``poweroffice`` or ``brreg``."""
    return _read(f"{name}-openapi-subset.yaml")


@cache
def operations() -> tuple[Operation, ...]:
    """All documented operations; fixed paths before those with parameters."""
    found: list[Operation] = []
    for name in ("poweroffice", "brreg"):
        for template, methods in cast(Json, document(name)["paths"]).items():
            escaped = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
            base = r"(?:/demo)?" + ("" if template == "/OAuth/Token" else "/v2") if name == "poweroffice" else ""
            pattern = re.compile(f"^{base}{escaped}$", re.IGNORECASE)
            found += [
                Operation(method.upper(), template, pattern, spec, name)
                for method, spec in cast(Json, methods).items()
                if method in _METHODS
            ]
    return tuple(sorted(found, key=lambda op: op.template.count("{")))


def operation(method: str, path: str) -> Operation:
    """The operation of a request. Raises ``ContractViolation`` when the descriptions have none."""
    for one in operations():
        if one.method == method.upper() and one.pattern.match(path):
            return one
    raise ContractViolation(f"{method} {path}: no such operation is described")


# --- schemas ---------------------------------------------------------------------------------------------------


def _resolved(name: str, node: Any) -> Json:
    """Follow one ``$ref`` inside a document."""
    if isinstance(node, dict) and "$ref" in node:
        target: Any = document(name)
        for part in str(cast(Json, node)["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return cast(Json, target)
    return cast(Json, node)


def _converted(name: str, node: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: ``nullable`` becomes a type, references point into ``$defs``."""
    if isinstance(node, list):
        return [_converted(name, one) for one in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    schema = cast(Json, node)
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{str(schema['$ref']).rsplit('/', 1)[-1]}"}
    kept = {k: _converted(name, v) for k, v in schema.items() if k not in ("nullable", "discriminator", "example")}
    if "properties" in schema:
        kept["properties"] = {key: _converted(name, one) for key, one in cast(Json, schema["properties"]).items()}
        if name == "poweroffice" and "additionalProperties" not in schema:
            kept["additionalProperties"] = False
    if schema.get("nullable"):
        if "enum" in kept:
            kept["enum"] = [*kept["enum"], None]
        if isinstance(kept.get("type"), str):
            kept["type"] = [kept["type"], "null"]
        elif "allOf" in kept or "oneOf" in kept:
            return {"anyOf": [kept, {"type": "null"}]}
    return kept


@cache
def _definitions(name: str) -> Json:
    return {key: _converted(name, one) for key, one in document(name)["components"]["schemas"].items()}


_NUMBER = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "number", lambda _, value: isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    ),
)
_PLACES: dict[tuple[str, str], Any] = {}


def _validator(name: str, schema: Any) -> Any:
    key = (name, json.dumps(schema, sort_keys=True, default=str))
    if key not in _PLACES:
        _PLACES[key] = _NUMBER({**_converted(name, schema), "$defs": _definitions(name)})
    return _PLACES[key]


_FORMATS = {
    "date": re.compile(r"^\d{4}-\d\d-\d\d(T00:00:00)?$"),  # a time part has been seen (PowerOffice reference § 4)
    "uuid": re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
}


def _sampled(value: Any) -> Any:
    if isinstance(value, list) and len(cast(list[Any], value)) > _ROWS_CHECKED:
        rows = cast(list[Any], value)
        return [*rows[: _ROWS_CHECKED - 50], *rows[-50:]]
    return value


def _findings(name: str, schema: Any, value: Any) -> list[str]:
    value = _sampled(value)
    found = [
        f"{'/'.join(str(part) for part in error.absolute_path) or 'body'}: {error.message[:300]}"
        for error in _validator(name, schema).iter_errors(value)
    ]
    return found + _format_findings(name, schema, value, "body")


def _format_findings(name: str, schema: Any, value: Any, where: str) -> list[str]:
    """Dates and GUIDs by their look (JSON Schema leaves formats unchecked)."""
    node = _resolved(name, schema)
    if isinstance(value, str) and node.get("format") in _FORMATS:
        ok = _FORMATS[node["format"]].match(value)
        return [] if ok else [f"{where}: {value!r} is no {node['format']}"]
    if isinstance(value, list) and "items" in node:
        return [f for n, one in enumerate(cast(list[Any], value)) for f in
                _format_findings(name, node["items"], one, f"{where}[{n}]")]  # fmt: skip
    if isinstance(value, dict):
        properties = cast(Json, node.get("properties", {}))
        return [f for key, one in cast(Json, value).items() if key in properties and one is not None for f in
                _format_findings(name, properties[key], one, f"{where}.{key}")]  # fmt: skip
    return []


# --- one exchange ----------------------------------------------------------------------------------------------


def _parsed(body: Any) -> Any:
    if isinstance(body, bytes | str):
        return json.loads(body) if body.strip() else None
    return body


def _contents(op: Operation, status: int) -> Mapping[str, Any] | None:
    """Content types of a documented status; an empty mapping for an answer without a body; None when undocumented."""
    responses = cast(Json, op.spec["responses"])
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            response = _resolved(op.document, responses[key])
            return cast(Mapping[str, Any], response.get("content") or {})
    return None


def validate_response(method: str, path: str, status: int, body: Any, content_type: str | None = None) -> None:
    """Check an answer: the status is documented for the operation, and the body fits its schema. ``body``: text, bytes
    or parsed JSON; None or empty when there was none. Raises ``ContractViolation``."""
    op = operation(method, path)
    contents = _contents(op, status)
    if contents is None:
        raise ContractViolation(f"{method} {path}: status {status} is not described")
    if body in (None, b"", ""):
        if status in (200, 201) and any("json" in kind for kind in contents):
            raise ContractViolation(f"{method} {path}: {status} without a body")
        return
    if status == 204:
        raise ContractViolation(f"{method} {path}: 204 with a body")
    kinds = [kind for kind in contents if content_type is None or content_type.split(";")[0] == kind.split(";")[0]]
    if not kinds:
        if contents and content_type is not None:
            raise ContractViolation(f"{method} {path} {status}: content type {content_type}, want {list(contents)}")
        return  # a body that the description leaves open
    if "json" not in kinds[0]:
        return
    found = _findings(op.document, contents[kinds[0]].get("schema", {}), _parsed(body))
    if found:
        raise ContractViolation(f"{method} {path} {status}: " + "; ".join(found[:8]))


def validate_request(method: str, path: str, query: str | Mapping[str, str] | None, body: Any,
                     content_type: str | None = None) -> None:  # fmt: skip
    """Check a request: every query parameter is documented and fits its type, mandatory ones are there, the body fits.
    Raises ``ContractViolation``."""
    op = operation(method, path)
    found = _query_findings(op, query)
    wanted = op.spec.get("requestBody")
    if wanted is None:
        if body not in (None, b"", ""):
            found.append("a body where none is described")
    else:
        contents = cast(Json, _resolved(op.document, wanted)["content"])
        kind = (content_type or next(iter(contents))).split(";")[0]
        if kind not in contents:
            found.append(f"content type {kind}, want {', '.join(contents)}")
        elif "json" in kind:
            found += _findings(op.document, contents[kind]["schema"], _parsed(body))
        elif kind == "application/x-www-form-urlencoded" and isinstance(body, str | bytes):
            text = body.decode() if isinstance(body, bytes) else body
            found += _findings(op.document, contents[kind]["schema"], dict(parse_qsl(text)))
    if found:
        raise ContractViolation(f"{method} {path}?{query or ''}: " + "; ".join(found[:8]))


def _query_findings(op: Operation, query: str | Mapping[str, str] | None) -> list[str]:
    given = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else list((query or {}).items())
    parameters = [_resolved(op.document, one) for one in cast(list[Any], op.spec.get("parameters") or [])]
    known = {str(one["name"]): one for one in parameters if one["in"] == "query"}
    by_lower = {name.lower(): one for name, one in known.items()}
    found: list[str] = []
    for name, value in given:
        if name == "subscription-key":
            continue
        parameter = known.get(name) or (by_lower.get(name.lower()) if op.document == "poweroffice" else None)
        if parameter is None:
            found.append(f"query parameter {name} is not described")
            continue
        schema = _resolved(op.document, parameter.get("schema", {}))
        found += [f"query parameter {name}={value}: {text}" for text in _value_findings(op, schema, value)]
    names = {name.lower() for name, _ in given}
    found += [f"query parameter {name} is missing" for name, one in known.items()
              if one.get("required") and name.lower() not in names]  # fmt: skip
    return found


def _value_findings(op: Operation, schema: Json, text: str) -> Sequence[str]:
    kind = schema.get("type")
    if kind == "array":
        items = _resolved(op.document, schema.get("items", {}))
        return [f for part in text.split(",") for f in _value_findings(op, items, part)]
    value: Any = text
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            return ["want a whole number"]
        value = int(text)
    elif kind == "boolean":
        if text not in ("true", "false"):
            return ["want true or false"]
        value = text == "true"
    elif schema.get("format") == "date-time" and not re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        return ["want a timestamp"]
    elif schema.get("format") == "date-time" and " " in text:
        return ["the + of the offset was not escaped"]
    return _findings(op.document, schema, value)


def check_exchange(exchange: Mapping[str, Any]) -> list[str]:
    """Findings of one record of the sandbox's request log (``Control.requests()``): request and answer.

    Left out: the letter drop, answers that a fault made wrong on purpose, bodies too large for the log. A request that
    the service refused as malformed (400, 404, 414) is not checked again.
    """
    path, method, status = str(exchange["path"]), str(exchange["method"]), exchange["status"]
    if path.startswith(("/letter-drop", "/onboarding")):
        return []
    found: list[str] = []
    try:
        if status not in (400, 401, 404, 414):
            request_body = exchange["request_body"]
            validate_request(method, path, str(exchange["query"]), request_body, exchange["request_type"])
        cut = exchange["response_bytes"] and exchange["response_body"] is None
        if status is not None and exchange["fault"] not in _SHOWN_BY_FAULT and not cut:
            validate_response(method, path, int(status), exchange["response_body"], exchange["response_type"])
    except ContractViolation as violation:
        found.append(str(violation))
    return found
