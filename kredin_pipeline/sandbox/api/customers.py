"""Customers, contact persons, groups and contact bank accounts (reference § 7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ..clock import read_ticks, write_ticks
from ..ledger.errors import LedgerError
from ..ledger.records import Customer
from .listing import Listing, answer_list
from .protocol import Answer, ApiError, Call, answer_json, dumps, from_ledger, not_found
from .rows import CUSTOMER_NAMES, customer_dto

_READ_ONLY = frozenset(
    {
        "Id", "ContactCreatedDateTimeOffset", "CustomerCreatedDateTimeOffset", "LastChangedDateTimeOffset",
        "SubledgerAccountId", "CreatedFromImportJournalId", "IsActive", "PaymentTerm", "DeliveryTerm",
        "DepartmentCode", "InvoiceBrandingThemeCode", "SalesPersonEmployeeNumber", "CreateInterestNotes",
        "InterestNoteDeliveryType", "JobStop", "JobStopReason", "KeepUpdated",
    }
)  # fmt: skip
_PATCHABLE = frozenset(CUSTOMER_NAMES) - _READ_ONLY
_ADDRESS_NAMES = ("AddressLine1", "AddressLine2", "City", "CountryCode", "ExternalCode", "ZipCode")
_BIND = {name.lower(): name for name in (*CUSTOMER_NAMES, "SubLedgerNumberSeriesId")}
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_SERIES = range(10_000, 20_000)
_TITLE = "Customer validation error(s)"
PERSON_NAMES = (
    "ContactId", "CreatedDateTimeOffset", "EmailAddress", "ExternalCode", "FirstName", "Id", "IsActive", "IsDefault",
    "LastChangedDateTimeOffset", "LastName", "MailAddress", "PhoneNumber", "Title",
)  # fmt: skip
BANK_ACCOUNT_NAMES = (
    "BankAccountNumber", "BankCode", "BicSwift", "ContactId", "CountryCode", "CreateDateTimeOffset", "Id", "IsActive",
    "LastChangedDateTimeOffset",
)  # fmt: skip


def list_customers(call: Call) -> Answer:
    query = call.query
    changed, created = query.ticks("lastChangedDateTimeOffsetGreaterThan"), query.ticks(
        "customerCreatedDateTimeOffsetGreaterThan")  # fmt: skip
    numbers, external = query.numbers("customerNos"), query.numbers("externalNos")
    groups, reference = query.ids("contactGroupIds"), query.text("externalImportReference")
    texts = {name: query.texts(parameter) for name, parameter in (
        ("OrganizationNumber", "organizationNumbers"), ("PhoneNumber", "phoneNumbers"),
        ("EmailAddress", "emailAddresses"))}  # fmt: skip
    rows = sorted(
        (
            c
            for c in call.company.customers.values()
            if (changed is None or c.changed > changed)
            and (created is None or c.created > created)
            and (numbers is None or int(c.no) in numbers)
            and (external is None or (c.fields.get("ExternalNumber") or -1) in external)
            and (groups is None or groups & set(c.fields.get("ContactGroupIds") or ()))
            and (reference is None or c.fields.get("ExternalImportReference") == reference)
            and all(wanted is None or c.fields.get(name) in wanted for name, wanted in texts.items())
        ),
        key=lambda c: c.id,
    )
    keys: dict[str, Callable[[Customer], Any]] = {
        "Id": lambda c: c.id, "Number": lambda c: int(c.no), "LastChangedDateTimeOffset": lambda c: c.changed,
    }  # fmt: skip
    write: Callable[[Customer], str] = lambda c: dumps(customer_dto(c))  # noqa: E731
    return answer_list(call, Listing(rows, write, CUSTOMER_NAMES, lambda c: c.changed, keys))


def customer_of(call: Call, place: int = 0, what: str = "Customer") -> Customer:
    """The customer that a path segment names by contact id. Raises 404."""
    text = call.tail[place]
    found = call.company.customers_by_id.get(int(text)) if text.isdigit() else None
    if found is None or call.hidden(found.changed):
        raise not_found(what, text)
    return found


def read_customer(call: Call) -> Answer:
    return answer_json(customer_dto(customer_of(call)))


def delete_customer(call: Call) -> Answer:
    try:
        call.company.remove_customer(customer_of(call))
    except LedgerError as error:
        raise from_ledger(error) from error
    return Answer(200)


def create_customer(call: Call) -> Answer:
    """POST /Customers. One at a time per company: see the 503 in ``gateway.py``."""
    body = call.object(_BIND)
    fields = {key: value for key, value in body.items() if key in CUSTOMER_NAMES and value is not None}
    for name in _READ_ONLY - {"PaymentTerm", "CreateInterestNotes", "InterestNoteDeliveryType", "JobStop",
                              "JobStopReason", "KeepUpdated"}:  # fmt: skip
        fields.pop(name, None)
    if "MailAddress" in fields:
        address = _address(fields["MailAddress"])
        if not address.get("City") or not address.get("ZipCode"):
            raise _invalid("MailAddress requires City and ZipCode.")
        fields["MailAddress"] = address
    if fields.get("PaymentTermId") is not None:
        term = next((t for t in call.world.payment_terms if t["Id"] == fields["PaymentTermId"]), None)
        if term is None:
            raise ApiError(404, "Object(s) not found", f"PaymentTerm with id = {fields['PaymentTermId']} not found.")
        fields["PaymentTerm"] = term["CreditDays"]
    if "Number" in fields:
        number = fields.pop("Number")
        if not isinstance(number, int) or number not in _SERIES:
            raise _invalid(f"Number {number} is not inside a customer number series.")
        if str(number) in call.company.customers:
            raise _invalid(f"Number {number} is already in use.")
    else:
        number = max((int(no) for no in call.company.customers if int(no) in _SERIES), default=_SERIES[0] - 1) + 1
    _check(call, fields, None)
    fields.setdefault("InvoiceDeliveryType", "Print")  # when left out (reference § 7)
    made = call.company.add_customer(str(number), fields)
    return answer_json(customer_dto(made), 201)


def patch_customer(call: Call) -> Answer:
    customer = customer_of(call)
    fields = {**customer.fields}
    if fields.get("MailAddress"):
        fields["MailAddress"] = dict(fields["MailAddress"])
    for operation in _operations(call):
        _apply(fields, operation)
    before = {k: v for k, v in customer.fields.items() if k != "MailAddress"}
    _check(call, fields, customer)
    number = fields.pop("Number", None)
    if number is not None and str(number) != customer.no:
        raise _invalid("Number cannot be changed once the customer has been created.")
    customer.fields = fields
    if before != {k: v for k, v in fields.items() if k != "MailAddress"}:
        customer.changed = call.company.clock.tick()
    call.company.customers_version += 1
    call.company.books.version += 1
    return answer_json(customer_dto(customer))


def _operations(call: Call) -> list[Mapping[str, Any]]:
    body = call.json()
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in cast(list[Any], body)):
        raise _invalid("The body must be a JSON Patch array.")
    return cast(list[Mapping[str, Any]], body)


def _apply(fields: dict[str, Any], operation: Mapping[str, Any]) -> None:
    """One JSON Patch operation; paths are exact (PascalCase)."""
    kind, path = operation.get("op"), str(operation.get("path", ""))
    parts = path.split("/")[1:]
    if kind not in ("add", "replace", "remove", "test") or not parts:
        raise _invalid(f"The operation '{kind}' on '{path}' is not supported.")
    if parts[0] not in _PATCHABLE or len(parts) > 2:
        raise _missing_segment(parts[0])
    value = None if kind == "remove" else operation.get("value")
    if parts[0] == "MailAddress":
        address = dict(fields.get("MailAddress") or {})
        if len(parts) == 1:
            fields["MailAddress"] = _address(value) if value is not None else None
            return
        if parts[1] not in _ADDRESS_NAMES:
            raise _missing_segment(parts[1])
        address[parts[1]] = value
        fields["MailAddress"] = address
        return
    if parts[0] == "ContactGroupIds":
        groups = list(fields.get("ContactGroupIds") or [])
        fields["ContactGroupIds"] = [*groups, value] if len(parts) == 2 else value or []
        return
    if len(parts) == 2:
        raise _missing_segment(parts[1])
    if isinstance(value, dict | list):
        raise _invalid(f"The value of '{path}' must be a plain value, not an object.")
    if kind == "test":
        if fields.get(parts[0]) != value:
            raise _invalid(f"The current value of '{path}' is not equal to the test value.")
        return
    fields[parts[0]] = value


def _missing_segment(segment: str) -> ApiError:
    return _invalid(f"CustomerPatchDto: The target location specified by path segment '{segment}' was not found.")


def _invalid(detail: str) -> ApiError:
    return ApiError(400, _TITLE, detail)


def _address(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid("MailAddress must be an object.")
    bind = {name.lower(): name for name in _ADDRESS_NAMES}
    given = cast(dict[str, Any], value)
    return {bind[key.lower()]: part for key, part in given.items() if key.lower() in bind}


def _check(call: Call, fields: Mapping[str, Any], own: Customer | None) -> None:
    if fields.get("IsPerson"):
        if not fields.get("FirstName") or not fields.get("LastName"):
            raise _invalid("FirstName and LastName are required for a person.")
    elif not fields.get("Name"):
        raise _invalid("Name is required for a company.")
    for name in ("EmailAddress", "InvoiceEmailAddress", "PaymentReminderEmailAddress"):
        value = fields.get(name)
        if value and not _EMAIL.match(str(value)):
            raise _invalid(f"{name} '{value}' is not a valid e-mail address.")
    for name in ("ExternalImportReference", "ExternalNumber"):
        value = fields.get(name)
        holder = next((c for c in call.company.customers.values()
                       if value is not None and c is not own and c.fields.get(name) == value), None)  # fmt: skip
        if holder is not None:
            raise _invalid(f"{name} is already in use. '{value}' is used on (contact) Id = {holder.id}.")
    reference = fields.get("ExternalImportReference")
    if reference is not None and len(str(reference)) > 50:
        raise _invalid("ExternalImportReference may be at most 50 characters.")
    archived_now = own is not None and fields.get("IsArchived") and not own.fields.get("IsArchived")
    if archived_now and own is not None and sum(entry.amount for entry in own.entries):
        raise _invalid("A customer with a ledger balance cannot be archived.")


# --- contact details -------------------------------------------------------------------------------------------


def _details(call: Call, kind: str) -> list[dict[str, Any]]:
    return sorted(
        (one for c in call.company.customers.values() for one in _box(c, kind).values()), key=lambda one: one["Id"]
    )


def _box(customer: Customer, kind: str) -> dict[int, dict[str, Any]]:
    return customer.persons if kind == "ContactPerson" else customer.bank_accounts


def _list_details(call: Call, kind: str, names: tuple[str, ...], created: str, code: tuple[str, str]) -> Answer:
    query = call.query
    ids, codes = query.ids("contactIds"), query.texts(code[0])
    made_after, changed_after = (
        query.ticks("createdDateTimeOffsetGreaterThan"), query.ticks("lastChangedDateTimeOffsetGreaterThan"),
    )  # fmt: skip
    rows = [
        one
        for one in _details(call, kind)
        if (ids is None or one["ContactId"] in ids)
        and (codes is None or one.get(code[1]) in codes)
        and (made_after is None or read_ticks(one[created]) > made_after)
        and (changed_after is None or read_ticks(one["LastChangedDateTimeOffset"]) > changed_after)
    ]
    changed: Callable[[dict[str, Any]], int] = lambda one: read_ticks(one["LastChangedDateTimeOffset"])  # noqa: E731
    return answer_list(call, Listing(rows, dumps, names, changed, {}))


def list_persons(call: Call) -> Answer:
    code = ("externalCodes", "ExternalCode")
    return _list_details(call, "ContactPerson", PERSON_NAMES, "CreatedDateTimeOffset", code)


def list_bank_accounts(call: Call) -> Answer:
    return _list_details(call, "ContactBankAccount", BANK_ACCOUNT_NAMES, "CreateDateTimeOffset",
                         ("bankAccountNumbers", "BankAccountNumber"))  # fmt: skip


def _create_detail(call: Call, kind: str, names: Iterable[str], created: str, needed: tuple[str, ...]) -> Answer:
    customer = customer_of(call, 0, "Contact")
    names = tuple(names)
    body = call.object({name.lower(): name for name in names})
    for name in needed:
        if not body.get(name):
            raise ApiError(400, f"{kind} validation error(s)", f"{name} is required.")
    stamp = write_ticks(call.company.clock.tick())
    id_ = call.company.next_detail_id()
    made = dict.fromkeys(names) | {key: value for key, value in body.items() if key in names}
    made |= {"Id": id_, "ContactId": customer.id, created: stamp, "LastChangedDateTimeOffset": stamp}
    made["IsActive"] = body.get("IsActive", True)
    if made.get("MailAddress", 0) is None:
        del made["MailAddress"]
    _box(customer, kind)[id_] = made
    return answer_json(made, 201)


def create_person(call: Call) -> Answer:
    return _create_detail(call, "ContactPerson", PERSON_NAMES, "CreatedDateTimeOffset", ("FirstName", "LastName"))


def create_bank_account(call: Call) -> Answer:
    return _create_detail(call, "ContactBankAccount", BANK_ACCOUNT_NAMES, "CreateDateTimeOffset",
                          ("BankAccountNumber",))  # fmt: skip


def detail_routes(kind: str) -> tuple[Callable[[Call], Answer], Callable[[Call], Answer], Callable[[Call], Answer]]:
    """(read, patch, delete) of one contact person or bank account."""

    def find(call: Call) -> tuple[Customer, dict[str, Any]]:
        customer = customer_of(call, 0, "Contact")
        found = _box(customer, kind).get(int(call.tail[1])) if call.tail[1].isdigit() else None
        if found is None:
            raise not_found(kind, call.tail[1])
        return customer, found

    def read(call: Call) -> Answer:
        return answer_json(find(call)[1])

    def patch(call: Call) -> Answer:
        _, found = find(call)
        changed = dict(found)
        for operation in _operations(call):
            name = str(operation.get("path", "")).removeprefix("/")
            if name not in changed or name in ("Id", "ContactId"):
                raise ApiError(400, f"{kind} validation error(s)",
                               f"{kind}PatchDto: The target location specified by path segment '{name}' was not found.")  # fmt: skip # noqa: E501
            changed[name] = None if operation.get("op") == "remove" else operation.get("value")
        found.update(changed)
        found["LastChangedDateTimeOffset"] = write_ticks(call.company.clock.tick())
        return answer_json(found)

    def delete(call: Call) -> Answer:
        customer, found = find(call)
        del _box(customer, kind)[found["Id"]]
        return Answer(200)

    return read, patch, delete
