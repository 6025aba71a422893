"""A clinician's numbers are those of the walk that was made, recorded or simulated."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.impairment import SLOTS, ImpairmentKind, Slot, drop_foot
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.analysis.expected_impairment_effects import EXPECTED_CHANGES, expected_of
from core.simulation.analysis.gait_features import GaitFeatures, SideFeatures, _standing_toe_m, walk_features
from core.simulation.reference_gait.reference_strides import StrideBank

LEFT, RIGHT = Side.LEFT, Side.RIGHT
REFERENCE = normal_reference()
STRIDES = 4.0


def played(
    *,
    added_rad: dict[Joint, float] | None = None,
    left_up_rad: float = 0.0,
    forward_rad: float = 0.0,
    pelvis_m: float = 0.95,
) -> GaitFeatures:
    """The normal stride, played four times at its own speed, with angles added in the left leg's swing."""
    time_s = np.arange(0.0, STRIDES * REFERENCE.period_s, 0.02)
    phase = (time_s / REFERENCE.period_s) % 1.0
    bank = StrideBank([REFERENCE] * len(time_s))
    angle = bank.angle(phase)
    swing = (phase > 0.62) & (phase < 0.98)  # of the left leg
    for joint, value in (added_rad or {}).items():
        angle[swing, joint.column] += value
    root = np.zeros((len(time_s), 7))
    root[:, 1], root[:, 2] = -REFERENCE.speed_m_s * time_s, pelvis_m
    turn = Rotation.from_euler("yx", [-left_up_rad, forward_rad])
    root[:, 3:] = turn.as_quat(scalar_first=True)
    features = walk_features(GENERIC_BODY, time_s, root, angle)
    assert features is not None
    return features


def test_peaks_are_those_of_the_stride_that_was_played() -> None:
    walk, degrees = played(), np.degrees(REFERENCE.angle_rad)

    for side, own in zip((LEFT, RIGHT), walk.sides, strict=True):
        knee = degrees[:, Joint.of(JointKind.KNEE, side).column]
        hip = degrees[:, Joint.of(JointKind.HIP_FLEXION, side).column]
        assert np.degrees(own.knee_swing_peak_rad) == pytest.approx(knee.max(), abs=2.0)
        assert np.degrees(own.hip_extension_peak_rad) == pytest.approx(-hip.min(), abs=2.0)
    assert walk.cycle_rad.shape == (101, len(JOINTS))


def test_speed_time_and_steps_are_those_of_the_walk() -> None:
    walk = played()

    assert walk.speed_m_s == pytest.approx(REFERENCE.speed_m_s, rel=0.02)
    for own in walk.sides:
        assert own.stride_time_s == pytest.approx(REFERENCE.period_s, rel=0.02)
        assert own.step_length_m == pytest.approx(0.5 * REFERENCE.speed_m_s * REFERENCE.period_s, rel=0.1)
        assert 0.55 < own.stance_fraction < 0.7


def test_a_foot_that_hangs_clears_the_floor_less_and_the_other_does_not_change() -> None:
    normal, hanging = played(), played(added_rad={Joint.of(JointKind.ANKLE, LEFT): -0.15})

    assert hanging.sides[0].toe_clearance_m < normal.sides[0].toe_clearance_m - 0.005
    assert hanging.sides[1].toe_clearance_m == pytest.approx(normal.sides[1].toe_clearance_m, abs=1e-6)
    assert hanging.sides[0].ankle_swing_rad == pytest.approx(normal.sides[0].ankle_swing_rad - 0.15, abs=0.01)


def test_toes_clear_the_floor_itself_and_not_a_standing_foot_which_sinks_into_it() -> None:
    deep, high = played(pelvis_m=0.94), played(pelvis_m=0.96)

    for low, up in zip(deep.sides, high.sides, strict=True):
        assert up.toe_clearance_m - low.toe_clearance_m == pytest.approx(0.02, abs=1e-6)
    assert 0.01 < _standing_toe_m(GENERIC_BODY.scale) < 0.04  # the landmark is on the bone, above the skin


def test_a_pelvis_whose_left_side_is_up_has_dropped_for_the_left_leg_only() -> None:
    tilted = played(left_up_rad=0.1)

    assert tilted.of("pelvis_drop_rad", LEFT) == pytest.approx(0.1, abs=0.01)
    assert tilted.of("pelvis_drop_rad", RIGHT) == pytest.approx(-0.1, abs=0.01)


def test_a_trunk_that_leans_ahead_leans_forward() -> None:
    assert played(forward_rad=0.1).of("forward_lean_rad", None) == pytest.approx(0.1, abs=0.01)


def test_standing_still_has_no_features() -> None:
    time_s = np.arange(0.0, 2.0, 0.02)
    root = np.tile([0.0, 0.0, 0.95, 1.0, 0.0, 0.0, 0.0], (len(time_s), 1))

    assert walk_features(GENERIC_BODY, time_s, root, np.zeros((len(time_s), len(JOINTS)))) is None


def test_impairments_of_the_body_do_not_move_what_is_measured() -> None:
    time_s = np.arange(0.0, 3 * REFERENCE.period_s, 0.02)
    angle = StrideBank([REFERENCE] * len(time_s)).angle((time_s / REFERENCE.period_s) % 1.0)
    root = np.tile([0.0, 0.0, 0.95, 1.0, 0.0, 0.0, 0.0], (len(time_s), 1))
    root[:, 1] = -REFERENCE.speed_m_s * time_s
    weak = replace(GENERIC_BODY, impairments=(drop_foot(LEFT, 0.5),))

    own, other = (walk_features(body, time_s, root, angle) for body in (GENERIC_BODY, weak))

    assert own is not None and other is not None and own.sides == other.sides


def test_every_expected_change_is_of_a_slider_and_a_feature_that_exist() -> None:
    of_side = {field.name for field in fields(SideFeatures)}
    of_walk = {field.name for field in fields(GaitFeatures)}
    for expected in EXPECTED_CHANGES:
        assert any(expected.concerns(slot) for slot in SLOTS), expected
        assert expected.feature in (of_walk if expected.whole_walk else of_side)
        assert abs(expected.direction) == 1 and expected.source


def test_an_expected_change_is_positive_on_the_side_that_changed_as_expected() -> None:
    slot = Slot(ImpairmentKind.WEAKNESS, LEFT, group=MuscleGroup.DORSIFLEXORS)
    drops = next(expected for expected in expected_of(slot) if expected.feature == "ankle_swing_rad")
    normal, hanging = played(), played(added_rad={Joint.of(JointKind.ANKLE, LEFT): -0.15})

    assert drops.change(normal, hanging, slot) == pytest.approx(0.15, abs=0.01)
    assert drops.change(normal, hanging, replace(slot, side=RIGHT)) == pytest.approx(0.0, abs=1e-6)
