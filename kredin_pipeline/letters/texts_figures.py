"""What the sentences of a letter mention, already in the reader's notation.

Here belong the values and the shape of a part, which the languages (``texts_nb``, ``texts_nn``, ``texts_en``) have in
common. Not here: how they come about (``document``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kredin_pipeline.letters.content import LetterContent


@dataclass(frozen=True)
class Figures:
    """What the sentences mention. ``fee`` None: none is charged; ``rate`` None: no interest is claimed."""

    total: str
    deadline: str
    fee: str | None
    rate: str | None
    interest_from: str | None


Part = Callable[[LetterContent, Figures], str]
"""One part of a letter: its sentences, or nothing where it does not apply."""
