"""The pictures of docs/letters.md: ``python -m tests.unit.letters.templates_pictures``. No assertions here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from kredin_pipeline.cases.logo import kept
from kredin_pipeline.letters.content import EarlierFee, LetterContent
from kredin_pipeline.letters.pdf import render_pictures

from .builders import CREDITOR, claim, letter
from .test_templates_page import ABROAD, SENDER

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60"><path d="M4 56 L40 8 L60 34 L74 16 L104 56 Z" '
    b'fill="#1f4e5f"/><path d="M118 20H228V28H118ZM118 36H198V44H118Z" fill="#c8553d"/></svg>'
)
REMINDED = (EarlierFee("reminder", date(2026, 3, 3), Decimal("38.00")),)


def letters() -> dict[str, LetterContent]:
    """One letter for each picture: bokmål, bokmål for two invoices, nynorsk, and English to an awkward address."""
    own = replace(CREDITOR, logo=kept(LOGO))
    demand = letter("payment_demand", claim(interest="5.03", fee="113.00", earlier=REMINDED), creditor=own)
    notice = (claim("1001", "8 400.00", interest="42.29", fee="38.00", earlier=REMINDED, kid="0010011"),
              claim("1002", "1 250.00", interest="6.29", kid="0010029"))  # fmt: skip
    return {
        "reminder": letter("reminder", claim("1001", "12 000.00", paid="2 000.00", interest="50.34", fee="38.00"),
                           creditor=own),
        "collection-notice": letter("collection_notice", *notice, creditor=own),
        "payment-demand": replace(demand, language="nn"),
        "enforcement-notice": letter("enforcement_notice", claim(kid=None, interest="5.03"), recipient=ABROAD,
                                     creditor=replace(SENDER, logo=kept(LOGO))),
    }  # fmt: skip


if __name__ == "__main__":
    for name, content in letters().items():
        (FOLDER / f"letter-{name}.png").write_bytes(render_pictures(content, ppi=84)[0])
