"""Which claims have become cases (saker), with what they were when they did. A case keeps its number for life."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlalchemy import insert, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.records import CaseRow
from kredin_pipeline.journal.store import Store

_COLUMNS: Final = (
    schema.cases.c.case_id,
    schema.cases.c.voucher_id,
    schema.cases.c.invoice_no,
    schema.cases.c.customer_no,
    schema.cases.c.orgnr,
    schema.cases.c.opened_on,
)


class Cases(Store):
    def open_cases(self, tenant: str, rows: Iterable[CaseRow], at: datetime) -> list[str]:
        """Open the cases that are not open yet and give their ids; those that are keep their first row unchanged.

        Raises ``UnknownTenant``, or ``JournalError`` when an invoice's voucher already has a case of another id.
        """
        wanted = list(rows)
        if not wanted:
            return []
        with self.writing() as connection:
            self.hold_tenant(connection, tenant)
            known_rows = connection.execute(
                select(schema.cases.c.case_id, schema.cases.c.voucher_id).where(schema.cases.c.tenant == tenant)
            )
            known: dict[str, str] = {row.voucher_id: row.case_id for row in known_rows}
            fresh: list[CaseRow] = []
            for row in wanted:
                case_id = known.setdefault(row.voucher_id, row.case_id)
                if case_id != row.case_id:
                    raise JournalError(
                        f"{tenant}: invoice {row.invoice_no} (voucher {row.voucher_id}): "
                        f"is case {case_id}, not {row.case_id}"
                    )
                fresh.append(row)
            ids = set(
                connection.execute(select(schema.cases.c.case_id).where(schema.cases.c.tenant == tenant)).scalars()
            )
            new = list({row.case_id: row for row in fresh if row.case_id not in ids}.values())
            if new:
                values = [{"tenant": tenant, "opened_at": at, **row._asdict()} for row in new]
                connection.execute(insert(schema.cases), values)
            return [row.case_id for row in new]

    def open_case(
        self,
        tenant: str,
        case_id: str,
        voucher_id: str,
        invoice_no: str | None,
        customer_no: str | None,
        orgnr: str | None,
        opened_on: date,
        at: datetime,
    ) -> bool:
        """Open one case; False if it is open already."""
        return bool(
            self.open_cases(tenant, [CaseRow(case_id, voucher_id, invoice_no, customer_no, orgnr, opened_on)], at)
        )

    def cases(self, tenant: str) -> list[CaseRow]:
        """Every case ever opened, oldest first."""
        query = select(*_COLUMNS).where(schema.cases.c.tenant == tenant)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(schema.cases.c.opened_on, schema.cases.c.case_id))
            return [CaseRow(*row) for row in rows]
