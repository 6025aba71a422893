"""What a teacher begins with: a share of the moment that the person's own muscles make about the joint.

Exos that gave a part of the biological hip and knee moment helped people in many activities (Molinaro et al.
2024, Nature 635:337). The simulation knows that moment; the teacher is fitted to it on walks of its own
(DAgger; Ross et al. 2011), because with the exo the person moves differently. PPO goes on from there. Axes:
N walkers.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.learning.exo.privileged_teacher import HIDDEN, PrivilegedActor, PrivilegedTeacher
from core.learning.exo.teacher_environment import TeacherEnvironment
from core.learning.rl.adam import Adam, CosineDecay
from core.learning.rl.networks import perceptron, to_network
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.muscles.leg_muscles import LegMuscles, joint_rows

SHARE = 0.2  # of the moment
ROUNDS = 4
SECONDS = 6.0  # of walking in each round
_MOST = 0.98  # of the peak: beyond, the inverse hyperbolic tangent has no end
_CUTOFF_HZ = 6.0  # moments of walking lie below (Winter 2009)
_LEAD_STEPS = 1  # the exo's low-pass is so late
_GRADIENT_STEPS, _BATCH, _RATE = 1500, 1024, 1e-3


class JointMoment:
    """Moment of the muscles about the exo's two joints (N, 2) [N m], as `PredictiveEnvironment` stands."""

    def __init__(self, environment: PredictiveEnvironment) -> None:
        self._environment = environment
        self._muscles = LegMuscles(environment.physics.models)

    def __call__(self) -> FloatArray:
        environment = self._environment
        torques = self._muscles.torques(environment.joint_angle_rad, environment.sensor)
        activation = self._muscles.activation(environment.state)
        active = np.einsum("rjm,rm->rj", torques.active_nm, activation)
        moment: FloatArray = joint_rows(active + torques.passive_nm)[:, environment.exo_columns]
        return moment


def share_teacher(
    environment: TeacherEnvironment,
    device_id: str,
    peak_nm: float,
    *,
    seed: int,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    steps: int = _GRADIENT_STEPS,
) -> PrivilegedTeacher:
    """A teacher that gives `SHARE` of the moment that muscles and exo make together."""
    torch.manual_seed(seed)
    size = environment.observation().shape[1]
    layers = perceptron((size, *HIDDEN, 2), "silu", last_scale=0.01)
    normaliser = Normaliser.of(size)
    observations: list[Float32Array] = []
    targets: list[Float32Array] = []
    teacher: PrivilegedTeacher | None = None
    for number in range(rounds):
        seen, moment = _walked(environment, teacher, seconds)
        observations.append(seen)
        targets.append(_action(moment, peak_nm))
        if number == 0:
            normaliser.learn(np.concatenate(observations))
        _fit(layers, normaliser, np.concatenate(observations), np.concatenate(targets), steps, seed + number)
        teacher = PrivilegedTeacher(
            to_network(layers, "silu"), normaliser.mean.copy(), normaliser.std.copy(), device_id, peak_nm
        )
    assert teacher is not None
    return teacher


def _walked(
    environment: TeacherEnvironment, teacher: PrivilegedTeacher | None, seconds: float
) -> tuple[Float32Array, FloatArray]:
    """Observations (K, O) of a walk, and the smooth moment (K, 2) a little later; falls are left out."""
    policy = None if teacher is None else PrivilegedActor(teacher)
    moment_of = JointMoment(environment.walking)
    nothing = np.zeros((environment.size, 2))
    seen, moment, fell = [], [], []
    environment.reset(np.ones(environment.size, np.bool_))
    for _ in range(round(seconds / CONTROL_STEP_S)):
        observation = environment.observation()
        seen.append(observation)
        moment.append(moment_of() + environment.torque_nm)
        step = environment.step(nothing if policy is None else policy.act(observation))
        fell.append(step.terminated)
        environment.reset(step.terminated)
    walking = ~_near_a_fall(np.array(fell))
    sos = butter(2, _CUTOFF_HZ, fs=1.0 / CONTROL_STEP_S, output="sos")
    smooth = sosfiltfilt(sos, np.array(moment), axis=0)
    rows = walking[:-_LEAD_STEPS]
    return np.array(seen)[:-_LEAD_STEPS][rows], smooth[_LEAD_STEPS:][rows]


def _near_a_fall(fell: BoolArray) -> BoolArray:
    """(T, N) half a second around every fall, whose moments are no walking."""
    reach = round(0.5 / CONTROL_STEP_S)
    near = np.zeros_like(fell)
    for time, walker in np.argwhere(fell):
        near[max(0, time - reach) : time + reach, walker] = True
    return near


def _action(moment_nm: FloatArray, peak_nm: float) -> Float32Array:
    wanted = np.clip(SHARE * moment_nm / peak_nm, -_MOST, _MOST)
    return np.arctanh(wanted).astype(np.float32)


def _fit(
    layers: torch.nn.Sequential,
    normaliser: Normaliser,
    observation: Float32Array,
    target: Float32Array,
    steps: int,
    seed: int,
) -> None:
    """Gradient steps on random samples."""
    inputs, wanted = normaliser(observation), torch.from_numpy(target)
    random = torch.Generator().manual_seed(seed)
    optimiser = Adam(layers.parameters(), _RATE)
    schedule = CosineDecay(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(len(inputs), (_BATCH,), generator=random)
        loss = torch.nn.functional.huber_loss(layers(inputs[rows]), wanted[rows], delta=0.5)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
