"""The handle on a running sandbox, over HTTP: one for tests, demo and the acceptance player.

Standard library only, so that it can be used without our client. What each operation does is in ``control_routes.py``.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock
from typing import Any, cast
from urllib.parse import urlsplit

from .ledger import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY

__all__ = ["DEFAULT_APPLICATION_KEY", "DEFAULT_SUBSCRIPTION_KEY", "Control", "ControlError"]
Record = dict[str, Any]


class ControlError(RuntimeError):
    """The sandbox could not do what was asked; the text is the world's own."""


class Control:
    """Operations on the sandbox at ``base_url``. Keeps one connection; may be used from several threads."""

    def __init__(self, base_url: str, timeout: float = 600) -> None:
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        self._connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
        self._lock = Lock()

    def call(self, operation: str, **arguments: Any) -> Any:
        """Run an operation by name. Raises ``ControlError`` with the world's text."""
        body = json.dumps(arguments, ensure_ascii=False, default=str).encode()
        with self._lock:
            status, answer = self._exchange(operation, body)
        found = json.loads(answer)
        if status != 200:
            raise ControlError(found.get("error", f"control {operation}: status {status}"))
        return found.get("result")

    def _exchange(self, operation: str, body: bytes) -> tuple[int, bytes]:
        for attempt in (1, 2):
            try:
                self._connection.request("POST", f"/control/{operation}", body, {"Content-Type": "application/json"})
                response = self._connection.getresponse()
                return response.status, response.read()
            except (HTTPException, OSError):
                fresh = self._connection.sock is None
                self._connection.close()
                if attempt == 2 or fresh:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._connection.close()

    # --- the world ---------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """An empty world: no company, no mail, no letters, no faults, the clock as at the start."""
        self.call("reset")

    def add_company(
        self,
        name: str,
        organization_no: str,
        client_key: str | None = None,
        application_key: str | None = None,
        subscription_key: str | None = None,
        privileges: Sequence[str] | None = None,
        subscriptions: Sequence[str] | None = None,
    ) -> str:
        """A new, empty company; returns its client key. Application and subscription key default to
        ``DEFAULT_APPLICATION_KEY`` and ``DEFAULT_SUBSCRIPTION_KEY``, the privileges to all that the product needs."""
        return str(
            self.call(
                "add_company", name=name, organization_no=organization_no, client_key=client_key,
                application_key=application_key, subscription_key=subscription_key, privileges=privileges,
                subscriptions=subscriptions,
            )
        )  # fmt: skip

    def change_company(self, client_key: str, **changes: Any) -> None:
        """``privileges``, ``subscriptions``, ``lock_date``, ``conversion_date``, ``departments``, ``extension``..."""
        self.call("change_company", client_key=client_key, **changes)

    def companies(self) -> list[Record]:
        """name, organization_no, client_key of each company."""
        return cast(list[Record], self.call("companies"))

    def account(self, client_key: str, number: str, name: str, **more: Any) -> None:
        """Create or change a general ledger account (``vat_code``, ``vat_locked``, ``active``, ...)."""
        self.call("account", client_key=client_key, number=number, name=name, **more)

    def event(self, client_key: str, event: Mapping[str, Any]) -> None:
        """A world event of the acceptance format; its ``on`` moves the sandbox's clock first."""
        self.call("event", client_key=client_key, event=dict(event))

    def events(self, client_key: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Several events in order, in one call."""
        self.call("events", client_key=client_key, events=[dict(one) for one in events])

    def correct(self, client_key: str, of: str, id: str, **changes: Any) -> None:
        """A payment or journal is corrected: reversal and correction voucher (``amount``, ``offset_account``,
        ``customer``). Not an event of the acceptance format."""
        self.call("correct", client_key=client_key, of=of, id=id, **changes)

    def seed(self, client_key: str, kind: str, **params: Any) -> Any:
        """Plant a ready-made world in a company."""
        return self.call("seed", client_key=client_key, kind=kind, **params)

    # --- time, faults, options ---------------------------------------------------------------------------------

    def set_clock(self, moment: str | datetime | None) -> None:
        """Stand still at a moment (ISO; Oslo time without an offset; a day alone is 05:00); None: real time."""
        self.call("set_clock", moment=moment.isoformat() if isinstance(moment, datetime) else moment)

    def advance_clock(self, seconds: float) -> None:
        self.call("advance_clock", seconds=seconds)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromisoformat(str(self.call("now")))

    def fault(self, client_key: str | None, fault: Mapping[str, Any]) -> None:
        """Plan a fault (keys of the ``fault`` event); None: for every caller."""
        self.call("fault", client_key=client_key, fault=dict(fault))

    def faults(self) -> list[Record]:
        """What is planned and unused."""
        return cast(list[Record], self.call("faults"))

    def clear_faults(self, client_key: str | None = None) -> None:
        self.call("clear_faults", client_key=client_key)

    def set_options(self, **values: Any) -> None:
        """Change ``SandboxOptions`` values of the running sandbox."""
        self.call("set_options", **values)

    # --- what arrived ------------------------------------------------------------------------------------------

    def mailbox(self) -> list[Record]:
        """received_at, mail_from, rcpt_tos, message_id, raw_base64 of each message, in order of arrival."""
        return cast(list[Record], self.call("mailbox"))

    def clear_mailbox(self) -> None:
        self.call("clear_mailbox")

    def letter_drop_files(self) -> list[Record]:
        """path, size, sha256, stored_at of each file."""
        return cast(list[Record], self.call("letter_drop_files"))

    def letter_drop_file(self, path: str) -> bytes:
        return b64decode(str(self.call("letter_drop_file", path=path)))

    def clear_letter_drop(self) -> None:
        self.call("clear_letter_drop")

    def vouchers(self, client_key: str) -> list[Record]:
        """All vouchers, oldest first: voucher_id, voucher_no, voucher_type, posting_date, external_import_reference,
        is_reversed, created_by_integration, has_pdf and ``lines`` (account_no, customer_no, amount, vat_code,
        department_id, project_id). Amounts are decimal texts in kroner, debit positive."""
        return cast(list[Record], self.call("vouchers", client_key=client_key))

    def ledger(self, client_key: str, as_of: str | None = None) -> list[Record]:
        """Customer-ledger entries posted by a day (today) with the balance of that day, as decimal texts."""
        return cast(list[Record], self.call("ledger", client_key=client_key, as_of=as_of))

    def requests(self) -> list[Record]:
        """The request log, oldest first: see ``request_log.Exchange``."""
        return cast(list[Record], self.call("requests"))

    def clear_requests(self) -> None:
        self.call("clear_requests")

    def save(self, path: str | Path) -> None:
        """Write the whole world to a file on the sandbox's machine (gzip when it ends in ``.gz``)."""
        self.call("save", path=str(path))

    def load(self, path: str | Path) -> None:
        self.call("load", path=str(path))
