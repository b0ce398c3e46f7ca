"""Checks answers of the register against the OpenAPI subset that we were given."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from ruamel.yaml import YAML
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

with warnings.catch_warnings():  # the test client's word about a successor of httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.faults import Faults
from kredin_pipeline.sandbox.register import Register, register_app

BASE = "/enhetsregisteret/api"
HEADERS = {"User-Agent": "kredin-tests", "Accept": "application/vnd.brreg.enhetsregisteret.enhet.v2+json"}
_HERE = Path(__file__).resolve().parents[3]


def reference_folder() -> Path:
    """The shared reference material beside the project; tests that need it are skipped without it."""
    folder = Path(os.environ.get("KREDIN_REFERENCE", str(_HERE.parent / "shared" / "reference")))
    if not folder.is_dir():
        pytest.skip("reference material is not here; set KREDIN_REFERENCE")
    return folder


@cache
def _document() -> dict[str, Any]:
    return YAML(typ="safe").load(reference_folder() / "brreg-openapi-subset.yaml")


def assert_follows_contract(response: Any, path: str) -> None:
    """The status is documented for the path and the body fits the schema of its media type."""
    responses = _document()["paths"][path]["get"]["responses"]
    declared = responses.get(str(response.status_code)) or responses.get(f"{response.status_code // 100}XX")
    assert declared is not None, f"{path}: status {response.status_code} is not in the contract"
    if "$ref" in declared:
        declared = _document()["components"]["responses"][declared["$ref"].rsplit("/", 1)[-1]]
    content = declared.get("content")
    if content is None:
        assert response.content == b"", f"{path}: {response.status_code} has no body in the contract"
        return
    media = response.headers["content-type"].split(";")[0]
    assert media in content, f"{path}: media type {media} is not in the contract"
    errors = list(_errors(content[media]["schema"], response.json()))
    assert not errors, "\n".join(errors)


def _errors(schema: dict[str, Any], body: Any) -> Iterator[str]:
    whole = {**schema, "components": _document()["components"]}
    for error in OAS30Validator(whole).iter_errors(body):
        yield f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message}"


class Site:
    """A register behind HTTP, as the sandbox mounts it."""

    def __init__(self, default: str = "unknown", faults: Faults | None = None, **options: Any) -> None:
        self.clock = SandboxClock("2026-11-23T09:00")
        self.register = Register(self.clock)
        self.register.default = default  # type: ignore[assignment]
        for name, value in options.items():
            setattr(self.register.options, name, value)
        self.seen: list[dict[str, Any]] = []
        app = register_app(self.register, faults, self.clock, self.seen.append)
        self.http = TestClient(Starlette(routes=[Mount(BASE, app), Mount("/regnskapsregisteret", app)]))

    def get(self, path: str, accept: str | None = None, **params: Any) -> Any:
        headers = {"User-Agent": "kredin-tests", "Accept": accept or "application/json"}
        return self.http.get(BASE + path, params=params, headers=headers)

    def accounts(self, orgnr: str, **params: Any) -> Any:
        return self.http.get(f"/regnskapsregisteret/regnskap/{orgnr}", params=params)


__all__ = ["BASE", "HEADERS", "Response", "Site", "assert_follows_contract", "reference_folder"]
