"""What can go wrong with the journal, in words a user can act on. No message ever holds a key."""

from kredin_pipeline.outcomes import ItemMoved


class JournalError(Exception):
    """The journal cannot do what was asked; the message names tenant, record and what to do."""


class UnknownTenant(JournalError):
    def __init__(self, name: str, known: list[str]) -> None:
        listed = ", ".join(known) if known else "none yet: run `kredin connect`"
        super().__init__(f"{name}: no such tenant; known are {listed}")


class UnknownItem(JournalError):
    def __init__(self, key: str) -> None:
        super().__init__(f"outbox {key}: no such item")


class TransitionRefused(JournalError, ItemMoved):
    """An outbox item is not in a state from which the wanted change may be made. Nothing was changed."""

    def __init__(self, key: str, found: str, wanted: str, may: list[str]) -> None:
        self.key, self.found, self.wanted = key, found, wanted
        if wanted in may:
            super().__init__(f"outbox {key}: is {found}, but another worker has claimed it since; not made {wanted}")
            return
        allowed = ", ".join(may) if may else "nothing: it is final"
        super().__init__(f"outbox {key}: is {found}, cannot become {wanted}; from {found} it may become {allowed}")


class SecretUnreadable(JournalError):
    """A stored secret cannot be decrypted with the key at hand."""
