"""What the peak moments of a walk say of strength: mostly how much there is at least.

Muscles did what the moment shows, so strength is never below it. How much more they could have done a walk
does not show: a usual moment tells no weakness and no strength. Only a moment clearly below what people of
this speed need, or below the other leg's, speaks for weakness, and then with a wide margin, because pain,
habit or balance lower it too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JointKind, Side
from core.domain.kinetics import ForceSource, KineticCycles, Kinetics
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.leg import Leg
from core.twin.scaling import PEAK_FORCE_EXPONENT

_GRAVITY = 9.81
_LARGE_Z = 2.33  # a moment below this is rarer than one in a hundred; ten are looked at
_OTHER_REASONS_SD = 0.15  # of strength: pain, habit and balance also lower a moment


@dataclass(frozen=True, slots=True)
class _Peak:
    """Where in the gait cycle a group shows its moment, and what is usual there."""

    kind: JointKind
    sign: int  # of the moment that the group makes
    window: tuple[int, int]  # points of the cycle
    mean_nm_kg: tuple[float, ...]  # at _SPEEDS
    sd_nm_kg: tuple[float, ...]
    side_sd: float  # of left over right in healthy people
    capacity_nm_kg: float  # of the generic body's muscles in this posture, all fully active
    own_part: float  # of the capacity, that is the group's


_SPEEDS = (0.16, 0.295, 0.43, 0.57, 0.70)
"""Speed over sqrt(g leg length): the middles of "very slow" to "very fast" of Schwartz, Rozumalski & Trost
2008, J Biomech 41:1639."""

_G, _J = MuscleGroup, JointKind
_PEAKS: dict[MuscleGroup, _Peak] = {
    # Mean and standard deviation: the same paper, as tabulated in biomechZoo (Apache-2.0). Its children have
    # lower hip abductor moments than adults, so it asks less of an adult there. Differences of the sides: one
    # healthy youth with both feet on plates differed by 14 (ankle), 49, 38, 3 and 38 %; rounded, and 20 % for
    # the abductors. Capacity: sum over the 80 muscles of active force times moment arm in the normal stride,
    # the lowest in the window, and the part of it that is the group's own.
    _G.PLANTARFLEXORS: _Peak(
        *(_J.ANKLE, -1, (30, 66)),
        mean_nm_kg=(1.09, 1.14, 1.23, 1.26, 1.23),
        sd_nm_kg=(0.22, 0.21, 0.24, 0.27, 0.36),
        side_sd=0.15,
        capacity_nm_kg=4.8,
        own_part=1.0,
    ),
    _G.HIP_EXTENSORS: _Peak(
        *(_J.HIP_FLEXION, -1, (4, 30)),
        mean_nm_kg=(0.24, 0.32, 0.54, 0.89, 1.42),
        sd_nm_kg=(0.14, 0.15, 0.30, 0.40, 0.54),
        side_sd=0.5,
        capacity_nm_kg=6.6,
        own_part=0.43,
    ),
    _G.HIP_FLEXORS: _Peak(
        *(_J.HIP_FLEXION, 1, (36, 70)),
        mean_nm_kg=(0.28, 0.41, 0.62, 0.86, 0.98),
        sd_nm_kg=(0.14, 0.18, 0.22, 0.24, 0.30),
        side_sd=0.4,
        capacity_nm_kg=2.4,
        own_part=0.35,
    ),
    _G.HIP_ABDUCTORS: _Peak(
        *(_J.HIP_ADDUCTION, -1, (6, 60)),
        mean_nm_kg=(0.51, 0.49, 0.49, 0.53, 0.59),
        sd_nm_kg=(0.12, 0.12, 0.14, 0.18, 0.20),
        side_sd=0.2,
        capacity_nm_kg=3.0,
        own_part=0.75,
    ),
    _G.KNEE_EXTENSORS: _Peak(
        *(_J.KNEE, -1, (4, 40)),
        mean_nm_kg=(0.08, 0.17, 0.37, 0.55, 0.50),
        sd_nm_kg=(0.13, 0.18, 0.24, 0.30, 0.40),
        side_sd=0.4,
        capacity_nm_kg=5.0,
        own_part=1.0,
    ),
}
TOLD_BY_MOMENTS = tuple(_PEAKS)
"""Groups whose moment in walking says something; the others work in swing, or against each other."""


@dataclass(frozen=True, slots=True)
class MomentEvidence:
    """One group of one side. Strength is a fraction of what is expected of this body."""

    group: MuscleGroup
    side: Side
    peak_nm_kg: float  # of the mean stride
    of_usual: float  # over the peak that is usual for the speed, and where known for the other leg
    of_usual_sd: float
    least: float  # strength that the peak shows at least; 0 where no plate measured it
    strength: float  # most plausible, NaN where the moment is usual
    sd: float


def moment_evidence(kinetics: Kinetics, body: BodyParameters, speed_m_s: float) -> tuple[MomentEvidence, ...]:
    """Evidence of every group and side whose moment was recorded; empty where no stride has known forces.

    Forces that were estimated from the motion bound no strength and show no weakness: how two feet share the
    load is assumed there.
    """
    peaks = {
        (group, cycles.side): _peak_nm_kg(cycles, peak)
        for group, peak in _PEAKS.items()
        for cycles in kinetics.cycles
        if len(cycles.moment_nm_kg) and np.isfinite(cycles.moment_nm_kg).all()
    }
    from_plates = kinetics.source is ForceSource.PLATES
    found = []
    for (group, side), (height, error) in peaks.items():
        other = peaks.get((group, side.other)) if from_plates else None
        found.append(_evidence(group, side, height, error, other, body, speed_m_s, from_plates=from_plates))
    return tuple(found)


def usual_peak_nm_kg(group: MuscleGroup, body: BodyParameters, speed_m_s: float) -> tuple[float, float]:
    """Mean and standard deviation of a group's peak moment among people who walk this fast."""
    leg = Leg.of(body.scale)
    speed = speed_m_s / np.sqrt(_GRAVITY * (leg.thigh_m + leg.shank_m))
    peak = _PEAKS[group]
    return (
        float(np.interp(speed, _SPEEDS, peak.mean_nm_kg)),
        float(np.interp(speed, _SPEEDS, peak.sd_nm_kg)),
    )


def _peak_nm_kg(cycles: KineticCycles, peak: _Peak) -> tuple[float, float]:
    """Peak of the mean stride, and its standard error over the strides."""
    first, last = peak.window
    column = list(JointKind).index(peak.kind)
    moment: FloatArray = peak.sign * cycles.moment_nm_kg[:, first : last + 1, column]
    mean = moment.mean(axis=0)
    place = int(mean.argmax())
    spread = float(moment[:, place].std(ddof=1)) if len(moment) > 1 else 0.1 * abs(float(mean[place]))
    return max(0.0, float(mean[place])), spread / np.sqrt(len(moment))


def _evidence(
    group: MuscleGroup,
    side: Side,
    height: float,
    error: float,
    other: tuple[float, float] | None,
    body: BodyParameters,
    speed_m_s: float,
    *,
    from_plates: bool,
) -> MomentEvidence:
    usual, usual_sd = usual_peak_nm_kg(group, body, speed_m_s)
    ratio, variance = height / usual, (usual_sd**2 + error**2) / usual**2
    if other is not None and other[0] >= usual - usual_sd:
        # A leg that does its usual work is this person's own norm; more than usual may be compensation.
        own = min(other[0], usual + usual_sd)
        own_variance = _PEAKS[group].side_sd ** 2 + (error**2 + other[1] ** 2) / own**2
        weight = variance / (variance + own_variance)
        ratio, variance = (
            weight * height / own + (1.0 - weight) * ratio,
            variance * own_variance / (variance + own_variance),
        )
    sd = float(np.sqrt(variance))
    share = usual / capacity_nm_kg(group, body)
    strength, strength_sd = _strength(ratio, sd, share) if from_plates else (float("nan"), float("nan"))
    least = _least(group, height / capacity_nm_kg(group, body)) if from_plates else 0.0
    return MomentEvidence(group, side, height, float(ratio), sd, least, strength, strength_sd)


def _strength(ratio: float, sd: float, share: float) -> tuple[float, float]:
    """Strength and its standard deviation that a lowered moment speaks for; NaN for a usual one.

    At the most the same part of the strength was used as usual, at the least all of it; the former is more
    plausible (a triangle).
    """
    if ratio + _LARGE_Z * sd >= 1.0:
        return float("nan"), float("nan")
    spread = ratio * (1.0 - share)
    variance = spread**2 / 18.0 + (sd * (1.0 - (1.0 - share) / 3.0)) ** 2 + _OTHER_REASONS_SD**2
    return ratio - spread / 3.0, float(np.sqrt(variance))


def _least(group: MuscleGroup, used: float) -> float:
    """Strength that a group has at least, when this part of the joint's capacity was used: the joint's other
    muscles may have given all they have.
    """
    own = _PEAKS[group].own_part
    return max(0.0, (used - (1.0 - own)) / own)


def capacity_nm_kg(group: MuscleGroup, body: BodyParameters) -> float:
    """Moment of all muscles of this body that turn the joint the group's way, at their expected strength.

    As the body is scaled: force with mass to the power 2/3, moment arms with length.
    """
    mass, scale = body.mass_kg / GENERIC_BODY.mass_kg, body.scale
    size: float = mass ** (PEAK_FORCE_EXPONENT - 1.0) * (scale.thigh + scale.shank) / 2.0
    return _PEAKS[group].capacity_nm_kg * size
