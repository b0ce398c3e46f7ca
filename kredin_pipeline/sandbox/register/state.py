"""The register's state: which units exist, what was said about them, and in which order it became known.

Facts and their history belong here, with the scripted lifecycle of a unit (bankruptcy, forced liquidation, deletion,
removal); HTTP, query parameters and wire shapes do not.
Source: Enhetsregisteret reference §§ 2.1, 2.3, 2.4, 3.4, 4.4, 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from threading import RLock
from typing import Any, Literal

from ..clock import OSLO, SandboxClock
from . import roles, synthesis, units
from .numbers import NEVER_REGISTERED, has_valid_check_digit, is_nine_digits
from .roles import FORCED_REASONS, Unit
from .synthesis import Json

Default = Literal["unknown", "active"]
#: Answers besides HTTP codes that a number can be made to give: a web page with status 200, half a body, a late body.
BROKEN_ANSWERS = frozenset({"html_200", "truncated", "slow"})
_STATUS_CODES = frozenset({200, 404, 410, 429, 500, 502, 503})
_FIRST_EVENT_ID = 25_255_230
_FIRST_ROLE_EVENT_ID = 4_400_001


@dataclass(frozen=True)
class FeedEvent:
    """One line of a change feed; ``at`` is UTC publication time, not the day of the legal event."""

    id: int
    at: str
    number: str
    sub: bool
    kind: str  # Ny, Endring, Sletting, Fjernet, Ukjent
    changes: list[Json] = field(default_factory=list[Json])


@dataclass
class RegisterOptions:
    """Behaviours that are not certain in the live service, switchable.

    default: what a number that was never set is: not registered, or an ordinary active AS.
    deleted_in_search: whether a search returns deregistered units (the live one leaves them out).
    retry_after: seconds in ``Retry-After`` of a number's 429, or None for a 429 without the header.
    longest_number_list: how many numbers one search may name; None means no limit.
    extra_keys: every unit carries a key that no client knows (parsers must ignore it).
    slow_seconds: how long a number set to ``slow`` keeps its caller waiting.
    """

    default: Default = "unknown"
    deleted_in_search: bool = False
    retry_after: int | None = None
    longest_number_list: int | None = None
    extra_keys: bool = False
    slow_seconds: float = 30.0


class Register:
    """Enhetsregisteret and Regnskapsregisteret as far as a creditor reads them. Safe to use from several threads."""

    def __init__(self, clock: SandboxClock | None = None, default: Default = "unknown") -> None:
        self.clock = clock or SandboxClock()
        self.options = RegisterOptions(default=default)
        self._initial_default: Default = default
        self._lock = RLock()
        self._clear()

    def _clear(self) -> None:
        self._units: dict[str, Unit] = {}
        self._invented: dict[str, Unit] = {}
        self._status: dict[str, int | str] = {}
        self._removed_on: dict[str, str] = {}
        self._events: list[FeedEvent] = []
        self._role_events: list[FeedEvent] = []

    # What is set by scripts

    @property
    def default(self) -> Default:
        return self.options.default

    @default.setter
    def default(self, value: Default) -> None:
        if value not in ("unknown", "active"):
            raise ValueError(f"register default: found {value!r}, want 'unknown' or 'active'")
        self.options.default = value

    def set_unit(self, orgnr: str, **fields: Any) -> Unit:
        """Register a unit or change one; from now on look-ups of the number answer with it.

        Fields carry the wire's names; None removes one. ``organisasjonsform`` may be a code or an object.
        ``overordnetEnhet`` makes a sub-unit (404 among main units) unless the legal form is one of public bodies.
        A date of bankruptcy or winding up sets its flag. Raises ``ValueError`` for a malformed number, an unknown
        field, or a sub-unit's flags that the service does not have.
        """
        self._require_number(orgnr)
        unknown = sorted(set(fields) - units.SETTABLE_KEYS)
        if unknown:
            raise ValueError(f"register {orgnr}: unknown field(s) {', '.join(unknown)}; fields carry the wire's names")
        with self._lock:
            self._status.pop(orgnr, None)
            was_removed = self._removed_on.pop(orgnr, None) is not None
            old = self._units.get(orgnr)
            before = self._wire_body(old) if old and not was_removed else None  # disclosed again: new to the world
            form_given = "organisasjonsform" in fields
            form = _form_code(fields.pop("organisasjonsform", None)) or (old.form if old else "AS")
            parent = fields.get("overordnetEnhet", old.fields.get("overordnetEnhet") if old else None)
            sub = bool(parent) and form not in synthesis.MAIN_UNIT_FORMS_WITH_PARENT
            if sub and form not in synthesis.SUB_UNIT_FORMS:
                if form_given:
                    raise ValueError(f"register {orgnr}: a unit of form {form} has no overordnetEnhet; want BEDR, AAFY")
                form = "BEDR"
            elif not sub and form in synthesis.SUB_UNIT_FORMS:
                if form_given or not old:
                    raise ValueError(f"register {orgnr}: a sub-unit of form {form} needs overordnetEnhet")
                form = "AS"
            if old is None or old.sub != sub or (form != old.form and not old.sub):
                base = synthesis.sub_unit_defaults(orgnr) if sub else synthesis.main_unit_defaults(orgnr, form)
                kept = {k: v for k, v in (old.fields if old else {}).items() if old and old.sub == sub}
                unit = Unit(orgnr, form, sub, base | kept)
            else:
                unit = replace(old, form=form, fields=dict(old.fields))
            if old and "navn" in fields and "historiskeNavn" not in fields and fields["navn"] != old.fields["navn"]:
                known_since = f"{old.fields['registreringsdatoEnhetsregisteret']} 08:00:00"
                past = {"navn": old.fields["navn"], "fraDato": known_since, "tilDato": local_time(self.clock.now())}
                fields["historiskeNavn"] = [*old.fields.get("historiskeNavn", []), past]
            self._apply(unit, fields)
            self._units[orgnr] = unit
            self._invented.pop(orgnr, None)
            self._announce(unit, before, old)
            return unit

    def _apply(self, unit: Unit, fields: Mapping[str, Any]) -> None:
        allowed = set(units.SUB_UNIT_KEYS if unit.sub else units.MAIN_UNIT_KEYS) | {"slettedato", "nedleggelsesdato"}
        foreign = sorted(k for k, v in fields.items() if k not in allowed and v is not None)
        if foreign:
            kind = "sub-unit" if unit.sub else "main unit"
            raise ValueError(f"register {unit.number}: a {kind} has no field {', '.join(foreign)}")
        for key, value in fields.items():
            if value is None and key in units.ALWAYS_THERE:
                unit.fields[key] = [] if key in units.ALWAYS_LISTS else False
            elif value is None:
                unit.fields.pop(key, None)
            else:
                unit.fields[key] = value.isoformat() if isinstance(value, date) else value
        for flag, day in (("konkurs", "konkursdato"), ("underAvvikling", "underAvviklingDato")):
            if fields.get(day):
                unit.fields[flag] = True
            elif fields.get(flag) is True:
                unit.fields.setdefault(day, self.clock.today().isoformat())
            elif fields.get(flag) is False:
                unit.fields.pop(day, None)
        if any(fields.get(reason) for reason in FORCED_REASONS):
            unit.fields["underTvangsavviklingEllerTvangsopplosning"] = True
        if fields.get("konkurs") is True or fields.get("konkursdato"):
            # A bankrupt unit loses its VAT registration and its headcount.
            unit.fields["registrertIMvaregisteret"] = False
            unit.fields["antallAnsatte"] = 0
            for gone in ("registreringsdatoMerverdiavgiftsregisteret", "harRegistrertAntallAnsatte"):
                unit.fields.pop(gone, None)

    def set_status(self, orgnr: str, code: int | str | None) -> None:
        """What any look-up of the number answers from now on: 404, 410, 429, 500 (502, 503), one of
        ``html_200``, ``truncated``, ``slow``; 200 or None lifts it. A search leaves such a number out."""
        self._require_number(orgnr)
        answer = int(code) if isinstance(code, str) and code.isdigit() else code
        if answer is not None and answer not in _STATUS_CODES and answer not in BROKEN_ANSWERS:
            wanted = ", ".join([*map(str, sorted(_STATUS_CODES)), *sorted(BROKEN_ANSWERS)])
            raise ValueError(f"register {orgnr}: status {code!r} is unknown, want one of {wanted}")
        with self._lock:
            self._status.pop(orgnr, None)
            was_removed = self._removed_on.pop(orgnr, None) is not None
            known = self._units.get(orgnr)
            if answer == 410:
                self._removed_on[orgnr] = self.clock.today().isoformat()
                self._log(orgnr, bool(known and known.sub), "Fjernet")
            if answer is not None and answer != 200:
                self._status[orgnr] = answer
            elif was_removed and known is not None:
                self._log(orgnr, known.sub, "Ny")  # disclosed again

    def set_roles(self, orgnr: str, groups: Sequence[Mapping[str, Any]] | None) -> None:
        """Replace the unit's role groups (wire shape); an empty list means none registered, None the ordinary ones."""
        with self._lock:
            unit = self._registered(orgnr)
            unit.roles = None if groups is None else [dict(group) for group in groups]
            self._log_roles(orgnr)

    def set_accounts(self, orgnr: str, filings: Sequence[Mapping[str, Any]] | Literal["bank"] | None) -> None:
        """What Regnskapsregisteret holds: a list of filings, an empty list for nothing filed, ``"bank"`` for a unit
        on which the service fails every time, None for the ordinary single year."""
        with self._lock:
            unit = self._registered(orgnr)
            unit.accounts = filings if filings is None or isinstance(filings, str) else [dict(one) for one in filings]

    # Scripted lifecycle (reference § 9.6)

    def bankrupt(self, orgnr: str, on: date, estate: str | None = None, trustee: str | None = None) -> None:
        """Open bankruptcy on a day: flag, date and trustee on the unit; with ``estate`` the bankruptcy estate's own
        unit (form KBO), which nothing but its name connects with the company."""
        with self._lock:
            self.set_unit(orgnr, konkurs=True, konkursdato=on.isoformat())
            unit = self._units[orgnr]
            unit.trustee = trustee
            self._log_roles(orgnr)
            if estate:
                address = synthesis.street_address(estate)
                address["adresse"] = [f"c/o {roles.trustee_name(unit)}", *address["adresse"]]
                self.set_unit(
                    estate,
                    organisasjonsform="KBO",
                    navn=f"{unit.fields['navn']} KONKURSBO",
                    postadresse=address,
                    stiftelsesdato=on.isoformat(),
                    aktivitet=["Konkursbo."],
                )

    def force_liquidation(self, orgnr: str, on: date, reason: str = "tvangsopplostPgaManglendeRegnskapDato") -> None:
        """Put the unit under court-run forced dissolution for a named reason (a wire field that ends in ``Dato``)."""
        if reason not in FORCED_REASONS:
            wanted = ", ".join(sorted(FORCED_REASONS))
            raise ValueError(f"register {orgnr}: reason {reason!r} is unknown, want one of {wanted}")
        with self._lock:
            self.set_unit(orgnr, **{reason: on.isoformat()})
            self._log_roles(orgnr)

    def dissolve(self, orgnr: str, on: date) -> None:
        """Deregister the unit: HTTP 200 with ``SlettetEnhet`` and no trace of why."""
        self.set_unit(orgnr, slettedato=on.isoformat())

    def remove(self, orgnr: str) -> None:
        """Remove the unit from the open data for legal reasons: HTTP 410."""
        self.set_status(orgnr, 410)

    def announce_unknown(self, orgnr: str) -> None:
        """A change of the old kind, from before changes were typed (``Ukjent``)."""
        unit = self._registered(orgnr)
        self._log(orgnr, unit.sub, "Ukjent")

    # What look-ups ask

    def status_of(self, orgnr: str) -> int | str | None:
        """The answer a number was set to give, or None when it is answered by what it is."""
        return self._status.get(orgnr)

    def removed_on(self, orgnr: str) -> str:
        return self._removed_on.get(orgnr, self.clock.today().isoformat())

    def find(self, orgnr: str, sub: bool) -> Unit | None:
        """The unit with that number in the collection (main units or sub-units), or None."""
        with self._lock:
            unit = self._units.get(orgnr)
            if unit is None and self._ordinary_by_default(orgnr):
                unit = self._invented.get(orgnr)
                if unit is None:
                    unit = Unit(orgnr, "AS", False, synthesis.main_unit_defaults(orgnr, "AS"))
                    self._invented[orgnr] = unit
        return unit if unit is not None and unit.sub == sub else None

    def units(self, sub: bool) -> list[Unit]:
        """Units of a collection that were set, by number (invented ones are answered only when asked for)."""
        with self._lock:
            return sorted((u for u in self._units.values() if u.sub == sub), key=lambda u: u.number)

    def events(self, sub: bool) -> list[FeedEvent]:
        with self._lock:
            return [e for e in self._events if e.sub == sub]

    def role_events(self) -> list[FeedEvent]:
        with self._lock:
            return list(self._role_events)

    def accounts_of(self, orgnr: str) -> list[Json] | Literal["bank"]:
        """Filed accounts, oldest first; empty when nothing is filed."""
        unit = self.find(orgnr, sub=False)
        if unit is None:
            return []
        if isinstance(unit.accounts, list):
            return unit.accounts
        trade = str(unit.fields.get("naeringskode1", {}).get("kode", ""))
        if unit.accounts == "bank" or trade.startswith(("64.19", "65.1")):
            return "bank"
        last = unit.fields.get("sisteInnsendteAarsregnskap")
        return [synthesis.filing(orgnr, unit.form, int(last))] if last else []

    # Snapshots

    def reset(self) -> None:
        """An empty register with the options it was started with."""
        with self._lock:
            self.options = RegisterOptions(default=self._initial_default)
            self._clear()

    def dump(self) -> Json:
        """Everything as plain JSON values, for ``load``."""
        with self._lock:
            return {
                "options": asdict(self.options),
                "units": [asdict(unit) for unit in self._units.values()],
                "status": dict(self._status),
                "removed_on": dict(self._removed_on),
                "events": [asdict(event) for event in self._events],
                "role_events": [asdict(event) for event in self._role_events],
            }

    def load(self, stored: Mapping[str, Any]) -> None:
        with self._lock:
            self._clear()
            self.options = RegisterOptions(**stored["options"])
            self._units = {one["number"]: Unit(**one) for one in stored["units"]}
            self._status = dict(stored["status"])
            self._removed_on = dict(stored["removed_on"])
            self._events = [FeedEvent(**one) for one in stored["events"]]
            self._role_events = [FeedEvent(**one) for one in stored["role_events"]]

    # Inner workings

    def _ordinary_by_default(self, orgnr: str) -> bool:
        return self.options.default == "active" and orgnr != NEVER_REGISTERED and has_valid_check_digit(orgnr)

    def _registered(self, orgnr: str) -> Unit:
        unit = self._units.get(orgnr)
        if unit is None and self._ordinary_by_default(orgnr):
            unit = self.find(orgnr, sub=False)
            assert unit is not None
            self._units[orgnr] = unit
        if unit is None:
            raise ValueError(f"register {orgnr}: not registered; call set_unit first")
        return unit

    @staticmethod
    def _require_number(orgnr: str) -> None:
        if not is_nine_digits(orgnr):
            raise ValueError(f"register: found organisation number {orgnr!r}, want nine digits as text")

    def _wire_body(self, unit: Unit) -> Json:
        compose = units.sub_unit_body if unit.sub else units.main_unit_body
        return compose(unit.number, unit.form, unit.fields, "")

    def _announce(self, unit: Unit, before: Json | None, old: Unit | None) -> None:
        if before is None or old is None or old.sub != unit.sub:
            self._log(unit.number, unit.sub, "Ny")
            if unit.fields.get("slettedato"):
                self._log(unit.number, unit.sub, "Sletting")
            return
        after = self._wire_body(unit)
        if unit.fields.get("slettedato") and not old.fields.get("slettedato"):
            self._log(unit.number, unit.sub, "Sletting")
        elif changes := units.patch(before, after):
            self._log(unit.number, unit.sub, "Endring", changes)

    def _log(self, number: str, sub: bool, kind: str, changes: list[Json] | None = None) -> None:
        last = self._events[-1].id if self._events else _FIRST_EVENT_ID - 1
        gap = 1 + (last * 7 + len(self._events) * 5) % 6  # ids are sparse, on purpose and the same every time
        self._events.append(FeedEvent(last + gap, self._publication_time(), number, sub, kind, changes or []))

    def _log_roles(self, number: str) -> None:
        last = self._role_events[-1].id if self._role_events else _FIRST_ROLE_EVENT_ID - 1
        self._role_events.append(FeedEvent(last + 1, self._publication_time(), number, False, "Roller"))

    def _publication_time(self) -> str:
        return wire_time(self.clock.now())


def wire_time(moment: datetime) -> str:
    """``yyyy-MM-dd'T'HH:mm:ss.SSS'Z'``, UTC with three decimals."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def local_time(moment: datetime) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in Norwegian local time, as in ``historiskeNavn``."""
    return f"{moment.astimezone(OSLO):%Y-%m-%d %H:%M:%S}"


def _form_code(value: Any) -> str | None:
    if value is None:
        return None
    code = value.get("kode") if isinstance(value, Mapping) else value
    if not isinstance(code, str) or not code:
        raise ValueError(f"organisasjonsform: found {value!r}, want a code such as 'AS'")
    return code
