"""Look-ups of organisation numbers: searched for in bulk, then directly where a search proves nothing.

Belongs here: in which order a number is asked for, and when no further question is worth it. Not here: which numbers
(`enhetsregisteret_plan`). Source: Enhetsregisteret reference §§ 2.1, 2.2, 4.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from resources.enhetsregisteret_answers import UnitAnswer, answer_of, is_orgnr
from resources.enhetsregisteret_door import MAIN_UNIT, SUB_UNIT, RegisterDoor
from resources.http_errors import PassingFailure, PermanentFailure

FEW: Final = 2
"""Up to so many numbers are looked up one by one rather than searched for among sub-units first."""


@dataclass(frozen=True)
class Known:
    """What is known of the numbers beforehand, so that fewer questions are asked.

    ``sub_units``: asked for as such at once. ``settled``: deleted, removed or unknown by an earlier direct answer;
    searches that do not return them say nothing new, and they get no answer. ``of_no_kind``: those of them that may be
    main or sub-units by now (unknown, removed), so that both are searched.
    """

    sub_units: Collection[str] = field(default_factory=frozenset[str])
    settled: Collection[str] = field(default_factory=frozenset[str])
    of_no_kind: Collection[str] = field(default_factory=frozenset[str])


NOTHING_KNOWN: Final = Known()


def look_up(
    door: RegisterDoor, orgnrs: Iterable[str], per_search: int, known: Known = NOTHING_KNOWN
) -> list[UnitAnswer]:
    """What the register says of each number, in the order given, each once; and of the main unit of each sub-unit
    among them, after those. Never raises for what the register answers.

    A number that cannot exist is unknown without a question. ``per_search``: numbers in one search.
    """
    wanted = list(dict.fromkeys(orgnrs))
    asking = _Asking(door, per_search, known)
    answers = asking.ask([one for one in wanted if is_orgnr(one)])
    for one in wanted:
        if not is_orgnr(one):
            answers[one] = UnitAnswer(one, "unknown")
    parents = [answer.main_orgnr for answer in answers.values() if answer.is_sub_unit and answer.main_orgnr is not None]
    above = [one for one in dict.fromkeys(parents) if one not in answers and one not in wanted]
    mains = asking.ask(above) if above else {}
    return [answers[one] for one in wanted if one in answers] + [mains[one] for one in above if one in mains]


class _Asking:
    def __init__(self, door: RegisterDoor, per_search: int, known: Known) -> None:
        self._door, self._per_search, self._known = door, per_search, known

    def ask(self, orgnrs: Sequence[str]) -> dict[str, UnitAnswer]:
        subs = [one for one in orgnrs if one in self._known.sub_units]
        answers = self._searched([one for one in orgnrs if one not in self._known.sub_units], sub=False)
        doubtful = [one for one in orgnrs if one not in answers and one not in subs and one not in self._known.settled]
        either = [one for one in orgnrs if one not in answers and one in self._known.of_no_kind]
        if subs or either or len(doubtful) > FEW:
            answers |= self._searched(list(dict.fromkeys([*subs, *either, *doubtful])), sub=True)
        for one in [*subs, *doubtful]:
            if one not in answers and one not in self._known.settled:
                answers[one] = self._one(one, sub_first=one in self._known.sub_units)
        return answers

    def _searched(self, orgnrs: list[str], sub: bool) -> dict[str, UnitAnswer]:
        answers: dict[str, UnitAnswer] = {}
        for start in range(0, len(orgnrs), self._per_search):
            answers |= self._search(orgnrs[start : start + self._per_search], sub)
        return answers

    def _search(self, orgnrs: list[str], sub: bool) -> dict[str, UnitAnswer]:
        """Units that a search returns. When the search itself fails nothing is known of any of them."""
        collection, accept = ("underenheter", SUB_UNIT) if sub else ("enheter", MAIN_UNIT)
        params = {"organisasjonsnummer": ",".join(orgnrs), "size": str(len(orgnrs))}
        if self._door.down:
            return {one: UnitAnswer(one, "not_available") for one in orgnrs}
        try:
            body = self._door.get_object(f"/{collection}", accept, params)
        except PermanentFailure:
            return {}
        except PassingFailure:
            return {one: UnitAnswer(one, "not_available") for one in orgnrs}
        found: dict[str, UnitAnswer] = {}
        for unit in cast(list[Any], (body.get("_embedded") or {}).get(collection) or []):
            answer = answer_of(cast(dict[str, Any], unit)) if isinstance(unit, dict) else None
            if answer is not None and answer.orgnr in orgnrs:
                found[answer.orgnr] = answer
        return found

    def _one(self, orgnr: str, sub_first: bool) -> UnitAnswer:
        collections = [("enheter", MAIN_UNIT), ("underenheter", SUB_UNIT)]
        for collection, accept in reversed(collections) if sub_first else collections:
            if self._door.down:
                return UnitAnswer(orgnr, "not_available")
            try:
                answer = answer_of(self._door.get_object(f"/{collection}/{orgnr}", accept, {}))
            except PermanentFailure as failure:
                if failure.status == 410:
                    return UnitAnswer(orgnr, "removed")
                if failure.status == 404:
                    continue
                return UnitAnswer(orgnr, "not_available")
            except PassingFailure:
                return UnitAnswer(orgnr, "not_available")
            return answer if answer is not None and answer.orgnr == orgnr else UnitAnswer(orgnr, "not_available")
        return UnitAnswer(orgnr, "unknown")
