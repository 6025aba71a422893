"""A test of a bad input is watched while it runs: the program must really have told the code in the index.

The index is `session/bad_inputs.csv`, a row per bad input, sorted by code.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.errors import Advice

TESTS = Path(__file__).resolve().parent
INDEX = TESTS / "session" / "bad_inputs.csv"
BY_CASE = ("code", "codes")  # parameters that name the code of one case


@cache
def index() -> dict[str, tuple[str, str, str]]:
    """Bad input: its code, the file below tests/, and how the name of its test begins.

    Raises ValueError where two rows describe the same bad input.
    """
    with INDEX.open(encoding="utf-8", newline="") as rows:
        told = [(row["bad input"], (row["code"], row["file"], row["test"])) for row in csv.DictReader(rows)]
    twice = [bad_input for bad_input, times in Counter(name for name, _ in told).items() if times > 1]
    if twice:
        raise ValueError(f"{INDEX.name} has more than one row for: {', '.join(twice)}")
    return dict(told)


def codes_to_be_told(item: pytest.Item) -> set[str]:
    """What this test is in the index for; of a test with many cases, this case's code."""
    name = getattr(item, "originalname", None) or item.name
    codes = {
        code
        for code, file, begins in index().values()
        if TESTS / file == item.path and name.startswith(begins)
    }
    case: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    own = [case[parameter] for parameter in BY_CASE if parameter in case]
    return {code for code in codes if code in str(own)} if own else codes


@contextmanager
def told_codes() -> Iterator[set[str]]:
    """The codes of all advice that is made, received or looked at in this process meanwhile."""
    told: set[str] = set()
    slot = Advice.__dict__["code"]

    def look(advice: Advice) -> str:
        told.add(slot.__get__(advice))
        return str(slot.__get__(advice))

    def make(advice: Advice, code: str) -> None:
        told.add(code)
        slot.__set__(advice, code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Advice, "code", property(look, make))
        yield told
