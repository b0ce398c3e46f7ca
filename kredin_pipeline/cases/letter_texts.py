"""A creditor's own texts for letters: how they are written, and the check that no required part is left out.

Here belongs the setting ``letter_texts``: language → step → ``opening`` (before the figures) and ``closing`` (after
them), and the standard text of each step, written the same way. Not here: the sentences behind the parts
(``kredin_pipeline.letters.texts_*``), and which parts the law wants (``kredin_pipeline.law.letter_parts``).

A text is plain text. Paragraphs are parted by an empty line; a part is put in by its name in braces::

    letter_texts:
      nb:
        reminder:
          opening: |
            Hei! Fakturaen er vel glemt i farten. {pay}
          closing: |
            {fee}

            {interest}

            {objection}

            Ring oss gjerne på 22 00 00 00.

What the law requires stands behind the names and cannot be rewritten, only moved. A part that says nothing for a letter
(no interest is claimed) leaves no empty paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from kredin_pipeline.law.letter_parts import REQUIRED, missing_parts

LANGUAGES: Final = ("nb", "nn", "en")
LONGEST: Final = 4000
"""Characters of one text; beyond that a letter is no longer read."""
_NAME: Final = re.compile(r"\{\s*([^{}]*?)\s*\}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class StepText:
    """The paragraphs of one step, with parts by name in braces."""

    opening: tuple[str, ...]
    closing: tuple[str, ...]

    def parts(self) -> Iterator[str]:
        """The names of the parts, in order."""
        for paragraph in (*self.opening, *self.closing):
            yield from _NAME.findall(paragraph)


STANDARD: Final[Mapping[str, StepText]] = {
    "friendly_reminder": StepText(("{forgotten} {pay}",), ("{free}", "{questions}", "{already_paid}")),
    "reminder": StepText(
        ("{overdue} {pay}",), ("{fee}", "{interest}", "{what_follows}", "{objection}", "{already_paid}")
    ),
    "collection_notice": StepText(
        ("{collection_notice} {overdue}", "{pay} {collection_follows}"),
        ("{what_follows}", "{fee}", "{interest}", "{objection}", "{already_paid}"),
    ),
    "payment_demand": StepText(
        ("{payment_demand} {creditor}", "{pay_or_object}"),
        (
            "{legal_steps}",
            "{enforcement}",
            "{position}",
            "{fee}",
            "{interest_basis}",
            "{interest}",
            "{objection}",
            "{already_paid}",
        ),
    ),
    "enforcement_notice": StepText(
        ("{enforcement_notice} {creditor}", "{pay_or_object}"),
        ("{enforcement}", "{position}", "{fee}", "{interest_basis}", "{interest}", "{objection}", "{already_paid}"),
    ),
}
"""The text of a step whose creditor has written none; the same parts in every language."""


def step_text(step: str, opening: str | None = None, closing: str | None = None) -> StepText:
    """A step's text: the standard one, with what a creditor wrote in its place.

    Raises ``ValueError`` naming the required part that is left out, with its statute, or the name that is no part.
    """
    standard = STANDARD[step]
    text = StepText(
        standard.opening if opening is None else _paragraphs(step, "opening", opening),
        standard.closing if closing is None else _paragraphs(step, "closing", closing),
    )
    _refuse_unknown(step, text)
    for (known, regime), _ in REQUIRED.items():
        lacking = missing_parts(step, regime, frozenset(text.parts())) if known == step else ()
        if lacking:
            told = "; ".join(f"{{{part.name}}}: {part.says} ({part.statute})" for part in lacking)
            raise ValueError(f"{step}: found a text without {told}; want each of them in the opening or the closing")
    return text


def filled(paragraphs: Sequence[str], said: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs with each part's sentences in place of its name; those with nothing to say fall away."""
    whole = (_NAME.sub(lambda match: said[match.group(1)], paragraph) for paragraph in paragraphs)
    return tuple(stripped for stripped in (" ".join(paragraph.split(" ")).strip() for paragraph in whole) if stripped)


def known_parts(step: str) -> frozenset[str]:
    """The parts that a text of ``step`` may name: those of its standard text."""
    return frozenset(STANDARD[step].parts())


def _paragraphs(step: str, place: str, text: str) -> tuple[str, ...]:
    if len(text) > LONGEST:
        raise ValueError(f"{step}.{place}: found {len(text)} characters, want at most {LONGEST}")
    if _CONTROL.search(text.replace("\r\n", "\n")):
        raise ValueError(f"{step}.{place}: found a control character, want plain text")
    parts = re.split(r"\n\s*\n", text.replace("\r\n", "\n"))
    return tuple(" ".join(part.split()) for part in parts if part.strip())


def _refuse_unknown(step: str, text: StepText) -> None:
    allowed = known_parts(step)
    for paragraph in (*text.opening, *text.closing):
        for name in _NAME.findall(paragraph):
            if name not in allowed:
                raise ValueError(f"{step}: found {{{name}}}, want one of {', '.join(sorted(allowed))}")
        if set("{}") & set(_NAME.sub("", paragraph)):
            raise ValueError(
                f"{step}: found a brace that names no part in {paragraph[:40]!r}, want {{pay}} or the like"
            )
    names = list(text.parts())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{step}: found {{{twice[0]}}} more than once, want it once in opening and closing together")


class OwnText(BaseModel):
    """What a creditor wrote for one step; what is left out keeps its standard text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opening: str | None = None
    closing: str | None = None


class OwnTexts(BaseModel):
    """What a creditor wrote in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    friendly_reminder: OwnText | None = None
    reminder: OwnText | None = None
    collection_notice: OwnText | None = None
    payment_demand: OwnText | None = None
    enforcement_notice: OwnText | None = None


class LetterTexts(BaseModel):
    """A creditor's own texts by language: bokmål ``nb``, nynorsk ``nn``, English ``en``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nb: OwnTexts | None = None
    nn: OwnTexts | None = None
    en: OwnTexts | None = None

    def of(self, language: str, step: str) -> OwnText | None:
        """What the creditor wrote for a step in a language, or None for the standard text."""
        written: OwnTexts | None = getattr(self, language)
        return None if written is None else cast("OwnText | None", getattr(written, step))


def checked_texts(value: object, info: ValidationInfo) -> object:
    """The setting's value, held against what each step must state; the first fault with its language and step.

    What is stored already is taken as it is (context ``stored``): should the law ask for more one day, the tenant can
    still be read and mended, and the letter with the old text waits (``LetterContent.checked``).
    """
    stored: bool = bool(info.context and info.context.get("stored"))
    if value is None or isinstance(value, LetterTexts) or stored:
        return value
    if not isinstance(value, Mapping):
        raise ValueError("found no groups of texts; want language, step and opening or closing")
    for language, steps in cast(Mapping[str, object], value).items():
        if language not in LANGUAGES:
            raise ValueError(f"found {language!r}, want one of {', '.join(LANGUAGES)}")
        if steps is not None and not isinstance(steps, Mapping):
            raise ValueError(f"found a fault in {language}: want steps, such as {language}.reminder.opening")
        for step, own in cast(Mapping[str, object], steps or {}).items():
            _check_step(language, step, own)
    return cast(object, value)


def _check_step(language: str, step: str, own: object) -> None:
    where = f"found a fault in {language}."
    if step not in STANDARD:
        raise ValueError(f"{where}{step}: no such letter, want one of {', '.join(STANDARD)}")
    if own is None:
        return
    if not isinstance(own, Mapping):
        raise ValueError(f"{where}{step}: want opening or closing, such as {language}.{step}.opening")
    given = cast(Mapping[str, object], own)
    unknown = sorted(set(given) - {"opening", "closing"})
    if unknown:
        raise ValueError(f"{where}{step}.{unknown[0]}: want opening or closing")
    no_text = sorted(name for name, text in given.items() if not isinstance(text, str | None))
    if no_text:
        raise ValueError(f"{where}{step}.{no_text[0]}: want text")
    texts = {name: text for name, text in given.items() if isinstance(text, str)}
    try:
        step_text(step, texts.get("opening"), texts.get("closing"))
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


LetterTextsSetting = Annotated[LetterTexts, BeforeValidator(checked_texts)]
