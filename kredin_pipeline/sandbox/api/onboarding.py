"""How a company connects: Initiate, the approval in the browser, Finalize (reference § 3)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..clock import TICKS_PER_SECOND, write_ticks
from .protocol import Answer, ApiError, Call, answer_json

if TYPE_CHECKING:
    from ..world import World

_LIFETIME = 15 * 60


@dataclass
class Onboarding:
    """One started onboarding. ``token`` is set when a person has approved."""

    application_key: str
    organization_no: str | None
    redirect_uri: str
    valid_until: int  # ticks
    token: str | None = None
    used: bool = False


def _refused(detail: str) -> ApiError:
    return ApiError(400, "Onboarding validation error(s)", detail)


def initiate(call: Call) -> Answer:
    body = call.object({n.lower(): n for n in ("ApplicationKey", "ClientOrganizationNo", "RedirectUri")})
    world = call.world
    key, uri = str(body.get("ApplicationKey") or "").lower(), str(body.get("RedirectUri") or "")
    if key not in {c.application_key.lower() for c in world.companies.values()}:
        raise _refused(f"Application with key = {key} not found.")
    if not urlsplit(uri).scheme or not urlsplit(uri).netloc:
        raise _refused("RedirectUri is required and must be whitelisted.")
    id_ = secrets.token_urlsafe(18)
    until = world.clock.ticks() + _LIFETIME * TICKS_PER_SECOND
    world.onboardings[id_] = Onboarding(key, body.get("ClientOrganizationNo"), uri, until)
    return answer_json(
        {"TemporaryUrl": f"{world.base_url}/onboarding/{id_}", "ValidUntilDateTimeOffset": write_ticks(until)}
    )


def approve(world: World, id_: str) -> Answer:
    """What the browser gets at TemporaryUrl: the sandbox's user logs in and approves at once, and is sent back with a
    token beside the caller's own query parameters."""
    found = world.onboardings.get(id_)
    if found is None or found.valid_until < world.clock.ticks():
        return Answer(404, b"The link has expired.", "text/plain; charset=utf-8")
    found.token = found.token or secrets.token_urlsafe(24)
    parts = urlsplit(found.redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("token", found.token)])
    return Answer(302, headers={"location": urlunsplit(parts._replace(query=query))})


def finalize(call: Call) -> Answer:
    """Exchange the token for the client keys, once."""
    token = call.object({"onboardingtoken": "OnboardingToken"}).get("OnboardingToken")
    world = call.world
    found = next((o for o in world.onboardings.values() if token and o.token == token), None)
    if found is None or found.used or found.valid_until < world.clock.ticks():
        raise _refused("OnboardingToken is unknown, used or expired.")
    found.used = True
    chosen = [
        c
        for c in world.companies.values()
        if c.application_key.lower() == found.application_key
        and (found.organization_no is None or c.organization_no == found.organization_no)
    ]
    return answer_json(
        {
            "OnboardedClientsInformation": [
                {"ClientKey": c.client_key, "ClientName": c.name, "ClientOrganizationNumber": c.organization_no}
                for c in chosen
            ],
            "UserEmail": "bruker@selger.example",
        }
    )
