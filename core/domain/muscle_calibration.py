"""Muscles of this person, calibrated with their EMG and joint moments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.arrays import FloatArray, frozen
from core.domain.body import Joint
from core.domain.findings import Finding
from core.domain.twin import BodyParameters

FIBRE, SLACK = "Optimal fibre length", "Tendon slack length"  # how names of parameters begin
LENGTHS_STAY = (
    "Optimal fibre and tendon slack lengths count where EMG gives moments; the simulated twin keeps its own, "
    "since its muscles follow another model."
)


class Told(StrEnum):
    """What the data say of a parameter."""

    MOVED = "moved"
    AT_BOUND = "at its bound"
    NOT_TOLD = "not told by the data"


@dataclass(frozen=True, slots=True)
class CalibratedParameter:
    """One parameter of the muscle model before and after the calibration."""

    name: str  # for a clinician: "Strength, right plantarflexors"
    unit: str  # "" for a factor
    before: float
    after: float
    low: float
    high: float
    told: Told
    sd: float  # standard deviation of `after`; infinite where the data do not tell


def is_length(name: str) -> bool:
    """Whether a parameter of this name is a length, which stays out of the simulated twin."""
    return name.startswith((FIBRE, SLACK))


@dataclass(frozen=True, slots=True)
class MomentFit:
    """How well EMG-driven moments follow those of inverse dynamics at one joint.

    Before: the uncalibrated muscles. On frames that the calibration saw, and on frames held out.
    """

    joint: Joint
    r2_before: float
    r2_after: float
    held_out_r2_before: float
    held_out_r2_after: float
    held_out_rmse_nm_kg: float


@dataclass(frozen=True, slots=True, eq=False)
class MuscleCalibration:
    """Axes: T frames, J joints of `fits`."""

    body: BodyParameters  # with this person's strength, activation dynamics and habits; not the lengths
    parameters: tuple[CalibratedParameter, ...]
    fits: tuple[MomentFit, ...]  # J
    time_s: FloatArray  # (T,)
    held_out: FloatArray  # (T,) 1 where the calibration did not look
    measured_nm: FloatArray  # (T, J) of inverse dynamics; NaN where not known
    before_nm: FloatArray  # (T, J) EMG-driven, uncalibrated
    after_nm: FloatArray  # (T, J) EMG-driven, calibrated
    findings: tuple[Finding, ...]
    synthetic: bool = False

    def __post_init__(self) -> None:
        frames, joints = len(self.time_s), len(self.fits)
        frozen(self, "time_s", (frames,))
        frozen(self, "held_out", (frames,))
        frozen(self, "measured_nm", (frames, joints))
        frozen(self, "before_nm", (frames, joints))
        frozen(self, "after_nm", (frames, joints))
