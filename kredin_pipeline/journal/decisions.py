"""What people decided (rules § 7): a log that only grows. What a decision does to a case is judged elsewhere."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, insert, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.records import Decision, DecisionRow
from kredin_pipeline.journal.states import DECISION_KINDS
from kredin_pipeline.journal.store import Store


class Decisions(Store):
    def decide(
        self,
        tenant: str,
        case_id: str | None,
        kind: str,
        payload: Mapping[str, object],
        effective_on: date,
        who: str,
        at: datetime,
        *,
        customer_no: str | None = None,
        refused_because: str | None = None,
    ) -> str:
        """Append a decision on a case, on a customer, or on neither, and give its id.

        With ``refused_because`` the attempt is kept and has no effect. Amounts typed as floats are kept as the shortest
        decimal text. Raises ``UnknownTenant``, or ``JournalError`` for an unknown kind, case, or a missing name.
        """
        if kind not in DECISION_KINDS:
            raise JournalError(f"{tenant}: decision {kind!r} is not known; known are {', '.join(DECISION_KINDS)}")
        if not who.strip():
            raise JournalError(f"{tenant}: decision {kind}: who decided? The log needs a name")
        decision_id = uuid4().hex
        text = canonical_json(payload, f"{tenant}: decision {kind}", floats=True)
        with self.writing() as connection:
            self.require_tenant(connection, tenant)
            if case_id is not None:
                here = (schema.cases.c.tenant == tenant, schema.cases.c.case_id == case_id)
                if connection.execute(select(schema.cases.c.case_id).where(*here)).first() is None:
                    raise JournalError(f"{tenant}: case {case_id} is not in the journal; look at `kredin cases`")
            row = {
                "decision_id": decision_id, "tenant": tenant, "case_id": case_id, "customer_no": customer_no,
                "kind": kind, "payload": text, "effective_on": effective_on, "refused_because": refused_because,
                "decided_by": who, "decided_at": at,
            }  # fmt: skip
            connection.execute(insert(schema.decisions).values(row))
        return decision_id

    def decisions(self, tenant: str, case_id: str | None = None) -> list[Decision]:
        """Every decision of a tenant, or of one case, in the order in which they were made; refused ones among them."""
        table = schema.decisions
        query = select(table).where(table.c.tenant == tenant).order_by(table.c.seq)
        if case_id is not None:
            query = query.where(table.c.case_id == case_id)
        with self.reading() as connection:
            return [_decision(row) for row in connection.execute(query)]

    def decision_rows(self, tenant: str, after: int = 0) -> list[DecisionRow]:
        """The decisions that count, as the book copies them; those with a number above ``after``."""
        table = schema.decisions
        columns = (table.c[name] for name in DecisionRow._fields)
        query = (
            select(*columns)
            .where(table.c.tenant == tenant, table.c.seq > after, table.c.refused_because.is_(None))
            .order_by(table.c.seq)
        )
        with self.reading() as connection:
            return [DecisionRow(*row) for row in connection.execute(query)]


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        row.decision_id, row.seq, row.case_id, row.customer_no, row.kind, json.loads(row.payload), row.effective_on,
        row.decided_at, row.decided_by, row.refused_because,
    )  # fmt: skip
