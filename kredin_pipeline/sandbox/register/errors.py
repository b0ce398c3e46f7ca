"""The registers' error bodies: the validation shape and the framework shape.

Only shapes belong here; which request is refused is decided where the request is read.
Source: Enhetsregisteret reference § 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import JSONResponse

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a request: message, the parameters it is about, the value found."""

    message: str
    parameters: tuple[str, ...]
    value: str | None = None


class BadRequest(Exception):
    """A request that the service refuses with 400; carries every finding."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f.message for f in findings))
        self.findings = tuple(findings)


def validation_error(error: BadRequest, path: str, at: datetime) -> JSONResponse:
    """The 400 body; its top message is generic, the list says what is wrong."""
    listed: list[dict[str, object]] = []
    for finding in error.findings:
        one: dict[str, object] = {"feilmelding": finding.message, "parametere": list(finding.parameters)}
        if finding.value is not None:
            one["feilaktigVerdi"] = finding.value
        listed.append(one)
    body = {
        "tidsstempel": int(at.timestamp() * 1000),
        "status": 400,
        "feilmelding": "Feilaktig forespørsel",
        "valideringsfeil": listed,
        "sti": path,
        "antallFeil": len(listed),
    }
    return JSONResponse(body, 400, media_type=JSON_TYPE)


def framework_error(status: int, error: str, path: str, at: datetime) -> JSONResponse:
    """The body of 500 and its kin; ``status`` is text here, and the message says nothing."""
    body = {
        "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000",
        "status": str(status),
        "error": error,
        "message": "An error occurred while processing the request.",
        "path": path,
        "trace": "00000000-0000-4000-8000-000000000000",
    }
    return JSONResponse(body, status, media_type=JSON_TYPE)
