"""Published assistance of hips and ankles: where its peaks lie, and its curves from printed parameters.

Sizes, times and parameters that papers are cited for; `resources/assistance/published.toml` says how they
were come by. No curve was read off a figure.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import resources
from core.domain.arrays import FloatArray, frozen
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.controller import TorqueDirection
from core.domain.motion import CYCLE_POINTS
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference

FILE = "assistance/published.toml"
TIMING_TOLERANCE = 0.05  # of the stride, on both sides of a published time
_AT_LIMIT = 0.97  # of the device's peak torque: more and the device decides the size


@dataclass(frozen=True, slots=True)
class PublishedPeak:
    """Size and time of the largest torque in one direction, as one paper gives it."""

    joint: JointKind
    direction: TorqueDirection  # FLEXION or EXTENSION
    nm_kg: tuple[float, float] | None  # smallest and largest; None where it is given in N m
    nm: tuple[float, float] | None  # None where it is given per body mass
    cycle: tuple[float, float] | None  # fractions of the stride; None where no time is printed
    what: str
    source: str
    doi: str

    def size_nm_kg(self, mass_kg: float) -> tuple[float, float]:
        """The smallest and the largest peak for a person of this mass."""
        if self.nm_kg is not None:
            return self.nm_kg
        assert self.nm is not None, "a peak has a size"
        return self.nm[0] / mass_kg, self.nm[1] / mass_kg


@dataclass(frozen=True, slots=True, eq=False)
class PublishedCurve:
    """A torque over the gait cycle that follows from printed parameters."""

    joint: JointKind
    torque_nm_kg: FloatArray  # (CYCLE_POINTS,) flexion positive
    what: str
    source: str
    doi: str

    def __post_init__(self) -> None:
        frozen(self, "torque_nm_kg", (CYCLE_POINTS,))


@dataclass(frozen=True, slots=True)
class Agreement:
    """One side's assistance beside the published peaks and curves of its joint and direction."""

    side: Side
    direction: TorqueDirection
    peak_nm_kg: float
    peak_at: float  # fraction of the stride
    inside_size: bool  # of the band of all papers that print a size per mass
    inside_time: bool  # within TIMING_TOLERANCE of their times
    at_device_limit: bool  # the device gives no more, whatever the papers say
    correlation: float  # largest with a published curve; NaN without one


@cache
def published_peaks() -> tuple[PublishedPeak, ...]:
    """All peaks of the file, in its order."""
    return tuple(_peak(values) for values in _file()["peak"])


@cache
def published_curves() -> tuple[PublishedCurve, ...]:
    """All curves of the file, in its order."""
    return tuple(_curve(values) for values in _file()["curve"])


def peaks_of(joint: JointKind, direction: TorqueDirection) -> tuple[PublishedPeak, ...]:
    """Peaks of this joint in FLEXION or in EXTENSION."""
    return tuple(peak for peak in published_peaks() if (peak.joint, peak.direction) == (joint, direction))


def band_of(
    joint: JointKind, direction: TorqueDirection, mass_kg: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Sizes [N m/kg] and times (fractions) that the papers span; None where none prints both."""
    timed = [peak for peak in peaks_of(joint, direction) if peak.cycle is not None]
    if not timed:
        return None
    sizes = np.array([peak.size_nm_kg(mass_kg) for peak in timed])
    times = np.array([peak.cycle for peak in timed])
    return (float(sizes.min()), float(sizes.max())), (float(times.min()), float(times.max()))


def agreement(
    profile: AssistanceProfile,
    side: Side,
    direction: TorqueDirection,
    *,
    mass_kg: float,
    device_peak_nm: float,
) -> Agreement | None:
    """How one side's assistance in a direction compares with what is published; None without a band."""
    band = band_of(profile.joint, direction, mass_kg)
    if band is None:
        return None
    (low, high), (early, late) = band
    peak, at = profile.peak(side, flexion=direction is TorqueDirection.FLEXION)
    return Agreement(
        side,
        direction,
        peak,
        at,
        inside_size=low <= peak <= high,
        inside_time=early - TIMING_TOLERANCE <= at <= late + TIMING_TOLERANCE,
        at_device_limit=peak >= _AT_LIMIT * device_peak_nm / mass_kg,
        correlation=correlation(profile, side),
    )


def correlation(profile: AssistanceProfile, side: Side) -> float:
    """Largest Pearson r of this side's mean torque with a published curve of its joint; NaN without one."""
    own = profile.torque_nm_kg[SIDES.index(side)]
    found = [
        float(np.corrcoef(own, curve.torque_nm_kg)[0, 1])
        for curve in published_curves()
        if curve.joint is profile.joint and np.ptp(own) > 0.0
    ]
    return max(found, default=float("nan"))


def rise_and_fall(peak_nm_kg: float, peak: float, rise: float, fall: float) -> FloatArray:
    """(CYCLE_POINTS,) Zhang's parametrised torque; times are fractions of the stride.

    Two cubics, level at the onset, at the peak and at the end; zero outside.
    """
    cycle = np.linspace(0.0, 1.0, CYCLE_POINTS)
    part = np.where(cycle <= peak, (cycle - peak + rise) / rise, (peak + fall - cycle) / fall)
    part = np.clip(part, 0.0, 1.0)
    curve: FloatArray = peak_nm_kg * part**2 * (3.0 - 2.0 * part)
    return curve


def delayed_output_feedback(gain_nm: float, delay_s: float) -> FloatArray:
    """(CYCLE_POINTS,) Lim's law [N m] on the hips of a normal stride, for the left side."""
    stride = normal_reference()
    hips = [Joint.of(JointKind.HIP_FLEXION, side).column for side in (Side.LEFT, Side.RIGHT)]
    own, other = stride.angle_rad[:, hips].T
    late = np.linspace(0.0, 1.0, CYCLE_POINTS) - delay_s / stride.period_s
    phase = np.arange(len(own)) / len(own)
    torque: FloatArray = gain_nm * np.interp(late, phase, np.sin(other) - np.sin(own), period=1.0)
    return torque


def _file() -> dict[str, Any]:
    return tomllib.loads(resources.path(FILE).read_text("utf-8"))


def _peak(values: dict[str, Any]) -> PublishedPeak:
    percent = values.get("percent")
    return PublishedPeak(
        JointKind(values["joint"]),
        TorqueDirection(values["direction"]),
        _pair(values.get("nm_kg")),
        _pair(values.get("nm")),
        None if percent is None else (percent[0] / 100.0, percent[1] / 100.0),
        values["what"],
        values["source"],
        values["doi"],
    )


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])


def _curve(values: dict[str, Any]) -> PublishedCurve:
    joint = JointKind(values["joint"])
    if values["law"] == "rise and fall":
        times = (values[name] / 100.0 for name in ("peak_percent", "rise_percent", "fall_percent"))
        sign = -1.0 if values["direction"] == TorqueDirection.EXTENSION else 1.0
        torque = sign * rise_and_fall(values["nm_kg"], *times)
    elif values["law"] == "delayed output feedback":
        torque = delayed_output_feedback(values["gain_nm"], values["delay_s"]) / GENERIC_BODY.mass_kg
    else:
        raise ValueError(f"{FILE} has a curve by an unknown law: {values['law']}")
    return PublishedCurve(joint, torque, values["what"], values["source"], values["doi"])
