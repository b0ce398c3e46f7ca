"""The one HTTP application of the sandbox: which service a path belongs to, faults, compression, the request log."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import ASGIApp

from .api import misbehave, onboarding
from .api.gateway import Gateway
from .api.protocol import Answer, ApiError, Query
from .control_routes import answer_control
from .faults import ROW_KINDS, Fault
from .letter_drop import letter_drop_app
from .register.app import register_app
from .request_log import Exchange
from .world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_ENHETER, _REGNSKAP, _DROP = "/enhetsregisteret/api", "/regnskapsregisteret", "/letter-drop"
_COMPRESS_FROM = 1_000  # bytes


class SandboxApp:
    """An ASGI application over a world. Runs in one event loop; everything that changes the world runs there too."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gateway = Gateway(world)
        register = register_app(world.register, None, world.clock)
        self._mounted: tuple[tuple[str, ASGIApp], ...] = (
            (_ENHETER, register), (_REGNSKAP, register), (_DROP, letter_drop_app(world.letter_drop)),
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        body = await _body(receive)
        if path.startswith("/control/"):
            await _send(send, answer_control(self._world, path.removeprefix("/control/"), body), headers)
            return
        if path.startswith("/onboarding/"):
            await _send(send, onboarding.approve(self._world, path.removeprefix("/onboarding/")), headers)
            return
        for base, app in self._mounted:
            if path.lower() == base or path.lower().startswith(base + "/"):
                await self._shared(scope, receive, send, base, app, headers, body)
                return
        await self._poweroffice(scope, receive, send, headers, body)

    # --- the services ------------------------------------------------------------------------------------------

    async def _poweroffice(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str],
                           body: bytes) -> None:  # fmt: skip
        query = Query(scope.get("query_string", b""))
        segments = tuple(part for part in scope["path"].split("/") if part)
        if segments and segments[0].lower() == "demo":
            segments = segments[1:]
        token_route = tuple(s.lower() for s in segments) == ("oauth", "token")
        if not token_route and (not segments or segments[0].lower() != "v2"):
            answer = ApiError(404, "Resource not found", gateway=True).answer()
            await self._finish(scope, send, answer, headers, body, None, None)
            return
        inner = segments if token_route else segments[1:]
        company = self._gateway.caller(scope["path"], headers)
        try:
            self._gateway.admit(scope["path"], query, headers)
        except ApiError as refused:
            await self._finish(scope, send, refused.answer(), headers, body, company, None)
            return
        fault = self._world.faults.take(("/".join(inner), scope["path"]), scope["method"], company)
        if fault is not None and fault.kind == "status":
            await self._finish(scope, send, misbehave.refusal(fault, poweroffice=True), headers, body, company, fault)
            return
        if fault is not None and fault.kind == "token_expired":
            self._gateway.forget_token(headers)
            await self._finish(scope, send, Answer(401), headers, body, company, fault)
            return
        if fault is not None and fault.kind == misbehave.DROPPED_BEFORE:
            await self._drop(scope, receive, headers, body, company, fault)
            return
        answer = await self._gateway.answer(scope["method"], inner, query, headers, body, fault)
        if fault is not None and fault.kind in misbehave.DROPPED_AFTER:
            await self._drop(scope, receive, headers, body, company, fault)
            return
        if fault is not None:
            answer = misbehave.finished(fault, answer)
        await self._finish(scope, send, answer, headers, body, company, fault)

    async def _shared(self, scope: Scope, receive: Receive, send: Send, base: str, app: ASGIApp,
                      headers: dict[str, str], body: bytes) -> None:  # fmt: skip
        """Register or letter drop: a Starlette application, with the faults around it."""
        path: str = scope["path"]
        fault = self._world.faults.take((path, path[len(base) :] or "/"), scope["method"])
        if fault is not None and fault.kind == "status":
            await self._finish(scope, send, misbehave.refusal(fault, poweroffice=False), headers, body, None, fault)
            return
        if fault is not None and fault.kind == misbehave.DROPPED_BEFORE:
            await self._drop(scope, receive, headers, body, None, fault)
            return
        answer = await _through(app, {**scope, "root_path": path[: len(base)]}, body)
        if fault is not None and fault.kind in misbehave.DROPPED_AFTER:
            await self._drop(scope, receive, headers, body, None, fault)
            return
        if fault is not None:
            answer = misbehave.finished(fault, answer)
            if fault.kind in ROW_KINDS:
                answer = misbehave.register_rows(fault, answer)
        await self._finish(scope, send, answer, headers, body, None, fault)

    # --- the end of a call -------------------------------------------------------------------------------------

    async def _finish(self, scope: Scope, send: Send, answer: Answer, headers: dict[str, str], body: bytes,
                      company: str | None, fault: Fault | None) -> None:  # fmt: skip
        self._note(scope, answer, headers, body, company, fault)
        await _send(send, answer, headers)

    async def _drop(self, scope: Scope, receive: Receive, headers: dict[str, str], body: bytes, company: str | None,
                    fault: Fault) -> None:  # fmt: skip
        """No answer: hold the line until the caller leaves or the time is over, or cut it at once."""
        self._note(scope, None, headers, body, company, fault)
        if fault.kind != "reset_after_commit":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_gone(receive), self._world.options.fault_hold_seconds)
        cut: Callable[[bool], None] | None = scope.get("kredin.cut")
        if cut is not None:
            cut(fault.kind == "reset_after_commit")
            await _gone(receive)

    def _note(self, scope: Scope, answer: Answer | None, headers: dict[str, str], body: bytes, company: str | None,
              fault: Fault | None) -> None:  # fmt: skip
        log = self._world.log
        log.add(
            Exchange(
                self._world.clock.now(), company, scope["method"], scope["path"],
                scope.get("query_string", b"").decode("latin-1"), answer.status if answer else None,
                headers.get("accept"), headers.get("user-agent"), headers.get("content-type"), log.text(body),
                answer.content_type if answer and answer.body else None, log.text(answer.body) if answer else None,
                len(answer.body) if answer else 0, fault.kind if fault else None,
            )
        )  # fmt: skip


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _through(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """Let a mounted application answer and collect what it says."""
    answer = Answer(500)
    parts: list[bytes] = []
    sent = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            given = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in message.get("headers", [])}
            given.pop("content-length", None)
            answer.content_type = given.pop("content-type", "application/json")
            answer.headers = given
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    answer.body = b"".join(parts)
    return answer


async def _send(send: Send, answer: Answer, request: dict[str, str]) -> None:
    body = answer.body
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    if body:
        headers.append((b"content-type", answer.content_type.encode()))
        if (
            len(body) >= _COMPRESS_FROM
            and "gzip" in request.get("accept-encoding", "").lower()
            and ("json" in answer.content_type or answer.content_type.startswith("text/"))
        ):
            body = gzip.compress(body, 1, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
    if answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
