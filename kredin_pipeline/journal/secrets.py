"""Client keys at rest: sealed with a Fernet key that never lies in the journal.

The key comes from the environment (``KREDIN_SECRET_KEY``) or from a file only its owner can read, made on first use.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from kredin_pipeline.journal.errors import JournalError, SecretUnreadable

KEY_FILE: Final = "secret.key"


class SecretBox:
    """Seals and opens secrets. Shows nothing of its key."""

    __slots__ = ("_fernet",)

    def __init__(self, key: SecretStr) -> None:
        try:
            self._fernet = Fernet(key.get_secret_value().strip().encode())
        except (ValueError, UnicodeError):
            raise JournalError(
                "KREDIN_SECRET_KEY: is not a Fernet key (32 bytes in URL-safe base64, 44 characters); "
                "unset it to let the key file be made, or restore the key the journal was written with"
            ) from None

    def __repr__(self) -> str:
        return "SecretBox(**********)"

    @staticmethod
    def new_key() -> SecretStr:
        return SecretStr(Fernet.generate_key().decode())

    def seal(self, secret: SecretStr) -> str:
        """The secret as text that may be stored."""
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def open(self, sealed: str, whose: str) -> SecretStr:
        """The secret again. Raises ``SecretUnreadable`` naming whose it is when it was sealed with another key."""
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise SecretUnreadable(
                f"{whose}: the client key was sealed with another KREDIN_SECRET_KEY; restore that key "
                f"(or the file {KEY_FILE} in KREDIN_HOME), or connect the tenant's key again"
            ) from None


def load_secret_box(home: Path, given: SecretStr | None = None) -> SecretBox:
    """The box for this installation: the given key, else the key file in ``home`` (made with mode 0600 if missing).

    Raises ``JournalError`` if others can read the file.
    """
    if given is not None and given.get_secret_value().strip():
        return SecretBox(given)
    path = home / KEY_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".{KEY_FILE}.{os.getpid()}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            file.write(SecretBox.new_key().get_secret_value() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # two processes that start together agree on the first one's key
            os.link(draft, path)
        draft.unlink()
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise JournalError(f"{path.name} in KREDIN_HOME: other users can read it; run chmod 600 on it")
    return SecretBox(SecretStr(path.read_text()))
