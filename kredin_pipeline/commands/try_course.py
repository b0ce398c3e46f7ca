"""What would leave on the days to come if nobody paid: the course of every case, day by day, with its sums.

Belongs here: playing the days on a book that is thrown away. Each letter that a day plans counts as sent that day, and
the next day is derived with it; no letter is written and none can leave. Not here: any rule (``cases``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from kredin_pipeline.cases.aside import derived_aside
from kredin_pipeline.cases.derive import DerivationInput
from kredin_pipeline.journal.records import CaseRow, DecisionRow, LetterRow, VoucherRow
from kredin_pipeline.law.calendar import next_business_day

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kredin_pipeline.journal import Journal

Row = dict[str, Any]

_SHIFTED_AT_MOST: Final = 7
"""Days by which a due date can move on to a business day (Easter), with one to spare."""
_LETTERS: Final = """
    select letter_key, case_id, step, channel, planned_on, letters.deadline, fee, letters.interest, letters.principal,
           total, bears_fee, invoice_no, customer_no, customer_name
    from planned_letters as letters
    join case_states using (case_id)
    order by step, customer_no, letter_key, invoice_no, case_id
"""
"""One row for each claim in each planned letter."""


@dataclass
class _Imagined:
    """A journal as it would be: the cases and letters of the days played so far."""

    cases: list[CaseRow] = field(default_factory=list[CaseRow])
    letters: list[LetterRow] = field(default_factory=list[LetterRow])
    decisions: Sequence[DecisionRow] = ()
    vouchers: Sequence[VoucherRow] = ()


@dataclass(frozen=True)
class Course:
    """``days``: each day with a letter and its rows (see ``planned_letters``); ``until``: the last day that was
    played, or the day before the first one whose rate or fee is not stored, then ``missing`` says which."""

    days: tuple[tuple[date, tuple[Row, ...]], ...]
    until: date
    missing: str | None


def planned_letters(con: DuckDBPyConnection) -> tuple[Row, ...]:
    """The letters of the derivation that stands in the book (or before it), one row for each claim in each."""
    return _rows(con, _LETTERS)


def course(con: DuckDBPyConnection, journal: Journal, tenant: str, on: date, ahead: int) -> Course:
    """The letters of the ``ahead`` days after ``on`` (Oslo days), given that those planned for ``on`` leave.

    ``con``: the book in which ``on`` was derived; nothing in it changes.
    """
    known = journal.tenant(tenant)
    law = journal.law_tables()
    rows = journal.export_rows(tenant)
    imagined = _Imagined(list(rows.cases), list(rows.letters), rows.decisions, rows.vouchers)
    _sent(imagined, planned_letters(con))
    last = on + timedelta(days=ahead)
    days: list[tuple[date, tuple[Row, ...]]] = []
    leaving_day = next_business_day if known.settings.send_on_business_days else _same
    day = leaving_day(on + timedelta(days=1))
    while day <= last:
        world = DerivationInput(tenant, day, known.settings, known.connected_on, law=law, live=True, journal=imagined)
        with derived_aside(con, world) as summary:
            letters = planned_letters(con)
            following = _next_day(con, day, letters)
            if summary.problems:
                return Course(tuple(days), day - timedelta(days=1), summary.problems[0])
        imagined.cases += [
            CaseRow(new.case_id, new.voucher_id, new.invoice_no, new.customer_no, new.orgnr, new.opened_on)
            for new in summary.new_cases
        ]
        if letters:
            days.append((day, letters))
            _sent(imagined, letters)
        day = last + timedelta(days=1) if following > last else leaving_day(following)
    return Course(tuple(days), last, None)


def _sent(imagined: _Imagined, letters: Iterable[Row]) -> None:
    imagined.letters += [
        LetterRow(
            row["letter_key"], row["case_id"], row["step"], row["channel"], row["planned_on"], row["deadline"],
            row["fee"], row["interest"], row["principal"], row["total"], row["bears_fee"],
        )
        for row in letters
    ]  # fmt: skip


def _next_day(con: DuckDBPyConnection, day: date, letters: Sequence[Row]) -> date:
    """The next day on which anything new can be due: a step, a deadline that ends, an invoice that becomes a case."""
    dates = [row["deadline"] for row in letters]
    dates += [
        found
        for (found,) in con.execute(
            f"""
            select next_step_on from case_states where next_step_on > $day
            union select deadline from case_states
            where deadline >= $day and (next_step_on is null or next_step_on <= $day)
            union select due_date + days_past_due
            from poweroffice_ledger_entries cross join parameters
            where balance > 0 and due_date + days_past_due + {_SHIFTED_AT_MOST} >= $day
              and entry_id not in (select entry_id from claims)
            """,
            {"day": day},
        ).fetchall()
    ]
    return max(min(dates, default=date.max), day + timedelta(days=1))


def _same(day: date) -> date:
    return day


def _rows(con: DuckDBPyConnection, query: str) -> tuple[Row, ...]:
    cursor = con.execute(query)
    names = [str(column[0]) for column in cursor.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
