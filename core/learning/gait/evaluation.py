"""Evaluation of a walking policy by its mean action: seconds until a fall, joint error, falls, speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import FLEXION
from core.simulation.environment.walker import Walker, actuation_of

EQUAL_WALK_S = 2.0  # mean walks that differ by less count as equally long: a few starts are bad luck
SETTLE_S = 1.0  # after a random start; falls count from the first step, joint errors from here


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Numbers of N randomised starts, each walked until a fall or the time limit."""

    walk_seconds: FloatArray  # (N,) at most the evaluation's length
    joint_rmse_deg: float  # hip, knee and ankle flexion against the reference, while walking
    falls_per_minute: float
    speed_m_s: float

    @property
    def walk_seconds_median(self) -> float:
        return float(np.median(self.walk_seconds))

    @property
    def rank(self) -> tuple[int, float]:
        """Larger is better: first the mean time until a fall, then closeness to the person's gait.

        The mean, because the median of a policy that falls in nearly half of its walks is a whole walk.
        """
        return (round(float(self.walk_seconds.mean()) / EQUAL_WALK_S), -self.joint_rmse_deg)


def evaluate(
    walkers: Sequence[Walker], networks: PolicyNetworks, *, seed: int, length_s: float
) -> Evaluation:
    """Let every walker walk once with the mean action, by muscles if there is a coordination network."""
    environment = WalkingEnvironment(
        walkers, seed=seed, actuation=actuation_of(walkers, networks), episode_s=2 * length_s
    )
    walking = np.ones(environment.size, dtype=np.bool_)
    steps = np.zeros(environment.size)
    distance_m = np.zeros(environment.size)
    squares, samples = 0.0, 0
    for number in range(round(length_s / CONTROL_STEP_S)):
        step = environment.step(networks.act(environment.observation()))
        walking &= ~step.terminated
        steps += walking
        distance_m[walking] = environment.walked_m[walking]
        if number * CONTROL_STEP_S >= SETTLE_S:
            error = environment.own_error_rad[walking][:, FLEXION]
            squares += float((error**2).sum())
            samples += error.size
        if not walking.any():
            break
        environment.reset(step.terminated)
    seconds = steps * CONTROL_STEP_S
    walked_s = max(float(seconds.sum()), CONTROL_STEP_S)
    return Evaluation(
        walk_seconds=seconds,
        joint_rmse_deg=float(np.degrees(np.sqrt(squares / samples))) if samples else float("nan"),
        falls_per_minute=float((~walking).sum()) / (walked_s / 60.0),
        speed_m_s=float(distance_m.sum()) / walked_s,
    )
