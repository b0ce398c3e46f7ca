"""Connecting a company, changing its settings, and letting it go live: every check before anything can go wrong.

Belongs here: what is asked of PowerOffice about a new tenant, and the errors a person makes on the way, each with what
to do about it. Not here: how PowerOffice is asked (``resources.poweroffice``), what a setting means
(``kredin_pipeline.cases.settings``), and typing and printing (``kredin_pipeline.commands``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from pydantic import SecretStr

from kredin_pipeline.cases.settings import STEP_NAMES, TenantSettings
from kredin_pipeline.journal import Journal, Tenant
from kredin_pipeline.law.coverage import add_command
from kredin_pipeline.law.fees import FeeAboveMaximum, refuse_above_maximum
from kredin_pipeline.law.rates import FeeTable, NoRate
from kredin_pipeline.ledger.voucher_accounts import LedgerRows, Wanted, account_fault, dimension_faults, no_vat_id
from resources.http_errors import PassingFailure, PermanentFailure

Answer = TypeVar("Answer")

READING: Final[Sequence[tuple[str, ...]]] = (
    ("Customer", "Customer_Full"),
    ("CustomerLedger", "CustomerLedger_Full"),
    ("OutgoingInvoice", "OutgoingInvoice_Full"),
    ("AccountTransaction", "AccountTransaction_Full"),
    ("GeneralLedgerAccount", "GeneralLedgerAccount_Full"),
    ("CommonServices", "CommonServices_Full"),
)
"""Privileges without which nothing can be computed; of each group one is enough (PowerOffice reference § 2)."""
WRITING: Final[Mapping[str, str]] = {"manual_journal": "ManualVoucher_Full", "bank_journal": "BankVoucher_Full"}
"""The privilege without which no voucher can be posted, by the setting ``voucher_type``; needed to go live."""
POSTING_KEYS: Final = frozenset(
    {"fee_account", "interest_account", "voucher_type", "voucher_department", "voucher_project", "attach_calculation"}
)
"""Settings that PowerOffice is asked about when they change."""
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_AGAIN: Final = (
    "in PowerOffice, open Settings - Extensions (Innstillinger - Utvidelser), add the extension and copy the client "
    "key before you press OK; afterwards it is not shown again, so remove the extension and add it anew"
)


class OnboardingError(Exception):
    """Why a company cannot be connected or go live, and what to do. Never holds a key."""


class Client(Protocol):
    """What is asked of PowerOffice on behalf of one client key; rows are mappings as its API names them."""

    def client_information(self) -> Mapping[str, Any]: ...
    def organization_settings(self) -> Mapping[str, Any]: ...
    def accounts(self, account_nos: Sequence[str]) -> Sequence[Mapping[str, Any]]: ...
    def vat_codes(self) -> Sequence[Mapping[str, Any]]: ...
    def client_bank_accounts(self) -> Sequence[Mapping[str, Any]]: ...
    def departments(self, code: str) -> Sequence[Mapping[str, Any]]: ...
    def projects(self, code: str) -> Sequence[Mapping[str, Any]]: ...


class Ledgers(Protocol):
    """The door to PowerOffice: gives a client for a key."""

    def client(self, client_key: SecretStr) -> Client: ...


class Clock(Protocol):
    def now(self) -> datetime: ...
    def today(self) -> date: ...


@dataclass(frozen=True)
class ConnectReport:
    """What was found out about a company. ``warnings`` do not stop an observed tenant, but say what live will need."""

    tenant: str
    company_name: str
    organization_no: str
    modules: tuple[str, ...]
    privileges: tuple[str, ...]
    settings: TenantSettings
    account_names: Mapping[str, str]
    warnings: tuple[str, ...] = ()


@dataclass
class _Findings:
    errors: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


def connect(
    journal: Journal,
    poweroffice: Ledgers,
    name: str,
    client_key: SecretStr,
    expected_organization_no: str | None = None,
    *,
    settings: Mapping[str, object] | None = None,
    who: str,
    clock: Clock,
) -> ConnectReport:
    """Check a company's key, rights, modules and accounts, and store it as a tenant in ``observe``.

    Sender fields that are not given are taken from the company's own settings in PowerOffice. Nothing is stored when
    anything is refused. Raises ``OnboardingError``, ``SettingsError`` or ``JournalError``, each saying what to do.
    """
    key = checked_key(client_key)
    wanted = TenantSettings.of({**(settings or {}), "mode": "observe"})
    refuse_fees_above_maximum(wanted, clock.today(), journal.law_tables().fees)
    _refuse_logo(name, wanted)
    _refuse_known(journal, name, key)
    client = poweroffice.client(key)
    information = _asked(name, client.client_information)
    _need_reading(name, information)
    organization = _asked(name, client.organization_settings)
    company = _text(organization, "LegalName") or _text(organization, "Name") or _text(information, "ClientName")
    number = _number(_text(organization, "OrganizationNumber"))
    if not number:
        raise OnboardingError(
            f"{name}: {company or 'the company'} has no organisation number in PowerOffice; enter it under Settings - "
            "Company (Innstillinger - Firmainformasjon), then connect again"
        )
    if expected_organization_no is not None and _number(expected_organization_no) != number:
        raise OnboardingError(
            f"{name}: the key belongs to {company}, organisation number {number}, but {expected_organization_no} was "
            f"expected; take the key from the right company: {_AGAIN}"
        )
    sender = _sender(organization, company, number)
    if set(_words(information, "ValidPrivileges")) & {"ClientBankAccount", "ClientBankAccount_Full"}:
        sender["bank_account"] = _main_account(_asked(name, client.client_bank_accounts))
    chosen = wanted.model_fields_set
    wanted = wanted.changed({key: value for key, value in sender.items() if value and key not in chosen})
    report = _checked(name, client, wanted, information, company, number, needs_writing=False)
    journal.add_tenant(name, key, company, number, clock.today(), wanted, who, clock.now())
    return report


def change_settings(
    journal: Journal,
    name: str,
    changes: Mapping[str, object],
    *,
    who: str,
    clock: Clock,
    poweroffice: Ledgers | None = None,
) -> TenantSettings:
    """Change settings of a tenant, with its fees held against the law and its accounts against the chart.

    ``mode`` cannot be set to live here: that is ``go_live``, which checks more. What vouchers need is looked up when a
    setting about them changes and ``poweroffice`` is given. Raises ``OnboardingError``, ``SettingsError`` or
    ``JournalError``; nothing is changed then.
    """
    tenant = journal.tenant(name)
    wanted = changed_settings(tenant, changes, clock.today(), journal.law_tables().fees)
    if poweroffice is not None and POSTING_KEYS & set(changes):
        found, client = _Findings(), poweroffice.client(tenant.client_key)
        _check_posting_rights(_asked(name, client.client_information), wanted, found, needs_writing=tenant.live)
        _refuse(name, found.errors)
        _check_accounts(name, client, wanted, found, needs_writing=False)
        _refuse(name, found.errors)
    return journal.change_settings(name, changes, who, clock.now())


def changed_settings(tenant: Tenant, changes: Mapping[str, object], on: date, fees: FeeTable) -> TenantSettings:
    """The tenant's settings after ``changes``, with its own fees held against the law of ``on``; nothing is stored.

    Raises ``OnboardingError`` or ``SettingsError``, naming the key.
    """
    if changes.get("mode") == "live" and not tenant.live:
        raise OnboardingError(
            f"{tenant.name}: mode: going live is a step of its own: kredin tenants live {tenant.name}"
        )
    wanted = tenant.settings.changed(changes)
    refuse_fees_above_maximum(wanted, on, fees, before=tenant.settings)
    if wanted.creditor_logo != tenant.settings.creditor_logo:
        _refuse_logo(tenant.name, wanted)
    return wanted


def _refuse_logo(name: str, wanted: TenantSettings) -> None:
    """Refuse a logo that letters could not be printed with. Raises ``OnboardingError``."""
    if wanted.creditor_logo is None:
        return
    from kredin_pipeline.letters.pdf import logo_fault  # slow to import, and seldom needed

    fault = logo_fault(wanted.creditor_logo)
    if fault is not None:
        raise OnboardingError(
            f"{name}: creditor_logo: found a picture that cannot be printed ({fault}); save it anew as PNG or plain SVG"
        )


def go_live(journal: Journal, poweroffice: Ledgers, name: str, *, who: str, clock: Clock) -> ConnectReport:
    """Check everything again, now also what posting needs, and let letters and vouchers leave for this tenant.

    Raises ``OnboardingError`` with everything that is missing; the tenant then stays in observe.
    """
    tenant = journal.tenant(name)
    client = poweroffice.client(tenant.client_key)
    information = _asked(name, client.client_information)
    report = _checked(
        name, client, tenant.settings, information, tenant.company_name, tenant.organization_no, needs_writing=True
    )
    settings = journal.change_settings(name, {"mode": "live"}, who, clock.now())
    return replace(report, settings=settings)


def observe(journal: Journal, name: str, *, who: str, clock: Clock) -> TenantSettings:
    """Keep computing, let nothing leave. Needs no check: it is always allowed."""
    return journal.change_settings(name, {"mode": "observe"}, who, clock.now())


def checked_key(client_key: SecretStr) -> SecretStr:
    """The key without what copying adds around it. Raises ``OnboardingError`` for an empty or shortened one."""
    text = client_key.get_secret_value().strip().strip("\"'")
    if not text:
        raise OnboardingError(f"client key: is empty; {_AGAIN}")
    if not _GUID.fullmatch(text):
        kind = f"has {len(text)} characters" if len(text) != 36 else "has characters that no key has"
        raise OnboardingError(
            f"client key: {kind}, want 36 such as 01234567-89ab-cdef-0123-456789abcdef; probably only a part was "
            f"copied: {_AGAIN}"
        )
    return SecretStr(text.lower())


def refuse_fees_above_maximum(
    settings: TenantSettings, on: date, fees: FeeTable, before: TenantSettings | None = None
) -> None:
    """Refuse an own fee above the legal maximum of the day it is set (rules § 4.2); an unchanged one stays.

    Raises ``OnboardingError`` naming step, amount and maximum, or the figure without which no maximum is known.
    """
    if settings.steps is None:
        return
    for name in STEP_NAMES:
        step = getattr(settings.steps, name)
        known = getattr(before.steps, name, None) if before is not None else None
        if step is None or not isinstance(step.fee, Decimal) or (known is not None and known.fee == step.fee):
            continue
        try:
            refuse_above_maximum(name, step.fee, on, fees)
        except FeeAboveMaximum as error:
            raise OnboardingError(str(error)) from None
        except NoRate as missing:
            raise OnboardingError(
                f"steps.{name}.fee: found {step.fee}, but the legal maximum is not known: {missing}; add the figure "
                f"first: {add_command(missing.kind, on)}"
            ) from None


def _checked(
    name: str,
    client: Client,
    settings: TenantSettings,
    information: Mapping[str, Any],
    company: str,
    number: str,
    *,
    needs_writing: bool,
) -> ConnectReport:
    found = _Findings()
    found.errors += _privilege_faults(READING, information)
    _check_posting_rights(information, settings, found, needs_writing=needs_writing)
    _refuse(name, found.errors)
    names = _check_accounts(name, client, settings, found, needs_writing=needs_writing)
    if settings.bank_account is None:
        found.warnings.append("bank_account: not set; letters will point to the account on the invoice")
    _refuse(name, found.errors)
    modules, valid = _words(information, "ActiveClientSubscriptions"), _words(information, "ValidPrivileges")
    return ConnectReport(name, company, number, modules, valid, settings, names, tuple(found.warnings))


def _need_reading(name: str, information: Mapping[str, Any]) -> None:
    """Told before the first question that needs a privilege: a missing one is then named, and not a bare 403."""
    _refuse(name, _privilege_faults(READING, information))


def _privilege_faults(groups: Sequence[tuple[str, ...]], information: Mapping[str, Any]) -> list[str]:
    """What is missing: blocked by a module the company does not have, or never granted to the integration."""
    valid, blocked = _words(information, "ValidPrivileges"), _words(information, "InvalidPrivileges")
    found: list[str] = []
    missing = [group[0] for group in groups if not set(group) & set(valid)]
    by_module = [privilege for privilege in missing if {privilege, f"{privilege}_Full"} & set(blocked)]
    not_granted = [privilege for privilege in missing if privilege not in by_module]
    if by_module:
        active = ", ".join(_words(information, "ActiveClientSubscriptions")) or "none"
        found.append(
            f"privilege {', '.join(by_module)}: needs a PowerOffice module that the company does not subscribe to "
            f"(active: {active}); order it in PowerOffice, then try again"
        )
    if not_granted:
        found.append(
            f"privilege {', '.join(not_granted)}: is not granted to this integration; ask PowerOffice to grant it to "
            "the application key, then wait up to 20 minutes (an old token keeps its old rights) and try again"
        )
    return found


def _check_posting_rights(
    information: Mapping[str, Any], settings: TenantSettings, found: _Findings, *, needs_writing: bool
) -> None:
    """Rights that the settings about vouchers need. What a person can do in our place only warns."""
    writing = ((WRITING[settings.voucher_type],),)
    (found.errors if needs_writing else found.warnings).extend(_privilege_faults(writing, information))
    for code, right in ((settings.voucher_department, "Department"), (settings.voucher_project, "Project")):
        if code is not None:
            found.errors += _privilege_faults(((right, f"{right}_Full"),), information)
    found.warnings += [
        f"{fault}; without it a voucher whose payment bounced has to be reversed by a person"
        for fault in _privilege_faults((("ReverseVoucher_Full",),), information)
    ]
    if settings.attach_calculation:
        found.warnings += [
            f"{fault}; without it no calculation is attached, and vouchers are posted all the same"
            for fault in _privilege_faults((("VoucherDocumentation_Full",),), information)
        ]


def _words(information: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(word) for word in information.get(key) or ())


def _check_accounts(
    name: str, client: Client, settings: TenantSettings, found: _Findings, *, needs_writing: bool
) -> dict[str, str]:
    """Hold income accounts, department and project against the ledger and look for VAT code 0; gives the accounts'
    names."""
    wanted = Wanted(
        settings.fee_account, settings.interest_account, settings.voucher_department, settings.voucher_project
    )
    numbers = sorted({number for _, number in wanted.accounts if number is not None})
    listed = _asked(name, lambda: client.accounts(numbers)) if numbers else ()
    rows = {str(row.get("AccountNo")): row for row in listed}
    for key, number in wanted.accounts:
        if number is None:
            (found.errors if needs_writing else found.warnings).append(
                f"{key}: not set; no voucher can be posted without it: kredin tenants set NAME {key}=NUMBER"
            )
        elif fault := account_fault(number, rows.get(number), wanted):
            found.errors.append(f"{key}: {number} {fault}; choose another with {key}=NUMBER")
        elif rows[number].get("GeneralLedgerAccountType") not in (None, "Income"):
            kind = str(rows[number]["GeneralLedgerAccountType"]).lower()
            found.warnings.append(f"{key}: {number} is an {kind} account; fees and interest are income")
    department, project = wanted.department, wanted.project
    found.errors += dimension_faults(
        wanted,
        LedgerRows(
            accounts=listed,
            vat_codes=(),
            departments=_asked(name, lambda: client.departments(department)) if department else (),
            projects=_asked(name, lambda: client.projects(project)) if project else (),
        ),
    )
    if no_vat_id(_asked(name, client.vat_codes)) is None:
        found.errors.append("VAT code 0 (no VAT) is missing in PowerOffice; activate it: fees and interest carry none")
    return {number: str(row.get("Name") or "") for number, row in rows.items()}


def _refuse_known(journal: Journal, name: str, key: SecretStr) -> None:
    for tenant in journal.tenants():
        if tenant.client_key.get_secret_value().lower() == key.get_secret_value():
            raise OnboardingError(
                f"{name}: this key is already connected as {tenant.name} ({tenant.company_name}); a second connection "
                "would send every letter twice"
            )


def _sender(organization: Mapping[str, Any], company: str, number: str) -> dict[str, object]:
    """The sender of letters as the company's own settings name it."""
    address: Mapping[str, Any] = organization.get("MailAddress") or {}
    lines = [_text(address, "AddressLine1"), _text(address, "AddressLine2")]
    place = " ".join(part for part in (_text(address, "ZipCode"), _text(address, "City")) if part)
    return {
        "creditor_name": company,
        "creditor_orgnr": number,
        "creditor_address": ", ".join(part for part in (*lines, place) if part),
        "creditor_email": _text(organization, "EmailAddress"),
        "creditor_phone": _text(organization, "PhoneNumber"),
    }


def _main_account(accounts: Sequence[Mapping[str, Any]]) -> str:
    """The number of the account that customers pay to: the primary one that is active, else none."""
    for row in accounts:
        if row.get("IsPrimaryAccount") and row.get("IsActive") is not False:
            return _text(row, "BankAccountNumber")
    return ""


def _asked(name: str, question: Callable[[], Answer]) -> Answer:
    """The answer, or the failure in the words of someone who connects a company."""
    try:
        return question()
    except PassingFailure as error:
        raise OnboardingError(f"{name}: PowerOffice cannot be asked now ({error}); try again in a while") from None
    except PermanentFailure as error:
        raise OnboardingError(f"{name}: {_advice(error.status, str(error))}") from None


def _advice(status: int | None, said: str) -> str:
    if status == 400 and ("invalid_client" in said or "oauth/token" in said.lower()):
        return (
            f"PowerOffice does not know this client key together with our application key ({said}). It belongs to "
            "another integration, to an environment (demo or production) that we do not talk to, or the extension was "
            f"removed: {_AGAIN}"
        )
    if status == 401:
        return (
            f"PowerOffice refuses our own keys ({said}); check KREDIN_POWEROFFICE_APPLICATION_KEY and "
            "KREDIN_POWEROFFICE_SUBSCRIPTION_KEY"
        )
    if status == 403:
        return (
            f"a privilege is missing ({said}); ask PowerOffice to grant it to the application key, then wait up to 20 "
            "minutes and try again"
        )
    return said


def _refuse(name: str, errors: Sequence[str]) -> None:
    if errors:
        raise OnboardingError(f"{name}: " + f"\n{name}: ".join(errors))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value).strip()


def _number(text: str) -> str:
    """An organisation number as nine digits, however it is written (``NO 999 990 126 MVA``)."""
    return re.sub(r"\D", "", text)
