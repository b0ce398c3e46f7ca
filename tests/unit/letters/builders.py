"""Letters that a bookkeeper can read, for the tests of this folder. No assertions here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from kredin_pipeline.letters.content import (
    Channel,
    ClaimInLetter,
    Creditor,
    EarlierFee,
    InterestPeriod,
    LetterContent,
    Recipient,
    Regime,
    Settlement,
    Step,
)

CREDITOR = Creditor(
    name="Fjellheim Verksted AS",
    orgnr="999990126",
    address="Storgata 1, 0155 Oslo",
    email="post@fjellheim.example",
    phone="22 00 00 00",
    bank_account="12345678903",
)
DEBTOR = Recipient(
    customer_no="10001",
    name="Dalnes AS",
    orgnr="999990134",
    email="faktura@dalnes.example",
    address_line1="Bakken 3",
    zip_code="5003",
    city="Bergen",
)
FEES: dict[Step, str] = {
    "friendly_reminder": "0.00",
    "reminder": "38.00",
    "collection_notice": "38.00",
    "payment_demand": "113.00",
    "enforcement_notice": "0.00",
}


def kroner(text: str) -> Decimal:
    return Decimal(text.replace(" ", ""))


def claim(
    invoice_no: str = "1001",
    amount: str = "1 000.00",
    *,
    paid: str = "0.00",
    interest: str = "0.00",
    fee: str = "0.00",
    earlier: tuple[EarlierFee, ...] = (),
    case_id: str | None = None,
    kid: str | None = "00100420",
    bears_fee: bool | None = None,
) -> ClaimInLetter:
    """A claim due 2026-03-02; what was paid was paid on 2026-03-10; interest is one period at 12.25 %."""
    principal = kroner(amount) - kroner(paid)
    periods = ()
    if kroner(interest):
        periods = (
            InterestPeriod(date(2026, 3, 2), date(2026, 3, 17), 15, Decimal("12.25"), 365, principal, kroner(interest)),
        )
    before = sum((one.amount for one in earlier), Decimal(0))
    return ClaimInLetter(
        case_id=case_id or f"K{int(invoice_no):010d}",
        invoice_no=invoice_no,
        kid=kid,
        invoice_date=date(2026, 2, 16),
        due_date=date(2026, 3, 2),
        principal_original=kroner(amount),
        settlements=(Settlement(date(2026, 3, 10), "payment", kroner(paid)),) if kroner(paid) else (),
        principal=principal,
        interest=kroner(interest),
        fee=kroner(fee),
        bears_fee=bool(kroner(fee)) if bears_fee is None else bears_fee,
        earlier_fees=earlier,
        periods=periods,
        total=principal + kroner(interest) + kroner(fee) + before,
        entry_id=f"E{invoice_no}",
        customer_no=DEBTOR.customer_no,
        ledger_balance=principal,
    )


def letter(
    step: Step = "reminder",
    *claims: ClaimInLetter,
    channel: Channel | None = None,
    on: date = date(2026, 3, 17),
    deadline: date | None = None,
    recipient: Recipient = DEBTOR,
    creditor: Creditor = CREDITOR,
    regime: Regime = "1988",
    tenant: str = "fjellheim",
) -> LetterContent:
    """A letter of one claim with the step's fee, unless claims are given."""
    interest = "0.00" if step == "friendly_reminder" else "5.03"
    stated = claims or (claim(interest=interest, fee=FEES[step]),)
    by_post = step in ("payment_demand", "enforcement_notice")
    return LetterContent(
        letter_key=f"letter:{tenant}:{stated[0].case_id}:{step}",
        tenant=tenant,
        step=step,
        channel=channel or ("post" if by_post else "email"),
        language=recipient.language,
        regime=regime,
        dated=on,
        deadline=deadline or on + timedelta(days=14),
        creditor=creditor,
        recipient=recipient,
        claims=stated,
    )


def abroad(content: LetterContent) -> LetterContent:
    """The same letter to an address in Sweden, in English."""
    recipient = replace(content.recipient, country_code="SE")
    return replace(content, recipient=recipient, language=recipient.language)
