"""A house to sign in: a draft as the typesetter makes it, a root of trust, Kari and Ola with certificates from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typst

from kredin_pipeline.journal import Journal, SecretBox, open_journal
from kredin_pipeline.letters.signing_trust import Revocation, Trust, read_trust
from tests.unit.journal.builders import with_tenant
from tests.unit.signing.people import NOW, Holder, holder

TEXT = """#set document(title: "Utlegg", author: "Fjellheim AS", date: datetime(year: 2025, month: 3, day: 17))
#set text(lang: "nb")
= {title}
Kravet er {amount} kroner.
#pagebreak()
Bilag og underskrift."""


def page(folder: Path, title: str = "Utleggsbegjæring", amount: str = "12 500") -> bytes:
    """A draft of two pages: PDF/A-2a and PDF/UA-1, as every document of ours."""
    source = folder / "draft.typ"
    source.write_text(TEXT.format(title=title, amount=amount))
    made = typst.compile(str(source), format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=int(NOW.timestamp()))
    assert isinstance(made, bytes)
    return made


@dataclass(frozen=True)
class House:
    """Everybody in the tests of one session."""

    draft: bytes
    other_draft: bytes
    root: Holder
    office: Holder
    kari: Holder
    ola: Holder
    clock: Holder


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("drafts")
    root = holder("Rot CA", ca=True)
    office = holder("Signering CA", root, ca=True)
    return House(
        draft=page(folder),
        other_draft=page(folder, "Forliksklage", "4 000"),
        root=root,
        office=office,
        kari=holder("Kari Nordmann", office, serial="UN:NO-9578-4050-1", email="kari@fjellheim.no"),
        ola=holder("Ola Berg", office, serial="UN:NO-9578-4050-2", email="ola@fjellheim.no"),
        clock=holder("Tidsstempel", root, timestamps_only=True),
    )


@pytest.fixture
def roots(tmp_path: Path, house: House) -> Path:
    """The folder of roots that the installation has configured."""
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "rot.pem").write_bytes(house.root.pem)
    return folder


@pytest.fixture
def trust(roots: Path) -> Trust:
    return read_trust(roots)


def requiring(roots: Path, how: Revocation = "required") -> Trust:
    return read_trust(roots, how)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with the tenant ``acme`` and its cases K1 to K4."""
    journal = with_tenant(open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SecretBox(SecretBox.new_key())))
    yield journal
    journal.close()
