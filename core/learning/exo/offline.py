"""Offline stage: the controller's network is trained by gradient on recorded walks, in seconds.

A walking policy that does not change hardly resists the exo: what the exo gives comes off the joint's own
torque while the motion stays. So at a recorded motion its own torque is total - exo, the surrogate cost
of that is differentiable, and no simulation is needed for a step. Walks with the new controller are recorded
and added; after a few such rounds PPO goes on, for which the motion is not fixed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint, JointKind
from core.domain.controller import TorqueDirection, TorqueLimits
from core.exo_core.numpy_runtime import HISTORY, low_pass_coefficients
from core.learning.exo.lesson_walks import LessonWalks
from core.learning.exo.sided_help import SidedHelp
from core.learning.exo.surrogate import SurrogateCost
from core.learning.exo.worn_controller import (
    CONTROL_HZ,
    KD_NM_S_RAD,
    KP_NM_RAD,
    LOW_PASS_HZ,
    VELOCITY_SCALE,
)
from core.learning.rl.adam import Adam, CosineDecay

_RESPONSE_TICKS = 14  # of the low-pass: what is left out sums to 0.3 percent
_MOST_LATENCY = 2  # ticks, as of TRAINING_FAULTS
_TICKS_BETWEEN = 3  # from one priced tick of a window to the next
_STANDING_RAD = {JointKind.HIP_FLEXION: (0.05, 0.2), JointKind.ANKLE: (0.06, 0.05)}
"""Mean and spread of the joint's angle in people who stand."""
_FORBIDDEN_WIDTH = 1.0 / 8.0  # of the peak: how far into a forbidden direction the gradient still leads back
_OTHER_SIDE = [Joint.of(joint.kind, joint.side.other).column for joint in JOINTS]


@dataclass(frozen=True, slots=True)
class OfflineSettings:
    """Loss and sensor faults of the offline stage."""

    windows: int = 96  # of `window_ticks` in each step
    window_ticks: int = 96
    learning_rate: float = 2e-3
    torque_price: float = 2e-5  # per (N m)^2, of the cost without the exo
    rate_price: float = 0.05  # per (N m per tick)^2 beyond the rate limit
    braking_price: float = 0.01  # per W of negative exo power: keeps it near a tenth of the work
    saturation_price: float = 0.002  # of torque asked for beyond the peak
    standing_price: float = 2e-3  # per (N m)^2 while standing
    near_price: float = 0.05  # per (N m)^2 beyond what a controller may differ from the one before
    offset_rad: float = 0.035
    angle_noise_rad: float = 0.006
    velocity_noise_rad_s: float = 0.05


class OfflineTrainer:
    """Trains a controller's network on the recorded walks of one person, or of a crowd.

    Every gradient step is taken on the walks of one person, in turn.
    """

    def __init__(
        self,
        network: nn.Sequential,
        limits: TorqueLimits,
        *,
        seed: int,
        joint: JointKind = JointKind.HIP_FLEXION,
        settings: OfflineSettings = OfflineSettings(),
    ) -> None:
        self._columns = list(joint.columns)
        self._standing_rad = _STANDING_RAD[joint]
        self._network, self._limits, self.settings = network, limits, settings
        self._random = torch.Generator().manual_seed(seed)
        self._response = _impulse_response()
        self.sided: SidedHelp | None = None  # prices for legs that are impaired unequally
        self._near: tuple[nn.Sequential, float] | None = None
        self._people: list[_Person] = []
        self._turn = 0

    def add_person(
        self,
        surrogate: SurrogateCost,
        price: FloatArray,
        *,
        symmetric: bool,
        left_out: Collection[int] = (),
    ) -> int:
        """Returns the person's number.

        `left_out` are numbers of lessons whose walks are not used.
        `price` (L, 4) weighs the surrogate's COSTS in each lesson: the aim over the value without the exo. A
        `symmetric` person's walks are used mirrored, too.
        """
        prices = torch.tensor(price, dtype=torch.float32)
        self._people.append(_Person(surrogate, prices, symmetric, frozenset(left_out), []))
        return len(self._people) - 1

    def add_walks(self, walks: LessonWalks, person: int = 0) -> None:
        """Train on these walks, too, as far as they did not fall."""
        one = self._people[person]
        own = _walks_of(walks, one)
        one.walks.extend(own + ([walk.mirrored() for walk in own] if one.symmetric else []))

    def stay_near(self, network: nn.Sequential, most_nm: float) -> None:
        """Price torque that differs by more than `most_nm` from what `network` gives."""
        self._near = network, most_nm

    def train(self, steps: int, *, rate: float = 1.0) -> float:
        """One round of so many gradient steps; returns the mean loss of its last quarter.

        `rate` scales the learning rate, which falls to zero within the round.
        """
        optimiser = Adam(self._network.parameters(), rate * self.settings.learning_rate)
        schedule = CosineDecay(optimiser, steps)
        losses = []
        for _ in range(steps):
            loss = self._loss()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses[-steps // 4 :]))

    def _loss(self) -> Tensor:
        settings = self.settings
        person = self._people[self._turn % len(self._people)]
        self._turn += 1
        batch = self._windows(person.walks)
        sensed = self._sensed(batch)
        exo, asked = self._exo(*sensed)
        # What is given in one tick is carried by the joint at the next recorded one.
        own = batch.total[:, -exo.shape[1] :].clone()
        own[..., self._columns] -= exo
        angle, velocity = batch.angle[:, -exo.shape[1] :], batch.velocity[:, -exo.shape[1] :]
        priced = slice(None, None, _TICKS_BETWEEN)
        costs = person.surrogate.differentiable(angle[:, priced], velocity[:, priced], own[:, priced])
        rate = (exo[:, 1:] - exo[:, :-1]).abs() - self._limits.rate_nm_s / CONTROL_HZ
        beyond = _beyond_limits(asked, self._limits) - 0.3
        return (
            (costs * batch.price[:, None]).sum(dim=-1).mean()
            + self._torque_cost(exo)
            + settings.rate_price * (rate.relu() ** 2).mean()
            + settings.braking_price * (-exo * velocity[..., self._columns]).relu().sum(dim=-1).mean()
            + settings.saturation_price * beyond.relu().mean()
            + settings.standing_price * self._standing_torque()
            + settings.near_price * self._too_far(exo, sensed)
        )

    def _too_far(self, exo: Tensor, sensed: tuple[Tensor, Tensor]) -> Tensor:
        """Mean square [(N m)^2] of what the torque differs too much from that of the network to stay near."""
        if self._near is None:
            return torch.zeros(())
        network, most_nm = self._near
        with torch.no_grad():
            before, _ = self._exo(*sensed, network)
        return (((exo - before).abs() - most_nm).relu() ** 2).mean()

    def _torque_cost(self, exo: Tensor) -> Tensor:
        """What the torque (W, T, 2) itself is priced at."""
        if self.sided is None:
            return self.settings.torque_price * (exo**2).mean()
        flexion = exo[..., self.sided.affected].mean()
        return self.sided.torque_price * (exo**2).mean() + self.sided.lean * flexion

    def _windows(self, walks: list[_Walk]) -> _Windows:
        length, parts = self.settings.window_ticks + HISTORY + _RESPONSE_TICKS + _MOST_LATENCY, []
        picks = torch.randint(len(walks), (self.settings.windows,), generator=self._random)
        for pick in picks.tolist():
            walk = walks[pick]
            spare = walk.angle.shape[0] - length
            start = int(torch.randint(max(spare, 1), (1,), generator=self._random))
            parts.append((walk, slice(start, start + length)))
        return _Windows(
            torch.stack([walk.angle[rows] for walk, rows in parts]),
            torch.stack([walk.velocity[rows] for walk, rows in parts]),
            torch.stack([walk.total[rows] for walk, rows in parts]),
            torch.stack([walk.price for walk, _ in parts]),
        )

    def _sensed(self, batch: _Windows) -> tuple[Tensor, Tensor]:
        """What the exo reads (W, T', 2): late, noisy, and mounted a little off."""
        settings, count = self.settings, len(batch.angle)
        offset = settings.offset_rad * (2.0 * torch.rand((count, 1, 2), generator=self._random) - 1.0)
        late = torch.randint(_MOST_LATENCY + 1, (count,), generator=self._random)
        length = batch.angle.shape[1] - _MOST_LATENCY
        rows = (_MOST_LATENCY - late)[:, None] + torch.arange(length)
        angle = torch.take_along_dim(batch.angle[..., self._columns], rows[..., None], dim=1)
        velocity = torch.take_along_dim(batch.velocity[..., self._columns], rows[..., None], dim=1)
        angle_noise = settings.angle_noise_rad * torch.randn(angle.shape, generator=self._random)
        velocity_noise = settings.velocity_noise_rad_s * torch.randn(angle.shape, generator=self._random)
        return angle + offset + angle_noise, velocity + velocity_noise

    def _exo(
        self, angle: Tensor, velocity: Tensor, network: nn.Sequential | None = None
    ) -> tuple[Tensor, Tensor]:
        """Torque given and asked for (W, T'', 2) in all but the last tick: low-pass, PD, soft clamp.

        By the network that learns, or by another one.
        """
        target = (self._network if network is None else network)(_inputs(angle, velocity))
        smooth = target.unfold(1, _RESPONSE_TICKS, 1) @ self._response
        ticks = smooth.shape[1]
        asked = KP_NM_RAD * (smooth - angle[:, -ticks:]) - KD_NM_S_RAD * velocity[:, -ticks:]
        asked = asked[:, :-1]
        return soft_clamp(asked, self._limits), asked

    def _standing_torque(self) -> Tensor:
        """Mean squared torque that a person who stands would get, in random postures."""
        count = 64
        mean, spread = self._standing_rad
        angle = mean + spread * torch.randn((count, 1, 1), generator=self._random)
        angle = angle + 0.03 * torch.randn((count, 1, 2), generator=self._random)
        still = torch.zeros((count, HISTORY, 2))
        posture = angle.expand(-1, HISTORY, -1)
        target = self._network(_inputs(posture, still))
        asked = KP_NM_RAD * (target - angle)
        return (soft_clamp(asked, self._limits) ** 2).mean()


def soft_clamp(asked: Tensor, limits: TorqueLimits) -> Tensor:
    """Torque [N m] that an exo with these limits gives for what is asked of it.

    It nears the peak smoothly. In a direction that the exo has not it gives nothing, as the exo itself does;
    the gradient there is that of a softplus, so that a network which asks for the wrong sign learns to turn.
    """
    peak = limits.peak_nm
    if limits.direction is TorqueDirection.BOTH:
        return peak * torch.tanh(asked / peak)
    sign = 1.0 if limits.direction is TorqueDirection.FLEXION else -1.0
    width, wanted = _FORBIDDEN_WIDTH * peak, sign * asked
    leading = width * nn.functional.softplus(wanted / width)
    pushed = leading + (wanted.relu() - leading).detach()
    return sign * peak * torch.tanh(pushed / peak)


def _beyond_limits(asked: Tensor, limits: TorqueLimits) -> Tensor:
    """How far a torque is asked for beyond the smallest or the largest one, in peaks; negative within."""
    return torch.maximum(asked - limits.highest_nm, limits.lowest_nm - asked) / limits.peak_nm


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """What the costs of one person's walks are made of, and the walks."""

    surrogate: SurrogateCost
    price: Tensor  # (L, 4)
    symmetric: bool
    left_out: frozenset[int]  # numbers of lessons
    walks: list[_Walk]


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """One walker's ticks (T, 14), and its price (4,)."""

    angle: Tensor
    velocity: Tensor
    total: Tensor
    price: Tensor

    def mirrored(self) -> _Walk:
        """Left and right exchanged, as if seen in a mirror."""
        angle, velocity, total = (one[:, _OTHER_SIDE] for one in (self.angle, self.velocity, self.total))
        return _Walk(angle, velocity, total, self.price)


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Windows of walks (W, T, 14), and their prices (W, 4)."""

    angle: Tensor
    velocity: Tensor
    total: Tensor
    price: Tensor


def _walks_of(walks: LessonWalks, person: _Person) -> list[_Walk]:
    """The walkers that did not fall, in lessons that are used; the start is left out."""
    first = int(np.argmax(walks.settled.any(axis=1)))

    def walk(row: int) -> _Walk:
        recorded = (walks.angle_rad, walks.velocity_rad_s, walks.total_nm)
        angle, velocity, total = (
            torch.tensor(values[first:, row], dtype=torch.float32) for values in recorded
        )
        return _Walk(angle, velocity, total, person.price[walks.lesson[row]])

    used = ~np.isin(walks.lesson, list(person.left_out))
    return [walk(int(row)) for row in np.flatnonzero(used & (walks.falls == 0))]


def _inputs(angle: Tensor, velocity: Tensor) -> Tensor:
    """The controller's inputs (W, T - HISTORY + 1, 16) from readings (W, T, 2), newest first."""
    sample = torch.cat([angle, VELOCITY_SCALE * velocity], dim=-1)
    ticks = sample.shape[1]
    past = [sample[:, HISTORY - 1 - lag : ticks - lag] for lag in range(HISTORY)]
    return torch.cat(past, dim=-1)


def _impulse_response() -> Tensor:
    """(K,) of the torque loop's low-pass, oldest first, summing to one."""
    b0, b1, b2, a1, a2 = (float(value) for value in low_pass_coefficients(LOW_PASS_HZ, CONTROL_HZ))
    numerator = (b0, b1, b2)
    response: list[float] = []
    for tick in range(_RESPONSE_TICKS):
        feed = numerator[tick] if tick < len(numerator) else 0.0
        past = (response[tick - 1] if tick else 0.0), (response[tick - 2] if tick > 1 else 0.0)
        response.append(feed - a1 * past[0] - a2 * past[1])
    values = np.array(response[::-1])
    return torch.tensor(values / values.sum(), dtype=torch.float32)
