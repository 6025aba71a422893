"""Normal numbers of gait for a person's age, height and speed, each with its spread and its source.

Times and lengths are tabulated without dimension (Hof 1996, Gait & Posture 4:222): speeds as in
`core.gait.norm_choice`, step lengths by the leg length l, step rates by sqrt(g / l). Between two tabulated
speeds a number lies on a straight line; outside them there is none. See resources/norms/README.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

import numpy as np

from core.domain.body import JointKind
from core.domain.units import GRAVITY_M_S2
from core.gait.norm_choice import LEG_OF_HEIGHT, People, Walker, norm_for

Row = tuple[float, float, float]  # dimensionless speed, mean, standard deviation


class GaitNumber(StrEnum):
    SPEED = "speed"  # m/s, of people walking as they like
    CADENCE = "cadence"  # steps/min
    STEP_LENGTH = "step length"  # m
    STRIDE_LENGTH = "stride length"  # m
    STRIDE_TIME = "stride time"  # s
    STANCE = "stance"  # fraction of the stride
    DOUBLE_SUPPORT = "double support"  # fraction of the stride, both phases
    HIP_RANGE = "hip range"  # degrees
    KNEE_RANGE = "knee range"
    ANKLE_RANGE = "ankle range"


class Mark(Enum):
    """A number against the normal one: beyond two standard deviations it is marked."""

    WITHIN = ""
    ABOVE = "↑"
    BELOW = "↓"


@dataclass(frozen=True, slots=True)
class Reference:
    """A normal number; `sd` is None where none was published."""

    mean: float
    sd: float | None
    people: People
    fits: bool  # whether people of this age were measured

    def mark(self, value: float, own_sd: float = 0.0) -> Mark:
        """None is given where the spread is not known or nobody of this age was measured.

        `own_sd` is the spread of the number itself: what two strides differ by is no deviation.
        """
        if self.sd is None or not self.fits or not math.isfinite(value):
            return Mark.WITHIN
        spread = math.hypot(self.sd, own_sd if math.isfinite(own_sd) else 0.0)
        if abs(value - self.mean) <= 2.0 * spread:
            return Mark.WITHIN
        return Mark.ABOVE if value > self.mean else Mark.BELOW


@dataclass(frozen=True, slots=True)
class _Table:
    people: People
    rows: tuple[Row, ...]

    def at(self, speed: float) -> tuple[float, float] | None:
        """Mean and spread at a dimensionless speed; None outside those tabulated."""
        speeds = [row[0] for row in self.rows]
        if not speeds[0] <= speed <= speeds[-1]:
            return None
        mean, sd = (float(np.interp(speed, speeds, [row[k] for row in self.rows])) for k in (1, 2))
        return mean, sd


def _rows(speeds: Sequence[float], means: Sequence[float], sds: Sequence[float]) -> tuple[Row, ...]:
    return tuple(zip(speeds, means, sds, strict=True))


# Schwartz et al. 2008, sheets "ANOVA" and "Cycle Events" of normative_gait_SchwartzJB2008.xls. A table of
# other people is one row more in each of these.
_CHILDREN = People("children", "51 to 82", (4, 17), "Schwartz et al. 2008")
_CHILD_SPEEDS = (0.1721, 0.2902, 0.4294, 0.5599, 0.6938)

STEP_RATE = (
    _Table(
        _CHILDREN,
        _rows(
            _CHILD_SPEEDS, (0.3372, 0.4550, 0.5648, 0.6622, 0.7575), (0.0632, 0.0445, 0.0374, 0.0544, 0.0625)
        ),
    ),
)
STEP_LENGTH = (
    _Table(
        _CHILDREN,
        _rows(
            _CHILD_SPEEDS, (0.5099, 0.6400, 0.7596, 0.8497, 0.9220), (0.0707, 0.0561, 0.0437, 0.0557, 0.0733)
        ),
    ),
)
STANCE = (
    _Table(_CHILDREN, _rows(_CHILD_SPEEDS, (0.68, 0.62, 0.59, 0.58, 0.56), (0.05, 0.02, 0.02, 0.02, 0.02))),
)
DOUBLE_SUPPORT = (
    _Table(_CHILDREN, _rows(_CHILD_SPEEDS, (0.36, 0.24, 0.19, 0.16, 0.14), (0.10, 0.04, 0.02, 0.03, 0.03))),
)
_TABLES = {GaitNumber.STANCE: STANCE, GaitNumber.DOUBLE_SUPPORT: DOUBLE_SUPPORT}

# Own speeds, dimensionless: the limits of the group "free" are one standard deviation from the mean.
OWN_SPEED = ((People("children", "82", (4, 17), "Schwartz et al. 2008"), 0.432, 0.068),)

_RANGES = {
    GaitNumber.HIP_RANGE: JointKind.HIP_FLEXION,
    GaitNumber.KNEE_RANGE: JointKind.KNEE,
    GaitNumber.ANKLE_RANGE: JointKind.ANKLE,
}


def reference_for(number: GaitNumber, walker: Walker) -> Reference | None:
    """The normal number at the walker's speed; None where nobody was measured at it.

    Of people nearest in age, marked where none of the walker's age was measured.
    """
    if number is GaitNumber.SPEED:
        people, mean, sd = min(OWN_SPEED, key=lambda row: row[0].years_off(walker.age_years))
        unit = math.sqrt(GRAVITY_M_S2 * LEG_OF_HEIGHT * walker.height_m)
        return _reference((mean * unit, sd * unit), people, walker)
    if number in _RANGES:
        return _range(number, walker)
    if number in (GaitNumber.STEP_LENGTH, GaitNumber.STRIDE_LENGTH):
        unit = LEG_OF_HEIGHT * walker.height_m * (2.0 if number is GaitNumber.STRIDE_LENGTH else 1.0)
        return _tabulated(STEP_LENGTH, walker, unit)
    if number is GaitNumber.CADENCE:
        return _tabulated(STEP_RATE, walker, 60.0 * _rate_unit(walker))
    if number is GaitNumber.STRIDE_TIME:
        return _stride_time(walker)
    return _tabulated(_TABLES[number], walker, 1.0)


def _rate_unit(walker: Walker) -> float:
    return math.sqrt(GRAVITY_M_S2 / (LEG_OF_HEIGHT * walker.height_m))


def _stride_time(walker: Walker) -> Reference | None:
    """Two steps; its relative spread is that of the step rate."""
    rate = _tabulated(STEP_RATE, walker, _rate_unit(walker))
    if rate is None or rate.sd is None:
        return None
    mean = 2.0 / rate.mean
    return Reference(mean, mean * rate.sd / rate.mean, rate.people, rate.fits)


def _tabulated(tables: Sequence[_Table], walker: Walker, unit: float) -> Reference | None:
    """From the table of the people nearest in age."""
    table = min(tables, key=lambda one: one.people.years_off(walker.age_years))
    found = table.at(walker.dimensionless)
    if found is None:
        return None
    return _reference((found[0] * unit, found[1] * unit), table.people, walker)


def _range(number: GaitNumber, walker: Walker) -> Reference | None:
    """The range of the mean curve, without a spread: none was published."""
    norm = norm_for(walker)
    band = norm.bands.band(_RANGES[number])
    if band is None or not norm.speed_fits:
        return None
    return Reference(float(np.degrees(np.ptp(band.mean_rad))), None, norm.bands.people, norm.age_fits)


def _reference(found: tuple[float, float], people: People, walker: Walker) -> Reference:
    return Reference(*found, people, people.years_off(walker.age_years) == 0)
