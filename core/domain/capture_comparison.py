"""Recordings of one person compared: numbers, their change, and the smallest change that can be told.

The first recording is the one that the others are compared with. Everything here was measured, but what is
called predicted or simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from core.domain.body import JointKind, Side
from core.domain.condition import Condition
from core.domain.findings import Finding

FEWEST, MOST = 2, 4  # recordings that can be compared at once


class GaitQuantity(StrEnum):
    """What is compared in one number. The values are stored; numbers are in `unit`."""

    SPEED = "speed"
    CADENCE = "cadence"
    SYMMETRY = "symmetry"  # of step times and lengths: 100 % for equal legs
    STEP_LENGTH = "step length"
    STANCE = "stance"
    HIP_RANGE = "hip range"
    KNEE_RANGE = "knee range"
    ANKLE_RANGE = "ankle range"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def unit(self) -> str:
        """As it follows a number: `1.21 m/s`, `58°`."""
        return _UNITS[self][0]

    @property
    def digits(self) -> int:
        """Behind the point, as far as it can be measured."""
        return _UNITS[self][1]

    @property
    def of_angles(self) -> bool:
        """Whether it depends on how joint angles are measured."""
        return self in RANGES.values()


_UNITS: dict[GaitQuantity, tuple[str, int]] = {
    GaitQuantity.SPEED: (" m/s", 2),
    GaitQuantity.CADENCE: (" /min", 0),
    GaitQuantity.SYMMETRY: (" %", 0),
    GaitQuantity.STEP_LENGTH: (" cm", 0),
    GaitQuantity.STANCE: (" %", 0),
    GaitQuantity.HIP_RANGE: ("°", 0),
    GaitQuantity.KNEE_RANGE: ("°", 0),
    GaitQuantity.ANKLE_RANGE: ("°", 0),
}
RANGES = {
    JointKind.HIP_FLEXION: GaitQuantity.HIP_RANGE,
    JointKind.KNEE: GaitQuantity.KNEE_RANGE,
    JointKind.ANKLE: GaitQuantity.ANKLE_RANGE,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of one recording, in the unit of its quantity; NaN where it could not be measured."""

    quantity: GaitQuantity
    side: Side | None  # None of both legs together
    value: float
    sem: float  # standard error of the value by the spread of the strides; NaN of fewer than two

    @property
    def known(self) -> bool:
        return math.isfinite(self.value)


@dataclass(frozen=True, slots=True)
class CapturedGait:
    """One recording: where it comes from, and its numbers."""

    motion_id: str
    visit_number: int
    recorded_utc: str  # ISO, of the record
    condition: Condition
    how: str  # by what it was measured: "one camera", "4 cameras", "laboratory markers"
    strides: tuple[int, int]  # in the order of SIDES
    numbers: tuple[Measured, ...]

    def find(self, quantity: GaitQuantity, side: Side | None = None) -> Measured | None:
        return next((one for one in self.numbers if (one.quantity, one.side) == (quantity, side)), None)


class ChangeVerdict(StrEnum):
    """Whether a difference can be told from the spread of the strides."""

    BEYOND = "beyond"  # larger than the minimal detectable change
    WITHIN = "within"  # no larger: none was shown
    NOT_JUDGED = "not judged"  # unknown spread, or the recordings were measured in different ways


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a recording against the same one of the first."""

    quantity: GaitQuantity
    side: Side | None
    before: float
    after: float
    mdc: float  # minimal detectable change with 95 % confidence; NaN where it is not known
    judged: bool = True  # False where the recordings' ways of measuring differ

    @property
    def difference(self) -> float:
        return self.after - self.before

    @property
    def verdict(self) -> ChangeVerdict:
        if not self.judged or not math.isfinite(self.mdc) or not math.isfinite(self.difference):
            return ChangeVerdict.NOT_JUDGED
        return ChangeVerdict.BEYOND if abs(self.difference) > self.mdc else ChangeVerdict.WITHIN


@dataclass(frozen=True, slots=True)
class CurveChange:
    """The mean curve of one joint and side against that of the first recording."""

    joint: JointKind
    side: Side
    correlation: float  # Pearson r of the mean cycles; NaN where one is missing or flat
    rmse_deg: float
    mdc_deg: float  # of the distance; NaN where it is not known
    judged: bool = True

    @property
    def verdict(self) -> ChangeVerdict:
        if not self.judged or not math.isfinite(self.mdc_deg) or not math.isfinite(self.rmse_deg):
            return ChangeVerdict.NOT_JUDGED
        return ChangeVerdict.BEYOND if self.rmse_deg > self.mdc_deg else ChangeVerdict.WITHIN


@dataclass(frozen=True, slots=True)
class CapturePair:
    """One recording against the first; both as positions in the list of recordings."""

    first: int
    other: int
    changes: tuple[Change, ...]
    curves: tuple[CurveChange, ...]

    def find(self, quantity: GaitQuantity, side: Side | None = None) -> Change | None:
        return next((one for one in self.changes if (one.quantity, one.side) == (quantity, side)), None)

    @property
    def beyond(self) -> tuple[Change, ...]:
        """The differences that exceed the minimal detectable change."""
        return tuple(one for one in self.changes if one.verdict is ChangeVerdict.BEYOND)


@dataclass(frozen=True, slots=True)
class PredictedChange:
    """What the twin did from walking without the exo to walking with a controller. Simulated."""

    quantity: GaitQuantity
    side: Side | None
    without: float
    worn: float

    @property
    def difference(self) -> float:
        return self.worn - self.without


@dataclass(frozen=True, slots=True)
class Prediction:
    """The change that the twin predicted, of the newest comparison of controllers that came before."""

    comparison_id: str
    visit_number: int
    made_utc: str
    condition: Condition  # of the controller
    changes: tuple[PredictedChange, ...]
    metabolic_ratio: float  # with the controller over without exo, simulated; NaN in records without it
    before_recording: bool  # whether it was made before the walk that it is held against
    measured: CapturePair | None  # without exo against with the controller; None where one was not chosen

    def find(self, quantity: GaitQuantity, side: Side | None = None) -> PredictedChange | None:
        return next((one for one in self.changes if (one.quantity, one.side) == (quantity, side)), None)


@dataclass(frozen=True, slots=True)
class EffortPoint:
    """Metabolic rate with the personalized controller over that without exo, of one visit. Simulated."""

    visit_number: int
    made_utc: str
    ratio: float


@dataclass(frozen=True, slots=True)
class CaptureComparison:
    """Two to four recordings of one person; further ones of all visits only in the trend."""

    gaits: tuple[CapturedGait, ...]
    pairs: tuple[CapturePair, ...]  # every other recording against the first
    findings: tuple[Finding, ...]
    trend: tuple[CapturedGait, ...] = ()  # all usable recordings of the person, oldest first
    effort: tuple[EffortPoint, ...] = ()
    prediction: Prediction | None = None
    synthetic: bool = False
    file_name: str = ""  # of the page that was kept with the record; empty where none was
