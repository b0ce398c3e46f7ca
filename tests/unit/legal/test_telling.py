"""The user is told once: what counts as told, what a dead run leaves behind, and what the outbox takes for it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from assets.legal_told import address, intend
from kredin_pipeline.cases.explaining.standing import CHOICES
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, SecretBox, open_journal
from kredin_pipeline.journal.engine import journal_engine, reading, writing
from kredin_pipeline.journal.migrate import HEAD, bring_to_head, migrate
from kredin_pipeline.letters.email_message import Envelope
from kredin_pipeline.letters.legal.telling import KIND, WAITS, Item, Telling, payload_of, text_of, untold
from kredin_pipeline.outcomes import OutcomeUnknown, Rejected, SendOutcome
from resources.post import Post
from resources.poweroffice import PowerOffice
from resources.settling import weighed

from .office import TENANT, at

TODAY = date(2025, 5, 16)
NOW = at(TODAY)
TO = "post@fjellheim.example"
PETITION = Item("enforcement_petition", ("K1", "K2"), ("1001", "1002"), "Dalnes AS", "petition", "fjellheim-L1",
                Decimal("2190.68"))  # fmt: skip
WAITING = Item(WAITS, ("K3",), ("1003",), "Nordmann, Kari", "", why="the debtor is a minor: a lawyer decides")


class Doors:
    """A mail door that takes everything, or ends with ``outcome``."""

    sender = "krav@kredin.example"

    def __init__(self, outcome: SendOutcome | None = None) -> None:
        self.outcome = outcome
        self.taken: list[Envelope] = []

    @contextmanager
    def mailer(self) -> Generator[Doors]:
        yield self

    def letter_box(self) -> object:
        raise AssertionError("no paper here")

    def send(self, envelope: Envelope) -> None:
        if self.outcome is not None:
            raise self.outcome
        self.taken.append(envelope)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
    made.add_tenant(TENANT, SecretStr("k"), "Fjellheim AS", "999990126", TODAY, TenantSettings.of(), "Kari", NOW)
    made.open_cases(TENANT, [CaseRow(f"K{at}", f"V{at}", f"100{at}", "10001", None, TODAY) for at in (1, 2, 3)], NOW)
    yield made
    made.close()


def state(journal: Journal) -> list[str]:
    return [one.state for one in journal.items(TENANT, KIND)]


def run(journal: Journal, doors: Doors, *items: Item) -> Telling:
    """A run's telling as the asset does it."""
    telling = Telling(journal, doors, lambda: NOW, "run")  # type: ignore[arg-type]
    telling.settle_earlier(TENANT, journal.items(TENANT, KIND, ("sending", "outcome_unknown", "posted")))
    tenant = journal.tenant(TENANT)
    intend(journal, tenant, untold(items, journal.items(TENANT, KIND)), TO, TODAY, NOW)
    telling.send(TENANT, journal.items(TENANT, KIND, ("intended",)), {pair for one in items for pair in one.told})
    return telling


def test_a_document_made_anew_tells_nothing_and_a_new_case_does(journal: Journal) -> None:
    doors = Doors()
    run(journal, doors, PETITION, WAITING)
    anew = Item("enforcement_petition", ("K1",), ("1001",), "Dalnes AS", "petition", "fjellheim-L2", Decimal(1))
    run(journal, doors, anew, WAITING)
    assert (len(doors.taken), state(journal)) == (1, ["confirmed"])
    drafted = Item("conciliation_complaint", ("K3",), ("1003",), "Kari", "complaint", "fjellheim-L3", Decimal(1))
    run(journal, doors, anew, drafted)
    assert (len(doors.taken), state(journal)) == (2, ["confirmed", "confirmed"])
    assert "fjellheim-L3" in text_of(journal.items(TENANT, KIND)[1].payload)
    assert [one.kind for one in journal.documents(TENANT)] == [KIND, KIND]


def test_c6_the_message_names_exactly_the_choices() -> None:
    told = " ".join(text_of(payload_of(TO, "Fjellheim AS", [PETITION, WAITING])).split())
    named = told.split("You may choose, for each case: ")[1].split(" This message")[0]
    assert named == " ".join(f"- {text}" for _, text, *_ in CHOICES)
    assert [name for name, *_ in CHOICES] == [
        "prepare_legal_documents", "watch_until_limitation", "close_withdrawn", "close_debtor_insolvent",
    ]  # fmt: skip
    assert "no document could be drafted: the debtor is a minor" in told
    estate = Item("estate_claim", ("K1",), ("1001",), "Dalnes AS", "claim sheet", "fjellheim-L4", Decimal(1))
    assert "You may choose" not in text_of(payload_of(TO, "Fjellheim AS", [estate]))


def test_a_run_that_died_while_sending_leaves_it_to_a_person(journal: Journal) -> None:
    intend(journal, journal.tenant(TENANT), [PETITION], TO, TODAY, NOW)
    key = journal.items(TENANT, KIND)[0].key
    assert journal.claim_for_sending(key, "dead run", NOW)
    doors = Doors()
    telling = run(journal, doors, PETITION)
    assert (doors.taken, state(journal)) == ([], ["outcome_unknown"])
    assert "a person has to say" in telling.report.waiting[key]
    word = weighed(journal, key, "posted", NOW, PowerOffice.model_construct(), Post.model_construct())
    assert word.effects == ("Counts as sent: nobody is told again.",)
    journal.settle(word, "it lies in my inbox", "Kari", NOW)
    run(journal, doors, PETITION)
    assert (doors.taken, state(journal)) == ([], ["confirmed"])


def test_a_lost_answer_and_a_refusal_are_told_apart(journal: Journal) -> None:
    run(journal, Doors(Rejected("no such user", status=550)), PETITION)
    assert state(journal) == ["rejected"]
    address(journal, journal.tenant(TENANT), journal.items(TENANT, KIND), TO, NOW)
    assert state(journal) == ["rejected"]  # the same address: nothing is tried again
    address(journal, journal.tenant(TENANT), journal.items(TENANT, KIND), "kari@fjellheim.example", NOW)
    run(journal, Doors(OutcomeUnknown("no answer")), PETITION)
    assert state(journal) == ["outcome_unknown"]


def test_what_stands_no_more_when_it_would_leave_is_dropped_and_told_later(journal: Journal) -> None:
    intend(journal, journal.tenant(TENANT), [PETITION], TO, TODAY, NOW)
    doors = Doors()
    run(journal, doors)
    assert (doors.taken, state(journal)) == ([], ["cancelled"])
    run(journal, doors, PETITION)
    assert (len(doors.taken), state(journal)) == (1, ["confirmed"])


def test_a_journal_of_the_version_before_takes_messages_and_keeps_its_rows(tmp_path: Path) -> None:
    engine = journal_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    migrate(engine, "0005")
    row = "('{key}', 't', '{kind}', 'intended', '{key}', '{{}}', '2025-05-16', 0, '2025-05-16', '2025-05-16')"
    columns = "(key, tenant, kind, state, reference, payload, planned_on, attempts, created_at, changed_at)"
    with writing(engine) as connection:
        connection.execute(text("insert into tenants values ('t', 'x', 'T', '1', '2025-05-16', 'K', '2025-05-16')"))
        connection.execute(text(f"insert into outbox {columns} values {row.format(key='a', kind='letter')}"))
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text(f"insert into outbox {columns} values {row.format(key='b', kind='message')}"))
    bring_to_head(engine)
    with writing(engine) as connection:
        connection.execute(text(f"insert into outbox {columns} values {row.format(key='b', kind='message')}"))
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text(f"insert into outbox {columns} values {row.format(key='c', kind='other')}"))
    with reading(engine) as connection:
        assert list(connection.execute(text("select key, kind from outbox order by key"))) == [
            ("a", "letter"), ("b", "message"),
        ]  # fmt: skip
        assert connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
    engine.dispose()
