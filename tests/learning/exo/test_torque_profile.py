"""Claims about the torque over the gait cycle: which strides count, where a peak is, and joined profiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import BoolArray, FloatArray
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind, Side
from core.domain.motion import CYCLE_POINTS
from core.domain.twin import GENERIC_BODY
from core.learning.exo.measures import WalkRecording
from core.learning.exo.torque_profile import assistance_profile
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment

STRIDE_STEPS = 50  # one second
PEAK_AT = 0.52
PEAK_NM = -30.0
MASS_KG = GENERIC_BODY.mass_kg


class Ankles:
    """Stands for an environment whose walkers wear an ankle exo."""

    exo_joint = JointKind.ANKLE


ENVIRONMENT: WalkingEnvironment = Ankles()  # type: ignore[assignment]


def phases(steps: int, walkers: int) -> FloatArray:
    """(T, N, 2) phase of each foot; a walker begins 0.2 of a stride after the one before."""
    time = np.arange(steps)[:, None, None] / STRIDE_STEPS
    return (time + 0.2 * np.arange(walkers)[:, None] + np.array([0.11, 0.61])) % 1.0


def recording(torque_nm: FloatArray, phase: FloatArray, settled: BoolArray | None = None) -> WalkRecording:
    """Walks with feet on the ground in the first 0.6 of their cycles."""
    steps, walkers = phase.shape[:2]
    joints = np.zeros((steps, walkers, 14))
    return WalkRecording(
        settled=np.ones((steps, walkers), np.bool_) if settled is None else settled,
        angle_rad=joints,
        velocity_rad_s=joints,
        torque_nm=joints,
        exo_torque_nm=torque_nm,
        exo_speed_rad_s=np.zeros((steps, walkers, 2)),
        ground_n=np.where(phase < 0.6, 700.0, 0.0),
        heel_m=np.zeros((steps, walkers, 2)),
        speed_m_s=np.ones((steps, walkers)),
        asked_m_s=np.ones((steps, walkers)),
        state=np.zeros((steps, walkers, 0)),
        control=np.zeros((steps, walkers, 0)),
        similarity=1.0,
        falls=np.zeros(walkers, np.int64),
    )


def bump(phase: FloatArray) -> FloatArray:
    return PEAK_NM * np.exp(-(((phase - PEAK_AT) / 0.1) ** 2))


def test_a_peak_is_found_where_and_as_large_as_it_is_on_both_sides() -> None:
    phase = phases(300, 2)

    found = assistance_profile(recording(bump(phase), phase), ENVIRONMENT, GENERIC_BODY)

    assert found.joint is JointKind.ANKLE
    assert found.sd_nm_kg.max() < 1e-6
    for side in Side:
        peak, at = found.peak(side, flexion=False)
        assert peak == pytest.approx(-PEAK_NM / MASS_KG, rel=0.01)
        assert at == pytest.approx(PEAK_AT, abs=0.02)  # a control step is 0.02 of this cycle


def test_only_complete_strides_that_count_throughout_are_averaged() -> None:
    phase = phases(260, 1)
    settled = np.ones((260, 1), np.bool_)
    settled[:50] = False  # the start
    settled[160:175] = False  # a fall, and the next start
    torque = np.where(settled[..., None], bump(phase), 1000.0)

    found = assistance_profile(recording(torque, phase, settled), ENVIRONMENT, GENERIC_BODY)

    # Left strides from steps 95 and 195 count, of the right ones that from 70.
    assert found.strides == (2, 1)
    assert np.abs(found.torque_nm_kg).max() < 1.01 * -PEAK_NM / MASS_KG


def test_a_side_without_a_stride_is_unknown_and_the_other_one_is_not() -> None:
    phase = phases(200, 1)
    walks = recording(bump(phase), phase)
    ground_n = walks.ground_n.copy()
    ground_n[..., 0] = 0.0

    found = assistance_profile(replace(walks, ground_n=ground_n), ENVIRONMENT, GENERIC_BODY)

    assert found.strides[0] == 0 and np.isnan(found.torque_nm_kg[0]).all()
    assert found.strides[1] > 0 and np.isfinite(found.torque_nm_kg[1]).all()


def test_profiles_are_joined_as_if_all_strides_had_been_averaged_at_once() -> None:
    phase = phases(300, 3)
    random = np.random.default_rng(0)
    walks = [
        recording(random.uniform(0.5, 1.5, (1, 3, 2)) * bump(phase)[:length], phase[:length])
        for length in (300, 150)
    ]

    together = assistance_profile(walks, ENVIRONMENT, GENERIC_BODY)
    joined = AssistanceProfile.joined([assistance_profile(one, ENVIRONMENT, GENERIC_BODY) for one in walks])

    assert joined.strides == together.strides
    assert joined.torque_nm_kg == pytest.approx(together.torque_nm_kg)
    assert joined.sd_nm_kg == pytest.approx(together.sd_nm_kg)


def test_a_profile_without_strides_adds_nothing_and_two_joints_are_not_joined() -> None:
    phase = phases(200, 1)
    known = assistance_profile(recording(bump(phase), phase), ENVIRONMENT, GENERIC_BODY)
    empty = np.full((2, CYCLE_POINTS), np.nan)
    unknown = AssistanceProfile(JointKind.ANKLE, empty, empty, (0, 0))

    assert AssistanceProfile.joined([unknown, known]).torque_nm_kg == pytest.approx(known.torque_nm_kg)
    assert np.isnan(AssistanceProfile.joined([unknown]).torque_nm_kg).all()
    with pytest.raises(ValueError, match="one joint"):
        AssistanceProfile.joined([known, AssistanceProfile(JointKind.HIP_FLEXION, empty, empty, (0, 0))])


def test_steps_are_as_long_as_the_test_thinks() -> None:
    assert STRIDE_STEPS * CONTROL_STEP_S == 1.0


def test_torque_at_the_limit_of_the_exo_is_never_told_as_more() -> None:
    """A cubic curve through a plateau of 15 N m bulges over it: a page once told 15.1 N m of an exo of 15."""
    phase = phases(300, 2)
    limited = np.clip(3.0 * bump(phase), PEAK_NM, 0.0)
    found = assistance_profile(recording(limited, phase), ENVIRONMENT, GENERIC_BODY)
    assert found.torque_nm_kg.min() == pytest.approx(PEAK_NM / MASS_KG, rel=1e-9)
