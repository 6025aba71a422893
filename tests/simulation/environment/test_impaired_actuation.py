"""Spasticity, delay and pain: stretch reflexes, delayed reactions, and the cost of pain in the reward."""

from dataclasses import replace
from functools import cache

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MEMBERS, MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.simulation.environment.actuation import ActuationInputs, TorqueActuation
from core.simulation.environment.impaired_actuation import (
    FULL_MOMENT_NM,
    LATEST_REACTION_S,
    REFLEX_DELAY_S,
    REFLEX_GAIN_S,
    REFLEX_THRESHOLD_PER_S,
    STRETCH_PER_RAD,
    ImpairedActuation,
    MuscleReflex,
    ReactionDelay,
    group_by_joint,
    impaired,
)
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import StepQuantities, pain
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.muscles.activation_dynamics import activation_after
from core.simulation.muscles.leg_muscles import exact_moment_arms
from core.simulation.physics.delay_line import DelayedValues
from core.simulation.reference_gait.antalgic import antalgic_reference, pain_free_phase
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity, compile_body

LEFT, RIGHT = Side.LEFT, Side.RIGHT
STEP_S = 0.02
ANKLE = Joint.of(JointKind.ANKLE, LEFT).column
TINY = """
<mujoco><option timestep="0.002"/><worldbody>
  <body name="b"><joint name="j" type="slide" axis="1 0 0"/><geom size=".1" mass="1e4"/></body></worldbody>
  <actuator>
    <muscle name="soleus_l" joint="j" lengthrange="0.5 1.5" range="0.5 1.5"/>
    <muscle name="tibant_l" joint="j" lengthrange="0.5 1.5" range="0.5 1.5"/>
  </actuator>
  <sensor>
    <framepos name="ground_l" objtype="body" objname="b"/>
    <framepos name="ground_r" objtype="body" objname="b"/>
    <framepos name="heel_l" objtype="body" objname="b"/>
    <framepos name="heel_r" objtype="body" objname="b"/>
    <actuatorpos name="length_soleus_l" actuator="soleus_l"/>
    <actuatorvel name="speed_soleus_l" actuator="soleus_l"/>
    <actuatorpos name="length_tibant_l" actuator="tibant_l"/>
    <actuatorvel name="speed_tibant_l" actuator="tibant_l"/>
  </sensor></mujoco>"""


def body(*impairments: Impairment) -> BodyParameters:
    return replace(GENERIC_BODY, impairments=impairments)


def spastic(
    severity: float, side: Side = LEFT, group: MuscleGroup = MuscleGroup.PLANTARFLEXORS
) -> Impairment:
    return Impairment(ImpairmentKind.SPASTICITY, severity, side, group=group)


def slow(severity: float) -> Impairment:
    return Impairment(ImpairmentKind.DELAY, severity)


def torque_actuation(*bodies: BodyParameters):
    models = [worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)] * len(bodies)
    return impaired(TorqueActuation(models, STEP_S), models, bodies, STEP_S)


def inputs(velocity_rad_s: float = 0.0, target_rad: float = 0.0, walkers: int = 1) -> ActuationInputs:
    still = np.zeros((walkers, len(JOINTS)))
    moving = still.copy()
    moving[:, ANKLE] = velocity_rad_s
    empty, phase, walking = np.zeros((walkers, 1)), np.zeros(walkers), np.ones(walkers)
    return ActuationInputs(still + target_rad, still, moving, empty, empty, phase, walking)


def steady_added_rad(severity: float, velocity_rad_s: float) -> float:
    """By how far the reflex has moved the ankle's target once it has answered."""
    actuation = torque_actuation(body(spastic(severity)))
    for _ in range(6):
        control = actuation.control(inputs(velocity_rad_s))
    return float(control[0, ANKLE])


def environment(*bodies: BodyParameters) -> WalkingEnvironment:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    return WalkingEnvironment([Walker(model, one, normal_reference()) for one in bodies], seed=2, threads=1)


def walk(env: WalkingEnvironment, steps: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        env.step(rng.normal(0.0, 0.3, (env.size, len(JOINTS))))
    return env.state.copy()


def test_the_actuation_of_bodies_without_reflexes_or_delay_is_unchanged():
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    actuation = TorqueActuation([model], STEP_S)

    assert impaired(actuation, [model], [body(spastic(0.0), slow(0.0))], STEP_S) is actuation


def test_a_healthy_walker_beside_impaired_ones_walks_exactly_as_among_healthy_ones():
    alone = walk(environment(GENERIC_BODY, GENERIC_BODY), 25)
    beside = walk(environment(GENERIC_BODY, body(spastic(1.0), slow(1.0))), 25)

    np.testing.assert_array_equal(alone[0], beside[0])
    assert np.abs(alone[1] - beside[1]).max() > 1e-3


def test_fast_stretch_is_opposed_by_the_stretched_group_with_its_gain():
    stiffness = 100.0  # of the generic ankle's servo
    stretch = 0.60 * 5.0 - REFLEX_THRESHOLD_PER_S
    expected_nm = -402.0 * REFLEX_GAIN_S * 0.5 * stretch

    assert steady_added_rad(0.5, 5.0) * stiffness == pytest.approx(expected_nm)
    assert steady_added_rad(1.0, 5.0) == pytest.approx(2 * steady_added_rad(0.5, 5.0))


def test_slow_stretch_and_shortening_provoke_no_reflex():
    assert steady_added_rad(1.0, 0.3) == 0.0
    assert steady_added_rad(1.0, -6.0) == 0.0


def test_a_reflex_comes_after_its_delay():
    actuation = torque_actuation(body(spastic(1.0)))
    answers = [float(actuation.control(inputs(5.0))[0, ANKLE]) for _ in range(4)]

    first = int(np.flatnonzero(answers)[0])

    assert first == int(np.floor(REFLEX_DELAY_S / STEP_S))
    assert answers[first] == pytest.approx(answers[-1] / 2)  # half of this interval lies before the delay
    assert answers[2] == answers[3] < 0.0


def test_a_delayed_ramp_is_the_ramp_some_ticks_earlier_for_any_part_of_a_tick():
    delays = np.array([0.0, 0.4, 2.0, 3.7])
    line = DelayedValues(delays, 1)
    for tick in range(12):
        late = line(np.full((4, 1), float(tick)))

    np.testing.assert_allclose(late[:, 0], 11.0 - delays)


def test_reactions_of_a_slow_person_act_later_and_those_of_others_at_once():
    late = ReactionDelay([body(slow(0.6)), GENERIC_BODY], STEP_S)
    acted = [late(np.full((2, len(JOINTS)), 1.0))[:, ANKLE] for _ in range(5)]

    assert round(0.6 * LATEST_REACTION_S / STEP_S) == 3
    np.testing.assert_allclose(np.transpose(acted), [[0.0, 0.0, 0.0, 1.0, 1.0], [1.0] * 5])


def test_weak_muscles_make_their_fraction_of_every_commanded_torque():
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.5, LEFT, group=MuscleGroup.DORSIFLEXORS)
    actuation = torque_actuation(body(weak))
    up, down = (float(actuation.control(inputs(target_rad=target))[0, ANKLE]) for target in (0.1, -0.1))

    assert (up, down) == pytest.approx((0.1 * 0.1**0.5, -0.1))


def test_an_impaired_walk_continues_exactly_from_its_state_dict():
    bodies = (body(spastic(0.7), slow(0.35)), body(spastic(0.4, RIGHT, MuscleGroup.KNEE_EXTENSORS)))
    one, other = environment(*bodies), environment(*bodies)
    walk(one, 12)

    other.load_state_dict({name: array.copy() for name, array in one.state_dict().items()})

    np.testing.assert_array_equal(walk(one, 12, seed=1), walk(other, 12, seed=1))


def test_torque_of_an_impaired_person_is_that_of_the_commands_that_act():
    weak = Impairment(ImpairmentKind.WEAKNESS, 1.0, LEFT, group=MuscleGroup.DORSIFLEXORS)
    actuation = torque_actuation(body(weak))
    assert isinstance(actuation, ImpairedActuation)
    command = inputs(target_rad=0.2)
    actuation.control(command)

    assert actuation.torque_nm(command)[0, ANKLE] == pytest.approx(0.1 * 0.2 * 100.0)


@cache
def tiny() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(TINY)


def muscle_inputs(speed_m_s: float, activation: float) -> ActuationInputs:
    model = tiny()
    state = np.array([[0.0, 0.0, 0.0, activation, activation]])
    sensor = np.zeros((1, model.nsensordata))
    sensor[0, [model.sensor(f"speed_{name}_l").adr[0] for name in ("soleus", "tibant")]] = speed_m_s
    still = np.zeros((1, 14))
    return ActuationInputs(still, still, still, state, sensor, np.zeros(1), np.ones(1))


def test_only_muscles_of_the_spastic_group_answer_their_own_stretch():
    severity = np.zeros((1, len(SIDES), len(MuscleGroup)))
    severity[0, 0, list(MuscleGroup).index(MuscleGroup.PLANTARFLEXORS)] = 0.5
    reflex = MuscleReflex([tiny()], severity, 0.01)
    for _ in range(5):
        control = reflex.with_reflex(np.array([[0.2, 0.2]]), reflex.voluntary(muscle_inputs(2.0, 0.2)))

    fibre_m = 1.0  # a range of lengths of 1 m is one optimal length here
    expected = 0.2 + REFLEX_GAIN_S * 0.5 * (2.0 / fibre_m - REFLEX_THRESHOLD_PER_S)
    np.testing.assert_allclose(control, [[expected, 0.2]])


def test_the_voluntary_command_does_not_include_the_activation_of_a_reflex():
    severity = np.full((1, len(SIDES), len(MuscleGroup)), 1.0)
    reflex = MuscleReflex([tiny()], severity, 0.01)
    for activation in (0.2, 0.5, 0.8):  # of the true muscle, driven up by its reflex
        voluntary = reflex.voluntary(muscle_inputs(3.0, activation))
        reflex.with_reflex(np.array([[0.2, 0.2]]), voluntary)

    np.testing.assert_allclose(voluntary.state[0, 3:], 0.2)


def test_activation_follows_excitation_as_in_the_physics():
    model, data = tiny(), mujoco.MjData(tiny())
    data.act[:], data.ctrl[:] = (0.1, 0.9), (0.7, 0.3)
    mujoco.mj_step(model, data, 5)

    followed = activation_after(np.array([[0.1, 0.9]]), np.array([[0.7, 0.3]]), 0.01)

    np.testing.assert_allclose(followed[0], data.act, atol=1e-6)


def test_reflex_torques_and_stretches_are_those_of_the_80_muscles():
    model = compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False)
    arms = exact_moment_arms(model, normal_reference().angle_rad[::10]).mean(axis=0)
    names = [model.actuator(number).name for number in range(model.na)]
    shortest, longest = model.actuator_lengthrange[: model.na].T
    low, high, force = model.actuator_gainprm[: model.na, :3].T
    moment, stretch = group_by_joint(FULL_MOMENT_NM), group_by_joint(STRETCH_PER_RAD)
    columns = [Joint.of(kind, RIGHT).column for kind in JointKind]
    for row, group in enumerate(MuscleGroup):
        muscles = [names.index(muscle.on(RIGHT)) for muscle in MEMBERS[group]]
        arm, fraction = arms[muscles][:, columns], force[muscles] / force[muscles].sum()
        fibre = ((longest - shortest) / (high - low))[muscles]
        np.testing.assert_allclose(moment[row], -force[muscles] @ arm, atol=10.0)
        np.testing.assert_allclose(stretch[row], fraction @ (arm / fibre[:, None]), atol=0.04)


def pain_of(severity: tuple[float, float], load: tuple[float, float]) -> float:
    none = np.zeros(1)
    fields = dict.fromkeys(StepQuantities.__dataclass_fields__, none)
    return float(pain(StepQuantities(**fields | {"pain": np.array([severity]), "load": np.array([load])}))[0])


def test_pain_punishes_load_beyond_what_the_leg_bears_and_nothing_else():
    assert pain_of((0.0, 0.0), (1.3, 1.2)) == 0.0
    assert pain_of((0.5, 0.0), (0.5, 1.3)) == 0.0
    assert pain_of((0.5, 0.0), (1.1, 0.0)) == pytest.approx(-0.5 * 0.6)
    assert pain_of((0.0, 1.0), (1.1, 0.4)) == pytest.approx(-0.4)


def test_pain_lets_the_other_foot_land_earlier_and_nothing_happens_without():
    phase, strike = np.linspace(0.0, 0.99, 12), np.full(12, 0.5)
    left_hurts = pain_free_phase(phase, strike, np.tile([1.0, 0.0], (12, 1)))

    np.testing.assert_array_equal(pain_free_phase(phase, strike, np.zeros((12, 2))), phase)
    assert pain_free_phase(np.array([0.4]), np.array([0.5]), np.array([[1.0, 0.0]]))[0] == pytest.approx(0.5)
    assert (np.diff(left_hurts) > 0.0).all()


def test_the_reference_of_a_painful_leg_carries_the_body_for_a_shorter_time():
    def left_fraction(pain: tuple[float, float]) -> float:
        bank = StrideBank([normal_reference()] * 200)
        phase = np.arange(200) / 200
        pain_free = pain_free_phase(phase, bank.right_strike, np.tile(pain, (200, 1)))
        return float(np.mean(bank.left_load(pain_free)))

    assert left_fraction((0.0, 0.0)) == pytest.approx(0.5, abs=0.01)
    assert left_fraction((1.0, 0.0)) == pytest.approx(0.42, abs=0.01)
    assert left_fraction((0.0, 1.0)) == pytest.approx(0.58, abs=0.01)


def test_an_antalgic_stride_shows_the_same_angles_in_another_rhythm():
    healthy = normal_reference()
    limping = antalgic_reference(healthy, np.array([1.0, 0.0]))

    assert antalgic_reference(healthy, np.zeros(2)) is healthy
    np.testing.assert_allclose(
        limping.angle_rad[40], healthy.angle_rad[50], atol=0.02
    )  # the right foot lands
    np.testing.assert_allclose(limping.angle_rad.max(axis=0), healthy.angle_rad.max(axis=0), atol=0.02)
