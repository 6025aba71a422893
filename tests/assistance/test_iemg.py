"""Claims about activity at a force: from files to percent of the maximum contraction, or advice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.assistance.forces import force_of
from core.domain.body import Side
from core.jobs.values import JsonValue
from core.tasks.tune_amplitude import from_files
from tests.assistance.emg_files import NAMES, maxima_file, walk_file, walk_files
from tests.refusals import refused

LEFT_TOO = (*NAMES, "L RF", "L VMO", "L VLO")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, JsonValue]:
    folder = tmp_path_factory.mktemp("emg")
    return {
        "files": [str(path) for path in walk_files(folder)],
        "forces_n": [str(force) for force in range(10, 61, 10)],
        "mvc_files": [str(maxima_file(folder / "mvc.csv"))],
        "unit": "uV",
        "mvc_unit": "uV",
    }


def test_six_recordings_give_the_force_of_least_activity(recordings: dict[str, JsonValue]) -> None:
    found = from_files(recordings)
    assert found.measured.side is Side.RIGHT and not found.measured.simulated
    assert list(found.measured.cycles) == [6] * 6
    share = found.measured.activity_percent / (5.5 + 0.0048 * (np.arange(10, 61, 10) - 33) ** 2)
    assert 0.85 < share.mean() < 1.0  # the best second of a noisy maximum is a little above its mean
    assert share == pytest.approx(np.full(6, share.mean()), rel=0.06)
    assert abs(found.best_n - 33.0) <= 4.0 and found.band_n[0] <= 33.0 <= found.band_n[1]


def test_the_order_of_the_files_does_not_matter(recordings: dict[str, JsonValue]) -> None:
    files, forces = recordings["files"], recordings["forces_n"]
    assert isinstance(files, list) and isinstance(forces, list)
    some = {**recordings, "files": files[3::-1], "forces_n": forces[3::-1]}
    assert list(from_files(some).measured.force_n) == [10.0, 20.0, 30.0, 40.0]


Change = Callable[[Path], dict[str, JsonValue]]


def _replaced(name: str, **walk: object) -> Change:
    """The first recording is another one."""
    return lambda folder: {"first": str(walk_file(folder / name, 6.0, **walk))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("AMP-002", lambda _: {"forces_n": ["10", "20", "30", "40", "50", "50"]}),
        ("AMP-003", _replaced("calf.csv", names=("R soleus", "R TA", "R VLO"))),
        ("AMP-003", _replaced("both.csv", names=LEFT_TOO)),
        ("AMP-003", lambda _: {"side": "left"}),
        ("AMP-004", lambda _: {"mvc_files": []}),
        ("AMP-005", _replaced("one.csv", cycles=1)),
        ("AMP-005", _replaced("bare.csv", switch="")),
        ("AMP-005", lambda _: {"strikes": "Trigger"}),
        ("AMP-005", _replaced("other.csv", switch="L heel switch")),
        ("AMP-006", lambda _: {"forces_n": ["10 kg", "20", "30", "40", "50", "60"]}),
        ("AMP-006", lambda _: {"forces_n": ["10"]}),
    ],
)
def test_what_cannot_be_used_is_told(
    code: str, change: Change, recordings: dict[str, JsonValue], tmp_path: Path
) -> None:
    changed = {**recordings, **change(tmp_path)}
    first, files = changed.pop("first", None), changed["files"]
    assert isinstance(files, list)
    if first is not None:
        changed["files"] = [first, *files[1:]]
    with refused(code):
        from_files(changed)


def test_maximum_contractions_of_other_muscles_are_none(
    recordings: dict[str, JsonValue], tmp_path: Path
) -> None:
    other = maxima_file(tmp_path / "mvc.csv", names=("R soleus", "R TA"))
    with refused("AMP-004"):
        from_files({**recordings, "mvc_files": [str(other)]})


@pytest.mark.parametrize(
    ("text", "newtons"), [("10", 10.0), ("10 N", 10.0), (" 12,5n ", 12.5), ("35newtons", 35.0)]
)
def test_forces_are_newtons(text: str, newtons: float) -> None:
    assert force_of(text) == newtons


@pytest.mark.parametrize(
    "text", ["", "ten", "10 kg", "10 lbf", "3 Nm", "50 %", "0", "-10", "1000", "nan", "1e9"]
)
def test_what_is_no_force_is_refused(text: str) -> None:
    with refused("AMP-006"):
        force_of(text)
