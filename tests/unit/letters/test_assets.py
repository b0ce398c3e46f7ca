"""The assets in Dagster against a sandbox: letters and vouchers leave from today's live partition alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize
from pydantic import SecretStr

from assets.letters import build_letter_assets
from assets.vouchers import build_voucher_assets
from kredin_pipeline.cases.claims import create_tables
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal
from kredin_pipeline.partitions import BACKFILL_TAG, RANGE_END_TAG, RANGE_START_TAG, day_and_tenant, key
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice

TENANT = "fjellheim"
DAY = date(2025, 3, 17)
SIX = datetime(2025, 3, 17, 5, 0, tzinfo=UTC)
LETTER_KEY = f"letter:{TENANT}:K1:reminder"
VOUCHER_KEY = f"voucher:{TENANT}:K1:E9"
PARTITIONS = day_and_tenant(date(2025, 1, 1))
LETTERS = build_letter_assets(PARTITIONS)
VOUCHERS = build_voucher_assets(PARTITIONS)


class Impatient(Clock):
    """A pinned clock for which waiting takes no time."""

    def sleep(self, seconds: float) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, fault_hold_seconds=2)) as running:
        yield running


@dataclass
class House:
    """One tenant with one overdue invoice of 1 000.00, its book, its journal and a way to run assets at a time."""

    sandbox: RunningSandbox
    folder: Path
    client_key: str
    instance: DagsterInstance
    journal: Journal
    journal_resource: JournalResource

    @property
    def book(self) -> Book:
        return Book(folder=str(self.folder))

    def run(
        self,
        assets: list[Any],
        select: str | None = None,
        *,
        at: datetime = SIX,
        day: date = DAY,
        tags: Mapping[str, str] | None = None,
    ) -> ExecuteInProcessResult:
        """Materialise assets (or one of them) for a day, with the clock at ``at``; never raises for their failure."""
        self.sandbox.control.set_clock(at.isoformat())
        clock = Impatient(pinned=at.isoformat())
        ranged = tags is not None and RANGE_START_TAG in tags
        return materialize(
            assets,
            selection=[select] if select else None,
            partition_key=None if ranged else key(TENANT, day),
            instance=self.instance,
            tags=dict(tags or {}),
            raise_on_error=False,
            resources={
                "book": self.book,
                "journal": self.journal_resource,
                "clock": clock,
                "poweroffice": PowerOffice(
                    clock=clock,
                    api_url=self.sandbox.poweroffice_url,
                    token_url=self.sandbox.token_url,
                    application_key=APPLICATION_KEY,
                    subscription_key=SUBSCRIPTION_KEY,
                    requests_per_second=0,
                    read_timeout_seconds=1,
                ),
                "register": Enhetsregisteret(api_url=self.sandbox.register_url, requests_per_second=0),
                "post": Post(
                    sender="krav@kredin.example",
                    smtp_host=self.sandbox.smtp_host,
                    smtp_port=self.sandbox.smtp_port,
                    smtp_security="none",
                    letter_drop=self.sandbox.letter_drop_url,
                ),
            },
        )

    def event(self, on: str, event: str, **more: Any) -> None:
        self.sandbox.control.event(self.client_key, {"on": on, "event": event, **more})

    def row(self, table: str, **values: Any) -> None:
        """One row of the day's derivation."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        with self.book.session(TENANT) as con:
            con.execute(f"insert into {table} ({names}) values ({marks})", list(values.values()))

    def plan_letter(self, channel: str = "email") -> None:
        """The reminder that the rules would plan for today."""
        self.row(
            "planned_letters", letter_key=LETTER_KEY, case_id="K1", step="reminder", channel=channel, planned_on=DAY,
            deadline=DAY + timedelta(days=14), fee=Decimal("35.00"), interest=Decimal("4.79"),
            principal_original=Decimal("1000.00"), principal_paid=Decimal(0), principal=Decimal("1000.00"),
            total=Decimal("1039.79"), bears_fee=True,
        )  # fmt: skip

    def plan_voucher(self, fee: str = "35.00", interest: str = "4.79") -> None:
        """The voucher for costs that came in with the payment E9 on 14 March."""
        self.row(
            "planned_vouchers", voucher_key=VOUCHER_KEY, case_id="K1", settlement_key="E9", customer_id="C1",
            fee=Decimal(fee), interest=Decimal(interest), total=Decimal(fee) + Decimal(interest),
            payment_date=date(2025, 3, 14),
        )  # fmt: skip

    @property
    def mails(self) -> int:
        return len(self.sandbox.control.mailbox())

    @property
    def our_vouchers(self) -> list[dict[str, Any]]:
        return [one for one in self.sandbox.control.vouchers(self.client_key) if one["created_by_integration"]]

    def posts(self) -> list[str]:
        """Every request that wrote something."""
        log = self.sandbox.control.requests()
        return [one["path"] for one in log if one["method"] == "POST" and "oauth" not in one["path"].lower()]


APPLICATION_KEY = "0b1f6c0e-7f1d-4b8e-9c53-2f6d0a8e5a11"
SUBSCRIPTION_KEY = "3e0a6f2b51c84d7e8d1f5b9a7c204e66"


@contextmanager
def a_house(sandbox: RunningSandbox, folder: Path) -> Generator[House]:
    control = sandbox.control
    control.reset()
    control.clear_faults()
    client_key = control.add_company(
        "Fjellheim AS", "999990126", application_key=APPLICATION_KEY, subscription_key=SUBSCRIPTION_KEY
    )
    control.event(
        client_key,
        {"on": "2025-02-17", "event": "invoice", "no": 1001, "customer": 10001, "amount": 1000.00, "due": "2025-03-03"},
    )
    resource = JournalResource(url=f"sqlite:///{folder / 'journal.sqlite'}", home=str(folder))
    journal = resource.open()
    journal.add_tenant(
        TENANT, SecretStr(client_key), "Fjellheim AS", "999990126", DAY, TenantSettings.of(), "Kari", SIX
    )
    journal.open_cases(TENANT, [CaseRow("K1", "V1", "1001", "10001", "999990134", DAY)], SIX)
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("tenant", [TENANT])
        house = House(sandbox, folder, client_key, instance, journal, resource)
        invoice = next(row for row in control.ledger(client_key) if str(row["invoice_no"]) == "1001")
        with house.book.session(TENANT) as con:
            create_tables(con)
            con.execute(CONCLUSIONS)
        house.row(
            "poweroffice_customers", customer_id="C1", customer_no="10001", subledger_account_id=subledger_id(house)
        )
        house.row("debtors", customer_id="C1", customer_no="10001", name="Dalnes AS", email="post@dalnes.example",
                  address_line1="Bakken 3", zip_code="5003", city="Bergen", is_minor=False)  # fmt: skip
        house.row(
            "claims", case_id="K1", voucher_id="V1", entry_id=str(invoice["entry_id"]), invoice_no="1001",
            kid="00100420", customer_id="C1", customer_no="10001", customer_name="Dalnes AS", orgnr="999990134",
            debtor_kind="business",
            invoice_date=date(2025, 2, 17), due_date=date(2025, 3, 3), original_due_date=date(2025, 3, 3),
            counted_due_date=date(2025, 3, 3), currency="NOK", currency_amount=Decimal("1000.00"),
            principal=Decimal("1000.00"), ledger_balance=Decimal("1000.00"), overdue_on=date(2025, 3, 4),
            in_journal=True, debtor_changed=False, ledger_conflict=False,
        )  # fmt: skip
        house.row("interest_periods", case_id="K1", from_date=date(2025, 3, 3), to_date=DAY, days=14,
                  rate_percent=Decimal("12.50"), year_days=365, base=Decimal("1000.00"), amount=Decimal("4.794521"),
                  numerator=0)  # fmt: skip
        house.row("costs", case_id="K1", fees=Decimal(0), compensation=Decimal(0), interest=Decimal("4.79"),
                  costs_paid=Decimal(0), fee_paid=Decimal(0), interest_paid=Decimal(0), costs_waived=Decimal(0),
                  interest_waived=Decimal(0), costs_open=Decimal("4.79"), provisional=False)  # fmt: skip
        try:
            yield house
        finally:
            house.book.close()
            resource.close()


CONCLUSIONS = """
create table if not exists planned_reversals (reversal_key varchar, voucher_key varchar, case_id varchar,
    settlement_key varchar, voucher_id varchar, voucher_no varchar, total decimal(18, 2))
"""


def subledger_id(house: House) -> str:
    """The customer's sub-ledger account, as a client reads it."""
    office = PowerOffice(
        clock=Clock(),
        api_url=house.sandbox.poweroffice_url,
        token_url=house.sandbox.token_url,
        application_key=APPLICATION_KEY,
        subscription_key=SUBSCRIPTION_KEY,
        requests_per_second=0,
    )
    with office.connected(SecretStr(house.client_key)) as client:
        rows = client._list("/Customers")  # pyright: ignore[reportPrivateUsage]
    return str(next(row["SubledgerAccountId"] for row in rows if str(row["Number"]) == "10001"))


@pytest.fixture
def house(sandbox: RunningSandbox, tmp_path: Path) -> Generator[House]:
    with a_house(sandbox, tmp_path) as made:
        yield made


def metadata(result: ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    event = next(one for one in result.get_asset_materialization_events() if one.asset_key is not None
                 and one.asset_key.to_user_string() == asset)  # fmt: skip
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_planned_letter_reaches_the_debtor_and_says_so(house: House) -> None:
    house.plan_letter()

    result = house.run(LETTERS)

    assert result.success
    assert house.mails == 1
    assert metadata(result, "sent_letters")["sent"] == 1
    assert "1 039,79" in str(metadata(result, "sent_letters")["total"]).replace("\u202f", " ")
    assert [row.fee for row in house.journal.delivered_letters(TENANT)] == [Decimal("35.00")]


def test_paper_goes_through_the_letter_drop(house: House) -> None:
    house.plan_letter("post")

    assert house.run(LETTERS).success
    paths = [one["path"] for one in house.sandbox.control.letter_drop_files()]
    assert len(paths) == 2
    assert paths[1] == "2025-03-17/manifest-1.csv"
    assert house.journal.item(LETTER_KEY).state == "confirmed"


def test_c1_paid_between_the_reading_and_the_sending_drops_the_letter(house: House) -> None:
    house.plan_letter()
    house.run(LETTERS, "letters")
    house.event("2025-03-17T09:05", "payment", id="P1", customer=10001, amount=1000.00, **{"for": [1001]})

    result = house.run(LETTERS, "sent_letters", at=SIX + timedelta(hours=3, minutes=10))

    assert result.success
    assert house.mails == 0
    assert (house.journal.item(LETTER_KEY).state, house.journal.item(LETTER_KEY).reason) == (
        "cancelled",
        "paid_before_send",
    )
    assert house.journal.delivered_letters(TENANT) == []
    assert LETTER_KEY in str(metadata(result, "sent_letters")["dropped"])


def test_c1_a_part_payment_between_drops_the_letter_that_asks_for_the_old_sum(house: House) -> None:
    house.plan_letter()
    house.run(LETTERS, "letters")
    house.event("2025-03-17T09:05", "payment", id="P1", customer=10001, amount=400.00, **{"for": [1001]})

    house.run(LETTERS, "sent_letters", at=SIX + timedelta(hours=3, minutes=10))

    assert house.mails == 0
    assert house.journal.item(LETTER_KEY).reason == "balance_changed"


def test_a_decision_between_stops_the_letter(house: House) -> None:
    house.plan_letter()
    house.run(LETTERS, "letters")
    house.journal.decide(TENANT, "K1", "pause", {"until": "2025-04-01"}, DAY, "Kari", SIX + timedelta(hours=2))

    house.run(LETTERS, "sent_letters", at=SIX + timedelta(hours=3))

    assert house.mails == 0
    assert house.journal.item(LETTER_KEY).reason == "decision_before_send"


def test_a_bankruptcy_opened_between_stops_the_letter(house: House) -> None:
    house.plan_letter()
    house.run(LETTERS, "letters")
    house.event("2025-03-17T08:00", "register", orgnr="999990134", set={"konkurs": True, "konkursdato": "2025-03-17"})

    house.run(LETTERS, "sent_letters", at=SIX + timedelta(hours=3))

    assert house.mails == 0
    assert house.journal.item(LETTER_KEY).reason == "register_before_send: bankruptcy"


def test_a_hold_that_the_plan_knew_and_a_person_released_stops_nothing(house: House) -> None:
    with house.book.session(TENANT) as con:
        con.execute("update debtors set main_orgnr = '999990134', register_hold = 'winding_up'")
    house.event("2025-03-10", "register", orgnr="999990134", set={"underAvvikling": True})
    house.plan_letter()

    house.run(LETTERS)

    assert house.mails == 1


@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_register_that_does_not_answer_holds_no_letter(house: House, status: int) -> None:
    house.event("2025-03-10", "register", orgnr="999990134", status=status)
    house.plan_letter()

    house.run(LETTERS)

    assert house.mails == 1


@pytest.mark.parametrize(
    ("at", "tags"),
    [
        (SIX + timedelta(days=1), None),
        (SIX, {BACKFILL_TAG: "b1"}),
        (SIX, {RANGE_START_TAG: f"2025-03-16|{TENANT}", RANGE_END_TAG: f"2025-03-17|{TENANT}"}),
    ],
)
def test_nothing_ever_leaves_from_a_past_day_a_backfill_or_a_range(
    house: House, at: datetime, tags: dict[str, str] | None
) -> None:
    house.plan_letter()
    house.plan_voucher()
    house.run(LETTERS, "letters")  # an intent that waits, and must go on waiting
    house.sandbox.control.clear_requests()

    result = house.run([*LETTERS, *VOUCHERS], at=at, tags=tags)

    assert result.success
    assert house.mails == 0
    assert house.our_vouchers == []
    assert house.posts() == []
    assert house.journal.item(LETTER_KEY).state == "intended"
    assert metadata(result, "sent_letters")["nothing_sent_because"] != "-"
    assert metadata(result, "posted_vouchers")["nothing_posted_because"] != "-"


def test_observe_mode_counts_and_intends_nothing(house: House) -> None:
    house.journal.change_settings(TENANT, {"mode": "observe"}, "Kari", SIX)
    house.plan_letter()
    house.plan_voucher()

    result = house.run([*LETTERS, *VOUCHERS])

    assert result.success
    assert metadata(result, "letters")["planned"] == 1
    assert house.journal.items(TENANT) == []
    assert (house.mails, house.our_vouchers) == (0, [])


def test_a_letter_that_cannot_be_written_is_told_and_holds_nobody_else(house: House) -> None:
    house.plan_letter("post")
    with house.book.session(TENANT) as con:
        con.execute("update debtors set address_line1 = null")

    result = house.run(LETTERS)

    assert result.success
    told = next(one for one in result.get_asset_check_evaluations() if one.check_name == "every_letter_can_be_written")
    assert not told.passed
    assert told.description is not None
    assert "customer 10001, postal address" in told.description


def test_a_voucher_is_booked_on_the_day_of_the_payment_and_read_back(house: House) -> None:
    house.plan_voucher()

    result = house.run(VOUCHERS)

    assert result.success
    (booked,) = house.our_vouchers
    amounts = sorted(Decimal(str(line["amount"])) for line in booked["lines"])
    assert amounts == [Decimal("-35.0"), Decimal("-4.79"), Decimal("39.79")]
    assert str(booked["posting_date"]).startswith("2025-03-14")
    item = house.journal.item(VOUCHER_KEY)
    assert (item.state, item.remote_no) == ("confirmed", str(booked["voucher_no"]))
    assert booked["external_import_reference"] == item.reference


def test_running_the_day_again_books_nothing_more(house: House) -> None:
    house.plan_voucher()
    for _ in range(3):
        assert house.run(VOUCHERS).success

    assert len(house.our_vouchers) == 1


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("interest_account", None, "interest_account is not set"),
        ("fee_account", None, "fee_account is not set"),
        ("interest_account", "8899", "interest_account: found 8899"),
    ],
)
def test_v5_a_missing_account_is_named_before_anything_is_written(
    house: House, setting: str, value: str | None, says: str
) -> None:
    house.journal.change_settings(TENANT, {setting: value}, "Kari", SIX)
    house.plan_voucher()
    house.sandbox.control.clear_requests()

    result = house.run(VOUCHERS)

    assert not result.success
    failure = result.failure_data_for_node("fee_and_interest_vouchers")
    assert failure is not None
    assert failure.error is not None
    assert says in failure.error.message
    assert house.posts() == []
    assert house.journal.items(TENANT, "voucher") == []


def test_an_account_that_no_line_needs_is_not_asked_for(house: House) -> None:
    house.journal.change_settings(TENANT, {"interest_account": None}, "Kari", SIX)
    house.plan_voucher("35.00", "0.00")

    assert house.run(VOUCHERS).success
    assert len(house.our_vouchers) == 1


def test_vo01_locked_books_date_the_voucher_on_the_first_open_day(house: House) -> None:
    house.event("2025-03-16T15:00", "lock_date", date="2025-03-15")
    house.plan_voucher()

    assert house.run(VOUCHERS).success
    assert str(house.our_vouchers[0]["posting_date"]).startswith("2025-03-16")


def test_books_that_are_locked_between_intent_and_sending_give_the_voucher_another_day(house: House) -> None:
    house.plan_voucher()
    house.run(VOUCHERS, "fee_and_interest_vouchers")
    house.event("2025-03-17T05:30", "lock_date", date="2025-03-15")

    refused = house.run(VOUCHERS, "posted_vouchers")

    assert refused.success
    assert (house.our_vouchers, house.journal.item(VOUCHER_KEY).state) == ([], "rejected")
    checks = refused.get_asset_check_evaluations()
    told = next(one for one in checks if one.check_name == "every_voucher_is_booked_once")
    assert "in a closed period" in str(told.description)
    assert house.run(VOUCHERS).success  # the same day: it would now be dated otherwise
    assert [str(one["posting_date"])[:10] for one in house.our_vouchers] == ["2025-03-16"]
    assert house.journal.item(VOUCHER_KEY).state == "confirmed"


def test_nothing_is_dated_before_the_books_begin(house: House) -> None:
    house.sandbox.control.change_company(house.client_key, conversion_date="2025-03-15")
    house.plan_voucher()

    assert house.run(VOUCHERS).success
    assert str(house.our_vouchers[0]["posting_date"]).startswith("2025-03-15")


def test_a_refused_voucher_whose_settlement_fell_away_is_dropped_and_told_no_more(house: House) -> None:
    house.plan_voucher()
    house.run(VOUCHERS, "fee_and_interest_vouchers")
    house.event("2025-03-17T05:30", "lock_date", date="2025-03-15")
    house.run(VOUCHERS, "posted_vouchers")
    with house.book.session(TENANT) as con:
        con.execute("delete from planned_vouchers")

    result = house.run(VOUCHERS)

    assert result.success and house.our_vouchers == []
    assert house.journal.item(VOUCHER_KEY).state == "cancelled"
    assert all(one.passed for one in result.get_asset_check_evaluations())


@pytest.mark.parametrize("kind", ["reset_after_commit", "timeout_after_commit", "timeout"])
def test_a_lost_answer_makes_one_voucher_in_the_end(house: House, kind: str) -> None:
    house.sandbox.control.fault(house.client_key, {"route": "POST /Vouchers/ManualJournals", "kind": kind})
    house.plan_voucher()

    first = house.run(VOUCHERS)
    house.sandbox.control.clear_faults()
    with house.book.session(TENANT) as con:
        con.execute("insert into allocations values ('K1', 'E9', date '2025-03-14', 35.00, 4.79, 1000.00, 0)")
        con.execute("delete from planned_vouchers")  # the next derivation finds it may be in the ledger
    second = house.run(VOUCHERS, at=SIX + timedelta(days=1), day=DAY + timedelta(days=1))

    assert first.success
    assert second.success
    assert len(house.our_vouchers) == 1
    assert house.journal.item(VOUCHER_KEY).state == "confirmed"


def test_a_settlement_that_fell_away_before_posting_takes_its_voucher_with_it(house: House) -> None:
    house.plan_voucher()
    house.run(VOUCHERS, "fee_and_interest_vouchers")
    with house.book.session(TENANT) as con:
        con.execute("delete from planned_vouchers")

    assert house.run(VOUCHERS).success

    assert house.our_vouchers == []
    assert house.journal.item(VOUCHER_KEY).reason == "settlement_fell_away"


def test_a_voucher_whose_settlement_fell_away_afterwards_is_reversed_once(house: House) -> None:
    house.plan_voucher()
    house.run(VOUCHERS)
    with house.book.session(TENANT) as con:
        con.execute("delete from planned_vouchers")
    house.row("planned_reversals", reversal_key=f"{VOUCHER_KEY}:reversal", voucher_key=VOUCHER_KEY, case_id="K1",
              settlement_key="E9", voucher_id=house.journal.item(VOUCHER_KEY).remote_id)  # fmt: skip

    for _ in range(2):
        assert house.run(VOUCHERS).success

    assert [one["is_reversed"] for one in house.our_vouchers if one["voucher_type"] == "ManualJournal"] == [True]
    assert house.journal.item(f"{VOUCHER_KEY}:reversal").state == "confirmed"
    assert house.posts().count(f"/v2/Vouchers/Reverse/{house.journal.item(VOUCHER_KEY).remote_id}") == 1
