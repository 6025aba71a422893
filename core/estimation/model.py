"""What is needed to estimate the hip moments of one more person, as arrays and a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.arrays import FloatArray, frozen
from core.domain.moments import StageWeights
from core.domain.motion import CYCLE_POINTS
from core.estimation.features import FEATURES
from core.estimation.fusion import CORRECTED, PHYSICS, Estimates, fused
from core.estimation.networks import NETWORKS, Estimator, Scaling
from core.estimation.walks import PLANES, LegWalk

USED = ("LSTM", "NTM")  # of the networks
_SCALES = ("input_mean", "input_sd", "output_sd")
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class MomentModel:
    """Networks, what physics misses on the mean, and how both are weighed; all from the same people."""

    estimators: Mapping[str, Estimator]  # by `USED`
    correction_nm_kg: FloatArray  # (101, 3)
    weights: tuple[StageWeights, ...]

    def __post_init__(self) -> None:
        frozen(self, "correction_nm_kg", (CYCLE_POINTS, len(PLANES)))

    def estimates(self, walk: LegWalk) -> Estimates:
        """Moments (N, 101, 3) by everything that is weighed."""
        networks = {name: one.moments_nm_kg(walk) for name, one in self.estimators.items()}
        physics = walk.physics_nm_kg
        return {PHYSICS: physics, CORRECTED: physics + self.correction_nm_kg, **networks}

    def fused(self, walk: LegWalk, estimates: Estimates) -> FloatArray:
        """(N, 101, 3)"""
        return fused(self.weights, walk.stance, estimates)

    def arrays(self) -> Arrays:
        """Flat named arrays, ready for one npz file."""
        found: Arrays = {"correction_nm_kg": np.array(self.correction_nm_kg)}
        for name, one in self.estimators.items():
            found |= {
                f"{name}.network.{key}": value.numpy().astype(np.float32)
                for key, value in one.module.state_dict().items()
            }
            found |= {f"{name}.scaling.{key}": np.array(getattr(one.scaling, key)) for key in _SCALES}
        return found

    @staticmethod
    def of(arrays: Mapping[str, NDArray[Any]], weights: Sequence[Mapping[str, Any]]) -> MomentModel:
        """The inverse of `arrays` and `weights_as_json`. Raises KeyError when something is missing."""
        found = {name: _estimator(name, arrays) for name in USED}
        told = tuple(
            StageWeights(
                int(one["plane"]),
                int(one["stage"]),
                (str(one["names"][0]), str(one["names"][1])),
                (float(one["weights"][0]), float(one["weights"][1])),
                float(one["accuracy"]),
            )
            for one in weights
        )
        return MomentModel(found, np.array(arrays["correction_nm_kg"], dtype=float), told)


def weights_as_json(weights: Sequence[StageWeights]) -> list[dict[str, Any]]:
    return [asdict(one) for one in weights]


def _estimator(name: str, arrays: Mapping[str, NDArray[Any]]) -> Estimator:
    module = NETWORKS[name](FEATURES, len(PLANES))
    begins = f"{name}.network."
    states = {key.removeprefix(begins): value for key, value in arrays.items() if key.startswith(begins)}
    module.load_state_dict({key: torch.as_tensor(np.array(value)) for key, value in states.items()})
    scales = (np.array(arrays[f"{name}.scaling.{key}"], dtype=float) for key in _SCALES)
    return Estimator(name, module, Scaling(*scales))
