"""SAF-T files that are wrong as XML, in another encoding, not SAF-T, dangerous, or large."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from kredin_pipeline.sandbox.seeds.saft_reader import SaftError, read_saft
from tests.unit.sandbox_seeds.saft_files import customer, line, saft_text, sale, transaction

GOOD = saft_text(customer("1", "0", "10"), sale("T1", "2025-01-10", "1", "10"))
Refused = Callable[[bytes | str], SaftError]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """The refusal of a file with these bytes."""

    def given(content: bytes | str) -> SaftError:
        path = tmp_path / "books.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(SaftError) as raised:
            read_saft(path)
        assert raised.value.advice and "Nothing was read from it." in str(raised.value)
        return raised.value

    return given


def test_the_good_file_is_good(tmp_path: Path) -> None:
    """Otherwise every refusal below would prove nothing."""
    path = tmp_path / "books.xml"
    for encoding, declared in (
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("cp1252", "windows-1252"),
    ):
        path.write_bytes(GOOD.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding))
        assert read_saft(path).company_name == "Prøve AS"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (GOOD.replace("</Journal>", ""), 9, "not well-formed XML: mismatched tag at column"),
        (GOOD[:-20], 9, "not well-formed XML: the file ends here"),
        (GOOD.replace("Prøve AS", "Prøve & Co"), 4, "not well-formed XML"),
        (GOOD.encode("cp1252"), 4, "the file says that it is UTF-8, but byte 0xf8 here is not; in ISO-8859-1 .* 'ø'"),
        (GOOD.replace("UTF-8", "EBCDIC-9"), 1, "encoding: found 'EBCDIC-9', which cannot be read"),
        ("", 1, "the file is empty"),
        ("Faktura;Beløp\n1;2\n", 1, "this is not XML"),
        (b"%PDF-1.7", 1, "this is a PDF"),
        (b"\x1f\x8b\x08", 1, "this is a gzip archive"),
        ("<Invoice xmlns='urn:oasis'/>", 1, "found Invoice, want AuditFile"),
        (GOOD.replace("Financial:NO", "Financial:DK"), 2, "found AuditFile of urn:.*:DK"),
        (GOOD.replace(' xmlns="urn:StandardAuditFile-Taxation-Financial:NO"', ""), 2, "AuditFile has no namespace"),
        (GOOD.replace("1.30", "2.00"), 3, r"AuditFileVersion: found '2\.00', want 1\.00 to 1\.30"),
        (GOOD.replace("2025-12-31", "2024-12-31"), 5, "the period ends on 2024-12-31, before it begins"),
        ("<a>" * 200, 1, "found a, want AuditFile"),
        (GOOD.replace("<Name>Kunde", "<x>" * 120 + "<Name>Kunde"), 6, "more than 100 deep"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_good_saft_is_refused_with_its_line(
    refused: Refused, content: bytes | str, line: int, reason: str
) -> None:
    error = refused(content)
    assert error.line == line
    with pytest.raises(SaftError, match=reason):
        raise error


def test_a_zip_is_named_as_one(tmp_path: Path, refused: Refused) -> None:
    packed = tmp_path / "books.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("books.xml", GOOD)
    error = refused(packed.read_bytes())
    assert "zip archive" in error.reason and error.advice.startswith("Unpack it")


@pytest.mark.parametrize("external", [True, False])
def test_a_document_type_is_refused_before_anything_in_it_is_read(
    tmp_path: Path, refused: Refused, external: bool
) -> None:
    (tmp_path / "secret.txt").write_text("hemmelig")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">\n' for n in range(1, 12))
    entities = f'<!ENTITY e11 SYSTEM "{(tmp_path / "secret.txt").as_uri()}">' if external else f'<!ENTITY e0 "x">{bomb}'
    content = GOOD.replace("<AuditFile ", f"<!DOCTYPE AuditFile [{entities}]>\n<AuditFile ", 1).replace(
        "Prøve", "&e11;"
    )
    error = refused(content)
    assert error.line == 2 and "document type" in error.reason and "hemmelig" not in str(error)


def test_every_fault_is_told_at_once_and_what_follows_from_them_is_not(refused: Refused) -> None:
    events = sale("T1", "10.01.2025", "1", "10") + "\n" + sale("T2", "2025-01-11", "1", "1,50")
    error = refused(saft_text(customer("1", "0", "99") + customer("1", "0", "0"), events))
    assert [(fault.line, fault.reason.split(":")[0]) for fault in error.faults] == [
        (6, "Customer"), (8, "TransactionDate"), (9, "DebitAmount/Amount")
    ]  # fmt: skip
    assert str(error).count("(and 2 more)") == 1


def test_line_numbers_are_right_far_down_a_file(refused: Refused) -> None:
    filler = "\n" * 70_000
    error = refused(GOOD.replace("<Journal>", filler + "<Journal>").replace("<Amount>10<", "<Amount>ten<", 1))
    assert error.line == 70_000 + 8


def test_number_of_entries_may_count_lines_when_both_sums_stand(tmp_path: Path, refused: Refused) -> None:
    sums = "<TotalDebit>10</TotalDebit><TotalCredit>10</TotalCredit>"
    path = tmp_path / "lines.xml"
    path.write_text(GOOD.replace("<Journal>", f"<NumberOfEntries>2</NumberOfEntries>{sums}<Journal>"))
    assert any("NumberOfEntries counts the 2 lines" in note for note in read_saft(path).notes)
    assert (
        "NumberOfEntries"
        in refused(GOOD.replace("<Journal>", f"<NumberOfEntries>3</NumberOfEntries>{sums}<Journal>")).reason
    )


def test_negative_amounts_in_a_column_are_that_columns(tmp_path: Path) -> None:
    credited = transaction("T2", "2025-01-11", line("1500", "-4", "1"), line("3000", "4")).replace(
        "<CreditAmount><Amount>4</Amount></CreditAmount>", "<DebitAmount><Amount>-4</Amount></DebitAmount>"
    )
    for debit, credit in (("10", "10"), ("14", "14")):  # as written, or by sign
        totals = f"<TotalDebit>{debit}</TotalDebit><TotalCredit>{credit}</TotalCredit>"
        path = tmp_path / "books.xml"
        path.write_text(
            saft_text(customer("1", "0", "6"), sale("T1", "2025-01-10", "1", "10") + credited, totals=totals)
        )
        assert read_saft(path).customers["1"].closing == Decimal(6)


def test_a_large_file_is_read_in_the_memory_of_its_customers(tmp_path: Path) -> None:
    """20 MB of vouchers of which one in a thousand is a customer's; a tree of them would take ten times as much."""
    path = tmp_path / "large.xml"
    other = transaction("X", "2025-01-10", line("6800", "10"), line("1920", "-10")).replace("x</D", "x" * 2000 + "</D")
    block = other * 999
    head, _, tail = GOOD.partition("<Transaction>")
    with path.open("w") as out:
        out.write(head)
        for _ in range(5):
            out.write(block)
        out.write("<Transaction>" + tail)
    assert path.stat().st_size > 20_000_000
    program = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from kredin_pipeline.sandbox.seeds.saft_reader import read_saft\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nfile = read_saft(Path(sys.argv[1]))\n"
        "print(file.voucher_count, len(file.vouchers), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    vouchers, kept, grown = (int(word) for word in done.stdout.split())
    kilobytes = 1 if sys.platform != "darwin" else 1024
    assert (vouchers, kept) == (4996, 1)
    assert grown / kilobytes < 10_000
