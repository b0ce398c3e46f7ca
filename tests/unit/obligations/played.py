"""A small case played through the whole pipeline, with a look into the house between its runs.

Belongs here: playing a case's text and reading what arrived as a person would. Not here: what must be true (the tests),
nor how a case is played (``tests.acceptance.playing``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from pypdf import PdfReader

from kredin_pipeline.sandbox.server import RunningSandbox
from tests.acceptance.playing import Player, raw_of
from tests.acceptance.reading import Run, read_cases

Look = Callable[["Watched"], None]


@dataclass
class Watched(Player):
    """A player that lets a test look after the runs of some days (ISO text)."""

    looks: Mapping[str, Look] = field(default_factory=dict[str, Look])

    def _compare(self, run: Run, last_of_day: bool) -> None:
        super()._compare(run, last_of_day)
        if last_of_day and run.day.isoformat() in self.looks:
            self.looks[run.day.isoformat()](self)

    def row(self, invoice_no: int, on: str, tenant: str = "kreditor") -> dict[str, Any]:
        """The published row of a case on a run day."""
        day = next(run.day for run in self.case.runs if run.day.isoformat() == on)
        (found,) = [row for row in self._published(tenant, day) if row["invoice_no"] == str(invoice_no)]
        return found

    def mails(self) -> list[EmailMessage]:
        """Every e-mail that has arrived, oldest first."""
        parsed = (message_from_bytes(raw_of(mail), policy=default) for mail in self.control.mailbox())
        return list(parsed)


def play(text: str, sandbox: RunningSandbox, folder: Path, **looks: Look) -> Watched:
    """Plays one case; ``looks`` are named ``on_2025_03_17``. Raises ``CaseFailed`` where the case's own rows differ."""
    days = {name.removeprefix("on_").replace("_", "-"): look for name, look in looks.items()}
    (case,) = read_cases(text, "obligation")
    assert set(days) <= {run.day.isoformat() for run in case.runs}, "a look on a day without a run sees nothing"
    player = Watched(case, sandbox, folder, looks=days)
    player.play()
    return player


def words(message: EmailMessage) -> str:
    """Everything that a letter by e-mail says: its text and its PDF, with plain spaces."""
    body = message.get_body(("plain",))
    assert body is not None
    texts = [str(body.get_content())]
    for part in message.iter_attachments():
        pages = PdfReader(io.BytesIO(cast(bytes, part.get_content()))).pages
        texts += [page.extract_text() for page in pages]
    return " ".join(" ".join(texts).replace("\u00a0", " ").split())
