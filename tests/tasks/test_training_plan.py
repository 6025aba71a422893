"""Claims about the plan of a training: steps from minutes, measured once on this PC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.tasks.training_plan import (
    CALIBRATION_FILE,
    LEAST_ITERATIONS,
    Calibration,
    store_calibration,
    stored_calibration,
)

PLAN = Calibration(preparation_s=30.0, iteration_s=1.5)


def test_the_plan_fits_into_the_minutes_that_the_preparation_leaves() -> None:
    assert PLAN.iterations(3.0) == 100
    assert PLAN.iterations(0.5) == PLAN.iterations(0.1) == 0


def test_a_handful_of_iterations_is_not_worth_the_noise() -> None:
    shortest = (PLAN.preparation_s + LEAST_ITERATIONS * PLAN.iteration_s) / 60.0
    assert PLAN.iterations(shortest) == LEAST_ITERATIONS
    assert PLAN.iterations(shortest - 0.05) == 0


def test_each_kind_of_training_has_a_plan_of_its_own(tmp_path: Path) -> None:
    slow = Calibration(90.0, 12.0)
    store_calibration(tmp_path, "fast", PLAN)
    store_calibration(tmp_path, "standard", slow)
    assert stored_calibration(tmp_path, "fast") == PLAN
    assert stored_calibration(tmp_path, "standard") == slow


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xfe not text",
        b"[1, 2]",
        b'{"fast": 3}',
        b'{"fast": {"preparation_s": 1.0}}',
        b'{"fast": {"preparation_s": "long", "iteration_s": 1.0}}',
        b'{"fast": {"preparation_s": NaN, "iteration_s": 1.0}}',
        b'{"fast": {"preparation_s": 1.0, "iteration_s": 0.0}}',
        b'{"fast": {"preparation_s": 1.0, "iteration_s": -1.0}}',
    ],
)
def test_a_damaged_file_is_ignored_and_replaced(tmp_path: Path, damaged: bytes) -> None:
    """An iteration that takes no time would make the plan endless."""
    (tmp_path / CALIBRATION_FILE).write_bytes(damaged)
    assert stored_calibration(tmp_path, "fast") is None
    store_calibration(tmp_path, "fast", PLAN)
    assert stored_calibration(tmp_path, "fast") == PLAN
    assert json.loads((tmp_path / CALIBRATION_FILE).read_text("utf-8"))["fast"]["iteration_s"] == 1.5


def test_a_pc_without_a_plan_has_none(tmp_path: Path) -> None:
    assert stored_calibration(tmp_path, "fast") is None
