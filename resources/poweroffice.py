"""The door to PowerOffice Go: where it is, which integration we are, how fast we may ask.

Belongs here: the configuration of the connection and making a client for one company. Not here: the routes
(`poweroffice_client`) and how a request is made (`poweroffice_transport`).
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from dagster import ConfigurableResource
from pydantic import Field, SecretStr

from kredin_pipeline.environment import load_environment
from resources.clock import Clock
from resources.http_errors import Waits
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_paging import LARGEST_PAGE
from resources.poweroffice_transport import Keys, Transport
from resources.rate_limit import shared_limit

ALLOWED_PER_SECOND = 10.0
"""What PowerOffice allows a subscription (reference § 4); a burst must leave room for the rate behind it."""
USER_AGENT = "kredin-pipeline"

_connections: dict[tuple[str, float], httpx.Client] = {}  # kept alive between clients; making one costs milliseconds
_connecting = threading.Lock()


class MissingKeys(RuntimeError):
    """The integration's own keys are not configured; the message names the variables."""


class PowerOffice(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """The connection's configuration. In production the keys stay out of it: Dagster would store and show them."""

    clock: Clock
    api_url: str = Field(description="Base of the API, ending in /v2.")
    token_url: str = Field(description="The token endpoint.")
    home: str = Field(default="", description="KREDIN_HOME; its environment holds the integration's keys.")
    application_key: str = Field(default="", repr=False, description="For tests; else from the environment.")
    subscription_key: str = Field(default="", repr=False, description="For tests; else from the environment.")
    page_size: int = Field(default=5000, ge=1, description="Rows a page; PowerOffice allows up to 20,000.")
    read_ceiling: int = Field(default=LARGEST_PAGE, ge=1, description="Rows that one list may give over all its pages.")
    requests_per_second: float = Field(default=5.0, description="Of the subscription's 10; 0 is no limit of ours.")
    read_timeout_seconds: float = Field(default=60.0, description="How long to wait for an answer.")
    attempts: int = Field(default=5, ge=1, description="How often a read is tried while its failure passes.")
    longest_wait_seconds: float = Field(default=120.0, description="What one read may wait in all between its tries.")

    def client(self, client_key: SecretStr, tenant: str = "") -> PowerOfficeClient:
        """A client for the company behind ``client_key``; ``tenant`` is named in its errors.

        Raises ``MissingKeys``; asks nothing yet.
        """
        application, subscription = self._integration_keys()
        transport = Transport(
            api_url=self.api_url,
            token_url=self.token_url,
            keys=Keys(application, subscription, client_key),
            clock=self.clock,
            limit=shared_limit(subscription.get_secret_value(), self.requests_per_second, self._burst()),
            http=self._http(),
            waits=Waits(tries=self.attempts, budget=self.longest_wait_seconds),
            whose=f"{tenant}: PowerOffice" if tenant else "PowerOffice",
        )
        return PowerOfficeClient(transport, min(self.page_size, LARGEST_PAGE), self.read_ceiling)

    @contextmanager
    def connected(self, client_key: SecretStr, tenant: str = "") -> Generator[PowerOfficeClient]:
        """A client for one block. Its connections stay open for the next one."""
        yield self.client(client_key, tenant)

    def close(self) -> None:
        """Give the process's connections to this address back."""
        with _connecting:
            client = _connections.pop(self._place(), None)
        if client is not None:
            client.close()

    def _burst(self) -> float:
        return max(1.0, min(self.requests_per_second, ALLOWED_PER_SECOND - self.requests_per_second))

    def _place(self) -> tuple[str, float]:
        return self.api_url, self.read_timeout_seconds

    def _http(self) -> httpx.Client:
        with _connecting:
            client = _connections.get(self._place())
            if client is None:
                seconds = self.read_timeout_seconds
                client = _connections[self._place()] = httpx.Client(
                    timeout=httpx.Timeout(seconds, connect=min(seconds, 10.0)),
                    headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
                    verify=self.api_url.startswith("https:"),  # loading the authorities is slow and useless for http
                )
            return client

    def _integration_keys(self) -> tuple[SecretStr, SecretStr]:
        if self.application_key and self.subscription_key:
            return SecretStr(self.application_key), SecretStr(self.subscription_key)
        environment = load_environment(Path(self.home) if self.home else None)
        application, subscription = environment.poweroffice_application_key, environment.poweroffice_subscription_key
        missing = environment.missing_poweroffice_keys()
        if missing or application is None or subscription is None:
            raise MissingKeys(f"{' and '.join(missing)}: not set; they come with the integration from PowerOffice")
        return application, subscription
