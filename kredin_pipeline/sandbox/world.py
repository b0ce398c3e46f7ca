"""Everything that the sandbox simulates, in one object: companies, register, mailbox, letter drop, clock, faults.

Here belongs what exists and how it is emptied; HTTP is in ``app.py`` and ``api/``, what an event does in ``events.py``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .api.onboarding import Onboarding
from .api.settings import CUSTOMER_SERIES_ID, PAYMENT_TERMS
from .clock import SandboxClock
from .faults import Faults
from .ledger import Company
from .ledger.collector import let_go
from .letter_drop import LetterDrop
from .mailbox import Mailbox
from .options import SandboxOptions
from .register.state import Register
from .request_log import RequestLog


@dataclass
class Grant:
    """What a token allows. The privileges are those of the moment of issue (reference § 2)."""

    client_key: str
    application_key: str
    expires: int  # ticks
    privileges: frozenset[str]


class Bucket:
    """Requests per second of one subscription key, in real time; a full second's worth may come at once."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._level = rate
        self._at = time.monotonic()

    def wait(self) -> float:
        """0 when a request may pass now (and is counted), else the seconds until one may."""
        now = time.monotonic()
        self._level = min(self.rate, self._level + (now - self._at) * self.rate)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self.rate


class KeptLists:
    """Filtered lists of the latest reads, good until the books' version moves."""

    def __init__(self, keep: int = 8) -> None:
        self._keep = keep
        self._lists: OrderedDict[Hashable, tuple[int, list[Any]]] = OrderedDict()

    def get(self, key: Hashable, version: int, make: Callable[[], list[Any]]) -> list[Any]:
        found = self._lists.get(key)
        if found is not None and found[0] == version:
            self._lists.move_to_end(key)
            return found[1]
        made = make()
        self._lists[key] = (version, made)
        while len(self._lists) > self._keep:
            self._lists.popitem(last=False)
        return made

    def clear(self) -> None:
        self._lists.clear()


class World:
    """The simulated world of one sandbox process."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.base_url = ""
        self.clock = SandboxClock(options.now)
        self.faults = Faults()
        self.register = Register(self.clock, options.register_default)
        self.mailbox = Mailbox(self.clock, self.faults, options.fault_hold_seconds)
        self.letter_drop = LetterDrop(self.clock, options.letter_drop_dir)
        self.log = RequestLog(options.log_requests, options.log_bodies_up_to)
        self.companies: dict[str, Company] = {}
        self.tokens: dict[str, Grant] = {}
        self.onboardings: dict[str, Onboarding] = {}
        self.removed_extensions: set[str] = set()  # client keys that get no new token
        self.buckets: dict[str, Bucket] = {}
        self.kept_lists = KeptLists()
        self.busy_customer_posts: set[str] = set()
        self.payment_terms = PAYMENT_TERMS
        self.customer_series_id = CUSTOMER_SERIES_ID

    def reset(self) -> None:
        """An empty world with the options it has; the clock goes back to where it was started."""
        self.companies.clear()
        self.kept_lists.clear()
        let_go()
        self.tokens.clear()
        self.onboardings.clear()
        self.removed_extensions.clear()
        self.buckets.clear()
        self.busy_customer_posts.clear()
        self.faults.clear()
        self.register.reset()
        self.register.default = self.options.register_default
        self.mailbox.clear()
        self.letter_drop.clear()
        self.log.clear()
        self.clock.restart()
        if self.options.now is not None:
            self.clock.set(self.options.now)
        else:
            self.clock.release()

    def add_company(
        self,
        name: str,
        organization_no: str,
        client_key: str | None = None,
        application_key: str | None = None,
        subscription_key: str | None = None,
        privileges: Sequence[str] | None = None,
        subscriptions: Sequence[str] | None = None,
    ) -> Company:
        """A new, empty company. Raises ``ValueError`` when the client key is taken."""
        made = Company(
            self.clock, name, organization_no, client_key=client_key, application_key=application_key,
            subscription_key=subscription_key, privileges=privileges, subscriptions=subscriptions,
            write_off_voucher_type=self.options.write_off_voucher_type,
        )  # fmt: skip
        if made.client_key in self.companies:
            raise ValueError(f"a company with client key {made.client_key} exists already")
        self.companies[made.client_key] = made
        return made

    def company(self, client_key: str) -> Company:
        """Raises ``KeyError`` with a text that names the key."""
        found = self.companies.get(client_key)
        if found is None:
            raise KeyError(f"no company has the client key {client_key}; known: {', '.join(self.companies) or 'none'}")
        return found

    def set_options(self, **values: Any) -> None:
        """Change options while running (not hosts, ports or files)."""
        self.options = self.options.changed(**values)
        self.register.default = self.options.register_default
        self.mailbox.hold_seconds = self.options.fault_hold_seconds
        self.log.bodies_up_to = self.options.log_bodies_up_to
        self.buckets.clear()
        for company in self.companies.values():
            company.write_off_voucher_type = self.options.write_off_voucher_type

    def subscription_keys(self) -> frozenset[str]:
        return frozenset(company.subscription_key for company in self.companies.values())

    def dump_shared(self) -> dict[str, Any]:
        """What is not a company's, as plain JSON values."""
        return {
            "clock": self.clock.dump(),
            "faults": self.faults.planned(),
            "register": self.register.dump(),
            "mailbox": self.mailbox.dump(),
            "letter_drop": self.letter_drop.dump(),
            "tokens": {token: {**asdict(g), "privileges": sorted(g.privileges)} for token, g in self.tokens.items()},
            "removed_extensions": sorted(self.removed_extensions),
        }

    def load_shared(self, stored: dict[str, Any]) -> None:
        self.clock.load(stored["clock"])
        self.faults.load(stored["faults"])
        self.register.load(stored["register"])
        self.mailbox.load(stored["mailbox"])
        self.letter_drop.load(stored["letter_drop"])
        self.tokens = {
            token: Grant(g["client_key"], g["application_key"], g["expires"], frozenset(g["privileges"]))
            for token, g in stored["tokens"].items()
        }
        self.removed_extensions = set(stored["removed_extensions"])
