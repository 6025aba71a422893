"""The default controller: delayed output feedback (Lim et al. 2019) taught to the exo's own network.

The law needs no gait phase: the difference of the two thighs, a moment late, pushes each leg the way it is
about to go. The network sees 30 ms only, so it learns the law from simulated walks.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import Float32Array, FloatArray
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

GAIN_NM = 10.0  # Lim et al. 2019 use 8 to 12 for healthy adults; peak torque is about 0.9 of it
DELAY_S = 0.1
"""Lim et al. 2019 use about 0.25 s on people. On the default twin that drives the swing but raises the effort
above that of the exo worn without torque; 0.10 s lowers it below that, though not below walking without the
exo (numbers on the card beside the controller)."""
_FILTER_LAG_TICKS = 2  # the low-pass of the torque loop answers this late; the target is set ahead
TEACHING_STEPS = 4000
_BATCH = 1024
_ANGLE_NOISE_RAD = 0.005
_VELOCITY_NOISE_RAD_S = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class HipTrack:
    """Both hips of one walk at 100 Hz. Axes: T ticks, 2 sides."""

    angle_rad: FloatArray  # (T, 2)
    velocity_rad_s: FloatArray  # (T, 2)


def law_torque(angle_rad: FloatArray) -> FloatArray:
    """Torque (T, 2) of the law for hip angles (T, 2) at 100 Hz; zero until the delay has passed.

    Lim et al. 2019: y = sin(right) - sin(left); right torque = -gain y(t - delay), left torque = +gain y.
    """
    difference = np.sin(angle_rad[:, 1]) - np.sin(angle_rad[:, 0])
    late = np.zeros(len(angle_rad))
    ticks = round(DELAY_S * CONTROL_HZ)
    late[ticks:] = difference[:-ticks]
    return GAIN_NM * np.stack([late, -late], axis=1)


def teach_law(
    tracks: Sequence[HipTrack], limits: TorqueLimits, seed: int, *, steps: int = TEACHING_STEPS
) -> tuple[ExoController, float]:
    """A controller that imitates the law on these tracks, and its RMS torque error [N m] there."""
    inputs, targets = zip(*(_lessons(track) for track in tracks), strict=True)
    given, wanted = torch.from_numpy(np.concatenate(inputs)), torch.from_numpy(np.concatenate(targets))
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layers = perceptron(SIZES, "relu")
    optimiser = torch.optim.Adam(layers.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    noise = torch.tensor([_ANGLE_NOISE_RAD] * 2 + [_VELOCITY_NOISE_RAD_S * VELOCITY_SCALE] * 2).repeat(
        HISTORY
    )
    for _ in range(steps):
        pick = torch.randint(len(given), (_BATCH,), generator=random)
        seen = given[pick] + noise * torch.randn((_BATCH, INPUTS), generator=random)
        loss = ((layers(seen) - wanted[pick]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        error = float(((layers(given) - wanted) ** 2).mean().sqrt()) * KP_NM_RAD
    return exo_controller(to_network(layers, "relu"), limits), error


def walked_hips(world: WalkingEnvironment, policy: PolicyNetworks, seconds: float) -> list[HipTrack]:
    """Hip motion of every walker that stays on its feet; `world` wears an exo, which gives no torque."""
    recorder = _Recorder(world)
    upright = np.ones(world.size, np.bool_)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = world.step(policy.act(world.observation()), recorder)
        upright &= ~step.terminated
    angle, velocity = np.array(recorder.angle), np.array(recorder.velocity)
    return [HipTrack(angle[:, walker], velocity[:, walker]) for walker in np.flatnonzero(upright)]


def varied(tracks: Sequence[HipTrack], seed: int) -> list[HipTrack]:
    """Each track also with other ranges and offsets of the hips, and as quiet standing."""
    rng = np.random.default_rng(seed)
    found = list(tracks)
    for track in tracks:
        size = rng.uniform(0.3, 1.3) * rng.uniform(0.8, 1.2, 2)
        offset = rng.normal(0.0, 0.12, 2)
        found.append(HipTrack(track.angle_rad * size + offset, track.velocity_rad_s * size))
        still = rng.normal(0.05, 0.25) + rng.normal(0.0, 0.02, 2) + np.zeros_like(track.angle_rad[::4])
        found.append(HipTrack(still, np.zeros_like(still)))
    return found


def _lessons(track: HipTrack) -> tuple[Float32Array, Float32Array]:
    """Inputs (T', 16) and the joint targets (T', 2) that make the law's torque."""
    angle, velocity = track.angle_rad, track.velocity_rad_s
    target = angle + (law_torque(angle) + KD_NM_S_RAD * velocity) / KP_NM_RAD
    sample = np.concatenate([angle, VELOCITY_SCALE * velocity], axis=1)
    first, last = round(DELAY_S * CONTROL_HZ) + HISTORY, len(angle) - _FILTER_LAG_TICKS
    past = [sample[first - lag : last - lag] for lag in range(HISTORY)]
    ahead = target[first + _FILTER_LAG_TICKS : last + _FILTER_LAG_TICKS]
    return np.concatenate(past, axis=1).astype(np.float32), ahead.astype(np.float32)


class _Recorder(WornExo):
    """Looks, but gives no torque."""

    def __init__(self, world: WalkingEnvironment) -> None:
        silent = Network(
            tuple(np.zeros((out, into), np.float32) for into, out in itertools.pairwise(SIZES)),
            tuple(np.zeros(out, np.float32) for out in SIZES[1:]),
            "relu",
        )
        super().__init__(exo_controller(silent, TorqueLimits(0.0, 0.0, np.pi)), world)
        self.angle: list[FloatArray] = []
        self.velocity: list[FloatArray] = []

    def __call__(self, world: WalkingEnvironment) -> FloatArray:
        self.look(world)
        angle, velocity = self._seen
        self.angle.append(angle.astype(np.float64))
        self.velocity.append(velocity.astype(np.float64))
        return np.zeros((world.size, 2))
