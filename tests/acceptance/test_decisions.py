"""A person's words in a case become entries in the log, and what must be refused may not be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Journal, load_secret_box, open_journal
from tests.acceptance.decisions import Desk, LedgerInvoice, WrongDecision, case_id_of, goodwill, make
from tests.acceptance.reading import Event

AT = datetime(2025, 3, 11, 9, 0, tzinfo=UTC)


class Clock:
    """A clock at the moment of the decision."""

    def now(self) -> datetime:
        return AT

    def today(self) -> date:
        return AT.date()


class NoLedgers:
    """Nothing here asks PowerOffice."""

    def client(self, client_key: SecretStr) -> object:
        raise AssertionError("not to be asked")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", load_secret_box(tmp_path, None))
    key = SecretStr("01234567-89ab-cdef-0123-456789abcdef")
    opened.add_tenant("A", key, "Fjellheim AS", "810000002", AT.date(), TenantSettings.of(), "test", AT)
    yield opened
    opened.close()


@pytest.fixture
def desk(journal: Journal) -> Desk:
    def invoice(number: str) -> LedgerInvoice:
        return LedgerInvoice(f"voucher-{number}", "10001", None)

    demanded = {case_id_of("A", "voucher-9"): "demanded"}

    def published(case_id: str) -> dict[str, object]:
        state = demanded.get(case_id, "overdue")
        return {
            "case_id": case_id, "state": state, "last_step": None, "customer_no": "10001", "due_date": date(2025, 3, 3)
        }  # fmt: skip

    return Desk(journal, NoLedgers(), Clock(), "A", AT, AT.date(), invoice, published)  # type: ignore[arg-type]


def event(name: str, **keys: object) -> Event:
    return Event(name, AT, None, keys)


def test_a_decision_names_the_case_that_the_pipeline_will_give_the_invoice(journal: Journal, desk: Desk) -> None:
    make(desk, event("decide", case=4221, do="pause", until="2025-03-23", note="waits"))
    [made] = journal.decisions("A")
    assert (made.case_id, made.kind, made.effective_on) == (case_id_of("A", "voucher-4221"), "pause", AT.date())
    assert made.payload == {"until": "2025-03-23", "note": "waits"}


def test_merging_names_cases_and_excluding_a_customer(journal: Journal, desk: Desk) -> None:
    make(desk, event("decide", case=1, do="merge", **{"with": [2, 3]}))
    make(desk, event("decide", case=1, do="exclude", reason="sister company"))
    merged, excluded = journal.decisions("A")
    assert merged.payload["with"] == [case_id_of("A", "voucher-2"), case_id_of("A", "voucher-3")]
    assert excluded.customer_no == "10001"


def test_due_dates_legal_steps_signatures_and_goodwill_are_decisions(journal: Journal, desk: Desk) -> None:
    make(desk, event("due_date", no=1, due="2025-04-28"))
    make(desk, event("legal", case=1, kind="judgment", reference="25-1"))
    make(desk, event("sign", case=1, document="enforcement_petition"))
    goodwill(desk, [1])
    assert [(made.kind, dict(made.payload)) for made in journal.decisions("A")] == [
        ("new_due_date", {"due": "2025-04-28"}),
        ("legal", {"kind": "judgment", "reference": "25-1"}),
        ("sign", {"document": "enforcement_petition"}),
        ("classify", {"reason": "goodwill"}),
    ]


def test_settings_change_through_our_own_interface(journal: Journal, desk: Desk) -> None:
    make(desk, event("tenant", set={"interest_account": None}))
    assert journal.tenant("A").settings.interest_account is None
    make(desk, event("tenant", set={"mode": "observe"}))
    assert not journal.tenant("A").live


def test_c_3_a_merge_across_the_demand_is_refused_and_the_attempt_is_logged(journal: Journal, desk: Desk) -> None:
    make(desk, event("decide", case=1, do="merge", refused=True, **{"with": [9]}))
    assert "payment demand" in str(journal.decisions("A")[0].refused_because)


def test_a_decision_that_had_to_be_refused_and_was_taken_is_a_failure(desk: Desk) -> None:
    with pytest.raises(WrongDecision, match="had to be refused, but was taken"):
        make(desk, event("decide", case=1, do="pause", refused=True))


def test_a_decision_that_had_to_be_taken_and_was_refused_is_a_failure(desk: Desk) -> None:
    with pytest.raises(WrongDecision, match="had to be taken, but was refused: A: merge: case"):
        make(desk, event("decide", case=1, do="merge", **{"with": [9]}))
    with pytest.raises(WrongDecision, match="had to be taken, but was refused"):
        make(desk, event("tenant", set={"grace_days": -1}))


def test_a_new_due_date_may_be_decided_in_either_form(journal: Journal, desk: Desk) -> None:
    make(desk, event("due_date", no=1, due="2025-04-28"))
    make(desk, event("decide", case=1, do="new_due_date", until="2025-05-05"))
    assert [made.payload["due"] for made in journal.decisions("A")] == ["2025-04-28", "2025-05-05"]


def test_an_amount_keeps_its_ore_and_a_day_its_text(journal: Journal, desk: Desk) -> None:
    make(desk, event("decide", case=1, do="dispute"))
    make(desk, event("decide", case=1, do="settle_dispute", amount=Decimal("120.50"), reason="upheld"))
    assert journal.decisions("A")[1].payload == {"amount": "120.50", "reason": "upheld"}
