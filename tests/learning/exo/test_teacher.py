"""Claims about the teacher: what it is paid for, that it resumes, and how it is judged. With 26 muscles."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from core.domain.controller import TorqueLimits
from core.domain.twin import GENERIC_BODY
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.moment_share import SHARE, JointMoment, share_teacher
from core.learning.exo.predictive_teacher import PredictiveTeacher
from core.learning.exo.privileged_teacher import HIDDEN, PrivilegedActor, PrivilegedTeacher
from core.learning.exo.pupil_walks import pupil_walks
from core.learning.exo.teacher_environment import TeacherEnvironment, UnassistedEffort
from core.learning.exo.teacher_evaluation import Arm, WalkLength, matched_walks, unassisted_effort
from core.learning.exo.teacher_training import TeacherLearner
from core.learning.exo.teachers import walk_at
from core.learning.exo.temporal_network import TemporalNetwork
from core.learning.exo.temporal_student import student_controller
from core.learning.exo.worn_controller import WalkingPolicy
from core.learning.gait.from_nothing import published_synergies, stepping_starts
from core.learning.gait.policy_learner import networks_of
from core.learning.gait.predictive import CurriculumStage, fresh_agent
from core.learning.gait.predictive_twin import PredictiveTwin
from core.learning.rl.networks import perceptron, to_network
from core.simulation.analysis.muscle_analysis import muscle_analysis
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.model.moved_states import moved_states
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION
from core.tasks.teacher_files import found_teacher
from core.twin.body import Fidelity
from tests.learning.exo.twins import walking_twin
from tests.refusals import code_of

DEVICE = "Hippo_L1"
LIMITS = TorqueLimits(12.0, 150.0, 1.4)
LEVEL = CurriculumStage("level", (0.8, 1.2), (0.0,), 0.5, NO_RANDOMISATION)
EFFORT = UnassistedEffort(np.array([-5.0, 0.0]), np.array([0.8, 1.2]), np.array([[0.02, 0.04], [0.03, 0.05]]))


@pytest.fixture(scope="module")
def twin() -> PredictiveTwin:
    """A body that stands in stepping poses and does not know how to walk."""
    model = worn_model(GENERIC_BODY, Fidelity.LUMPED, None, surfaces=False)
    muscles = tuple(model.actuator(number).name for number in range(model.na))
    synergies, starts = published_synergies(muscles), stepping_starts(model)
    walker = PredictiveWalker(model, GENERIC_BODY, (0.8, 1.2))
    environment = PredictiveEnvironment([walker], starts, synergies.weight, seed=0, threads=1)
    networks = networks_of(*fresh_agent(environment, 0))
    return PredictiveTwin(networks, synergies.weight, muscles, starts, Fidelity.LUMPED, from_nothing=True)


def worn(twin: PredictiveTwin, count: int = 2) -> TeacherEnvironment:
    walking = twin.environment(twin.walkers(LEVEL, count, 0, device_id=DEVICE), seed=1, threads=1)
    return TeacherEnvironment(walking, WalkingPolicy(twin.networks), LIMITS, EFFORT)


def untaught(twin: PredictiveTwin) -> PrivilegedTeacher:
    size = worn(twin, 1).observation().shape[1]
    network = to_network(perceptron((size, *HIDDEN, 2), "silu", last_scale=0.01), "silu")
    return PrivilegedTeacher(network, np.zeros(size), np.ones(size), DEVICE, LIMITS.peak_nm)


def learner(twin: PredictiveTwin, **options: object) -> TeacherLearner:
    return TeacherLearner(
        twin,
        LEVEL,
        DEVICE,
        LIMITS,
        EFFORT,
        seed=0,
        walker_count=4,
        budget_s=2.0,
        start=untaught(twin),
        **options,  # type: ignore[arg-type]
    )


def test_a_state_of_the_bare_body_is_the_same_body_in_the_straps() -> None:
    bare = worn_model(GENERIC_BODY, Fidelity.LUMPED, None, surfaces=False)
    strapped = worn_model(
        GENERIC_BODY, Fidelity.LUMPED, DEVICE, surfaces=False, straps=exo_model(DEVICE).straps
    )
    state = stepping_starts(bare).state[:3]
    moved = moved_states(state, bare, strapped)

    data, same = mujoco.MjData(bare), mujoco.MjData(strapped)
    for row in range(3):
        mujoco.mj_setState(bare, data, state[row], mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_setState(strapped, same, moved[row], mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_kinematics(bare, data)
        mujoco.mj_kinematics(strapped, same)
        for body in ("pelvis", "femur_l", "calcn_r"):
            np.testing.assert_allclose(same.body(body).xpos, data.body(body).xpos, atol=1e-12)
        assert same.qvel[1] == data.qvel[1]
    with pytest.raises(ValueError, match="no joint"):
        moved_states(moved, strapped, bare)


def test_effort_without_an_exo_is_looked_up_by_slope_and_between_speeds() -> None:
    found = EFFORT.at(np.array([0.0, -4.0, 3.0]), np.array([1.0, 0.8, 2.0]))

    np.testing.assert_allclose(found, [0.04, 0.02, 0.05])


def test_a_torque_that_is_asked_for_comes_through_low_pass_and_limits(twin: PredictiveTwin) -> None:
    environment = worn(twin)
    most = 0.0
    for _ in range(15):
        before = environment.torque_nm.copy()
        environment.step(np.full((2, 2), 9.0))
        change = np.abs(environment.torque_nm - before).max()
        assert change <= 2 * LIMITS.rate_nm_s / 100.0 + 1e-5  # two ticks
        most = max(most, float(environment.torque_nm.max()))
    assert most == pytest.approx(LIMITS.peak_nm, rel=0.01)


def test_less_effort_pays_and_work_taken_from_the_person_costs(twin: PredictiveTwin) -> None:
    idle = worn(twin)
    cheap = TeacherEnvironment(
        worn(twin).walking, WalkingPolicy(twin.networks), LIMITS, replace(EFFORT, effort=10.0 * EFFORT.effort)
    )
    nothing = np.zeros((2, 2))

    usual, relieved = idle.step(nothing), cheap.step(nothing)

    assert np.all(relieved.reward > usual.reward)
    assert relieved.reward_terms["effort_ratio"] < usual.reward_terms["effort_ratio"]
    against, along = worn(twin), worn(twin)
    moves = np.sign(against.walking.joint_velocity_rad_s[:, against.walking.exo_columns])
    for environment, sign in ((against, -1.0), (along, 1.0)):
        environment.step(sign * moves)
    assert along.step(moves).reward_terms["exo_power_w"] > against.step(-moves).reward_terms["exo_power_w"]


def test_the_moment_that_is_shared_is_that_of_the_simulated_muscles(twin: PredictiveTwin) -> None:
    walking = worn(twin).walking

    found = JointMoment(walking)()

    for row, model in enumerate(walking.physics.models):
        facts = muscle_analysis(model, walking.state[row][None], walking.control[row][None])
        np.testing.assert_allclose(found[row], facts.moment_nm[0, walking.exo_columns], atol=1.5)


@pytest.mark.slow
def test_the_teacher_begins_with_a_share_of_the_muscles_moment(twin: PredictiveTwin) -> None:
    environment = worn(twin, 4)
    teacher = share_teacher(environment, DEVICE, LIMITS.peak_nm, seed=0, rounds=2, seconds=0.8, steps=150)

    policy, moment_of = PrivilegedActor(teacher), JointMoment(environment.walking)
    environment.reset(np.ones(4, np.bool_))
    wanted, given = [], []
    for _ in range(12):
        wanted.append(SHARE * (moment_of() + environment.torque_nm))
        action = policy.act(environment.observation())
        given.append(LIMITS.peak_nm * np.tanh(action))
        environment.step(action)

    assert np.corrcoef(np.ravel(wanted), np.ravel(given))[0, 1] > 0.7


@pytest.mark.slow
def test_the_exo_learns_alone_first_and_the_person_later(twin: PredictiveTwin) -> None:
    learning = learner(twin)
    clock = itertools.count(0.0, 0.6).__next__

    first = learning.learn_iteration(clock)
    person = learning.person().networks.policy.weights[0].copy()
    learning.learn_iteration(clock)
    both = learning.learn_iteration(clock)

    assert not first.both and both.both
    np.testing.assert_array_equal(person, twin.networks.policy.weights[0])
    assert not np.array_equal(learning.person().networks.policy.weights[0], person)


@pytest.mark.slow
def test_a_resumed_training_goes_on_with_the_same_numbers(twin: PredictiveTwin) -> None:
    clock = itertools.count(0.0, 0.0).__next__
    whole, first = learner(twin), learner(twin)
    first.learn_iteration(clock)
    whole.learn_iteration(clock)

    later = learner(twin)
    later.load_checkpoint(first.save_checkpoint())

    expected, found = whole.learn_iteration(clock), later.learn_iteration(clock)
    assert found.iteration == expected.iteration == 2
    for one, other in zip(whole.teacher().policy.weights, later.teacher().policy.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_control_wears_an_exo_that_gives_nothing(twin: PredictiveTwin) -> None:
    control = learner(twin, assists=False)

    progress = control.learn_iteration(itertools.count().__next__)

    assert progress.both and abs(progress.exo_power_w) < 1e-4
    assert not np.array_equal(control.person().networks.policy.weights[0], twin.networks.policy.weights[0])


@pytest.mark.slow
def test_three_arms_begin_alike_and_are_measured(twin: PredictiveTwin) -> None:
    teacher = untaught(twin)
    length = WalkLength(walkers=2, seconds=1.4)

    bare, idle, assisted = matched_walks(twin, teacher, LIMITS, 1.0, 0.0, length)

    assert [one.arm for one in (bare, idle, assisted)] == list(Arm)
    assert bare.exo_peak_nm == idle.exo_peak_nm == 0.0
    assert all(0.0 <= one.survived <= 1.0 for one in (bare, idle, assisted))


def test_who_cannot_walk_teaches_no_exo(twin: PredictiveTwin) -> None:
    length = WalkLength(walkers=1, seconds=0.1)

    assert code_of(unassisted_effort, twin, (0.8, 1.0), (0.0,), length) == "TRN-053"


def test_twin_and_teacher_come_back_from_their_file(twin: PredictiveTwin) -> None:
    teacher = PrivilegedTeacher(twin.networks.policy, np.zeros(3), np.ones(3), DEVICE, 12.0)

    again, taught = PredictiveTwin.of(twin.arrays()), PrivilegedTeacher.of(teacher.arrays())

    assert again.from_nothing and again.muscles == twin.muscles and again.fidelity is twin.fidelity
    np.testing.assert_allclose(again.starts.state, twin.starts.state, atol=1e-5)
    assert taught.device_id == DEVICE and taught.peak_nm == 12.0
    np.testing.assert_array_equal(taught.policy.weights[1], teacher.policy.weights[1])


def test_a_pupil_with_gyros_hears_the_teacher_in_its_own_walks(twin: PredictiveTwin, tmp_path: Path) -> None:
    file = tmp_path / "teacher.npz"
    arrays: dict[str, Any] = twin.arrays() | untaught(twin).arrays()
    np.savez(file, **arrays)

    teacher = found_teacher(str(file), walking_twin())
    taught = teacher.walks([walk_at(1.0, 0.0), walk_at(3.0, 5.0)], seed=0, seconds=1.0, threads=1)
    untrained = student_controller(TemporalNetwork().network(teacher.mass_kg), teacher.limits)
    pupil = GyroExo(untrained, taught.environment)
    walks = pupil_walks(taught, pupil, 0.2, beta=0.5, seed=0)

    assert isinstance(teacher, PredictiveTeacher) and teacher.device_id == DEVICE
    assert walks.teacher_nm.shape == (20, 2, 2) and np.isfinite(walks.teacher_nm).all()
    assert isinstance(taught.environment, PredictiveEnvironment)
    assert taught.environment.command_m_s.tolist() == [1.0, 1.6]  # no faster than it has walked
    assert taught.environment.climb[1] == pytest.approx(np.tan(np.radians(5.0)))
