"""Why a case stands as it does: each figure, state and hold with the rows, words and rules that made it (rules §§ 1-8).

Belongs here: reading one case's part of a derivation and telling it in sentences that name the rule and the statute.
Not here: any rule. What is told was derived by the SQL files and the pure functions beside this package; where a figure
is added up again, it is to show that the parts give what was published. Printing is ``commands.why``.

The way of an explanation::

    scope   the customer's entries, derived beside the book   →  Facts
    claim, ledger_rows, money, people, letters, ...           →  parts, each a tuple of Statements
    telling.explain                                           →  Explanation
    comparing.compare                                         →  Comparison of two of them
"""

from kredin_pipeline.cases.explaining.comparing import Comparison, compare
from kredin_pipeline.cases.explaining.scope import CaseNotFound, NotACaseThen, find_case
from kredin_pipeline.cases.explaining.shapes import Explanation, Statement
from kredin_pipeline.cases.explaining.telling import explain, published_otherwise

__all__ = [
    "CaseNotFound",
    "Comparison",
    "Explanation",
    "NotACaseThen",
    "Statement",
    "compare",
    "explain",
    "find_case",
    "published_otherwise",
]
