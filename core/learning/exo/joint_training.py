"""Three networks in one learner: motion, muscle coordination and exo (Luo et al. 2024, Nature 630:353).

In every iteration one rollout of the same walkers trains all three: the motion network and the exo network
by PPO, each with its own value network, reward and optimiser; the coordination network on the exact
solutions of the problems that the walk posed. So the person adapts to the exo while the exo learns to help
this person.

What adaptation brings is told apart from learning on: a control learns as long without help
(`assists=False`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from core.domain.controller import Aim, ExoController
from core.domain.twin import GaitPolicy
from core.learning.exo.both_act import BothAct
from core.learning.exo.environment import ExoEnvironment
from core.learning.exo.study import Study
from core.learning.exo.training import ExoAgent, exo_environments, privileged_normaliser
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import exo_controller
from core.learning.gait.coordination import CoordinationLearner
from core.learning.rl.advantage import AdvantageSettings
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser, join_batches
from core.simulation.environment.actuation import Actuation, MuscleActuation
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import ACTION_SIZE

WALKERS = 128
_MOTION_LOG_STD = -1.6  # policy std 0.2, 5 degrees: it can walk already
_MOTION_RATES = (2e-5, 3e-4)
_EXO_RATES = (2e-5, 1e-3)


@dataclass(frozen=True, slots=True)
class JointProgress:
    """Numbers of one iteration, with exploration noise."""

    elapsed_s: float
    iterations: int
    metabolic_ratio: float  # mean of both models, all lessons, by the surrogate
    activation_ratio: float
    motion_reward: float
    falls_per_minute: float


class JointLearner:
    """Trains motion, coordination and exo of one twin in the same rollouts.

    With `assists` False the exo is worn, gives no torque and learns nothing: the control for adaptation.
    """

    def __init__(
        self,
        twin: TwinInExo,
        study: Study,
        start: ExoController,
        aim: Aim,
        *,
        seed: int,
        assists: bool = True,
        walker_count: int = WALKERS,
    ) -> None:
        torch.manual_seed(seed)
        self._twin, self._assists = twin, assists
        self._joint = start.joint
        self._limits = start.limits if assists else dataclasses.replace(start.limits, peak_nm=0.0)
        start = exo_controller(start.network, self._limits, self._joint)
        self._exo_agent = ExoAgent()
        self._exo_agent.load_controller(start.network)
        self._exo_agent.freeze_controller(not assists)
        exo = exo_environments(twin, study, start, aim, self._exo_agent, walker_count, seed)
        self._motion = _motion_learner(twin, exo, seed)
        self._environments = [
            BothAct(environment, collector, self._motion)
            for environment, collector in zip(exo, self._motion.collectors, strict=True)
        ]
        self._exo = Ppo(
            self._environments,
            self._exo_agent,
            privileged_normaliser(twin),
            settings=PpoSettings(entropy=0.0, learning_rate_range=_EXO_RATES),
            seed=seed,
            learn_normaliser=False,
        )
        coordination = twin.policy.coordination
        self._coordination = (
            None if coordination is None else CoordinationLearner(start=coordination, seed=seed)
        )
        self._minutes = AdvantageSettings().horizon * walker_count * CONTROL_STEP_S / 60.0  # of one iteration
        self.iterations, self.elapsed_s = 0, 0.0

    def learn_iteration(self, clock: Callable[[], float]) -> JointProgress:
        """One rollout, and one update of each network on it."""
        started = clock()
        for environment in self._environments:
            environment.motion.begin()
        exo = self._exo.learn_iteration()
        motion = self._motion.learn(join_batches([one.finish() for one in self._environments]))
        self._learn_coordination()
        self.iterations += 1
        self.elapsed_s += clock() - started
        return JointProgress(
            self.elapsed_s,
            self.iterations,
            exo.reward_terms["metabolic"],
            exo.reward_terms["activation"],
            motion.reward,
            motion.terminations / self._minutes,
        )

    def controller(self) -> ExoController:
        return exo_controller(self._exo_agent.network(), self._limits, self._joint)

    def policy(self) -> GaitPolicy:
        """The adapted walking policy with its coordination, all else as before."""
        agent, coordination = self._motion.agent, self._coordination
        return dataclasses.replace(
            self._twin.policy,
            policy=to_network(agent.policy, agent.activation),
            value=to_network(agent.value, agent.activation),
            log_std=agent.log_std.detach().numpy().copy(),
            coordination=None if coordination is None else coordination.network().network,
        )

    @property
    def actuations(self) -> tuple[Actuation, ...]:
        """What moves the joints, one for each environment."""
        return tuple(environment.inner.walking.actuation for environment in self._environments)

    def _learn_coordination(self) -> None:
        """Train on the last problem of every environment; all then use the same network."""
        if self._coordination is None:
            return
        muscles = [one for one in self.actuations if isinstance(one, MuscleActuation)]
        for actuation in muscles:
            if actuation.problem is not None:
                self._coordination.learn(actuation.problem)
        network = self._coordination.network()
        for actuation in muscles:
            actuation.network = network


def _motion_learner(twin: TwinInExo, environments: Sequence[ExoEnvironment], seed: int) -> Ppo:
    """PPO of the walking policy; its rollouts are recorded while the exo's are collected."""
    agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE)
    policy = twin.policy
    agent.load(policy.policy, policy.value, policy.log_std.clip(max=_MOTION_LOG_STD))
    normaliser = Normaliser(policy.observation_mean.copy(), policy.observation_std**2)
    settings = PpoSettings(learning_rate=1e-4, learning_rate_range=_MOTION_RATES)
    walking = [environment.walking for environment in environments]
    return Ppo(walking, agent, normaliser, settings=settings, seed=seed + 1, learn_normaliser=False)
