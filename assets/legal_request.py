"""A legal document that a person asks for: the same for `kredin legal draft` and the launchpad.

Belongs here: finding the case in the book of today, and drafting. Not here: what the law allows
(`kredin_pipeline.cases.legal_ready`), which drafts stand in the way (`resources.legal_drafting`).
"""

from datetime import date, datetime

import duckdb

from assets.letters import sender_of
from kredin_pipeline.journal import Journal, LegalDraft, Tenant
from kredin_pipeline.letters.legal.content import Kind, LegalError
from kredin_pipeline.letters.legal.gathering import Writer
from kredin_pipeline.letters.legal.reading import read
from resources.legal_copies import InvoiceCopies
from resources.legal_drafting import Drafting
from resources.poweroffice import PowerOffice


def case_ids(con: duckdb.DuckDBPyConnection, wanted: str) -> list[str]:
    """The cases of the last run with this case id or invoice number."""
    query = "select case_id from case_states where case_id = $1 or invoice_no = $1 order by case_id"
    return [str(case_id) for (case_id,) in con.execute(query, [wanted]).fetchall()]


def draft_on_request(
    con: duckdb.DuckDBPyConnection,
    journal: Journal,
    poweroffice: PowerOffice,
    tenant: Tenant,
    case_id: str,
    kind: Kind | None,
    who: str,
    at: datetime,
    today: date,
) -> LegalDraft:
    """Draft a document about a case, of the right kind if none is named.

    Raises ``LegalError`` with the reason when the law does not allow it now, when a document of the kind is being
    signed already, or when the book is not of today.
    """
    found = read(con, [case_id])
    if found.on != today:
        raise LegalError(
            f"{tenant.name}: the book is of {found.on}, and money may have come since; first: kredin run --tenant "
            f"{tenant.name}. Nothing was drafted."
        )
    writer = Writer(tenant.name, sender_of(tenant).creditor, today, journal.law_tables().fees)
    made = Drafting(journal, found, writer, InvoiceCopies(poweroffice, tenant), at).asked(case_id, kind, who)
    if isinstance(made, str):
        raise LegalError(f"{tenant.name}: case {case_id}: {made}. Nothing was drafted.")
    return made
