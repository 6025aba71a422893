"""The upper body of the 416-muscle model is one that the legs of every fidelity can carry."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.twin.body import Fidelity, compile_body
from core.twin.full_body import full_spec
from core.twin.scaling import neutral_pose

pytestmark = pytest.mark.slow

LEG_BONES = ("femur", "tibia", "talus", "calcn", "toes", "patella")
LIGHTEST_BONE_KG = 0.002  # links without a bone have a gram
GYRATION_LIMIT_M = 0.4  # of a single bone; the source's trunk and thighs are long


def upper_inertia_kg_m2(fidelity: Fidelity) -> np.ndarray:
    """Of all but the legs about its own centre of mass, (3,) to the side, ahead and upright."""
    model = compile_body(GENERIC_BODY, fidelity, surfaces=False)
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    mujoco.mj_forward(model, data)
    upper = [number for number in range(1, model.nbody) if not model.body(number).name.startswith(LEG_BONES)]
    mass, place = model.body_mass[upper], data.xipos[upper]
    arm = place - mass @ place / mass.sum()
    inertia = np.zeros((3, 3))
    for number, weight, offset in zip(upper, mass, arm, strict=True):
        turn = data.ximat[number].reshape(3, 3)
        inertia += turn @ np.diag(model.body_inertia[number]) @ turn.T
        inertia += weight * (offset @ offset * np.eye(3) - np.outer(offset, offset))
    return np.diag(inertia)


def test_trunk_with_arms_is_as_hard_to_tip_as_the_trunk_of_the_80_muscle_body() -> None:
    whole, rigid = (upper_inertia_kg_m2(fidelity) for fidelity in (Fidelity.FULL, Fidelity.STANDARD))

    np.testing.assert_allclose(whole[:2], rigid[:2], rtol=0.15)
    assert rigid[2] < whole[2] < 1.5 * rigid[2]  # arms hang beside the trunk, not in it


def test_no_bone_is_harder_to_turn_than_its_mass_and_size_allow() -> None:
    model = full_spec().compile()
    bone = model.body_mass > LIGHTEST_BONE_KG

    gyration_m = np.sqrt(model.body_inertia[bone].max(axis=1) / model.body_mass[bone])

    assert gyration_m.max() < GYRATION_LIMIT_M


def test_links_without_a_bone_hardly_add_to_the_trunk() -> None:
    model = full_spec().compile()
    link = (model.body_mass > 0.0) & (model.body_mass < LIGHTEST_BONE_KG)

    assert model.body_inertia[link].max(axis=1).sum() < 0.1  # kg m2; the trunk has 0.4 about its long axis
