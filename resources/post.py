"""The door through which letters leave: an SMTP server, and a letter drop for paper.

Here belong connections, time limits and passwords. What a letter says is ``kredin_pipeline.letters``; whether one may
leave today is for the assets. What can happen to a send is ``kredin_pipeline.outcomes``; ``post_smtp`` and
``post_drop`` say which answer means which.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
from dagster import ConfigurableResource
from pydantic import Field

from kredin_pipeline.letters.email_message import Envelope
from kredin_pipeline.outcomes import NothingSent
from resources.post_drop import FolderDrop, LetterDrop, WebDrop
from resources.post_smtp import Mailer


class Post(ConfigurableResource[Any]):
    """Where letters leave. Give ``smtp_password`` and ``letter_drop_password`` by ``EnvVar``: Dagster then stores and
    shows the variable's name only. An empty ``smtp_host`` or ``letter_drop`` means that this way is not set up.
    """

    sender: str = Field(default="", description="Our own address; letters leave from it, answers go to the creditor.")
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_timeout_seconds: float = 30.0
    letter_drop: str = Field(default="", description="A folder's path, or an http(s) URL that takes PUT.")
    letter_drop_user: str = ""
    letter_drop_password: str = Field(default="", repr=False)
    letter_drop_timeout_seconds: float = 30.0

    @contextmanager
    def mailer(self) -> Generator[Mailer]:
        """A connection for several letters, opened with the first. Raises ``NothingSent`` when mail is not set up."""
        if not self.smtp_host or not self.sender:
            missing = "smtp_host" if not self.smtp_host else "sender"
            raise NothingSent(f"post: {missing} is not set; letters by e-mail wait until it is")
        login = (self.smtp_user, lambda: self.smtp_password) if self.smtp_user else None
        with Mailer(self.smtp_host, self.smtp_port, self.smtp_security, login, self.smtp_timeout_seconds) as mailer:
            yield mailer

    def send_email(self, envelope: Envelope) -> None:
        """Send one letter over a connection of its own; see ``post_smtp`` for what is raised."""
        with self.mailer() as mailer:
            mailer.send(envelope)

    @contextmanager
    def letter_box(self) -> Generator[LetterDrop]:
        """The letter drop. Raises ``NothingSent`` when it is not set up."""
        if not self.letter_drop:
            raise NothingSent("post: letter_drop is not set; letters on paper wait until it is")
        if not self.letter_drop.startswith(("http://", "https://")):
            yield FolderDrop(Path(self.letter_drop))
            return
        address = httpx.URL(self.letter_drop)
        user = self.letter_drop_user or address.username
        auth = httpx.BasicAuth(user, self.letter_drop_password or address.password) if user else None
        bare = address.copy_with(username=None, password=None)  # the HTTP library logs the address of every request
        with httpx.Client(timeout=self.letter_drop_timeout_seconds, auth=auth) as client:
            yield WebDrop(str(bare), client)

    def drop(self, path: str, content: bytes) -> None:
        """Put one file into the letter drop; see ``post_drop`` for what is raised."""
        with self.letter_box() as box:
            box.put(path, content)

    def dropped(self, path: str) -> bytes | None:
        """The bytes of a file in the letter drop, None when it is not there. Raises ``OutcomeUnknown``."""
        with self.letter_box() as box:
            return box.get(path)
