"""What the acceptance promises of a lost answer, told step by step (obligations, vouchers 1 and 2)."""

from __future__ import annotations

import json

from tests.crash.fuse import Burn
from tests.crash.runs import Running
from tests.crash.story import POSTS, Place, Story


def test_killed_before_the_request_and_after_the_ledger_accepted(place: Place) -> None:
    """V-1: one voucher, our row has its id and number, the log shows intended, sending, looked up, confirmed."""
    story = Story(place, 1, faulty=False)
    story.set_up()
    deaths = [Burn("POST /v2/Vouchers/ManualJournals:leaving"), Burn("POST /v2/Vouchers/ManualJournals:answered"), None]
    for number, burn in enumerate(deaths):
        ending = Running(story.order(f"run{number}", story.intents[: 1 if burn else None], burn)).ending()
        assert ending.killed_at == (burn.pattern if burn else None) and ending.broke is None
        story.pass_time(90)
    story.compare()
    log = place.journal.history(story.intents[0].key)
    assert [(change.to_state, change.worker) for change in log] == [
        ("intended", None), ("sending", "run0"), ("outcome_unknown", "run1"), ("intended", None),
        ("sending", "run1"), ("outcome_unknown", "run2"), ("posted", "run2"), ("confirmed", "run2"),
    ]  # fmt: skip
    assert log[3].reason is not None and "looked up" in log[3].reason


def test_three_attempts_carry_the_same_reference(place: Place) -> None:
    """V-2: two time-outs and one success; the reference is one in all three, and visible in the ledger's log."""
    story = Story(place, 2, faulty=False)
    story.set_up()
    place.sandbox.control.clear_requests()
    for number in range(3):
        if number < 2:
            story.fault(POSTS, "timeout")
        assert Running(story.order(f"run{number}", story.intents[:1])).ending().by_itself
        story.pass_time(90)
    posts = [one for one in place.sandbox.control.requests() if one["method"] == "POST" and "Manual" in one["path"]]
    sent = [json.loads(one["request_body"])["ExternalImportReference"] for one in posts]
    item = place.journal.item(story.intents[0].key)
    assert sent == [item.reference] * 3 and item.attempts == 3
    assert (item.state, item.remote_no is not None) == ("confirmed", True)
