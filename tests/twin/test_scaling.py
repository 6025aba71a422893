"""Scaling keeps what must be kept and changes lengths, masses and muscles as stated."""

import mujoco
import myo_sim
import numpy as np
import pytest

from core.domain.body import SIDES, Side
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.twin.scaling import (
    leg_length_m,
    neutral_muscle_lengths_m,
    neutral_pose,
    scale_spec,
    scales_for_height,
)


def scaled(body: BodyParameters) -> mujoco.MjModel:
    spec = myo_sim.load_spec("myolegs")
    scale_spec(spec, body)
    return spec.compile()


@pytest.fixture(scope="module")
def generic() -> mujoco.MjModel:
    return myo_sim.load_spec("myolegs").compile()


def moment_arms_m(model: mujoco.MjModel, joint: str) -> np.ndarray:
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    mujoco.mj_forward(model, data)
    arms = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        arms, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    return arms[:, model.joint(joint).dofadr[0]]


@pytest.mark.slow
def test_unit_factors_and_the_generic_mass_leave_every_compiled_number_unchanged(generic):
    same = scaled(BodyParameters(GENERIC_BODY.height_m, float(generic.body_mass.sum())))

    for name in (name for name in dir(generic) if isinstance(getattr(generic, name), np.ndarray)):
        np.testing.assert_allclose(
            getattr(same, name), getattr(generic, name), rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_generic_body_states_the_models_own_height_and_mass(generic):
    data = mujoco.MjData(generic)
    mujoco.mj_forward(generic, data)
    skull, sole = generic.geom("hat_skull").id, generic.geom("foot_col1_r").id  # the sole is a lying capsule
    mesh = generic.geom_dataid[skull]
    start = generic.mesh_vertadr[mesh]
    vertex_m = generic.mesh_vert[start : start + generic.mesh_vertnum[mesh]]
    top_m = (vertex_m @ data.geom_xmat[skull].reshape(3, 3).T + data.geom_xpos[skull])[:, 2].max()
    bottom_m = data.geom_xpos[sole, 2] - generic.geom_size[sole, 0]

    assert top_m - bottom_m == pytest.approx(GENERIC_BODY.height_m, abs=0.005)
    assert generic.body_mass.sum() == pytest.approx(GENERIC_BODY.mass_kg, abs=0.001)


def test_mass_is_exact_and_leg_length_follows_the_factors(generic):
    body = BodyParameters(
        1.68, 60.0, SegmentScale(pelvis_width=1.02, thigh=1.1, shank=0.95, foot=0.9, trunk=1.05)
    )
    model = scaled(body)

    assert model.body_mass.sum() == pytest.approx(60.0, abs=1e-9)
    for side in SIDES:
        thigh = np.linalg.norm(generic.body(f"tibia_{side.suffix}").pos)
        shank = np.linalg.norm(generic.body(f"talus_{side.suffix}").pos)
        assert leg_length_m(model, side) == pytest.approx(1.1 * thigh + 0.95 * shank, rel=1e-9)


def test_a_uniformly_smaller_body_is_similar_in_every_length(generic):
    factor = 1.3 / GENERIC_BODY.height_m
    child = scaled(BodyParameters(1.3, 28.0, scales_for_height(1.3)))

    np.testing.assert_allclose(
        neutral_muscle_lengths_m(child), factor * neutral_muscle_lengths_m(generic), rtol=1e-6
    )
    np.testing.assert_allclose(child.actuator_lengthrange, factor * generic.actuator_lengthrange, rtol=1e-6)
    for joint in ("hip_flexion_r", "ankle_angle_l"):
        np.testing.assert_allclose(
            moment_arms_m(child, joint), factor * moment_arms_m(generic, joint), atol=1e-5
        )


def test_a_longer_foot_only_lengthens_the_calf_muscles_lever(generic):
    model = scaled(BodyParameters(1.7, 75.0, SegmentScale(foot=1.2)))
    soleus = model.actuator("soleus_r").id

    ratio = moment_arms_m(model, "ankle_angle_r")[soleus] / moment_arms_m(generic, "ankle_angle_r")[soleus]
    assert 1.1 < ratio < 1.25
    np.testing.assert_allclose(
        moment_arms_m(model, "hip_flexion_r"), moment_arms_m(generic, "hip_flexion_r"), atol=1e-6
    )


def test_strength_follows_mass_to_the_power_two_thirds(generic):
    model = scaled(BodyParameters(1.7, 60.0))

    ratio = model.actuator_gainprm[:, 2] / generic.actuator_gainprm[:, 2]
    np.testing.assert_allclose(ratio, (60.0 / generic.body_mass.sum()) ** (2 / 3), rtol=1e-9)


def test_inertia_scales_with_mass_ratio_times_length_squared(generic):
    model = scaled(BodyParameters(1.9, 90.0, scales_for_height(1.9)))
    body = generic.body("femur_l").id
    mass_ratio = model.body_mass[body] / generic.body_mass[body]

    np.testing.assert_allclose(
        model.body_inertia[body], generic.body_inertia[body] * mass_ratio * (1.9 / 1.7) ** 2, rtol=1e-9
    )


def test_left_and_right_stay_mirror_images():
    model = scaled(BodyParameters(1.6, 55.0, SegmentScale(1.0, 0.9, 0.95, 0.97, 0.92)))

    assert leg_length_m(model, Side.LEFT) == pytest.approx(leg_length_m(model, Side.RIGHT), rel=1e-9)


def test_an_impossible_factor_is_refused():
    with pytest.raises(ValueError, match="thigh"):
        scale_spec(myo_sim.load_spec("myolegs"), BodyParameters(1.7, 75.0, SegmentScale(thigh=3.0)))
