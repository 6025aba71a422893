"""A force profile for a belt exo: planned from a person's hip moment, in closed form over the gait cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding
from core.domain.motion import CYCLE_POINTS

MOST_ORDERS = 8  # sums of sines that are tried


@dataclass(frozen=True, slots=True)
class BeltGeometry:
    """Where a band runs in the sagittal plane, ahead of the hip: from the waist to the front of the thigh.

    The hip joint is the origin. The numbers are the wearer's, measured once with the belt on.
    """

    above_m: float  # L_H: from the hip joint up to where the actuator lets the band out
    ahead_m: float  # L_E: and from there forward
    along_m: float  # L_C: from the hip down the thigh to where the band ends


@dataclass(frozen=True, slots=True)
class CycleWindow:
    """The part of the gait cycle with assistance, as fractions of it; edges lie inside, as raised cosines."""

    first: float = 0.31  # terminal stance ...
    last: float = 0.75  # ... to mid swing
    edge: float = 0.03

    def weight(self, cycle: FloatArray) -> FloatArray:
        """0 outside, 1 inside, half a period of a cosine in between, at these fractions of the cycle."""
        inward = np.minimum(cycle - self.first, self.last - cycle) / self.edge
        return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(inward, 0.0, 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class SumOfSines:
    """w(t) sum a sin(b t + c); t: fraction of the gait cycle since heel strike, w: window with its edges."""

    window: CycleWindow
    terms: FloatArray  # (n, 3): a, b [rad per cycle], c [rad]

    def __post_init__(self) -> None:
        frozen(self, "terms", (None, 3))

    @property
    def order(self) -> int:
        return len(self.terms)

    def at(self, cycle: FloatArray) -> FloatArray:
        """As a band can give it, which never pushes: not below zero, and nothing outside the window."""
        return self.window.weight(cycle) * np.maximum(self.raw(cycle), 0.0)

    def scaled(self, factor: float) -> SumOfSines:
        return SumOfSines(self.window, self.terms * (factor, 1.0, 1.0))

    def raw(self, cycle: FloatArray) -> FloatArray:
        a, b, c = self.terms.T
        return np.asarray(np.sin(np.multiply.outer(cycle, b) + c) @ a)


@dataclass(frozen=True, slots=True)
class OrderFit:
    """How well a sum of so many sines follows the force that was asked for."""

    order: int
    rrmse: float  # root mean square difference / (largest - smallest), within the window
    r2: float


@dataclass(frozen=True, slots=True, eq=False)
class BeltProfile:
    """What a belt is to give one person. Curves run from heel strike to heel strike in CYCLE_POINTS.

    The force that would give the whole moment is far more than a belt bears: only its shape is kept, and
    `amplitude_n` says how much of it is given.
    """

    geometry: BeltGeometry
    shape: SumOfSines  # its largest value, edges and all, is 1
    orders: tuple[OrderFit, ...]  # from 1, usually to MOST_ORDERS
    amplitude_n: float  # largest force
    full_force_n: float  # that which would give the whole moment of the hip
    wanted: FloatArray  # (CYCLE_POINTS,) shape as asked for, before the sines
    moment_nm_kg: FloatArray  # (CYCLE_POINTS,) mean hip flexion moment, internal
    angle_rad: FloatArray  # (CYCLE_POINTS,) mean hip flexion
    conventional_skew: (
        float  # of the conventional curve with its peak at the same place, see `core.assistance`
    )
    mass_kg: float
    stride_s: float  # mean
    strides: tuple[int, int]  # whose moments were averaged, left and right
    source: str  # a `ForceSource`: where the moments are from
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False
    ankle_nm_kg: FloatArray | None = None  # (CYCLE_POINTS,) mean, dorsiflexion positive; for ankle exos

    def __post_init__(self) -> None:
        for name in ("wanted", "moment_nm_kg", "angle_rad"):
            frozen(self, name, (CYCLE_POINTS,))
        if self.ankle_nm_kg is not None:
            frozen(self, "ankle_nm_kg", (CYCLE_POINTS,))

    def force_n(self, cycle: FloatArray) -> FloatArray:
        """f_i = A_i f / f_max at these fractions of the cycle."""
        return self.amplitude_n * self.shape.at(cycle)

    @property
    def order(self) -> int:
        return self.shape.order

    @property
    def fit(self) -> OrderFit:
        """Of the order that was chosen."""
        return self.orders[self.order - 1]
