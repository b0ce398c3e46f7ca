"""The door of the PowerOffice API: subscription key, rate, token, privilege, then the route (reference §§ 2, 16).

Here belongs who may call; what a fault does around the call is in ``misbehave.py``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import math
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from ..clock import TICKS_PER_SECOND
from ..faults import Fault
from ..ledger.errors import LedgerError
from . import customers, routes
from .protocol import Answer, ApiError, Call, Query, answer_json, from_ledger

if TYPE_CHECKING:
    from ..ledger import Company
    from ..world import Grant, World

_log = logging.getLogger(__name__)
LONGEST_URL = 2_000
_POST_CUSTOMERS_SECONDS = 0.01  # how long a POST /Customers keeps its place; another one meanwhile gets 503


class Gateway:
    """Answers ``/OAuth/Token`` and ``/v2/...`` for all companies of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def admit(self, path: str, query: Query, headers: Mapping[str, str]) -> None:
        """Subscription key, then rate, then the length of the URL. Raises ``ApiError``."""
        world = self._world
        key = headers.get("ocp-apim-subscription-key") or query.text("subscription-key")
        if key is None:
            raise ApiError(401, "Access denied due to missing subscription key. Make sure to include subscription key "
                                "when making requests to an API.", gateway=True)  # fmt: skip
        if key not in world.subscription_keys():
            raise ApiError(401, "Access denied due to invalid subscription key. Make sure to provide a valid key for "
                                "an active subscription.", gateway=True)  # fmt: skip
        rate = world.options.rate_per_second
        if rate > 0:
            from ..world import Bucket

            wait = world.buckets.setdefault(key, Bucket(rate)).wait()
            if wait:
                seconds = max(1, math.ceil(wait))
                raise rate_limited(seconds, world.options.retry_after_header)
        if len(path) + len(query.raw) > LONGEST_URL:
            raise ApiError(414, "Request-URI Too Long", gateway=True)

    def caller(self, path: str, headers: Mapping[str, str]) -> str | None:
        """The client key that a call carries, good or not: faults are planned for it."""
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            grant = self._world.tokens.get(rest.strip())
            return grant.client_key if grant else None
        pair = _basic(headers)
        return pair[1] if pair else None

    def forget_token(self, headers: Mapping[str, str]) -> None:
        """The token of this call is worth nothing from now on (fault ``token_expired``)."""
        self._world.tokens.pop(headers.get("authorization", "").partition(" ")[2].strip(), None)

    async def answer(self, method: str, segments: tuple[str, ...], query: Query, headers: Mapping[str, str],
                     body: bytes, fault: Fault | None) -> Answer:  # fmt: skip
        """The answer to an admitted call; ``segments`` follow ``/v2``, or are ``OAuth/Token``."""
        try:
            if tuple(s.lower() for s in segments) == ("oauth", "token"):
                return self._token(method, headers, body)
            found = routes.find(method, segments)
            if found is None:
                raise ApiError(404, "Resource not found", gateway=True)
            route, tail = found
            nobody = cast("Company", None)  # routes without a token have no company
            call = Call(self._world, nobody, "", method, "/".join(segments), tail, query, headers, body, fault)
            if route.token:
                grant = self._grant(headers)
                if route.privileges and not grant.privileges & set(route.privileges):
                    raise ApiError(403)
                call.company = self._world.companies[grant.client_key]
                call.application_key = grant.application_key
                call.company.books.give_late_numbers()
            query.refuse_odata()
            if route.handler is customers.create_customer:
                return await self._one_at_a_time(call)
            return route.handler(call)
        except ApiError as refusal:
            return refusal.answer()
        except LedgerError as refusal:
            return from_ledger(refusal).answer()
        except Exception:
            _log.exception("%s /%s failed inside the sandbox", method, "/".join(segments))
            return ApiError(500, "An unexpected error occurred.", "See the sandbox's log.").answer()

    async def _one_at_a_time(self, call: Call) -> Answer:
        busy, key = self._world.busy_customer_posts, call.company.client_key
        if key in busy:
            return Answer(503)
        busy.add(key)
        try:
            await asyncio.sleep(_POST_CUSTOMERS_SECONDS)
            return customers.create_customer(call)
        finally:
            busy.discard(key)

    def _grant(self, headers: Mapping[str, str]) -> Grant:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        grant = self._world.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires <= self._world.clock.ticks() or grant.client_key not in self._world.companies:
            raise ApiError(401)
        return grant

    def _token(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method != "POST":
            raise ApiError(404, "Resource not found", gateway=True)
        form = parse_qs(body.decode("latin-1"))
        pair = _basic(headers)
        if not headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
            return _token_error("invalid_request", "The content type must be application/x-www-form-urlencoded.")
        if form.get("grant_type") != ["client_credentials"]:
            return _token_error("unsupported_grant_type", "grant_type must be client_credentials.")
        if pair is None:
            return _token_error("invalid_client", "The Authorization header must be Basic with both keys.")
        company = self._find(*pair)
        if company is None:
            return _token_error("invalid_client", "The client integration was not found.")
        from ..world import Grant

        token, lifetime = secrets.token_urlsafe(48), self._world.options.token_lifetime_seconds
        self._world.tokens[token] = Grant(
            company.client_key,
            company.application_key,
            self._world.clock.ticks() + lifetime * TICKS_PER_SECOND,
            frozenset(company.privileges),
        )
        return answer_json({"access_token": token, "token_type": "bearer", "expires_in": lifetime})

    def _find(self, application_key: str, client_key: str) -> Company | None:
        company = self._world.companies.get(client_key)
        if company is None or company.application_key.lower() != application_key.lower():
            return None
        return None if client_key in self._world.removed_extensions else company


def rate_limited(seconds: int, with_header: bool) -> ApiError:
    headers = {"Retry-After": str(seconds)} if with_header else {}
    return ApiError(429, f"Rate limit is exceeded. Try again in {seconds} seconds.", gateway=True, headers=headers)


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        first, colon, second = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (first, second) if colon else None


def _token_error(error: str, description: str) -> Answer:
    return Answer(400, json.dumps({"error": error, "error_description": description}).encode())
