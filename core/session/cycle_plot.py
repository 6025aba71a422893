"""A plot over the gait cycle as the report and exported figures show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.emg.normal_timing import Phases

BAND_WORDS = "Measured ± 1 SD: 68 % of true angles are expected in the band."


@dataclass(frozen=True, slots=True, eq=False)
class CyclePlot:
    """One quantity over the gait cycle, both sides in one plot."""

    title: str  # with its unit
    curves: tuple[tuple[Side, FloatArray, FloatArray | None], ...]  # mean (101,), standard deviation (101,)
    band: tuple[FloatArray, FloatArray] | None  # low and high (101,)
    simulated: tuple[tuple[Side, FloatArray], ...] = ()  # (101,) of the twin's muscle, dashed
    active: Phases = ()  # percent of the cycle in which the muscle works normally
    note: str = ""  # how alike measured and simulated are
