"""A case, day by day: the world happens, the pipeline runs, and what arrived is compared.

Belongs here: the order of things and what is collected about a failure. Not here: the format, the comparison, how a
letter is read, what a decision is. Nothing is mocked between the sandbox's sockets and the assets.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

import duckdb
from dagster import DagsterInstance, Definitions
from pydantic import SecretStr

from kredin_pipeline.cases import published
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.definitions import build_definitions
from kredin_pipeline.jobs import RunOutcome, run_day, run_history
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.book import Book
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice
from tests.acceptance import arrivals, decisions
from tests.acceptance.comparing import differences, list_differences, show_row
from tests.acceptance.instance import forgetful_instance
from tests.acceptance.reading import (
    CASE_COLUMNS,
    LETTER_COLUMNS,
    OSLO,
    OUR_EVENTS,
    VOUCHER_COLUMNS,
    Case,
    Event,
    Expected,
    Run,
)
from tests.acceptance.steering import SteeredClock, Steering

APPLICATION_KEY = "0b1f6c0e-7f1d-4b8e-9c53-2f6d0a8e5a11"
SUBSCRIPTION_KEY = "3e0a6f2b51c84d7e8d1f5b9a7c204e66"
READ_TIMEOUT_SECONDS = 1.0
SENDER = {
    "creditor_address": "Storgata 1, 0155 Oslo",
    "creditor_email": "post@fjellheim.example",
    "bank_account": "86011117947",
}


class CaseFailed(AssertionError):
    """A case did not end as its file says; the message holds every row that differs."""


@dataclass
class Player:
    """Plays one case in a sandbox that others have used before. ``folder`` takes its journal and its book."""

    case: Case
    sandbox: RunningSandbox
    folder: Path
    failures: list[str] = field(default_factory=list[str])

    def play(self) -> None:
        """Play the whole case. Raises ``CaseFailed`` naming every row that differs; other exceptions are the player's
        or the sandbox's own trouble."""
        control = self.sandbox.control
        control.reset()
        control.clear_faults()
        self.control = control
        self.steering = Steering(control)
        self.clock = SteeredClock.of(str(self.folder), self.steering)
        self.book = Book(folder=str(self.folder / "books"), threads=1)
        self.journal_resource = JournalResource(
            url=f"sqlite:///{self.folder / 'journal.sqlite'}", home=str(self.folder)
        )
        self.journal = self.journal_resource.open()
        self.poweroffice = PowerOffice(
            clock=self.clock,
            api_url=self.sandbox.poweroffice_url,
            token_url=self.sandbox.token_url,
            application_key=APPLICATION_KEY,
            subscription_key=SUBSCRIPTION_KEY,
            requests_per_second=0,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
        )
        self.outcomes: dict[str, RunOutcome] = {}
        self.waiting = list(self.case.world)
        try:
            self._connect()
            with forgetful_instance() as instance:
                self._run_all(self._definitions(), instance)
        finally:
            self.book.close()
            self.journal_resource.close()
            self.clock.forget()
        if self.failures:
            raise CaseFailed("\n".join([f"{self.case.id}: {self.case.title} ({self.case.file})", *self.failures]))

    def _connect(self) -> None:
        first = self.case.runs[0].moment
        begin = min([first, *(event.moment for event in self.case.world)])
        self.steering.move_to(begin - timedelta(days=1))
        self.client_keys: dict[str, str] = {}
        for number, (tenant, settings) in enumerate(self.case.tenants.items()):
            company, orgnr = f"Fjellheim {tenant} AS", organisation_number(81000000 + number)
            key = self.control.add_company(
                company,
                orgnr,
                client_key=str(uuid5(NAMESPACE_URL, f"{self.case.id}:{tenant}")),  # a case never meets another's token
                application_key=APPLICATION_KEY,
                subscription_key=SUBSCRIPTION_KEY,
            )
            self.client_keys[tenant] = key
            wanted = TenantSettings.of({**SENDER, "creditor_name": company, "creditor_orgnr": orgnr, **settings})
            self.journal.add_tenant(tenant, SecretStr(key), company, orgnr, first.date(), wanted, "player", first)

    def _definitions(self) -> Definitions:
        last = max(run.day for run in self.case.runs)
        return build_definitions(
            clock=self.clock,
            book=self.book,
            journal=self.journal_resource,
            poweroffice=self.poweroffice,
            register=Enhetsregisteret(api_url=self.sandbox.register_url, requests_per_second=0),
            post=Post(
                sender="brev@kredin.example",
                smtp_host=self.sandbox.smtp_host,
                smtp_port=self.sandbox.smtp_port,
                smtp_security="none",
                smtp_timeout_seconds=READ_TIMEOUT_SECONDS,
                letter_drop=self.sandbox.letter_drop_url,
                letter_drop_timeout_seconds=READ_TIMEOUT_SECONDS,
            ),
            first_day=self.case.first_day,
            days_ahead=max(1, (last - datetime.now(OSLO).date()).days + 2),
        )

    # --- the days ------------------------------------------------------------------------------------------------

    def _run_all(self, defs: Definitions, instance: DagsterInstance) -> None:
        runs = self.case.runs
        for number, run in enumerate(runs):
            self._happen_until(run.moment)
            for tenant in self.case.tenants:
                self.steering.move_to(run.moment)
                if run.history is None:
                    self.outcomes[tenant] = run_day(defs, instance, tenant, run.day)
                else:
                    self.outcomes[tenant] = run_history(defs, instance, tenant, *run.history)
            last_of_day = number + 1 == len(runs) or runs[number + 1].day != run.day
            if last_of_day:
                self.control.clear_faults()
            self._compare(run, last_of_day)

    def _happen_until(self, moment: datetime) -> None:
        while self.waiting and self.waiting[0].moment <= moment:
            self._happen(self.waiting.pop(0))

    def _happen(self, event: Event) -> None:
        tenant = event.tenant or next(iter(self.case.tenants))
        self.steering.move_to(event.moment)
        if event.name in OUR_EVENTS:
            try:
                decisions.make(self._desk(tenant, event.moment), event)
            except decisions.WrongDecision as error:
                self.failures.append(f"- {error}")
            return
        words = {**event.keys, "event": event.name, "on": event.moment.isoformat()}
        self.control.event(self.client_keys[tenant], cast(dict[str, Any], _plain(words)))
        if event.name == "credit_note" and event.keys.get("reason") == "goodwill":
            decisions.goodwill(self._desk(tenant, event.moment), event.keys.get("for", []))

    def _desk(self, tenant: str, moment: datetime) -> decisions.Desk:
        return decisions.Desk(
            journal=self.journal,
            poweroffice=self.poweroffice,
            clock=self.clock,
            tenant=tenant,
            at=moment,
            on=moment.date(),
            invoice=lambda number: self._invoice(tenant, number),
            published=lambda case_id: self._newest_row(tenant, case_id, moment.date()),
        )

    def _newest_row(self, tenant: str, case_id: str, day: date) -> Mapping[str, Any] | None:
        return next((row for row in self._published(tenant, day) if row["case_id"] == case_id), None)

    def _invoice(self, tenant: str, number: str) -> decisions.LedgerInvoice:
        key = self.client_keys[tenant]
        for entry in self.control.ledger(key):
            if str(entry["invoice_no"]) == number and entry["voucher_type"] == "OutgoingInvoice":
                voucher = next(
                    voucher
                    for voucher in self.control.vouchers(key)
                    if voucher["voucher_no"] == entry["voucher_no"] and voucher["voucher_type"] == "OutgoingInvoice"
                )
                return decisions.LedgerInvoice(str(voucher["voucher_id"]), str(entry["customer_no"]), None)
        raise LookupError(f"{self.case.id}: a decision names invoice {number}, which is not in the ledger")

    # --- what is compared ----------------------------------------------------------------------------------------

    def _compare(self, run: Run, last_of_day: bool) -> None:
        run_days = {one.day for one in self.case.runs}
        for row in self.case.expect:
            if row.on in run_days:
                due = last_of_day and row.on == run.day
            else:
                due = run.history is not None and run.history[0] <= row.on <= run.history[1]
            if due:
                lines = self._differences(row, in_the_past=row.on not in run_days)
                if lines:
                    outcome = self.outcomes[row.tenant]
                    self.failures.append("\n".join([f"- {row.shown}", *(f"    {line}" for line in lines)]))
                    if not outcome.ok and row.subject not in ("run", "message_has"):
                        said = outcome.messages[0] if outcome.messages else "nothing"
                        self.failures.append(f"    (the run had failed: {said[:600]})")

    def _differences(self, row: Expected, in_the_past: bool) -> list[str]:
        try:
            match row.subject:
                case "case" | "no_case":
                    return self._case_differences(row)
                case "letters":
                    return list_differences(row.values, self._letters(row.tenant, row.on), LETTER_COLUMNS)
                case "vouchers":
                    dated_until = row.on if in_the_past else date.max
                    return list_differences(row.values, self._vouchers(row.tenant, dated_until), VOUCHER_COLUMNS)
                case "quarantined":
                    count = self._quarantined(row.tenant)
                    return [] if count == row.values else [f"quarantined: expected {row.values}, found {count}"]
                case _:
                    return self._run_differences(row)
        except arrivals.WrongArrival as error:
            return [str(error)]

    def _case_differences(self, row: Expected) -> list[str]:
        rows = self._published(row.tenant, row.on)
        found = [one for one in rows if one["invoice_no"] == row.invoice_no]
        if row.subject == "no_case":
            return [f"expected no case {row.invoice_no}, found {show_row(one)}" for one in found]
        if len(found) != 1:
            known = ", ".join(sorted(str(one["invoice_no"]) for one in rows)) or "none"
            return [f"expected one case {row.invoice_no}, found {len(found)}; published on {row.on}: {known}"]
        lines = differences(row.values, found[0], CASE_COLUMNS)
        return [*lines, f"the whole row: {show_row(found[0])}"] if lines else []

    def _published(self, tenant: str, day: date) -> list[dict[str, Any]]:
        with self.book.session(tenant) as con:
            try:
                return published.rows(con, day)
            except (published.NothingPublished, duckdb.CatalogException):  # the latter: no run has come so far
                return []

    def _run_differences(self, row: Expected) -> list[str]:
        outcome, wanted = self.outcomes[row.tenant], cast(Mapping[str, str], row.values)
        lines: list[str] = []
        if "run" in wanted and outcome.ok != (wanted["run"] == "ok"):
            lines.append(f"run: expected {wanted['run']}, found {'ok' if outcome.ok else 'failed'}")
        if "message_has" in wanted and not any(wanted["message_has"] in message for message in outcome.messages):
            lines.append(f"expected a message with {wanted['message_has']!r}")
        return [*lines, *(f"said: {message[:600]}" for message in outcome.messages)] if lines else []

    def _letters(self, tenant: str, day: date) -> list[Mapping[str, Any]]:
        """Every letter of the tenant that arrived on ``day`` in Oslo, by e-mail and on paper."""
        found = [
            arrivals.email_letter(raw_of(mail), received)
            for mail in self.control.mailbox()
            if (received := datetime.fromisoformat(mail["received_at"])).astimezone(OSLO).date() == day
            and not arrivals.is_to_the_user(raw_of(mail))
        ]
        for file in self.control.letter_drop_files():
            stored = datetime.fromisoformat(file["stored_at"])
            folder, _, name = str(file["path"]).rpartition("/")
            if name.startswith("manifest") and stored.astimezone(OSLO).date() == day:
                manifest = self.control.letter_drop_file(file["path"])
                found += arrivals.paper_letters(manifest, stored, lambda name, below=folder: self._dropped(below, name))
        return [letter.row for letter in found if letter.tenant == tenant]

    def _dropped(self, folder: str, name: str) -> bytes | None:
        path = f"{folder}/{name}" if folder else name
        known = {str(file["path"]) for file in self.control.letter_drop_files()}
        return self.control.letter_drop_file(path) if path in known else None

    def _vouchers(self, tenant: str, dated_until: date) -> list[Mapping[str, Any]]:
        """Our un-reversed vouchers in the tenant's ledger, dated on or before ``dated_until``."""
        settings = self.journal.tenant(tenant).settings
        accounts = arrivals.Accounts(settings.fee_account or "3950", settings.interest_account or "8050")
        invoices = {case.case_id: case.invoice_no or "" for case in self.journal.cases(tenant)}
        invoice_of = {row.reference: invoices.get(row.case_id, row.case_id) for row in self.journal.vouchers(tenant)}
        standing = arrivals.our_vouchers(self.control.vouchers(self.client_keys[tenant]), accounts, invoice_of)
        return [row for posted, row in standing if posted <= dated_until]

    def _quarantined(self, tenant: str) -> int:
        with self.book.session(tenant) as con:
            found = con.execute("select count(*) from quarantine where released_at is null").fetchone()
        return int(found[0]) if found else 0


def organisation_number(eight_digits: int) -> str:
    """A number with a valid check digit (modulus 11), at or after the given eight digits."""
    for digits in range(eight_digits, eight_digits + 100):
        weighted = sum(int(digit) * weight for digit, weight in zip(str(digits), (3, 2, 7, 6, 5, 4, 3, 2), strict=True))
        check = -weighted % 11
        if check < 10:
            return f"{digits}{check}"
    raise ValueError(f"no organisation number near {eight_digits}")


def raw_of(mail: Mapping[str, Any]) -> bytes:
    """The bytes of a message in the mailbox."""
    return b64decode(mail["raw_base64"])


def _plain(value: Any) -> Any:
    """A value as JSON can carry it: amounts as text with their decimals."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast(list[Any], value)]
    return value
