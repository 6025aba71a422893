"""What a person must know of forces and moments before believing them."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.domain.kinetics import KineticCycles, TwinForces
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.errors import Advice
from core.kinetics.foot_loads import FootLoads
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course

RESIDUAL_FORCE, RESIDUAL_MOMENT = 0.05, 0.01
"""Root mean square residuals at the pelvis, of the largest force of the ground, and of that force times the
height of the pelvis: what is good enough (Hicks et al. 2015, J Biomech Eng 137:020905)."""

AID = 0.05
"""Help that a simulated twin may need at the pelvis: root mean square force, of body weight, and moment, of
weight times the pelvis' height. The walks of `exotwin bench kinetics` need two thirds of that at most."""

_MUCH = 3.0  # times as much is more than a measurement's usual mismatch
_SHARED_S = 0.05  # less is an edge of two contacts
_FOREIGN = 0.5  # of the contacts; so many far from every foot are not chance


def estimate_findings(*, plates: int) -> tuple[Finding, ...]:
    """`plates` that nobody stepped on."""
    felt = "No force plate measured them." if not plates else "Nobody stepped on a force plate of the trial."
    return (
        _note(
            "KIN-010",
            "The forces and moments are estimated from the motion.",
            felt,
            "Use them as a hint; measure with force plates where a decision hangs on them.",
        ),
    )


def load_findings(loads: FootLoads, trial: LaboratoryTrial, motion: Motion) -> tuple[Finding, ...]:
    """Of how plates and feet go together."""
    found = []
    if loads.without_corners:
        found.append(_without_corners(loads.without_corners))
    if loads.contacts and loads.far >= _FOREIGN * loads.contacts:
        found.append(_in_another_frame(loads))
    found += _left_out(loads)
    covered = _overlap(trial, motion) if len(trial.plate_time_s) else 1.0
    if covered < 1.0:
        found.append(
            _note(
                "KIN-015",
                f"The forces cover {100 * covered:.0f} % of the motion.",
                "The rest has no moments of standing feet.",
                "Export forces and motion over the same time to have all.",
            )
        )
    return tuple(found)


def _without_corners(count: int) -> Finding:
    lie = "a force plate lies" if count == 1 else f"{count} force plates lie"
    return _note(
        "KIN-011",
        f"The file does not tell where {lie}.",
        "So feet were told apart by the centre of pressure alone, and a foot half beside a plate is not "
        "noticed.",
        "Export the trial as C3D with the corners of the plates to be sure.",
    )


def _in_another_frame(loads: FootLoads) -> Finding:
    advice = Advice(
        f"The centre of pressure is far from both feet in {loads.far} of {loads.contacts} contacts.",
        "The forces are in another frame than the markers, or belong to another trial.",
        "Export forces and markers of one trial together, with the plates' corners, and import them again.",
        "KIN-012",
    )
    return Finding(Severity.WARNING, advice)


def _left_out(loads: FootLoads) -> list[Finding]:
    """Contacts whose force belongs to no foot alone."""
    found = []
    if loads.partial:
        contacts = "one contact" if loads.partial == 1 else f"{loads.partial} contacts"
        found.append(
            _note(
                "KIN-013",
                f"In {contacts} the foot stood partly beside its plate.",
                "The plate then misses a part of the force, so those moments are left out.",
                "Go on with the other strides, or record again.",
            )
        )
    if loads.shared_s > _SHARED_S:
        found.append(
            _note(
                "KIN-014",
                f"Both feet stood on one plate for {loads.shared_s:.1f} s.",
                "One plate cannot tell two feet apart, so those moments are left out.",
                "Go on with the other strides, or record with one plate for each foot.",
            )
        )
    return found


def residual_findings(
    force_n: FloatArray, moment_nm: FloatArray, loads: FootLoads, course: Course, *, trunk_seen: bool
) -> tuple[Finding, ...]:
    """Where motion and forces do not fit each other."""
    known = np.isfinite(force_n).all(axis=1) & (np.nansum(loads.force_n[..., 2], axis=1) > 0.0)
    if known.sum() < 2:
        return ()
    largest = float(np.linalg.norm(loads.force_n[known].sum(axis=1), axis=1).max())
    height_m = float(course.value[known, 2].mean())
    force = float(np.sqrt((force_n[known] ** 2).sum(axis=1).mean())) / largest
    moment = float(np.sqrt((moment_nm[known] ** 2).sum(axis=1).mean())) / (largest * height_m)
    times = max(force / RESIDUAL_FORCE, moment / RESIDUAL_MOMENT)
    if times <= 1.0:
        return ()
    severity = Severity.WARNING if times > _MUCH else Severity.NOTE
    advice = Advice(
        f"Motion and forces leave {100 * force:.0f} % of the largest force and {100 * moment:.0f} % of its "
        "moment unexplained.",
        f"Good are {100 * RESIDUAL_FORCE:.0f} % and {100 * RESIDUAL_MOMENT:.0f} %; "
        f"{'the arms are' if trunk_seen else 'the trunk is'} taken as stiff, and mass or markers may be a "
        "little wrong.",
        "Check the patient's mass and that forces and markers begin together; hip moments suffer first.",
        "KIN-016",
    )
    return (Finding(severity, advice),)


def twin_findings(twin: TwinForces | None, course: Course, mass_kg: float) -> tuple[Finding, ...]:
    """Where a simulated twin does not walk the recorded way on its own feet."""
    if twin is None:
        return ()
    known = np.isfinite(twin.force_n).all(axis=(1, 2))
    weight_n, height_m = mass_kg * GRAVITY_M_S2, float(course.value[known, 2].mean())
    force = float(np.sqrt((twin.aid_force_n[known] ** 2).sum(axis=1).mean())) / weight_n
    turn = float(np.sqrt((twin.aid_moment_nm[known] ** 2).sum(axis=1).mean())) / (weight_n * height_m)
    if max(force, turn) <= AID:
        return ()
    moment_nm = turn * weight_n * height_m
    return (
        _note(
            "KIN-018",
            f"A simulated twin needs {100 * force:.0f} % of body weight and {moment_nm:.0f} N·m "
            "at the pelvis to stay on the recorded walk.",
            "Steps, pelvis or trunk are not quite as the person had them: no floor can give that.",
            "Look at the strides on the Motion page before you use these forces.",
        ),
    )


def stride_findings(
    cycles: tuple[KineticCycles, KineticCycles], motion: Motion, *, measured: bool
) -> tuple[Finding, ...]:
    """Sides without a stride whose forces are known throughout."""
    empty = [c.side.value for c in cycles if not len(c.moment_nm_kg)]
    if not empty or not motion.strides:
        return ()
    why = (
        "In every one of its strides a foot stood beside the plates, partly off one, or with the other foot "
        "on one."
        if measured
        else "The recorded strides do not tell when both feet stand."
    )
    whose = " and the ".join(empty)
    advice = Advice(
        f"No stride of the {whose} leg has known forces throughout.",
        why,
        "Moments per gait cycle are missing there; record again so that one foot alone hits a plate."
        if measured
        else "Moments per gait cycle are missing there; record a longer walk.",
        "KIN-017",
    )
    return (Finding(Severity.WARNING, advice),)


def _overlap(trial: LaboratoryTrial, motion: Motion) -> float:
    time_s = motion.kinematics.time_s
    slack = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    inside = (time_s >= trial.plate_time_s[0] - slack) & (time_s <= trial.plate_time_s[-1] + slack)
    return float(inside.mean())


def _note(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, code))
