"""HTTP of the two registers: routes, content negotiation, answers.

What is answered for a unit is composed in ``units.py``, found in ``search.py``, kept in ``state.py``; here a request is
read, refused or answered. The same application is mounted for Enhetsregisteret and for Regnskapsregisteret.
Source: Enhetsregisteret reference §§ 1, 2, 5, 6.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..clock import SandboxClock
from ..faults import Faults
from . import bulk, media, parameters, search, units
from .errors import BadRequest, Finding, framework_error, validation_error
from .numbers import is_nine_digits
from .roles import Unit, role_groups
from .state import FeedEvent, Register, wire_time
from .synthesis import FORMS, SUB_UNIT_FORMS, Json

Handler = Callable[[Request], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
#: Called once for each request that reached the register, with method, path, query string, Accept, User-Agent, status.
RequestLog = Callable[[Json], None]

_STATUS_TEXTS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


def register_app(
    register: Register,
    faults: Faults | None = None,
    clock: SandboxClock | None = None,
    request_log: RequestLog | None = None,
) -> Starlette:
    """The registers' application, to be mounted at ``/enhetsregisteret/api`` and at ``/regnskapsregisteret``.

    ``faults``: planned refusals (kind ``status``) to show here, None where the server around shows them, as the sandbox
    does with every kind; ``clock`` stamps errors and the change feed; ``request_log`` hears of each request, so that a
    test can demand an Accept header and a User-Agent.
    """
    if clock is not None:
        register.clock = clock
    return _Service(register, faults, request_log).application()


class _Service:
    def __init__(self, register: Register, faults: Faults | None, request_log: RequestLog | None) -> None:
        self._register = register
        self._faults = faults
        self._request_log = request_log

    def application(self) -> Starlette:
        routes = [
            self._route("/enheter", self._search_main),
            self._route("/enheter/lastned", self._bulk_main, head=True),
            self._route("/enheter/lastned/csv", self._bulk_main_csv, head=True),
            self._route("/enheter/{orgnr}", self._main_unit),
            self._route("/enheter/{orgnr}/roller", self._roles),
            self._route("/underenheter", self._search_sub),
            self._route("/underenheter/lastned", self._bulk_sub, head=True),
            self._route("/underenheter/lastned/csv", self._bulk_sub_csv, head=True),
            self._route("/underenheter/{orgnr}", self._sub_unit),
            self._route("/oppdateringer/enheter", self._feed_main),
            self._route("/oppdateringer/underenheter", self._feed_sub),
            self._route("/oppdateringer/roller", self._feed_roles),
            self._route("/organisasjonsformer", self._forms),
            self._route("/organisasjonsformer/enheter", self._forms),
            self._route("/organisasjonsformer/underenheter", self._forms),
            self._route("/organisasjonsformer/{code}", self._form),
            self._route("/konsernstruktur/{orgnr}", self._group),
            self._route("/regnskap/aarsregnskap/kopi/{orgnr}/aar", self._account_years),
            self._route("/regnskap/{orgnr}", self._accounts),
            self._route("/regnskap/{orgnr}/{filing}", self._one_filing),
            Route("/{rest:path}", self._endpoint(self._nothing), methods=["GET", "HEAD"]),
        ]
        return Starlette(routes=routes)

    def _route(self, path: str, handler: Handler, head: bool = False) -> Route:
        return Route(path, self._endpoint(handler), methods=["GET", "HEAD"] if head else ["GET"])

    def _endpoint(self, handler: Handler) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                response = await self._ordinary_or_broken(request, handler)
            except BadRequest as error:
                response = validation_error(error, request.url.path, self._register.clock.now())
            self._note(request, response)
            return response

        return answer

    async def _ordinary_or_broken(self, request: Request, handler: Handler) -> Response:
        path = request.url.path
        planned = self._faults.take((path, path.removeprefix(_root(request))), request.method) if self._faults else None
        if planned is not None and planned.kind == "status":
            return _empty(planned.code or 500, planned.headers)
        belongs_to_accounts = path.removeprefix(_root(request)).startswith("/regnskap/")
        if belongs_to_accounts != _root(request).endswith("/regnskapsregisteret"):
            return _empty(404)
        number = request.path_params.get("orgnr")
        if number is not None and not is_nine_digits(number):
            raise BadRequest([Finding(f"Organisasjonsnummer {number} er ugyldig", ("orgnr",), number)])
        status = self._register.status_of(number) if number is not None and not belongs_to_accounts else None
        if status == "slow":
            await anyio.sleep(self._register.options.slow_seconds)
        elif status == "html_200":
            return Response("<html><body>Tjenesten er midlertidig utilgjengelig</body></html>", media_type="text/html")
        elif isinstance(status, int) and status != 410:
            return self._refusal(status, request)
        response = handler(request)
        if status == "truncated":
            half = bytes(response.body)[: len(response.body) // 2]
            return Response(half, response.status_code, headers={"Content-Type": response.headers["content-type"]})
        return response

    def _refusal(self, status: int, request: Request) -> Response:
        if status in _STATUS_TEXTS:
            return framework_error(status, _STATUS_TEXTS[status], request.url.path, self._register.clock.now())
        wait = self._register.options.retry_after
        return _empty(status, {"Retry-After": str(wait)} if status == 429 and wait is not None else None)

    def _note(self, request: Request, response: Response) -> None:
        if self._request_log is not None:
            self._request_log(
                {
                    "time": self._register.clock.now().isoformat(),
                    "method": request.method,
                    "path": request.url.path,
                    "query": request.url.query,
                    "accept": request.headers.get("accept"),
                    "user_agent": request.headers.get("user-agent"),
                    "status": response.status_code,
                }
            )

    # Units

    def _main_unit(self, request: Request) -> Response:
        return self._unit(request, sub=False)

    def _sub_unit(self, request: Request) -> Response:
        return self._unit(request, sub=True)

    def _unit(self, request: Request, sub: bool) -> Response:
        number = request.path_params["orgnr"]
        offered = media.SUB_UNIT if sub else media.MAIN_UNIT
        parameters.read(request.query_params.multi_items(), {})
        content_type = media.chosen(request.headers.get("accept"), offered)
        if content_type is None:
            return _empty(406)
        if self._register.status_of(number) == 410:
            collection = "underenheter" if sub else "enheter"
            body = units.removed_body(number, self._register.removed_on(number), _base(request), collection)
            return _json(body, content_type, 410)
        unit = self._register.find(number, sub)
        return _empty(404) if unit is None else _json(self._body(unit, request), content_type)

    def _body(self, unit: Unit, request: Request) -> Json:
        compose = units.sub_unit_body if unit.sub else units.main_unit_body
        body = compose(unit.number, unit.form, unit.fields, _base(request))
        if self._register.options.extra_keys:
            body["nyttFeltFraTjenesten"] = {"verdi": 1}
        return body

    def _roles(self, request: Request) -> Response:
        content_type = media.chosen(request.headers.get("accept"), media.ROLES)
        if content_type is None:
            return _empty(406)
        number = request.path_params["orgnr"]
        if self._register.status_of(number) == 410:
            body = units.removed_body(number, self._register.removed_on(number), _base(request), "enheter")
            return _json(body, content_type, 410)
        unit = self._register.find(number, sub=False)
        groups = role_groups(unit, _base(request)) if unit else []
        if not groups:
            return _empty(404)
        link = f"{_base(request)}/enheter/{number}"
        links = {"self": {"href": f"{link}/roller"}, "enhet": {"href": link}}
        return _json({"rollegrupper": groups, "_links": links}, content_type)

    # Search

    def _search_main(self, request: Request) -> Response:
        return self._search(request, sub=False)

    def _search_sub(self, request: Request) -> Response:
        return self._search(request, sub=True)

    def _search(self, request: Request, sub: bool) -> Response:
        offered = media.SUB_UNIT if sub else media.MAIN_UNIT
        content_type = media.chosen(request.headers.get("accept"), offered)
        if content_type is None:
            return _empty(406)
        allowed = parameters.SUB_UNIT_SEARCH if sub else parameters.MAIN_UNIT_SEARCH
        query = parameters.read(request.query_params.multi_items(), allowed, self._register.options.longest_number_list)
        found = search.find(self._register, query, sub)
        hits = [self._body(unit, request) for unit in search.page_of(found, query)]
        name = "underenheter" if sub else "enheter"
        return _json(search.envelope(f"{_base(request)}/{name}", query, len(found), name, hits), content_type)

    # Change feeds

    def _feed_main(self, request: Request) -> Response:
        return self._feed(request, sub=False)

    def _feed_sub(self, request: Request) -> Response:
        return self._feed(request, sub=True)

    def _feed(self, request: Request, sub: bool) -> Response:
        content_type = media.chosen(request.headers.get("accept"), media.SUB_UNIT_FEED if sub else media.MAIN_UNIT_FEED)
        if content_type is None:
            return _empty(406)
        query = parameters.read(request.query_params.multi_items(), parameters.FEED)
        events = search.feed(self._register.events(sub), query)
        with_changes = query.flag("includeChanges") is True
        lines = [self._feed_line(e, with_changes, _base(request)) for e in search.page_of(events, query)]
        collection, key = ("underenheter", "oppdaterteUnderenheter") if sub else ("enheter", "oppdaterteEnheter")
        url = f"{_base(request)}/oppdateringer/{collection}"
        return _json(search.envelope(url, query, len(events), key, lines), content_type)

    @staticmethod
    def _feed_line(event: FeedEvent, with_changes: bool, base: str) -> Json:
        line: Json = {
            "oppdateringsid": event.id,
            "dato": event.at,
            "organisasjonsnummer": event.number,
            "endringstype": event.kind,
        }
        if with_changes and event.kind == "Endring":
            line["endringer"] = event.changes
        name, collection = ("underenhet", "underenheter") if event.sub else ("enhet", "enheter")
        return line | {"_links": {name: {"href": f"{base}/{collection}/{event.number}"}}}

    def _feed_roles(self, request: Request) -> Response:
        query = parameters.read(request.query_params.multi_items(), parameters.ROLE_FEED)
        after_id, after = query.integer("afterId") or 0, query.moment("afterTime")
        events = [
            event
            for event in self._register.role_events()
            if event.id > after_id and (after is None or event.at > wire_time(after))
        ]
        lines = [
            {
                "specversion": "1.0",
                "id": str(event.id),
                "source": f"{_base(request)}/enheter/{event.number}/roller",
                "type": "no.brreg.enhetsregisteret.rolle.oppdatert",
                "time": event.at,
                "data": {"organisasjonsnummer": event.number},
            }
            for event in events[: query.size]
        ]
        return _json(lines, media.PLAIN)

    # Bulk and code lists

    def _bulk_main(self, request: Request) -> Response:
        return self._bulk_json(request, sub=False)

    def _bulk_sub(self, request: Request) -> Response:
        return self._bulk_json(request, sub=True)

    def _bulk_json(self, request: Request, sub: bool) -> Response:
        offered = media.SUB_UNIT_BULK if sub else media.MAIN_UNIT_BULK
        accept = request.headers.get("accept", "*/*").split(";")[0].strip()
        if accept == media.PLAIN:
            raise BadRequest([Finding("Accept application/json kan ikke brukes på lastned", ("Accept",), accept)])
        if accept not in (offered, "*/*"):
            return _empty(406)
        return self._file(bulk.as_json(bulk.records(self._register, sub, _base(request))), offered)

    def _bulk_main_csv(self, request: Request) -> Response:
        return self._file(bulk.as_csv(bulk.records(self._register, False, _base(request))), "application/gzip")

    def _bulk_sub_csv(self, request: Request) -> Response:
        return self._file(bulk.as_csv(bulk.records(self._register, True, _base(request))), "application/gzip")

    def _file(self, content: bytes, content_type: str) -> Response:
        headers = {"ETag": bulk.etag(content), "Last-Modified": bulk.java_time(self._register.clock.now())}
        return Response(content, headers=headers, media_type=content_type)

    def _forms(self, request: Request) -> Response:
        which = request.url.path.rsplit("/", 1)[-1]
        codes = [
            code
            for code in FORMS
            if which == "organisasjonsformer" or (code in SUB_UNIT_FORMS) == (which == "underenheter")
        ]
        forms = [units.form_of(code, _base(request)) for code in codes]
        links = {"self": {"href": f"{_base(request)}/organisasjonsformer"}}
        return _json({"_embedded": {"organisasjonsformer": forms}, "_links": links}, media.PLAIN)

    def _form(self, request: Request) -> Response:
        code = request.path_params["code"]
        return _json(units.form_of(code, _base(request)), media.PLAIN) if code in FORMS else _empty(404)

    def _group(self, request: Request) -> Response:
        return _empty(404)  # no unit here belongs to a group (erIKonsern gates the call)

    # Accounts

    def _accounts(self, request: Request) -> Response:
        query = parameters.read(request.query_params.multi_items(), parameters.ACCOUNTS)
        kind, year = query.text("regnskapstype"), query.text("år")
        if kind not in (None, "SELSKAP", "KONSERN"):
            raise BadRequest([Finding("regnskapstype må være SELSKAP eller KONSERN", ("regnskapstype",), kind)])
        filed = self._register.accounts_of(request.path_params["orgnr"])
        if filed == "bank":
            return framework_error(500, _STATUS_TEXTS[500], request.url.path, self._register.clock.now())
        rows = [
            one
            for one in filed
            if (kind is None or one["regnskapstype"] == kind)
            and (year is None or str(one["regnskapsperiode"]["tilDato"]).startswith(year))
        ]
        return _json(rows, media.PLAIN) if rows else _empty(404)

    def _one_filing(self, request: Request) -> Response:
        filed = self._register.accounts_of(request.path_params["orgnr"])
        if filed == "bank":
            return framework_error(500, _STATUS_TEXTS[500], request.url.path, self._register.clock.now())
        hits = [one for one in filed if str(one["id"]) == request.path_params["filing"]]
        return _json(hits[0], media.PLAIN) if hits else _empty(404)

    def _account_years(self, request: Request) -> Response:
        filed = self._register.accounts_of(request.path_params["orgnr"])
        years = sorted({str(one["regnskapsperiode"]["tilDato"])[:4] for one in filed}) if filed != "bank" else []
        return _json(years, media.PLAIN)

    def _nothing(self, request: Request) -> Response:
        return _empty(404)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_root(request)}"


def _empty(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(status_code=status, headers=headers)


def _json(body: object, content_type: str, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, media_type=None, headers={"Content-Type": content_type + ";charset=UTF-8"})
