"""What a journal's tests are written with: a tenant with four cases, a letter, a voucher, and a clock that counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal

DAY = date(2025, 3, 17)
NOW = datetime(2025, 3, 17, 5, 0, tzinfo=UTC)
CLIENT_KEY = "0b6e7f7e-6a4f-4f0e-9d53-5f6a3f7c1d2e"
CASES = ("K1", "K2", "K3", "K4")


def after(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def with_tenant(journal: Journal, name: str = "acme") -> Journal:
    journal.add_tenant(name, SecretStr(CLIENT_KEY), "Acme AS", "999990126", DAY, TenantSettings.of(), "Kari", NOW)
    ids = CASES if name == "acme" else tuple(f"{name}-{case}" for case in CASES)
    rows = [CaseRow(case, f"v-{case}", f"10{number}", "10001", "999990126", DAY) for number, case in enumerate(ids)]
    journal.open_cases(name, rows, NOW)
    return journal


def claim(case: str, fee: str = "35.00", *, bears_fee: bool = True) -> dict[str, Any]:
    return {
        "case_id": case, "fee": fee, "interest": "4.79", "principal": "1000.00", "total": "1039.79",
        "bears_fee": bears_fee,
    }  # fmt: skip


def letter(*claims: dict[str, Any], step: str = "reminder") -> dict[str, Any]:
    return {"step": step, "channel": "email", "deadline": "2025-03-31", "claims": list(claims or (claim("K1"),))}


def voucher(case: str = "K1", settlement: str = "E9", fee: str = "35.00", interest: str = "4.79") -> dict[str, Any]:
    total = f"{(int(fee.replace('.', '')) + int(interest.replace('.', ''))) / 100:.2f}"
    return {
        "case_id": case, "settlement_key": settlement, "fee": fee, "interest": interest, "total": total,
        "posting_date": "2025-03-17",
    }  # fmt: skip


def intend_letter(journal: Journal, key: str = "letter:acme:K1:reminder", cases: Sequence[str] = ("K1",)) -> str:
    rows = [claim(case, "35.00" if case == cases[0] else "0.00", bears_fee=case == cases[0]) for case in cases]
    journal.intend(key, "acme", "letter", cases, letter(*rows), DAY, NOW)
    return key


def intend_voucher(journal: Journal, key: str = "voucher:acme:K1:E9") -> str:
    journal.intend(key, "acme", "voucher", ["K1"], voucher(), DAY, NOW)
    return key
