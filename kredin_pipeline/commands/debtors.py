"""``kredin debtors``: what the registers say of a tenant's debtors, for a person to read.

Belongs here: reading it out of the book. Not here: asking the registers (`resources.enhetsregisteret_sync`).
"""

from __future__ import annotations

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table
from kredin_pipeline.commands.session import open_session
from resources.book import Book, BookIsBusy

_COLUMNS = (
    "customer", "name", "number", "held by", "since", "trustee", "last accounts", "currency", "equity", "result",
    "register read on",
)  # fmt: skip
_QUERY = """
select
    debtors.customer_no, debtors.name, coalesce(debtors.main_orgnr, debtors.orgnr), debtors.register_hold,
    debtors.register_hold_from, estate.trustees, case when $1 then credit.in_words end, credit.currency_code,
    credit.equity, credit.result, unit.checked_on
from debtors
join brreg_units as unit on unit.orgnr = coalesce(debtors.main_orgnr, debtors.orgnr)
left join (
    select customer_id,
           string_agg(concat_ws(', ', trustee_name, trustee_address_line1, trustee_address_line2, trustee_address_line3,
                                concat_ws(' ', trustee_zip_code, trustee_city)), '; ' order by trustee_name) as trustees
    from debtor_estate group by customer_id
) as estate using (customer_id)
left join debtor_credit as credit using (customer_id)
where $2 is null or debtors.customer_no = $2
order by debtors.register_hold is null, debtors.customer_no
"""

_CHANGED = ("seen on", "customer", "number", "field", "before", "after")
_CHANGES = """
select seen_on, string_agg(distinct debtors.customer_no, ', ' order by debtors.customer_no), change.orgnr, field,
       before, after
from brreg_changes as change
left join debtors on change.orgnr in (debtors.orgnr, debtors.main_orgnr)
group by seen_on, seen_at, change.orgnr, field, before, after
having $1 is null or bool_or(debtors.customer_no = $1)
order by seen_at desc, change.orgnr, field
"""


def list_debtors(tenant: str, customer: str | None, *, changes: bool, as_json: bool) -> None:
    """List the debtors that the register knows, those it holds up first; amounts in their accounts' currency. Or what
    changed in its records from one look-up to the next, the newest first.

    Exit code 1 when the tenant has no book yet.
    """
    with failures_told():
        session = open_session()
        settings = session.journal.tenant(tenant).settings
    if not settings.register_enabled:
        fail(f"{tenant}: debtors are not looked up; `kredin tenants set {tenant} register=true` turns it on")
    try:
        with Book(folder=str(session.environment.books)).read_only(tenant) as con:
            if changes:
                columns, rows = _CHANGED, con.execute(_CHANGES, [customer]).fetchall()
            else:
                columns, rows = _COLUMNS, con.execute(_QUERY, [bool(settings.register_accounts), customer]).fetchall()
    except (FileNotFoundError, BookIsBusy) as error:
        fail(str(error))
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(f"{tenant}: debtors, by the register", columns, rows, "The register has said nothing yet.")
