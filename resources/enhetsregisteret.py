"""The doors to Enhetsregisteret and Regnskapsregisteret, the registers of legal units and of their accounts.

Belongs here: where they are, how they may be asked, and one look-up of many numbers. A number that could not be asked
about is never one that was not found. Not here: what follows for a debtor (``kredin_pipeline/ledger/sql/debtors.sql``),
and what is kept from day to day (`enhetsregisteret_sync`). Source: Enhetsregisteret reference §§ 1-6.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

import httpx
from dagster import ConfigurableResource
from pydantic import Field

from resources.clock import Clock
from resources.enhetsregisteret_answers import UnitAnswer, is_orgnr
from resources.enhetsregisteret_door import RegisterDoor
from resources.enhetsregisteret_feed import FEED_PAGE
from resources.enhetsregisteret_look_up import NOTHING_KNOWN, Known, look_up

__all__ = ["NUMBERS_PER_CALL", "Enhetsregisteret", "UnitAnswer", "is_orgnr"]

NUMBERS_PER_CALL: Final = 100
"""What the public clients send at most in one search (reference § 2.2)."""
USER_AGENT: Final = "kredin-pipeline (debt collection for creditors; look-ups of their debtors)"

_connections: dict[tuple[str, float], httpx.Client] = {}
_connecting = threading.Lock()


class Enhetsregisteret(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """Where the register is and how it may be asked (etiquette: reference § 5)."""

    clock: Clock = Field(default_factory=Clock)
    api_url: str = Field(default="https://data.brreg.no/enhetsregisteret/api", description="Base, ending in /api.")
    requests_per_second: float = Field(default=5.0, description="0 is no limit of ours.")
    read_timeout_seconds: float = Field(default=10.0)
    attempts: int = Field(default=3, ge=1, description="How often one look-up is tried while its failure passes.")
    numbers_per_search: int = Field(
        default=NUMBERS_PER_CALL, ge=1, le=NUMBERS_PER_CALL, description="Organisation numbers in one search."
    )
    feed_page: int = Field(default=FEED_PAGE, ge=1, le=FEED_PAGE, description="Lines of one page of a change feed.")

    def look_up(
        self, orgnrs: Iterable[str], clock: Clock | None = None, known: Known = NOTHING_KNOWN
    ) -> list[UnitAnswer]:
        """What the register says of each number, in the order given, each once; and of the main unit of each sub-unit
        among them, after those.

        Searched for 100 at a time; what a search does not return is looked up directly, as a main unit, then as a
        sub-unit: a search that misses a number proves nothing. Never raises for what the register answers.
        """
        return look_up(self.door(clock), orgnrs, self.numbers_per_search, known)

    def door(self, clock: Clock | None = None) -> RegisterDoor:
        """One round of questions to Enhetsregisteret; once it proves to be down, the round stops asking."""
        waiting = clock or self.clock
        return RegisterDoor(self._http(), self.api_url, waiting, self.requests_per_second, self.attempts)

    def accounts_door(self, clock: Clock | None = None) -> RegisterDoor:
        """As ``door``, to Regnskapsregisteret on the same host. Asked once each: it promises nothing, and fails for
        some units every time (reference § 6)."""
        url = self.api_url.rstrip("/").removesuffix("/enhetsregisteret/api") + "/regnskapsregisteret"
        return RegisterDoor(self._http(), url, clock or self.clock, self.requests_per_second, 1)

    def close(self) -> None:
        """Give the process's connections to the register back."""
        with _connecting:
            client = _connections.pop((self.api_url, self.read_timeout_seconds), None)
        if client is not None:
            client.close()

    def _http(self) -> httpx.Client:
        place = (self.api_url, self.read_timeout_seconds)
        with _connecting:
            client = _connections.get(place)
            if client is None:
                client = _connections[place] = httpx.Client(
                    timeout=self.read_timeout_seconds,
                    headers={"User-Agent": USER_AGENT},
                    verify=self.api_url.startswith("https:"),
                )
            return client
