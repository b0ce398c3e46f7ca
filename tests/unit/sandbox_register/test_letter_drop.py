"""The print house's inbox: what was put stays as it was put."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.letter_drop import BadPath, LetterDrop, letter_drop_app

from .contract import TestClient


class Inbox:
    def __init__(self, folder: Path | None = None) -> None:
        self.clock = SandboxClock("2026-11-23T06:00")
        self.drop = LetterDrop(self.clock, folder)
        self.http: Any = TestClient(Starlette(routes=[Mount("/letter-drop", letter_drop_app(self.drop))]))

    def put(self, path: str, content: bytes) -> int:
        return self.http.put(f"/letter-drop/{path}", content=content).status_code


def test_a_file_is_stored_once_repeated_silently_and_never_overwritten() -> None:
    inbox = Inbox()
    assert [inbox.put("2026-11-23/a.pdf", b"brev"), inbox.put("2026-11-23/a.pdf", b"brev")] == [201, 204]
    assert inbox.put("2026-11-23/a.pdf", b"et annet") == 409
    answer = inbox.http.get("/letter-drop/2026-11-23/a.pdf")
    assert (answer.content, answer.headers["content-type"]) == (b"brev", "application/pdf")


def test_a_folder_lists_what_lies_below_it() -> None:
    inbox = Inbox()
    for path in ("2026-11-23/b.pdf", "2026-11-23/a.pdf", "2026-11-24/c.pdf"):
        inbox.put(path, path.encode())
    listed = inbox.http.get("/letter-drop/2026-11-23/").json()
    assert [one["path"] for one in listed] == ["2026-11-23/a.pdf", "2026-11-23/b.pdf"]
    digest = hashlib.sha256(b"2026-11-23/a.pdf").hexdigest()
    assert listed[0] == {
        "path": "2026-11-23/a.pdf", "size": 16, "sha256": digest, "stored_at": "2026-11-23T05:00:00+00:00",
    }  # fmt: skip
    assert len(inbox.http.get("/letter-drop/").json()) == 3
    assert inbox.http.get("/letter-drop/2026-11-23/x.pdf").status_code == 404


@pytest.mark.parametrize("path", ["../a", "a/../b", "a//b", ".hidden", "a/", "", "a\\b", "/etc/../x"])
def test_a_path_that_leaves_the_drop_is_refused(path: str, tmp_path: Path) -> None:
    drop = LetterDrop(SandboxClock("2026-11-23T06:00"), tmp_path / "drop")
    with pytest.raises(BadPath):
        drop.put(path, b"x")
    assert not list(tmp_path.rglob("*"))


def test_the_folder_on_disk_shows_the_same_and_a_reset_removes_only_its_own(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    (tmp_path / "mine.txt").write_text("stays")
    inbox.put("dag/a.pdf", b"brev")
    assert (tmp_path / "dag" / "a.pdf").read_bytes() == b"brev"
    inbox.drop.reset()
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["mine.txt"]


def test_a_snapshot_brings_the_files_back() -> None:
    inbox, other = Inbox(), Inbox()
    inbox.put("dag/a.pdf", bytes(range(256)))
    other.drop.load(json.loads(json.dumps(inbox.drop.dump())))
    assert other.drop.files() == inbox.drop.files()
