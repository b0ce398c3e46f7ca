"""JournalEntryVouchers: drafts that wait for a person in Go and never reach the books here (reference § 11.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..clock import read_ticks, write_ticks
from .listing import Listing, answer_list
from .multipart import uploaded_file
from .protocol import Answer, ApiError, Call, Json, answer_json, dumps, not_found

LIST_NAMES = ("CreatedDateTimeOffset", "Id", "InApprovalWorkflow", "IsCreatedByCurrentIntegration", "IsPosted",
              "LastChangedDateTimeOffset", "OriginatedFromEhf", "VoucherType")  # fmt: skip
_HEADER = ("CurrencyCode", "DepartmentId", "Description", "Dim1Id", "Dim2Id", "Dim3Id", "LocationId", "ProjectId",
           "VoucherDate")  # fmt: skip
_LINE = (
    "CreditAccountId", "CreditVatId", "CreditVatReturnSpecification", "CurrencyAmount", "CurrencyCode",
    "CurrencyExchangeRate", "DebitAccountId", "DebitVatId", "DebitVatReturnSpecification", "DepartmentId",
    "Description", "Dim1Id", "Dim2Id", "Dim3Id", "LocationId", "PostingDate", "ProductId", "ProjectId", "Quantity",
    "Quantity2",
)  # fmt: skip
# route → (lines on POST, lines in the answer, voucher type)
_KINDS = {
    "ManualJournals": ("ManualVoucherLines", "ManualVoucherLines", "ManualJournal"),
    "BankJournals": ("BankJournalLines", "BankVoucherLines", "BankJournal"),
}


def _title(detail: str) -> ApiError:
    return ApiError(400, "JournalEntryVoucher validation error(s)", detail)


def list_drafts(call: Call) -> Answer:
    query = call.query
    made, changed = query.ticks("createdDateTimeOffsetGreaterThan"), query.ticks("lastChangedDateTimeOffsetGreaterThan")
    posted, approval = query.maybe_flag("isPosted"), query.maybe_flag("inApprovalWorkflow")
    rows = [
        {name: draft[name] for name in LIST_NAMES}
        for draft in call.company.drafts.values()
        if draft["application_key"] == call.application_key
        and (made is None or read_ticks(draft["CreatedDateTimeOffset"]) > made)
        and (changed is None or read_ticks(draft["LastChangedDateTimeOffset"]) > changed)
        and posted is not True
        and approval is not True
    ]
    stamp: Callable[[Json], int] = lambda row: read_ticks(row["LastChangedDateTimeOffset"])  # noqa: E731
    return answer_list(call, Listing(rows, dumps, LIST_NAMES, stamp, {}))


def create(route: str) -> Callable[[Call], Answer]:
    """POST /JournalEntryVouchers/{ManualJournals|BankJournals}."""
    lines_in, _, kind = _KINDS[route]

    def post(call: Call) -> Answer:
        body = call.object({name.lower(): name for name in (*_HEADER, lines_in, "Comment")})
        for name in ("CurrencyCode", "VoucherDate"):
            if not body.get(name):
                raise _title(f"{name} is required.")
        if len(str(body.get("Comment") or "")) > 1000:
            raise _title("Comment may be at most 1000 characters.")
        stamp = write_ticks(call.company.clock.tick())
        id_ = call.company.books.guids.guid(1_000_000_000_000 + call.company.next_detail_id())
        draft: Json = {
            "CreatedDateTimeOffset": stamp,
            "Id": id_,
            "InApprovalWorkflow": False,
            "IsCreatedByCurrentIntegration": True,
            "IsPosted": False,
            "LastChangedDateTimeOffset": stamp,
            "OriginatedFromEhf": False,
            "VoucherType": kind,
            "application_key": call.application_key,
            "route": route,
            "header": {name: body.get(name) for name in _HEADER},
            "lines": [_line(call, line, route) for line in _list(body.get(lines_in))],
            "pages": [],
        }
        draft["header"]["VoucherDate"] = str(body["VoucherDate"])[:10]
        call.company.drafts[id_] = draft
        return answer_json(_dto(draft), 201)

    return post


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _title("The voucher lines must be an array.")
    return cast(list[Any], value)


def _line(call: Call, body: Any, route: str) -> Json:
    if not isinstance(body, dict):
        raise _title("A voucher line must be an object.")
    bind = {name.lower(): name for name in (*_LINE, "InvoiceNo")}
    given = {bind[k.lower()]: v for k, v in cast(Mapping[str, Any], body).items() if k.lower() in bind}
    accounts = {a.id for a in call.company.books.accounts.values()} | set(call.company.customers_by_account)
    for side in ("DebitAccountId", "CreditAccountId"):
        if given.get(side) is not None and given[side] not in accounts:
            raise ApiError(404, "Object(s) not found", f"Account with id = {given[side]} not found.")
    if given.get("CurrencyAmount", 0) < 0:
        raise _title("CurrencyAmount must be positive; the side is chosen by DebitAccountId or CreditAccountId.")
    stamp = write_ticks(call.company.clock.tick())
    made: Json = {name: given.get(name) for name in _LINE}
    made["CurrencyAmount"] = given.get("CurrencyAmount", 0)
    if route == "BankJournals":
        made["InvoiceNo"] = given.get("InvoiceNo")
    made |= {"CreatedDateTimeOffset": stamp, "Id": call.company.next_detail_id(), "LastChangedDateTimeOffset": stamp}
    return made


def _dto(draft: Json) -> Json:
    lines_out = _KINDS[draft["route"]][1]
    pages = [{"CreatedDateTimeOffset": p["created"], "Id": p["id"], "VoucherId": draft["Id"]} for p in draft["pages"]]
    return {**draft["header"], lines_out: draft["lines"], "Id": draft["Id"], "Pages": pages}


def _own(call: Call, route: str | None = None) -> Json:
    draft = call.company.drafts.get(call.tail[0].lower())
    if draft is None or draft["application_key"] != call.application_key or (route and draft["route"] != route):
        raise not_found("JournalEntryVoucher", call.tail[0])
    return draft


def _touch(call: Call, draft: Json) -> None:
    draft["LastChangedDateTimeOffset"] = write_ticks(call.company.clock.tick())


def read(route: str) -> Callable[[Call], Answer]:
    return lambda call: answer_json(_dto(_own(call, route)))


def _patched(call: Call, target: Json, allowed: tuple[str, ...]) -> None:
    body = call.json()
    if not isinstance(body, list):
        raise _title("The body must be a JSON Patch array.")
    changed = dict(target)
    for operation in cast(list[Any], body):
        if not isinstance(operation, dict):
            raise _title("A JSON Patch operation must be an object.")
        found = cast(Json, operation)
        name = str(found.get("path", "")).removeprefix("/")
        if name not in allowed:
            raise _title(f"PatchDto: The target location specified by path segment '{name}' was not found.")
        changed[name] = None if found.get("op") == "remove" else found.get("value")
    target.update(changed)


def patch(route: str) -> Callable[[Call], Answer]:
    def change(call: Call) -> Answer:
        draft = _own(call, route)
        _patched(call, draft["header"], _HEADER)
        _touch(call, draft)
        return answer_json(_dto(draft))

    return change


def add_line(route: str) -> Callable[[Call], Answer]:
    def add(call: Call) -> Answer:
        draft = _own(call, route)
        draft["lines"].append(_line(call, call.json(), route))
        _touch(call, draft)
        return answer_json(_dto(draft), 201)

    return add


def _line_of(call: Call, draft: Json) -> Json:
    found = next((line for line in draft["lines"] if str(line["Id"]) == call.tail[1]), None)
    if found is None:
        raise not_found("VoucherLine", call.tail[1])
    return found


def patch_line(route: str) -> Callable[[Call], Answer]:
    def change(call: Call) -> Answer:
        draft = _own(call, route)
        line = _line_of(call, draft)
        _patched(call, line, (*_LINE, "InvoiceNo") if route == "BankJournals" else _LINE)
        _touch(call, draft)
        line["LastChangedDateTimeOffset"] = draft["LastChangedDateTimeOffset"]
        return answer_json(line)

    return change


def delete_line(route: str) -> Callable[[Call], Answer]:
    def delete(call: Call) -> Answer:
        draft = _own(call, route)
        draft["lines"].remove(_line_of(call, draft))
        _touch(call, draft)
        return Answer(200)

    return delete


def delete(call: Call) -> Answer:
    del call.company.drafts[_own(call)["Id"]]
    return Answer(200)


def submit(call: Call) -> Answer:
    """Works only with an approver configured; this company has none, so 409."""
    _own(call)
    raise ApiError(409, "Object conflict", "No approver is configured for the client.")


def upload_page(call: Call) -> Answer:
    draft = _own(call)
    content = uploaded_file(call)
    stamp = write_ticks(call.company.clock.tick())
    draft["pages"].append({"id": call.company.next_detail_id(), "created": stamp, "content": content.hex()})
    _touch(call, draft)
    return Answer(201)


def _page(call: Call) -> tuple[Json, Json]:
    draft = _own(call)
    found = next((page for page in draft["pages"] if str(page["id"]) == call.tail[1]), None)
    if found is None:
        raise not_found("VoucherPage", call.tail[1])
    return draft, found


def read_page(call: Call) -> Answer:
    return Answer(200, bytes.fromhex(_page(call)[1]["content"]), "image/jpeg")


def delete_page(call: Call) -> Answer:
    draft, page = _page(call)
    draft["pages"].remove(page)
    return Answer(200)
