"""How high smooth random curves rise by chance: expected Euler characteristics of one-dimensional fields.

A curve of test statistics over the gait cycle is smooth: its 101 points are no 101 independent tests, and
not a single one either. Random field theory counts them in resels, lengths of one full width at half maximum
(FWHM) of the smoothness (Worsley et al. 1996; Friston et al. 2007; for curves Pataky 2010).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from core.domain.arrays import FloatArray

_FOUR_LN_2 = 4.0 * math.log(2.0)
_HALVINGS = 50


@dataclass(frozen=True, slots=True)
class Field:
    """Student's t (df1 = 1) or F over a curve. A t field is judged to one side."""

    kind: str  # "t" or "F"
    df1: float
    df2: float
    points: int
    fwhm: float  # in steps between points

    @property
    def resels(self) -> float:
        return (self.points - 1) / self.fwhm

    def tail(self, height: float) -> float:
        """Chance that a single point is above this height."""
        if self.kind == "t":
            return float(special.stdtr(self.df2, -height))
        return float(special.fdtrc(self.df1, self.df2, height))

    def expected_clusters(self, height: float) -> float:
        """Expected Euler characteristic of what is above `height`: there, the number of clusters."""
        return self.tail(height) + self.resels * self._density(height)

    def p_highest(self, height: float) -> float:
        """Chance that the highest point of the curve is above `height`; clusters come by Poisson."""
        return -math.expm1(-self.expected_clusters(height))

    def p_cluster(self, extent: float, height: float) -> float:
        """Chance of any cluster above `height` that is at least `extent` steps long.

        Friston et al. 1994, with the clusters within the curve giving their mean extent.
        """
        within = self.resels * self._density(height)
        mean_extent = (self.points - 1) * self.tail(height) / within
        longer = math.exp(-((math.gamma(1.5) * extent / mean_extent) ** 2))
        return -math.expm1(-self.expected_clusters(height) * longer)

    def threshold(self, alpha: float) -> float:
        """Height that the highest point passes with the chance `alpha`.

        That of independent points (Bonferroni) where it is lower: for curves too rough for the theory.
        """
        by_field = self._height_at(self.p_highest, alpha)
        by_points = self._height_at(self.tail, alpha / self.points)
        return min(by_field, by_points)

    def _height_at(self, chance: Callable[[float], float], p: float) -> float:
        low, high = 1.0, 2.0
        while chance(high) > p:
            high *= 2.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if chance(middle) > p else (low, middle)
        return 0.5 * (low + high)

    def _density(self, height: float) -> float:
        """Of one resel (Worsley et al. 1996, table II)."""
        if self.kind == "t":
            power = -0.5 * (self.df2 - 1.0)
            return math.sqrt(_FOUR_LN_2) / (2.0 * math.pi) * math.pow(1.0 + height**2 / self.df2, power)
        k, v = self.df1, self.df2
        part = k * height / v
        logarithm = float(
            special.gammaln(0.5 * (v + k - 1.0))
            - special.gammaln(0.5 * v)
            - special.gammaln(0.5 * k)
            + 0.5 * math.log(2.0)
            + 0.5 * (k - 1.0) * math.log(part)
            - 0.5 * (v + k - 2.0) * math.log1p(part)
        )
        return math.sqrt(_FOUR_LN_2 / (2.0 * math.pi)) * math.exp(logarithm)


def smoothness(residual: FloatArray) -> float:
    """FWHM in steps of residual curves (n, points), from how steep they are (Kiebel et al. 1999).

    Resels per point are averaged, and points at which no curve deviates are left out.
    """
    slope = np.gradient(residual, axis=1)
    square = (residual**2).sum(axis=0)
    seen = square > 0.0
    if not seen.any():
        return math.inf
    roughness = (slope**2).sum(axis=0)[seen] / square[seen]
    resels = float(np.sqrt(roughness / _FOUR_LN_2).mean())
    return 1.0 / resels if resels > 0.0 else math.inf
