"""``kredin legal`` as a user sees it: ready cases, a document in words, drafting on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kredin_pipeline.cli import app
from kredin_pipeline.commands import legal as commands
from kredin_pipeline.commands.session import Session
from kredin_pipeline.environment import Environment

from .office import READY, TENANT, Office, at

INVOKE = CliRunner()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office whose journal and book the commands open."""
    made = Office(tmp_path)
    made.climb(1001)
    environment = Environment.model_construct(clock=at(READY).isoformat(), home=tmp_path, books=tmp_path)
    monkeypatch.setattr(commands, "open_session", lambda: Session(environment, made.journal))
    monkeypatch.setattr(commands, "open_book", lambda session, name: _Opened(made))
    yield made
    made.journal.close()


class _Opened:
    def __init__(self, office: Office) -> None:
        self._office = office

    def __enter__(self) -> object:
        return self._office.book.con

    def __exit__(self, *_: object) -> None:
        return None


def test_a_ready_case_its_document_and_what_may_be_chosen(office: Office) -> None:
    (draft,) = office.draft(READY).drafted
    (row,) = json.loads(INVOKE.invoke(app, ["legal", "list", "--json"]).output)
    assert (row["document"], row["id"], row["state"]) == ("enforcement_petition", draft.draft_id, "drafted")
    assert row["choices"] == [
        "prepare_legal_documents", "watch_until_limitation", "close_withdrawn", "close_debtor_insolvent",
    ]  # fmt: skip
    shown = INVOKE.invoke(app, ["legal", "show", draft.draft_id]).output
    assert "Begjæring om utlegg" in shown and "could not be had: copy of invoice 1001" in shown
    assert office.journal.legal.one(draft.draft_id).state == "drafted"  # looking is not handing out


def test_a_book_of_another_day_drafts_nothing(office: Office) -> None:
    office.run("2025-05-15")
    told = INVOKE.invoke(app, ["legal", "draft", "1001", "--tenant", TENANT, "--who", "Kari"])
    assert told.exit_code == 1 and "the book is of 2025-05-15" in told.output
    assert office.journal.legal.drafts(TENANT) == []
    assert "no such case" in INVOKE.invoke(app, ["legal", "draft", "9999"]).output
