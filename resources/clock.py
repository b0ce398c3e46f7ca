"""What time it is, and waiting.

Here belongs the only clock of the project: everything below ``resources`` is told its dates. Not here: the calendar
of business days (``kredin_pipeline.law.calendar``).
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dagster import ConfigurableResource
from pydantic import Field

OSLO = ZoneInfo("Europe/Oslo")


class Clock(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """Real time, or a time that stands still when ``pinned`` is set (sandbox, demo, tests)."""

    pinned: str | None = Field(default=None, description="ISO time with offset, such as 2025-03-17T06:00:00+01:00")

    def now(self) -> datetime:
        """This moment, aware UTC. Raises ``ValueError`` for a pinned time that is no ISO time with an offset."""
        if self.pinned is None:
            return datetime.now(UTC)
        try:
            moment = datetime.fromisoformat(self.pinned)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValueError(
                f"clock, pinned: found {self.pinned!r}, want an ISO time with offset such as 2025-03-17T06:00:00+01:00"
            )
        return moment.astimezone(UTC)

    def today(self) -> date:
        """The business date: the calendar date in Oslo (rules § 1.4)."""
        return self.now().astimezone(OSLO).date()

    def sleep(self, seconds: float) -> None:
        """Wait. Really, also when the time is pinned; tests bring a clock of their own."""
        if seconds > 0:
            time.sleep(seconds)
