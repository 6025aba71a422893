"""Learning to walk with nothing to imitate: first over speeds, then over slopes (PPO in synergies).

The two-stage curriculum of Song et al. (2026, arXiv 2603.04166). Every walker of a stage has its own mass,
strength, friction and latency; the networks that end a stage begin the next.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.domain.arrays import FloatArray
from core.domain.scenario import LEVEL_GROUND, Ground, GroundKind
from core.domain.twin import BodyParameters, LearningCurve
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings, Round
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker, Starts
from core.simulation.environment.tracking import CONTROL_STEP_S
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.domain_randomisation import NO_SPREAD, Spread, altered_model, draw
from core.twin.body import Fidelity

MEASURED_SPREAD = Spread()
EXPLORE_SPREAD = 0.15  # of an action: 0.045 of a synergy, 0.015 of a muscle alone
SETTLE_S = 1.0  # the start was given; speed and effort count from here
CURVES = {
    "walk_seconds": "s",
    "falls_per_minute": "1/min",
    "speed_error_m_s": "m/s",
    "effort": "share",
    "reward": "per step",
}


@dataclass(frozen=True, slots=True)
class Course:
    """One stage of the curriculum."""

    name: str
    speeds_m_s: tuple[float, float]
    slopes_deg: tuple[float, ...]
    share: float  # of the time
    spread: Spread = MEASURED_SPREAD


CURRICULUM = (
    Course("speeds", (0.9, 1.5), (0.0,), 0.55),
    Course("slopes", (0.8, 1.4), (-8.0, -4.0, 0.0, 0.0, 4.0, 8.0), 0.30),  # the level is not forgotten
)
IMITATION_SHARE = 0.15  # of the time, before: see core.learning.gait.dagger


def course_walkers(
    body: BodyParameters, fidelity: Fidelity, course: Course, count: int, seed: int
) -> tuple[PredictiveWalker, ...]:
    """`count` walkers over the slopes of a course, each with its own draw of the course's spread."""
    grounds = [slope_ground(degrees) for degrees in course.slopes_deg]
    models = {
        ground: worn_model(body, fidelity, None, ground=ground, surfaces=False) for ground in set(grounds)
    }
    muscles = int(next(iter(models.values())).na)
    walkers = []
    for number, change in enumerate(draw(course.spread, count, muscles, seed)):
        ground = grounds[number % len(grounds)]
        model = models[ground] if course.spread == NO_SPREAD else altered_model(models[ground], change)
        walkers.append(PredictiveWalker(model, body, course.speeds_m_s, ground, change.latency_s))
    return tuple(walkers)


def slope_ground(degrees: float) -> Ground:
    if degrees == 0.0:
        return LEVEL_GROUND
    return Ground(GroundKind.RAMP, slope_rad=float(np.radians(degrees)))


@dataclass(frozen=True, slots=True)
class PredictiveProgress:
    """Where learning stands after a round."""

    round: int
    elapsed_s: float  # wall time over all sittings of this stage
    control_steps: int
    walk_seconds: float  # mean length of the last episodes, with the noise of learning
    falls_per_minute: float  # per simulated minute of this round
    speed_error_m_s: float  # mean difference from the commanded speed at every instant
    effort: float  # squared activation weighted by muscle volume
    reward: float

    @property
    def control_steps_per_s(self) -> float:
        return self.control_steps / self.elapsed_s if self.elapsed_s > 0 else 0.0


class PredictiveLearner:
    """A policy that learns to walk at commanded speeds in one stage's environment."""

    def __init__(
        self,
        environments: Sequence[PredictiveEnvironment],
        *,
        start: PolicyNetworks | None = None,
        seed: int = 0,
        settings: PpoSettings = PpoSettings(),  # noqa: B008 - frozen
    ) -> None:
        """`environments` of equal size walk at the same time. Without `start` it begins from nothing."""
        agent, normaliser = fresh_agent(environments[0], seed)
        if start is not None:
            agent.load(start.policy, start.value, np.minimum(start.log_std, np.log(EXPLORE_SPREAD)))
            normaliser = Normaliser(start.observation_mean.copy(), start.observation_std**2)
        self._worlds = list(environments)
        self._ppo = Ppo(
            self._worlds, agent, normaliser, settings=settings, seed=seed, learn_normaliser=start is None
        )
        self._size = sum(world.size for world in environments)
        self._lengths: deque[int] = deque(maxlen=self._size)
        self._returns: deque[float] = deque(maxlen=self._size)
        self._history: list[tuple[float, ...]] = []
        self._rounds = 0
        self._best_score = -np.inf
        self._best = self.latest
        self.elapsed_s = 0.0

    def learn_round(self, clock: Callable[[], float]) -> PredictiveProgress:
        """Walk one horizon, improve, and remember the policy if it is the best so far."""
        started = clock()
        done = self._ppo.learn_round()
        self._rounds += 1
        self._lengths.extend(done.finished_steps)
        self._returns.extend(done.finished_return)
        if len(self._returns) == self._size and np.mean(self._returns) > self._best_score:
            self._best_score, self._best = float(np.mean(self._returns)), self.latest
        self.elapsed_s += clock() - started
        progress = self._progress(done)
        self._history.append((progress.elapsed_s, *(getattr(progress, name) for name in CURVES)))
        return progress

    @property
    def best(self) -> PolicyNetworks:
        """The policy whose last episodes gave most; the present one until an answer is known."""
        return self._best if np.isfinite(self._best_score) else self.latest

    @property
    def latest(self) -> PolicyNetworks:
        return networks_of(self._ppo.agent, self._ppo.normaliser)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def checkpoint(self) -> bytes:
        """Everything that is needed to go on as if nothing had happened."""
        return packed(
            {
                "learner": self._ppo.state(),
                "environments": [tensors(world.memory()) for world in self._worlds],
                "lengths": list(self._lengths),
                "returns": list(self._returns),
                "history": torch.tensor(self._history, dtype=torch.float64),
                "rounds": self._rounds,
                "elapsed_s": self.elapsed_s,
                "best_score": float(self._best_score),
                "best": tensors(self._best.arrays()),
            }
        )

    def restore(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content = unpacked(checkpoint)
        self._ppo.restore(content["learner"])
        for world, memory in zip(self._worlds, content["environments"], strict=True):
            world.recall(arrays_of(memory))
        self._lengths.extend(content["lengths"])
        self._returns.extend(content["returns"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        self._rounds = content["rounds"]
        self.elapsed_s = content["elapsed_s"]
        self._best_score = content["best_score"]
        self._best = PolicyNetworks.of(arrays_of(content["best"]))

    def _progress(self, done: Round) -> PredictiveProgress:
        minutes = self._ppo.settings.horizon * self._size * CONTROL_STEP_S / 60.0
        return PredictiveProgress(
            round=self._rounds,
            elapsed_s=self.elapsed_s,
            control_steps=self._ppo.steps,
            walk_seconds=float(np.mean(self._lengths or [0])) * CONTROL_STEP_S,
            falls_per_minute=done.falls / minutes,
            speed_error_m_s=done.terms["speed_error_m_s"],
            effort=done.terms["effort"],
            reward=done.reward,
        )


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveEvaluation:
    """Numbers of N starts at commanded speeds, each walked until a fall or until the clock."""

    walk_seconds: FloatArray  # (N,) cut at the evaluation's length
    command_m_s: FloatArray  # (N,)
    speed_m_s: FloatArray  # (N,) mean after the first second; NaN for who fell before
    effort: float  # mean after the first second

    def survived(self, length_s: float) -> float:
        """Share of the walks that lasted as long as this."""
        return float(np.mean(self.walk_seconds >= length_s - 1e-9))

    @property
    def speed_error_m_s(self) -> float:
        """Mean absolute difference of a walk's mean speed from its command."""
        wrong = np.abs(self.speed_m_s - self.command_m_s)
        return float(np.nanmean(wrong)) if np.isfinite(wrong).any() else float("nan")


def evaluate_predictive(
    walkers: Sequence[PredictiveWalker],
    starts: Starts,
    synergies: FloatArray,
    networks: PolicyNetworks,
    *,
    seed: int,
    length_s: float,
    threads: int = 2,
) -> PredictiveEvaluation:
    """Let every walker walk once with the policy's mean action."""
    world = PredictiveEnvironment(
        walkers, starts, synergies, seed=seed, episode_s=2 * length_s, threads=threads
    )
    steps, settled = round(length_s / CONTROL_STEP_S), round(SETTLE_S / CONTROL_STEP_S)
    walking = np.ones(world.size, dtype=np.bool_)
    walked, begin_m, end_m = np.zeros(world.size), np.zeros(world.size), np.zeros(world.size)
    efforts = []
    for number in range(steps):
        step = world.step(networks.act(world.observation()))
        walking &= ~step.fell
        walked += walking
        end_m[walking] = world.walked_m[walking]
        if number + 1 == settled:
            begin_m = end_m.copy()
        if number >= settled:
            efforts.append(step.terms["effort"])
        if not walking.any():
            break
    seconds = walked * CONTROL_STEP_S
    moving_s = seconds - SETTLE_S
    speed = np.where(moving_s > 0.2, (end_m - begin_m) / np.maximum(moving_s, 0.2), np.nan)
    effort = float(np.mean(efforts)) if efforts else float("nan")
    return PredictiveEvaluation(seconds, world.command_m_s.copy(), speed, effort)


def fresh_agent(environment: PredictiveEnvironment, seed: int) -> tuple[ActorCritic, Normaliser]:
    """Networks that know nothing, for the sizes of this environment."""
    torch.manual_seed(seed)  # the first weights; everything later draws from the learner's own generator
    observations = environment.observation().shape[1]
    agent = ActorCritic(observations, environment.action_size, log_std=float(np.log(EXPLORE_SPREAD)))
    return agent, Normaliser.of(observations)


def networks_of(agent: ActorCritic, normaliser: Normaliser) -> PolicyNetworks:
    return PolicyNetworks(
        policy=to_network(agent.policy, agent.activation),
        value=to_network(agent.value, agent.activation),
        log_std=agent.log_std.detach().numpy().copy(),
        observation_mean=normaliser.mean,
        observation_std=normaliser.std,
    )


def curves_of(history: list[tuple[float, ...]], names: dict[str, str]) -> tuple[LearningCurve, ...]:
    """Named series from rows of (elapsed_s, value of every name)."""
    table = np.array(history).reshape(-1, 1 + len(names))
    return tuple(
        LearningCurve(name, unit, table[:, 0], table[:, column])
        for column, (name, unit) in enumerate(names.items(), start=1)
    )


def packed(content: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def unpacked(checkpoint: bytes) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(io.BytesIO(checkpoint), weights_only=True)
    return content


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def arrays_of(content: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in content.items()}
