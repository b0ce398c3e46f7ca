"""The sandbox's time: one clock for the ledger, the register, the mailbox and the tokens.

Here belongs what time it is in the simulated world and how a timestamp is written on the wire. Waiting (rate limits,
held connections) is real time and does not belong here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import RLock
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
TICKS_PER_SECOND = 10_000_000  # one tick is 100 ns, the resolution of PowerOffice's timestamps (reference § 15, 17)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVENT_HOUR = time(5, 0)  # an event that names only a day happens before that day's run


def to_ticks(moment: datetime) -> int:
    """100 ns ticks since 1970 (UTC) of an aware datetime."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * TICKS_PER_SECOND + delta.microseconds * 10


def from_ticks(ticks: int) -> datetime:
    """Aware UTC datetime of a tick count; the last 100 ns digit is cut."""
    return _EPOCH + timedelta(microseconds=ticks // 10)


_seconds_written: dict[int, str] = {}


def write_ticks(ticks: int) -> str:
    """A timestamp as PowerOffice writes it: ``2026-04-20T11:02:40.5500000+00:00`` (reference § 4)."""
    second, fraction = divmod(ticks, TICKS_PER_SECOND)
    written = _seconds_written.get(second)
    if written is None:
        if len(_seconds_written) > 50_000:
            _seconds_written.clear()
        written = (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
        _seconds_written[second] = written
    return f"{written}.{fraction:07d}+00:00"


def read_ticks(text: str) -> int:
    """Ticks of an ISO timestamp with up to seven fraction digits; without an offset it counts as UTC.

    Raises ``ValueError`` with the text when it is no timestamp.
    """
    body, fraction = text.strip(), 0
    if "." in body:
        head, rest = body.split(".", 1)
        digits = ""
        while rest and rest[0].isdigit():
            digits, rest = digits + rest[0], rest[1:]
        fraction = int((digits + "0000000")[:7]) if digits else 0
        body = head + rest
    moment = datetime.fromisoformat(body)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return to_ticks(moment) + fraction


def event_moment(on: str | date | datetime) -> datetime:
    """When a world event happens: a day alone is 05:00 in Oslo, a time without an offset is Oslo time."""
    if isinstance(on, str):
        on = datetime.fromisoformat(on) if "T" in on or " " in on else date.fromisoformat(on)
    if isinstance(on, datetime):
        return (on if on.tzinfo else on.replace(tzinfo=OSLO)).astimezone(UTC)
    return datetime.combine(on, _EVENT_HOUR, tzinfo=OSLO).astimezone(UTC)


class SandboxClock:
    """What time it is in the sandbox. Real time until it is set; then it stands still until moved.

    Safe to read from the SMTP thread.
    """

    def __init__(self, pinned: str | datetime | None = None) -> None:
        self._pinned: datetime | None = None
        self._offset = timedelta(0)
        self._last_tick = 0
        self._lock = RLock()
        if pinned is not None:
            self.set(pinned)

    @property
    def pinned(self) -> bool:
        return self._pinned is not None

    def now(self) -> datetime:
        """Aware UTC."""
        if self._pinned is not None:
            return self._pinned
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The calendar day in Oslo."""
        return self.now().astimezone(OSLO).date()

    def ticks(self) -> int:
        """Now, in ticks, without moving the strictly increasing counter."""
        return to_ticks(self.now())

    def tick(self) -> int:
        """The timestamp of one change: now, but always later than the one given before (100 ns steps)."""
        with self._lock:
            self._last_tick = max(self._last_tick + 1, to_ticks(self.now()))
            return self._last_tick

    def set(self, moment: str | date | datetime) -> None:
        """Stand still at this moment (ISO text, Oslo time when it carries no offset)."""
        with self._lock:
            self._pinned = event_moment(moment)

    def advance(self, seconds: float) -> None:
        with self._lock:
            if self._pinned is not None:
                self._pinned += timedelta(seconds=seconds)
            else:
                self._offset += timedelta(seconds=seconds)

    def release(self) -> None:
        """Run with real time again."""
        with self._lock:
            self._pinned, self._offset = None, timedelta(0)

    def restart(self) -> None:
        """Forget the last tick given out: an empty world may begin earlier than the old one ended."""
        with self._lock:
            self._last_tick = 0

    def dump(self) -> dict[str, object]:
        return {
            "pinned": self._pinned.isoformat() if self._pinned else None,
            "offset": self._offset.total_seconds(),
            "last_tick": self._last_tick,
        }

    def load(self, stored: dict[str, object]) -> None:
        with self._lock:
            pinned = stored["pinned"]
            self._pinned = datetime.fromisoformat(str(pinned)) if pinned else None
            self._offset = timedelta(seconds=float(str(stored["offset"])))
            self._last_tick = int(str(stored["last_tick"]))
