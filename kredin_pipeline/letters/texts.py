"""A letter's sentences, put together: the parts of a step in its order, or in the creditor's own.

Here belong the choice of language and the filling in; the sentences are in ``texts_nb``, ``texts_nn`` and ``texts_en``,
the order in ``cases.letter_texts``, and what must be there in ``law.letter_parts``. ``missing`` holds a letter as it
was laid out, or as it was read back from its page, against that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kredin_pipeline.cases.letter_texts import filled, known_parts, step_text
from kredin_pipeline.law.letter_parts import RequiredPart, required_parts
from kredin_pipeline.letters import texts_en, texts_nb, texts_nn
from kredin_pipeline.letters.content import Language, LetterContent, Step
from kredin_pipeline.letters.texts_figures import Figures, Part

TITLES: Final[Mapping[Language, Mapping[Step, str]]] = {
    "nb": texts_nb.TITLES,
    "nn": texts_nn.TITLES,
    "en": texts_en.TITLES,
}
STEP_NAMES: Final[Mapping[Language, Mapping[Step, str]]] = {
    "nb": texts_nb.STEP_NAMES,
    "nn": texts_nn.STEP_NAMES,
    "en": texts_en.STEP_NAMES,
}
SETTLEMENT_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "nb": texts_nb.SETTLEMENT_NAMES,
    "nn": texts_nn.SETTLEMENT_NAMES,
    "en": texts_en.SETTLEMENT_NAMES,
}
PARTS: Final[Mapping[Language, Mapping[str, Part]]] = {
    "nb": texts_nb.PARTS,
    "nn": texts_nn.PARTS,
    "en": texts_en.PARTS,
}


@dataclass(frozen=True)
class Words:
    """The words around the figures: what stands before them, and what stands after."""

    opening: Sequence[str]
    closing: Sequence[str]


def words(content: LetterContent, figures: Figures) -> Words:
    """The sentences of the letter, in its language; ``content`` has been checked. Raises ``ValueError`` if not."""
    said = parts(content, figures)
    text = step_text(content.step, content.opening, content.closing)
    return Words(filled(text.opening, said), filled(text.closing, said))


def parts(content: LetterContent, figures: Figures) -> dict[str, str]:
    """Every part that a letter of this step may have → what it says; empty where it says nothing."""
    written = PARTS[content.language]
    return {name: written[name](content, figures) for name in known_parts(content.step)}


def missing(content: LetterContent, figures: Figures, text: str) -> tuple[RequiredPart, ...]:
    """The required sentences that do not stand in ``text``, however its lines are broken.

    A part that says nothing for this letter is not missed: without interest there is no rate to state.
    """
    stands, said = _flat(text), parts(content, figures)
    return tuple(
        part
        for part in required_parts(content.step, content.regime)
        if part.place == "words" and _flat(said[part.name]) not in stands
    )


def _flat(text: str) -> str:
    return "".join(text.split())
