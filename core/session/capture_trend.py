"""How a patient's numbers went over the visits, as small series of points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.domain.body import SIDES, Side
from core.domain.capture_comparison import CaptureComparison, CapturedGait, GaitQuantity
from core.domain.condition import Condition

SHOWN = (
    GaitQuantity.SPEED,
    GaitQuantity.SYMMETRY,
    GaitQuantity.HIP_RANGE,
    GaitQuantity.KNEE_RANGE,
    GaitQuantity.ANKLE_RANGE,
)
EFFORT_TITLE = "Metabolic cost, simulated (% of no exo)"
_EFFORT_SHORT = "Cost, simulated (%)"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One recording, or for the effort one visit."""

    place: int  # on the axis, from 0; recordings stand in their order
    visit_number: int
    value: float
    sem: float  # NaN where it is not known
    condition: Condition
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """One small plot."""

    title: str  # with its unit
    points: tuple[TrendPoint, ...]
    digits: int
    places: tuple[str, ...]  # what stands below the axis
    simulated: bool = False

    @property
    def short_title(self) -> str:
        """On paper, where six stand side by side."""
        return _EFFORT_SHORT if self.simulated else self.title


def trend_series(comparison: CaptureComparison) -> tuple[TrendSeries, ...]:
    """Of every usable recording of the patient; the effort where controllers were compared."""
    gaits = comparison.trend or comparison.gaits
    places = tuple(f"V{gait.visit_number}" for gait in gaits)
    series = [
        TrendSeries(
            f"{quantity.label} ({quantity.unit.strip()})", _points(gaits, quantity), quantity.digits, places
        )
        for quantity in SHOWN
    ]
    if comparison.effort:
        points = tuple(
            TrendPoint(place, point.visit_number, 100.0 * point.ratio, math.nan, Condition.PERSONALIZED)
            for place, point in enumerate(comparison.effort)
        )
        visits = tuple(f"V{point.visit_number}" for point in comparison.effort)
        series.append(TrendSeries(EFFORT_TITLE, points, 0, visits, simulated=True))
    return tuple(series)


def _points(gaits: tuple[CapturedGait, ...], quantity: GaitQuantity) -> tuple[TrendPoint, ...]:
    found = []
    for place, gait in enumerate(gaits):
        for side in (None, *SIDES):
            one = gait.find(quantity, side)
            if one is not None and one.known:
                found.append(TrendPoint(place, gait.visit_number, one.value, one.sem, gait.condition, side))
    return tuple(found)
