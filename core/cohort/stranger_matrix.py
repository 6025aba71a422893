"""Who of a cohort walked how with whose controller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, IntArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class StrangerMatrix:
    """Only what was walked, with the own controllers: W of P by P, of which a thousand have a million."""

    wearer: IntArray  # (W,) rows of the patients
    owner: IntArray  # (W,) rows of the patients
    ratio: FloatArray  # (W,) of walking without the exo

    def __post_init__(self) -> None:
        for name, kind in (("wearer", np.int64), ("owner", np.int64), ("ratio", np.float64)):
            frozen(self, name, (len(self.ratio),), kind)

    def best_of_others(self, patients: int) -> FloatArray:
        """(patients,) the lowest ratio with a controller of somebody else; NaN where there was none."""
        others = self.wearer != self.owner
        best = np.full(patients, np.inf)
        np.minimum.at(best, self.wearer[others], self.ratio[others])
        return np.where(np.isinf(best), np.nan, best)
