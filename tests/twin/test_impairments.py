"""Strength and the static impairments do what they say, at every fidelity."""

from dataclasses import replace
from functools import cache

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import LumpedMuscle, Muscle, MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters, GroupStrength
from core.twin.body import Fidelity, compile_body
from core.twin.impairments import STIFF_DAMPING_S, STIFF_NM_RAD, limited_range_rad, strength_factor
from tests.drop_foot import drop_foot

LEFT, RIGHT = Side.LEFT, Side.RIGHT
muscle_bodies = pytest.mark.parametrize("fidelity", [Fidelity.LUMPED, Fidelity.STANDARD])
every_leg_body = pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.LUMPED, Fidelity.STANDARD])


def body(*impairments: Impairment, strength: tuple[GroupStrength, ...] = ()) -> BodyParameters:
    return replace(GENERIC_BODY, strength=strength, impairments=impairments)


@cache
def model_of(person: BodyParameters, fidelity: Fidelity) -> mujoco.MjModel:
    return compile_body(person, fidelity, surfaces=False)


def of_joint(kind: ImpairmentKind, severity: float, joint: JointKind, side: Side = LEFT) -> Impairment:
    return Impairment(kind, severity, side, joint=joint)


def peak_force_n(model: mujoco.MjModel) -> dict[str, float]:
    return {model.actuator(index).name: model.actuator_gainprm[index, 2] for index in range(model.nu)}


def servo_range_nm(model: mujoco.MjModel) -> dict[str, tuple[float, float]]:
    return {joint.value: tuple(model.actuator(joint.value).forcerange) for joint in JOINTS}


@pytest.mark.slow
@muscle_bodies
def test_a_strength_factor_scales_every_muscle_of_its_group_and_side_and_no_other(fidelity):
    kind = LumpedMuscle if fidelity is Fidelity.LUMPED else Muscle
    weak = body(strength=(GroupStrength(MuscleGroup.HAMSTRINGS, LEFT, 0.6),))
    before, after = (peak_force_n(model_of(person, fidelity)) for person in (GENERIC_BODY, weak))

    changed = {name for name in before if after[name] != before[name]}

    assert changed == {muscle.on(LEFT) for muscle in kind if muscle.group is MuscleGroup.HAMSTRINGS}
    for name in changed:
        assert after[name] == pytest.approx(0.6 * before[name])


@pytest.mark.parametrize(("severity", "force"), [(0.4, 0.4), (0.7, 0.2), (1.0, 0.1)], ids=["4", "3", "2"])
def test_weakness_moves_evenly_along_the_grades_of_the_manual_muscle_test(severity, force):
    weakness = Impairment(ImpairmentKind.WEAKNESS, severity, LEFT, group=MuscleGroup.DORSIFLEXORS)

    assert strength_factor(body(weakness), MuscleGroup.DORSIFLEXORS, LEFT) == pytest.approx(force, abs=0.01)


def test_strength_and_weakness_multiply_and_severe_weakness_leaves_a_tenth():
    weakness = drop_foot(LEFT, 1.0)
    person = body(weakness, strength=(GroupStrength(MuscleGroup.DORSIFLEXORS, LEFT, 0.5),))

    assert strength_factor(body(weakness), MuscleGroup.DORSIFLEXORS, LEFT) == pytest.approx(0.1)
    assert strength_factor(person, MuscleGroup.DORSIFLEXORS, LEFT) == pytest.approx(0.05)
    assert strength_factor(person, MuscleGroup.DORSIFLEXORS, RIGHT) == 1.0


@pytest.mark.slow
@muscle_bodies
def test_a_muscle_with_a_strength_factor_pulls_that_much_less(fidelity):
    weak = body(Impairment(ImpairmentKind.WEAKNESS, 0.5, RIGHT, group=MuscleGroup.PLANTARFLEXORS))
    forces = []
    for person in (GENERIC_BODY, weak):
        model = model_of(person, fidelity)
        data = mujoco.MjData(model)
        data.act[:] = 0.7
        mujoco.mj_forward(model, data)
        forces.append(data.actuator_force[model.actuator("soleus_r").id])

    assert forces[0] < -100.0
    assert forces[1] == pytest.approx(0.1**0.5 * forces[0])


@pytest.mark.parametrize(
    ("group", "lowered"),
    [
        (MuscleGroup.DORSIFLEXORS, {("ankle_angle_l", 1), ("subtalar_angle_l", 0), ("subtalar_angle_l", 1)}),
        (MuscleGroup.KNEE_EXTENSORS, {("knee_angle_l", 0), ("hip_flexion_l", 1), ("hip_adduction_l", 0)}),
        (
            MuscleGroup.HIP_EXTENSORS,
            {("hip_flexion_l", 0), ("hip_rotation_l", 0), ("hip_adduction_l", 0), ("hip_adduction_l", 1)},
        ),
    ],
)
def test_weakness_lowers_the_servos_only_in_the_directions_the_group_moves(group, lowered):
    weak = body(Impairment(ImpairmentKind.WEAKNESS, 1.0, LEFT, group=group))
    before, after = (servo_range_nm(model_of(person, Fidelity.FAST)) for person in (GENERIC_BODY, weak))

    changed = {
        (name, end)
        for name in before
        for end in (0, 1)
        if not name.startswith("mtp") and after[name][end] != pytest.approx(before[name][end])
    }

    assert changed == lowered
    assert all(abs(after[name][end]) < abs(before[name][end]) for name, end in changed)


def test_a_paralysed_dorsiflexor_leaves_a_tenth_of_the_servo_and_all_of_the_push_off():
    before = servo_range_nm(model_of(GENERIC_BODY, Fidelity.FAST))["ankle_angle_l"]
    after = servo_range_nm(model_of(body(drop_foot(LEFT, 1.0)), Fidelity.FAST))["ankle_angle_l"]

    assert after == pytest.approx((before[0], 0.1 * before[1]))


def test_when_all_groups_lose_half_each_servo_loses_half():
    strength = tuple(GroupStrength(group, side, 0.5) for group in MuscleGroup for side in (LEFT, RIGHT))
    before = servo_range_nm(model_of(GENERIC_BODY, Fidelity.FAST))
    after = servo_range_nm(model_of(body(strength=strength), Fidelity.FAST))

    for name, limits in before.items():
        np.testing.assert_allclose(after[name], 0.5 * np.array(limits))


def passive_torque_nm(model: mujoco.MjModel, joint: Joint, angle_rad: float, speed_rad_s: float) -> float:
    data = mujoco.MjData(model)
    own = model.joint(joint.value)
    data.qpos[own.qposadr[0]] = angle_rad
    data.qvel[own.dofadr[0]] = speed_rad_s
    mujoco.mj_fwdPosition(model, data)
    mujoco.mj_fwdVelocity(model, data)
    return float(data.qfrc_passive[own.dofadr[0]])


@pytest.mark.slow
@every_leg_body
@pytest.mark.parametrize("kind", [JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE])
def test_a_stiff_joint_resists_bending_and_speed_in_proportion_to_severity(fidelity, kind):
    stiff = model_of(body(of_joint(ImpairmentKind.STIFFNESS, 0.5, kind)), fidelity)
    free = model_of(GENERIC_BODY, fidelity)
    joint, other = Joint.of(kind, LEFT), Joint.of(kind, RIGHT)

    def added(which: Joint, angle_rad: float, speed_rad_s: float) -> float:
        torques = [passive_torque_nm(model, which, angle_rad, speed_rad_s) for model in (stiff, free)]
        return torques[0] - torques[1]

    assert added(joint, 0.4, 0.0) == pytest.approx(-0.5 * STIFF_NM_RAD * 0.4)
    assert added(joint, 0.0, 2.0) == pytest.approx(-0.5 * STIFF_NM_RAD * STIFF_DAMPING_S * 2.0)
    assert added(other, 0.4, 2.0) == 0.0


@pytest.mark.slow
@every_leg_body
def test_limited_range_moves_the_end_that_walking_needs_on_its_own_side_only(fidelity):
    limited = body(
        of_joint(ImpairmentKind.LIMITED_RANGE, 1.0, JointKind.KNEE),
        of_joint(ImpairmentKind.LIMITED_RANGE, 1.0, JointKind.ANKLE),
        of_joint(ImpairmentKind.LIMITED_RANGE, 1.0, JointKind.HIP_FLEXION),
    )
    free, held = model_of(GENERIC_BODY, fidelity), model_of(limited, fidelity)

    def range_deg(model: mujoco.MjModel, name: str) -> np.ndarray:
        return np.degrees(model.joint(name).range)

    assert range_deg(held, "knee_angle_l") == pytest.approx([0.0, 25.0])
    assert range_deg(held, "ankle_angle_l") == pytest.approx([range_deg(free, "ankle_angle_l")[0], -10.0])
    assert range_deg(held, "hip_flexion_l") == pytest.approx([15.0, range_deg(free, "hip_flexion_l")[1]])
    for joint in JOINTS:
        if joint.side is RIGHT:
            np.testing.assert_array_equal(range_deg(held, joint.value), range_deg(free, joint.value))


def test_more_severe_means_less_range_and_none_means_all_of_it():
    healthy = (0.0, 2.1)
    ends = [limited_range_rad(JointKind.KNEE, healthy, severity)[1] for severity in (0.0, 0.1, 0.5, 1.0)]

    assert ends[0] == 2.1
    assert ends == sorted(ends, reverse=True)
    assert np.degrees(ends[2]) == pytest.approx(47.5)


def test_a_knee_of_limited_range_does_not_bend_further_however_hard_it_is_bent():
    limited = body(of_joint(ImpairmentKind.LIMITED_RANGE, 1.0, JointKind.KNEE))
    bent_deg = []
    for person in (GENERIC_BODY, limited):
        model = model_of(person, Fidelity.FAST)
        data = mujoco.MjData(model)
        data.qpos[2] = 3.0  # in the air
        data.ctrl[model.actuator("knee_angle_l").id] = 1.5
        for _ in range(200):
            mujoco.mj_step(model, data)
        bent_deg.append(float(np.degrees(data.joint("knee_angle_l").qpos[0])))

    assert bent_deg[0] > 60.0
    assert 22.0 < bent_deg[1] < 28.0
