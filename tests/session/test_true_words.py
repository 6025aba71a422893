"""Texts advise only what a page or a command can do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app.cli import commands
from core.session.flow import STEPS
from ui.asides import Aside

PAGES = {step.label for step in STEPS} | {"Patients"} | {aside.value.capitalize() for aside in Aside}
ROOMS = ("core", "app", "ui")
COMMANDS = re.compile(r"`exotwin ((?:[a-z-]+ ?)+)")
PAGE = re.compile(r"\b(?:on|from|to) the ([A-Z]\w+) page")
# What was advised once and nothing here can do.
IMPOSSIBLE = (
    r"[Ss]maller controller",
    r"[Ff]rom the other side as well",
    r"[Cc]hoose another exo",
    r"[Rr]ecord [^.]*on the (?!Capture)\w+ page",
    r"\bto Motion and record",
)


@cache
def texts(repository: Path) -> tuple[tuple[str, str], ...]:
    """Every string of the program that a person may read, with the file that holds it; f-strings in parts."""
    return tuple(_texts(repository))


def _texts(repository: Path) -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((repository / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield str(path.relative_to(repository)), node.value


def subcommands(found: object) -> dict[str, object]:
    actions = getattr(found, "_actions", ())
    return next((action.choices for action in actions if isinstance(action.choices, dict)), {})


def test_pages_that_texts_name_are_there(repository: Path) -> None:
    named = {(name, file) for file, text in texts(repository) for name in PAGE.findall(text)}
    assert named
    assert {entry for entry in named if entry[0] not in PAGES} == set()


def test_commands_that_texts_name_are_there(repository: Path) -> None:
    named = {(words.strip(), file) for file, text in texts(repository) for words in COMMANDS.findall(text)}
    assert named
    for words, file in named:
        known: object = commands._parser()
        for word in words.split():
            choices = subcommands(known)
            if not choices:
                break  # what follows are arguments
            assert word in choices, f"{file} names `exotwin {words}`"
            known = choices[word]


@pytest.mark.parametrize("advice", IMPOSSIBLE)
def test_nothing_is_advised_that_nothing_can_do(repository: Path, advice: str) -> None:
    assert [file for file, text in texts(repository) if re.search(advice, text)] == []
