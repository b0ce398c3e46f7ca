"""World events of the acceptance format, applied to the sandbox.

One table: event → the keys it may have and what it does. A key or event that is not known is an error. Events that only
our own side knows (``decide``, ``sign``, ``legal``, ``due_date``, ``tenant``) do not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .ledger import Company
from .world import World

Event = Mapping[str, Any]
_COMMON = frozenset({"on", "event", "tenant"})


class UnknownEvent(ValueError):
    """An event, or a key of one, that the acceptance format does not have; or one that lacks a key."""


@dataclass(frozen=True)
class _Kind:
    needed: frozenset[str]
    optional: frozenset[str]
    apply: Callable[[World, Company, Event], object]


def _kind(needed: str, optional: str, apply: Callable[[World, Company, Event], object]) -> _Kind:
    return _Kind(frozenset(needed.split()), frozenset(optional.split()), apply)


def _given(event: Event, *keys: str) -> dict[str, Any]:
    """The event's values for these keys, as keyword arguments (``for`` → ``for_``); absent ones are left out."""
    return {("for_" if key == "for" else key): event[key] for key in keys if key in event}


def _register(world: World, company: Company, event: Event) -> None:
    del company
    number = str(event["orgnr"])
    if ("set" in event) == ("status" in event):
        raise UnknownEvent(f"register {number}: give either set or status")
    if "set" in event:
        world.register.set_unit(number, **(event["set"] or {}))
    else:
        world.register.set_status(number, event["status"])


_KINDS: dict[str, _Kind] = {
    "customer": _kind("no", "set", lambda w, c, e: c.customer(e["no"], **(e.get("set") or {}))),
    "customer_merge": _kind("from into", "", lambda w, c, e: c.merge_customers(e["from"], e["into"])),
    "invoice": _kind(
        "no customer amount due", "dated kid currency currency_amount description",
        lambda w, c, e: c.invoice(**_given(e, "no", "customer", "amount", "due", "dated", "kid", "currency",
                                           "currency_amount", "description")),
    ),
    "credit_note": _kind(
        "no customer amount", "for dated reason currency currency_amount",
        lambda w, c, e: c.credit_note(**_given(e, "no", "customer", "amount", "for", "dated", "reason", "currency",
                                               "currency_amount")),
    ),
    "payment": _kind(
        "id customer amount", "for dated kid kind currency currency_amount",
        lambda w, c, e: c.payment(**_given(e, "id", "customer", "amount", "for", "dated", "kid", "kind", "currency",
                                           "currency_amount")),
    ),
    "refund": _kind("id customer amount", "for dated",
                    lambda w, c, e: c.refund(**_given(e, "id", "customer", "amount", "for", "dated"))),
    "own_reminder": _kind("id customer amount", "for",
                          lambda w, c, e: c.own_reminder(**_given(e, "id", "customer", "amount", "for"))),
    "write_off": _kind("for", "id account dated",
                       lambda w, c, e: c.write_off(**_given(e, "for", "id", "account", "dated"))),
    "journal": _kind(
        "id customer amount offset_account", "for dated voucher_type",
        lambda w, c, e: c.journal(**_given(e, "id", "customer", "amount", "offset_account", "for", "dated",
                                           "voucher_type")),
    ),
    "reverse": _kind("of", "", lambda w, c, e: c.reverse(e["of"])),
    "match": _kind("entries", "", lambda w, c, e: c.match(e["entries"])),
    "unmatch": _kind("entries", "", lambda w, c, e: c.unmatch(e["entries"])),
    "delete": _kind("no", "", lambda w, c, e: c.delete(e["no"])),
    "lock_date": _kind("date", "", lambda w, c, e: c.lock(e["date"])),
    "register": _kind("orgnr", "set status", _register),
    "fault": _kind("route kind", "times after code headers seconds",
                   lambda w, c, e: w.faults.add({k: v for k, v in e.items() if k not in _COMMON}, c.client_key)),
}  # fmt: skip


def apply_event(world: World, client_key: str, event: Event) -> None:
    """Move the clock to the event's ``on`` (a day alone is 05:00 Oslo) and let it happen to the company.

    Raises ``UnknownEvent`` for what the format does not have, ``LedgerError`` or ``ValueError`` for what cannot happen.
    """
    name = str(event.get("event"))
    kind = _KINDS.get(name)
    if kind is None:
        raise UnknownEvent(f"event {name!r} is unknown, want one of {', '.join(_KINDS)}")
    given = set(event) - _COMMON
    unknown, missing = given - kind.needed - kind.optional, kind.needed - given
    if unknown or missing:
        what = [f"unknown key(s) {', '.join(sorted(unknown))}"] * bool(unknown)
        what += [f"missing key(s) {', '.join(sorted(missing))}"] * bool(missing)
        raise UnknownEvent(f"event {name}: {'; '.join(what)}")
    company = world.company(client_key)
    if "on" in event:
        world.clock.set(event["on"])
    kind.apply(world, company, event)
