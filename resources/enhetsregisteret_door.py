"""One round of questions to a register: reads within the rate, tried again while a failure passes, counted.

Belongs here: HTTP and when to stop asking. Not here: what is asked (`enhetsregisteret_look_up`,
`enhetsregisteret_feed`, `enhetsregisteret_roles`, `enhetsregisteret_accounts`). Source: reference §§ 1, 5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

import httpx

from resources.http_errors import PassingFailure, PermanentFailure, Sleeper, Waits, failure_of, no_answer, tried_again
from resources.rate_limit import shared_limit

MAIN_UNIT: Final = "application/vnd.brreg.enhetsregisteret.enhet.v2+json"
SUB_UNIT: Final = "application/vnd.brreg.enhetsregisteret.underenhet.v2+json"
GIVE_UP_AFTER: Final = 5
"""So many questions in a row without an answer: the register is down, the rest is not tried."""


class RegisterDoor:
    """A register's door for one round. ``requests`` counts what went over the wire, tries included.

    ``down``: so many questions in a row had no answer that further ones are not worth their waits.
    """

    def __init__(self, http: httpx.Client, url: str, clock: Sleeper, per_second: float, tries: int) -> None:
        self._http, self._url, self._clock = http, url.rstrip("/"), clock
        self._limit = shared_limit(self._url, per_second)
        self._waits = Waits(tries=tries, longest=8.0, budget=30.0)
        self._failed_in_a_row = 0
        self.requests = 0

    @property
    def down(self) -> bool:
        return self._failed_in_a_row >= GIVE_UP_AFTER

    def get_object(self, path: str, accept: str, params: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object that the register answers; its decimal fractions are Decimal.

        Raises ``PermanentFailure`` (404, 410, 400, ...) or ``PassingFailure`` after the last try; an answer of 200 that
        is no JSON object is one that failed.
        """
        return cast(dict[str, Any], self._get(path, accept, params, dict))

    def get_list(self, path: str, accept: str, params: Mapping[str, str]) -> list[Any]:
        """As ``get_object``, for a JSON array."""
        return cast(list[Any], self._get(path, accept, params, list))

    def _get(self, path: str, accept: str, params: Mapping[str, str], shape: type) -> object:
        what = f"{'Regnskapsregisteret' if 'regnskap' in path else 'Enhetsregisteret'}: GET {path}"

        def attempt() -> object:
            self._limit.wait(self._clock)
            self.requests += 1
            try:
                response = self._http.get(self._url + path, params=dict(params), headers={"Accept": accept})
            except httpx.TransportError as error:
                raise no_answer(error, what) from error
            if response.status_code >= 400:
                raise failure_of(response, what)
            try:
                body: object = json.loads(response.content, parse_float=Decimal)
            except ValueError as error:
                raise PassingFailure(f"{what} answered {response.status_code} without JSON") from error
            if not isinstance(body, shape):
                wanted = "object" if shape is dict else "array"
                raise PassingFailure(f"{what} answered {response.status_code} with no JSON {wanted}")
            return body

        try:
            answer = tried_again(attempt, self._clock, self._waits)
        except PassingFailure:
            self._failed_in_a_row += 1
            raise
        except PermanentFailure:
            self._failed_in_a_row = 0
            raise
        self._failed_in_a_row = 0
        return answer
