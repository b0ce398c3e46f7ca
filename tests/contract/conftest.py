"""A running sandbox and a plain HTTP client on it; every exchange of a test is checked against the descriptions."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start

from .openapi import check_exchange


class Caller:
    """An integration of one company: subscription key and token on every call."""

    def __init__(self, sandbox: RunningSandbox, client_key: str) -> None:
        self.sandbox = sandbox
        self.client_key = client_key
        self.http = httpx.Client(
            base_url=sandbox.base_url, headers={"Ocp-Apim-Subscription-Key": DEFAULT_SUBSCRIPTION_KEY}, timeout=5
        )
        self.renew()

    def renew(self) -> None:
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def token(self, application_key: str = DEFAULT_APPLICATION_KEY) -> httpx.Response:
        auth = (application_key, self.client_key)
        return self.http.post("/OAuth/Token", data={"grant_type": "client_credentials"}, auth=auth)

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.http.get(f"/v2/{path}", params=params)

    def post(self, path: str, body: object = None) -> httpx.Response:
        return self.http.post(f"/v2/{path}", json=body) if body is not None else self.http.post(f"/v2/{path}")

    def patch(self, path: str, operations: list[dict[str, object]]) -> httpx.Response:
        return self.http.request("PATCH", f"/v2/{path}", json=operations,
                                 headers={"Content-Type": "application/json-patch+json"})  # fmt: skip


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(now="2025-03-10T06:00", rate_per_second=0, fault_hold_seconds=0.2)) as running:
        yield running


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[Control]:
    sandbox.control.reset()
    sandbox.control.set_options(
        rate_per_second=0, retry_after_header=True, dates_with_time="never", page_ceiling=20_000,
        write_off_voucher_type="ManualJournal", duplicate_reference_status=400, token_lifetime_seconds=1200,
    )  # fmt: skip
    yield sandbox.control


@pytest.fixture
def caller(sandbox: RunningSandbox, control: Control) -> Iterator[Caller]:
    made = Caller(sandbox, control.add_company("Fjellheim AS", "999990002"))
    yield made
    made.http.close()


@pytest.fixture
def checked(control: Control) -> Iterator[None]:
    """Use where all traffic of the test must fit the descriptions."""
    yield
    findings = [text for exchange in control.requests() for text in check_exchange(exchange)]
    assert not findings, "\n".join(findings[:20])
