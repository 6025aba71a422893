"""A profile of torque in the forms that other exos take: the splines of OpenExo's controllers.

OpenExo (Apache-2.0, naubiomech/OpenExo) has a spline of three nodes for the ankle (after Zhang et al. 2017),
and for the hip one of extension and one of flexion (after Franks et al. 2021). Both rise from zero without
slope to a peak without slope; at the end the ankle's has no curvature, the hip's no slope. Times are in
percent of the gait cycle since heel strike. Parameters are as its present code reads them, which for the hip
is not as it documents them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from core.assistance.curves import torque_nm
from core.domain.arrays import FloatArray
from core.domain.belt_profile import BeltProfile
from core.domain.body import JointKind
from core.domain.motion import CYCLE_POINTS

PERCENT = np.linspace(0.0, 100.0, CYCLE_POINTS)
# Of the hip's extension part, which a belt does not use: its nodes must differ, or OpenExo divides by zero.
_TROUGH_ONSET, _TROUGH, _TROUGH_END = 2.0, 5.0, 8.0
_START = 90.0  # once per cycle, before heel strike; nothing is given before it was passed once
ANKLE_SHARE = 0.15  # of the ankle's own moment, our choice: about what the exos known here can give an adult
_LEAST_TIME = 2.0  # percent, of rise and fall


@dataclass(frozen=True, slots=True)
class ThreeNodes:
    """Zero, peak, zero: peak torque [N m], when, and how long it takes up and down [% of gait]."""

    peak_nm: float
    peak_time: float
    rise_time: float
    fall_time: float
    flat_end: bool = False  # no slope at the end (hip); else no curvature (ankle)

    def at(self, percent: FloatArray) -> FloatArray:
        """Torque [N m]; the two cubic pieces of OpenExo's `_spline_generation`."""
        rising = np.clip((percent - self.peak_time + self.rise_time) / self.rise_time, 0.0, 1.0)
        falling = np.clip((percent - self.peak_time) / self.fall_time, 0.0, 1.0)
        rise = rising**2 * (3.0 - 2.0 * rising)
        flat = 1.0 - falling**2 * (3.0 - 2.0 * falling)
        fall = flat if self.flat_end else 1.0 - 1.5 * falling**2 + 0.5 * falling**3
        return np.asarray(self.peak_nm * np.where(percent < self.peak_time, rise, fall))


@dataclass(frozen=True, slots=True)
class SplineFit:
    """A spline and how far it is from the profile that it stands for."""

    nodes: ThreeNodes
    rrmse: float  # root mean square difference over the cycle / peak of the profile


def nearest_spline(torque_nm: FloatArray, *, flat_end: bool) -> SplineFit:
    """The three nodes nearest to a torque (CYCLE_POINTS,) with one peak; its sign is kept.

    Raises ValueError where there is no torque.
    """
    top = float(np.abs(torque_nm).max())
    if not top > 0.0:
        raise ValueError("a profile without torque has no peak")
    sign = 1.0 if torque_nm.max() >= -torque_nm.min() else -1.0
    wanted = sign * torque_nm / top
    peak = float(PERCENT[int(np.argmax(wanted))])
    given = PERCENT[wanted > 0.02]
    start = [1.0, peak, max(peak - given[0], _LEAST_TIME), max(given[-1] - peak, _LEAST_TIME)]

    def residual(numbers: FloatArray) -> FloatArray:
        return _nodes(numbers, flat_end).at(PERCENT) - wanted

    low, high = [0.0, 0.0, _LEAST_TIME, _LEAST_TIME], [1.0, 100.0, 100.0, 100.0]
    inside = np.clip(start, np.array(low) + 1e-6, np.array(high) - 1e-6)
    found = least_squares(residual, inside, bounds=(low, high), method="trf", x_scale=[0.1, 1.0, 1.0, 1.0]).x
    nodes = _nodes(found * np.array([sign * top, 1.0, 1.0, 1.0]), flat_end)
    return SplineFit(nodes, float(np.sqrt(np.mean(residual(found) ** 2))))


def _nodes(numbers: FloatArray, flat_end: bool) -> ThreeNodes:
    """Within one cycle: no rise before heel strike, no fall after the next one."""
    peak_nm, peak_time, rise_time, fall_time = (float(number) for number in numbers)
    rise_time, fall_time = min(rise_time, peak_time), min(fall_time, 100.0 - peak_time)
    return ThreeNodes(peak_nm, peak_time, rise_time, fall_time, flat_end)


def spline_of(profile: BeltProfile, joint: JointKind) -> SplineFit | None:
    """For a hip the band's torque, for an ankle a share of the person's own push-off; None: not known."""
    if joint is JointKind.HIP_FLEXION:
        return nearest_spline(torque_nm(profile), flat_end=True)
    known = profile.ankle_nm_kg
    if known is None or not np.isfinite(known).all() or not known.min() < 0.0:
        return None
    return nearest_spline(ANKLE_SHARE * profile.mass_kg * np.minimum(known, 0.0), flat_end=False)


def zhang_collins(nodes: ThreeNodes) -> dict[str, float]:
    """Parameters of OpenExo's `zhang_collins` by their names there. `direction` 0: its usual one."""
    return {
        "torque": round(abs(nodes.peak_nm), 3),
        "peak_time": round(nodes.peak_time, 2),
        "rise_time": round(nodes.rise_time, 2),
        "fall_time": round(nodes.fall_time, 2),
        "direction": 0.0,
    }


def franks_collins_hip(nodes: ThreeNodes) -> dict[str, float]:
    """Parameters of OpenExo's `franks_collins_hip` by their names there: flexion by these nodes, no
    extension.

    As its code reads them: torques in N m, the mass unused; peak and onset of flexion 100 - start later than
    they come; and "offset" the time that the flexion takes to fall, not the percent at which it ends.
    """
    later = 100.0 - _START
    onset = nodes.peak_time - nodes.rise_time + later
    return {
        "mass": 0.0,
        "trough_normalized_torque_Nm_kg": 0.0,
        "peak_normalized_torque_Nm_kg": round(nodes.peak_nm, 3),
        "start_percent_gait": _START,
        "trough_onset_percent_gait": _TROUGH_ONSET,
        "trough_percent_gait": _TROUGH,
        "mid_time": round(0.5 * (_TROUGH_END + onset), 3),
        "mid_duration": round(onset - _TROUGH_END, 3),
        "peak_percent_gait": round(nodes.peak_time + later, 3),
        "peak_offset_percent_gait": round(nodes.fall_time, 3),
    }
