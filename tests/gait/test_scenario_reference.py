"""Every scenario asks for a movement a body can do: feet that stand, feet that clear, joints in range."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.motion import GaitReference
from core.domain.scenario import SCENARIOS, GaitKind, Scenario, ground_height_m, scenario_of
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.leg import Leg, foot_pitch
from core.gait.norms import normal_reference
from core.gait.scenario_reference import normal_walk, scenario_reference
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.initial_states import HEIGHT_SAMPLES, standing_heights
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity, is_foot_geom
from core.twin.scaling import scales_for_height
from core.twin.skeleton import Skeleton

SAMPLES = 50
SHAPES = tuple({(item.ground, item.gait, item.speed_m_s): item for item in SCENARIOS}.values())
STANCE = {
    GaitKind.WALK: 0.55,
    GaitKind.RUN: 0.30,
    GaitKind.STAIRS_UP: 0.60,
    GaitKind.STAIRS_DOWN: 0.60,
    GaitKind.COURSE: 0.55,  # its first stride is a walk
}
MID_SWING = {GaitKind.WALK: (0.74, 0.92), GaitKind.RUN: (0.55, 0.9)}


def scenario(key: str) -> Scenario:
    found = scenario_of(key)
    assert found is not None
    return found


def body_of(height_m: float) -> BodyParameters:
    return BodyParameters(height_m, 75.0 * (height_m / 1.7) ** 2, scales_for_height(height_m))


def column(kind: JointKind) -> int:
    return Joint.of(kind, Side.LEFT).column


def left_sole(item: Scenario, body: BodyParameters, stride: GaitReference) -> tuple[FloatArray, FloatArray]:
    """Distance ahead and height above the ground (K, P) of the ends of the left foot's capsules."""
    model = worn_model(body, Fidelity.FAST, None, ground=item.ground)
    data, bank = mujoco.MjData(model), StrideBank([stride])
    heights = standing_heights(model, bank, item.ground)
    ahead, above = np.zeros((2, SAMPLES, 8))
    for sample in range(SAMPLES):
        phase = sample / SAMPLES
        forward = phase * stride.period_s * stride.speed_m_s
        data.qpos[:] = 0.0
        data.qpos[1:4] = (
            -forward,
            heights[sample * HEIGHT_SAMPLES // SAMPLES] + item.ground.climb * forward,
            1,
        )
        data.qpos[[model.joint(joint.value).qposadr[0] for joint in JOINTS]] = bank.angle(np.array([phase]))[
            0
        ]
        mujoco.mj_kinematics(model, data)
        ahead[sample], above[sample] = _capsule_ends(model, data, item)
    return ahead, above


def _capsule_ends(
    model: mujoco.MjModel, data: mujoco.MjData, item: Scenario
) -> tuple[FloatArray, FloatArray]:
    ends, radii = [], []
    for geom in range(model.ngeom):
        name = model.geom(geom).name
        if (
            is_foot_geom(name)
            and name.endswith("_l")
            and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE
        ):
            along = data.geom_xmat[geom].reshape(3, 3)[:, 2] * model.geom_size[geom, 1]
            ends += [data.geom_xpos[geom] - along, data.geom_xpos[geom] + along]
            radii += [model.geom_size[geom, 0]] * 2
    ahead = -np.array(ends)[:, 1]
    return ahead, np.array(ends)[:, 2] - np.array(radii) - ground_height_m(item.ground, ahead)


@pytest.mark.slow
@pytest.mark.parametrize("item", SHAPES, ids=lambda item: item.key)
@pytest.mark.parametrize("height_m", [1.55, 1.85])
def test_the_standing_foot_stands_and_the_swinging_foot_clears_the_ground(
    item: Scenario, height_m: float
) -> None:
    body = body_of(height_m)
    stride = scenario_reference(item, body, None)
    ahead, above = left_sole(item, body, stride)
    stance = range(3, round(STANCE[item.gait] * SAMPLES))
    rows = np.arange(stance.start, stance.stop)
    lowest = above[rows].argmin(axis=1)
    slide = (ahead[rows + 1, lowest] - ahead[rows, lowest]) * SAMPLES / stride.period_s
    assert np.sqrt(np.mean(slide**2)) < 0.08 * max(1.0, stride.speed_m_s)
    assert above[rows].min(axis=1).max() < 0.03
    first, last = MID_SWING.get(item.gait, (0.72, 0.93))
    assert above[round(first * SAMPLES) : round(last * SAMPLES)].min() > 0.005


@pytest.mark.slow
@pytest.mark.parametrize("item", SHAPES, ids=lambda item: item.key)
def test_angles_stay_within_the_ranges_of_the_body(item: Scenario) -> None:
    limits = Skeleton(GENERIC_BODY).limit_rad
    angle = StrideBank([scenario_reference(item, GENERIC_BODY, None)]).angle(np.array([0.0]))
    samples = scenario_reference(item, GENERIC_BODY, None).angle_rad
    for values in (angle, samples):
        assert (values > limits[:, 0] - 1e-9).all()
        assert (values < limits[:, 1] + 1e-9).all()


def test_the_persons_own_level_stride_is_asked_for_unchanged() -> None:
    own = normal_reference(1.8)
    assert scenario_reference(scenario("level"), GENERIC_BODY, own) is own


def test_a_level_walk_at_another_speed_keeps_the_persons_own_difference_from_normal() -> None:
    leg = Leg.of(GENERIC_BODY.scale)
    normal = normal_walk(leg)
    stiff = GaitReference(normal.period_s, normal.speed_m_s, normal.angle_rad + 0.1 * np.arange(14) / 14)
    for key in ("level-0.6", "ramp-up-5"):
        plain, own = (
            scenario_reference(scenario(key), GENERIC_BODY, item).angle_rad for item in (normal, stiff)
        )
        unlimited = [column(JointKind.HIP_FLEXION), column(JointKind.HIP_ADDUCTION)]
        difference = (own - plain)[:, unlimited]
        np.testing.assert_allclose(
            difference, np.broadcast_to(0.1 * np.array(unlimited) / 14, (100, 2)), atol=1e-9
        )


def test_a_stride_on_stairs_is_two_treads_whoever_walks() -> None:
    for height_m in (1.5, 1.7, 1.9):
        for key in ("stairs-up", "stairs-down"):
            stride = scenario_reference(scenario(key), body_of(height_m), None)
            assert stride.period_s * stride.speed_m_s == pytest.approx(0.58)


def test_joints_change_with_the_slope_as_published() -> None:
    at_contact = {}
    for key in ("level", "ramp-up-10", "ramp-down-10"):
        at_contact[key] = np.degrees(scenario_reference(scenario(key), GENERIC_BODY, None).angle_rad)
    hip, knee = column(JointKind.HIP_FLEXION), column(JointKind.KNEE)
    assert 10 < at_contact["ramp-up-10"][0, hip] - at_contact["level"][0, hip] < 30
    assert 15 < at_contact["ramp-up-10"][0, knee] - at_contact["level"][0, knee] < 40
    late_stance = slice(30, 60)
    assert (
        at_contact["ramp-down-10"][late_stance, knee].mean()
        > at_contact["level"][late_stance, knee].mean() + 8
    )


@pytest.mark.parametrize(
    ("key", "hip", "knee"),
    [
        ("stairs-up", (55, 75), (85, 105)),
        ("stairs-down", (30, 50), (85, 105)),
        ("run-3.0", (30, 50), (80, 110)),
    ],
)
def test_peak_flexion_on_stairs_and_in_running_is_as_published(
    key: str, hip: tuple[float, float], knee: tuple[float, float]
) -> None:
    peak = np.degrees(scenario_reference(scenario(key), GENERIC_BODY, None).angle_rad.max(axis=0))
    assert hip[0] < peak[column(JointKind.HIP_FLEXION)] < hip[1]
    assert knee[0] < peak[column(JointKind.KNEE)] < knee[1]


def test_the_plane_leg_is_the_body_models_leg() -> None:
    body = body_of(1.8)
    skeleton, leg = Skeleton(body), Leg.of(body.scale)
    angle = np.array([0.5, 0.0, 0.0, 0.9, 0.1, 0.0, -0.2] * 2)
    skeleton.set_pose(np.concatenate([np.zeros(6), angle]))
    place = skeleton.data.xpos[skeleton.model.body("talus_l").id]
    hip, knee, ankle = angle[0], angle[3], angle[4]
    found = leg.ankle_m(hip, knee)
    np.testing.assert_allclose(found, [-place[1], place[2]], atol=0.003)
    np.testing.assert_allclose(leg.bend(found, foot_pitch(hip, knee, ankle)), [hip, knee, ankle], atol=1e-9)
