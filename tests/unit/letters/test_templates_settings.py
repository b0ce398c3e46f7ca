"""Logo and texts come into the settings from files, and are shown to a person short."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

from kredin_pipeline.cases.derive import LawTables
from kredin_pipeline.cases.logo import kept, with_short_logo
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.commands.session import assigned
from kredin_pipeline.journal import Tenant
from resources.onboarding import OnboardingError, changed_settings

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path d="M0 0H4V1H0Z"/></svg>'


def test_a_logo_and_a_text_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(SVG)
    (tmp_path / "text.txt").write_text("Hei på deg!\n\n{pay}\n", encoding="utf-8-sig")

    changes = assigned(
        [
            f"creditor_logo=@{tmp_path}/logo.svg",
            f"letter_texts.nb.reminder.opening=@{tmp_path}/text.txt",
            "reply_to=@x.no",
        ]
    )
    settings = TenantSettings.of(changes)

    assert settings.creditor_logo == kept(SVG)
    assert settings.letter_texts is not None
    own = settings.letter_texts.of("nb", "reminder")
    assert own is not None and own.opening == "Hei på deg!\n\n{pay}"
    assert settings.reply_to == "@x.no"


@pytest.mark.parametrize(
    ("key", "held", "fault"),
    [
        ("creditor_logo", None, "cannot read"),
        ("creditor_logo", b"JFIF", "neither a PNG nor an SVG"),
        ("letter_texts.nb.reminder.opening", b"\xe6\xf8\xe5", "is not UTF-8"),
    ],
)
def test_a_file_that_does_not_serve_is_refused_by_key_and_name(
    tmp_path: Path, key: str, held: bytes | None, fault: str
) -> None:
    file = tmp_path / "given"
    if held is not None:
        file.write_bytes(held)
    with pytest.raises(typer.BadParameter, match=f"{key}: .*given.*{fault}|{key}: {fault}.*given"):
        assigned([f"{key}=@{file}"])


def test_a_logo_that_no_letter_could_be_printed_with_is_refused_before_it_is_stored() -> None:
    tenant = Tenant("fjellheim", SecretStr("k"), "Fjellheim AS", "999990126", date(2025, 1, 1), TenantSettings.of())
    fees = LawTables.stored().fees
    flat = SVG.replace(b'viewBox="0 0 4 1"', b'width="0" height="0"')

    with pytest.raises(OnboardingError, match="fjellheim: creditor_logo: found a picture that cannot be printed"):
        changed_settings(tenant, {"creditor_logo": kept(flat)}, date(2025, 1, 1), fees)
    taken = changed_settings(tenant, {"creditor_logo": kept(SVG)}, date(2025, 1, 1), fees)
    assert taken.creditor_logo == kept(SVG)


def test_a_person_reads_the_logo_by_kind_and_size() -> None:
    shown = with_short_logo({"grace_days": 3, "creditor_logo": kept(SVG)})
    checksum = sha256(SVG).hexdigest()[:16]
    assert shown == {"grace_days": 3, "creditor_logo": f"svg, {len(SVG)} bytes, sha256 {checksum}"}
    assert with_short_logo({"creditor_logo": None}) == {"creditor_logo": None}
