"""The doors: what a server's answer means for the letter, over real sockets and real files."""

from __future__ import annotations

import socket
import stat
import threading
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kredin_pipeline.letters.email_message import Envelope
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected, SendOutcome
from resources.post import Post

from .mail_server import Answers, mail_server

LETTER = Envelope("krav@kredin.example", "kari@dal.example", "<1@kredin.example>", b"Subject: x\r\n\r\n.first\r\nlast")


def post(address: tuple[str, int] = ("127.0.0.1", 1), **more: str | float) -> Post:
    host, port = address
    settings: dict[str, object] = {
        "sender": "krav@kredin.example",
        "smtp_host": host,
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_timeout_seconds": 2.0,
        **more,
    }
    return Post.model_validate(settings)


def outcome_of(answers: Answers) -> SendOutcome | None:
    with mail_server(answers) as address:
        try:
            post(address, smtp_timeout_seconds=0.5).send_email(LETTER)
        except SendOutcome as outcome:
            return outcome
    return None


def test_a_letter_arrives_as_it_was_sent_also_with_lines_that_begin_with_a_dot() -> None:
    answers = Answers()

    assert outcome_of(answers) is None
    assert [envelope.content for envelope in answers.taken] == [b"Subject: x\r\n\r\n.first\r\nlast\r\n"]
    assert answers.taken[0].rcpt_tos == ["kari@dal.example"]


@pytest.mark.parametrize(
    ("answers", "expected", "status"),
    [
        (Answers(mail="550 5.7.1 not you"), NothingSent, 550),
        (Answers(mail="451 4.3.0 later"), NothingSent, 451),
        (Answers(rcpt="450 4.2.1 later"), NothingSent, 450),
        (Answers(rcpt="550 5.1.1 no such user"), Rejected, 550),
        (Answers(data="452 4.3.1 full"), NothingSent, 452),
        (Answers(data="554 5.7.1 refused"), Rejected, 554),
        (Answers(data="421 4.3.2 closing"), NothingSent, 421),
    ],
)
def test_every_refusal_means_that_nothing_has_left(answers: Answers, expected: type[SendOutcome], status: int) -> None:
    outcome = outcome_of(answers)

    assert type(outcome) is expected
    assert outcome is not None
    assert outcome.status == status
    assert answers.taken == []


def test_a_connection_that_breaks_after_the_text_leaves_the_outcome_unknown() -> None:
    answers = Answers(hang_up=True)

    assert type(outcome_of(answers)) is OutcomeUnknown
    assert len(answers.taken) == 1  # it had in fact arrived


def test_a_server_that_never_answers_the_text_leaves_the_outcome_unknown() -> None:
    answers = Answers()
    answers.silent_seconds = 1.0

    assert type(outcome_of(answers)) is OutcomeUnknown


def test_a_server_that_is_not_there_means_that_nothing_has_left() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()

    with pytest.raises(NothingSent, match="could not connect"):
        post(address).send_email(LETTER)


def test_one_connection_carries_many_letters_and_survives_a_refusal() -> None:
    answers = Answers()
    with mail_server(answers) as address, post(address).mailer() as mailer:
        mailer.send(LETTER)
        answers.rcpt = "550 5.1.1 no such user"
        with pytest.raises(Rejected):
            mailer.send(LETTER)
        answers.rcpt = "250 OK"
        mailer.send(LETTER)

    assert len(answers.taken) == 2
    assert answers.connections == 1


def test_a_connection_that_was_closed_is_opened_anew_for_the_next_letter() -> None:
    answers = Answers(hang_up=True)
    with mail_server(answers) as address, post(address).mailer() as mailer:
        with pytest.raises(OutcomeUnknown):
            mailer.send(LETTER)
        answers.hang_up = False
        mailer.send(LETTER)

    assert len(answers.taken) == 2


def test_a_way_that_is_not_set_up_names_the_setting() -> None:
    with pytest.raises(NothingSent, match="smtp_host is not set"):
        Post().send_email(LETTER)
    with pytest.raises(NothingSent, match="sender is not set"):
        Post(smtp_host="localhost").send_email(LETTER)
    with pytest.raises(NothingSent, match="letter_drop is not set"):
        Post().drop("2026-03-17/a.pdf", b"")


def test_a_password_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    answers = Answers()
    with mail_server(answers) as address:
        door = post(address, smtp_user="kredin", smtp_password="hemmelig-77", letter_drop_password="hemmelig-78")
        with pytest.raises(NothingSent) as failed:  # the server offers no log-in
            door.send_email(LETTER)

    assert "hemmelig" not in f"{door!r} {door} {failed.value!r} {caplog.text}"
    assert failed.value.__context__ is None or failed.value.__suppress_context__


# The letter drop as a folder ------------------------------------------------------------------------------------------


def test_a_file_is_there_whole_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    door = Post(letter_drop=str(tmp_path))

    door.drop("2026-03-17/a.pdf", b"%PDF")

    assert [path.name for path in (tmp_path / "2026-03-17").iterdir()] == ["a.pdf"]
    assert stat.S_IMODE((tmp_path / "2026-03-17" / "a.pdf").stat().st_mode) == 0o640
    assert door.dropped("2026-03-17/a.pdf") == b"%PDF"
    assert door.dropped("2026-03-17/b.pdf") is None


def test_the_same_bytes_again_are_fine_and_other_bytes_change_nothing(tmp_path: Path) -> None:
    door = Post(letter_drop=str(tmp_path))
    door.drop("2026-03-17/a.pdf", b"%PDF")

    door.drop("2026-03-17/a.pdf", b"%PDF")
    with pytest.raises(Rejected, match="other content") as refused:
        door.drop("2026-03-17/a.pdf", b"other")

    assert refused.value.status == 409
    assert door.dropped("2026-03-17/a.pdf") == b"%PDF"
    assert [path.name for path in (tmp_path / "2026-03-17").iterdir()] == ["a.pdf"]


def test_a_folder_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(NothingSent, match="no such folder"):
        Post(letter_drop=str(tmp_path / "mounted")).drop("2026-03-17/a.pdf", b"%PDF")


@pytest.mark.parametrize("path", ["../a.pdf", "/etc/a.pdf", "2026-03-17/../../a.pdf", ".hidden/a.pdf"])
def test_no_path_leaves_the_drop(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "drop"
    inside.mkdir()

    with pytest.raises(Rejected, match="want folder/file below the drop"):
        Post(letter_drop=str(inside)).drop(path, b"%PDF")
    assert list(tmp_path.rglob("*")) == [inside]


# The letter drop over HTTP --------------------------------------------------------------------------------------------


class PrintHouse(BaseHTTPRequestHandler):
    """PUT and GET on a dict; ``status`` overrides the answer, 0 closes the connection without one."""

    files: dict[str, bytes]
    status: int | None
    authorization: str | None = None

    def do_PUT(self) -> None:
        PrintHouse.authorization = self.headers["Authorization"]
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status is not None:
            self._answer(self.status)
            return
        there = self.files.setdefault(self.path, content)
        self._answer(201 if there is content else 204 if there == content else 409)

    def do_GET(self) -> None:
        if self.status is not None or self.path not in self.files:
            self._answer(self.status if self.status is not None else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.files[self.path])))
        self.end_headers()
        self.wfile.write(self.files[self.path])

    def _answer(self, status: int) -> None:
        if status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def print_house(status: int | None = None) -> Generator[tuple[Post, dict[str, bytes]]]:
    files: dict[str, bytes] = {}
    handler = type("Handler", (PrintHouse,), {"files": files, "status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        port = server.server_address[1]
        yield Post(letter_drop=f"http://kari:hemmelig-79@127.0.0.1:{port}/drop", letter_drop_timeout_seconds=2), files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_password_of_the_drop_is_sent_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with print_house() as (door, _):
        door.drop("2026-03-17/a.pdf", b"%PDF")

    assert PrintHouse.authorization == "Basic " + b64encode(b"kari:hemmelig-79").decode()
    assert "hemmelig" not in caplog.text


def test_a_file_put_over_http_is_read_back_and_never_overwritten() -> None:
    with print_house() as (door, files):
        door.drop("2026-03-17/a b.pdf", b"%PDF")
        door.drop("2026-03-17/a b.pdf", b"%PDF")
        with pytest.raises(Rejected, match="409"):
            door.drop("2026-03-17/a b.pdf", b"other")

        assert files == {"/drop/2026-03-17/a%20b.pdf": b"%PDF"}
        assert door.dropped("2026-03-17/a b.pdf") == b"%PDF"
        assert door.dropped("2026-03-17/c.pdf") is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [(0, OutcomeUnknown), (500, OutcomeUnknown), (504, OutcomeUnknown), (503, NothingSent), (429, NothingSent),
     (401, NothingSent), (507, OutcomeUnknown)],
)  # fmt: skip
def test_what_an_answer_of_the_drop_means(status: int, expected: type[SendOutcome]) -> None:
    with print_house(status) as (door, _):
        with pytest.raises(expected) as raised:
            door.drop("2026-03-17/a.pdf", b"%PDF")
        with pytest.raises(OutcomeUnknown):
            door.dropped("2026-03-17/a.pdf")

    assert "hemmelig" not in str(raised.value)


def test_a_drop_that_is_not_there_means_that_nothing_has_left() -> None:
    with pytest.raises(NothingSent, match="no connection"):
        Post(letter_drop="http://127.0.0.1:9/drop").drop("2026-03-17/a.pdf", b"%PDF")
