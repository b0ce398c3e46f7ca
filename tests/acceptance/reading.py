"""The acceptance format: YAML in, cases out, and an error for everything that is not in the format.

Belongs here: which keys, events, columns and words exist. Not here: what they make the world or the pipeline do.
YAML is 1.2 (`on` and `no` are words); amounts are `Decimal`, days and times are text until they get a meaning here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

OSLO = ZoneInfo("Europe/Oslo")
RUN_TIME = time(6, 0)
EVENT_TIME = time(5, 0)
ONLY_TENANT = "kreditor"
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?))?")

CASE_KEYS = {"case", "title", "why", "tenant", "tenants", "runs", "world", "expect"}
TENANT_KEYS = {
    "days_past_due", "import_from", "register", "course", "steps", "grace_days", "allocation", "interest",
    "compensation", "due_date_shift", "send_on_business_days", "one_letter_per_debtor", "minimum_claim",
    "contribution_margin", "rounding_write_off", "part_payment_acknowledges", "inkassolov_2026_from", "mode",
    "fee_account", "interest_account",
}  # fmt: skip
STEPS = {"friendly_reminder", "reminder", "collection_notice", "payment_demand", "enforcement_notice"}
STEP_KEYS = {"after_days", "deadline_days", "fee", "channel"}
STATES = {"overdue", "reminded", "noticed", "demanded", "legal_ready", "legal", "costs_open", "closed"}
HOLDS = {
    "paused", "disputed", "excluded", "covered_by_credit", "unallocated_payment", "payment_dated_ahead",
    "settled_without_bank", "refunded", "reversed_payment", "deleted_in_ledger", "ledger_conflict", "unknown_register",
    "bankruptcy", "forced_liquidation", "winding_up", "debtor_deleted", "estate", "below_minimum", "time_barred",
    "document_returned",
}  # fmt: skip
FLAGS = {
    "written_off", "recovered_after_write_off", "register_stale", "debtor_changed", "limitation_180", "limitation_90",
    "limitation_30", "double_reminding",
}  # fmt: skip
CLOSED_REASONS = {"paid", "credited", "withdrawn", "debtor_insolvent", "time_barred", "deleted_in_ledger"}
LOSS_GROUNDS = {"six_months_three_reminders", "enforcement_in_vain", "insolvency", "unrecoverable"}
DECISIONS = {
    "pause", "resume", "close", "reopen", "dispute", "settle_dispute", "waive_costs", "acknowledge", "exclude", "merge",
    "new_due_date", "classify", "release",
}  # fmt: skip
FAULT_KINDS = {
    "status", "timeout", "timeout_after_commit", "reset_after_commit", "empty_200", "late_visible", "short_page",
    "repeated_rows", "shifted_page", "token_expired", "number_late",
}  # fmt: skip

EVENT_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "customer": ({"no", "set"}, set()),
    "customer_merge": ({"from", "into"}, set()),
    "legal": ({"case", "kind"}, {"reference"}),
    "invoice": ({"no", "customer", "amount", "due"}, {"dated", "kid", "currency", "currency_amount"}),
    "credit_note": ({"no", "customer", "amount"}, {"for", "dated", "reason"}),
    "payment": ({"id", "customer", "amount"}, {"for", "dated", "kid", "kind"}),
    "refund": ({"id", "customer", "amount"}, {"for"}),
    "own_reminder": ({"id", "customer", "amount", "for"}, set()),
    "write_off": ({"for"}, {"id"}),
    "journal": ({"id", "customer", "amount", "offset_account"}, {"for"}),
    "reverse": ({"of"}, set()),
    "match": ({"entries"}, set()),
    "unmatch": ({"entries"}, set()),
    "due_date": ({"no", "due"}, set()),
    "delete": ({"no"}, set()),
    "register": ({"orgnr"}, {"set", "status"}),
    "decide": ({"case", "do"}, {"until", "reason", "note", "amount", "with", "refused"}),
    "sign": ({"case", "document"}, set()),
    "lock_date": ({"date"}, set()),
    "fault": ({"route", "kind"}, {"times", "after", "code", "headers", "seconds"}),
    "tenant": ({"set"}, set()),
}
"""Event: its required and its optional keys, besides `on`, `event` and (with several tenants) `tenant`."""
OUR_EVENTS = {"decide", "sign", "legal", "due_date", "tenant"}
"""What a person does at our own interface; everything else happens in the ledger or the register."""
SHARED_EVENTS = {"register"}
EVENT_WORDS: dict[tuple[str, str], set[str]] = {
    ("legal", "kind"): {"enforcement_petition", "conciliation_complaint", "judgment"},
    ("credit_note", "reason"): {"correction", "goodwill"},
    ("payment", "kind"): {"ocr", "bank"},
    ("decide", "do"): DECISIONS,
    ("fault", "kind"): FAULT_KINDS,
}

MONEY, DAY, TEXT, WORDS = "money", "day", "text", "words"
CASE_COLUMNS: dict[str, str] = {
    "tenant": TEXT, "business_date": DAY, "case_id": TEXT, "invoice_no": TEXT, "kid": TEXT, "customer_no": TEXT,
    "customer_name": TEXT, "orgnr": TEXT, "debtor_kind": TEXT, "due_date": DAY, "currency": TEXT, "principal": MONEY,
    "credited": MONEY, "paid": MONEY, "written_off": MONEY, "principal_open": MONEY, "interest": MONEY, "fees": MONEY,
    "compensation": MONEY, "costs_paid": MONEY, "costs_waived": MONEY, "costs_open": MONEY, "total_open": MONEY,
    "state": TEXT, "closed_reason": TEXT, "closed_on": DAY, "holds": WORDS, "flags": WORDS, "last_step": TEXT,
    "last_step_on": DAY, "deadline": DAY, "next_step": TEXT, "next_step_on": DAY, "limitation_date": DAY,
    "loss_ground": TEXT, "ledger_balance": MONEY,
}  # fmt: skip
LETTER_COLUMNS: dict[str, str] = {
    "case": TEXT, "cases": WORDS, "step": TEXT, "channel": TEXT, "fee": MONEY, "interest": MONEY, "principal": MONEY,
    "total": MONEY, "deadline": DAY,
}  # fmt: skip
VOUCHER_COLUMNS: dict[str, str] = {
    "case": TEXT, "fee": MONEY, "interest": MONEY, "total": MONEY, "posting_date": DAY,
}  # fmt: skip
COLUMN_WORDS: dict[str, set[str]] = {
    "state": STATES, "closed_reason": CLOSED_REASONS, "loss_ground": LOSS_GROUNDS, "holds": HOLDS, "flags": FLAGS,
    "step": STEPS, "last_step": STEPS, "next_step": STEPS, "channel": {"email", "post"},
    "debtor_kind": {"business", "person", "unknown"},
}  # fmt: skip
SUBJECTS = ("case", "no_case", "letters", "vouchers", "run", "message_has", "quarantined")


class FormatError(ValueError):
    """A case that is not in the format; the message names file, case, place, what was found and what is wanted."""


@dataclass(frozen=True)
class Event:
    """One world event: the keys it was given, and when it happens (Oslo)."""

    name: str
    moment: datetime
    tenant: str | None
    keys: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of the pipeline at ``moment`` (Oslo); with ``history`` the import of those days instead of its own."""

    moment: datetime
    history: tuple[date, date] | None = None

    @property
    def day(self) -> date:
        return self.moment.date()


@dataclass(frozen=True)
class Expected:
    """One row of `expect`: the day, what is compared (``subject``), and the normalised values.

    ``values`` is a column map for `case`, a list of column maps for `letters` and `vouchers`, else one value.
    """

    on: date
    subject: str
    tenant: str
    values: Any
    invoice_no: str | None
    shown: str


@dataclass(frozen=True)
class Case:
    """A whole case. ``tenants`` maps name to settings; ``runs`` and ``world`` are in the order in which they happen."""

    id: str
    title: str
    file: str
    tenants: Mapping[str, Mapping[str, Any]]
    runs: tuple[Run, ...]
    world: tuple[Event, ...]
    expect: tuple[Expected, ...]

    @property
    def several_tenants(self) -> bool:
        return ONLY_TENANT not in self.tenants

    @property
    def first_day(self) -> date:
        """The first day on which any run works, imported days included."""
        return min(run.history[0] if run.history else run.day for run in self.runs)


class _Words(SafeConstructor):
    """Days and times stay text, decimal fractions become `Decimal`."""


def _number(constructor: _Words, node: ScalarNode) -> Decimal:
    return Decimal(str(constructor.construct_scalar(node)))


def _as_written(constructor: _Words, node: ScalarNode) -> str:
    return str(constructor.construct_scalar(node))


_Words.add_constructor("tag:yaml.org,2002:float", _number)
_Words.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def load_yaml(text: str) -> Any:
    """The document as mappings, lists, text, whole numbers, `Decimal`, booleans and None. Raises `YAMLError`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Words
    return yaml.load(text)


def read_folder(folder: Path) -> tuple[list[Case], list[FormatError]]:
    """Every case of every `*.yaml` below ``folder``, ordered by id, and what was wrong with the others."""
    cases: list[Case] = []
    errors: list[FormatError] = []
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            cases += read_cases(path.read_text(encoding="utf-8"), name)
        except FormatError as error:
            errors.append(error)
    seen: dict[str, str] = {}
    for case in cases:
        if case.id in seen:
            errors.append(FormatError(f"{case.file}: case {case.id} is also in {seen[case.id]}; want an id of its own"))
        seen[case.id] = case.file
    return sorted({case.id: case for case in cases}.values(), key=lambda case: case.id), errors


def read_cases(text: str, file: str) -> list[Case]:
    """The case or the list of cases in one file. Raises ``FormatError`` at the first thing that is not the format."""
    try:
        document = load_yaml(text)
    except (YAMLError, ArithmeticError) as error:
        raise FormatError(f"{file}: not YAML 1.2: {error}") from error
    found = cast(list[Any], document) if isinstance(document, list) else [document]
    return [_Reader(file, raw).case() for raw in found]


class _Reader:
    """Reads one case; keeps what every error message needs."""

    def __init__(self, file: str, raw: Any) -> None:
        self.where = file
        self.file = file
        self.raw = self._mapping(raw, "a case")
        self.id = str(self.raw.get("case", "?"))
        self.where = f"{file}: case {self.id}"

    def case(self) -> Case:
        self._known(self.raw, CASE_KEYS, "the case")
        for key in ("case", "title", "world", "expect"):
            if self.raw.get(key) in (None, ""):
                raise self._error(key, "nothing", "a value")
        tenants = self._tenants()
        self.tenants = set(tenants)
        self.several = ONLY_TENANT not in tenants
        expect = tuple(self._expected(row) for row in self._list(self.raw["expect"], "expect"))
        if not expect:
            raise self._error("expect", "no row", "at least one")
        runs = self._runs(expect)
        self._check_days(expect, runs)
        first_runs: dict[date, time] = {}
        for run in runs:
            first_runs[run.day] = min(first_runs.get(run.day, run.moment.time()), run.moment.time())
        world = [self._event(row, first_runs) for row in self._list(self.raw["world"], "world")]
        return Case(
            id=self.id,
            title=str(self.raw["title"]),
            file=self.file,
            tenants=tenants,
            runs=runs,
            world=tuple(sorted(world, key=lambda event: event.moment)),
            expect=expect,
        )

    # --- tenants -------------------------------------------------------------------------------------------------

    def _tenants(self) -> dict[str, Mapping[str, Any]]:
        if "tenants" not in self.raw:
            return {ONLY_TENANT: self._settings(self.raw.get("tenant") or {}, "tenant")}
        if "tenant" in self.raw:
            raise self._error("tenant", "both tenant and tenants", "one of them")
        named = self._mapping(self.raw["tenants"], "tenants")
        if not named or ONLY_TENANT in named:
            raise self._error("tenants", "no usable name", "names such as A and B")
        return {str(name): self._settings(settings or {}, f"tenants.{name}") for name, settings in named.items()}

    def _settings(self, raw: Any, place: str) -> Mapping[str, Any]:
        settings = self._mapping(raw, place)
        self._known(settings, TENANT_KEYS, place)
        if settings.get("steps") is not None:
            steps = self._mapping(settings["steps"], f"{place}.steps")
            self._known(steps, STEPS, f"{place}.steps")
            for name, step in steps.items():
                if step is not None:
                    self._known(self._mapping(step, f"{place}.steps.{name}"), STEP_KEYS, f"{place}.steps.{name}")
        return settings

    # --- runs ----------------------------------------------------------------------------------------------------

    def _runs(self, expect: Iterable[Expected]) -> tuple[Run, ...]:
        raw = self.raw.get("runs")
        if raw is None:
            if "runs" in self.raw:
                raise self._error("runs", "nothing", "days, or no key runs at all")
            runs = [Run(_at(day, RUN_TIME)) for day in sorted({row.on for row in expect})]
        else:
            runs = [run for item in (raw if isinstance(raw, list) else [raw]) for run in self._some_runs(item)]
        if not runs:
            raise self._error("runs", "no run", "at least one")
        return tuple(sorted(runs, key=lambda run: run.moment))

    def _some_runs(self, raw: Any) -> list[Run]:
        if not isinstance(raw, Mapping):
            return [Run(self._moment(raw, "runs", RUN_TIME))]
        item = self._mapping(cast(Any, raw), "runs")
        if set(item) == {"from", "to"}:
            first, last = self._day(item["from"], "runs.from"), self._day(item["to"], "runs.to")
            return [Run(_at(day, RUN_TIME)) for day in self._days(first, last)]
        if set(item) == {"backfill", "on"}:
            span = self._list(item["backfill"], "runs.backfill")
            if len(span) != 2:
                raise self._error("runs.backfill", f"{len(span)} days", "the first and the last")
            first, last = (self._day(day, "runs.backfill") for day in span)
            self._days(first, last)
            return [Run(self._moment(item["on"], "runs.on", RUN_TIME), (first, last))]
        raise self._error("runs", ", ".join(map(str, item)), "a day, {from, to} or {backfill, on}")

    def _days(self, first: date, last: date) -> list[date]:
        if last < first:
            raise self._error("runs", f"{first} to {last}", "the earlier day first")
        return [first + timedelta(days=step) for step in range((last - first).days + 1)]

    def _check_days(self, expect: Iterable[Expected], runs: Iterable[Run]) -> None:
        days = {run.day for run in runs}
        spans = [run.history for run in runs if run.history]
        for row in expect:
            if row.on not in days and not any(first <= row.on <= last for first, last in spans):
                raise self._error("expect", f"{row.on} ({row.shown})", "a run day, or a day of the backfill")

    # --- world ---------------------------------------------------------------------------------------------------

    def _event(self, raw: Any, first_runs: Mapping[date, time]) -> Event:
        row = self._mapping(raw, "world")
        name = str(row.get("event"))
        if name not in EVENT_KEYS:
            raise self._error("world", f"event {row.get('event')!r}", f"one of {', '.join(sorted(EVENT_KEYS))}")
        place = f"world, {name}"
        required, optional = EVENT_KEYS[name]
        self._known(row, {"on", "event", *required, *optional, *({"tenant"} if self.several else set[str]())}, place)
        for key in ("on", *sorted(required)):
            if key not in row:
                raise self._error(place, f"no {key}", f"{key} in {_shown(row)}")
        self._check_words(name, row, place)
        keys = {key: value for key, value in row.items() if key not in ("on", "event", "tenant")}
        day = self._day(str(row["on"])[:10], f"{place}, on")
        # A day alone comes before that day's runs, also when the first of them is in the night.
        default = EVENT_TIME if first_runs.get(day, RUN_TIME) >= EVENT_TIME else time(0, 0)
        moment = self._moment(row["on"], f"{place}, on", default)
        return Event(name, moment, self._tenant_of(row, place, shared=name in SHARED_EVENTS), keys)

    def _check_words(self, name: str, row: Mapping[str, Any], place: str) -> None:
        for (event, key), words in EVENT_WORDS.items():
            if event == name and key in row and row[key] not in words:
                raise self._error(place, f"{key} {row[key]!r}", f"one of {', '.join(sorted(words))}")
        for key in ("amount", "currency_amount"):
            if key in row:
                self._money(row[key], f"{place}, {key}")
        for key in ("due", "dated", "until", "date"):
            if key in row:
                self._day(row[key], f"{place}, {key}")
        for key in ("for", "entries", "with"):
            if key in row and not isinstance(row[key], list) and name != "own_reminder":
                raise self._error(place, f"{key} {row[key]!r}", "a list")
        if row.get("kid") is not None and not isinstance(row["kid"], str):
            raise self._error(place, f"kid {row['kid']!r}", "a text in quotation marks, so that no zero is lost")
        if "set" in row:
            self._mapping(row["set"], f"{place}, set")
            if name == "tenant":
                self._settings(row["set"], f"{place}, set")
        if name == "register" and ("set" in row) == ("status" in row):
            raise self._error(place, _shown(row), "either set or status")
        if name == "fault" and row["kind"] == "status" and "code" not in row:
            raise self._error(place, _shown(row), "a code with kind status")

    # --- expect --------------------------------------------------------------------------------------------------

    def _expected(self, raw: Any) -> Expected:
        row = dict(self._mapping(raw, "expect"))
        shown = _shown(row)
        place = f"expect {shown}"
        if "on" not in row:
            raise self._error(place, "no on", "the day")
        on = self._day(row.pop("on"), place)
        tenant = self._tenant_of(row, place) or ONLY_TENANT
        row.pop("tenant", None)
        subjects = [key for key in SUBJECTS if key in row]
        if set(subjects) == {"run", "message_has"}:
            subject: str = "run"
        elif len(subjects) == 1:
            subject = subjects[0]
        else:
            raise self._error(place, f"{', '.join(subjects) or 'nothing'} to compare", f"one of {', '.join(SUBJECTS)}")
        invoice_no: str | None = None
        if subject == "case":
            invoice_no = self._text(row.pop("case"), f"{place}, case")
            values: Any = self._columns(row, CASE_COLUMNS, place)
            if not values:
                raise self._error(place, "no column", "at least one")
        elif subject in ("letters", "vouchers"):
            columns = LETTER_COLUMNS if subject == "letters" else VOUCHER_COLUMNS
            self._known(row, {subject}, place)
            items = self._list(row[subject], f"{place}, {subject}")
            values = [self._columns(self._mapping(item, place), columns, place) for item in items]
        elif subject == "no_case":
            self._known(row, {subject}, place)
            invoice_no, values = self._text(row["no_case"], f"{place}, no_case"), None
        else:
            self._known(row, {"run", "message_has"} if subject in ("run", "message_has") else {subject}, place)
            values = self._about_run(row, place) if subject != "quarantined" else row["quarantined"]
            if subject == "quarantined" and (not isinstance(values, int) or isinstance(values, bool)):
                raise self._error(place, repr(values), "a number of rows")
        return Expected(on, subject, tenant, values, invoice_no, shown)

    def _about_run(self, row: Mapping[str, Any], place: str) -> dict[str, str]:
        if "run" in row and row["run"] not in ("ok", "failed"):
            raise self._error(place, f"run {row['run']!r}", "ok or failed")
        if "message_has" in row and not (isinstance(row["message_has"], str) and row["message_has"]):
            raise self._error(place, f"message_has {row['message_has']!r}", "a text")
        return {key: str(value) for key, value in row.items()}

    def _columns(self, row: Mapping[str, Any], columns: Mapping[str, str], place: str) -> dict[str, Any]:
        self._known(row, set(columns), place)
        return {name: self._value(name, columns[name], value, f"{place}, {name}") for name, value in row.items()}

    def _value(self, name: str, kind: str, value: Any, place: str) -> Any:
        if kind == WORDS:
            words = frozenset(self._text(word, place) for word in self._list(value, place))
            self._check_known_words(name, words, place)
            return words
        if value is None:
            return None
        if kind == MONEY:
            return self._money(value, place)
        if kind == DAY:
            return self._day(value, place)
        text = self._text(value, place)
        self._check_known_words(name, {text}, place)
        return text

    def _check_known_words(self, name: str, words: Iterable[str], place: str) -> None:
        known = COLUMN_WORDS.get(name)
        if known is not None and not set(words) <= known:
            raise self._error(place, ", ".join(sorted(set(words) - known)), f"one of {', '.join(sorted(known))}")

    # --- values --------------------------------------------------------------------------------------------------

    def _tenant_of(self, row: Mapping[str, Any], place: str, shared: bool = False) -> str | None:
        if not self.several:
            if "tenant" in row:
                raise self._error(place, "tenant", "none: the case has one tenant")
            return None
        if "tenant" not in row and shared:
            return None
        if row.get("tenant") not in self.tenants:
            raise self._error(place, f"tenant {row.get('tenant')!r}", f"one of {', '.join(sorted(self.tenants))}")
        return str(row["tenant"])

    def _moment(self, raw: Any, place: str, default: time) -> datetime:
        found = _MOMENT.fullmatch(str(raw))
        if found is None:
            raise self._error(place, repr(raw), "a day 2025-03-10, or a day and time 2025-03-10T09:05")
        try:
            day = date.fromisoformat(found[1])
            return _at(day, time.fromisoformat(found[2]) if found[2] else default)
        except ValueError as error:
            raise self._error(place, repr(raw), f"a day that exists ({error})") from error

    def _day(self, raw: Any, place: str) -> date:
        moment = self._moment(raw, place, RUN_TIME)
        if "T" in str(raw):
            raise self._error(place, repr(raw), "a day without a time")
        return moment.date()

    def _money(self, raw: Any, place: str) -> Decimal:
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise self._error(place, repr(raw), "an amount in kroner")
        if Decimal(raw) != Decimal(raw).quantize(Decimal("0.01")):
            raise self._error(place, str(raw), "at most two decimals")
        return Decimal(raw).quantize(Decimal("0.01"))

    def _text(self, raw: Any, place: str) -> str:
        if isinstance(raw, bool) or not isinstance(raw, int | str):
            raise self._error(place, repr(raw), "a text or a number")
        return str(raw)

    def _mapping(self, raw: Any, place: str) -> Mapping[str, Any]:
        if not isinstance(raw, Mapping):
            raise self._error(place, repr(raw), "keys and values")
        found = cast(Mapping[Any, Any], raw)
        if not all(isinstance(key, str) for key in found):
            raise self._error(place, f"the keys {', '.join(map(repr, found))}", "words")
        return cast(Mapping[str, Any], found)

    def _list(self, raw: Any, place: str) -> list[Any]:
        if not isinstance(raw, list):
            raise self._error(place, repr(raw), "a list")
        return cast(list[Any], raw)

    def _known(self, row: Mapping[str, Any], known: set[str], place: str) -> None:
        unknown = sorted(set(row) - known)
        if unknown:
            raise self._error(place, f"unknown {', '.join(unknown)}", f"only {', '.join(sorted(known))}")

    def _error(self, place: str, found: str, wanted: str) -> FormatError:
        return FormatError(f"{self.where}, {place}: found {found}, want {wanted}")


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=OSLO)


def _shown(row: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_plain(value)}" for key, value in row.items()) + "}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return _shown(cast(Mapping[str, Any], value))
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in cast(list[Any], value)) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
