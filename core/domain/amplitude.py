"""How strongly an exo should pull: muscle activity at several assistance forces, and the curve through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, IntArray, frozen
from core.domain.body import Side
from core.domain.emg import EmgMuscle
from core.domain.findings import Finding

MUSCLES = (EmgMuscle.RECTUS_FEMORIS, EmgMuscle.VASTUS_MEDIALIS, EmgMuscle.VASTUS_LATERALIS)
WINDOW = (0.31, 0.75)  # fractions of the gait cycle in which the hip is helped into flexion
SMALLEST_N, LARGEST_N = 10.0, 60.0  # forces among which one is chosen
USUAL_N = 35.0  # that a belt gives everybody who was not measured
BAND = 0.95
HOW_NEAR = (
    "How near this comes: with six forces, six of ten of 1 000 synthetic people were found within 2 N, nine "
    "of ten within 4 N."
)


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredActivity:
    """Activity of MUSCLES of one leg while the hip is helped. Axes: F forces, 3 MUSCLES."""

    force_n: FloatArray  # (F,) strictly increasing
    mean_percent: FloatArray  # (F, 3) of the maximum voluntary contraction, over the cycles
    sd_percent: FloatArray  # (F, 3) from cycle to cycle
    mean_sd_percent: FloatArray  # (F,) of the mean of the three muscles, from cycle to cycle
    cycles: IntArray  # (F,) how many were measured
    side: Side
    sources: tuple[str, ...]  # F, where each force was measured: names of files, or what was simulated
    simulated: bool = False

    def __post_init__(self) -> None:
        count = len(self.force_n)
        frozen(self, "force_n", (count,))
        frozen(self, "mean_percent", (count, len(MUSCLES)))
        frozen(self, "sd_percent", (count, len(MUSCLES)))
        frozen(self, "mean_sd_percent", (count,))
        frozen(self, "cycles", (count,), np.int64)
        assert np.all(np.diff(self.force_n) > 0) and len(self.sources) == count

    @property
    def activity_percent(self) -> FloatArray:
        """(F,) mean of the three muscles."""
        return np.asarray(self.mean_percent.mean(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Amplitude:
    """The force at which the estimated activity is least, and how surely. Axes: G forces of the curve."""

    measured: MeasuredActivity
    curve_force_n: FloatArray  # (G,) from the smallest measured force to the largest one that is allowed
    curve_percent: FloatArray  # (G,) estimated activity
    curve_sd_percent: FloatArray  # (G,) of this estimate; 95 % of it within 1.96 of them
    best_n: float
    band_n: tuple[float, float]  # the true minimum lies inside with 95 % probability
    bound_n: float  # the largest force that is allowed
    bound_why: str
    better_than_usual: float | None  # probability that `best_n` costs less than USUAL_N; None: not allowed
    again_n: float | None  # where to measure next; None: the band is narrow enough
    length_n: float  # hyper-parameters of the process
    signal_percent: float
    noise_percent: float
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        count = len(self.curve_force_n)
        for name in ("curve_force_n", "curve_percent", "curve_sd_percent"):
            frozen(self, name, (count,))

    @property
    def sentence(self) -> str:
        """The result in one line."""
        low, high = self.band_n
        kind = ", simulated" if self.measured.simulated else ""
        return f"{self.best_n:.0f} N (95 % band {low:.0f} to {high:.0f} N{kind})"
