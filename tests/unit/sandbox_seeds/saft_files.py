"""SAF-T files as text, small and right unless a test says otherwise: customers, vouchers, and the frame around them."""

from __future__ import annotations

Line = str


def line(account: str, amount: str, customer: str | None = None, **more: str) -> Line:
    side = "CreditAmount" if amount.startswith("-") else "DebitAmount"
    who = f"<CustomerID>{customer}</CustomerID>" if customer else ""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        f"<Line><RecordID>1</RecordID><AccountID>{account}</AccountID>{who}<Description>x</Description>"
        f"<{side}><Amount>{amount.lstrip('-')}</Amount></{side}>{rest}</Line>"
    )


def transaction(number: str, day: str, *lines: Line) -> str:
    return (
        f"<Transaction><TransactionID>{number}</TransactionID><TransactionDate>{day}</TransactionDate>"
        f"{''.join(lines)}</Transaction>"
    )


def customer(number: str, opening: str, closing: str, terms: str = "<Days>14</Days>", version: str = "1.30") -> str:
    def side(word: str, amount: str) -> str:
        which = "Credit" if amount.startswith("-") else "Debit"
        return f"<{word}{which}Balance>{amount.lstrip('-')}</{word}{which}Balance>"

    balances = side("Opening", opening) + side("Closing", closing)
    if version == "1.30":
        balances = f"<BalanceAccount><AccountID>1500</AccountID>{balances}</BalanceAccount>"
    party = f"<PartyInfo><PaymentTerms>{terms}</PaymentTerms></PartyInfo>" if terms else ""
    return f"<Customer><Name>Kunde</Name><CustomerID>{number}</CustomerID>{balances}{party}</Customer>"


def sale(number: str, day: str, who: str, amount: str, **more: str) -> str:
    return transaction(number, day, line("1500", amount, who, **more), line("3000", f"-{amount}"))


def money(number: str, day: str, who: str, amount: str, **more: str) -> str:
    return transaction(number, day, line("1920", amount), line("1500", f"-{amount}", who, **more))


def saft_text(
    customers: str, transactions: str, version: str = "1.30", totals: str = "", last: str = "2025-12-31"
) -> str:
    """A file of 2025; customers stand on line 6, transactions from line 8 on."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<AuditFile xmlns="urn:StandardAuditFile-Taxation-Financial:NO">
<Header><AuditFileVersion>{version}</AuditFileVersion><Company><RegistrationNumber>999990002</RegistrationNumber>
<Name>Prøve AS</Name></Company><DefaultCurrencyCode>NOK</DefaultCurrencyCode>
<SelectionCriteria><SelectionStartDate>2025-01-01</SelectionStartDate><SelectionEndDate>{last}</SelectionEndDate>
</SelectionCriteria></Header><MasterFiles><Customers>{customers}</Customers></MasterFiles>
<GeneralLedgerEntries>{totals}<Journal><JournalID>GL</JournalID>
{transactions}
</Journal></GeneralLedgerEntries></AuditFile>"""
