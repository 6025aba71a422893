"""Claims about the bench of one-sided deficits: what it asks of each, and how it counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.bench import commands
from app.bench.assist_deficits import DEFICITS, HELD_OUT, TRAINING_SEEDS, _affected, _reached, _statistics
from app.bench.commands import BenchOptions
from core.domain.twin import GENERIC_BODY
from core.learning.exo.expected_assistance import expected_assistance
from core.learning.exo.sided_help import SidedHelp, choice_seeds


@pytest.mark.parametrize("name", DEFICITS)
def test_every_deficit_has_expected_help_affected_joints_and_prices_by_side(name: str) -> None:
    deficit = DEFICITS[name]
    assert expected_assistance(deficit) is not None and _affected(deficit)
    assert SidedHelp.of(replace(GENERIC_BODY, impairments=(deficit,))) is not None


def test_no_start_that_is_judged_taught_or_chose_anything() -> None:
    sided = SidedHelp((1.2, 0.8))
    chose = {start for seed in TRAINING_SEEDS for start in choice_seeds(seed, sided)}
    assert max(chose) < min(HELD_OUT)


def block(ratios: list[float], good: int) -> dict[str, Any]:
    counts = ("energy_and_symmetry_better", "as_written_down_before", "falls_not_more", "correlation_rises")
    return {"by_training_seed": [{"torque_ratio": one} for one in ratios]} | dict.fromkeys(counts, good)


def test_a_deficit_counts_when_all_training_seeds_reach_the_goal() -> None:
    found = _reached({"one": block([1.4, 1.5, 1.3], 3), "other": block([1.4, 1.2, 1.5], 2)})
    assert found["torque_ratio_at_least_1.3"] == found["energy_and_symmetry_better"] == 1
    assert found["deficits"] == 2


def test_deficits_are_tested_against_each_other_and_training_seeds_are_not_people() -> None:
    def of(ratio: float, asymmetry: float) -> dict[str, Any]:
        runs = [{"metabolic_ratio": ratio + 0.01 * seed, "asymmetry": asymmetry} for seed in (-1, 0, 1)]
        return {"by_training_seed": runs, "without_exo": {"asymmetry": 0.1}}

    found = _statistics({name: of(0.9 + 0.02 * n, 0.05 + 0.01 * n) for n, name in enumerate("abcd")})

    assert found is not None and found["who"] == "4 deficits of one virtual body, simulated"
    ratio = found["metabolic_ratio"]["pairs"][0]["paired_t"]
    assert (ratio["n"], ratio["change"]) == (4, pytest.approx(-0.07))
    assert _statistics({"a": of(0.9, 0.1)}) is None


@pytest.mark.parametrize("part", ["deficits", "situations", "ankle"])
def test_parts_of_the_bench_are_asked_for_by_name_and_run_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, part: str
) -> None:
    monkeypatch.setattr(f"app.bench.assist_{part}.bench_{part}", lambda: {"here": True})
    monkeypatch.setattr("app.bench.assist_falls.bench_falls", lambda: {"a second time": True})
    options = BenchOptions(tmp_path, assist_parts=(part,))
    assert commands.BENCHES["assist"](options) == {part: {"here": True}}
