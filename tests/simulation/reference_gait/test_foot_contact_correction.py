"""A stride that stands on the ground: what is corrected, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, SAGITTAL, Joint, JointKind, Side
from core.domain.motion import GaitReference
from core.domain.scenario import LEVEL_GROUND, scenario_of
from core.domain.twin import GENERIC_BODY
from core.gait.norm_choice import CHILDREN
from core.gait.norms import normal_reference
from core.gait.scenario_reference import scenario_reference
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.foot_contact_correction import (
    ContactCorrection,
    correct_foot_contact,
    stride_for_training,
)
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity

FLEXION = [joint.column for joint in JOINTS if joint.kind in SAGITTAL]
KNEE_L, KNEE_R = (Joint.of(JointKind.KNEE, side).column for side in Side)


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.FAST, None)


def published() -> GaitReference:
    """Mean curves of many people, as cameras see them: nothing of the pelvis' and the toes' movement."""
    own = normal_reference()
    angle = np.array(own.angle_rad)
    for joint in JOINTS:
        if joint.kind in SAGITTAL:
            mean = CHILDREN.band(joint.kind).mean_rad[:100]
            angle[:, joint.column] = mean if joint.side is Side.LEFT else np.roll(mean, 50)
        elif joint.kind is JointKind.TOES:
            angle[:, joint.column] = 0.0
    return GaitReference(own.period_s, own.speed_m_s, angle)


@pytest.fixture(scope="module")
def normal(model) -> ContactCorrection:
    return correct_foot_contact(published(), GENERIC_BODY.scale)


def test_both_feet_share_one_floor_in_double_support(normal) -> None:
    assert normal.gap_before_m > 0.015
    assert normal.gap_after_m < 0.004


def test_flat_feet_do_not_slide(normal) -> None:
    assert normal.slide_before_m > 0.05
    assert normal.slide_after_m < 0.015


def test_the_correction_stays_below_what_a_camera_errs_by(normal) -> None:
    assert normal.change_rms_deg[FLEXION].max() < 2.5


def test_an_even_stride_stays_even(normal) -> None:
    angle = normal.reference.angle_rad
    left, right = angle[:, KNEE_L], angle[:, KNEE_R]

    np.testing.assert_allclose(np.roll(left, len(left) // 2), right, atol=np.radians(0.3))


def test_a_corrected_stride_is_hardly_corrected_again(normal, model) -> None:
    again = correct_foot_contact(normal.reference, GENERIC_BODY.scale)

    assert again.change_rms_deg.max() < 1.0


def test_a_stiff_knee_stays_stiff(model) -> None:
    own = normal_reference()
    angle = np.array(own.angle_rad)
    angle[:, KNEE_L] = angle[:, KNEE_L].mean() + 0.6 * (angle[:, KNEE_L] - angle[:, KNEE_L].mean())

    found = correct_foot_contact(GaitReference(1.3, 0.9, angle), GENERIC_BODY.scale)

    assert found.gap_after_m < 0.25 * found.gap_before_m
    range_left, range_right = (np.ptp(found.reference.angle_rad[:, column]) for column in (KNEE_L, KNEE_R))
    assert range_left < 0.75 * range_right


def test_a_run_is_left_alone(model) -> None:
    own = normal_reference()
    run = GaitReference(0.7, 2.5, own.angle_rad)

    assert correct_foot_contact(run, GENERIC_BODY.scale).reference is run


def test_on_a_ramp_feet_stand_along_the_slope(model) -> None:
    climb = float(np.tan(np.radians(5.0)))
    stride = scenario_reference(scenario_of("ramp-up-5"), GENERIC_BODY, None)
    on_ramp = correct_foot_contact(stride, GENERIC_BODY.scale, climb)

    assert on_ramp.gap_after_m < 0.006 < on_ramp.gap_before_m
    assert (
        correct_foot_contact(on_ramp.reference, GENERIC_BODY.scale).gap_before_m > 0.02
    )  # on the level it would not stand


def test_stairs_are_taught_as_they_are() -> None:
    item = scenario_of("stairs-up")
    stride = scenario_reference(item, GENERIC_BODY, None)

    assert stride_for_training(stride, GENERIC_BODY.scale, item.ground) is stride


def test_equal_strides_are_set_on_the_ground_once_and_others_for_themselves() -> None:
    def for_training(climb: float = 0.0, thigh: float = 1.0) -> GaitReference:
        return correct_foot_contact(
            normal_reference(), replace(GENERIC_BODY.scale, thigh=thigh), climb
        ).reference

    assert for_training() is for_training()
    assert np.abs(for_training(climb=0.1).angle_rad - for_training().angle_rad).max() > np.radians(1.0)
    assert np.abs(for_training(thigh=1.2).angle_rad - for_training().angle_rad).max() > np.radians(0.1)


def test_a_foot_that_scuffs_is_told(model) -> None:
    own = published()
    hanging = np.array(own.angle_rad)
    hanging[65:90, Joint.ANKLE_L.column] -= 0.4

    scuff_m = [
        correct_foot_contact(replace(own, angle_rad=angle), GENERIC_BODY.scale).scuff_before_m
        for angle in (own.angle_rad, hanging)
    ]

    assert scuff_m[1] > scuff_m[0] + 0.02


def test_a_twin_is_judged_by_the_persons_own_stride(model) -> None:
    own = published()
    environment = WalkingEnvironment([Walker(model, GENERIC_BODY, own)], seed=1, threads=1)
    for_training = stride_for_training(own, GENERIC_BODY.scale, LEVEL_GROUND)
    apart = StrideBank([for_training]).angle(environment.phase) - StrideBank([own]).angle(environment.phase)

    assert np.abs(apart).max() > np.radians(1.0)
    training_error = environment.joint_angle_rad - environment.strides.angle(environment.phase)
    np.testing.assert_allclose(environment.own_error_rad - training_error, apart, atol=1e-12)
