"""Claims about `exotwin bench stats` and the benches that test cohorts of virtual people by it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from app.bench import stats
from app.bench.strangers import _verdict
from core.domain.walk_measures import Estimate
from core.statistics.told import rounded


def test_without_the_other_programs_chance_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "find_spec", lambda _name: None)

    found = stats.bench_stats(runs=4)

    assert found["pingouin"].startswith("not installed") and found["simulated"]
    assert found["chance"]["runs"] == 4
    json.dumps(found)


def test_differences_that_are_no_number_count_as_endless() -> None:
    assert stats.largest_differences({"a": {"x": math.nan}}, {"a": {"x": 1.0}}) == {"x": math.inf}


def test_own_controllers_are_tested_person_by_person() -> None:
    random = np.random.RandomState(3)
    ratio = 0.95 + 0.01 * random.randn(8, 9)
    ratio[np.arange(8), np.arange(8)] = 0.90 + 0.005 * random.randn(8)
    others = (ratio[:, :8].sum(axis=1) - np.diag(ratio)) / 7

    found = _verdict("metabolic", ratio)

    interval = Estimate.of(others - np.diag(ratio))
    assert found["metabolic.gain_over_strangers"] == pytest.approx(
        [interval.mean, interval.low, interval.high], abs=1e-4
    )
    statistics = found["metabolic.statistics"]
    assert statistics["who"] == "8 virtual people, simulated"
    assert [one["name"] for one in statistics["conditions"]] == ["own", "strangers", "generic"]
    assert statistics["differs"] and statistics["anova"]["df1"] == 2
    json.dumps(found)


def test_numbers_are_told_with_the_digits_that_count() -> None:
    assert rounded({"a": [0.000123456, "x", 12, True]}) == {"a": [0.0001235, "x", 12, True]}
