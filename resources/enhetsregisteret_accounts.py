"""A unit's last filed accounts, from Regnskapsregisteret: a few figures for a person to read.

Belongs here: asking for them and reading the figures as they stand. Not here: any judgement of them; no rule moves on
them. Source: Enhetsregisteret reference § 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from resources.enhetsregisteret_answers import day_of, object_of, text_of
from resources.enhetsregisteret_door import RegisterDoor
from resources.http_errors import PassingFailure, PermanentFailure

TOO_MANY: Final = 429
_ORE: Final = Decimal("0.01")


@dataclass(frozen=True)
class Accounts:
    """The company's own last accounts (``SELSKAP``, never the group's), in whole units of ``currency_code``.

    ``filed``; ``none_filed`` (404); ``not_available`` (the service has none that it can show: banks and insurers every
    time). A figure that is not stated is None, which is not zero. Costs are positive, a loss is negative.
    """

    orgnr: str
    outcome: Literal["filed", "none_filed", "not_available"]
    period_from: date | None = None
    period_to: date | None = None
    currency_code: str | None = None
    revenue: Decimal | None = None
    operating_result: Decimal | None = None
    result: Decimal | None = None
    equity: Decimal | None = None
    debt: Decimal | None = None
    assets: Decimal | None = None


def last_accounts(door: RegisterDoor, orgnr: str) -> Accounts:
    """The last accounts filed. Raises ``PassingFailure`` when the service turns us away (429) or does not answer at
    all; a 500 is its ordinary answer for some units and no failure."""
    try:
        filed = door.get_list(f"/regnskap/{orgnr}", "application/json", {})
    except PermanentFailure as failure:
        return Accounts(orgnr, "none_filed" if failure.status == 404 else "not_available")
    except PassingFailure as failure:
        if failure.status is None or failure.status == TOO_MANY:
            raise
        return Accounts(orgnr, "not_available")
    own = [one for each in filed if (one := object_of(each)).get("regnskapstype") == "SELSKAP"]
    dated = [(end, one) for one in own if (end := day_of(_at(one, "regnskapsperiode", "tilDato"))) is not None]
    if not dated:
        return Accounts(orgnr, "not_available" if filed else "none_filed")
    end, newest = max(dated, key=lambda one: one[0])
    outcome, operations = "resultatregnskapResultat", ("resultatregnskapResultat", "driftsresultat")
    return Accounts(
        orgnr=orgnr,
        outcome="filed",
        period_from=day_of(_at(newest, "regnskapsperiode", "fraDato")),
        period_to=end,
        currency_code=text_of(newest.get("valuta")),
        revenue=_amount(_at(newest, *operations, "driftsinntekter", "sumDriftsinntekter")),
        operating_result=_amount(_at(newest, *operations, "driftsresultat")),
        result=_amount(_at(newest, outcome, "aarsresultat")),
        equity=_amount(_at(newest, "egenkapitalGjeld", "egenkapital", "sumEgenkapital")),
        debt=_amount(_at(newest, "egenkapitalGjeld", "gjeldOversikt", "sumGjeld")),
        assets=_amount(_at(newest, "eiendeler", "sumEiendeler")),
    )


def _at(body: Mapping[str, Any], *path: str) -> Any:
    """What stands at a path of keys; None where any of them is missing."""
    found: Any = body
    for key in path:
        found = object_of(found).get(key)
    return found


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value).quantize(_ORE)
