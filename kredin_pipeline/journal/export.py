"""The journal's rows as the book copies them before it derives: cases, decisions, letters that left, vouchers."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from kredin_pipeline.journal.cases import Cases
from kredin_pipeline.journal.decisions import Decisions
from kredin_pipeline.journal.outbox import Outbox
from kredin_pipeline.journal.records import JournalRows, LetterRow, OutboxItem, VoucherRow, letter_rows, voucher_amounts
from kredin_pipeline.journal.states import DELIVERED, POSSIBLY_DELIVERED
from kredin_pipeline.journal.tenants import Tenants

_OSLO = ZoneInfo("Europe/Oslo")


class Exports(Cases, Decisions, Outbox, Tenants):
    def export_rows(self, tenant: str) -> JournalRows:
        """Everything the book copies, each list in the column order of its table."""
        return JournalRows(
            self.cases(tenant),
            self.decision_rows(tenant),
            self.delivered_letters(tenant),
            self.vouchers(tenant),
            self.allocation_orders(tenant),
        )

    def allocation_orders(self, tenant: str) -> tuple[tuple[date, str], ...]:
        """Since when which order of allocation was set; what was set on the first day counts from the start."""
        found: dict[date, str] = {}
        for version in self.settings_history(tenant):
            day = version.changed_at.astimezone(_OSLO).date()
            first = min(found, default=day)
            if version.settings.allocation != found.get(max(found, default=first)):
                found[day] = version.settings.allocation
        days = sorted(found)
        return tuple((date.min if day == days[0] else day, found[day]) for day in days)

    def delivered_letters(self, tenant: str, keys: Sequence[str] | None = None) -> list[LetterRow]:
        """One row per claim of every letter that really left (posted or confirmed); its fee is charged.

        With ``keys`` only of these letters.
        """
        return [row for item in self.items(tenant, "letter", DELIVERED, keys) for row in _rows(item)]

    def possibly_delivered_letters(self, tenant: str) -> list[LetterRow]:
        """One row per claim of every letter that may have left: its step is not sent again, its fee is not charged.

        ``sent_on`` is the day on which it was tried.
        """
        return [row for item in self.items(tenant, "letter", POSSIBLY_DELIVERED) for row in _rows(item)]

    def blocked_steps(self, tenant: str) -> set[tuple[str, str]]:
        """(case, step) of every letter that may have left and is not known to have: no second one may be planned."""
        return {(row.case_id, row.step) for row in self.possibly_delivered_letters(tenant)}

    def vouchers(self, tenant: str, keys: Sequence[str] | None = None) -> list[VoucherRow]:
        """Every fee-and-interest voucher in whatever state; ``reversed`` once its reversal is in the ledger.

        With ``keys`` only these vouchers.
        """
        if keys is not None and not keys:
            return []
        gone = {item.reverses for item in self.items(tenant, "reversal", DELIVERED)}
        rows: list[VoucherRow] = []
        for item in self.items(tenant, "voucher", keys=keys):
            case_id, settlement, fee, interest, total, posting_date = voucher_amounts(item.key, item.payload)
            rows.append(
                VoucherRow(
                    item.key, case_id, settlement, item.reference, item.state, fee, interest, total, posting_date,
                    item.remote_id, item.remote_no, item.key in gone,
                )
            )  # fmt: skip
        return rows


def _rows(item: OutboxItem) -> list[LetterRow]:
    return letter_rows(item.key, item.payload, item.sent_on or item.changed_at.astimezone(_OSLO).date())
