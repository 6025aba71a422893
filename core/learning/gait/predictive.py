"""Learning to walk with no reference in the reward: first over speeds, then over slopes (PPO in synergies).

The two stages, and muscles moved in synergies, are the idea of Song et al. (2026, arXiv 2603.04166), who
train without any recorded motion. Here the reward prescribes no movement either, but the training does not
begin from nothing: `app.train.predictive` first lets the networks imitate a policy that tracks a reference
(`core.learning.gait.dagger`), and starts and synergies come from its walks. Every walker of a stage has its
own mass, strength, friction and latency; the networks that end a stage begin the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import FloatArray
from core.domain.scenario import LEVEL_GROUND, Ground, GroundKind
from core.domain.twin import BodyParameters
from core.learning.gait.policy_learner import PolicyLearner
from core.learning.rl.networks import ActorCritic
from core.learning.rl.ppo import PpoSettings, UpdateStats
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker, RecordedStarts
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.physics.domain_randomisation import (
    NO_RANDOMISATION,
    RandomisationRanges,
    altered_model,
    draw,
)
from core.twin.body import Fidelity

MEASURED_RANGES = RandomisationRanges()
EXPLORATION_STD = 0.15  # of an action: 0.045 of a synergy, 0.015 of a muscle alone
SETTLE_S = 1.0  # after a recorded start; speed and effort count from here


@dataclass(frozen=True, slots=True)
class CurriculumStage:
    """One stage of the curriculum."""

    name: str
    speeds_m_s: tuple[float, float]
    slopes_deg: tuple[float, ...]
    fraction: float  # of the time
    ranges: RandomisationRanges = MEASURED_RANGES


CURRICULUM = (
    CurriculumStage("speeds", (0.75, 1.75), (0.0,), 0.5),
    CurriculumStage("slopes", (0.75, 1.5), (-10.0, -5.0, 0.0, 0.0, 5.0, 10.0), 0.35),  # level ground stays in
)
IMITATION_FRACTION = 0.15  # of the time, before: see core.learning.gait.dagger


def stage_walkers(
    body: BodyParameters,
    fidelity: Fidelity,
    stage: CurriculumStage,
    count: int,
    seed: int,
    *,
    device_id: str | None = None,
    straps: bool = False,
) -> tuple[PredictiveWalker, ...]:
    """`count` walkers over the slopes of a stage, each with its own draw from the stage's ranges.

    All wear the exo of `device_id`, rigidly fixed or by its `straps`, or none.
    """
    grounds = [slope_ground(degrees) for degrees in stage.slopes_deg]
    held = exo_model(device_id).straps if straps and device_id is not None else ()
    models = {
        ground: worn_model(body, fidelity, device_id, ground=ground, surfaces=False, straps=held)
        for ground in set(grounds)
    }
    muscles = int(next(iter(models.values())).na)
    walkers = []
    for number, change in enumerate(draw(stage.ranges, count, muscles, seed)):
        ground = grounds[number % len(grounds)]
        model = models[ground] if stage.ranges == NO_RANDOMISATION else altered_model(models[ground], change)
        walkers.append(PredictiveWalker(model, body, stage.speeds_m_s, ground, change.latency_s))
    return tuple(walkers)


def slope_ground(degrees: float) -> Ground:
    if degrees == 0.0:
        return LEVEL_GROUND
    return Ground(GroundKind.RAMP, slope_rad=float(np.radians(degrees)))


@dataclass(frozen=True, slots=True)
class PredictiveProgress:
    """Numbers of one training iteration."""

    iteration: int
    elapsed_s: float  # wall time over all runs of this stage
    control_steps: int
    walk_seconds: float  # mean length of the last episodes, with exploration noise
    falls_per_minute: float  # per simulated minute of the last rollout
    speed_error_m_s: float  # mean difference to the commanded speed at every step
    effort: float  # squared activation weighted by muscle volume
    reward: float

    @property
    def control_steps_per_s(self) -> float:
        return self.control_steps / self.elapsed_s if self.elapsed_s > 0 else 0.0


class PredictiveLearner(PolicyLearner[PredictiveEnvironment, PredictiveProgress]):
    """Trains a policy to walk at commanded speeds in the environments of one stage."""

    curve_units: Mapping[str, str] = {
        "walk_seconds": "s",
        "falls_per_minute": "1/min",
        "speed_error_m_s": "m/s",
        "effort": "share",
        "reward": "per step",
    }

    def __init__(
        self,
        environments: Sequence[PredictiveEnvironment],
        *,
        start: PolicyNetworks | None = None,
        seed: int = 0,
        settings: PpoSettings = PpoSettings(),  # noqa: B008 - frozen
    ) -> None:
        """`environments` of equal size step at the same time. Without `start` the networks are untrained."""
        agent, normaliser = fresh_agent(environments[0], seed)
        if start is not None:
            agent.load(start.policy, start.value, np.minimum(start.log_std, np.log(EXPLORATION_STD)))
            normaliser = Normaliser(start.observation_mean.copy(), start.observation_std**2)
        super().__init__(
            environments, agent, normaliser, seed=seed, settings=settings, learn_normaliser=start is None
        )

    def _progress(self, stats: UpdateStats) -> PredictiveProgress:
        return PredictiveProgress(
            iteration=self._iterations,
            elapsed_s=self.elapsed_s,
            control_steps=self._ppo.steps,
            walk_seconds=self._walk_seconds,
            falls_per_minute=stats.terminations / self._minutes_per_iteration,
            speed_error_m_s=stats.reward_terms["speed_error_m_s"],
            effort=stats.reward_terms["effort"],
            reward=stats.reward,
        )


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveEvaluation:
    """Numbers of N starts at commanded speeds, each walked until a fall or the time limit."""

    walk_seconds: FloatArray  # (N,) at most the evaluation's length
    command_m_s: FloatArray  # (N,)
    speed_m_s: FloatArray  # (N,) mean after the first second; NaN after an earlier fall
    effort: float  # mean after the first second

    def survived(self, length_s: float) -> float:
        """Fraction of the walks that lasted as long as this."""
        return float(np.mean(self.walk_seconds >= length_s - 1e-9))

    @property
    def speed_error_m_s(self) -> float:
        """Mean absolute difference of a walk's mean speed from its command."""
        error = np.abs(self.speed_m_s - self.command_m_s)
        return float(np.nanmean(error)) if np.isfinite(error).any() else float("nan")


def evaluate_predictive(
    walkers: Sequence[PredictiveWalker],
    starts: RecordedStarts,
    synergies: FloatArray,
    networks: PolicyNetworks,
    *,
    seed: int,
    length_s: float,
    threads: int = 2,
) -> PredictiveEvaluation:
    """Let every walker walk once with the policy's mean action."""
    environment = PredictiveEnvironment(
        walkers, starts, synergies, seed=seed, episode_s=2 * length_s, threads=threads
    )
    steps, settled = round(length_s / CONTROL_STEP_S), round(SETTLE_S / CONTROL_STEP_S)
    walking = np.ones(environment.size, dtype=np.bool_)
    walked, begin_m, end_m = (
        np.zeros(environment.size),
        np.zeros(environment.size),
        np.zeros(environment.size),
    )
    efforts = []
    for number in range(steps):
        step = environment.step(networks.act(environment.observation()))
        walking &= ~step.terminated
        walked += walking
        end_m[walking] = environment.walked_m[walking]
        if number + 1 == settled:
            begin_m = end_m.copy()
        if number >= settled:
            efforts.append(step.reward_terms["effort"])
        if not walking.any():
            break
    seconds = walked * CONTROL_STEP_S
    moving_s = seconds - SETTLE_S
    speed = np.where(moving_s > 0.2, (end_m - begin_m) / np.maximum(moving_s, 0.2), np.nan)
    effort = float(np.mean(efforts)) if efforts else float("nan")
    return PredictiveEvaluation(seconds, environment.command_m_s.copy(), speed, effort)


def fresh_agent(environment: PredictiveEnvironment, seed: int) -> tuple[ActorCritic, Normaliser]:
    """Untrained networks for the sizes of this environment."""
    torch.manual_seed(
        seed
    )  # for the initial weights; everything later draws from the learner's own generator
    observations = environment.observation().shape[1]
    agent = ActorCritic(observations, environment.action_size, log_std=float(np.log(EXPLORATION_STD)))
    return agent, Normaliser.of(observations)
