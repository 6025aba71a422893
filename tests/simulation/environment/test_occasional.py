"""Impairments in some strides only: other in every stride, and a function of the seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import Muscle, MuscleGroup
from core.domain.scenario import Disturbance, DisturbanceKind
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.simulation.environment.actuation import TorqueActuation
from core.simulation.environment.impaired_actuation import remaining_torque
from core.simulation.environment.occasional import OccasionalImpairments, stride_begins
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, muscle_actuation
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity
from core.twin.impairments import STIFF_DAMPING_S, STIFF_NM_RAD, fractions_of, strength_factor
from tests.simulation.environment.test_impaired_actuation import walk

KIND, LEFT, RIGHT = ImpairmentKind, Side.LEFT, Side.RIGHT
KNEE = Joint.of(JointKind.KNEE, LEFT)
STIFF = Impairment(KIND.STIFFNESS, 0.6, LEFT, joint=JointKind.KNEE, occasional=True)
WEAK = Impairment(KIND.WEAKNESS, 0.8, LEFT, MuscleGroup.HIP_FLEXORS, occasional=True)
SPASTIC = Impairment(KIND.SPASTICITY, 0.8, RIGHT, MuscleGroup.PLANTARFLEXORS, occasional=True)
STRIDE_STEPS = 60  # more than one


def body(*impairments: Impairment) -> BodyParameters:
    return replace(GENERIC_BODY, impairments=impairments)


def environment(*bodies: BodyParameters, seed: int = 2, slips: bool = False) -> WalkingEnvironment:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    slip = Disturbance(DisturbanceKind.SLIP, 1.0) if slips else None
    walkers = [Walker(model, one, normal_reference(), disturbance=slip) for one in bodies]
    return WalkingEnvironment(walkers, seed=seed, threads=1)


def drawn(bodies: tuple[BodyParameters, ...], strides: int, seed: int = 0) -> np.ndarray:
    """Severities (strides, E)."""
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    occasional = OccasionalImpairments(bodies, [model] * len(bodies), seed)
    values = []
    for _ in range(strides):
        occasional.draw(np.ones((len(bodies), 2), dtype=np.bool_))
        values.append(occasional.severity.copy())
    return np.array(values)


def test_a_severity_is_anything_between_absent_and_the_worst_and_of_the_seed_alone() -> None:
    severity = drawn((body(WEAK, STIFF), body(STIFF)), 400)
    assert severity.min() >= 0.0 and (severity.max(axis=0) <= [0.8, 0.6, 0.6]).all()
    # An even draw: mean half the worst, within four standard errors of 400 draws.
    assert severity.mean(axis=0) == pytest.approx([0.4, 0.3, 0.3], abs=4 * 0.8 / np.sqrt(12 * 400))
    assert abs(np.corrcoef(severity[:, 1], severity[:, 2])[0, 1]) < 0.2
    assert np.array_equal(severity[:9], drawn((body(WEAK, STIFF), body(STIFF)), 9))
    assert not np.array_equal(severity[:9], drawn((body(WEAK, STIFF), body(STIFF)), 9, seed=1))


def test_each_leg_draws_at_the_start_of_its_own_stride() -> None:
    strike = np.array([0.5])
    begins = [stride_begins(np.array([at]), np.array([at + 0.02]), strike)[0] for at in (0.3, 0.49, 0.99)]
    assert [tuple(each) for each in begins] == [(False, False), (False, True), (True, False)]


def test_a_knee_is_as_stiff_as_drawn_in_the_walkers_own_model_and_nowhere_else() -> None:
    env = environment(body(STIFF), body(), slips=True)
    own, other = env.physics.models
    number = own.joint(KNEE.value).id
    healthy = other.jnt_stiffness[number]
    seen = set()
    for _ in range(3 * STRIDE_STEPS):
        env.step(np.zeros((2, len(JOINTS))))
        seen.add(float(own.jnt_stiffness[number]))
        for row, model in env.perturbations.stand_ins:
            assert model.jnt_stiffness[number] == (own.jnt_stiffness[number] if row == 0 else healthy)
    spring_nm_rad = own.jnt_stiffness[number] - healthy
    assert spring_nm_rad == pytest.approx(STIFF_NM_RAD * env._occasional.severity[0])
    damping = own.dof_damping[own.jnt_dofadr[number]] - other.dof_damping[own.jnt_dofadr[number]]
    assert damping == pytest.approx(STIFF_DAMPING_S * spring_nm_rad)
    assert len(seen) >= 3 and max(seen) - healthy <= STIFF_NM_RAD * STIFF.severity
    assert other.jnt_stiffness[number] == healthy


def test_a_stiffness_that_is_always_there_is_not_added_to_one_that_comes_and_goes() -> None:
    mild = body(replace(STIFF, severity=0.5, occasional=False), STIFF)
    model = worn_model(mild, Fidelity.FAST, None, surfaces=False)
    occasional = OccasionalImpairments([mild], [model], 0)
    number, seen = model.joint(KNEE.value).id, []
    for _ in range(30):
        occasional.draw(np.ones((1, 2), dtype=np.bool_))
        more = max(occasional.severity[0] - 0.5, 0.0)
        added = occasional.models[0].jnt_stiffness[number] - model.jnt_stiffness[number]
        assert added == pytest.approx(STIFF_NM_RAD * more)
        seen.append(more)
    assert 0.0 in seen and max(seen) > 0.0


def test_what_comes_in_some_strides_only_is_in_no_compiled_body() -> None:
    plain = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    impaired = worn_model(body(STIFF, WEAK), Fidelity.FAST, None, surfaces=False)
    assert np.array_equal(plain.jnt_stiffness, impaired.jnt_stiffness)
    assert np.array_equal(plain.actuator_forcerange, impaired.actuator_forcerange)
    assert strength_factor(body(WEAK), MuscleGroup.HIP_FLEXORS, LEFT) == 1.0


def test_a_weak_stride_has_the_torque_of_a_body_that_is_always_so_weak() -> None:
    env = environment(body(WEAK))
    env.step(np.zeros((1, len(JOINTS))))
    now = float(env._occasional.severity[0])
    always_weak = body(replace(WEAK, severity=now, occasional=False))
    always = environment(always_weak)
    asked = env._actuation_inputs()
    for far_rad in (0.1, 3.0, -3.0):  # within the limits, and far beyond them
        target = replace(asked, target_rad=asked.angle_rad + far_rad)
        weak, alike = (
            TorqueActuation(one.physics.models, 0.02).torque_nm(one._impaired_actuation._weakened(target))
            for one in (env, always)
        )
        # A body that is always weak is compiled with lower limits, which this model of the test has not.
        limits, left = env.actuation.joint_pd, remaining_torque([always_weak])[0]
        expected = np.clip(alike, limits.lowest_nm * left[:, 0], limits.highest_nm * left[:, 1])
        assert weak == pytest.approx(expected)


def test_the_fractions_of_all_groups_at_once_are_those_of_each_joint() -> None:
    weak = body(
        replace(WEAK, occasional=False), Impairment(KIND.WEAKNESS, 0.3, RIGHT, MuscleGroup.HAMSTRINGS)
    )
    factor = np.array([[strength_factor(weak, group, side) for group in MuscleGroup] for side in Side])
    assert fractions_of(factor[None]) == pytest.approx(remaining_torque([weak]))


@pytest.mark.parametrize("impairment", [STIFF, WEAK, SPASTIC])
def test_strides_differ_the_same_seed_walks_the_same_and_a_walk_goes_on_exactly(
    impairment: Impairment,
) -> None:
    first, second = environment(body(impairment)), environment(body(impairment))
    plain = environment(body())
    state = walk(first, STRIDE_STEPS)
    assert np.array_equal(state, walk(second, STRIDE_STEPS))
    assert not np.array_equal(state, walk(plain, STRIDE_STEPS))
    fresh = environment(body(impairment))
    fresh.load_state_dict(first.state_dict())
    assert np.array_equal(walk(fresh, STRIDE_STEPS, seed=3), walk(first, STRIDE_STEPS, seed=3))
    assert not np.array_equal(first._occasional.severity, second._occasional.severity)


def test_walkers_beside_one_that_varies_walk_bit_for_bit_as_without_it() -> None:
    constant = tuple(replace(one, occasional=False) for one in (WEAK, SPASTIC))
    alone = environment(body(), body(*constant))
    beside = environment(body(), body(*constant), body(STIFF, WEAK, SPASTIC))
    beside.state[:2], beside.phase[:2] = alone.state, alone.phase
    beside.sensor[:2] = alone.sensor
    actions = np.random.default_rng(0).normal(0.0, 0.3, (30, 3, len(JOINTS)))
    for action in actions:
        alone.step(action[:2])
        beside.step(action)
    assert np.array_equal(beside.state[:2], alone.state)


def test_a_body_of_muscles_is_weak_in_some_strides_too() -> None:
    one = body(WEAK, STIFF, SPASTIC)
    model = worn_model(one, Fidelity.STANDARD, None, surfaces=False)
    walker = Walker(model, one, normal_reference())
    env = WalkingEnvironment([walker], seed=2, actuation=muscle_actuation([walker], None), threads=1)
    env.step(np.zeros((1, len(JOINTS))))
    hip = Joint.of(JointKind.HIP_FLEXION, LEFT).column
    weak = env._impaired_actuation._remaining[0, hip, 1]
    assert weak == pytest.approx(0.65 + 0.35 * 0.1 ** env._occasional.severity[0])
    calf = model.actuator(Muscle.SOLEUS.on(RIGHT)).id
    assert env._impaired_actuation._reflex._severity[0, calf] == env._occasional.severity[2] > 0.0
    assert np.isfinite(env.state).all()


@pytest.mark.parametrize(
    "never",
    [
        Impairment(KIND.PAIN, 0.5, LEFT),
        Impairment(KIND.DELAY, 0.5),
        Impairment(KIND.LIMITED_RANGE, 0.5, LEFT, joint=JointKind.KNEE),
    ],
)
def test_pain_delay_and_range_are_there_in_every_stride(never: Impairment) -> None:
    with pytest.raises(ValueError, match="in some strides only"):
        replace(never, occasional=True)
