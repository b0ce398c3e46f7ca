"""Opening a book, and who may hold it; what the clock shows; keeping to a rate."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from resources.book import Book, BookIsBusy
from resources.clock import Clock
from resources.rate_limit import RateLimit, shared_limit
from tests.unit.resources.doors import NotedClock

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def book(tmp_path: Path):
    made = Book(folder=str(tmp_path), lock_wait_seconds=0.2)
    yield made
    made.close()


def test_a_session_is_the_same_open_book_each_time_and_has_the_ledgers_tables(book: Book) -> None:
    with book.session("fjell") as first:
        assert first.execute("select count(*) from poweroffice_ledger_entries").fetchone() == (0,)
        first.execute("create temp table mine as select 1 as x")
    with Book(folder=book.folder).session("fjell") as again:
        assert again.execute("select x from mine").fetchone() == (1,)


def test_two_tenants_are_two_files(book: Book) -> None:
    with book.session("fjell") as fjell, book.session("dal") as dal:
        fjell.execute("insert into sync_state (resource) values ('x')")
        assert dal.execute("select count(*) from sync_state").fetchone() == (0,)
    assert book.path("fjell") != book.path("dal")


def test_a_reader_sees_what_the_writer_has_stored(book: Book) -> None:
    with book.session("fjell") as con:
        con.execute("insert into sync_state (resource) values ('x')")
    with book.read_only("fjell") as reader:
        assert reader.execute("select resource from sync_state").fetchall() == [("x",)]
    book.close()
    with book.read_only("fjell") as reader:
        assert reader.execute("select resource from sync_state").fetchall() == [("x",)]
        with pytest.raises(Exception, match="read-only"):
            reader.execute("delete from sync_state")


def test_a_book_held_by_another_process_is_waited_for_and_then_named(book: Book) -> None:
    """Obligation O-3: a bounded wait, then an error that names who holds it."""
    with book.session("fjell"):
        pass
    book.close()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(book.path("fjell"))], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BookIsBusy, match=rf"fjell: the book .* is held by process {holder.pid}"),
            book.session("fjell"),
        ):
            pass
    finally:
        holder.communicate("")
    with book.session("fjell") as con:
        assert con.execute("select 1").fetchone() == (1,)


def test_two_threads_take_turns_and_the_second_does_not_wait_for_ever(book: Book) -> None:
    refused: list[str] = []

    def second() -> None:
        try:
            with book.session("fjell"):
                refused.append("got it")
        except BookIsBusy as error:
            refused.append(str(error))

    with book.session("fjell"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(refused) == 1 and "another thread" in refused[0]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\x00"])
def test_a_tenants_name_is_never_a_path(book: Book, name: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        book.path(name)


def test_reading_a_book_that_does_not_exist_says_what_to_do(book: Book) -> None:
    with pytest.raises(FileNotFoundError, match="run the tenant's day first"), book.read_only("fjell"):
        pass


def test_the_pages_of_a_day_have_a_folder_of_their_own(book: Book) -> None:
    assert book.pages_folder("fjell", date(2025, 3, 10)).parts[-3:] == ("pages", "fjell", "2025-03-10")


def test_half_past_midnight_in_oslo_is_the_new_day() -> None:
    clock = Clock(pinned="2025-06-30T22:30:00+00:00")
    assert clock.today() == date(2025, 7, 1)
    assert clock.now() == datetime.fromisoformat("2025-07-01T00:30:00+02:00")


@pytest.mark.parametrize("pinned", ["2025-06-30T22:30:00", "tomorrow"])
def test_a_pinned_time_without_an_offset_is_refused(pinned: str) -> None:
    with pytest.raises(ValueError, match="want an ISO time with offset"):
        Clock(pinned=pinned).now()


def test_a_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    clock, real = NotedClock(), [0.0]
    limit = RateLimit(5, real_time=lambda: real[0])
    for _ in range(5):
        limit.wait(clock)
    assert clock.waits == []
    limit.wait(clock)
    limit.wait(clock)
    assert clock.waits == pytest.approx([0.2, 0.2])
    real[0] += 100
    limit.wait(clock)
    assert len(clock.waits) == 2


def test_companies_of_one_subscription_share_its_rate() -> None:
    assert shared_limit("key-a", 5) is shared_limit("key-a", 5)
    assert shared_limit("key-a", 5) is not shared_limit("key-b", 5)


def test_a_book_written_anew_holds_its_tables_and_nothing_of_what_was_erased(tmp_path: Path) -> None:
    book = Book(folder=str(tmp_path))
    with book.session("fjellheim") as con:
        con.execute("create table notes (id varchar primary key, said varchar)")
        con.execute("insert into notes values ('1', 'SAID-AND-TO-BE-FORGOTTEN'), ('2', 'kept')")
        con.execute("checkpoint")
        con.execute("delete from notes where id = '1'")
        con.execute("checkpoint")
    book.rewrite("fjellheim")
    with book.session("fjellheim") as con:
        assert con.execute("select * from notes").fetchall() == [("2", "kept")]
        with pytest.raises(duckdb.ConstraintException):
            con.execute("insert into notes values ('2', 'twice')")
    book.close()
    assert b"SAID-AND-TO-BE-FORGOTTEN" not in book.path("fjellheim").read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["fjellheim.duckdb"]
