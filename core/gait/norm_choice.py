"""Which published band fits a walker, by age and by speed, and what to say where none does.

Speeds are compared without dimension, v / sqrt(g l) with the leg length l (Hof 1996, Gait & Posture 4:222),
so that short and tall people who walk alike are compared. Leg length is taken as 0.53 of the height (Winter
2009) for the walkers here; that of the children of the bands was measured. Every set of bands is one row of
`BAND_SETS` with its ages and its limits of speed; another group of people is one row more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.body import JointKind
from core.domain.motion import CYCLE_POINTS
from core.domain.units import GRAVITY_M_S2
from core.gait import band_tables as tables
from core.gait.norm_tables import MEAN_DEG, PELVIC_TILT_DEG, SD_DEG, Coefficients
from core.gait.norms import Band, fourier_series

LEG_OF_HEIGHT = 0.53


def dimensionless(speed_m_s: float, height_m: float) -> float:
    """A speed against the one at which the leg, as a pendulum, would take off."""
    return speed_m_s / math.sqrt(GRAVITY_M_S2 * LEG_OF_HEIGHT * height_m)


def speed_m_s(dimensionless_speed: float, height_m: float) -> float:
    """The reverse of `dimensionless`."""
    return dimensionless_speed * math.sqrt(GRAVITY_M_S2 * LEG_OF_HEIGHT * height_m)


@dataclass(frozen=True, slots=True)
class Walker:
    """Who is compared with normal people."""

    age_years: int
    height_m: float
    speed_m_s: float  # NaN where it is not known

    @property
    def dimensionless(self) -> float:
        return dimensionless(self.speed_m_s, self.height_m)


@dataclass(frozen=True, slots=True)
class People:
    """Whom something was measured on."""

    kind: str  # "children"
    count: str  # "82"
    ages: tuple[int, int]
    source: str  # "Schwartz et al. 2008"

    @property
    def short(self) -> str:
        """`children 4–17`."""
        return f"{self.kind} {self.ages[0]}–{self.ages[1]}"

    @property
    def described(self) -> str:
        """`82 children aged 4–17`."""
        return f"{self.count} {self.kind} aged {self.ages[0]}–{self.ages[1]}"

    def years_off(self, age_years: int) -> int:
        """How far an age is outside theirs."""
        return max(0, self.ages[0] - age_years, age_years - self.ages[1])


@dataclass(frozen=True, slots=True, eq=False)
class BandSet:
    """The bands of hip, knee and ankle of one group of people at one speed."""

    people: People
    speeds: tuple[float, float]  # dimensionless, for which they hold
    mean_deg: Coefficients
    sd_deg: Coefficients
    tilt_deg: float  # mean anterior pelvic tilt
    own_speed: bool = False  # whether they walked as they liked

    def band(self, kind: JointKind) -> Band | None:
        """Of one joint; None where nothing was published. Hip flexion against an upright pelvis."""
        if kind not in self.mean_deg:
            return None
        cycle = np.linspace(0.0, 1.0, CYCLE_POINTS)
        mean_deg = fourier_series(self.mean_deg[kind], cycle)
        if kind is JointKind.HIP_FLEXION:
            mean_deg = mean_deg - self.tilt_deg
        return Band(np.radians(mean_deg), np.radians(fourier_series(self.sd_deg[kind], cycle)))

    def speed_off(self, dimensionless_speed: float) -> float:
        """How far a speed is outside theirs; infinite where it is not known."""
        if not math.isfinite(dimensionless_speed):
            return math.inf
        return max(0.0, self.speeds[0] - dimensionless_speed, dimensionless_speed - self.speeds[1])


def _children(count: int) -> People:
    return People("children", str(count), (4, 17), "Schwartz et al. 2008")


# Limits of the published speed groups: own speed ± 1 and ± 3 standard deviations; the outer ones end where
# nobody walked slower or faster.
_SLOWEST, _SLOW, _OWN, _FAST, _FASTER, _FASTEST = 0.090, 0.227, 0.363, 0.500, 0.636, 0.844

CHILDREN = BandSet(_children(82), (_OWN, _FAST), MEAN_DEG, SD_DEG, PELVIC_TILT_DEG, own_speed=True)
"""At their own speed."""

BAND_SETS = (
    BandSet(
        _children(77),
        (_SLOWEST, _SLOW),
        tables.VERY_SLOW_MEAN_DEG,
        tables.VERY_SLOW_SD_DEG,
        tables.VERY_SLOW_TILT_DEG,
    ),
    BandSet(_children(82), (_SLOW, _OWN), tables.SLOW_MEAN_DEG, tables.SLOW_SD_DEG, tables.SLOW_TILT_DEG),
    CHILDREN,
    BandSet(_children(76), (_FAST, _FASTER), tables.FAST_MEAN_DEG, tables.FAST_SD_DEG, tables.FAST_TILT_DEG),
    BandSet(
        _children(51),
        (_FASTER, _FASTEST),
        tables.VERY_FAST_MEAN_DEG,
        tables.VERY_FAST_SD_DEG,
        tables.VERY_FAST_TILT_DEG,
    ),
)
_GROWN_UP = 18  # years


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """The band set a walker is compared with: one that fits, or the nearest."""

    bands: BandSet
    walker: Walker

    @property
    def age_fits(self) -> bool:
        return self.bands.people.years_off(self.walker.age_years) == 0

    @property
    def speed_fits(self) -> bool:
        return self.bands.speed_off(self.walker.dimensionless) == 0.0

    @property
    def fits(self) -> bool:
        return self.age_fits and self.speed_fits

    @property
    def speeds_words(self) -> str:
        """The speeds for which the bands hold, at the walker's height: `1.08–1.49 m/s`."""
        low, high = (speed_m_s(limit, self.walker.height_m) for limit in self.bands.speeds)
        return f"{low:.2f}–{high:.2f} m/s"

    @property
    def legend(self) -> str:
        """Whose band it is; begins by saying so where it does not fit."""
        people = self.bands.people
        if self.fits:
            return f"Normal: {people.described}, {self.speeds_words} ({people.source})."
        return f"No band for {self.misfit}; nearest: {self.nearest} ({people.source})."

    @property
    def nearest(self) -> str:
        """`children 4–17, same dimensionless speed`, or the speeds that are as near as there are any."""
        pace = "same dimensionless speed" if self.speed_fits else self.speeds_words
        return f"{self.bands.people.short}, {pace}"

    @property
    def misfit(self) -> str:
        """`adults`, `age 66`, `age 66 at 3.50 m/s`; empty where the band fits."""
        if self.fits:
            return ""
        if self.speed_fits:
            return self._age_words
        speed = self.walker.speed_m_s
        pace = f"{speed:.2f} m/s" if math.isfinite(speed) else "an unknown speed"
        return f"{self._age_words} at {pace}"

    @property
    def _age_words(self) -> str:
        """The age, or all grown-ups where no set is of any."""
        age = self.walker.age_years
        grown_ups_too = any(bands.people.ages[1] > _GROWN_UP for bands in BAND_SETS)
        return f"age {age}" if age < _GROWN_UP or grown_ups_too else "adults"


def kinetic_norm(walker: Walker) -> Norm:
    """Whose the bands of moments, powers and ground forces are: children's at their own speed only."""
    return Norm(CHILDREN, walker)


def norm_for(walker: Walker) -> Norm:
    """The bands at the walker's speed, of people of the walker's age as far as there are any.

    Speed goes first: between very slow and own speed the children's mean curves differ by up to 21 degrees at
    the knee and 22 at the ankle.
    """

    def distance(bands: BandSet) -> tuple[float, int]:
        speed = bands.speed_off(walker.dimensionless)
        if not math.isfinite(speed):  # not known: as if at people's own speed
            speed = 0.0 if bands.own_speed else 1.0
        return speed, bands.people.years_off(walker.age_years)

    return Norm(min(BAND_SETS, key=distance), walker)
