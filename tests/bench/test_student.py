"""Claims about `exotwin bench student`: what it measures is what it says, here with a ready controller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.bench import student, student_transitions
from app.bench.student_recorded import _judged, _longest, _walk36, _young_people
from app.bench.student_transitions import _course, _later, _peak
from core.exo_core.controller import Controller
from core.learning.exo.student_scores import judge
from core.learning.exo.teachers import TwinTeacher, walk_at
from core.learning.exo.temporal_student import GYRO_FAULTS
from core.tasks.teacher_files import shipped_teacher
from tests.learning.exo.gyros import delayed_gyros
from tests.learning.exo.twins import DEVICE, walking_twin


@pytest.fixture(scope="module")
def teacher() -> TwinTeacher:
    return TwinTeacher(walking_twin(), shipped_teacher("default", DEVICE), "the default law")


@pytest.fixture(scope="module")
def core() -> Controller:
    return Controller(student.package_bytes(delayed_gyros()))


def test_the_core_gives_what_the_simulated_walkers_got(teacher: TwinTeacher, core: Controller) -> None:
    walks = judge(
        teacher, delayed_gyros(), [walk_at(1.2, 0.0)], walkers=2, seconds=1.4, seed=0, faults=GYRO_FAULTS
    )
    assert student._largest_difference(walks, core) < 1e-3
    found = student.by_core("", walks, core, teacher.mass_kg, range(2))
    assert found.correlation > 0.3 and 0.0 < found.rmse_nm_kg < 0.2


def test_speeds_change_on_a_course_whose_stairs_are_far_away(teacher: TwinTeacher) -> None:
    course = _course(teacher)
    speeds = np.array([one.speed_m_s for one in course.strides])
    asked = course.weights(np.array([0.0, 8.0, 20.0])) @ speeds
    np.testing.assert_allclose(asked, (0.9, 1.5, 0.9), atol=1e-6)
    assert course.weights(np.array([25.0])) @ course.is_stairs == pytest.approx(0.0)


@pytest.mark.slow
def test_every_transition_is_told(teacher: TwinTeacher, core: Controller) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student_transitions, "_COURSE_S", 3.0)
        numbers: dict[str, Any] = student_transitions.bench_transitions(
            teacher, delayed_gyros(), core, walkers=1, seed=0
        )
    assert {"stands", "starts", "stops", "speed up and down", "peak_lag_ms"} < numbers.keys()
    assert sum("(spliced)" in name for name in numbers) == 3 and numbers["stands"]["largest_nm"] < 3.0


def test_lags_are_between_the_middles_of_plateaus_and_go_round() -> None:
    phase = np.arange(100) / 100.0
    early, late = np.cos(2.0 * np.pi * (phase - 0.95)), np.cos(2.0 * np.pi * (phase - 0.05))
    assert _later(_peak(early), _peak(np.minimum(late, 0.9))) == pytest.approx(0.10, abs=0.011)
    assert _longest(np.array([True, False, True, True])) == slice(2, 4)


def test_real_thighs_turn_as_the_hips_do_and_help_counts_as_help(shared_data: Callable[[str], Path]) -> None:
    shared_data("multi-subject-c3d")
    recordings = shared_data("treadmill-emg-walk36").parent
    walks = [_walk36(recordings), next(_young_people(recordings))]
    for walk in walks:
        moving = walk.thigh_rad_s[50:]
        assert (
            1.5 < np.abs(moving).max() < 8.0 and np.corrcoef(moving[:, 0], walk.hip_rad_s[50:, 0])[0, 1] > 0.9
        )
    helps = _judged(walks, lambda walk: walk.hip_rad_s.astype(np.float32))
    brakes = _judged(walks, lambda walk: -walk.hip_rad_s.astype(np.float32))
    assert helps["positive_work_share"] == 1.0 and brakes["positive_work_share"] == 0.0
