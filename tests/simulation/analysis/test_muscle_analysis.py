"""Muscle facts of a walk: consistent with the physics that made it."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint
from core.domain.rollout import GaitLabel, MuscleAnalysis, Rollout
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.analysis.muscle_analysis import (
    active_length_factor,
    estimated_facts,
    muscle_analysis,
    neural_drive,
    passive_force,
)
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import FullPose
from core.simulation.muscles.static_optimisation import muscle_torques
from core.simulation.reference_gait.reference_strides import StrideBank
from core.store.codec import decode, encode
from core.twin.body import Fidelity
from core.twin.tendons import speed_fraction
from tests.ui.walks import rollout

FRAMES = 12


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.STANDARD, None)


@pytest.fixture(scope="module")
def stride() -> tuple[FloatArray, FloatArray]:
    """Angles and velocities (T, 14) along the normal stride."""
    bank, phases = StrideBank([normal_reference()]), np.arange(FRAMES) / FRAMES
    return tuple(
        np.concatenate([curve(np.array([phase])) for phase in phases])
        for curve in (bank.angle, bank.velocity)
    )


@pytest.fixture(scope="module")
def walked(model, stride) -> tuple[FloatArray, FloatArray]:
    """States (T, S) with given activations, and excitations (T, M)."""
    angle, velocity = stride
    pose, rng = FullPose(model), np.random.default_rng(4)
    activation = rng.uniform(0.01, 0.6, (FRAMES, 80))
    root = np.array([[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
    state = np.concatenate(
        [np.zeros((FRAMES, 1)), pose.position(root, angle), pose.velocity(angle, velocity), activation],
        axis=1,
    )
    return state, rng.uniform(0.0, 1.0, (FRAMES, 80))


def test_length_factor_and_passive_force_are_those_of_the_physics(model) -> None:
    gain, bias, reach = model.actuator_gainprm, model.actuator_biasprm, model.actuator_lengthrange
    length = np.linspace(0.0, 2.2, 23)[:, None] * np.ones(80)
    length_m = reach[:, 0] + (length - gain[:, 0]) * np.ptp(reach, axis=1) / (gain[:, 1] - gain[:, 0])
    for muscle in range(0, 80, 7):
        for row, metres in enumerate(length_m[:, muscle]):
            active = (
                -mujoco.mju_muscleGain(metres, 0.0, reach[muscle], 1.0, gain[muscle, :9]) / gain[muscle, 2]
            )
            passive = -mujoco.mju_muscleBias(metres, reach[muscle], 1.0, bias[muscle, :9])
            assert active_length_factor(length, gain)[row, muscle] == pytest.approx(active, abs=1e-9)
            assert passive_force(length, bias)[row, muscle] == pytest.approx(passive, abs=1e-6)


def test_moments_are_those_of_static_optimisation_for_the_same_activations(model, stride, walked) -> None:
    angle, velocity = stride
    state, excitation = walked

    facts = muscle_analysis(model, state, excitation)

    torques = muscle_torques(GENERIC_BODY, angle, velocity)
    expected = np.einsum("tjm,tm->tj", torques.active_nm, facts.activation) + torques.passive_nm
    np.testing.assert_allclose(facts.moment_nm, expected, atol=1e-3)
    np.testing.assert_allclose(facts.power_w, expected * velocity, atol=2e-2)


def test_muscle_power_is_joint_power(model, walked) -> None:
    """Virtual work with the pelvis at rest: pull times shortening speed = moments times joint velocities."""
    state, excitation = walked

    facts = muscle_analysis(model, state, excitation)

    gain, reach = model.actuator_gainprm, model.actuator_lengthrange
    length_m = np.ptp(reach, axis=1) / (gain[:, 1] - gain[:, 0])
    unit_velocity = facts.fibre_velocity / [
        speed_fraction(name) for name in facts.muscle_names
    ]  # with tendon
    muscle_w = -(facts.force_n * unit_velocity * length_m).sum(axis=1)
    np.testing.assert_allclose(facts.power_w.sum(axis=1), muscle_w, rtol=1e-3, atol=0.5)


def test_excitation_and_activation_are_the_walks_own(model, walked) -> None:
    state, excitation = walked

    facts = muscle_analysis(model, state, excitation)

    assert not facts.estimated
    np.testing.assert_allclose(facts.activation, state[:, -80:], atol=1e-6)
    np.testing.assert_allclose(facts.excitation, excitation, atol=1e-6)


def test_estimated_facts_make_the_torques_they_explain(stride) -> None:
    angle, velocity = stride
    torque = np.zeros((FRAMES, len(JOINTS)))
    torque[:, Joint.KNEE_R.column] = -30.0
    torque[:, Joint.ANKLE_L.column] = -60.0

    facts = estimated_facts(GENERIC_BODY, angle, velocity, torque)

    assert facts.estimated
    np.testing.assert_allclose(facts.moment_nm, torque, atol=0.3)  # of 30 and 60; other joints are at rest
    soleus = facts.activation[:, facts.muscle_names.index("soleus_l")]
    assert soleus.mean() > 2 * facts.activation[:, facts.muscle_names.index("soleus_r")].mean()
    assert (facts.metabolic_w > 0).all()


def test_facts_are_stored_and_walks_without_them_still_load(model, walked) -> None:
    facts = muscle_analysis(model, *walked)

    again = decode(MuscleAnalysis, *encode(facts))

    np.testing.assert_array_equal(again.force_n, facts.force_n)


def test_a_walk_recorded_before_there_were_facts_still_loads() -> None:
    tree, arrays = encode(rollout(GaitLabel.DEFAULT_TWIN))
    del tree["muscles"]

    assert decode(Rollout, tree, arrays).muscles is None


def test_on_and_off_commands_show_as_their_smooth_mean() -> None:
    time_s = 0.01 * np.arange(200)
    chatter = np.where(np.arange(200) % 2 == 0, 0.4, 0.0)[:, None]
    steady = np.full((200, 1), 0.3)

    smooth = neural_drive(np.hstack([chatter, steady]), time_s)

    np.testing.assert_allclose(smooth[20:-20, 0], 0.2, atol=0.01)
    np.testing.assert_allclose(smooth[:, 1], 0.3, atol=1e-6)


def test_a_burst_stays_where_it_was_in_time() -> None:
    time_s = 0.01 * np.arange(200)
    burst = np.exp(-(((time_s - 1.0) / 0.08) ** 2))[:, None]

    assert neural_drive(burst, time_s)[:, 0].argmax() == 100
