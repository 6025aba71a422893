"""The default controller: delayed output feedback (Lim et al. 2019), distilled into the exo's own network.

The law needs no gait phase: the delayed difference of the two hip angles gives each leg torque in the
direction of its coming movement. The network's inputs span 30 ms only, so it is fitted to the law on
simulated walks.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import SIDES
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import HISTORY, INPUTS
from core.learning.exo.worn_controller import (
    CONTROL_HZ,
    KD_NM_S_RAD,
    KP_NM_RAD,
    SIZES,
    VELOCITY_SCALE,
    WornExo,
    exo_controller,
)
from core.learning.rl.networks import perceptron, to_network
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment

GAIN_NM, DELAY_S = 22.0, 0.15
"""Lim et al. 2019 use 8 to 12 N m and about 0.25 s on people. Here both are tuned on the default twin for the
least metabolic rate (numbers on the card beside the controller), so that beating the default means something.
"""
_FILTER_LAG_TICKS = 2  # of the low-pass in the torque loop; targets are this far ahead
TRAINING_STEPS = 4000
_BATCH = 1024
_ANGLE_NOISE_RAD = 0.005
_VELOCITY_NOISE_RAD_S = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class HipTrack:
    """Both hips of one walk at 100 Hz. Axes: T ticks, 2 sides."""

    angle_rad: FloatArray  # (T, 2)
    velocity_rad_s: FloatArray  # (T, 2)


class DelayedOutputFeedback:
    """The law itself on the hip angles without sensor noise, within torque limits, as an exo of N walkers."""

    def __init__(
        self,
        environment: WalkingEnvironment,
        gain_nm: float | FloatArray,
        delay_s: float | FloatArray,
        limits: TorqueLimits,
    ) -> None:
        """Gain and delay are the same for all walkers, or one for each (N,)."""
        count = environment.size
        self._gain_nm = np.broadcast_to(gain_nm, count)[:, None]
        self._ticks = np.broadcast_to(np.round(np.asarray(delay_s) * CONTROL_HZ).astype(int), count)
        self._limits = limits
        self._past = np.zeros((int(self._ticks.max()) + 1, count))  # newest first
        self._torque_nm: FloatArray = np.zeros((count, len(SIDES)))

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        self._past[:, which] = 0.0
        self._torque_nm[which] = 0.0

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        angle, _ = environment.exo_reading
        self._past = np.roll(self._past, 1, axis=0)
        self._past[0] = np.sin(angle[:, 1]) - np.sin(angle[:, 0])
        delayed = self._past[self._ticks, np.arange(environment.size)]
        wanted = self._gain_nm * np.stack([delayed, -delayed], axis=1)
        wanted = np.clip(wanted, self._limits.lowest_nm, self._limits.highest_nm)
        step = self._limits.rate_nm_s / CONTROL_HZ
        self._torque_nm = np.clip(wanted, self._torque_nm - step, self._torque_nm + step)
        return self._torque_nm.copy()


def law_torque(angle_rad: FloatArray) -> FloatArray:
    """Torque (T, 2) of the law for hip angles (T, 2) at 100 Hz; zero until the delay has passed.

    Lim et al. 2019: y = sin(right) - sin(left); right torque = -gain y(t - delay), left torque = +gain y.
    """
    difference = np.sin(angle_rad[:, 1]) - np.sin(angle_rad[:, 0])
    delayed = np.zeros(len(angle_rad))
    ticks = round(DELAY_S * CONTROL_HZ)
    delayed[ticks:] = difference[:-ticks]
    return GAIN_NM * np.stack([delayed, -delayed], axis=1)


def distil_law(
    tracks: Sequence[HipTrack], limits: TorqueLimits, seed: int, *, steps: int = TRAINING_STEPS
) -> tuple[ExoController, float]:
    """A controller fitted to the law on these tracks, and its RMS torque error [N m] there."""
    track_inputs, track_targets = zip(*(_samples(track) for track in tracks), strict=True)
    inputs = torch.from_numpy(np.concatenate(track_inputs))
    targets = torch.from_numpy(np.concatenate(track_targets))
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layers = perceptron(SIZES, "relu")
    optimiser = torch.optim.Adam(layers.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
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
    return exo_controller(to_network(layers, "relu"), limits), error


def record_hips(environment: WalkingEnvironment, policy: PolicyNetworks, seconds: float) -> list[HipTrack]:
    """Hip motion of every walker that does not fall; the models wear an exo, which gives no torque."""
    recorder = _HipRecorder(environment)
    standing = np.ones(environment.size, np.bool_)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(policy.act(environment.observation()), recorder)
        standing &= ~step.terminated
    angle, velocity = np.array(recorder.angle), np.array(recorder.velocity)
    return [HipTrack(angle[:, walker], velocity[:, walker]) for walker in np.flatnonzero(standing)]


def varied_tracks(tracks: Sequence[HipTrack], seed: int) -> list[HipTrack]:
    """The tracks, and for each one with other ranges and offsets of the hips and one of quiet standing."""
    rng = np.random.default_rng(seed)
    result = list(tracks)
    for track in tracks:
        scale = rng.uniform(0.3, 1.3) * rng.uniform(0.8, 1.2, 2)
        offset = rng.normal(0.0, 0.12, 2)
        result.append(HipTrack(track.angle_rad * scale + offset, track.velocity_rad_s * scale))
        standing = rng.normal(0.05, 0.25) + rng.normal(0.0, 0.02, 2) + np.zeros_like(track.angle_rad[::4])
        result.append(HipTrack(standing, np.zeros_like(standing)))
    return result


def _samples(track: HipTrack) -> tuple[Float32Array, Float32Array]:
    """Inputs (T', 16) and the joint targets (T', 2) that give the law's torque."""
    angle, velocity = track.angle_rad, track.velocity_rad_s
    target = angle + (law_torque(angle) + KD_NM_S_RAD * velocity) / KP_NM_RAD
    sample = np.concatenate([angle, VELOCITY_SCALE * velocity], axis=1)
    first, last = round(DELAY_S * CONTROL_HZ) + HISTORY, len(angle) - _FILTER_LAG_TICKS
    past = [sample[first - lag : last - lag] for lag in range(HISTORY)]
    targets = target[first + _FILTER_LAG_TICKS : last + _FILTER_LAG_TICKS]
    return np.concatenate(past, axis=1).astype(np.float32), targets.astype(np.float32)


class _HipRecorder(WornExo):
    """Records its sensor readings and gives no torque."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        zero = Network(
            tuple(np.zeros((out, into), np.float32) for into, out in itertools.pairwise(SIZES)),
            tuple(np.zeros(out, np.float32) for out in SIZES[1:]),
            "relu",
        )
        limits = TorqueLimits(0.0, 0.0, np.pi)
        super().__init__(exo_controller(zero, limits, environment.exo_joint), environment)
        self.angle: list[FloatArray] = []
        self.velocity: list[FloatArray] = []

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        self.read_sensors(environment)
        self.angle.append(self._angle.astype(np.float64))
        self.velocity.append(self._velocity.astype(np.float64))
        return np.zeros((environment.size, 2))
