"""What holds a day's letters or vouchers back in a real run: none leaves, and a person's word lets them go."""

from __future__ import annotations

from datetime import timedelta

from dagster import AssetKey

from kredin_pipeline.jobs import run_day
from resources.settling import compared, let_stand
from tests.unit.orchestration.installation import TENANT, TODAY, open_installation
from tests.unit.outbox.conftest import Held, Office


def said(office: Office, asset: str) -> dict[str, str]:
    event = office.house.instance.get_latest_materialization_event(AssetKey(asset))
    assert event is not None and event.asset_materialization is not None
    return {name: str(value.value) for name, value in event.asset_materialization.metadata.items()}


def test_above_the_limit_nothing_leaves_until_it_is_released_kind_by_kind(held: Held, office: Office) -> None:
    assert held.first.ok and (office.house.letters(), office.house.vouchers()) == (0, 0)
    assert (office.item("letter").state, office.item("voucher").state) == ("intended", "intended")
    told = " ".join(held.first.messages)
    assert "within_the_daily_limit: fjell: 0 letters have left on 2025-03-17 and 1 wait, but the limit is 0" in told
    for kind in ("letters", "vouchers"):
        assert f"kredin brake release fjell --kind {kind} --on 2025-03-17 --up-to 1" in told

    letters = office.house.journal.brake_of(TENANT, "letters", TODAY)
    office.house.journal.release_brake(letters, 1, "month end", "Kari", office.now)
    office.run()
    assert (office.house.letters(), office.house.vouchers()) == (1, 0)
    assert "0 vouchers have left" in said(office, "posted_vouchers")["held_because"]

    vouchers = office.house.journal.brake_of(TENANT, "vouchers", TODAY)
    office.house.journal.release_brake(vouchers, 1, "month end", "Kari", office.now)
    assert office.run().messages == []
    assert (office.house.letters(), office.house.vouchers()) == (1, 1)


def test_a_voucher_of_ours_that_nobody_knows_stops_the_posting_until_somebody_has_looked(office: Office) -> None:
    number = office.post(office.item("voucher"), ExternalImportReference="from a journal that was lost")
    office.set(daily_voucher_limit=None)

    stopped = office.run()

    assert office.house.vouchers() == 1 and office.item("voucher").state == "intended"
    told = " ".join(stopped.messages)
    assert "journal_and_ledger_agree: fjell: No voucher leaves until somebody has looked" in told
    assert f"voucher {number} " in told and "does not know it" in told
    assert "No voucher leaves" in said(office, "posted_vouchers")["held_because"]

    found = let_stand(office.house.book, office.house.journal, TENANT, [], "booked in a test", "Kari", office.now)
    assert [one.about for one in found] == ["unknown_in_ledger"]
    office.run()
    assert office.house.vouchers() == 2 and office.item("voucher").state in ("posted", "confirmed")


def test_within_the_limit_all_leaves_and_the_next_day_compares_it(office: Office) -> None:
    office.set(daily_letter_limit=None, daily_voucher_limit=None)
    assert office.run().messages == []
    assert (office.house.letters(), office.house.vouchers()) == (1, 1)
    assert "| confirmed | 1 | 1 | " in said(office, "sent_letters")["outbox"]
    assert said(office, "posted_vouchers")["held_because"] == "-"

    tomorrow = TODAY + timedelta(days=1)
    office.house.control.set_clock(f"{tomorrow}T06:00")
    office.house.book.close()
    home = office.house.book.path(TENANT).parent.parent
    office.house = open_installation(office.sandbox, home, office.house.client_key)
    second = run_day(office.house.definitions, office.house.instance, TENANT, tomorrow)
    assert second.ok and second.messages == []
    with office.house.book.session(TENANT) as con:
        found = compared(con, office.house.journal, TENANT)
        assert (found.in_journal, found.gaps) == (1, ())
        con.execute("update poweroffice_ledger_entries set amount = 1 where is_created_by_current_integration")
        assert [gap.about for gap in compared(con, office.house.journal, TENANT).gaps] == ["other_amounts"]
