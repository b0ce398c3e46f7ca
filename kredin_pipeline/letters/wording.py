"""The words that other modules ask for by name: titles, names of steps and settlements, and a letter's sentences.

Here belongs nothing but the door; the sentences are in ``texts_nb``, ``texts_nn`` and ``texts_en``, how they are put
together in ``texts``.
"""

from __future__ import annotations

from kredin_pipeline.letters.texts import SETTLEMENT_NAMES, STEP_NAMES, TITLES, Words, missing, words
from kredin_pipeline.letters.texts_figures import Figures

__all__ = ["SETTLEMENT_NAMES", "STEP_NAMES", "TITLES", "Figures", "Words", "missing", "words"]
