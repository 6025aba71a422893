"""One person's twin with and without an exo: its walkers and environments, by torques or by muscles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain.body import JointKind
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.domain.twin import GaitPolicy
from core.learning.exo.worn_controller import WalkingPolicy
from core.simulation.analysis.scenario import scenario_walker
from core.simulation.environment.batch_environment import EPISODE_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import exo_model, require_motors
from core.twin.body import Fidelity


@dataclass(frozen=True, slots=True, eq=False)
class TwinInExo:
    """A twin that walks by a fixed policy, and the exo that it may wear.

    A policy with a coordination network moves 80 muscles; the exo is then held by compliant straps. Without
    one ideal torques move the joints, and the exo is fixed rigidly. Raises UserError SIM-011 for an exo
    without motors at both hips or both ankles.
    """

    policy: GaitPolicy
    device_id: str

    def __post_init__(self) -> None:
        require_motors(self.device_id)

    @property
    def exo_joint(self) -> JointKind:
        return exo_model(self.device_id).joint

    @property
    def fidelity(self) -> Fidelity:
        return Fidelity.FAST if self.policy.coordination is None else Fidelity.STANDARD

    def walker(self, scenario: Scenario, *, worn: bool, length_s: float = EPISODE_S) -> Walker:
        """The twin in a scenario; in level walking with its own stride."""
        straps = exo_model(self.device_id).straps if worn and self.fidelity is not Fidelity.FAST else ()
        walker = scenario_walker(
            scenario,
            self.policy.body,
            self.policy.reference,
            length_s=length_s,
            fidelity=self.fidelity,
            device_id=self.device_id if worn else None,
            straps=straps,
        )
        return replace(walker, exo_joint=self.exo_joint)  # what is looked at where the exo is not worn

    def walkers(self, count: int, *, worn: bool, scenario: Scenario = LEVEL_WALKING) -> list[Walker]:
        """`count` times the same walker."""
        return [self.walker(scenario, worn=worn)] * count

    def environment(
        self,
        walkers: Sequence[Walker],
        *,
        seed: int,
        threads: int = 2,
        handrail: bool = False,
        episode_s: float = EPISODE_S,
    ) -> WalkingEnvironment:
        return WalkingEnvironment(
            walkers,
            seed=seed,
            actuation=actuation_of(walkers, self.networks),
            episode_s=episode_s,
            threads=threads,
            handrail=handrail,
        )

    @property
    def networks(self) -> PolicyNetworks:
        return PolicyNetworks.from_policy(self.policy)

    @property
    def walking(self) -> WalkingPolicy:
        return WalkingPolicy(self.networks)
