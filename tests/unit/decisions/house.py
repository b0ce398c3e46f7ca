"""An installation on disk for the ways in: a journal and a published book in one folder, and a pinned clock.

Belongs here: setting it up from the office of the other tests. Not here: what must be true (the tests).
"""

from __future__ import annotations

from pathlib import Path

from tests.unit.decisions.office import TENANT, Office

NOW = "2025-03-18T09:00:00+01:00"


def save_book(office: Office, folder: Path) -> Path:
    """The office's book as the file that commands and jobs read."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{TENANT}.duckdb"
    file.unlink(missing_ok=True)
    office.con.execute(f"attach '{file}' as saved")
    try:
        office.con.execute("copy from database memory to saved")
    finally:
        office.con.execute("detach saved")
    return file
