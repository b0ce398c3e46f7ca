"""docs/law.md names code, tests, settings and worked examples; each of them exists, so the page cannot rot."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from kredin_pipeline.cases.settings import ALLOWED_KEYS
from kredin_pipeline.journal.states import DECISION_KINDS

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "kredin_pipeline"
PAGE = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")
TOKENS = sorted(set(re.findall(r"`([^`]+)`", PAGE)))
FILES = [token for token in TOKENS if re.search(r"\.(sql|py|csv|md)$", token)]
DOTTED = [token for token in TOKENS if token not in FILES and re.fullmatch(r"[a-z_]+(\.\w+)+", token)]
WORDS = [token for token in TOKENS if token not in FILES and re.fullmatch(r"[a-z0-9_]+", token)]
SETTINGS = sorted({name for group in re.findall(r"⚙ ((?:`\w+`(?:, )?)+)", PAGE) for name in re.findall(r"\w+", group)})
EXAMPLES = sorted(set(re.findall(r"WE-\d\d", PAGE)))
NOT_CODE = {"kredin_pipeline", "rules § 4.2"}


@cache
def sources() -> str:
    """Every SQL file and module of the trade, for words that stand in them in quotes."""
    return "\n".join(file.read_text(encoding="utf-8") for kind in ("*.sql", "*.py") for file in PACKAGE.rglob(kind))


def named(dotted: str) -> object:
    """What a dotted name stands for. Raises ``ImportError`` or ``AttributeError`` when there is no such thing."""
    parts = dotted.split(".")
    if parts[0] not in ("assets", "resources"):
        parts.insert(0, "kredin_pipeline")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name)
        return found
    raise ImportError(dotted)


def test_nothing_in_code_style_is_of_an_unknown_kind() -> None:
    assert "../" not in PAGE  # a reader has this repository and nothing beside it
    assert set(TOKENS) - set(FILES) - set(DOTTED) - set(WORDS) - NOT_CODE == set()
    assert len(FILES) > 40 and len(DOTTED) > 20 and len(SETTINGS) > 15 and len(EXAMPLES) > 40


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_the_page_names_exists(file: str) -> None:
    assert (PACKAGE / file).is_file() or (ROOT / file).is_file(), f"docs/law.md names {file}"


@pytest.mark.parametrize("dotted", DOTTED)
def test_a_function_that_the_page_names_exists(dotted: str) -> None:
    assert named(dotted) is not None


@pytest.mark.parametrize("name", SETTINGS)
def test_a_choice_is_a_setting_of_the_tenant(name: str) -> None:
    assert name in ALLOWED_KEYS


def test_every_setting_that_changes_a_rule_is_on_the_page() -> None:
    who_writes = {key for key in ALLOWED_KEYS if key.startswith("creditor_")} | {"bank_account", "reply_to"}
    assert set(ALLOWED_KEYS) - who_writes - set(SETTINGS) == set()


@pytest.mark.parametrize("word", WORDS)
def test_a_state_hold_flag_or_decision_is_called_so_in_the_code(word: str) -> None:
    known = word in ALLOWED_KEYS or word in DECISION_KINDS or word in NOT_CODE
    assert known or re.search(rf"""['"]{word}['"]|as {word}\b""", sources()), word


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_that_the_page_names_is_proved(example: str) -> None:
    tree = ast.parse((Path(__file__).parent / "test_worked_examples.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert any(text.startswith(example) for text in texts if "\n" not in text), example


def test_every_rule_that_the_code_quotes_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| (\d(?:\.\d)?) \|", PAGE, re.MULTILINE))
    chapters = set(re.findall(r"^## (\d)\. ", PAGE, re.MULTILINE))
    quoted = re.findall(r"[Rr]ules §§? ((?:\d(?:\.\d)?(?:, | and | to )?)+)", sources())
    numbers = {number for group in quoted for number in re.findall(r"\d(?:\.\d)?", group)}
    assert len(numbers) > 20
    assert {number for number in numbers if number not in rows and number not in chapters} == set()
    assert {number for number in numbers if "." in number and number not in rows} == set()
