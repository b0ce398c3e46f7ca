"""Tenants, their secrets, their settings' history, people's decisions, documents, and one tenant's erasure."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
import traceback
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from kredin_pipeline.cases.settings import SettingsError, TenantSettings
from kredin_pipeline.journal import (
    CaseRow,
    Journal,
    JournalError,
    SecretBox,
    SecretUnreadable,
    UnknownTenant,
    load_secret_box,
    open_journal,
)
from tests.unit.journal.builders import (
    CLIENT_KEY,
    DAY,
    NOW,
    after,
    claim,
    intend_letter,
    intend_voucher,
    letter,
    with_tenant,
)


def test_a_client_key_is_nowhere_but_in_the_hand_that_asks_for_it(tmp_path: Path, secrets: SecretBox) -> None:
    file = tmp_path / "journal.sqlite"
    journal = with_tenant(open_journal(f"sqlite:///{file}", secrets))
    tenant = journal.tenant("acme")

    assert tenant.client_key.get_secret_value() == CLIENT_KEY
    for text in (repr(tenant), str(tenant), repr(journal), repr(secrets), str(journal.tenants())):
        assert CLIENT_KEY not in text
    journal.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert CLIENT_KEY.encode() not in kept


def test_another_secret_key_opens_nothing_and_says_what_to_do(tmp_path: Path, secrets: SecretBox) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    with_tenant(open_journal(url, secrets)).close()
    other = open_journal(url, SecretBox(SecretBox.new_key()))

    with pytest.raises(
        SecretUnreadable, match="acme: the client key was sealed with another KREDIN_SECRET_KEY"
    ) as told:
        other.tenant("acme")
    assert CLIENT_KEY not in "".join(traceback.format_exception(told.value))
    assert other.tenant_names() == ["acme"]
    other.close()


def test_a_wrong_secret_key_is_not_shown_in_its_error() -> None:
    wrong = "-".join(["correct", "horse", "staple"])
    with pytest.raises(JournalError, match="is not a Fernet key") as told:
        SecretBox(SecretStr(wrong))
    assert wrong not in "".join(traceback.format_exception(told.value))


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = load_secret_box(tmp_path), load_secret_box(tmp_path)
    assert second.open(first.seal(SecretStr("x")), "acme").get_secret_value() == "x"
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]

    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(JournalError, match="other users can read it"):
        load_secret_box(tmp_path)


def test_settings_change_and_every_version_is_kept(journal: Journal) -> None:
    journal.change_settings("acme", {"interest_account": None}, "Kari", after(1))
    journal.change_settings("acme", {"interest_account": 8050, "minimum_claim": 100.5}, "Ola", after(2))
    journal.change_settings("acme", {"minimum_claim": "100.50"}, "Ola", after(3))  # nothing differs

    assert journal.tenant("acme").settings.minimum_claim == Decimal("100.50")
    assert [(v.version, v.changed_by, v.settings.interest_account) for v in journal.settings_history("acme")] == [
        (1, "Kari", "8050"),
        (2, "Kari", None),
        (3, "Ola", "8050"),
    ]
    assert journal.settings_history("acme")[2].changes == {"interest_account": 8050, "minimum_claim": "100.5"}


def test_a_refused_setting_names_the_tenant_and_changes_nothing(journal: Journal) -> None:
    with pytest.raises(SettingsError, match="acme: grace_days: found '-1'"):
        journal.change_settings("acme", {"grace_days": -1, "minimum_claim": 50}, "Kari", after(1))
    assert journal.tenant("acme").settings == TenantSettings.of()


def test_an_unknown_tenant_is_answered_with_the_known(journal: Journal) -> None:
    for ask in (
        lambda: journal.tenant("acmee"),
        lambda: journal.change_settings("acmee", {}, "Kari", NOW),
        lambda: journal.decide("acmee", None, "note", {}, DAY, "Kari", NOW),
        lambda: journal.open_case("acmee", "K1", "v", None, None, None, DAY, NOW),
    ):
        with pytest.raises(UnknownTenant, match="acmee: no such tenant; known are acme"):
            ask()


@pytest.mark.parametrize("name", ["", "two words", "a|b", "../acme", "a" * 61, "x.y"])
def test_a_name_that_is_no_plain_word_is_refused(journal: Journal, name: str) -> None:
    with pytest.raises(JournalError, match="tenant name"):
        journal.add_tenant(name, SecretStr("k"), "X", "1", DAY, TenantSettings.of(), "Kari", NOW)


def test_a_name_is_taken_in_any_capitals(journal: Journal) -> None:
    with pytest.raises(JournalError, match="a tenant called acme is already connected"):
        journal.add_tenant("ACME", SecretStr("k"), "X", "1", DAY, TenantSettings.of(), "Kari", NOW)


def test_a_new_client_key_replaces_the_old_and_only_the_fact_is_logged(journal: Journal) -> None:
    journal.replace_client_key("acme", SecretStr("new-secret"), "Kari", after(1))
    assert journal.tenant("acme").client_key.get_secret_value() == "new-secret"
    assert journal.settings_history("acme")[-1].changes == {"client_key": "replaced"}


def test_a_case_keeps_its_first_row_for_life(journal: Journal) -> None:
    merged = CaseRow("K1", "v-K1", "101", "10044", None, date(2025, 4, 1))
    assert journal.open_cases("acme", [merged], after(1)) == []
    first = next(row for row in journal.cases("acme") if row.case_id == "K1")
    assert (first.customer_no, first.orgnr, first.opened_on) == ("10001", "999990126", DAY)

    with pytest.raises(JournalError, match="is case K1, not K77"):
        journal.open_cases("acme", [CaseRow("K77", "v-K1", "101", "10001", None, DAY)], after(1))
    assert journal.open_case("acme", "K5", "v-K5", "105", "10002", None, DAY, after(1)) is True
    assert journal.open_case("acme", "K5", "v-K5", "105", "10002", None, DAY, after(2)) is False


def test_decisions_are_a_log_with_who_when_and_why(journal: Journal) -> None:
    journal.decide("acme", "K1", "pause", {"until": date(2025, 3, 23), "note": "sells a machine"}, DAY, "Kari", NOW)
    journal.decide("acme", "K2", "waive_costs", {"amount": 35.10}, DAY, "Ola", after(1))
    journal.decide("acme", None, "exclude", {"reason": "sister company"}, DAY, "Ola", after(2), customer_no="10018")

    first, second, third = journal.decisions("acme")
    assert (first.kind, first.payload, first.decided_by, first.decided_at) == (
        "pause", {"until": "2025-03-23", "note": "sells a machine"}, "Kari", NOW,
    )  # fmt: skip
    assert second.payload == {"amount": "35.1"}
    assert (third.case_id, third.customer_no) == (None, "10018")
    assert first.seq < second.seq < third.seq
    assert [decision.kind for decision in journal.decisions("acme", "K2")] == ["waive_costs"]


def test_a_refused_attempt_is_kept_and_has_no_effect(journal: Journal) -> None:
    journal.decide("acme", "K1", "merge", {"with": ["K2"]}, DAY, "Kari", NOW, refused_because="K2 has had its demand")
    assert journal.decisions("acme")[0].refused_because == "K2 has had its demand"
    assert journal.decision_rows("acme") == []


@pytest.mark.parametrize(
    ("kind", "case", "who", "says"),
    [
        ("forgive", "K1", "Kari", "decision 'forgive' is not known; known are pause"),
        ("pause", "K9", "Kari", "case K9 is not in the journal"),
        ("pause", "K1", " ", "who decided"),
    ],
)
def test_a_decision_without_sense_is_refused(journal: Journal, kind: str, case: str, who: str, says: str) -> None:
    with pytest.raises(JournalError, match=says):
        journal.decide("acme", case, kind, {}, DAY, who, NOW)
    assert journal.decisions("acme") == []


def test_a_document_is_kept_with_its_hash_once(journal: Journal) -> None:
    key = intend_letter(journal)
    sums = {"total": Decimal("1039.79")}
    first = journal.add_document("acme", b"%PDF", "letter", "application/pdf", sums, NOW, key=key, case_id="K1")
    again = journal.add_document("acme", b"%PDF", "letter", "application/pdf", sums, after(9), key=key, case_id="K1")

    assert first == again == hashlib.sha256(b"%PDF").hexdigest()
    (document,) = journal.documents("acme", key=key)
    assert (document.content, document.snapshot, document.stored_at) == (b"%PDF", {"total": "1039.79"}, NOW)
    assert journal.documents("acme", case_id="K2") == []


def test_erasing_one_tenant_leaves_every_row_of_the_other_as_it_was(journal: Journal) -> None:
    with_tenant(journal, "other")
    journal.intend("letter:other:1", "other", "letter", ["other-K1"], letter(claim("other-K1")), DAY, NOW)
    key = intend_voucher(journal)
    assert journal.claim_for_sending(key, "w", NOW)
    journal.mark_posted(key, "guid-1", "90001", NOW)
    journal.intend("reversal:1", "acme", "reversal", ["K1"], {}, DAY, NOW, reverses=key)
    journal.decide("acme", "K1", "pause", {}, DAY, "Kari", NOW)
    journal.decide("other", "other-K1", "pause", {}, DAY, "Kari", NOW)
    journal.add_document("acme", b"x", "letter", "text/plain", {}, NOW, key=key, case_id="K1")
    before = (journal.tenant("other"), journal.export_rows("other"), journal.history("letter:other:1"))

    erased = journal.purge_tenant("acme", "contract ended", "Kari", after(5))

    assert erased["outbox"] == 2
    assert erased["documents"] == erased["decisions"] == erased["tenants"] == 1
    assert journal.tenant_names() == ["other"]
    assert (journal.tenant("other"), journal.export_rows("other"), journal.history("letter:other:1")) == before
    with pytest.raises(Exception, match=r"only grows|no item is deleted"), journal.writing() as connection:
        connection.exec_driver_sql("delete from decisions")


def test_what_was_erased_is_not_left_in_the_file(tmp_path: Path, secrets: SecretBox) -> None:
    journal = with_tenant(open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", secrets))
    journal.decide("acme", "K1", "note", {"note": "Ragnhild Kvernmo rang"}, DAY, "Kari", NOW)
    journal.purge_tenant("acme", "contract ended", "Kari", after(5))
    with journal.engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    journal.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Ragnhild" not in kept
    assert b"contract ended" in kept


def test_a_tenant_with_something_on_its_way_out_is_not_erased(journal: Journal) -> None:
    key = intend_letter(journal)
    assert journal.claim_for_sending(key, "w", NOW)
    with pytest.raises(JournalError, match="may be on its way out"):
        journal.purge_tenant("acme", "contract ended", "Kari", after(5))
    assert journal.tenant_names() == ["acme"]


def test_a_long_writer_is_named_after_a_bounded_wait(
    tmp_path: Path, secrets: SecretBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kredin_pipeline.journal.engine.BUSY_MILLISECONDS", 50)
    file = tmp_path / "journal.sqlite"
    journal = with_tenant(open_journal(f"sqlite:///{file}", secrets))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(JournalError, match="another process has held the write lock"):
        journal.change_settings("acme", {"grace_days": 4}, "Kari", NOW)
    assert journal.tenant("acme").settings.grace_days == 3  # reading goes on
    other.execute("rollback")
    other.close()
    journal.change_settings("acme", {"grace_days": 4}, "Kari", NOW)
    journal.close()
