"""What is needed to estimate the hip moments of one more person, as arrays and a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.moments import StageWeights
from core.estimation.features import FEATURES
from core.estimation.fusion import Estimates, fused
from core.estimation.loso import Means, estimates
from core.estimation.networks import NETWORKS, Estimator, Scaling
from core.estimation.walks import PLANES, LegWalk

_MEANS = ("typical_nm_kg", "missed_nm_kg")
_SCALES = ("input_mean", "input_sd", "output_sd")
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class MomentModel:
    """Networks, what people have in common, and how all are weighed; all from the same people."""

    estimators: Mapping[str, Estimator]  # by `NETWORKS`
    means: Means
    weights: tuple[StageWeights, ...]

    def estimates(self, walk: LegWalk) -> Estimates:
        """Moments (N, 101, 3) by everything that is weighed."""
        weighed = {name for one in self.weights for name in one.names}
        asked = {name: one for name, one in self.estimators.items() if name in weighed}
        found = estimates(asked, self.means, walk)
        return {name: found[name] for name in sorted(weighed)}

    def fused(self, walk: LegWalk, estimates: Estimates) -> FloatArray:
        """(N, 101, 3)"""
        return fused(self.weights, walk.stance, estimates)

    def arrays(self) -> Arrays:
        """Flat named arrays, ready for one npz file."""
        found: Arrays = {name: np.array(getattr(self.means, name)) for name in _MEANS}
        for name, one in self.estimators.items():
            found |= estimator_arrays(name, one)
        return found

    @staticmethod
    def of(arrays: Mapping[str, NDArray[Any]], weights: tuple[StageWeights, ...]) -> MomentModel:
        """The inverse of `arrays`. Raises KeyError, RuntimeError or ValueError when something is amiss."""
        found = {name: estimator_of(name, arrays) for name in NETWORKS}
        return MomentModel(found, Means(*(np.array(arrays[name], dtype=float) for name in _MEANS)), weights)


def weights_as_json(weights: Sequence[StageWeights]) -> list[dict[str, Any]]:
    return [asdict(one) for one in weights]


def weights_of(told: Sequence[Mapping[str, Any]]) -> tuple[StageWeights, ...]:
    """The inverse of `weights_as_json`."""
    return tuple(
        StageWeights(
            int(one["plane"]),
            int(one["stage"]),
            (str(one["names"][0]), str(one["names"][1])),
            (float(one["weights"][0]), float(one["weights"][1])),
            float(one["accuracy"]),
        )
        for one in told
    )


def estimator_arrays(name: str, one: Estimator) -> Arrays:
    """Of one network, which begin with its name."""
    networks = {
        f"{name}.network.{key}": value.numpy().astype(np.float32)
        for key, value in one.module.state_dict().items()
    }
    return networks | {f"{name}.scaling.{key}": np.array(getattr(one.scaling, key)) for key in _SCALES}


def estimator_of(name: str, arrays: Mapping[str, NDArray[Any]]) -> Estimator:
    """The inverse of `estimator_arrays`."""
    module = NETWORKS[name](FEATURES, len(PLANES))
    begins = f"{name}.network."
    states = {key.removeprefix(begins): value for key, value in arrays.items() if key.startswith(begins)}
    module.load_state_dict({key: torch.as_tensor(np.array(value)) for key, value in states.items()})
    scales = (np.array(arrays[f"{name}.scaling.{key}"], dtype=float) for key in _SCALES)
    return Estimator(name, module, Scaling(*scales))
