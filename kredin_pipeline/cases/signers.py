"""Who may sign for a creditor: the setting ``signers``, and whether those who signed are the ones it names.

Belongs here: the words of the setting and matching them with what a certificate says of a person. Not here: whether a
certificate is to be believed (``kredin_pipeline.letters.signing``).

``name: Kari Nordmann, serial: UN:NO-9578-4050-1`` is one person; what stands between commas must all be true. Persons
joined by a plus sign with spaces sign together (*i fellesskap*), a semicolon separates who may sign instead::

    email: kari@fjellheim.no; name: Ola Berg, serial: UN:NO-9578-4050-2 + email: per@fjellheim.no
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIELDS: Final = ("name", "serial", "email")
"""Of the certificate's subject: its common name, its serial number, an e-mail address (also as alternative name)."""


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names. ``names``: the common name, and given name with surname where they are there."""

    names: tuple[str, ...]
    serials: tuple[str, ...]
    emails: tuple[str, ...]

    @property
    def told(self) -> str:
        """The person in words, e.g. ``Kari Nordmann (serial UN:NO-9578-4050-1)``."""
        more = [*(f"serial {one}" for one in self.serials), *self.emails]
        name = self.names[0] if self.names else "a person without a name"
        return f"{name} ({', '.join(more)})" if more else name


@dataclass(frozen=True)
class Person:
    """One person as the setting names them: pairs of a field and what it must be."""

    marks: tuple[tuple[str, str], ...]

    @property
    def told(self) -> str:
        return ", ".join(f"{field}: {value}" for field, value in self.marks)

    def is_named_by(self, subject: Subject) -> bool:
        """Whether the certificate names this person: every mark, whatever its capitals."""
        said = {"name": subject.names, "serial": subject.serials, "email": subject.emails}
        return all(_plain(value) in map(_plain, said[field]) for field, value in self.marks)


@dataclass(frozen=True)
class Signers:
    """Who may sign: any of ``groups``; all persons of one group sign together."""

    groups: tuple[tuple[Person, ...], ...]

    @property
    def told(self) -> str:
        return "; or ".join(" together with ".join(person.told for person in group) for group in self.groups)

    def refusal(self, subjects: Sequence[Subject]) -> str | None:
        """Why those who signed are not the ones who may; None when they are.

        Every signature must be of a person named here, and those of one group must all have signed.
        """
        for subject in subjects:
            if not any(person.is_named_by(subject) for group in self.groups for person in group):
                return f"it was signed by {subject.told}; who may sign is {self.told}"
        for group in self.groups:
            if all(any(person.is_named_by(subject) for subject in subjects) for person in group):
                return None
        names = ", ".join(subject.told for subject in subjects)
        return f"it was signed by {names} alone; who may sign is {self.told}"


def read_signers(text: str) -> Signers:
    """The setting's text as who may sign. Raises ``ValueError`` saying what was found and what is wanted."""
    groups = tuple(
        tuple(_person(person) for person in group.split(" + ")) for group in text.split(";") if group.strip()
    )
    if not groups:
        raise ValueError(f"found {text!r}, want a person such as 'name: Kari Nordmann' or 'email: kari@firma.no'")
    return Signers(groups)


def checked_words(value: object) -> object:
    """The setting's text, once it can be read; for a settings model."""
    if isinstance(value, str):
        read_signers(value)
        return " ".join(value.split())
    return value


def _person(text: str) -> Person:
    marks: list[tuple[str, str]] = []
    for mark in text.split(","):
        field, separator, value = mark.strip().partition(":")
        if not separator or field.strip().lower() not in FIELDS or not value.strip():
            raise ValueError(
                f"found {mark.strip()!r}, want name, serial or email with a value, such as 'serial: UN:NO-9578-4050-1'"
            )
        marks.append((field.strip().lower(), value.strip()))
    return Person(tuple(marks))


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())
