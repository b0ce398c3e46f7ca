"""The resources of an installation, made from its environment.

Belongs here: which variable goes into which resource. Secrets stay out of the resources' configuration, which Dagster
shows in its UI: the doors read them from the environment themselves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from dagster import EnvVar
from pydantic import SecretStr

from kredin_pipeline.environment import Environment
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice


@dataclass(frozen=True)
class Resources:
    """One of each door."""

    clock: Clock
    book: Book
    journal: JournalResource
    poweroffice: PowerOffice
    register: Enhetsregisteret
    post: Post


def resources_from(environment: Environment) -> Resources:
    """Every resource as ``environment`` tells it; nothing is opened yet."""
    clock = Clock(pinned=environment.clock)
    home = str(environment.home)
    return Resources(
        clock=clock,
        book=Book(folder=str(environment.books)),
        journal=JournalResource(url=environment.journal_location, home=home),
        poweroffice=PowerOffice(
            clock=clock,
            api_url=environment.poweroffice_url,
            token_url=environment.poweroffice_token_url,
            home=home,
            requests_per_second=environment.poweroffice_requests_per_second,
            page_size=environment.poweroffice_page_size,
            read_timeout_seconds=environment.poweroffice_read_timeout_seconds,
        ),
        register=Enhetsregisteret(
            api_url=environment.register_url,
            requests_per_second=environment.register_requests_per_second,
        ),
        post=Post(
            sender=environment.smtp_sender or "",
            smtp_host=environment.smtp_host or "",
            smtp_port=environment.smtp_port,
            smtp_security=environment.smtp_security,
            smtp_user=environment.smtp_user or "",
            smtp_password=_by_name("KREDIN_SMTP_PASSWORD", environment.smtp_password),
            letter_drop=environment.letter_drop_location,
            letter_drop_user=environment.letter_drop_user or "",
            letter_drop_password=_by_name("KREDIN_LETTER_DROP_PASSWORD", environment.letter_drop_password),
        ),
    )


def _by_name(variable: str, secret: SecretStr | None) -> str:
    """The secret as Dagster may see it: the name of its variable, which stands for the value when a run begins."""
    if secret is None:
        return ""
    os.environ.setdefault(variable, secret.get_secret_value())  # it may have come from the home's file
    return EnvVar(variable)
