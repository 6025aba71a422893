"""Strength of muscle groups as EMG calibration, joint moments and the fitted gait tell it, one source at a
time, each with its standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.impairment import ImpairmentKind
from core.domain.impairment_fit import ImpairmentFit
from core.domain.muscle_calibration import CalibratedParameter, MuscleCalibration, Told
from core.domain.muscles import MuscleGroup
from core.domain.twin import GroupStrength
from core.kinetics.moment_evidence import MomentEvidence
from core.twin.impairments import WEAKEST_FRACTION

EMG, MOMENTS, GAIT = "EMG", "joint moments", "gait"
BETWEEN_PEOPLE_SD = 0.25
"""Of the strength of healthy people of one size, and of what a maximal contraction reaches: an assumption."""
_SIDE_SD = 0.1  # of the strength of a healthy person's legs against each other: an assumption
_TWIN_SD = 0.15  # of strength: the twin's gait is not quite a person's, so what fits it is not either
EXPLAINS = 0.5
"""A search on a healthy youth explained a fifth, on a healthy adult a third, with severe impairments."""
_KNOWN_SEVERITY_SD = 0.2  # a less certain severity tells nothing; without any evidence it is 0.29
USUAL = 1.0 - BETWEEN_PEOPLE_SD
_PARTS = {MuscleGroup.PLANTARFLEXORS: ("soleus", "gastrocnemii")}  # calibrated each for itself

Place = tuple[MuscleGroup, Side]
PLACES: tuple[Place, ...] = tuple((group, side) for group in MuscleGroup for side in SIDES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source says of one group; 1 is the strength expected of this body."""

    source: str
    strength: float
    sd: float


@dataclass(frozen=True, slots=True)
class EmgEvidence:
    """What the calibration with EMG says of all groups."""

    by_place: dict[Place, Evidence]
    at_bound: tuple[Place, ...]  # the calibration stopped at a bound: no value
    all_low: bool  # every group is lower than usual: as likely the model or the MVC as the person


def emg_evidence(calibration: MuscleCalibration) -> EmgEvidence:
    """Calibrated strength against the generic model and, more surely, against the other leg.

    Only for EMG as fractions of a maximal voluntary contraction: else strength and normalisation cannot be
    told apart. Only of legs whose moments the calibrated muscles explain, which are in the calibrated body.
    """
    told = _strengths(calibration)
    moved = {place: one for place, one in told.items() if one.told is Told.MOVED and np.isfinite(one.sd)}
    all_low = len(moved) > 1 and all(one.after < USUAL for one in moved.values())
    found = {}
    for place, own in told.items():
        other = moved.get((place[0], place[1].other))
        if place in moved:
            against_other = _against_other_leg(own, other, all_low=all_low)
            alone = None if all_low else Evidence(EMG, own.after, _with_people(own))
            one = _mean([evidence for evidence in (alone, against_other) if evidence is not None])
        else:
            one = _below_the_lowest(own, other)
        if one is not None:
            found[place] = one
    at_bound = tuple(place for place, one in told.items() if one.told is Told.AT_BOUND and place not in found)
    return EmgEvidence(found, at_bound, all_low)


def explained(fit: ImpairmentFit) -> float:
    """How much of what sets the gait apart from the healthy twin's its fitted impairments explain, 0..1."""
    return 1.0 - fit.misfit / fit.healthy_misfit if fit.healthy_misfit > 0.0 else 0.0


def gait_evidence(fit: ImpairmentFit) -> dict[Place, Evidence]:
    """Strength left by the fitted weakness, and by strength that the fitted twin had before.

    Nothing where impairments do not explain the gait: then they only stand in for what the twin lacks.
    """
    found: dict[Place, Evidence] = {}
    if explained(fit) < EXPLAINS:
        return found
    for estimate in fit.estimates:
        slot = estimate.slot
        if slot.kind is not ImpairmentKind.WEAKNESS or estimate.sd > _KNOWN_SEVERITY_SD:
            continue
        assert slot.group is not None and slot.side is not None
        before = factor_of(fit.body.strength, (slot.group, slot.side))
        strength = before * strength_left(estimate.severity)
        sd = np.hypot(-np.log(WEAKEST_FRACTION) * strength * estimate.sd, _TWIN_SD)
        found[slot.group, slot.side] = Evidence(GAIT, strength, float(sd))
    return found


def moments_as_evidence(moments: tuple[MomentEvidence, ...]) -> dict[Place, Evidence]:
    """Moments that are clearly lower than usual."""
    return {
        (one.group, one.side): Evidence(MOMENTS, one.strength, one.sd)
        for one in moments
        if np.isfinite(one.strength)
    }


def strength_left(severity: float) -> float:
    """Fraction of strength at this severity of weakness."""
    return float(WEAKEST_FRACTION**severity)


def weakness_severity(strength: float) -> float:
    """Severity of weakness that leaves this strength: the inverse of `strength_left`, 0..1."""
    return float(np.clip(np.log(max(strength, 1e-6)) / np.log(WEAKEST_FRACTION), 0.0, 1.0))


def factor_of(strengths: tuple[GroupStrength, ...], place: Place) -> float:
    factor = 1.0
    for one in strengths:
        if (one.group, one.side) == place:
            factor *= one.factor
    return factor


def _strengths(calibration: MuscleCalibration) -> dict[Place, CalibratedParameter]:
    """Parameters of strength by group and side; their names are "Strength, right plantarflexors".

    A calf of which one part only was recorded is told by that part.
    """
    by_name = {one.name: one for one in calibration.parameters}
    explained = {(one.group, one.side) for one in calibration.body.strength}
    found = {}
    for place in PLACES:
        parts = [f"Strength, {place[1]} {part}" for part in _PARTS.get(place[0], ())]
        name = next((name for name in (strength_name(place), *parts) if name in by_name), None)
        if name is not None and place in explained:
            found[place] = by_name[name]
    return found


def strength_name(place: Place) -> str:
    """Name of a calibrated strength, for a clinician."""
    group, side = place
    return f"Strength, {side} {group}"


def _with_people(own: CalibratedParameter) -> float:
    return float(np.hypot(own.sd, BETWEEN_PEOPLE_SD * max(own.after, USUAL)))


def _against_other_leg(
    own: CalibratedParameter, other: CalibratedParameter | None, *, all_low: bool
) -> Evidence | None:
    """Over the other leg's strength, where that one is not weak itself and not the weaker one."""
    if other is None or other.after <= own.after or (other.after < USUAL and not all_low):
        return None
    ratio = own.after / other.after
    relative = (own.sd / own.after) ** 2 + (other.sd / other.after) ** 2 + _SIDE_SD**2
    return Evidence(EMG, ratio, float(ratio * np.sqrt(relative)))


def _below_the_lowest(own: CalibratedParameter, other: CalibratedParameter | None) -> Evidence | None:
    """A leg at the lowest strength that calibration tries, beside a usual one: any value below fits."""
    at_lowest = own.told is Told.AT_BOUND and own.after < 0.5 * (own.low + own.high)
    if other is None or other.after < USUAL or not at_lowest:
        return None
    most = own.after / other.after
    return Evidence(EMG, most / 2.0, most / float(np.sqrt(12.0)))


def _mean(evidence: list[Evidence]) -> Evidence | None:
    """By precision: the errors of a person among people and of one leg among both are independent."""
    if not evidence:
        return None
    weight = np.array([1.0 / one.sd**2 for one in evidence])
    strength = np.array([one.strength for one in evidence])
    return Evidence(
        evidence[0].source, float(weight @ strength / weight.sum()), float(1.0 / np.sqrt(weight.sum()))
    )
