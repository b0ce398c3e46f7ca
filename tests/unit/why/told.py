"""A book whose cases are explained: what a test writes down, and how it reads the sentences.

Belongs here: helpers alone. No expectation belongs here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kredin_pipeline.cases.explaining import Explanation, Statement, explain
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.whole import Book

D = Decimal
day = date.fromisoformat


@dataclass
class Told(Book):
    """A book that can be asked why."""

    def runs(self, *days: str) -> None:
        for on in days:
            self.run(on)

    def decide(self, no: int, what: str, on: str, **payload: Any) -> None:
        """Kari decides on the case of an invoice; it counts from the next run on."""
        seq = len(self.decisions) + 1
        if "with_" in payload:
            payload["with"] = payload.pop("with_")
        self.decisions.append({
            "decision_id": f"D{seq}", "seq": seq, "case_id": self.case(no)["case_id"], "kind": what,
            "payload": json.dumps(payload), "effective_on": day(on), "decided_by": "Kari",
            "decided_at": datetime.combine(day(on), datetime.min.time(), UTC),
        })  # fmt: skip

    def why(self, no: int, on: str, **more: Any) -> Explanation:
        """The explanation of the case of an invoice, which must always add up."""
        told = explain(self.con, str(no), day(on), **more)
        assert told.agrees, (told.principal, told.costs, told.interest, told.limitation)
        return told


def book(**settings: Any) -> Told:
    return Told(settings=TenantSettings.of(settings))


def one(told: Iterable[Statement], about: str) -> Statement:
    """The only sentence about something."""
    found = [each for each in told if each.about == about]
    assert len(found) == 1, f"{len(found)} sentences about {about}"
    return found[0]


def abouts(told: Iterable[Statement]) -> list[str]:
    return [each.about for each in told]
