"""From the hip moment of a person's strides to the force that a belt gives over the gait cycle.

The mean moment and angle, without what is faster than an exo follows, give the band's force by its geometry;
a sum of sines follows its shape over the window; its largest value is what the wearer is to get.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from core.assistance import belt
from core.assistance.curves import peak_of, skew_for_peak
from core.assistance.sines import FittedSines, chosen_order, fit_orders
from core.domain.amplitude import USUAL_N
from core.domain.arrays import FloatArray
from core.domain.belt_profile import MOST_ORDERS, BeltGeometry, BeltProfile, CycleWindow, SumOfSines
from core.domain.findings import Finding, Severity, finding, worst_first
from core.domain.kinetics import ForceSource
from core.domain.motion import CYCLE_POINTS
from core.errors import refuse

USUAL_AMPLITUDE_N = USUAL_N  # the source's own before it is tuned to a person
MOST_AMPLITUDE_N = 80.0  # the source's motor; beyond 60 N it saw other muscles work against it
LEAST_STRIDES = 2  # of both sides together
FEW_STRIDES = 6  # of fewer the mean still holds much of each one
BANDWIDTH_HZ = 10.0  # of the torque loop: LOW_PASS_HZ of `core.learning.exo.worn_controller`
_PAUSE = 0.05  # of the window; less is how a moment ends
WINDOW = CycleWindow()
_CYCLE = np.linspace(0.0, 1.0, CYCLE_POINTS)
_DENSE = np.linspace(0.0, 1.0, 4001)


@dataclass(frozen=True, slots=True, eq=False)
class HipStrides:
    """Hip flexion in one person's strides. Axes: N strides with a known moment, A with an angle."""

    moment_nm_kg: FloatArray  # (N, CYCLE_POINTS) internal, flexion positive
    angle_rad: FloatArray  # (A, CYCLE_POINTS)
    strides: tuple[int, int]  # N by side, left and right
    stride_s: float  # mean duration
    mass_kg: float
    source: ForceSource
    synthetic: bool = False
    ankle_nm_kg: FloatArray | None = None  # (N, CYCLE_POINTS) of the same strides, dorsiflexion positive


@dataclass(frozen=True, slots=True, eq=False)
class WantedForce:
    """What a band would have to give for the whole moment, as a function of the fraction of the cycle."""

    moment_nm_kg: FloatArray  # (CYCLE_POINTS,)
    angle_rad: FloatArray  # (CYCLE_POINTS,)
    force_n: Callable[[FloatArray], FloatArray]


def plan(
    hip: HipStrides,
    geometry: BeltGeometry,
    *,
    amplitude_n: float = USUAL_AMPLITUDE_N,
    orders: int = MOST_ORDERS,
    check: Callable[[int], None] = lambda _: None,
) -> BeltProfile:
    """The profile of a belt of this geometry; `check` is asked before each order of the sum of sines.

    Refuses ASP-001 (no hip moment, or none that flexes), ASP-002 (too few strides), ASP-003 (geometry) and
    ASP-006 (amplitude).
    """
    _check(hip, amplitude_n)
    wanted = wanted_force(hip, geometry)
    top_n = _largest(wanted.force_n)
    fits = fit_orders(lambda cycle: wanted.force_n(cycle) / top_n, WINDOW, orders=orders, check=check)
    order = chosen_order([one.fit for one in fits])
    shape = _to_one(fits[order - 1])
    return BeltProfile(
        geometry=geometry,
        shape=shape,
        orders=tuple(one.fit for one in fits),
        amplitude_n=amplitude_n,
        full_force_n=top_n,
        wanted=WINDOW.weight(_CYCLE) * wanted.force_n(_CYCLE) / top_n,
        moment_nm_kg=wanted.moment_nm_kg,
        angle_rad=wanted.angle_rad,
        conventional_skew=skew_for_peak(WINDOW, peak_of(shape)),
        mass_kg=hip.mass_kg,
        stride_s=hip.stride_s,
        strides=hip.strides,
        source=hip.source.value,
        findings=_findings(hip, geometry, wanted.angle_rad, wanted.moment_nm_kg, top_n),
        synthetic=hip.synthetic,
        ankle_nm_kg=None if hip.ankle_nm_kg is None else hip.ankle_nm_kg.mean(axis=0),
    )


def wanted_force(hip: HipStrides, geometry: BeltGeometry) -> WantedForce:
    """Refuses ASP-001 and ASP-003."""
    harmonics = max(4, int(BANDWIDTH_HZ * hip.stride_s))
    moment = slow_part(hip.moment_nm_kg.mean(axis=0), harmonics)
    angle = slow_part(hip.angle_rad.mean(axis=0), harmonics)
    inside = (WINDOW.first <= _CYCLE) & (WINDOW.last >= _CYCLE)
    belt.check_geometry(geometry, angle[inside])
    force = belt.force_n(geometry, angle, hip.mass_kg * moment)
    if not (force[inside] > 0.0).any():
        raise refuse(
            "ASP-001",
            "No assistance can be planned from this walk.",
            f"Its hip moment never flexes from {100.0 * WINDOW.first:.0f} to {100.0 * WINDOW.last:.0f} % of "
            "the gait cycle.",
            "Look at the moments and at left and right on the Motion page, or record the walk again.",
        )
    course = CubicSpline(_CYCLE, force)
    return WantedForce(moment, angle, lambda cycle: np.maximum(course(cycle), 0.0))


def slow_part(cycle: FloatArray, harmonics: int) -> FloatArray:
    """(CYCLE_POINTS,) of the first harmonics of the cycle; a drift between its ends stays."""
    drift = cycle[0] + (cycle[-1] - cycle[0]) * _CYCLE
    spectrum = np.fft.rfft((cycle - drift)[:-1])
    spectrum[harmonics + 1 :] = 0.0
    smooth = np.fft.irfft(spectrum, len(cycle) - 1)
    return np.asarray(np.append(smooth, smooth[0]) + drift)


def _largest(force_n: Callable[[FloatArray], FloatArray]) -> float:
    return float((WINDOW.weight(_DENSE) * force_n(_DENSE)).max())


def _to_one(fitted: FittedSines) -> SumOfSines:
    return fitted.sum.scaled(1.0 / float(fitted.sum.at(_DENSE).max()))


def _check(hip: HipStrides, amplitude_n: float) -> None:
    if not len(hip.moment_nm_kg) or not np.isfinite(hip.moment_nm_kg).all():
        raise refuse(
            "ASP-001",
            "No assistance can be planned from this walk.",
            "The moment of the hip is not known for any whole stride.",
            "Find forces and moments on the Motion page first, of a walk with complete strides.",
        )
    known = min(len(hip.moment_nm_kg), len(hip.angle_rad))
    if known < LEAST_STRIDES:
        raise refuse(
            "ASP-002",
            "There are too few strides to plan assistance from.",
            f"Moment and angle of the hip are known for {known} stride, and it takes {LEAST_STRIDES}.",
            "Record a longer walk; over force plates each foot has to meet a plate of its own.",
        )
    if not 0.0 < amplitude_n <= MOST_AMPLITUDE_N:
        raise refuse(
            "ASP-006",
            f"The belt cannot give a largest force of {amplitude_n:g} N.",
            f"It gives more than nothing and at most {MOST_AMPLITUDE_N:g} N.",
            f"Choose a force in between; {USUAL_AMPLITUDE_N:g} N is usual.",
        )


def _findings(
    hip: HipStrides,
    geometry: BeltGeometry,
    angle_rad: FloatArray,
    moment_nm_kg: FloatArray,
    top_n: float,
) -> tuple[Finding, ...]:
    found = [_scale_finding(top_n)]
    inside = (WINDOW.first <= _CYCLE) & (WINDOW.last >= _CYCLE)
    short = float(belt.too_short(geometry, angle_rad[inside]).mean())
    if short > 0.0:
        found.append(_short_finding(short))
    pause = float((moment_nm_kg[inside] <= 0.0).mean())
    if pause > _PAUSE:
        found.append(_pause_finding(pause))
    if len(hip.moment_nm_kg) < FEW_STRIDES:
        found.append(_few_finding(len(hip.moment_nm_kg)))
    if hip.source is ForceSource.ESTIMATED:
        found.append(_estimated_finding())
    return worst_first(tuple(found))


def _scale_finding(top_n: float) -> Finding:
    return finding(
        Severity.NOTE,
        "The belt gives a part of the hip's moment.",
        f"The whole of it would take {top_n:.0f} N; the shape is kept, the size is chosen.",
        "Tune the largest force to the person; more is not always better.",
        "ASP-007",
    )


def _short_finding(share: float) -> Finding:
    return finding(
        Severity.WARNING,
        f"The belt gives nothing in {100.0 * share:.0f} % of the window of assistance.",
        f"There its lever about the hip is shorter than {100.0 * belt.SHORTEST_ARM_M:.0f} cm.",
        "Let the band leave the belt further ahead of the hip, and plan again.",
        "ASP-004",
    )


def _pause_finding(share: float) -> Finding:
    return finding(
        Severity.WARNING,
        f"The belt gives nothing in {100.0 * share:.0f} % of the window of assistance.",
        "There the moment of the hip extends, and a band only pulls.",
        "Look at the moments and the steps on the Motion page before anybody gets this profile.",
        "ASP-004",
    )


def _few_finding(strides: int) -> Finding:
    return finding(
        Severity.WARNING,
        f"The profile is the mean of {strides} strides only.",
        "What is peculiar to one stride is still in it.",
        "Record a longer walk and plan again where that can be.",
        "ASP-005",
    )


def _estimated_finding() -> Finding:
    return finding(
        Severity.WARNING,
        "The hip moment was estimated without force plates.",
        "Its course is less certain then, above all where one foot takes the weight from the other.",
        "Record a walk over force plates where that can be, or try the profile with care.",
        "ASP-005",
    )
