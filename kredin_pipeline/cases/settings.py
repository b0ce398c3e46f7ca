"""A tenant's settings: every key of the acceptance format, its default, and what *not set* means.

Here belong the names, types, defaults and lawful limits of what a tenant may choose. What is done with a choice belongs
to the SQL files and the steps beside this module; the legal maximum of a fee belongs to ``kredin_pipeline.law`` (a fee
is checked against it when it is set, in ``resources.onboarding``).

A missing key takes its default. A key set to null is *not set*, which is not the default:

========================== =====================================================================================
key set to null            what that means
========================== =====================================================================================
days_past_due              no wait of its own: read in as soon as it is overdue
import_from                no limit backwards
steps, a step              no such step (the default course is not put back)
steps.*.fee                no fee
steps.*.after_days         the step has no day of its own; it follows the deadline before it
grace_days                 no days of grace
interest                   no interest is claimed
minimum_claim              no minimum
contribution_margin        the sales needed to cover a loss are not shown
rounding_write_off         no write-off counts as a rounding
inkassolov_2026_from       the 2026 act is not applied
daily_letter_limit, ...    the limit follows from what left on earlier days (``journal/brake.py``)
fee_account, ...           the account is missing: a configuration error before a voucher is posted
voucher_department, ...    no department, or no project, on the lines of a voucher
the yes/no keys            no
course, allocation, mode,  refused: there is no course, order, mode or voucher called nothing
voucher_type
========================== =====================================================================================
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from kredin_pipeline.cases.letter_texts import LetterTextsSetting
from kredin_pipeline.cases.logo import LogoSetting
from kredin_pipeline.cases.signers import checked_words

# The metaclass of every pydantic model has a method called register; an instance's own field hides nothing.
warnings.filterwarnings("ignore", message='Field name "register" in "TenantSettings" shadows', category=UserWarning)

StepName = Literal["friendly_reminder", "reminder", "collection_notice", "payment_demand", "enforcement_notice"]
Course = Literal["full", "demand_only"]
Channel = Literal["email", "post"]
Mode = Literal["live", "observe"]
VoucherKind = Literal["manual_journal", "bank_journal"]

STEP_NAMES: Final[tuple[StepName, ...]] = (
    "friendly_reminder",
    "reminder",
    "collection_notice",
    "payment_demand",
    "enforcement_notice",
)
FIRST_FEE_DAYS: Final = 14
"""Days after due before which a letter carries no fee (inkassoforskriften § 1-2); the default day of a first letter."""
LAWFUL_DEADLINE_DAYS: Final[Mapping[str, tuple[int, str]]] = {
    "collection_notice": (14, "inkassoloven § 9"),
    "payment_demand": (14, "inkassoloven § 10"),
    "enforcement_notice": (14, "tvangsfullbyrdelsesloven § 4-18"),
}


REFUSED_VOUCHERS: Final[Mapping[str, str]] = {
    "draft": (
        "a draft (bilag til bilagsføring) has no ExternalImportReference: after a lost answer nobody could tell "
        "whether it arrived, and nothing would refuse a second one"
    ),
    "cash_journal": "no cash is paid in or out, and the cash account would have to be reconciled with it",
    "outgoing_invoice": (
        "fees and interest would become an invoice of their own, with a number of the company's series and a due date, "
        "and so a new claim"
    ),
}
"""Kinds of voucher that PowerOffice takes and we do not book fees and interest with, each with the reason."""


class SettingsError(ValueError):
    """A setting that cannot be taken: one line per fault, each naming the key, what was found and what is wanted."""


def _decimal(value: object) -> object:
    """Money and rates come as int, text or YAML's float; a float is read by its shortest text, never by its bits."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        raise ValueError(f"found {value!r}, want a number")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"found {value!r}, want a number such as 35.00") from None
    if not number.is_finite():
        raise ValueError(f"found {value!r}, want a finite number")
    return number


def _fee(value: object) -> object:
    return value if value == "max" else _decimal(value)


def _rate(value: object) -> object:
    return value if value in ("statutory", "none") else _decimal(value)


def _voucher_type(value: object) -> object:
    """A word for a kind of voucher; the kinds that are refused on purpose are answered with why."""
    if isinstance(value, str) and value in REFUSED_VOUCHERS:
        raise ValueError(f"found {value!r}: {REFUSED_VOUCHERS[value]}; want manual_journal or bank_journal")
    return value


def _text(value: object) -> object:
    """Account and organisation numbers are text; YAML and wires may hand them over as whole numbers."""
    if isinstance(value, bool):
        raise ValueError(f"found {value!r}, want text")
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped:
            raise ValueError("found empty text; leave the key out for the default, or set it to null for not set")
        return stripped
    return value


def _day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


def _whole(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"found {value!r}, want a whole number of days")
    return value


def _count(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"found {value!r}, want a whole number")
    return value


def _plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


_AsText = PlainSerializer(_plain, when_used="json")
Kroner = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, max_digits=18, decimal_places=2), _AsText]
Fee = Annotated[Literal["max"] | Kroner, BeforeValidator(_fee), _AsText]
Percent = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=100, max_digits=6, decimal_places=2), _AsText]
Interest = Annotated[Literal["statutory", "none"] | Percent, BeforeValidator(_rate), _AsText]
Share = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, le=1, decimal_places=4), _AsText]
Days = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=3650)]
Count = Annotated[int, BeforeValidator(_count), Field(ge=0, le=1_000_000)]
Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, BeforeValidator(_text)]
SignerWords = Annotated[str, BeforeValidator(checked_words)]
Account = Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d{3,10}$")]
Code = Annotated[str, BeforeValidator(_text), Field(max_length=100, pattern=r"^[^,]+$")]
"""A department's or project's code (text, with a sub-project written ``main.sub``); a comma would make two of it."""
VoucherType = Annotated[VoucherKind, BeforeValidator(_voucher_type)]


class StepSettings(BaseModel):
    """One step (skritt) of a course: when it may go, how long the debtor has, what it costs and how it travels.

    ``after_days`` counts from the (shifted) due date; a step that has one before it also waits for that one's
    deadline plus grace. ``fee`` is ``max`` (the law's maximum on the sending day), 0, or a lower amount in kroner.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    after_days: Days | None = None
    deadline_days: Days = 14
    fee: Fee | None = Decimal(0)
    channel: Channel = "email"


class CourseSteps(BaseModel):
    """The settings of every step; a step that is null is left out of the course."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    friendly_reminder: StepSettings | None = None
    reminder: StepSettings | None = StepSettings(after_days=14, fee="max")
    collection_notice: StepSettings | None = StepSettings(fee="max")
    payment_demand: StepSettings | None = StepSettings(fee="max", channel="post")
    enforcement_notice: StepSettings = StepSettings(channel="post")

    @model_validator(mode="before")
    @classmethod
    def _merge_over_defaults(cls, values: object) -> object:
        """A step that is named keeps the defaults of the keys it does not name."""
        if not isinstance(values, Mapping):
            return values
        merged: dict[str, object] = {}
        for name, given in cast(Mapping[str, object], values).items():
            base = _STEP_DEFAULTS.get(name)
            if isinstance(given, StepSettings):
                given = given.model_dump(exclude_unset=False)
            merged[name] = {**base, **given} if base is not None and isinstance(given, Mapping) else given
        return merged

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        for name in STEP_NAMES:
            step: StepSettings | None = getattr(self, name)
            if step is None:
                continue
            if name in ("friendly_reminder", "enforcement_notice") and step.fee not in (None, Decimal(0)):
                raise ValueError(f"{name}.fee: found {_plain(step.fee)}; this letter never carries a fee, want 0")
            if name in ("payment_demand", "enforcement_notice") and step.channel != "post":
                raise ValueError(f"{name}.channel: found {step.channel}; this letter always goes by post")
            days, law = LAWFUL_DEADLINE_DAYS.get(name, (0, ""))
            if step.deadline_days < days:
                raise ValueError(f"{name}.deadline_days: found {step.deadline_days}, want at least {days} ({law})")
        if self.friendly_reminder is not None and self.friendly_reminder.after_days is None:
            raise ValueError("friendly_reminder.after_days: not set; give the days after due, or leave the step out")
        return self


_STEP_DEFAULTS: Final[Mapping[str, Mapping[str, object]]] = {
    "friendly_reminder": {"after_days": 7, "deadline_days": 7},
    "reminder": {"after_days": 14, "fee": "max"},
    "collection_notice": {"fee": "max"},
    "payment_demand": {"fee": "max", "channel": "post"},
    "enforcement_notice": {"channel": "post"},
}
_DEFAULT_STEPS: Final = CourseSteps()


@dataclass(frozen=True)
class EffectiveStep:
    """A step as the course takes it. ``follows`` names the step whose missed deadline it waits for (None: the first).

    ``after_days`` is the earliest day counted from the due date, or None if only the earlier deadline counts.
    ``fee_is_max`` with ``fee`` None means the law's maximum; otherwise ``fee`` is an amount in kroner.
    """

    name: StepName
    position: int
    follows: StepName | None
    after_days: int | None
    deadline_days: int
    fee_is_max: bool
    fee: Decimal | None
    channel: Channel


class TenantSettings(BaseModel):
    """Everything a tenant may choose. Frozen: ``changed`` gives a new one. See the module for what null means."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    days_past_due: Days | None = 1
    import_from: Day | Literal["three_years"] | None = "three_years"
    register: bool | None = True
    register_accounts: bool | None = False
    """Whether the last accounts of debtors are read for people to see; only where ``register`` is on."""
    course: Course = "full"
    steps: CourseSteps | None = _DEFAULT_STEPS
    grace_days: Days | None = 3
    allocation: Literal["principal_first", "costs_first"] = "principal_first"
    interest: Interest | None = "statutory"
    compensation: bool | None = False
    due_date_shift: bool | None = True
    send_on_business_days: bool | None = True
    one_letter_per_debtor: bool | None = True
    minimum_claim: Kroner | None = Decimal(0)
    contribution_margin: Share | None = Decimal("0.30")
    rounding_write_off: Kroner | None = Decimal("10.00")
    part_payment_acknowledges: bool | None = False
    inkassolov_2026_from: Day | None = None
    mode: Mode = "live"
    fee_account: Account | None = "3950"
    interest_account: Account | None = "8050"
    voucher_type: VoucherType = "manual_journal"
    voucher_department: Code | None = None
    voucher_project: Code | None = None
    attach_calculation: bool | None = False

    daily_letter_limit: Count | None = None
    daily_voucher_limit: Count | None = None

    creditor_name: Text | None = None
    creditor_orgnr: Text | None = None
    creditor_address: Text | None = None
    creditor_email: Text | None = None
    creditor_phone: Text | None = None
    bank_account: Text | None = None
    reply_to: Text | None = None
    creditor_logo: LogoSetting | None = None
    """The logo in letters, PNG or SVG as a data address (``cases.logo``); null: the name alone."""
    letter_language: Literal["register", "nb", "nn"] = "register"
    """Norwegian of letters: the form that the debtor has in Enhetsregisteret (else bokmål), or one for all."""
    letter_texts: LetterTextsSetting | None = None
    """The creditor's own texts by language and step (``cases.letter_texts``); null: the standard ones."""
    signers: SignerWords | None = None
    """Who may sign legal documents electronically (``cases.signers``); null: nobody, paper alone."""

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: object) -> object:
        if isinstance(values, Mapping):
            given = cast(Mapping[str, object], values)
            unknown = sorted(set(given) - set(ALLOWED_KEYS))
            if unknown:
                raise ValueError(f"unknown setting {', '.join(unknown)}; allowed are {', '.join(ALLOWED_KEYS)}")
        return values

    @model_validator(mode="after")
    def _course_has_its_letter(self) -> Self:
        if self.course == "demand_only" and self.steps is not None and self.steps.payment_demand is None:
            raise ValueError("steps.payment_demand: not set, but course demand_only consists of that letter alone")
        return self

    @classmethod
    def of(cls, values: Mapping[str, object] | None = None) -> Self:
        """Settings with the given keys over the defaults. Raises ``SettingsError`` naming each key at fault."""
        try:
            return cls.model_validate(dict(values or {}))
        except ValidationError as error:
            raise SettingsError(_readable(error)) from None

    def changed(self, changes: Mapping[str, object]) -> Self:
        """These settings with some keys changed; a step that is named keeps its other keys.

        Raises ``SettingsError`` naming each key at fault; nothing is changed if one is.
        """
        values: dict[str, object] = self.model_dump()
        for key, value in changes.items():
            values[key] = _merged(values.get(key), value) if key in ("steps", "letter_texts") else value
        return type(self).of(values)

    def to_json(self) -> str:
        """The stored text: every key, amounts as decimal text, days as ISO dates."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Settings from their stored text. Raises ``SettingsError``."""
        try:
            return cls.model_validate_json(text, context={"stored": True})
        except ValidationError as error:
            raise SettingsError(_readable(error)) from None

    @property
    def live(self) -> bool:
        return self.mode == "live"

    @property
    def register_enabled(self) -> bool:
        """Whether debtors are looked up in Enhetsregisteret (key ``register``)."""
        return bool(self.register)

    def import_start(self, first_run: date) -> date | None:
        """Earliest due date taken in (Oslo day), or None for no limit; ``first_run`` is the day of connecting."""
        if self.import_from == "three_years":
            year = first_run.year - 3
            leap = first_run.month == 2 and first_run.day == 29
            return date(year, 2, 28) if leap else first_run.replace(year=year)
        return self.import_from

    def agreed_rate(self) -> Decimal | None:
        """The agreed yearly rate in percent (business debtors only), or None when interest is statutory or none."""
        return self.interest if isinstance(self.interest, Decimal) else None

    def effective_steps(self) -> tuple[EffectiveStep, ...]:
        """The letters of the course in order, before the 2026 act's regime replaces the notice and the demand.

        The friendly reminder stands first and is followed by nothing: no later step waits for it.
        """
        if self.steps is None:
            return ()
        names: tuple[StepName, ...] = ("payment_demand",) if self.course == "demand_only" else STEP_NAMES[:4]
        found: list[EffectiveStep] = []
        previous: StepName | None = None
        for name in names:
            step: StepSettings | None = getattr(self.steps, name)
            if step is None:
                continue
            found.append(_effective(name, step, previous, len(found)))
            if name != "friendly_reminder":
                previous = name
        return tuple(found)

    def enforcement_notice(self) -> EffectiveStep:
        """The § 4-18 notice that stands for the notice and the demand from ``inkassolov_2026_from``; free, by post."""
        steps = self.steps or _DEFAULT_STEPS
        follows: StepName | None = None
        if self.course == "full" and self.steps is not None and self.steps.reminder is not None:
            follows = "reminder"
        return _effective("enforcement_notice", steps.enforcement_notice, follows, len(STEP_NAMES) - 1)


def _effective(name: StepName, step: StepSettings, previous: StepName | None, position: int) -> EffectiveStep:
    after = step.after_days
    if after is None and previous is None:
        after = FIRST_FEE_DAYS
    is_max = step.fee == "max"
    fee = None if is_max else (Decimal(0) if step.fee is None else Decimal(step.fee))
    return EffectiveStep(name, position, previous, after, step.deadline_days, is_max, fee, step.channel)


def _merged(old: object, new: object) -> object:
    """A mapping laid over a mapping, level by level; anything else replaces."""
    if not isinstance(new, Mapping):
        return new
    base = dict(cast(Mapping[str, object], old)) if isinstance(old, Mapping) else {}
    for key, value in cast(Mapping[str, object], new).items():
        base[key] = _merged(base.get(key), value)
    return base


def _readable(error: ValidationError) -> str:
    """One line per fault. The input is shown only by the messages written here, so that no secret can slip in."""
    lines: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=True, include_context=False):
        parts = [str(part) for part in fault["loc"] if str(part) in _PATH_WORDS or fault["type"] == "extra_forbidden"]
        where = ".".join(parts) or "settings"
        message = re.sub(r"^Value error, ", "", fault["msg"])
        if fault["type"] == "extra_forbidden":
            message = f"unknown setting; allowed are {', '.join(_allowed_below(parts))}"
        elif not message.startswith(("found", "unknown", "friendly", "steps", *STEP_NAMES)):
            message = f"found {_shown(fault.get('input'))}; {message[:1].lower()}{message[1:]}"
        known = lines.setdefault(where, [])
        if known and message.startswith("found") and "; " in message:
            message = "or " + message.split("; ", 1)[1]
        known.append(message)
    texts = {where: " ".join(messages) for where, messages in lines.items()}
    return "; ".join(text if where == "settings" else f"{where}: {text}" for where, text in texts.items())


def _shown(value: Any) -> str:
    if value is None:
        return "null, which has no meaning here"
    if isinstance(value, Mapping):
        return "a group of keys"
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _allowed_below(parts: list[str]) -> tuple[str, ...]:
    return STEP_NAMES if len(parts) == 2 else tuple(StepSettings.model_fields)


ALLOWED_KEYS: Final[tuple[str, ...]] = tuple(TenantSettings.model_fields)
"""Every key of a tenant's settings, in the order of the acceptance format."""
_PATH_WORDS: Final = frozenset({*ALLOWED_KEYS, *STEP_NAMES, *StepSettings.model_fields})
