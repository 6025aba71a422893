"""What of a recorded walk a calibration of muscles can use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import BoolArray
from core.domain.body import SIDES, JointKind, Side
from core.domain.emg import MVC, EmgEnvelopes, EmgMuscle
from core.domain.findings import Finding
from core.domain.kinetics import ForceSource
from core.domain.twin import BodyParameters
from core.errors import refuse
from core.kinetics.calibration_findings import estimated_forces, no_electrode, no_moment
from core.kinetics.calibration_parameters import Parameters
from core.kinetics.emg_driven import JOINT_KINDS, EvenEmg, driven_leg
from core.kinetics.habits import GOOD, covered_strides
from core.kinetics.muscle_fit import MuscleProblem
from core.kinetics.muscle_paths import muscle_model
from core.kinetics.walk_data import WalkData

LEAST_KNOWN_S = 0.4  # of moments of one leg: less than a stance tells nothing

_E = EmgMuscle
_NEEDED: dict[JointKind, tuple[tuple[str, frozenset[EmgMuscle]], ...]] = {
    JointKind.ANKLE: (
        ("a calf muscle", frozenset({_E.SOLEUS, _E.GASTROCNEMIUS_MEDIALIS, _E.GASTROCNEMIUS_LATERALIS})),
        ("the tibialis anterior", frozenset({_E.TIBIALIS_ANTERIOR})),
    ),
    JointKind.KNEE: (
        (
            "a muscle of the front of the thigh",
            frozenset({_E.RECTUS_FEMORIS, _E.VASTUS_LATERALIS, _E.VASTUS_MEDIALIS}),
        ),
        (
            "a hamstring",
            frozenset({_E.BICEPS_FEMORIS, _E.SEMITENDINOSUS, _E.SEMIMEMBRANOSUS}),
        ),
        (
            "a calf muscle",
            frozenset({_E.SOLEUS, _E.GASTROCNEMIUS_MEDIALIS, _E.GASTROCNEMIUS_LATERALIS}),
        ),
    ),
}


def usable_emg(emg: EmgEnvelopes) -> EmgEnvelopes:
    """Channels of good quality; of two on one muscle the first."""
    kept: dict[object, int] = {}
    for number, channel in enumerate(emg.channels):
        if channel.verdict == GOOD and np.isfinite(emg.envelope[:, number]).all():
            kept.setdefault(channel.site, number)
    columns = list(kept.values())
    if not columns:
        raise refuse(
            "KIN-103",
            "Muscles cannot be calibrated with this EMG.",
            "None of its channels is of good quality.",
            "Import a recording with usable channels on the EMG page; its table says what is wrong with "
            "each.",
        )
    channels = tuple(emg.channels[number] for number in columns)
    references = tuple(emg.references[number] for number in columns) if emg.references else ()
    return replace(emg, channels=channels, envelope=emg.envelope[:, columns], references=references)


def to_maximum(emg: EmgEnvelopes) -> bool:
    """Whether every channel is a fraction of a maximal voluntary contraction."""
    return all(emg.reference(channel) == MVC for channel in range(len(emg.channels)))


def check_walk(walk: WalkData) -> None:
    """Refuses EMG beside the motion (KIN-101) and a walk without a whole stride with EMG (KIN-102)."""
    emg = walk.emg
    first, last = emg.time_s[0] + emg.offset_s, emg.time_s[-1] + emg.offset_s
    shared_s = min(last, walk.time_s[-1]) - max(first, walk.time_s[0])
    if shared_s < LEAST_KNOWN_S:
        raise refuse(
            "KIN-101",
            "EMG and motion were not recorded at the same time.",
            f"The EMG goes from {first:.1f} to {last:.1f} s of the motion, which takes "
            f"{walk.time_s[-1] - walk.time_s[0]:.1f} s.",
            "Give the offset of the EMG to the motion on the EMG page, or import the EMG of this walk.",
        )
    if not any(covered_strides(emg, walk.strides, side) for side in SIDES):
        raise refuse(
            "KIN-102",
            "Muscles cannot be calibrated with so few strides.",
            "No stride of the motion lies in the EMG from its start to its end.",
            "Record EMG during the whole walk, with at least one complete stride of the recorded leg.",
        )


def moment_problem(
    body: BodyParameters, walk: WalkData, emg: EmgEnvelopes
) -> tuple[MuscleProblem | None, list[Finding]]:
    """The legs whose moments can be explained; None, and why, where there is none."""
    if walk.source is not ForceSource.PLATES:
        return None, [estimated_forces()]
    even = EvenEmg.of(emg)
    covered, findings, usable = even.covers(walk.time_s), [], []
    for side in SIDES:
        sites = {channel.site.muscle for channel in emg.channels if channel.site.side is side}
        if sites:
            kinds, told_why = _usable_joints(walk, side, sites, covered)
            findings += told_why
            usable.append((side, kinds))
    model = muscle_model(body)
    legs, measured = [], []
    all_sites = tuple(channel.site for channel in emg.channels)
    for side, kinds in usable:
        leg = driven_leg(model, side, walk.angle_rad, walk.velocity_rad_s, all_sites) if kinds else None
        if leg is None:
            continue
        legs.append(leg)
        known = covered & walk.seen[:, SIDES.index(side)]
        for kind in JOINT_KINDS:
            measured.append(np.where(known & (kind in kinds), walk.moment(kind, side), np.nan))
    if not legs:
        return None, findings
    parameters = Parameters.of(legs, to_maximum=to_maximum(emg))
    return MuscleProblem(tuple(legs), even, walk.time_s, np.stack(measured, axis=1), parameters), findings


def _usable_joints(
    walk: WalkData, side: Side, sites: set[EmgMuscle], covered: BoolArray
) -> tuple[list[JointKind], list[Finding]]:
    """Joints of a leg with electrodes on all their sides and with moments, and findings on the others."""
    kinds: list[JointKind] = []
    findings: list[Finding] = []
    seconds = np.gradient(walk.time_s)
    for kind in JOINT_KINDS:
        words = f"{side} {kind.value.removesuffix('_angle')}"
        absent = [what for what, any_of in _NEEDED[kind] if not any_of & sites]
        known = covered & np.isfinite(walk.moment(kind, side)) & walk.seen[:, SIDES.index(side)]
        if absent:
            findings.append(no_electrode(words, absent))
        elif seconds[known].sum() < LEAST_KNOWN_S:
            findings.append(no_moment(words, float(seconds[known].sum())))
        else:
            kinds.append(kind)
    return kinds, findings
