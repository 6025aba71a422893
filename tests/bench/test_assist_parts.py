"""`exotwin bench assist` with a part: what each runs, and that it tells of its blocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.bench import assist_ankle, assist_falls, assist_situations
from app.bench.commands import BENCHES, BenchOptions


def test_falls_are_benched_once_with_the_situations(monkeypatch: pytest.MonkeyPatch) -> None:
    """They train and judge three twins, an hour of work."""
    ran: list[str] = []

    def falls(**_: Any) -> dict[str, Any]:
        ran.append("falls")
        return {"disturbances": {}}

    monkeypatch.setattr(assist_falls, "bench_falls", falls)
    monkeypatch.setattr(assist_situations, "bench_falls", falls)
    monkeypatch.setattr(assist_situations, "SITUATIONS", ())
    for name in ("default_twin", "training_block", "course_block"):
        monkeypatch.setattr(assist_situations, name, lambda *_: {})
    monkeypatch.setattr(assist_situations, "train", lambda *_: SimpleNamespace(controller=None))

    found = BENCHES["assist"](BenchOptions(data_dir=Path("unused"), assist_parts=("situations",)))

    assert "disturbances" in found["situations"]
    assert ran == ["falls"]


def test_blocks_of_ankle_exos_are_told_as_they_are_ready(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def blocks(device: str) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "conditions", {"exo": device}

    monkeypatch.setattr(assist_ankle, "ankle_blocks", blocks)
    found = assist_ankle.bench_ankle()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert told == [{f"{device}, conditions": one["conditions"]} for device, one in found.items()] != []
