"""Evaluation of controllers on one twin: every condition walks from the same starts, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from core.domain.assistance_profile import AssistanceProfile
from core.domain.controller import ExoController
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.gyro_exo import wear
from core.learning.exo.measures import Exo, WalkRecording, measured, record_walk
from core.learning.exo.torque_profile import assistance_profile
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_sensors import PERFECT, Faults

EVALUATION_WALKERS = 16
EVALUATION_S = 5.0  # each; the first second does not count
EVALUATION_SEEDS = 5
ExoFor = Callable[[WalkingEnvironment, int], Exo]


class WalkEvaluator:
    """Measures walks of one twin without the exo, with it worn, and with controllers."""

    def __init__(
        self,
        twin: TwinInExo,
        *,
        seeds: Sequence[int],
        scenario: Scenario = LEVEL_WALKING,
        walkers: int = EVALUATION_WALKERS,
        seconds: float = EVALUATION_S,
        faults: Faults = PERFECT,
        threads: int = 2,
    ) -> None:
        self.twin, self.seeds, self.scenario = twin, tuple(seeds), scenario
        self._walkers, self._seconds = walkers, seconds
        self._faults, self._threads = faults, threads

    @cached_property
    def without_exo(self) -> WalkMeasures:
        return self._walks(None, worn=False)

    @cached_property
    def worn_without_torque(self) -> WalkMeasures:
        return self.worn(None)

    def worn(self, controller: ExoController | None) -> WalkMeasures:
        """Walks with the exo; without a controller it gives no torque."""
        if controller is None:
            return self._walks(None, worn=True)
        return self.assisted(self._wearing(controller))

    def profiled(self, controller: ExoController) -> tuple[WalkMeasures, AssistanceProfile]:
        """The same walks as `worn`, and the torque over their gait cycles."""
        parts = [self._walk(seed, self._wearing(controller), worn=True) for seed in self.seeds]
        measures, profiles = zip(*parts, strict=True)
        return WalkMeasures.joined(measures), AssistanceProfile.joined(profiles)

    def assisted(self, exo_for: ExoFor) -> WalkMeasures:
        """Walks with the exo, whose torque comes from what `exo_for` makes for an environment and a seed."""
        return self._walks(exo_for, worn=True)

    def _walks(self, exo_for: ExoFor | None, *, worn: bool) -> WalkMeasures:
        return WalkMeasures.joined([self._walk(seed, exo_for, worn=worn)[0] for seed in self.seeds])

    def _wearing(self, controller: ExoController) -> ExoFor:
        return lambda environment, seed: wear(controller, environment, faults=self._faults, seed=seed)

    def recorded(
        self, seed: int, controller: ExoController | None, *, worn: bool
    ) -> tuple[WalkRecording, WalkMeasures, AssistanceProfile]:
        """The walks of one seed themselves, too; without a controller the exo gives no torque."""
        return self._recorded(seed, None if controller is None else self._wearing(controller), worn=worn)

    def _walk(
        self, seed: int, exo_for: ExoFor | None, *, worn: bool
    ) -> tuple[WalkMeasures, AssistanceProfile]:
        _, measures, profile = self._recorded(seed, exo_for, worn=worn)
        return measures, profile

    def _recorded(
        self, seed: int, exo_for: ExoFor | None, *, worn: bool
    ) -> tuple[WalkRecording, WalkMeasures, AssistanceProfile]:
        twin = self.twin
        walkers = twin.walkers(self._walkers, worn=worn, scenario=self.scenario)
        environment = twin.environment(walkers, seed=seed, threads=self._threads)
        exo = None if exo_for is None else exo_for(environment, seed)
        recording = record_walk(environment, twin.walking, exo, self._seconds)
        body = twin.policy.body
        profile = assistance_profile(recording, environment, body)
        return recording, measured(recording, environment, body), profile
