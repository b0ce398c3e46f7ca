"""``kredin outbox`` and ``kredin brake``: a person's word is looked up, told, and kept, or refused."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from tests.unit.orchestration.installation import TENANT, TODAY
from tests.unit.outbox.conftest import Office

RUNNER = CliRunner()


def kredin(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def exact(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output, parse_float=Decimal)


def settle(key: str, said: str, *more: str) -> Result:
    return kredin("outbox", "settle", key, "--as", said, "--why", "looked in Go", *more)


def test_a_voucher_that_the_ledger_has_is_settled_as_posted_and_never_as_not_sent(office: Office) -> None:
    item = office.lost("voucher")
    number = office.post(item)

    refused = settle(item.key, "not-sent")
    assert refused.exit_code == 1 and f"the ledger has it as voucher {number}" in refused.output
    tried = settle(item.key, "posted", "--dry-run")
    assert tried.exit_code == 0 and "Nothing was recorded (dry run)" in tried.output
    assert office.item("voucher").state == "outcome_unknown" and office.house.journal.words(TENANT) == []

    done = settle(item.key, "posted")
    assert done.exit_code == 0 and f"Counts as booked as voucher {number}" in done.output
    assert (office.item("voucher").state, office.item("voucher").remote_no) == ("posted", number)
    shown = kredin("outbox", "--key", item.key)
    assert "Kari said posted: looked in Go" in shown.output

    office.run()
    assert (office.item("voucher").state, office.house.vouchers()) == ("confirmed", 1)


def test_a_voucher_that_the_ledger_has_not_is_settled_as_not_sent_and_booked_once(office: Office) -> None:
    item = office.lost("voucher")
    refused = settle(item.key, "posted")
    assert refused.exit_code == 1 and "the ledger has no voucher that stands with the reference" in refused.output

    assert exact(settle(item.key, "not-sent", "--json"))["becomes"] == "intended"
    brake = kredin("brake", "release", TENANT, "--kind", "vouchers", "--up-to", "1", "--why", "one is right")
    assert brake.exit_code == 0 and "those that wait may leave" in brake.output
    office.run()
    assert office.house.vouchers() == 1 and office.item("voucher").state in ("posted", "confirmed")


def test_a_look_up_that_fails_concludes_nothing(office: Office) -> None:
    item = office.lost("voucher")
    office.house.control.fault(None, {"route": "GET /Customerledger/Statement", "kind": "status", "code": 403})
    refused = settle(item.key, "not-sent")
    assert refused.exit_code == 1 and "the ledger could not be asked" in refused.output
    assert office.item("voucher").state == "outcome_unknown"


def test_a_voucher_booked_by_hand_is_named_by_its_number_and_must_have_the_amount(office: Office) -> None:
    item = office.lost("voucher")
    total = str(item.payload["total"])
    for name, amount in (("H1", "1.00"), ("H2", total)):
        office.house.control.event(
            office.house.client_key,
            {"on": f"{TODAY}T05:30", "event": "journal", "id": name, "customer": 10002, "amount": amount,
             "offset_account": 3950},
        )  # fmt: skip
    wrong, right = (
        str(one["voucher_no"]) for one in office.house.control.vouchers(office.house.client_key)[-2:]
    )  # fmt: skip
    refused = settle(item.key, "posted", "--number", wrong)
    assert refused.exit_code == 1 and f"voucher {wrong} has 1.00 kr on customer 10002" in refused.output
    assert settle(item.key, "posted", "--number", "99999").exit_code == 1

    done = settle(item.key, "posted", "--number", right)
    assert done.exit_code == 0 and "It was booked by hand" in done.output
    assert (office.item("voucher").state, office.item("voucher").remote_no) == ("confirmed", right)


def test_a_conflict_is_sent_again_when_the_other_one_is_reversed_and_not_before(office: Office) -> None:
    item = office.lost("voucher")
    number = office.post(item)
    office.house.journal.mark_conflict(item.key, "another amount", office.now - timedelta(minutes=5))
    assert settle(item.key, "not-sent").exit_code == 1
    assert "cannot count as sent" in settle(item.key, "posted").output

    tenant = office.house.journal.tenant(TENANT)
    (voucher,) = [
        one for one in office.house.control.vouchers(office.house.client_key) if str(one["voucher_no"]) == number
    ]
    with office.poweroffice.connected(tenant.client_key, TENANT) as client:
        client.reverse_voucher(str(voucher["voucher_id"]))
    done = settle(item.key, "not-sent", "--dry-run")
    assert done.exit_code == 0 and "carried it and was reversed" in done.output


def test_an_email_is_settled_by_a_persons_word_alone(office: Office) -> None:
    item = office.lost("letter")
    done = settle(item.key, "posted")
    assert done.exit_code == 0 and "nobody can be asked" in done.output and "its fee is charged" in done.output
    office.run()
    assert (office.item("letter").state, office.house.letters()) == ("confirmed", 0)
    assert len(office.house.journal.documents(TENANT, key=item.key)) == 1


def test_an_email_that_did_not_leave_is_written_anew(office: Office) -> None:
    item = office.lost("letter")
    done = settle(item.key, "not-sent")
    assert done.exit_code == 0 and "nothing is charged for it" in done.output
    assert office.item("letter").state == "intended"


def test_what_needs_no_word_and_what_does_not_exist_are_refused(office: Office) -> None:
    done = settle(office.item("letter").key, "posted")
    assert done.exit_code == 1 and "is intended: nothing has left" in done.output
    assert "no such item" in settle("voucher:fjell:K9:E9", "posted").output
    assert kredin("outbox", "settle", "x", "--as", "posted").exit_code == 2  # without a reason


def test_the_brake_is_shown_and_released_for_its_day(office: Office) -> None:
    rows = exact(kredin("brake", "--json"))
    assert [(row["kind"], row["left"], row["waiting"], row["limit"], row["held"]) for row in rows] == [
        ("letters", 0, 1, 0, True), ("vouchers", 0, 1, 0, True),
    ]  # fmt: skip
    release = ("brake", "release", TENANT, "--kind", "letters", "--on", str(TODAY), "--why", "month end")
    assert exact(kredin(*release, "--up-to", "1", "--dry-run", "--json"))["recorded"] is False
    assert office.house.journal.brake_releases(TENANT) == []
    assert kredin(*release, "--up-to", "1", "--by", "Ola").exit_code == 0
    (kept,) = office.house.journal.brake_releases(TENANT)
    assert (kept.up_to, kept.released_by, kept.why) == (1, "Ola", "month end")
    again = kredin(*release, "--up-to", "1")
    assert again.exit_code == 1 and "nothing new" in again.output
    assert kredin("brake", "release", "nobody", "--kind", "letters", "--up-to", "1", "--why", "x").exit_code == 1


def test_a_difference_is_let_stand_by_name_and_nothing_else_is(office: Office) -> None:
    item = office.lost("voucher")
    office.house.journal.mark_conflict(item.key, "found 5.00", office.now - timedelta(minutes=5))
    words = ("outbox", "seen", "--tenant", TENANT, "--why", "the auditor's rounding")
    unknown = kredin(*words, "guid-of-nothing")
    assert unknown.exit_code == 1 and f"there are {item.key}" in unknown.output
    assert kredin(*words).exit_code == 1 and kredin(*words, item.key, "--all").exit_code == 1
    assert "do not differ" in kredin(*words, "--all").output

    assert exact(kredin(*words, item.key, "--json"))[0]["about"] == "conflict"
    assert office.house.journal.standing(TENANT).keys == {item.key}
    assert "the auditor's rounding" in kredin("outbox", "--key", item.key).output
    told = " ".join(office.run().messages)  # no alarm any more, and nothing is sent for it
    assert "every_voucher_is_booked_once" not in told and "every_letter_has_left" in told
    assert office.house.vouchers() == 0


@pytest.mark.parametrize("words", [("outbox",), ("outbox", "--all", "--json"), ("brake", "--tenant", TENANT)])
def test_the_lists_name_what_the_other_commands_take(office: Office, words: tuple[str, ...]) -> None:
    done = kredin(*words)
    assert done.exit_code == 0
    if words[0] == "outbox":
        assert office.item("voucher").key in done.output.replace("\n", "")
