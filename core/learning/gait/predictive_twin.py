"""A body that walks by a predictive policy, bare or in an exo, and its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.learning.gait.predictive import CurriculumStage, stage_walkers
from core.simulation.environment.batch_environment import EPISODE_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker, RecordedStarts
from core.simulation.model.exo_model import worn_model
from core.simulation.model.moved_states import moved_states
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION
from core.twin.body import Fidelity

KEPT_STARTS = 256  # moments in a file


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveTwin:
    """The generic body with the networks that move its muscles. Axes: S synergies, M muscles."""

    networks: PolicyNetworks
    synergies: FloatArray  # (S, M)
    muscles: tuple[str, ...]  # M
    starts: RecordedStarts  # of the bare body
    fidelity: Fidelity
    from_nothing: bool = False  # no policy that tracks a reference showed it how to walk

    @property
    def body(self) -> BodyParameters:
        return GENERIC_BODY

    def walkers(
        self, stage: CurriculumStage, count: int, seed: int, *, device_id: str | None = None
    ) -> tuple[PredictiveWalker, ...]:
        """`count` walkers over a stage's slopes; an exo is held by its straps."""
        return stage_walkers(self.body, self.fidelity, stage, count, seed, device_id=device_id, straps=True)

    def walkers_at(
        self, speed_m_s: float, slope_deg: float, count: int, *, device_id: str | None = None
    ) -> tuple[PredictiveWalker, ...]:
        """`count` times the same body at one speed and slope."""
        stage = CurriculumStage("matched", (speed_m_s, speed_m_s), (slope_deg,), 0.0, NO_RANDOMISATION)
        return self.walkers(stage, count, 0, device_id=device_id)

    def environment(
        self,
        walkers: Sequence[PredictiveWalker],
        *,
        seed: int,
        threads: int = 2,
        episode_s: float = EPISODE_S,
    ) -> PredictiveEnvironment:
        bare = worn_model(self.body, self.fidelity, None, surfaces=False)
        state = moved_states(self.starts.state, bare, walkers[0].model)
        starts = replace(self.starts, state=state)
        return PredictiveEnvironment(
            walkers, starts, self.synergies, seed=seed, threads=threads, episode_s=episode_s
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Named arrays, ready for a file; of the starts every so many."""
        every = max(1, -(-len(self.starts.state) // KEPT_STARTS))
        return self.networks.arrays() | {
            "synergy_weight": self.synergies,
            "muscles": np.array(self.muscles),
            "start_state": self.starts.state[::every].astype(np.float32),
            "start_sensor": self.starts.sensor[::every].astype(np.float32),
            "start_speed_m_s": self.starts.speed_m_s[::every],
            "fidelity": np.array(self.fidelity.name),
            "from_nothing": np.array(self.from_nothing),
        }

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray]) -> PredictiveTwin:
        """The inverse of `arrays`. Raises KeyError or ValueError for others."""
        starts = RecordedStarts(
            arrays["start_state"].astype(np.float64),
            arrays["start_sensor"].astype(np.float64),
            arrays["start_speed_m_s"],
        )
        twin = PredictiveTwin(
            PolicyNetworks.of(arrays),
            np.array(arrays["synergy_weight"], dtype=np.float64),
            tuple(str(name) for name in arrays["muscles"]),
            starts,
            Fidelity[str(arrays["fidelity"])],
            bool(arrays["from_nothing"]),
        )
        if twin.networks.policy.sizes[-1] != sum(twin.synergies.shape):
            raise ValueError("its actions are not those of its synergies and muscles")
        return twin
