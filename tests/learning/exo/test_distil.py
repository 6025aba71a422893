"""Claims about teaching a controller that has two thigh gyros and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.devices.profiles import for_first_session, load_default_controller
from core.domain.body import JointKind
from core.domain.distillation import Agreement, Distillation
from core.domain.scenario import LEVEL_WALKING
from core.learning.exo import distil as distil_module
from core.learning.exo.distil import Pupil, distil
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.pupil_walks import pupil_walks
from core.learning.exo.student_scores import compared, judged_walks, standing_nm
from core.learning.exo.teachers import SPEEDS_M_S, TwinTeacher, drawn_walks, walk_at
from core.learning.exo.temporal_student import (
    GYRO_FAULTS,
    DistillationSizes,
    _episodes,
    student_controller,
)
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.model.exo_sensors import PERFECT
from tests.learning.exo.gyros import delayed_gyros
from tests.learning.exo.twins import DEVICE, LIMITS, constant, untrained_twin, walking_twin
from tests.refusals import code_of

TINY = DistillationSizes(walkers=4, own=3, seconds=2.4, steps=(50, 12), windows=12, window_ticks=48)


def teacher_of(twin: TwinInExo) -> TwinTeacher:
    return TwinTeacher(twin, for_first_session(load_default_controller(DEVICE), DEVICE), "the default law")


@pytest.fixture(scope="module")
def taught() -> tuple[Pupil, list[str]]:
    """A little pupil, and what was told."""
    told: list[str] = []
    clock = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distil_module, "JUDGED_WALKERS", 1)
        patch.setattr(distil_module, "JUDGED_S", 1.6)
        patch.setattr(distil_module, "judged_walks", lambda: [walk_at(1.0, 0.0), walk_at(1.4, 0.0)])
        pupil = distil(
            teacher_of(walking_twin()),
            teacher_id="T-1",
            seed=0,
            watch=lambda fraction, sentence: told.append(f"{fraction:.2f} {sentence}"),
            clock=lambda: float(next(clock)),
            sizes=TINY,
        )
    return pupil, told


def test_a_pupil_comes_nearer_to_its_teacher_in_every_round(taught: tuple[Pupil, list[str]]) -> None:
    pupil, told = taught
    (curve,) = pupil.curves
    assert curve.unit == "N m/kg" and curve.value[1] < 0.8 * curve.value[0]
    assert pupil.evidence.overall.correlation > 0.8
    assert len(pupil.evidence.walks) == 2 and pupil.evidence.teacher_id == "T-1"
    assert told[0].startswith("0.00 The twin walks") and "Round 2 of 2" in told[-1]


def test_a_pupil_keeps_the_limits_of_its_teacher_and_gives_torque(taught: tuple[Pupil, list[str]]) -> None:
    controller = taught[0].controller
    assert controller.limits == LIMITS and controller.joint is JointKind.HIP_FLEXION
    assert controller.sizes == (2, 32, 32, 32, 32, 2) and controller.dilations == (1, 2, 4, 8, 1)


def test_who_falls_with_a_teacher_cannot_be_taught_by_it() -> None:
    sizes = replace(TINY, steps=(1,), seconds=2.0)

    def taught_by(twin: TwinInExo) -> Pupil:
        clock = itertools.count()
        return distil(
            teacher_of(twin),
            teacher_id="",
            seed=0,
            watch=lambda *_: None,
            clock=lambda: float(next(clock)),
            sizes=sizes,
        )

    assert code_of(taught_by, untrained_twin()) == "TRN-060"


def test_ankles_and_pupils_are_no_teachers(twin: TwinInExo) -> None:
    ankle = TwinInExo(twin.policy, "OpenExo_L1")
    assert code_of(TwinTeacher, ankle, load_default_controller("OpenExo_L1"), "") == "TRN-062"
    assert code_of(TwinTeacher, twin, load_default_controller("OpenExo_L1"), "") == "TRN-062"
    assert code_of(TwinTeacher, twin, delayed_gyros(), "") == "TRN-064"


def test_the_teacher_assists_as_often_as_is_said_and_tells_the_same_either_way(twin: TwinInExo) -> None:
    for beta, by in ((1.0, "teacher_nm"), (0.0, "pupil_nm")):
        walks_of = teacher_of(twin).walks([walk_at(1.2, 0.0)] * 2, seed=1, seconds=2.0)
        given = []
        environment = walks_of.environment
        inner = environment.exo_control

        def noted(torque: np.ndarray, inner=inner, given=given):  # type: ignore[no-untyped-def]
            given.append(torque.copy())
            return inner(torque)

        environment.exo_control = noted  # type: ignore[method-assign]
        exo = GyroExo(delayed_gyros(), environment, faults=PERFECT)
        walks = pupil_walks(walks_of, exo, 0.2, beta=beta, seed=0)
        np.testing.assert_allclose(np.array(given), getattr(walks, by), atol=1e-5)


def test_a_pupil_is_judged_at_three_speeds_on_three_slopes() -> None:
    assert len({(one.speed_m_s, one.ground) for one in judged_walks()}) == 9


def test_lessons_are_cut_where_a_walker_starts_again() -> None:
    age = np.array([[0, 0], [1, 1], [2, 2], [3, 0], [4, 1], [5, 2]])
    assert list(_episodes(age, 3)) == [(0, 0, 6), (1, 0, 3), (1, 3, 6)]
    assert list(_episodes(age, 4)) == [(0, 0, 6)]


def test_lessons_cover_all_speeds_slopes_starts_and_the_own_walk() -> None:
    drawn = drawn_walks(200, np.random.default_rng(0), own=4)
    speeds = np.array([one.speed_m_s for one in drawn[4:]])
    assert [one.speed_m_s for one in drawn[:4]] == [None] * 4
    assert speeds.min() < 0.75 and speeds.max() > 1.7 and SPEEDS_M_S == (0.7, 1.8)
    further = drawn_walks(50, np.random.default_rng(0), own=2, further=(LEVEL_WALKING,))
    assert sum(one is LEVEL_WALKING for one in further) == 2 + 6
    assert len({one.ground for one in drawn}) == 5 and sum(one.start_and_stop for one in drawn) > 20


def test_agreement_is_correlation_and_difference() -> None:
    told = np.sin(np.linspace(0.0, 30.0, 400))[:, None]
    found = compared("x", told + 0.1, told)
    assert found.correlation == pytest.approx(1.0) and found.rmse_nm_kg == pytest.approx(0.1)
    assert compared("x", 0.0 * told, told).correlation == 0.0
    near = Distillation("t", "", (), Agreement("all", 0.96, 0.019), 0.5, 1, 1.0)
    assert near.alike and not near.stands_helped
    assert not replace(near, overall=Agreement("all", 0.94, 0.019)).alike
    assert not replace(near, overall=Agreement("all", 0.99, 0.021)).alike
    assert replace(near, standing_nm=1.1).stands_helped


def test_who_stands_gets_what_the_network_gives_for_a_still_gyro() -> None:
    still = replace(delayed_gyros(), network=constant((2, 4, 2), "relu", 3.0), taps=(), dilations=())
    assert standing_nm(still, GYRO_FAULTS, seed=0, people=1) == pytest.approx(3.0, abs=1e-4)
    quiet = student_controller(constant((2, 4, 2), "relu"), LIMITS)
    assert standing_nm(replace(quiet, taps=(), dilations=()), GYRO_FAULTS, seed=0, people=1) == 0.0
