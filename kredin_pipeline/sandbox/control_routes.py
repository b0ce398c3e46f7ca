"""The control API: what tests, demo and the acceptance player do to the world, over HTTP.

``POST /control/{operation}`` with a JSON object of arguments; the answer is ``{"result": ...}`` or
``{"error": "..."}`` with 400. The client side is ``control.py``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import seeds, storage
from .api.protocol import Answer
from .events import apply_event
from .ledger import Company
from .ledger.money import kroner
from .world import World

Operation = Callable[..., Any]


def answer_control(world: World, operation: str, body: bytes) -> Answer:
    """Run one operation; every error of the world becomes a 400 with its text."""
    found = _OPERATIONS.get(operation)
    if found is None:
        return _answer(404, {"error": f"control: {operation!r} is unknown, want one of {', '.join(_OPERATIONS)}"})
    try:
        result = found(world, **json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError, OSError) as error:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        return _answer(400, {"error": text, "kind": type(error).__name__})
    return _answer(200, {"result": result})


def _answer(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body, ensure_ascii=False, default=str).encode())


def _add_company(world: World, **arguments: Any) -> str:
    return world.add_company(**arguments).client_key


def _change_company(world: World, client_key: str, **changes: Any) -> None:
    """privileges, invalid_privileges, subscriptions, lock_date, conversion_date, name, departments, projects,
    dimensions, contact_groups, extension (false: the customer removed the extension)."""
    company = world.company(client_key)
    extension = changes.pop("extension", None)
    if extension is not None:
        (world.removed_extensions.discard if extension else world.removed_extensions.add)(client_key)
    for name, value in changes.items():
        if name not in ("privileges", "invalid_privileges", "subscriptions", "lock_date", "conversion_date", "name",
                        "departments", "projects", "dimensions", "contact_groups"):  # fmt: skip
            raise ValueError(f"company: {name!r} cannot be changed")
        tuples = ("privileges", "invalid_privileges", "subscriptions")
        setattr(company, name, tuple(value) if name in tuples else value)


def _account(world: World, client_key: str, number: str, name: str, **more: Any) -> int:
    return world.company(client_key).account(number, name, **more).id


def _event(world: World, client_key: str, event: dict[str, Any]) -> None:
    apply_event(world, client_key, event)


def _events(world: World, client_key: str, events: list[dict[str, Any]]) -> int:
    for place, event in enumerate(events, 1):
        try:
            apply_event(world, client_key, event)
        except (ValueError, KeyError) as error:
            raise ValueError(f"event {place} of {len(events)} {event}: {error}") from error
    return len(events)


def _correct(world: World, client_key: str, of: str, id: str, **changes: Any) -> None:
    world.company(client_key).correct(of, id, **changes)


def _set_clock(world: World, moment: str | None) -> str:
    if moment is None:
        world.clock.release()
    else:
        world.clock.set(moment)
    return world.clock.now().isoformat()


def _advance_clock(world: World, seconds: float) -> str:
    world.clock.advance(seconds)
    return world.clock.now().isoformat()


def _fault(world: World, client_key: str | None, fault: dict[str, Any]) -> None:
    world.faults.add(fault, client_key)


def vouchers_of(company: Company) -> list[dict[str, Any]]:
    """All vouchers with their lines, oldest first; amounts as decimal text in kroner."""
    books = company.books
    return [
        {
            "voucher_id": books.voucher_id(voucher),
            "voucher_no": None if voucher.no is None else str(voucher.no),
            "voucher_type": voucher.type,
            "voucher_date": voucher.date,
            "posting_date": books.lines(voucher)[0].posting_date,
            "description": voucher.description,
            "external_import_reference": voucher.reference,
            "is_reversed": voucher.reversed_by is not None,
            "reverses": None if voucher.reverses is None else books.voucher_id(voucher.reverses),
            "created_by_integration": voucher.application_key is not None,
            "created_at": voucher.created,
            "has_pdf": voucher.documentation is not None,
            "lines": [
                {
                    "account_no": line.account_no,
                    "customer_no": None if line.entry is None else line.entry.customer.no,
                    "amount": str(kroner(line.amount)),
                    "vat_code": line.vat_code,
                    "posting_date": line.posting_date,
                    "description": line.description,
                    "department_id": (line.dimensions or {}).get("DepartmentId"),
                    "project_id": (line.dimensions or {}).get("ProjectId"),
                }
                for line in books.lines(voucher)
            ],
        }
        for voucher in books.vouchers.values()
    ]


def ledger_of(company: Company, as_of: str | None) -> list[dict[str, Any]]:
    """Customer-ledger entries posted by a day, with the balance of that day (today when none is given)."""
    day = as_of or company.today()
    return [
        {
            "entry_id": str(entry.id),
            "customer_no": entry.customer.no,
            "voucher_no": None if entry.voucher.no is None else str(entry.voucher.no),
            "voucher_type": entry.voucher.type,
            "invoice_no": entry.invoice_no,
            "kid": entry.kid,
            "posting_date": entry.posting_date,
            "due_date": entry.due_date,
            "amount": str(kroner(entry.amount)),
            "balance": str(kroner(entry.balance_at(day))),
            "match_id": None if entry.group is None else str(entry.group.id),
            "is_write_off": entry.is_write_off,
        }
        for entry in company.books.entries.values()
        if entry.posting_date <= day
    ]


def _letter_drop_file(world: World, path: str) -> str:
    content = world.letter_drop.file(path)
    if content is None:
        raise ValueError(f"letter drop: nothing lies at {path}")
    return b64encode(content).decode()


def _load(world: World, path: str) -> None:
    storage.load(world, Path(path))


def _seed(world: World, client_key: str, kind: str, **params: Any) -> Any:
    return seeds.plant(world, world.company(client_key), kind, **params)


_OPERATIONS: dict[str, Operation] = {
    "reset": lambda w: w.reset(),
    "add_company": _add_company,
    "change_company": _change_company,
    "companies": lambda w: [dict(c.settings()) for c in w.companies.values()],
    "account": _account,
    "event": _event,
    "events": _events,
    "correct": _correct,
    "set_clock": _set_clock,
    "advance_clock": _advance_clock,
    "now": lambda w: w.clock.now().isoformat(),
    "fault": _fault,
    "faults": lambda w: w.faults.planned(),
    "clear_faults": lambda w, client_key=None: w.faults.clear(client_key),
    "set_options": lambda w, **values: w.set_options(**values),
    "options": lambda w: w.options.described(),
    "mailbox": lambda w: [message.as_json() for message in w.mailbox.messages],
    "clear_mailbox": lambda w: w.mailbox.clear(),
    "letter_drop_files": lambda w: [one.described() for one in w.letter_drop.files()],
    "letter_drop_file": _letter_drop_file,
    "clear_letter_drop": lambda w: w.letter_drop.clear(),
    "vouchers": lambda w, client_key: vouchers_of(w.company(client_key)),
    "ledger": lambda w, client_key, as_of=None: ledger_of(w.company(client_key), as_of),
    "requests": lambda w: [exchange.described() for exchange in w.log.exchanges()],
    "clear_requests": lambda w: w.log.clear(),
    "save": lambda w, path: storage.save(w, Path(path)),
    "load": _load,
    "seed": _seed,
}
