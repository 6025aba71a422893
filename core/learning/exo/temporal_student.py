"""A pupil with two thigh gyros learns what its teacher would give: imitation on walks of its own (DAgger).

Ross, Gordon & Bagnell 2011 (AISTATS 15:627): walks are recorded with the pupil's torque more and more often,
labelled by the teacher, and all of them are learned on. The sensors have noise, bias, delay, lost samples and
straps that sit askew, drawn anew in every episode: so the pupil learns what is sure in spite of them. What
it is taught is the torque of the very tick, so it makes up for the usual delay of its sensors by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.domain.arrays import FloatArray, IntArray
from core.domain.controller import (
    ExoController,
    InputSignal,
    NetworkInputs,
    NetworkOutput,
    Sense,
    TorqueLimits,
)
from core.domain.twin import Network
from core.exo_core.numpy_runtime import low_pass_coefficients
from core.learning.exo.environment import TRAINING_FAULTS
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.pupil_walks import PupilWalks, pupil_walks
from core.learning.exo.student_scores import agreement
from core.learning.exo.teachers import Teacher, drawn_walks
from core.learning.exo.temporal_network import DILATIONS, SPAN, TAPS, TemporalNetwork
from core.learning.exo.worn_controller import CONTROL_HZ, KD_NM_S_RAD, KP_NM_RAD
from core.learning.rl.adam import Adam, CosineDecay

GYRO_SCALE = 0.3  # scales the turning of a walking thigh to about one
LOW_PASS_HZ = 25.0  # the network is smooth by itself; ten would cost 22 ms of foresight instead of 9
GYRO_FAULTS = replace(TRAINING_FAULTS, dropout=0.01)
BETAS = (1.0, 0.5, 0.25, 0.0, 0.0, 0.0)  # of each round: how often the teacher assists
HUBER_NM_KG = 0.02
JUMP_WEIGHT = 0.1  # of the squared change from tick to tick
_RESPONSE_TICKS = 8  # of the low-pass: what is left out sums to 0.3 percent
_LEAK = 0.02  # of the gradient of torque that the limits cut off
_LEAD_IN = SPAN + _RESPONSE_TICKS - 2  # ticks of a window before the first that counts
_LOSS_SCALE = 50.0  # brings the loss near one
_STANDING_SHARE = 8  # one window in so many is of somebody who stands
_SWAY_RAD_S, _SWAY_HZ = 0.03, (0.2, 0.8)


@dataclass(frozen=True, slots=True)
class DistillationSizes:
    """How much is walked and learned."""

    walkers: int = 48
    own: int = 4  # of them in the person's own walk
    seconds: float = 8.0  # of each round's walks
    steps: tuple[int, ...] = (400, 300, 300, 300, 400, 1300)  # of Adam after each round's walks
    windows: int = 64  # in each step
    window_ticks: int = 64
    rate: float = 3e-3


BY_MUSCLES = DistillationSizes(walkers=24, own=2, seconds=6.0)
"""Muscles cost more time to walk."""


@dataclass(frozen=True, slots=True)
class RoundTold:
    """One round: of its walks with the pupil as it was before them, and what was learned until its end."""

    number: int
    rmse_nm_kg: float  # of the pupil before, on these walks
    falls: int
    own_falls: int  # of the walkers in the person's own walk
    own: int
    ticks: int  # learned on until now


def student_controller(network: Network, limits: TorqueLimits) -> ExoController:
    """This network as a controller that reads thigh gyros alone and gives torque [N m]."""
    senses = (Sense.VELOCITY_LEFT, Sense.VELOCITY_RIGHT)
    inputs = NetworkInputs(tuple(InputSignal(sense, GYRO_SCALE) for sense in senses), history=1)
    return ExoController(
        network,
        velocity_scale=GYRO_SCALE,
        low_pass_hz=LOW_PASS_HZ,
        kp_nm_rad=KP_NM_RAD,
        kd_nm_s_rad=KD_NM_S_RAD,
        control_hz=CONTROL_HZ,
        limits=limits,
        inputs=inputs,
        output=NetworkOutput.TORQUE,
        taps=TAPS,
        dilations=DILATIONS,
    )


class Distiller(Iterator[RoundTold]):
    """Rounds of walking and learning; `controller` is the pupil as it is now. Same seed, same pupil."""

    def __init__(self, teacher: Teacher, *, seed: int, sizes: DistillationSizes, threads: int = 2) -> None:
        torch.manual_seed(seed)
        self._teacher, self._sizes, self._seed, self._threads = teacher, sizes, seed, threads
        self._network = TemporalNetwork()
        self._lessons = _Lessons(sizes, teacher.limits.peak_nm / teacher.mass_kg, seed)
        self._optimiser = Adam(self._network.parameters(), sizes.rate)
        self._schedule = CosineDecay(self._optimiser, sum(sizes.steps))
        self._number = 0

    @property
    def rounds(self) -> int:
        return len(self._sizes.steps)

    @property
    def ticks(self) -> int:
        return self._lessons.ticks

    @property
    def controller(self) -> ExoController:
        return student_controller(self._network.network(self._teacher.mass_kg), self._teacher.limits)

    def __next__(self) -> RoundTold:
        if self._number == self.rounds:
            raise StopIteration
        number, sizes = self._number, self._sizes
        walks = self._walk(BETAS[min(number, len(BETAS) - 1)])
        self._lessons.add(walks, self._teacher.mass_kg)
        for _ in range(sizes.steps[number]):
            self._learn()
        self._number += 1
        found = agreement("", (walks,), self._teacher.mass_kg)
        own_falls = int((walks.falls[: sizes.own] > 0).sum())
        falls = int(walks.falls.sum())
        return RoundTold(number, found.rmse_nm_kg, falls, own_falls, sizes.own, self._lessons.ticks)

    def _walk(self, beta: float) -> PupilWalks:
        sizes, seed = self._sizes, self._seed + 100 * self._number
        rng, further = np.random.default_rng(seed), self._teacher.further
        scenarios = drawn_walks(sizes.walkers, rng, own=sizes.own, further=further)
        taught = self._teacher.walks(scenarios, seed=seed, seconds=sizes.seconds, threads=self._threads)
        pupil = GyroExo(self.controller, taught.environment, faults=GYRO_FAULTS, seed=seed)
        return pupil_walks(taught, pupil, sizes.seconds, beta=beta, seed=seed)

    def _learn(self) -> None:
        loss = self._lessons.loss(self._network)
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        self._schedule.step()


class _Lessons:
    """Everything that was walked, one episode after the other, and the loss on windows of it."""

    def __init__(self, sizes: DistillationSizes, peak_nm_kg: float, seed: int) -> None:
        self._sizes, self._peak = sizes, peak_nm_kg
        self._random = torch.Generator().manual_seed(seed)
        self._response = _impulse_response()
        self._signals, self._targets = torch.zeros((2, 0)), torch.zeros((2, 0))
        self._counted = torch.zeros(0)
        self._starts = torch.zeros(0, dtype=torch.int64)
        self.ticks = 0

    def add(self, walks: PupilWalks, mass_kg: float) -> None:
        """Learn on these walks, too. An episode begins as if its first sample had always been there."""
        signals, targets, counted, starts = [self._signals], [self._targets], [self._counted], [self._starts]
        at = self._signals.shape[1]
        for walker, first, end in _episodes(walks.age, self._sizes.window_ticks):
            felt = GYRO_SCALE * walks.turning_rad_s[first:end, walker].T
            told = walks.teacher_nm[first:end, walker].T / mass_kg
            lead = np.repeat(felt[:, :1], _LEAD_IN, axis=1)
            signals.append(_tensor(np.concatenate([lead, felt], axis=1)))
            targets.append(_tensor(np.concatenate([0.0 * lead, told], axis=1)))
            known = np.concatenate([np.zeros(_LEAD_IN), walks.counted[first:end, walker]])
            counted.append(_tensor(known))
            starts.append(at + torch.arange(end - first - self._sizes.window_ticks + 1))
            at += _LEAD_IN + end - first
            self.ticks += end - first
        self._signals, self._targets = torch.cat(signals, dim=1), torch.cat(targets, dim=1)
        self._counted, self._starts = torch.cat(counted), torch.cat(starts)

    def loss(self, network: TemporalNetwork) -> Tensor:
        signals, targets, counted = self._windows()
        torque = self._limited(self._smooth(network(signals)))
        error = functional.huber_loss(torque, targets, delta=HUBER_NM_KG, reduction="none")
        jumps = (torque[..., 1:] - torque[..., :-1]) ** 2
        loss: Tensor = _LOSS_SCALE * ((error * counted).mean() + JUMP_WEIGHT * jumps.mean())
        return loss

    def _windows(self) -> tuple[Tensor, Tensor, Tensor]:
        """Signals (B, 2, lead + W), targets (B, 2, W), and what of it counts (B, 1, W)."""
        count, width = self._sizes.windows, self._sizes.window_ticks
        chosen = self._starts[torch.randint(len(self._starts), (count,), generator=self._random)]
        rows = chosen[:, None] + torch.arange(_LEAD_IN + width)
        signals = self._signals[:, rows].permute(1, 0, 2)
        targets = self._targets[:, rows[:, _LEAD_IN:]].permute(1, 0, 2)
        counted = self._counted[rows[:, _LEAD_IN:]][:, None]
        standing = slice(0, max(1, count // _STANDING_SHARE))
        signals[standing] = GYRO_SCALE * self._standing(signals[standing].shape)
        targets[standing], counted[standing] = 0.0, 1.0
        return signals, targets, counted

    def _standing(self, shape: torch.Size) -> Tensor:
        """What gyros tell [rad/s] while somebody stands: bias, noise and slow sway."""

        def drawn(low: float, high: float) -> Tensor:
            found: Tensor = low + (high - low) * torch.rand((*shape[:2], 1), generator=self._random)
            return found

        time_s = torch.arange(shape[2]) / CONTROL_HZ
        sway = drawn(0.0, _SWAY_RAD_S) * torch.sin(
            2.0 * torch.pi * (drawn(*_SWAY_HZ) * time_s + drawn(0.0, 1.0))
        )
        bias, noise = GYRO_FAULTS.gyroscope_bias_rad_s, GYRO_FAULTS.gyroscope_noise_rad_s
        return sway + drawn(-bias, bias) + noise * torch.randn(shape, generator=self._random)

    def _smooth(self, output: Tensor) -> Tensor:
        """The low-pass of the torque loop over outputs (B, 2, T)."""
        flat = output.reshape(-1, 1, output.shape[-1])
        return functional.conv1d(flat, self._response).reshape(*output.shape[:2], -1)

    def _limited(self, torque: Tensor) -> Tensor:
        within = torque.clamp(-self._peak, self._peak)
        return within + _LEAK * (torque - within)


def _episodes(age: IntArray, shortest: int) -> Iterator[tuple[int, int, int]]:
    """Walker, first tick and end of every episode that is long enough, in ages (T, N)."""
    for walker in range(age.shape[1]):
        begins = [*np.flatnonzero(age[:, walker] == 0).tolist(), len(age)]
        for first, end in pairwise(begins):
            if end - first >= shortest:
                yield walker, first, end


def _impulse_response() -> Tensor:
    """Of the low-pass, the oldest tick first (1, 1, _RESPONSE_TICKS); it sums to one."""
    b0, b1, b2, a1, a2 = low_pass_coefficients(LOW_PASS_HZ, CONTROL_HZ).astype(np.float64)
    response: FloatArray = np.zeros(_RESPONSE_TICKS)
    first = second = 0.0
    for tick in range(_RESPONSE_TICKS):
        value = float(tick == 0)
        response[tick] = b0 * value + first
        first = b1 * value - a1 * response[tick] + second
        second = b2 * value - a2 * response[tick]
    return _tensor(response[::-1] / response.sum()).reshape(1, 1, -1)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
