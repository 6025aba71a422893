"""Claims about `bench scale`: which parts it measures, and what it says of one that this PC cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.bench.commands import BENCHES, SCALE_PARTS, BenchOptions
from core.errors import refuse


def stand_in(monkeypatch: pytest.MonkeyPatch, part: str, measure: Any) -> None:
    """In the place of the module that measures this part."""
    module = ModuleType(f"app.bench.scale_{part}")
    setattr(module, f"bench_{part}", measure)
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_all_parts_are_measured_and_one_that_cannot_be_says_why_without_stopping_the_rest(
    monkeypatch, capsys
):
    def refused(*, quick: bool) -> dict[str, Any]:
        raise refuse("REC-050", "No server.", "Nothing answers.", "Start it.")

    for part in SCALE_PARTS:
        stand_in(monkeypatch, part, lambda *, quick, part=part: {"of": part, "quick": quick})
    stand_in(monkeypatch, "artifacts", refused)

    found = BENCHES["scale"](BenchOptions(data_dir=Path("unused"), quick=True))

    assert list(found) == list(SCALE_PARTS)
    assert found["artifacts"] == {"not_measured": "No server. Nothing answers.", "code": "REC-050"}
    assert found["memory"] == {"of": "memory", "quick": True}
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert told == [{part: found[part]} for part in SCALE_PARTS]


def test_only_the_parts_that_are_named_are_measured(monkeypatch):
    stand_in(monkeypatch, "physics", lambda *, quick: {"quick": quick})

    found = BENCHES["scale"](BenchOptions(data_dir=Path("unused"), scale_parts=("physics",)))

    assert found == {"physics": {"quick": False}}
