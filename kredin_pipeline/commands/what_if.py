"""``kredin what-if``: a dry run of other settings or other figures of the law, on a book that is only read.

Belongs here: reading what was typed, the two derivations, and printing. Not here: comparing them
(``kredin_pipeline.cases.what_if``), or what a setting or figure may be (``resources.onboarding``, ``law.figures``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cases.what_if import DerivedDay, FieldChange, WhatIf, Whose, compare
from kredin_pipeline.commands.cases import open_book
from kredin_pipeline.commands.output import fail, onboarding_failures_told, print_json, print_table, shown, wrong_use
from kredin_pipeline.commands.session import Session, assigned, open_session
from kredin_pipeline.law.figures import FigureRefused, GivenFigure, given_figure
from kredin_pipeline.law.rates import LATE_INTEREST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kredin_pipeline.cases.derive import DerivationInput, LawTables
    from kredin_pipeline.journal import Journal, Tenant

_TABLES = ("case_states", "planned_letters", "planned_vouchers", "planned_reversals")
_SOURCE = "a question"


def ask(
    tenant: str,
    assignments: Sequence[str],
    rates: Sequence[str],
    figures: Sequence[str],
    on: date | None,
    *,
    as_json: bool,
) -> None:
    """Print what would differ on a day. Exit code 1 when a setting or figure would be refused, or there is no book."""
    changes = assigned(assignments)
    given = [*(typed_rate(word) for word in rates), *(typed_figure(word) for word in figures)]
    with onboarding_failures_told():
        from resources.onboarding import changed_settings

        session = open_session()
        found = session.journal.tenant(tenant)
        day = on or session.today()
        law = session.journal.law_tables()
        try:
            other = changed_law(law, given)
        except ValueError as error:
            wrong_use(f"--rate, --figure: {error}")
        settings = changed_settings(found, changes, day, other.fees)
        difference = _derived_twice(session, found, day, settings, law, other)
    if as_json:
        print_json(_as_json(tenant, day, assignments, given, difference))
        return
    _tell(tenant, day, [*assignments, *(f"{one.named} {one.value}" for one in given)], difference)
    if {"fee_account", "interest_account"} & set(changes):
        typer.echo("Accounts are looked up in PowerOffice when they are set, not here.")


def foreseen(
    con: DuckDBPyConnection,
    journal: Journal,
    tenant: Tenant,
    on: date,
    settings: TenantSettings,
    law: LawTables,
    other_law: LawTables,
) -> WhatIf:
    """What would differ on ``on`` with other settings and figures; derives twice beside the book and writes nothing."""
    from kredin_pipeline.cases.derive import DerivationInput

    rows = journal.export_rows(tenant.name)
    in_flight = frozenset(row.letter_key for row in journal.possibly_delivered_letters(tenant.name))

    def world(settings: TenantSettings, law: LawTables) -> DerivationInput:
        return DerivationInput(
            tenant.name,
            on,
            settings,
            tenant.connected_on,
            law=law,
            live=True,
            journal=rows,
            letters_in_flight=in_flight,
        )

    return compare(derived_day(con, world(tenant.settings, law)), derived_day(con, world(settings, other_law)))


def derived_day(con: DuckDBPyConnection, world: DerivationInput) -> DerivedDay:
    """The rows that a derivation beside the book concludes."""
    from kredin_pipeline.cases.aside import derived_aside

    with derived_aside(con, world) as summary:
        cases, letters, vouchers, reversals = (_rows(con, table) for table in _TABLES)
    return DerivedDay(cases, letters, vouchers, reversals, summary.problems)


def changed_law(law: LawTables, given: Sequence[GivenFigure]) -> LawTables:
    """The figures with the given ones in place of what is stored for their days.

    Raises ``ValueError`` when two of the given ones share a day.
    """
    from kredin_pipeline.cases.derive import LawTables

    for index, one in enumerate(given):
        for other in given[:index]:
            ends = other.valid_to or date.max
            if one.kind == other.kind and one.valid_from <= ends and other.valid_from <= (one.valid_to or date.max):
                raise ValueError(f"{one.named} and {other.named} share a day; want each day once")
    rates = [one.rate() for one in given if one.kind == LATE_INTEREST]
    fees = [one.figure() for one in given if one.kind != LATE_INTEREST]
    return LawTables(law.rates.replaced_by(rates), law.fees.replaced_by(fees))


def typed_rate(word: str) -> GivenFigure:
    """``FROM:TO=PERCENT`` as a late interest figure. Exit code 2 when it cannot be one."""
    days, value = _halves("--rate", word, "FROM:TO=PERCENT, such as 2027-01-01:2027-06-30=11.75")
    return _given("--rate", word, f"{LATE_INTEREST}:{days}", value)


def typed_figure(word: str) -> GivenFigure:
    """``KIND:FROM:TO=KRONER`` as a figure; without TO until further notice. Exit code 2 when it cannot be one."""
    days, value = _halves("--figure", word, "KIND:FROM:TO=KRONER, such as collection_rate:2027-01-01:=780")
    return _given("--figure", word, days, value)


def _halves(option: str, word: str, wanted: str) -> tuple[str, str]:
    left, separator, value = word.rpartition("=")
    if not separator or left.count(":") != (1 if option == "--rate" else 2):
        wrong_use(f"{option}: found {word!r}, want {wanted}")
    return left, value


def _given(option: str, word: str, text: str, value: str) -> GivenFigure:
    kind, first, last = text.split(":")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last) if last else None
    except ValueError:
        wrong_use(f"{option}: found {word!r}, want days as YYYY-MM-DD")
    try:
        return given_figure(kind, *days, value, _SOURCE)
    except FigureRefused as refused:
        wrong_use(f"{option}: {refused}")


def _derived_twice(
    session: Session, tenant: Tenant, day: date, settings: TenantSettings, law: LawTables, other: LawTables
) -> WhatIf:
    import duckdb

    with open_book(session, tenant.name) as book:
        if book is None:
            fail(f"{tenant.name}: has had no run yet, so there is nothing to compare; run a day first")
        try:
            return foreseen(book, session.journal, tenant, day, settings, law, other)
        except duckdb.CatalogException:
            fail(f"{tenant.name}: this version has derived no day yet, so there is nothing to compare; run a day first")


def _rows(con: DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    cursor = con.execute(f"select * from {table}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _tell(tenant: str, day: date, changes: Sequence[str], found: WhatIf) -> None:
    typer.echo(f"{tenant} on {day}, if {'; '.join(changes) or 'nothing changed'}. Nothing was recorded.")
    if found.same:
        typer.echo("Nothing would differ.")
        return
    rows: list[tuple[Whose, str, object, object]] = []
    for letter in found.letters:
        rows += _lines(letter.whose, f"letter {letter.step}", letter.change, letter.fields)
    for voucher in found.vouchers:
        rows += _lines(voucher.whose, f"{voucher.kind} {voucher.settlement_key}", voucher.change, voucher.fields)
    for case in found.cases:
        rows += _lines(case.whose, "case", case.change, case.fields)
    rows.sort(key=lambda row: row[0].place)  # what is one case's stands together, its letter first
    cells = [(who.invoice_no or who.case_id, who.customer_name, *line) for who, *line in rows]
    print_table("By case", ("invoice", "customer", "what", "now", "then"), cells, "No case would differ.")
    totals = [(one.name, one.now, one.then, _grown(one.now, one.then)) for one in found.totals]
    print_table("In all", ("what", "now", "then", "difference"), totals, "The totals would be the same.")
    for word, problems in (("no longer", found.problems_gone), ("new", found.problems_new)):
        for problem in problems:
            typer.echo(f"{word}: {problem}")


def _lines(
    whose: Whose, what: str, change: str, fields: Sequence[FieldChange]
) -> list[tuple[Whose, str, object, object]]:
    """A row for each changed field; one that is added or dropped in one row, as what it says."""
    if change == "changed":
        return [(whose, f"{what}: {one.field}", shown(one.now), shown(one.then)) for one in fields]
    said = ", ".join(
        f"{one.field} {shown(one.then if change == 'added' else one.now)}"
        for one in fields
        if (one.then if change == "added" else one.now) not in (None, (), False)
    )
    return [(whose, f"{what}: added", "", said) if change == "added" else (whose, f"{what}: dropped", said, "")]


def _grown(now: Decimal | int, then: Decimal | int) -> str:
    return f"{then - now:+,}".replace(",", " ")


def _as_json(
    tenant: str, day: date, assignments: Sequence[str], given: Sequence[GivenFigure], found: WhatIf
) -> Mapping[str, Any]:
    figures = [{"kind": one.kind, "from": one.valid_from, "to": one.valid_to, "value": one.value} for one in given]
    differences = {
        key: [_flat(row) for row in asdict(found)[key]] for key in ("cases", "letters", "vouchers", "totals")
    }
    return {
        "tenant": tenant, "on": day, "settings": list(assignments), "figures": figures, "same": found.same,
        **differences, "problems_gone": list(found.problems_gone), "problems_new": list(found.problems_new),
    }  # fmt: skip


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A difference with the case it is about beside its other keys."""
    return {**row.get("whose", {}), **{key: value for key, value in row.items() if key != "whose"}}
