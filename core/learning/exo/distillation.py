"""Default controllers: a law distilled into the exo's own network.

The laws look back further than the network, whose inputs span 30 ms, so it is fitted to them on simulated
walks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import JointKind
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import HISTORY, INPUTS
from core.learning.exo import delayed_output_feedback, delayed_spring
from core.learning.exo.worn_controller import (
    CONTROL_HZ,
    KD_NM_S_RAD,
    KP_NM_RAD,
    SIZES,
    VELOCITY_SCALE,
    WornExo,
    exo_controller,
)
from core.learning.rl.adam import Adam, CosineDecay
from core.learning.rl.networks import perceptron, to_network
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment

_FILTER_LAG_TICKS = 2  # of the low-pass in the torque loop; targets are this far ahead
TRAINING_STEPS = 4000
_BATCH = 1024
_ANGLE_NOISE_RAD = 0.005
_VELOCITY_NOISE_RAD_S = 0.05


@dataclass(frozen=True, slots=True)
class DefaultLaw:
    """The law that ships for the exos of one joint."""

    torque: Callable[[FloatArray], FloatArray]  # (T, 2) [N m] for angles (T, 2) at 100 Hz
    delay_s: float  # it looks back so far
    words: str
    offset_rad: float  # spread of mounting and posture in the variations of a walk
    standing_rad: tuple[float, float]  # mean and spread of the angle of people who stand


DEFAULT_LAWS = {
    JointKind.HIP_FLEXION: DefaultLaw(
        delayed_output_feedback.law_torque,
        delayed_output_feedback.DELAY_S,
        f"delayed output feedback after Lim et al. 2019, gain {delayed_output_feedback.GAIN_NM} N m, "
        f"delay {delayed_output_feedback.DELAY_S} s",
        offset_rad=0.12,
        standing_rad=(0.05, 0.25),
    ),
    JointKind.ANKLE: DefaultLaw(
        delayed_spring.spring_torque,
        delayed_spring.DELAY_S,
        f"delayed spring, {delayed_spring.STIFFNESS_NM_RAD:g} N m/rad beyond {delayed_spring.REST_RAD} rad, "
        f"delay {delayed_spring.DELAY_S} s",
        offset_rad=0.03,
        standing_rad=(0.06, 0.05),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class JointTrack:
    """The assisted joints of one walk at 100 Hz. Axes: T ticks, 2 sides."""

    angle_rad: FloatArray  # (T, 2)
    velocity_rad_s: FloatArray  # (T, 2)


def distil_law(
    tracks: Sequence[JointTrack],
    limits: TorqueLimits,
    seed: int,
    *,
    joint: JointKind = JointKind.HIP_FLEXION,
    steps: int = TRAINING_STEPS,
) -> tuple[ExoController, float]:
    """A controller fitted to the joint's law on these tracks, and its RMS torque error [N m] there."""
    law = DEFAULT_LAWS[joint]
    track_inputs, track_targets = zip(*(_samples(track, law) for track in tracks), strict=True)
    found = np.concatenate(track_inputs), np.concatenate(track_targets)
    return fitted_controller(*found, limits, seed, joint=joint, steps=steps)


def fitted_controller(
    sampled: Float32Array,
    wanted: Float32Array,
    limits: TorqueLimits,
    seed: int,
    *,
    joint: JointKind = JointKind.HIP_FLEXION,
    steps: int = TRAINING_STEPS,
) -> tuple[ExoController, float]:
    """A controller that gives joint targets `wanted` (S, 2) for inputs (S, 16), and its RMS error [N m]."""
    inputs, targets = torch.from_numpy(sampled), torch.from_numpy(wanted)
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layers = perceptron(SIZES, "relu")
    optimiser = Adam(layers.parameters(), 2e-3)
    schedule = CosineDecay(optimiser, steps)
    noise = torch.tensor([_ANGLE_NOISE_RAD] * 2 + [_VELOCITY_NOISE_RAD_S * VELOCITY_SCALE] * 2).repeat(
        HISTORY
    )
    for _ in range(steps):
        rows = torch.randint(len(inputs), (_BATCH,), generator=random)
        noisy = inputs[rows] + noise * torch.randn((_BATCH, INPUTS), generator=random)
        loss = ((layers(noisy) - targets[rows]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        error = float(((layers(inputs) - targets) ** 2).mean().sqrt()) * KP_NM_RAD
    return exo_controller(to_network(layers, "relu"), limits, joint), error


def record_joints(
    environment: WalkingEnvironment, policy: PolicyNetworks, seconds: float
) -> list[JointTrack]:
    """The assisted joints of every walker that does not fall; the exo that is worn gives no torque."""
    recorder = _JointRecorder(environment)
    standing = np.ones(environment.size, np.bool_)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(policy.act(environment.observation()), recorder)
        standing &= ~step.terminated
    angle, velocity = np.array(recorder.angle), np.array(recorder.velocity)
    return [JointTrack(angle[:, walker], velocity[:, walker]) for walker in np.flatnonzero(standing)]


def varied_tracks(
    tracks: Sequence[JointTrack], seed: int, joint: JointKind = JointKind.HIP_FLEXION
) -> list[JointTrack]:
    """The tracks, and for each one with other ranges and offsets of the joint and one of quiet standing."""
    law = DEFAULT_LAWS[joint]
    rng = np.random.default_rng(seed)
    result = list(tracks)
    for track in tracks:
        scale = rng.uniform(0.3, 1.3) * rng.uniform(0.8, 1.2, 2)
        offset = rng.normal(0.0, law.offset_rad, 2)
        result.append(JointTrack(track.angle_rad * scale + offset, track.velocity_rad_s * scale))
        standing = (
            rng.normal(*law.standing_rad) + rng.normal(0.0, 0.02, 2) + np.zeros_like(track.angle_rad[::4])
        )
        result.append(JointTrack(standing, np.zeros_like(standing)))
    return result


def _samples(track: JointTrack, law: DefaultLaw) -> tuple[Float32Array, Float32Array]:
    """Inputs (T', 16) and the joint targets (T', 2) that give the law's torque."""
    return torque_samples(track, law.torque(track.angle_rad), round(law.delay_s * CONTROL_HZ))


def torque_samples(
    track: JointTrack, torque_nm: FloatArray, not_before: int = 0
) -> tuple[Float32Array, Float32Array]:
    """Inputs (T', 16) of a track and the joint targets (T', 2) that give these torques (T, 2) in time.

    The first tick is HISTORY after `not_before`; the last ones are left out, whose targets lie ahead.
    """
    angle, velocity = track.angle_rad, track.velocity_rad_s
    target = angle + (torque_nm + KD_NM_S_RAD * velocity) / KP_NM_RAD
    sample = np.concatenate([angle, VELOCITY_SCALE * velocity], axis=1)
    first, last = not_before + HISTORY, len(angle) - _FILTER_LAG_TICKS
    past = [sample[first - lag : last - lag] for lag in range(HISTORY)]
    targets = target[first + _FILTER_LAG_TICKS : last + _FILTER_LAG_TICKS]
    return np.concatenate(past, axis=1).astype(np.float32), targets.astype(np.float32)


def idle_controller(joint: JointKind) -> ExoController:
    """One that gives no torque."""
    zero = Network(
        tuple(np.zeros((out, into), np.float32) for into, out in itertools.pairwise(SIZES)),
        tuple(np.zeros(out, np.float32) for out in SIZES[1:]),
        "relu",
    )
    return exo_controller(zero, TorqueLimits(0.0, 0.0, np.pi), joint)


class _JointRecorder(WornExo):
    """Records its sensor readings and gives no torque."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        super().__init__(idle_controller(environment.exo_joint), environment)
        self.angle: list[FloatArray] = []
        self.velocity: list[FloatArray] = []

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        self.read_sensors(environment)
        self.angle.append(self._angle.astype(np.float64))
        self.velocity.append(self._velocity.astype(np.float64))
        return np.zeros((environment.size, 2))
