"""Letters through the outbox of a real journal: each leaves at most once and charges only when it left."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, OutboxItem, SecretBox, open_journal
from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.dispatch import LetterBox, LetterDispatch, LetterReport, Mailer
from kredin_pipeline.letters.email_message import Envelope
from kredin_pipeline.letters.intents import plan_intents
from kredin_pipeline.letters.last_look import OpenItem, Picture, open_picture
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected, SendOutcome

from .builders import DEBTOR, claim, letter

DAY = date(2026, 3, 17)
NOW = datetime(2026, 3, 17, 5, 10, tzinfo=UTC)
TENANT = "fjellheim"
REMINDER = letter("reminder", claim("1001", interest="5.03", fee="38.00"))
DEMAND = letter("payment_demand", claim("1002", interest="5.03", fee="113.00"))
KEY, PAPER_KEY = REMINDER.letter_key, DEMAND.letter_key


class Street:
    """Both doors, whose next answers a test can set; what has really arrived is in ``mails`` and ``files``."""

    sender = "krav@kredin.example"

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.files: dict[str, bytes] = {}
        self.mail_answers: list[SendOutcome | None] = []
        self.arrives_all_the_same = False
        self.put_answers: dict[str, SendOutcome] = {}
        self.drop_is_readable = True

    @contextmanager
    def mailer(self) -> Generator[Mailer]:
        yield _Mailer(self)

    @contextmanager
    def letter_box(self) -> Generator[LetterBox]:
        yield _Box(self)

    @property
    def manifests(self) -> list[str]:
        return [content.decode() for path, content in self.files.items() if path.endswith(".csv")]


class _Mailer:
    def __init__(self, street: Street) -> None:
        self._street = street

    def send(self, envelope: Envelope) -> None:
        answer = self._street.mail_answers.pop(0) if self._street.mail_answers else None
        if answer is None or self._street.arrives_all_the_same:
            self._street.mails.append(envelope)
        if answer is not None:
            raise answer


class _Box:
    def __init__(self, street: Street) -> None:
        self._street = street

    def put(self, path: str, content: bytes) -> None:
        answer = next((one for part, one in self._street.put_answers.items() if part in path), None)
        there = self._street.files.get(path)
        if answer is None or self._street.arrives_all_the_same:
            if there is not None and there != content:
                raise Rejected("409", status=409)
            self._street.files[path] = content
        if answer is not None:
            raise answer

    def get(self, path: str) -> bytes | None:
        if not self._street.drop_is_readable:
            raise OutcomeUnknown("the drop could not be read")
        return self._street.files.get(path)


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
    opened.add_tenant(TENANT, SecretStr("key"), "Fjellheim", "999990126", DAY, TenantSettings.of(), "Kari", NOW)
    rows = [
        CaseRow(f"K{number:010d}", f"V{number}", str(number), "10001", "999990134", DAY) for number in range(1001, 1006)
    ]
    opened.open_cases(TENANT, rows, NOW)
    yield opened
    opened.close()


def intend(
    journal: Journal, *letters: LetterContent, on: date = DAY, credits: dict[str, Decimal] | None = None
) -> None:
    """What the asset ``letters`` does."""
    plan = plan_intents(letters, credits or {}, journal.items(TENANT, "letter"), on)
    at = NOW + timedelta(days=(on - DAY).days)
    for key in plan.requeue:
        journal.requeue(key, "tried another way", at)
    for intent in plan.intents:
        journal.intend(intent.key, TENANT, "letter", intent.case_ids, intent.payload, on, at)
    for key, reason in plan.cancel.items():
        journal.cancel(key, reason, at)


def open_balances(*letters: LetterContent) -> list[OpenItem]:
    return [
        OpenItem(one.entry_id, one.customer_no, one.ledger_balance) for content in letters for one in content.claims
    ]


def run(
    journal: Journal,
    street: Street,
    items: Sequence[OpenItem] | None = None,
    on: date = DAY,
    picture: Picture | None = None,
) -> LetterReport:
    """What the asset ``sent_letters`` does at 09:10; ``items`` is what the ledger then shows as open."""
    at = NOW + timedelta(days=(on - DAY).days)
    dispatch = LetterDispatch(journal, street, lambda: at, "run-1")
    dispatch.settle_earlier(journal.open_items(TENANT, "letter", ("sending", "outcome_unknown", "posted")))
    today = [item for item in journal.open_items(TENANT, "letter", ("intended",)) if item.planned_on == on]
    seen = picture or Picture(*open_picture(open_balances(REMINDER, DEMAND) if items is None else items))
    dispatch.send(dispatch.last_look(today, seen))
    return dispatch.report


def states(journal: Journal, key: str) -> list[str]:
    return [change.to_state for change in journal.history(key)]


def item(journal: Journal, key: str) -> OutboxItem:
    return journal.item(key)


def test_a_letter_leaves_is_kept_and_is_charged(journal: Journal) -> None:
    street = Street()
    intend(journal, REMINDER)

    report = run(journal, street)

    assert [one.letter_key for one in report.sent] == [KEY]
    assert states(journal, KEY) == ["intended", "sending", "posted", "confirmed"]
    assert [row.fee for row in journal.delivered_letters(TENANT)] == [Decimal("38.00")]
    kept = journal.documents(TENANT, key=KEY)
    assert kept[0].content in b"".join(_attachments(street.mails[0]))
    assert kept[0].snapshot["total"] == "1043.03"


def _attachments(envelope: Envelope) -> list[bytes]:
    from email import message_from_bytes
    from email.policy import default

    return [part.get_content() for part in message_from_bytes(envelope.message, policy=default).iter_attachments()]


def test_the_second_run_of_a_day_sends_nothing(journal: Journal) -> None:
    street = Street()
    for _ in range(3):
        intend(journal, REMINDER, DEMAND)
        run(journal, street)

    assert len(street.mails) == 1
    assert len(street.manifests) == 1
    assert len(journal.delivered_letters(TENANT)) == 2


def test_c1_the_whole_principal_paid_at_0905_drops_the_letter_and_charges_nothing(journal: Journal) -> None:
    street = Street()
    intend(journal, REMINDER, DEMAND)

    report = run(journal, street, open_balances(DEMAND))

    assert report.dropped == {KEY: "paid_before_send"}
    assert item(journal, KEY).state == "cancelled"
    assert item(journal, KEY).reason == "paid_before_send"
    assert street.mails == []
    assert [row.letter_key for row in journal.delivered_letters(TENANT)] == [PAPER_KEY]


def test_c1_a_part_payment_at_0905_drops_the_letter_and_the_next_one_asks_for_the_smaller_sum(journal: Journal) -> None:
    street = Street()
    intend(journal, REMINDER)
    run(journal, street, [OpenItem("E1001", "10001", Decimal("600.00"))])
    assert (item(journal, KEY).state, item(journal, KEY).reason) == ("cancelled", "balance_changed")

    smaller = letter("reminder", claim("1001", paid="400.00", interest="3.00", fee="38.00"))
    intend(journal, smaller)
    report = run(journal, street, [OpenItem("E1001", "10001", Decimal("600.00"))])

    assert [one.total for one in report.sent] == [Decimal("641.00")]
    assert len(street.mails) == 1
    assert states(journal, KEY) == ["intended", "cancelled", "intended", "sending", "posted", "confirmed"]


def test_a_new_payment_on_account_that_covers_the_claim_drops_the_letter(journal: Journal) -> None:
    intend(journal, REMINDER)
    credit = OpenItem("P1", "10001", Decimal("-1000.00"))

    assert run(journal, Street(), [*open_balances(REMINDER), credit]).dropped == {KEY: "paid_before_send"}


def test_a_credit_that_the_letter_has_named_already_does_not_hold_it(journal: Journal) -> None:
    owed = replace(
        claim("1001", "1 000.00"),
        on_account=Decimal("200.00"),
        principal=Decimal("800.00"),
        total=Decimal("800.00"),
    )
    named = letter("reminder", owed)
    intend(journal, named, credits={"10001": Decimal("-200.00")})
    credit = OpenItem("P1", "10001", Decimal("-200.00"))

    report = run(journal, Street(), [*open_balances(named), credit])

    assert [one.principal for one in report.sent] == [Decimal("800.00")]


def test_a_new_invoice_of_the_customer_drops_nothing(journal: Journal) -> None:
    intend(journal, REMINDER)
    newer = OpenItem("E2001", "10001", Decimal("500.00"))

    assert len(run(journal, Street(), [*open_balances(REMINDER), newer]).sent) == 1


def test_a_written_off_claim_still_gets_its_letter(journal: Journal) -> None:
    written_off = letter("reminder", replace(claim("1001", fee="38.00"), ledger_balance=Decimal("0.00")))
    intend(journal, written_off)

    assert len(run(journal, Street(), []).sent) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"decided_cases": frozenset({"K0000001001"})},
        {"decided_customers": frozenset({"10001"})},
        {"held_orgnrs": {"999990134": "bankruptcy"}},
    ],
)
def test_a_decision_or_the_register_stops_a_letter_at_the_last_moment(
    journal: Journal, changed: dict[str, frozenset[str] | dict[str, str]]
) -> None:
    intend(journal, REMINDER)
    balances, credits = open_picture(open_balances(REMINDER))

    report = run(journal, Street(), picture=replace(Picture(balances, credits), **changed))

    assert report.sent == []
    assert report.dropped[KEY].split(":")[0] in ("decision_before_send", "register_before_send")


def test_a_server_that_is_away_leaves_the_letter_for_the_next_day_with_that_days_sums(journal: Journal) -> None:
    street = Street()
    street.mail_answers = [NothingSent("SMTP: could not connect")]
    intend(journal, REMINDER)
    assert run(journal, street).not_sent == {KEY: "SMTP: could not connect"}
    assert item(journal, KEY).state == "intended"

    tomorrow = DAY + timedelta(days=1)
    intend(journal, letter("reminder", claim("1001", interest="5.37", fee="38.00"), on=tomorrow), on=tomorrow)
    run(journal, street, on=tomorrow)

    assert [row.sent_on for row in journal.delivered_letters(TENANT)] == [tomorrow]
    assert [row.interest for row in journal.delivered_letters(TENANT)] == [Decimal("5.37")]
    assert len(street.mails) == 1


def test_a_letter_that_is_no_longer_due_is_not_sent_from_an_old_intent(journal: Journal) -> None:
    street = Street()
    street.mail_answers = [NothingSent("SMTP: could not connect")]
    intend(journal, REMINDER)
    run(journal, street)

    tomorrow = DAY + timedelta(days=1)
    intend(journal, on=tomorrow)
    run(journal, street, on=tomorrow)

    assert (item(journal, KEY).state, item(journal, KEY).reason) == ("cancelled", "no_longer_due")
    assert street.mails == []


@pytest.mark.parametrize("arrived", [True, False])
def test_an_email_without_an_answer_is_never_sent_again_by_itself(journal: Journal, arrived: bool) -> None:
    street = Street()
    street.mail_answers = [OutcomeUnknown("SMTP: no answer")]
    street.arrives_all_the_same = arrived
    intend(journal, REMINDER)
    run(journal, street)

    for days in (1, 2):
        on = DAY + timedelta(days=days)
        intend(journal, letter("reminder", claim("1001", interest="5.37", fee="38.00"), on=on), on=on)
        report = run(journal, street, on=on)

    assert len(street.mails) == int(arrived)
    assert item(journal, KEY).state == "outcome_unknown"
    assert report.unknown[KEY].startswith("by e-mail, no answer")
    assert journal.delivered_letters(TENANT) == []


def test_a_refused_address_is_tried_by_post_the_next_day_and_not_the_same(journal: Journal) -> None:
    street = Street()
    street.mail_answers = [Rejected("SMTP: 550 no such user", status=550)]
    intend(journal, REMINDER)
    assert run(journal, street).rejected == {KEY: "SMTP: 550 no such user"}
    intend(journal, REMINDER)
    assert run(journal, street).sent == []

    tomorrow = DAY + timedelta(days=1)
    intend(journal, replace(REMINDER, dated=tomorrow, deadline=tomorrow + timedelta(days=14)), on=tomorrow)
    report = run(journal, street, on=tomorrow)

    assert [(one.channel, one.dated) for one in report.sent] == [("post", tomorrow)]
    assert "reminder" in street.manifests[0]
    assert [(row.channel, row.fee) for row in journal.delivered_letters(TENANT)] == [("post", Decimal("38.00"))]


def test_a_refused_address_without_a_postal_one_is_told_to_a_person(journal: Journal) -> None:
    street = Street()
    street.mail_answers = [Rejected("SMTP: 550 no such user", status=550)]
    homeless = replace(DEBTOR, address_line1=None)
    stuck = letter("reminder", claim("1001", fee="38.00"), recipient=homeless)
    intend(journal, stuck)
    run(journal, street)

    plan = plan_intents([stuck], {}, journal.items(TENANT, "letter"), DAY + timedelta(days=1))

    assert plan.intents == ()
    assert "customer 10001 has no postal address" in plan.problems[0]


def test_paper_lies_in_the_drop_with_a_manifest_that_names_it(journal: Journal) -> None:
    street = Street()
    second = letter("payment_demand", claim("1003", "250.00", fee="113.00"))
    intend(journal, DEMAND, second)

    run(journal, street, open_balances(DEMAND, second))

    files = sorted(street.files)
    assert files[0].startswith("2026-03-17/fjellheim-K0000001002-payment_demand-")
    assert files[-1] == "2026-03-17/manifest-1.csv"
    rows = street.manifests[0].splitlines()
    assert rows[0].startswith("letter_key,tenant,step,invoice_nos,file,sha256,")
    assert len(rows) == 3
    assert f"letter:{TENANT}:K0000001002:payment_demand,fjellheim,payment_demand,1002," in rows[1]
    assert rows[1].endswith("1000.00,5.03,113.00,0.00,1118.03")


def test_a_second_batch_of_the_day_gets_the_next_manifest_and_leaves_the_first_alone(journal: Journal) -> None:
    street = Street()
    street.files["2026-03-17/manifest-1.csv"] = b"another tenant's"
    intend(journal, DEMAND)

    run(journal, street)

    assert street.files["2026-03-17/manifest-1.csv"] == b"another tenant's"
    assert "2026-03-17/manifest-2.csv" in street.files


def test_a_lost_answer_of_the_drop_is_settled_by_looking_the_letter_had_left(journal: Journal) -> None:
    street = Street()
    street.arrives_all_the_same = True
    street.put_answers = {"manifest": OutcomeUnknown("PUT: no answer")}
    intend(journal, DEMAND)
    run(journal, street)
    assert item(journal, PAPER_KEY).state == "outcome_unknown"

    street.put_answers = {}
    report = run(journal, street, on=DAY + timedelta(days=1))

    assert report.found == [PAPER_KEY]
    assert states(journal, PAPER_KEY)[-2:] == ["posted", "confirmed"]
    assert [row.sent_on for row in journal.delivered_letters(TENANT)] == [DAY]
    assert len(street.manifests) == 1


@pytest.mark.parametrize("lost", ["payment_demand", "manifest"])
def test_a_lost_answer_of_the_drop_is_settled_by_looking_the_letter_had_not_left(journal: Journal, lost: str) -> None:
    street = Street()
    street.put_answers = {lost: OutcomeUnknown("PUT: no answer")}
    intend(journal, DEMAND)
    run(journal, street)
    street.put_answers = {}

    tomorrow = DAY + timedelta(days=1)
    run(journal, street, on=tomorrow)  # looks, and puts the letter back; it is written anew by the next plan
    anew = replace(DEMAND, dated=tomorrow, deadline=tomorrow + timedelta(days=14))
    intend(journal, anew, on=tomorrow)
    run(journal, street, on=tomorrow)

    assert [row.sent_on for row in journal.delivered_letters(TENANT)] == [tomorrow]
    assert len(street.manifests) == 1


def test_a_drop_that_cannot_be_read_proves_nothing(journal: Journal) -> None:
    street = Street()
    street.put_answers = {"manifest": OutcomeUnknown("PUT: no answer")}
    intend(journal, DEMAND)
    run(journal, street)

    street.drop_is_readable = False
    report = run(journal, street)

    assert item(journal, PAPER_KEY).state == "outcome_unknown"
    assert report.unknown == {PAPER_KEY: "the drop could not be read"}


def test_a_manifest_that_is_turned_away_means_that_no_letter_of_the_batch_has_left(journal: Journal) -> None:
    street = Street()
    street.put_answers = {"manifest": NothingSent("PUT: 503")}
    intend(journal, DEMAND)

    report = run(journal, street)

    assert report.sent == []
    assert item(journal, PAPER_KEY).state == "intended"
    assert journal.delivered_letters(TENANT) == []


@pytest.mark.parametrize("content", [REMINDER, DEMAND])
def test_a_run_that_was_killed_while_sending_is_settled_like_a_lost_answer(
    journal: Journal, content: LetterContent
) -> None:
    street = Street()
    intend(journal, content)
    journal.claim_for_sending(content.letter_key, "killed", NOW)

    report = run(journal, street)

    if content.channel == "email":
        assert item(journal, content.letter_key).state == "outcome_unknown"
        assert street.mails == []
    else:
        assert report.requeued == [content.letter_key]


def test_a_run_that_was_killed_after_the_letter_was_taken_keeps_the_document_later(journal: Journal) -> None:
    intend(journal, REMINDER)
    journal.claim_for_sending(KEY, "killed", NOW)
    journal.mark_posted(KEY, "<id>", None, NOW)

    run(journal, Street())

    assert states(journal, KEY)[-1] == "confirmed"
    assert len(journal.documents(TENANT, key=KEY)) == 1


def test_three_letters_that_a_server_turns_away_spare_it_the_rest(journal: Journal) -> None:
    street = Street()
    street.mail_answers = [NothingSent("SMTP: away") for _ in range(3)]
    five = [letter("reminder", claim(str(number), fee="38.00")) for number in range(1001, 1006)]
    intend(journal, *five)

    report = run(journal, street, open_balances(*five))

    assert (
        sorted(report.not_sent.values()) == ["SMTP: away"] * 3 + ["not tried: the mail server could not be reached"] * 2
    )
    assert {item(journal, one.letter_key).state for one in five} == {"intended"}


def test_of_two_workers_one_sends(journal: Journal) -> None:
    street = Street()
    intend(journal, REMINDER)
    mine = journal.open_items(TENANT, "letter", ("intended",))
    first = LetterDispatch(journal, street, lambda: NOW, "a")
    second = LetterDispatch(journal, street, lambda: NOW, "b")

    first.send(mine)
    second.send(mine)

    assert len(street.mails) == 1
    assert (len(first.report.sent), len(second.report.sent)) == (1, 0)
