"""A teacher with a walk of its own: an exo's privileged policy on a predictive twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.controller import TorqueLimits
from core.domain.scenario import GroundKind, Scenario
from core.learning.exo.privileged_teacher import PrivilegedActor, PrivilegedTeacher
from core.learning.exo.teacher_environment import AskedTorque
from core.learning.exo.teachers import TaughtWalks
from core.learning.exo.worn_controller import WalkingPolicy
from core.learning.gait.predictive import slope_ground
from core.learning.gait.predictive_twin import PredictiveTwin
from core.simulation.environment.batch_environment import CONTROL_STEP_S, EXO_STEP_S
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker
from core.simulation.model.exo_model import exo_model, worn_model

USUAL_M_S = 1.2  # where a scenario asks for no speed
_TICKS = round(CONTROL_STEP_S / EXO_STEP_S)


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveTeacher:
    """Who walks, and the policy that drives the exo. It knows neither stairs nor starts from standing."""

    person: PredictiveTwin
    policy: PrivilegedTeacher
    limits: TorqueLimits
    words: str

    @property
    def device_id(self) -> str:
        return self.policy.device_id

    @property
    def mass_kg(self) -> float:
        return self.person.body.mass_kg

    @property
    def further(self) -> tuple[Scenario, ...]:
        return ()

    def walks(
        self, scenarios: Sequence[Scenario], *, seed: int, seconds: float, threads: int = 2
    ) -> TaughtWalks:
        """Speeds beyond what its person has walked are those at the edge; starts and stops are walks."""
        walkers = [self._walker(scenario) for scenario in scenarios]
        environment = self.person.environment(walkers, seed=seed, threads=threads, episode_s=seconds)
        walking = WalkingPolicy(self.person.networks)
        return TaughtWalks(environment, walking.act, PrivilegedExo(environment, self.policy, self.limits))

    def _walker(self, scenario: Scenario) -> PredictiveWalker:
        slope = scenario.ground.slope_rad if scenario.ground.kind is GroundKind.RAMP else 0.0
        ground = slope_ground(float(np.degrees(slope)))
        model = worn_model(
            self.person.body,
            self.person.fidelity,
            self.device_id,
            ground=ground,
            surfaces=False,
            straps=exo_model(self.device_id).straps,
        )
        walked = self.person.starts.speed_m_s
        speed = float(np.clip(scenario.speed_m_s or USUAL_M_S, walked.min(), walked.max()))
        return PredictiveWalker(model, self.person.body, (speed, speed), ground)


class PrivilegedExo:
    """The policy on N walkers as an `assist`: it asks once in a control step, as it was trained."""

    def __init__(
        self, environment: PredictiveEnvironment, policy: PrivilegedTeacher, limits: TorqueLimits
    ) -> None:
        self._actor, self._torque = PrivilegedActor(policy), AskedTorque(environment, limits)
        self._tick = 0

    def __call__(self, environment: PredictiveEnvironment) -> FloatArray:
        if self._tick % _TICKS == 0:
            self._torque.ask(self._actor.act(self._torque.observation(environment)))
        self._tick += 1
        return self._torque(environment)

    def reset(self, which: BoolArray, environment: PredictiveEnvironment) -> None:
        self._torque.reset(which)
