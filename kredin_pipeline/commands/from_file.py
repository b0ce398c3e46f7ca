"""``key=@FILE``: settings that are too long for a command line, read from a file.

Here belong the keys that may come so, and reading them; what they must be is checked by the settings themselves.
"""

from __future__ import annotations

from pathlib import Path

from kredin_pipeline.cases.logo import kept
from kredin_pipeline.commands.output import wrong_use


def from_file(key: str, text: str) -> str:
    """The value of ``key``: ``text`` itself, or what the file after ``@`` holds where the key takes one.

    ``creditor_logo=@logo.png`` is kept as a picture, ``letter_texts.nb.reminder.opening=@text.txt`` as UTF-8 text. Ends
    the command, naming key and file, when the file cannot be read or holds no picture.
    """
    if not text.startswith("@") or not (key == "creditor_logo" or key.startswith("letter_texts.")):
        return text
    file = Path(text[1:]).expanduser()
    try:
        read = file.read_bytes()
        return kept(read) if key == "creditor_logo" else read.decode("utf-8-sig").strip()
    except OSError as error:
        wrong_use(f"{key}: cannot read {file}: {error.strerror or error}; give a file that exists")
    except UnicodeDecodeError:
        wrong_use(f"{key}: {file} is not UTF-8; save it as UTF-8 text")
    except ValueError as error:
        wrong_use(f"{key}: {file}: {error}")
