"""Claims about measured walks: what counts, the exo's work, symmetry, and what the exo's mass costs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.scenario import LEVEL_WALKING, Disturbance, DisturbanceKind
from core.domain.twin import GENERIC_BODY
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo import measures as measures_module
from core.learning.exo.effort import change_words, effort_of
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.measures import (
    SETTLE_S,
    STUMBLE_S,
    WalkRecording,
    measured,
    record_walk,
)
from core.simulation.environment.actuation import JointPd
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_model import exo_model
from core.simulation.muscles.metabolics import leg_actuators
from tests.learning.exo.twins import DEVICE, untrained_twin, walking_twin


@dataclass(frozen=True)
class Recorded:
    """A walk, and the environment in which it was recorded."""

    recording: WalkRecording
    environment: WalkingEnvironment

    def measures(self, **changes: object) -> WalkMeasures:
        return measured(replace(self.recording, **changes), self.environment, GENERIC_BODY)


@pytest.fixture(scope="module")
def walk() -> Recorded:
    """Two walkers with the exo on, half a second beyond the first."""
    twin = walking_twin()
    environment = twin.environment(twin.walkers(2, worn=True), seed=1, threads=1)
    return Recorded(record_walk(environment, twin.walking, None, 1.5), environment)


@dataclass(frozen=True)
class Falls:
    """Walkers that are pushed over, and the steps (T, N) in which they fell."""

    recording: WalkRecording
    fell: BoolArray


@pytest.fixture(scope="module")
def falls() -> Falls:
    twin, steps = walking_twin(), []
    push = Disturbance(DisturbanceKind.PUSH, at_s=2.2, sideways_n_kg=10.0)
    walkers = twin.walkers(2, worn=False, scenario=replace(LEVEL_WALKING, disturbance=push))
    environment = twin.environment(walkers, seed=1, threads=1)
    step = environment.step

    def watched(*arguments: Any) -> StepResult:
        steps.append(step(*arguments))
        return steps[-1]

    environment.step = watched
    recording = record_walk(environment, twin.walking, None, 5.0)
    return Falls(recording, np.array([one.terminated for one in steps]))


def hips(recording: WalkRecording) -> FloatArray:
    return recording.velocity_rad_s[..., JointKind.HIP_FLEXION.columns]


def test_torque_along_the_movement_helps_and_torque_against_it_brakes(walk: Recorded) -> None:
    along = np.sign(hips(walk.recording)) * 6.0

    helping, braking = walk.measures(exo_torque_nm=along), walk.measures(exo_torque_nm=-along)

    assert helping.exo_power_w[0] > 0.0 and helping.negative_work_fraction[0] == 0.0
    assert braking.exo_power_w[0] == pytest.approx(-helping.exo_power_w[0])
    assert braking.negative_work_fraction[0] == 1.0
    assert helping.exo_peak_nm[0] == braking.exo_peak_nm[0] == 6.0


def test_the_negative_share_is_of_all_work_that_the_exo_exchanges(walk: Recorded) -> None:
    """One hip is helped by 3 N m, the other braked by as much."""
    speed = np.abs(hips(walk.recording)[walk.recording.settled])
    torque = np.sign(hips(walk.recording)) * np.array([3.0, -3.0])

    found = walk.measures(exo_torque_nm=torque)

    worked, braked = 3.0 * speed.sum(axis=0)
    assert found.negative_work_fraction[0] == pytest.approx(braked / (worked + braked))
    assert found.exo_power_w[0] == pytest.approx((worked - braked) / len(speed))


def test_an_exo_without_torque_does_no_work(walk: Recorded) -> None:
    found = walk.measures()
    assert found.exo_power_w[0] == found.negative_work_fraction[0] == found.exo_peak_nm[0] == 0.0


def test_positive_power_is_that_of_the_joints_of_the_body_per_mass(walk: Recorded) -> None:
    recording = walk.recording
    power_w = (recording.torque_nm * recording.velocity_rad_s)[recording.settled]
    expected = np.where(power_w > 0.0, power_w, 0.0).sum(axis=1).mean() / GENERIC_BODY.mass_kg
    assert walk.measures().positive_power_w_kg[0] == pytest.approx(expected)


def test_frames_that_are_not_settled_do_not_count(walk: Recorded) -> None:
    spoilt = {
        name: np.where(
            walk.recording.settled.reshape(walk.recording.settled.shape + (1,) * (values.ndim - 2)),
            values,
            1e3,
        )
        for name in ("torque_nm", "velocity_rad_s", "exo_torque_nm", "ground_n", "speed_m_s")
        if (values := getattr(walk.recording, name)).size
    }
    plain, found = walk.measures(), walk.measures(**spoilt)
    for name in ("metabolic_w_kg", "activation_mean", "positive_power_w_kg", "speed_m_s", "joint_effort"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))
    np.testing.assert_array_equal(found.symmetry, plain.symmetry)
    np.testing.assert_array_equal(found.exo_peak_nm, plain.exo_peak_nm)


@pytest.mark.slow
def test_the_second_before_a_fall_and_the_first_of_a_walk_do_not_count(falls: Falls) -> None:
    settled, fell = falls.recording.settled, falls.fell
    stumble, settle = round(STUMBLE_S / CONTROL_STEP_S), round(SETTLE_S / CONTROL_STEP_S)
    assert settled.any(axis=0).all() and fell.any(axis=0).all()  # else this test claims nothing
    np.testing.assert_array_equal(falls.recording.falls, fell.sum(axis=0))
    for step, walker in np.argwhere(fell):
        assert not settled[max(0, step - stumble) : step + settle, walker].any()
    assert not settled[: settle - 1].any()


@pytest.mark.slow
def test_walks_that_last_a_moment_only_are_measured_rather_than_nothing() -> None:
    twin = untrained_twin()
    environment = twin.environment(twin.walkers(2, worn=False), seed=1, threads=1)
    assert record_walk(environment, twin.walking, None, 0.4).settled.all()


def test_a_walk_that_settles_for_one_frame_between_two_that_are_looked_at_is_measured(walk: Recorded) -> None:
    settled = np.zeros_like(walk.recording.settled)
    settled[measures_module.FRAMES_BETWEEN * 30 + 1, 0] = True
    assert np.isfinite(walk.measures(settled=settled).metabolic_w_kg).all()


def test_legs_that_do_the_same_are_symmetric(walk: Recorded) -> None:
    ground = np.zeros_like(walk.recording.ground_n)
    steps, walkers = np.nonzero(walk.recording.settled)
    ground[steps, walkers, steps % 2] = 700.0  # turn by turn; the settled steps are even in number
    assert len(steps) % 2 == 0
    assert walk.measures(ground_n=ground).symmetry[0] == pytest.approx(1.0)


def test_legs_that_differ_by_a_tenth_lose_a_tenth_of_symmetry(walk: Recorded) -> None:
    """Both stand all the time, so that stance is equal; impulse 950 and 1050."""
    ground = np.broadcast_to([950.0, 1050.0], walk.recording.ground_n.shape)
    assert walk.measures(ground_n=ground).symmetry[0] == pytest.approx(0.95)
    assert walk.measures(ground_n=np.broadcast_to([800.0, 0.0], ground.shape)).symmetry[0] == 0.0


@pytest.mark.slow
def test_the_exos_mass_alone_raises_the_metabolic_rate() -> None:
    """In every seed and by both models, as the starts are the same."""
    evaluator = WalkEvaluator(walking_twin(), seeds=(1, 2), walkers=4, seconds=3.0, threads=1)

    ratios = WalkRatios.between(evaluator.worn_without_torque, evaluator.without_exo)

    assert exo_model(DEVICE).mass_kg > 3.0
    assert (ratios.metabolic > 1.0).all()
    assert 1.0 < ratios.metabolic_of_both.mean < 1.08
    assert evaluator.without_exo.falls == evaluator.worn_without_torque.falls == 0


@pytest.mark.slow
def test_every_fourth_frame_tells_what_all_frames_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 3 percent on two walkers for 2 s, of which every fourth frame are 50 frames.

    One seed of an evaluation has 16 walkers for 4 s: 0.8 percent in a rate, 0.6 percent in a ratio of rates.
    """
    twin = walking_twin()
    environment = twin.environment(twin.walkers(2, worn=True), seed=1, threads=1)
    recording = record_walk(environment, twin.walking, None, 3.0)

    some = measured(recording, environment, GENERIC_BODY)
    monkeypatch.setattr(measures_module, "FRAMES_BETWEEN", 1)
    every = measured(recording, environment, GENERIC_BODY)

    assert some.activation_mean[0] != every.activation_mean[0]
    np.testing.assert_allclose(some.metabolic_w_kg, every.metabolic_w_kg, rtol=0.03)
    np.testing.assert_allclose(some.activation_mean, every.activation_mean, rtol=0.03)


@pytest.mark.slow
def test_a_walk_with_muscles_is_measured_by_its_own_activations() -> None:
    twin = walking_twin(muscles=True)
    environment = twin.environment(twin.walkers(1, worn=True), seed=1, threads=1)
    recording = record_walk(environment, twin.walking, None, 1.3)
    model = environment.physics.models[0]
    activation = recording.state[:, 0, 1 + model.nq + model.nv :][:, leg_actuators(model)]

    found = measured(recording, environment, GENERIC_BODY)

    expected = activation[recording.settled[:, 0]].mean()
    assert found.activation_mean[0] == pytest.approx(expected, rel=1e-5)
    assert (found.metabolic_w_kg > 0.5).all()


def test_the_same_starts_give_the_same_walk_however_many_threads_step_it() -> None:
    one, two = (
        WalkEvaluator(walking_twin(), seeds=(3,), walkers=2, seconds=1.2, threads=threads).without_exo
        for threads in (1, 2)
    )
    for field in fields(WalkMeasures):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def test_joint_effort_counts_each_direction_by_its_own_strength_and_no_toes() -> None:
    knee, toes = (Joint.of(kind, Side.LEFT).column for kind in (JointKind.KNEE, JointKind.TOES))
    lowest, highest = np.full((3, len(JOINTS)), -50.0), np.full((3, len(JOINTS)), 200.0)
    torque = np.zeros((3, len(JOINTS)))
    torque[0, knee], torque[1, knee], torque[2, toes] = 25.0, -25.0, 20.0

    effort = effort_of(torque, JointPd(np.ones_like(torque), np.ones_like(torque), lowest, highest))

    np.testing.assert_allclose(effort, [0.125**2 / 12, 0.5**2 / 12, 0.0])


def test_a_change_is_told_with_its_sign() -> None:
    assert [change_words(ratio) for ratio in (0.93, 1.1, 1.001)] == ["−7 %", "+10 %", "±0 %"]
