"""Training of the teacher by PPO: the exo alone while the person walks as before, then both together.

The person's network and the exo's learn in the same rollouts, each with its own value network and optimiser.
A control learns as long with an exo that gives nothing (`assists=False`): what the person's own learning
brings is told apart from help.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from core.domain.controller import TorqueLimits
from core.learning.exo.both_act import BothAct
from core.learning.exo.privileged_teacher import HIDDEN, PrivilegedTeacher
from core.learning.exo.teacher_environment import TeacherEnvironment, UnassistedEffort
from core.learning.exo.worn_controller import WalkingPolicy
from core.learning.gait.policy_learner import networks_of
from core.learning.gait.predictive import CurriculumStage
from core.learning.gait.predictive_twin import PredictiveTwin
from core.learning.rl.checkpoint import pack, to_arrays, to_tensors, unpack
from core.learning.rl.networks import ActorCritic, load_layers, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser, join_batches
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks

ENVIRONMENTS = 2  # that step at the same time
EXO_ALONE = 0.5  # fraction of a stage's time, before both learn
CRITIC_ITERATIONS = 5  # the value network alone learns at first
_LOG_STD = -2.0  # policy std 0.14: what it begins with helps already
_MOTION_LOG_STD = -2.5
_EXO_RATES, _MOTION_RATES = (2e-5, 1e-3), (2e-5, 3e-4)
_SMOOTH = 10  # iterations


@dataclass(frozen=True, slots=True)
class TeacherProgress:
    """Numbers of one iteration, with exploration noise; means over the last iterations."""

    iteration: int
    elapsed_s: float
    effort_ratio: float  # to the same walks without an exo
    exo_power_w: float
    falls_per_minute: float
    speed_error_m_s: float
    both: bool


def without_torque(limits: TorqueLimits) -> TorqueLimits:
    """Of a control's exo. Torque is told as a share of the peak, so that is next to nothing, not zero."""
    return replace(limits, peak_nm=1e-6)


class TeacherLearner:
    """Trains the exo of one stage's walkers, then exo and person; `train_until` runs it."""

    def __init__(
        self,
        twin: PredictiveTwin,
        stage: CurriculumStage,
        device_id: str,
        limits: TorqueLimits,
        unassisted: UnassistedEffort,
        *,
        seed: int,
        walker_count: int,
        budget_s: float,
        start: PrivilegedTeacher,
        assists: bool = True,
    ) -> None:
        """`start`: of the stage before, or of `share_teacher`."""
        torch.manual_seed(seed)
        self._twin, self._device_id, self._budget_s, self._assists = twin, device_id, budget_s, assists
        self._limits = limits if assists else without_torque(limits)
        self._walking = WalkingPolicy(twin.networks)
        self._environments = self._make_environments(stage, unassisted, walker_count, seed)
        agent, normaliser = self._exo_agent(start)
        settings = PpoSettings(entropy=0.0, learning_rate_range=_EXO_RATES)
        self._exo = Ppo(
            self._environments, agent, normaliser, settings=settings, seed=seed, learn_normaliser=False
        )
        self._motion = _motion_learner(twin.networks, self._environments, seed)
        self._both: list[BothAct[TeacherEnvironment]] = []
        self._iterations, self.elapsed_s = 0, 0.0
        self._recent: deque[tuple[float, ...]] = deque(maxlen=_SMOOTH)
        self._minutes = settings.horizon * walker_count * CONTROL_STEP_S / 60.0

    @property
    def together(self) -> bool:
        """Whether the person learns, too."""
        return not self._assists or self.elapsed_s >= EXO_ALONE * self._budget_s

    def learn_iteration(self, clock: Callable[[], float]) -> TeacherProgress:
        """One rollout, and one update of each network on it."""
        started = clock()
        if self.together:
            self._let_both_act()
        self._freeze_exo(frozen=not self._assists or self._iterations < CRITIC_ITERATIONS)
        for one in self._both:
            one.motion.begin()
        stats = self._exo.learn_iteration()
        if self._both:
            self._motion.learn(join_batches([one.finish() for one in self._both]))
        self._iterations += 1
        self.elapsed_s += clock() - started
        terms, falls = stats.reward_terms, stats.terminations / self._minutes
        self._recent.append((terms["effort_ratio"], terms["exo_power_w"], falls, terms["speed_error_m_s"]))
        ratio, power_w, fallen, off_m_s = (float(mean) for mean in np.mean(self._recent, axis=0))
        both = bool(self._both)
        return TeacherProgress(self._iterations, self.elapsed_s, ratio, power_w, fallen, off_m_s, both)

    def teacher(self) -> PrivilegedTeacher:
        agent, normaliser = self._exo.agent, self._exo.normaliser
        return PrivilegedTeacher(
            to_network(agent.policy, agent.activation),
            normaliser.mean.copy(),
            normaliser.std.copy(),
            self._device_id,
            self._limits.peak_nm,
        )

    def person(self) -> PredictiveTwin:
        """The twin with what its own network has learned meanwhile."""
        return replace(self._twin, networks=networks_of(self._motion.agent, self._motion.normaliser))

    def save_checkpoint(self) -> bytes:
        """Everything that is needed to resume here."""
        return pack(
            {
                "exo": self._exo.state_dict(),
                "motion": self._motion.state_dict(),
                "environments": [to_tensors(one.state_dict()) for one in self._environments],
                "iterations": self._iterations,
                "elapsed_s": self.elapsed_s,
            }
        )

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError, KeyError or ValueError when it is another's."""
        content: dict[str, Any] = unpack(checkpoint)
        self._exo.load_state_dict(content["exo"])
        self._motion.load_state_dict(content["motion"])
        for environment, state in zip(self._environments, content["environments"], strict=True):
            environment.load_state_dict(to_arrays(state))
        self._iterations, self.elapsed_s = content["iterations"], content["elapsed_s"]

    def _make_environments(
        self, stage: CurriculumStage, unassisted: UnassistedEffort, walker_count: int, seed: int
    ) -> list[TeacherEnvironment]:
        made = []
        for number in range(ENVIRONMENTS):
            draw = seed + 1000 * (number + 1)
            count = walker_count // ENVIRONMENTS
            walkers = self._twin.walkers(stage, count, draw, device_id=self._device_id)
            walking = self._twin.environment(walkers, seed=draw, threads=1)
            walking.stagger_episodes(draw)
            made.append(TeacherEnvironment(walking, self._walking, self._limits, unassisted))
        return made

    def _exo_agent(self, start: PrivilegedTeacher) -> tuple[ActorCritic, Normaliser]:
        """The policy to begin with, and a value network that is new."""
        observations = self._environments[0].observation().shape[1]
        agent = ActorCritic(observations, 2, hidden=HIDDEN, log_std=_LOG_STD)
        load_layers(agent.policy, start.policy)
        return agent, Normaliser(start.observation_mean.copy(), start.observation_std**2)

    def _freeze_exo(self, *, frozen: bool) -> None:
        agent = self._exo.agent
        for parameter in (*agent.policy.parameters(), agent.log_std):
            parameter.requires_grad_(not frozen)

    def _let_both_act(self) -> None:
        """From now on the person explores and learns in the exo's rollouts."""
        if self._both:
            return
        pairs = zip(self._environments, self._motion.collectors, strict=True)
        self._both = [BothAct(environment, motion, self._motion) for environment, motion in pairs]
        for collector, both in zip(self._exo.collectors, self._both, strict=True):
            collector.environment = both


def _motion_learner(networks: PolicyNetworks, environments: Sequence[TeacherEnvironment], seed: int) -> Ppo:
    """PPO of the person's network; its rollouts are recorded while the exo's are collected."""
    agent = ActorCritic(networks.policy.sizes[0], networks.policy.sizes[-1])
    agent.load(networks.policy, networks.value, networks.log_std.clip(max=_MOTION_LOG_STD))
    normaliser = Normaliser(networks.observation_mean.copy(), networks.observation_std**2)
    settings = PpoSettings(learning_rate=1e-4, learning_rate_range=_MOTION_RATES)
    walking = [environment.walking for environment in environments]
    return Ppo(walking, agent, normaliser, settings=settings, seed=seed + 1, learn_normaliser=False)
