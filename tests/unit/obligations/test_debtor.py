"""Debtors: one tenant's never another's, merged customers, branches, removed records, texts, minors (D-1 to D-6)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kredin_pipeline.commands.output import print_json
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.obligations.played import Watched, play, words

D = Decimal

TWO_TENANTS = """
case: D-1
title: two tenants number their customers alike
runs: [2025-03-04, 2025-03-17]
tenants: {A: {}, B: {}}
world:
  - {on: 2025-02-10, tenant: A, event: customer, no: 10018, set: {name: Fjellnes AS, email: post@fjellnes.example}}
  - {on: 2025-02-10, tenant: B, event: customer, no: 10018, set: {name: Dalnes AS, email: post@dalnes.example}}
  - {on: 2025-02-10, tenant: A, event: invoice, no: 1001, customer: 10018, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-02-10, tenant: B, event: invoice, no: 1001, customer: 10018, amount: 500.00, due: 2025-03-03}
expect:
  - {on: 2025-03-17, tenant: A, case: 1001, customer_no: "10018", customer_name: Fjellnes AS, principal_open: 1000.00}
  - {on: 2025-03-17, tenant: B, case: 1001, customer_no: "10018", customer_name: Dalnes AS, principal_open: 500.00}
  - {on: 2025-03-17, tenant: A, letters: [{case: 1001, step: reminder, principal: 1000.00}]}
  - {on: 2025-03-17, tenant: B, letters: [{case: 1001, step: reminder, principal: 500.00}]}
"""


def everything_of(house: Watched, tenant: str) -> dict[str, Any]:
    """Every row and file that the installation keeps for a tenant."""
    kept: dict[str, Any] = {
        "settings": house.journal.settings_history(tenant) if tenant in house.journal.tenant_names() else [],
        "cases": house.journal.cases(tenant),
        "outbox": house.journal.items(tenant),
        "decisions": house.journal.decisions(tenant),
        "documents": house.journal.documents(tenant),
    }
    kept["log"] = [house.journal.history(item.key) for item in kept["outbox"]]
    folder = house.folder / "books"
    files = [folder / f"{tenant}.duckdb", *sorted((folder / "pages" / tenant).rglob("*"))]
    kept["files"] = {str(file): sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}
    return kept


def test_d1_equal_customer_numbers_of_two_tenants_are_two_debtors(sandbox: RunningSandbox, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def both(house: Watched) -> None:
        texts = {str(mail["To"]): words(mail) for mail in house.mails()}
        assert [("Fjellnes" in text, "Dalnes" in text) for _, text in sorted(texts.items())] == [
            (False, True),
            (True, False),
        ]
        (first,), (second,) = house.journal.cases("A"), house.journal.cases("B")
        assert first.case_id != second.case_id
        with house.book.session("A") as con:
            con.execute("checkpoint")
        seen["before"] = everything_of(house, "A")
        assert all(seen["before"][what] for what in ("settings", "cases", "outbox", "documents", "files"))
        house.journal.purge_tenant("B", "left us", "Kari", datetime(2025, 3, 17, 9, tzinfo=UTC))
        seen["after"] = everything_of(house, "A")
        gone = everything_of(house, "B")
        seen["gone"] = {name: gone[name] for name in ("settings", "cases", "outbox", "decisions", "documents")}

    play(TWO_TENANTS, sandbox, tmp_path, on_2025_03_17=both)

    assert seen["after"] == seen["before"]
    assert not any(seen["gone"].values())


MERGED = """
case: D-2
title: the ledger merges a customer into another
runs: [2025-03-04, 2025-03-17, 2025-03-20, 2025-04-04]
world:
  - {on: 2025-02-10, event: invoice, no: 1001, customer: 10018, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-02-10, event: invoice, no: 2001, customer: 10044, amount: 10.00, due: 2025-06-03}
  - {on: 2025-03-18, event: decide, case: 1001, do: pause, until: 2025-03-19, reason: a promise}
  - {on: 2025-03-19, event: customer_merge, from: 10018, into: 10044}
expect:
  - {on: 2025-03-17, letters: [{case: 1001, step: reminder, fee: 35.00}]}
  - {on: 2025-03-17, case: 1001, customer_no: "10018", state: reminded, fees: 35.00}
  - {on: 2025-03-20, run: ok}
  - {on: 2025-03-20, case: 1001, customer_no: "10044", state: reminded, fees: 35.00, last_step: reminder, paid: 0.00, principal_open: 1000.00}
  - {on: 2025-04-04, letters: [{case: 1001, step: collection_notice, fee: 35.00, principal: 1000.00}]}
  - {on: 2025-04-04, case: 1001, customer_no: "10044", state: noticed, fees: 70.00}
"""  # noqa: E501


def test_d2_a_merged_customer_keeps_its_cases_with_all_they_have(sandbox: RunningSandbox, tmp_path: Path) -> None:
    def kept(house: Watched) -> dict[str, Any]:
        (case,) = house.journal.cases("kreditor")
        return {
            "case": case,
            "decisions": [(one.kind, one.case_id, one.decided_at) for one in house.journal.decisions("kreditor")],
            "letters": [row for row in house.journal.delivered_letters("kreditor") if row.step == "reminder"],
        }

    seen: list[dict[str, Any]] = []
    rows: list[list[dict[str, Any]]] = []

    def look(house: Watched) -> None:
        seen.append(kept(house))
        rows.append(house._published("kreditor", date(2025, 4, 4)))  # pyright: ignore[reportPrivateUsage]

    play(MERGED, sandbox, tmp_path, on_2025_03_17=look, on_2025_03_20=look, on_2025_04_04=look)

    before, after, later = seen
    assert before["case"] == after["case"] == later["case"]
    assert before["letters"] == after["letters"] == later["letters"] != []
    assert [kind for kind, _, _ in later["decisions"]] == ["pause"]
    assert later["case"].customer_no == "10018"  # the number under which it was opened is not lost
    assert [[row["case_id"] for row in day] for day in rows] == [[before["case"].case_id]] * 3


BRANCH = """
case: D-3
title: the ledger's customer is a branch
runs: [2025-03-04, 2025-03-17]
world:
  - {on: 2025-01-02, event: customer, no: 14312, set: {name: Solvika avd Bergen, orgnr: "999990096"}}
  - {on: 2025-01-02, event: customer, no: 14313, set: {name: Ukjent AS, orgnr: "999990053"}}
  - {on: 2025-02-10, event: invoice, no: 4312, customer: 14312, amount: 2000.00, due: 2025-03-03}
  - {on: 2025-02-10, event: invoice, no: 4313, customer: 14313, amount: 2000.00, due: 2025-03-03}
  - {on: 2025-03-01, event: register, orgnr: "999990053", status: 404}
  - {on: 2025-03-01, event: register, orgnr: "999990096", set: {overordnetEnhet: "999990118", navn: SOLVIKA AVD BERGEN, beliggenhetsadresse: {adresse: [Bryggen 1], postnummer: "5003", poststed: BERGEN, landkode: "NO"}}}
  - {on: 2025-03-01, event: register, orgnr: "999990118", set: {navn: SOLVIKA GRUPPEN AS, postadresse: {adresse: [Postboks 7], postnummer: "0155", poststed: OSLO, landkode: "NO"}}}
expect:
  - {on: 2025-03-17, case: 4312, holds: []}
  - {on: 2025-03-17, case: 4313, holds: [unknown_register]}
"""  # noqa: E501


def test_d3_a_claim_on_a_branch_is_made_against_its_main_unit(sandbox: RunningSandbox, tmp_path: Path) -> None:
    said: list[str] = []
    units: list[tuple[Any, ...]] = []

    def look(house: Watched) -> None:
        said.extend(text for mail in house.mails() if "4312" in (text := words(mail)))
        with house.book.session("kreditor") as con:
            units.extend(
                con.execute(
                    "select orgnr, is_sub_unit, main_orgnr, address_line1, city from brreg_units order by orgnr"
                ).fetchall()
            )

    play(BRANCH, sandbox, tmp_path, on_2025_03_17=look)

    (letter,) = said
    assert "SOLVIKA GRUPPEN AS" in letter and "999 990 118" in letter.replace("999990118", "999 990 118")
    assert "999990096" not in letter.replace(" ", "") and "Bergen" not in letter
    assert ("999990096", True, "999990118", "Bryggen 1", "BERGEN") in units
    assert [row[0] for row in units if row[3] == "Postboks 7"] == ["999990118"]


REMOVED = """
case: D-4
title: the register no longer discloses a unit
runs: [2025-03-04, 2025-03-10, 2025-03-12]
world:
  - {on: 2025-01-02, event: customer, no: 14303, set: {name: Kunde hos oss AS, orgnr: "999990029"}}
  - {on: 2025-02-10, event: invoice, no: 4303, customer: 14303, amount: 2000.00, due: 2025-03-03}
  - {on: 2025-03-01, event: register, orgnr: "999990029", set: {navn: HEMMELIGHETEN AS, postadresse: {adresse: [Skjulveien 77], postnummer: "0155", poststed: OSLO, landkode: "NO"}}}
  - {on: 2025-03-07, event: register, orgnr: "999990029", status: 410}
  - {on: 2025-03-11, event: register, orgnr: "999990029", status: 200}
expect:
  - {on: 2025-03-04, case: 4303, customer_name: Kunde hos oss AS, holds: []}
  - {on: 2025-03-10, case: 4303, customer_name: Kunde hos oss AS, orgnr: "999990029", state: overdue, holds: [], flags: []}
  - {on: 2025-03-12, case: 4303, holds: [], flags: []}
"""  # noqa: E501


SECRETS = ("HEMMELIGHETEN", "Skjulveien")


def places_that_tell(house: Watched, *, raw_book: bool = False) -> list[str]:
    """Every table of the book and every file beside it that still says what only the register had said.

    ``raw_book``: the book's own file byte by byte too, where DuckDB keeps freed blocks until they are used again.
    """
    places: list[str] = []
    with house.book.session("kreditor") as con:
        con.execute("checkpoint")
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            if any(word in str(con.execute(f'from "{table}"').fetchall()) for word in SECRETS):
                places.append(table)
    for file in sorted(house.folder.rglob("*")):
        readable = file.is_file() and (raw_book or file.suffix != ".duckdb")
        if readable and any(word.encode() in file.read_bytes() for word in SECRETS):
            places.append(file.name)
    return places


def test_d4_what_the_register_no_longer_discloses_is_kept_nowhere(sandbox: RunningSandbox, tmp_path: Path) -> None:
    found: list[list[str]] = []

    def look(house: Watched) -> None:
        found.append(places_that_tell(house))

    play(REMOVED, sandbox, tmp_path, on_2025_03_04=look, on_2025_03_10=look, on_2025_03_12=look)

    assert found == [["brreg_units"], [], ["brreg_units"]]


def test_d4_the_books_file_forgets_it_too(sandbox: RunningSandbox, tmp_path: Path) -> None:
    found: list[list[str]] = []

    def look(house: Watched) -> None:  # the book is written out after each run, as when its process ends
        found.append(places_that_tell(house, raw_book=True))

    play(REMOVED, sandbox, tmp_path, on_2025_03_04=look, on_2025_03_10=look)

    assert found == [["brreg_units", "kreditor.duckdb"], []]


REMOVED_ABOVE = """
case: D-4
title: the register no longer discloses the company above a branch, whose name stands in the cases of earlier days
runs: [2025-03-04, 2025-03-10]
world:
  - {on: 2025-01-02, event: customer, no: 14303, set: {name: Kunde hos oss AS, orgnr: "999990029"}}
  - {on: 2025-02-10, event: invoice, no: 4303, customer: 14303, amount: 2000.00, due: 2025-03-03}
  - {on: 2025-03-01, event: register, orgnr: "999990118", set: {navn: HEMMELIGHETEN AS, konkurs: true, konkursdato: "2025-02-20"}}
  - {on: 2025-03-01, event: register, orgnr: "999990029", set: {overordnetEnhet: "999990118"}}
  - {on: 2025-03-07, event: register, orgnr: "999990118", status: 410}
expect:
  - {on: 2025-03-04, case: 4303, customer_name: HEMMELIGHETEN AS, holds: [bankruptcy]}
  - {on: 2025-03-10, case: 4303, customer_name: Kunde hos oss AS, holds: []}
"""  # noqa: E501


def test_d4_a_removed_main_unit_is_no_longer_named_in_any_case(sandbox: RunningSandbox, tmp_path: Path) -> None:
    found: list[list[str]] = []

    def look(house: Watched) -> None:
        found.append(places_that_tell(house))
        with house.book.session("kreditor") as con:
            names = con.execute("select business_date, customer_name from cases order by all").fetchall()
            roles = con.execute("select orgnr from brreg_roles").fetchall()
        found.append([f"{day}: {name}" for day, name in names] + [number for (number,) in roles])
        found.append([f"{one.kind} {one.state}" for one in house.journal.legal.drafts("kreditor")])

    play(REMOVED_ABOVE, sandbox, tmp_path, on_2025_03_04=look, on_2025_03_10=look)

    assert {"brreg_units", "cases"} <= set(found[0]) and found[1] == ["2025-03-04: HEMMELIGHETEN AS", "999990118"]
    # The claim sheet that was drafted is a document of the creditor's, kept in the journal as any other, and withdrawn.
    assert found[2] == ["estate_claim drafted"] and found[5] == ["estate_claim withdrawn"]
    assert [place for place in found[3] if not place.startswith("journal.")] == []
    assert found[4] == ["2025-03-04: Kunde hos oss AS", "2025-03-10: Kunde hos oss AS"]


TEXTS = """
case: D-5
title: numbers that are texts
runs: [2025-03-04, 2025-03-17]
world:
  - {on: 2025-01-02, event: customer, no: 10018, set: {orgnr: "999990126"}}
  - {on: 2025-01-02, event: customer, no: 10019, set: {orgnr: null}}
  - {on: 2025-01-02, event: customer, no: 10020, set: {orgnr: "999990134"}}
  - {on: 2025-02-10, event: invoice, no: 1001, customer: 10018, amount: 1000.00, due: 2025-03-03, kid: "00100420"}
  - {on: 2025-02-10, event: invoice, no: 1002, customer: 10019, amount: 1000.00, due: 2025-03-03, kid: "00200428"}
  - {on: 2025-02-10, event: invoice, no: 1003, customer: 10020, amount: 1000.00, due: 2025-03-03, kid: "00300426"}
  - {on: 2025-03-10, event: payment, id: P1, customer: 10018, amount: 10.00, for: [1001], kid: "00100420", kind: ocr}
expect:
  - {on: 2025-03-17, case: 1001, kid: "00100420", orgnr: "999990126"}
  - {on: 2025-03-17, case: 1002, orgnr: null}
  - {on: 2025-03-17, case: 1003, orgnr: "999990134"}
"""
NUMBERS_THAT_ARE_TEXTS = (
    "orgnr", "main_orgnr", "registered_orgnr", "organization_number", "kid", "customer_no", "customer_id", "case_id",
    "invoice_no", "related_invoice_no", "voucher_no", "voucher_id", "entry_id", "account_no", "customer_account_no",
    "settlement_key", "match_id", "custom_matching_reference", "paid_from_bank_account", "zip_code",
)  # fmt: skip


def test_d5_ids_numbers_and_kids_are_texts_at_every_stage(
    sandbox: RunningSandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(house: Watched) -> None:
        with house.book.session("kreditor") as con:
            types = con.execute(
                "select table_name, column_name, data_type from duckdb_columns() where not internal "
                "and list_contains(?, column_name)",
                [list(NUMBERS_THAT_ARE_TEXTS)],
            ).fetchall()
            assert {"claims", "cases", "debtors", "brreg_units", "poweroffice_customers", "settlements"} <= {
                table for table, _, _ in types
            }
            assert [found for found in types if found[2] != "VARCHAR"] == []
            csv = tmp_path / "cases.csv"
            con.execute(
                "copy (select invoice_no, orgnr, kid from cases where business_date = date '2025-03-17' "
                "order by invoice_no) to ? (header)",
                [str(csv)],
            )
        assert csv.read_text().splitlines() == [
            "invoice_no,orgnr,kid",
            "1001,999990126,00100420",
            "1002,,00200428",
            "1003,999990134,00300426",
        ]
        print_json([house.row(no, "2025-03-17") for no in (1001, 1002, 1003)])

    play(TEXTS, sandbox, tmp_path, on_2025_03_17=look)

    printed = json.loads(capsys.readouterr().out)
    assert [(row["orgnr"], row["kid"]) for row in printed] == [
        ("999990126", "00100420"),
        (None, "00200428"),
        ("999990134", "00300426"),
    ]


MINOR = """
case: D-6
title: a debtor who comes of age between the letters
runs: [2025-03-04, 2025-03-17, 2025-04-04, 2025-04-28]
world:
  - {on: 2025-01-02, event: customer, no: 10018, set: {person: true, name: Kari Vik, date_of_birth: "2007-03-20"}}
  - {on: 2025-01-02, event: customer, no: 10019, set: {person: true, name: Ola Dal, date_of_birth: "1990-03-20"}}
  - {on: 2025-02-10, event: invoice, no: 1001, customer: 10018, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-02-10, event: invoice, no: 1002, customer: 10019, amount: 1000.00, due: 2025-03-03}
expect:
  - {on: 2025-03-17, letters: [{case: 1001, fee: 0.00, interest: 4.79, total: 1004.79}, {case: 1002, fee: 35.00}]}
  - {on: 2025-04-04, letters: [{case: 1001, step: collection_notice, fee: 0.00}, {case: 1002, fee: 35.00}]}
  - {on: 2025-04-28, letters: [{case: 1001, step: payment_demand, fee: 0.00}, {case: 1002, fee: 105.00}]}
  - {on: 2025-04-28, case: 1001, state: demanded, fees: 0.00}
  - {on: 2025-04-28, case: 1002, state: demanded, fees: 175.00}
"""


def test_d6_and_fees_9_a_minor_pays_no_fee_also_after_coming_of_age(sandbox: RunningSandbox, tmp_path: Path) -> None:
    said: list[str] = []

    def look(house: Watched) -> None:
        said.extend(text for mail in house.mails() if "Kari Vik" in (text := words(mail)))

    play(MINOR, sandbox, tmp_path, on_2025_03_17=look)

    (reminder,) = said
    assert "Til verge for Kari Vik" in reminder
