"""Legal documents in the journal: one way from draft to filing, nothing filed unsigned, whatever program writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from kredin_pipeline.journal import DraftMoved, Journal, JournalError, LegalAttachment, LegalDraft, UnknownDraft
from tests.unit.journal.builders import DAY, NOW, after, with_tenant

PDF = b"%PDF-1.7 petition"
SIGNED = PDF + b" and a signature"
NOTICE = LegalAttachment("varsel.pdf", "application/pdf", b"%PDF-1.7 notice")
KIND = "enforcement_petition"


def drafted(journal: Journal, pdf: bytes = PDF, *cases: str, kind: str = KIND, tenant: str = "acme") -> LegalDraft:
    data = {"total": "1039.79"}
    return journal.legal.draft(tenant, kind, cases or ("K1",), pdf, data, [NOTICE], "petition 1", NOW)


def in_state(journal: Journal, state: str) -> str:
    """The id of a draft that has come so far."""
    draft_id = drafted(journal).draft_id
    if state != "drafted":
        journal.legal.hand_out(draft_id, "Kari", after(1))
    if state in ("signed", "filed"):
        journal.legal.signed(draft_id, SIGNED, "Kari Nordmann", DAY, {"chain": ["root"]}, "Kari", after(2))
    if state == "attested":
        journal.legal.attested(draft_id, "Kari Nordmann", "styreleder", DAY, "signed at the office", after(2))
    if state == "filed":
        journal.legal.filed(draft_id, DAY, "25-0101", "Kari", after(3))
    if state == "withdrawn":
        journal.legal.withdrawn(draft_id, "paid", "Kari", after(2))
    return draft_id


def test_the_way_from_draft_to_filing_is_all_in_the_log(journal: Journal) -> None:
    draft_id = drafted(journal).draft_id
    journal.legal.hand_out(draft_id, "Kari", after(1))
    journal.legal.refused(draft_id, b"junk", "is no PDF", "Kari", after(2))
    journal.legal.signed(draft_id, SIGNED, "Kari Nordmann", DAY, {"chain": ["root"]}, "Kari", after(3))
    filed = journal.legal.filed(draft_id, DAY, "25-0101", "Ola", after(4))

    assert (filed.state, filed.filed_on, filed.filed_reference) == ("filed", DAY, "25-0101")
    assert [
        (change.from_state, change.to_state, change.reason, change.who) for change in journal.legal.log(draft_id)
    ] == [
        (None, "drafted", None, "kredin"),
        ("drafted", "handed_out", None, "Kari"),
        (None, None, "is no PDF", "Kari"),
        ("handed_out", "signed", "signed by Kari Nordmann", "Kari"),
        ("signed", "filed", None, "Ola"),
    ]
    assert journal.legal.pdf(draft_id) == PDF
    assert journal.legal.attachments(draft_id) == [NOTICE]
    kept = journal.legal.signature(draft_id)
    assert kept is not None and (kept.content, kept.evidence) == (SIGNED, {"chain": ["root"]})
    said = [(one.kind, one.payload.get("document"), one.effective_on) for one in journal.decisions("acme", "K1")]
    assert said == [("sign", draft_id, DAY), ("legal", draft_id, DAY)]


def test_the_same_content_is_one_draft_and_a_newer_one_replaces_what_is_unsigned(journal: Journal) -> None:
    first = drafted(journal)
    assert drafted(journal) == first
    other_kind = drafted(journal, kind="bankruptcy_notice")
    newer = drafted(journal, PDF + b" of May", "K2", "K1")

    assert [(one.draft_id, one.state) for one in journal.legal.drafts("acme")] == [
        (first.draft_id, "withdrawn"), (other_kind.draft_id, "drafted"), (newer.draft_id, "drafted"),
    ]  # fmt: skip
    assert journal.legal.one(first.draft_id).reason == f"replaced by {newer.draft_id}"
    assert [one.draft_id for one in journal.legal.drafts("acme", case_id="K2")] == [newer.draft_id]
    assert drafted(journal).draft_id not in (first.draft_id, newer.draft_id)  # what was withdrawn does not come back


def test_a_newer_draft_leaves_a_signed_one_alone(journal: Journal) -> None:
    signed = in_state(journal, "signed")
    drafted(journal, PDF + b" of May")
    assert journal.legal.one(signed).state == "signed"


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("drafted", ("signed", "attested", "filed")),
        ("handed_out", ("filed",)),
        ("signed", ("handed_out", "signed", "attested")),
        ("attested", ("handed_out", "signed", "attested")),
        ("filed", ("handed_out", "signed", "attested", "filed", "withdrawn")),
        ("withdrawn", ("handed_out", "signed", "attested", "filed", "withdrawn")),
    ],
)
def test_what_may_not_follow_is_refused_and_changes_nothing(
    journal: Journal, state: str, refused: tuple[str, ...]
) -> None:
    draft_id = in_state(journal, state)
    legal, before = journal.legal, (journal.legal.log(draft_id), journal.decisions("acme"))
    tries = {
        "handed_out": lambda: legal.hand_out(draft_id, "Kari", after(9)),
        "signed": lambda: legal.signed(draft_id, SIGNED, "Kari", DAY, {}, "Kari", after(9)),
        "attested": lambda: legal.attested(draft_id, "Kari", "styreleder", DAY, "on paper", after(9)),
        "filed": lambda: legal.filed(draft_id, DAY, "25-0101", "Kari", after(9)),
        "withdrawn": lambda: legal.withdrawn(draft_id, "paid", "Kari", after(9)),
    }
    for wanted in refused:
        with pytest.raises(DraftMoved, match=f"{draft_id}: is {state}.*cannot become {wanted}"):
            tries[wanted]()
    assert (legal.log(draft_id), journal.decisions("acme")) == before


HANDED = "update legal_drafts set state = 'handed_out'"
FILED = "state = 'filed', filed_on = '2025-03-17', filed_reference = 'x'"
SIGNATURE = (
    "insert into legal_signatures (draft_id, tenant, way, signer, role, signed_on, note, evidence, sha256, content, "
    "recorded_by, recorded_at) select draft_id, tenant, '{way}', 'x', 'x', '{day}', 'x', '{{}}', '{sha}', {content}, "
    "'x', changed_at from legal_drafts"
)
GOOD = SIGNATURE.format(way="paper", day="2025-03-17", sha="0" * 64, content="null")


PADES = SIGNATURE.format(way="pades", day="2025-03-17", sha="0" * 64, content="CONTENT")
TRIES: dict[str, list[tuple[list[str], str]]] = {
    "drafted": [
        ([f"update legal_drafts set {FILED}"], "not allowed"),
        (["update legal_drafts set state = 'signed'"], "not allowed"),
        ([GOOD], "not handed out"),
        (["insert into legal_draft_cases values ('acme-L1', 1, 'acme', 'K2')"], "written with it"),
    ],
    "handed_out": [
        ([f"update legal_drafts set {FILED}"], "not allowed"),
        (["update legal_drafts set state = 'signed'"], "without its signature"),
        (["update legal_drafts set state = 'attested'"], "without its signature"),
        ([GOOD, "update legal_drafts set state = 'signed'"], "without its signature"),
        ([GOOD, GOOD], "exists|unique"),
        ([PADES.replace("CONTENT", "pdf")], "bytes of the draft"),
        ([PADES.replace("CONTENT", "null")], "bytes of the draft|pades"),
    ],
    "attested": [
        (["update legal_drafts set state = 'filed'"], "ck_legal_drafts_filed|without its signature"),
        ([f"update legal_drafts set {FILED.replace('03-17', '03-16')}"], "without its signature"),
        (["update legal_drafts set template = 'x'"], "what was drafted never changes"),
        (["delete from legal_drafts"], "only grows|no draft is deleted"),
    ],
    "filed": [
        (["update legal_drafts set filed_reference = 'y'"], "not allowed"),
        (["delete from legal_log"], "only grows"),
        (["update legal_signatures set signer = 'y'"], "only grows"),
        (["delete from legal_signatures"], "only grows"),
        (["delete from legal_attachments"], "only grows"),
    ],
}


@pytest.mark.parametrize("state", list(TRIES))
def test_the_database_itself_lets_nothing_be_filed_unsigned_or_changed(journal: Journal, state: str) -> None:
    draft_id = in_state(journal, state)
    before = journal.legal.log(draft_id)
    for statements, refusal in TRIES[state]:
        with pytest.raises(DatabaseError, match=f"(?i){refusal}"), journal.writing() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    assert (journal.legal.one(draft_id).state, journal.legal.log(draft_id)) == (state, before)


def test_a_filing_of_the_database_alone_passes_with_its_signature(journal: Journal) -> None:
    draft_id = in_state(journal, "attested")
    with journal.writing() as connection:
        connection.exec_driver_sql(f"update legal_drafts set {FILED}")
    assert journal.legal.one(draft_id).state == "filed"


def test_days_and_names_are_checked_before_anything_is_written(journal: Journal) -> None:
    draft_id = in_state(journal, "handed_out")
    legal = journal.legal
    tomorrow, yesterday = DAY + timedelta(days=1), DAY - timedelta(days=1)
    for day in (tomorrow, yesterday):
        with pytest.raises(JournalError, match=f"on: found {day}, want a day from {DAY}"):
            legal.attested(draft_id, "Kari", "styreleder", day, "on paper", after(9))
    with pytest.raises(JournalError, match="role: found nothing"):
        legal.attested(draft_id, "Kari", " ", DAY, "on paper", after(9))
    legal.attested(draft_id, "Kari", "styreleder", DAY, "on paper", after(9))
    with pytest.raises(JournalError, match="it was signed"):
        legal.filed(draft_id, yesterday, "25-0101", "Kari", after(10))
    with pytest.raises(JournalError, match="reference: found nothing"):
        legal.filed(draft_id, DAY, " ", "Kari", after(10))
    assert legal.one(draft_id).state == "attested"


def test_unknown_kinds_cases_and_files_are_named(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no such kind; known are estate_claim"):
        drafted(journal, kind="letter")
    with pytest.raises(JournalError, match="case K9 is not in the journal"):
        drafted(journal, PDF, "K9")
    with pytest.raises(JournalError, match="want a PDF"):
        drafted(journal, b"<html>")
    with pytest.raises(UnknownDraft, match="acme-L1: no such draft"):
        journal.legal.pdf("acme-L1")
    assert journal.legal.drafts("acme") == []


def test_a_purge_takes_a_tenants_legal_documents_and_no_others(journal: Journal) -> None:
    with_tenant(journal, "other")
    in_state(journal, "filed")
    kept = drafted(journal, PDF, "other-K1", tenant="other")

    erased = journal.purge_tenant("acme", "contract ended", "Kari", after(5))

    assert (erased["legal_drafts"], erased["legal_signatures"], erased["legal_attachments"]) == (1, 1, 1)
    assert journal.legal.drafts("other") == [kept]
    assert len(journal.legal.log(kept.draft_id)) == 1


def test_of_two_people_who_file_one_wins(journal: Journal) -> None:
    from concurrent.futures import ThreadPoolExecutor

    draft_id = in_state(journal, "signed")

    def file(who: str) -> str:
        try:
            return journal.legal.filed(draft_id, DAY, f"ref {who}", who, after(5)).who
        except DraftMoved:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(file, ["a", "b", "c", "d"]))
    assert told.count("refused") == 3
    assert [one.kind for one in journal.decisions("acme", "K1")] == ["sign", "legal"]
