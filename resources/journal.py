"""The door to the journal for Dagster's assets.

Belongs here: opening the journal once per process from a run's configuration. What it holds and refuses is
``kredin_pipeline.journal``; nothing is decided here.
"""

from __future__ import annotations

import threading
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from kredin_pipeline.environment import load_environment
from kredin_pipeline.journal import Journal, load_secret_box, open_journal

_opened: dict[tuple[str, str], Journal] = {}
_opening = threading.Lock()


class JournalResource(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """Where the journal lies and where the key that seals its secrets does."""

    url: str = Field(description="sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    home: str = Field(description="KREDIN_HOME: holds the key file if the environment gives no key")

    def open(self) -> Journal:
        """The journal, brought to its newest tables on first use; one per process and place.

        Raises ``JournalError`` when it cannot be opened.
        """
        place = (self.url, self.home)
        with _opening:
            journal = _opened.get(place)
            if journal is None:
                # The key is read here and is no field: a field would become part of the run's stored configuration.
                key = load_environment(Path(self.home)).secret_key
                secrets = load_secret_box(Path(self.home), key)
                journal = _opened[place] = open_journal(self.url, secrets)
            return journal

    def close(self) -> None:
        """Give the connections back and forget the journal; the next ``open`` starts afresh."""
        with _opening:
            journal = _opened.pop((self.url, self.home), None)
        if journal is not None:
            journal.close()
