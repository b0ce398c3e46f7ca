"""Time in the player's hands: a Clock that shows the sandbox's time and moves it instead of waiting.

Belongs here: that clock. Not here: when anything happens (`playing`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kredin_pipeline.sandbox.control import Control
from resources.clock import Clock


class Steering:
    """The time of one case, shared by our clock and the sandbox's."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.now = datetime(2000, 1, 1, tzinfo=UTC)

    def move_to(self, moment: datetime) -> None:
        """Both clocks show ``moment``."""
        self.now = moment.astimezone(UTC)
        self._control.set_clock(self.now.isoformat())

    def advance(self, seconds: float) -> None:
        """Both clocks go on; nothing waits."""
        self.now += timedelta(seconds=seconds)
        self._control.advance_clock(seconds)


_steered: dict[str, Steering] = {}  # Dagster copies resources from their configuration; the handle finds the time again


class SteeredClock(Clock):
    """The pipeline's clock under the player: ``handle`` names the case whose time it shows."""

    handle: str

    @classmethod
    def of(cls, handle: str, steering: Steering) -> SteeredClock:
        """A clock for one case, until `forget`."""
        _steered[handle] = steering
        return cls(handle=handle)

    def now(self) -> datetime:
        """The case's time, aware UTC."""
        return _steered[self.handle].now

    def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        _steered[self.handle].advance(seconds)

    def forget(self) -> None:
        """The case is over."""
        _steered.pop(self.handle, None)
