"""Which rows of a read the contract has to look at: the contract's own rules in SQL, on all cores at once.

Belongs here: the screen, and the rows that it hands on. What is wrong with a row, and whether anything is, the contract
alone says (`contracts`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kredin_pipeline.contracts.rules import good_sql
from kredin_pipeline.ledger.contracts import RULES, row_contract

if TYPE_CHECKING:
    import pandas as pd


@lru_cache(maxsize=32)
def to_be_looked_at(resource: str, alias: str) -> str:
    """A condition on the rows ``alias`` of ``staged_<resource>``: true where the contract has to look, never null."""
    contract = row_contract(resource)
    good = good_sql(contract.rules, contract.conditions, f"{alias}.")
    return f"({alias}.unread is not null or ({good}) is not true)"


@lru_cache(maxsize=32)
def cells(resource: str, alias: str) -> str:
    """The columns that the contract looks at, of the rows ``alias``; amounts in øre, as texts: see ``as_frame``."""
    return ", ".join(
        f"({alias}.{rule.name} * 100)::bigint::varchar as {rule.name}"
        if rule.check == "ore"
        else f"{alias}.{rule.name}"
        for rule in RULES[resource]
    )


def as_frame(resource: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame that the contract takes, from one with these ``cells``. A column of whole numbers with a null in it
    would come as binary floats, and a large amount would not survive that."""
    for rule in RULES[resource]:
        if rule.check == "ore":
            frame[rule.name] = frame[rule.name].astype(object).map(int, na_action="ignore").astype("Int64")
    return frame
