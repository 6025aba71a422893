"""The benchmark beside OpenSim: what it needs it asks for, and where OpenSim is there its numbers hold."""

import importlib.util
from pathlib import Path

import pytest

from app.bench import ik
from tests.refusals import refused

HERE = importlib.util.find_spec("opensim") is not None


def test_without_opensim_one_is_told_how_to_get_it(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ik.importlib.util, "find_spec", lambda name: None)

    with refused("PC-033") as told:
        ik.bench_ik(tmp_path)
    assert "pip install opensim==4.6" in told.value.advice.next_step


def test_missing_markers_are_refused(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ik.importlib.util, "find_spec", lambda name: object())

    with refused("PC-026"):
        ik.bench_ik(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not HERE, reason="OpenSim is not installed (extra `oracle`)")
def test_both_walks_are_solved_ten_times_as_fast_as_by_opensim_and_within_two_degrees(shared_data) -> None:
    numbers = ik.bench_ik(shared_data("opensim-subject01").parent)

    for trial in ik.TRIALS:
        for whose, nearest_deg in (("same_model", 0.1), ("own_body", 2.0)):
            assert numbers[f"{trial}_{whose}_times_opensims_speed"] > 10.0
            assert numbers[f"{trial}_{whose}_worst_rmse_deg"] < nearest_deg
