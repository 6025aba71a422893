"""One person is the same person at every fidelity."""

from functools import cache

import mujoco
import myo_sim
import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.muscles import LumpedMuscle, Muscle
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.simulation.model.joint_coupling import FullPose
from core.twin.body import TIME_STEP_S, Fidelity, compile_body, is_foot_geom
from core.twin.full_body import leg_muscles
from core.twin.lumped_body import HELD_NM_RAD
from core.twin.scaling import leg_length_m, neutral_pose

PERSON = BodyParameters(1.62, 58.0, SegmentScale(1.02, 0.95, 0.97, 0.93, 0.96))
LEG_BONES = ("femur", "tibia", "talus", "calcn", "toes")
every_fidelity = pytest.mark.parametrize("fidelity", Fidelity)


@cache
def person(fidelity: Fidelity) -> mujoco.MjModel:
    return compile_body(PERSON, fidelity, surfaces=False)


def posed(model: mujoco.MjModel, angles_rad: dict[Joint, float]) -> mujoco.MjData:
    """The model with these joint angles, coupled joints following."""
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    for joint, angle in angles_rad.items():
        data.qpos[model.joint(joint.value).qposadr[0]] = angle
    for index in range(model.neq):
        driver, driven = model.eq_obj2id[index], model.eq_obj1id[index]
        if driver >= 0:
            angle = data.qpos[model.jnt_qposadr[driver]]
            value = np.polynomial.polynomial.polyval(angle, model.eq_data[index, :5])
            data.qpos[model.jnt_qposadr[driven]] = value
    mujoco.mj_forward(model, data)
    return data


def names(model: mujoco.MjModel) -> list[str]:
    return [model.actuator(index).name for index in range(model.nu)]


def lowest_sole_m(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    capsules = [
        geom
        for geom in range(model.ngeom)
        if is_foot_geom(model.geom(geom).name) and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE
    ]
    down = np.abs(data.geom_xmat[capsules, 8]) * model.geom_size[capsules, 1]
    return float((data.geom_xpos[capsules, 2] - model.geom_size[capsules, 0] - down).min())


def test_a_body_is_the_same_whoever_was_built_before_it() -> None:
    first = person(Fidelity.STANDARD)
    compile_body(GENERIC_BODY, Fidelity.STANDARD)
    again = compile_body(PERSON, Fidelity.STANDARD, surfaces=False)
    for name in ("body_mass", "body_pos", "jnt_range", "geom_size", "site_pos", "actuator_gainprm"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


@pytest.mark.slow
@every_fidelity
def test_the_person_weighs_what_the_scale_says_and_has_the_same_legs(fidelity):
    model, fast = person(fidelity), person(Fidelity.FAST)

    assert model.body_mass.sum() == pytest.approx(58.0, abs=1e-9)
    for side in SIDES:
        assert leg_length_m(model, side) == pytest.approx(leg_length_m(fast, side), abs=1e-6)
        for bone in LEG_BONES:
            weight = model.body(f"{bone}_{side.suffix}").mass[0]
            assert weight == pytest.approx(fast.body(f"{bone}_{side.suffix}").mass[0], rel=0.01)


@pytest.mark.slow
@every_fidelity
def test_hips_stand_equally_high_above_the_sole(fidelity):
    model, fast = person(fidelity), person(Fidelity.FAST)

    heights = []
    for own in (model, fast):
        data = posed(own, {})
        heights.append(data.body("femur_r").xpos[2] - lowest_sole_m(own, data))

    assert heights[0] == pytest.approx(heights[1], abs=0.001)


@pytest.mark.slow
@every_fidelity
def test_all_fourteen_joints_exist_with_the_same_ranges(fidelity):
    model, fast = person(fidelity), person(Fidelity.FAST)

    for joint in JOINTS:
        np.testing.assert_allclose(model.joint(joint.value).range, fast.joint(joint.value).range, atol=1e-9)


@every_fidelity
@pytest.mark.parametrize("side", SIDES)
def test_it_walks_towards_minus_y_and_positive_angles_bend_the_right_way(fidelity, side):
    model = person(fidelity)

    def moved(kind: JointKind, bone: str) -> np.ndarray:
        place = f"{bone}_{side.suffix}"
        bent, straight = posed(model, {Joint.of(kind, side): 0.3}), posed(model, {})
        return bent.body(place).xpos - straight.body(place).xpos

    data = posed(model, {})
    inwards = 1.0 if side is Side.RIGHT else -1.0  # the person's left is +x
    assert data.body(f"toes_{side.suffix}").xpos[1] < data.body(f"calcn_{side.suffix}").xpos[1] - 0.1
    assert data.body(f"femur_{side.suffix}").xpos[0] * inwards < 0
    assert moved(JointKind.HIP_FLEXION, "tibia")[1] < -0.05  # the knee comes forward
    assert moved(JointKind.HIP_ADDUCTION, "tibia")[0] * inwards > 0.05
    assert moved(JointKind.KNEE, "talus")[1] > 0.05  # the heel goes back
    assert moved(JointKind.ANKLE, "toes")[2] > 0.02  # the toes rise


@every_fidelity
def test_only_the_feet_touch_the_floor_and_each_other_part_touches_nothing(fidelity):
    model = person(fidelity)

    for geom in range(model.ngeom):
        name = model.geom(geom).name
        if name == "floor":
            assert model.geom_pos[geom, 2] == 0.0 and model.geom_conaffinity[geom] == 1
        else:
            assert model.geom_conaffinity[geom] == 0
            assert bool(model.geom_contype[geom]) == is_foot_geom(name)
    assert sum(is_foot_geom(model.geom(geom).name) for geom in range(model.ngeom)) == 10
    assert model.npair == 0


@every_fidelity
def test_a_step_takes_two_milliseconds_and_is_implicit(fidelity):
    model = person(fidelity)

    assert model.opt.timestep == TIME_STEP_S == 0.002
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST


def other_muscles(muscles: list[str]) -> set[str]:
    """Muscles of trunk, arms and hands."""
    return set(muscles) - set(leg_muscles(muscles))


def test_every_named_muscle_is_in_its_body():
    lumped, standard, full = (
        names(person(fidelity)) for fidelity in (Fidelity.LUMPED, Fidelity.STANDARD, Fidelity.FULL)
    )

    assert set(lumped) == {muscle.on(side) for muscle in LumpedMuscle for side in SIDES}
    assert set(standard) == {muscle.on(side) for muscle in Muscle for side in SIDES}
    assert leg_muscles(full) == tuple(standard)
    assert len(other_muscles(full)) == 416 - 80
    assert not other_muscles(lumped) and not other_muscles(standard)


def test_a_leg_muscle_is_as_strong_in_416_muscles_as_in_80():
    standard, full = person(Fidelity.STANDARD), person(Fidelity.FULL)

    for name in names(standard):
        own, other = standard.actuator(name).id, full.actuator(name).id
        assert full.actuator_gainprm[other, 2] == pytest.approx(standard.actuator_gainprm[own, 2], rel=1e-5)
        np.testing.assert_allclose(
            full.actuator_lengthrange[other], standard.actuator_lengthrange[own], rtol=1e-6
        )


@pytest.mark.parametrize(
    ("kind", "angles_deg", "tolerance_m"),
    [(JointKind.HIP_FLEXION, (-15, 0, 25), 0.004), (JointKind.ANKLE, (-20, 0, 10), 0.004)],
)
def test_the_26_muscles_keep_the_moment_arms_of_their_source(kind, angles_deg, tolerance_m):
    own = compile_body(GENERIC_BODY, Fidelity.LUMPED, surfaces=False)
    source = myo_sim.load_spec("myolegs26").compile()

    for angle in np.radians(angles_deg):
        arms = [moment_arms_m(model, Joint.of(kind, Side.RIGHT), angle) for model in (own, source)]
        np.testing.assert_allclose(arms[0][:13], arms[1][:13], atol=tolerance_m)


@pytest.mark.slow
def test_the_26_muscles_keep_the_knee_extensors_moment_arm_through_gait():
    model = compile_body(GENERIC_BODY, Fidelity.LUMPED, surfaces=False)

    for flexion in np.radians([0, 20, 40, 60]):
        arms = moment_arms_m(model, Joint.KNEE_R, flexion)
        for muscle in (LumpedMuscle.VASTI, LumpedMuscle.RECTUS_FEMORIS):
            assert -0.047 < arms[model.actuator(muscle.on(Side.RIGHT)).id] < -0.038


def moment_arms_m(model: mujoco.MjModel, joint: Joint, angle_rad: float) -> np.ndarray:
    """Flexing arms (M,) by central differences of length; positive pulls towards the positive angle."""
    lengths = [posed(model, {joint: angle_rad + step}).actuator_length for step in (1e-4, -1e-4)]
    return (lengths[1] - lengths[0]) / 2e-4


def test_joints_that_no_muscle_can_move_are_held_by_springs():
    model = person(Fidelity.LUMPED)

    for joint in JOINTS:
        held = joint.kind in HELD_NM_RAD
        assert bool(model.joint(joint.value).stiffness[0] > 0) == held


def test_the_416_muscle_body_holds_trunk_and_arms_while_the_legs_give_way():
    model = person(Fidelity.FULL)
    data = posed(model, {})
    data.qpos[2] -= lowest_sole_m(model, data) - 0.001
    legs = [model.actuator(name).id for name in leg_muscles(names(model))]

    furthest = 0.0
    held = [joint for joint in range(1, model.njnt) if model.jnt_stiffness[joint] > 0]
    for _ in range(250):  # half a second
        data.ctrl[legs] = 0.1
        mujoco.mj_step(model, data)
        furthest = max(furthest, np.abs(data.qpos[model.jnt_qposadr[held]]).max())

    assert data.time == pytest.approx(0.5) and np.isfinite(data.qpos).all()
    assert not any(warning.number for warning in data.warning)
    assert 0.0 < furthest < np.radians(10)
    trunk = [model.joint(name).qposadr[0] for name in ("flex_extension", "lat_bending", "axial_rotation")]
    assert np.abs(data.qpos[trunk]).max() < np.radians(2)


@every_fidelity
def test_a_pose_of_the_legs_is_the_same_pose_at_every_fidelity(fidelity):
    model = person(fidelity)
    angles = {Joint.KNEE_R: 1.0, Joint.HIP_FLEXION_R: 0.5, Joint.ANKLE_L: -0.2}
    row = np.array([[angles.get(joint, 0.0) for joint in JOINTS]])
    wanted = posed(model, angles)

    position = FullPose(model).position(wanted.qpos[None, :7], row)

    np.testing.assert_allclose(position[0], wanted.qpos, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 2])
def test_the_trunk_of_the_416_muscle_body_stays_on_the_pelvis_when_the_hips_push_it(axis):
    model = person(Fidelity.FULL)
    data = posed(model, {})
    data.qpos[2] = 10.0  # in the air, for a second
    pelvis, torso = (model.body(name).id for name in ("pelvis", "torso"))

    bent_deg = []
    for _ in range(500):
        data.xfrc_applied[pelvis, 3 + axis] = 80.0 * np.sin(2 * np.pi * data.time)  # as hips do in walking
        mujoco.mj_step(model, data)
        bones = [data.xmat[number].reshape(3, 3) for number in (pelvis, torso)]
        turn = np.clip((np.trace(bones[0].T @ bones[1]) - 1.0) / 2.0, -1.0, 1.0)
        bent_deg.append(np.degrees(np.arccos(turn)))

    assert 0.5 < max(bent_deg) < 4.0
    assert max(bent_deg[250:]) < 1.5 * max(bent_deg[:250])  # it does not swing up
