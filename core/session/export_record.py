"""One record as files that other programs read, and what they hold in a sentence each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.amplitude import Amplitude
from core.domain.belt_profile import BeltProfile
from core.domain.body import JOINTS, SIDES
from core.domain.capture_comparison import CaptureComparison
from core.domain.controller import Comparison
from core.domain.emg import EmgEnvelopes
from core.domain.exo_walk import ExoWalk
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.moments import Moments
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.rollout import Rollout, RolloutSet
from core.domain.twin import GaitPolicy, Twin
from core.errors import refuse
from core.laboratory.c3d_writer import c3d_bytes
from core.laboratory.names import unique
from core.laboratory.writers import csv_text, ground_forces_text, table_text, trc_text
from core.motion.angle_files import angles_csv, coordinates_mot
from core.session.export_c3d import c3d_content
from core.session.export_tables import (
    changes_csv,
    cycles_csv,
    edited_events_csv,
    emg_cycles_csv,
    force_activity_csv,
    force_curve_csv,
    moments_csv,
    numbers_csv,
    strides_csv,
    torque_csv,
)
from core.session.numbers import (
    Number,
    amplitude_numbers,
    comparison_numbers,
    emg_numbers,
    gait_numbers,
    kinetics_numbers,
    moment_numbers,
    motion_numbers,
    policy_numbers,
    twin_numbers,
    walk_numbers,
)
from core.store.repository import Store
from core.vault.files import read_bytes

_MARK = {True: "synthetic", False: "measured"}
OSIM_FILE = "scaled_model.osim"
OSIM_ABOUT = "skeleton scaled to the person for OpenSim 4: trunk rigid, no muscles"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """`about` is its line of the README."""

    name: str
    content: str | bytes
    about: str
    record_id: str
    visit: str = ""  # whose it is, where the files are of several visits

    @property
    def data(self) -> bytes:
        return self.content.encode("utf-8") if isinstance(self.content, str) else self.content


_Written = Iterator[tuple[str, str | bytes, str]]  # name, content, about


def record_files(store: Store, info: RecordInfo) -> tuple[ExportFile, ...]:
    """Files of one record. Refuses OUT-001 where its kind has none."""
    writer = _WRITERS.get(info.kind)
    if writer is None:
        kinds = ", ".join(kind.value.replace("_", " ") for kind in EXPORTED)
        raise refuse(
            "OUT-001",
            f"A {info.kind.value.replace('_', ' ')} has no files for other programs.",
            f"These have: {kinds}.",
            "Choose a record of one of these kinds.",
        )
    return tuple(ExportFile(name, content, about, info.id) for name, content, about in writer(store, info))


def _trial_files(store: Store, info: RecordInfo) -> _Written:
    trial = store.load(info.id, LaboratoryTrial)
    mark = _MARK[trial.synthetic]
    markers = trc_text("markers", trial.marker_names, trial.time_s, trial.marker_m)
    yield f"{mark}_markers.trc", markers, "markers, mm, OpenSim's axes"
    if trial.plates:
        forces = ground_forces_text("forces", trial.plates, trial.plate_time_s)
        yield f"{mark}_ground_forces.mot", forces, "ground on the person, N, m and N m, OpenSim's axes"


def _motion_files(store: Store, info: RecordInfo) -> _Written:
    motion = store.load(info.id, Motion)
    mark = _MARK[motion.synthetic]
    coordinates = coordinates_mot(motion.kinematics, f"{mark}_coordinates")
    yield f"{mark}_coordinates.mot", coordinates, "coordinates, degrees and m; for OpenSim"
    yield f"{mark}_angles.csv", angles_csv(motion.kinematics), "joint angles over time, degrees; _sd: one SD"
    content, about = c3d_content(store, info, motion)
    yield f"{mark}_walk.c3d", c3d_bytes(content), about
    yield f"{mark}_measures.csv", numbers_csv(motion_numbers(motion, info.id)), "measures, units in a column"
    if motion.edited:
        events = edited_events_csv(motion)
        yield f"{mark}_edited_events.csv", events, "events that a person changed, the automatic ones beside"
    if motion.strides:
        yield f"{mark}_strides.csv", strides_csv(motion), "one stride per row, s and % of the gait cycle"
        cycles = cycles_csv(motion.cycles)
        yield f"{mark}_gait_cycles.csv", cycles, "angles over 0 to 100 % of the gait cycle, degrees"


def _kinetics_files(store: Store, info: RecordInfo) -> _Written:
    """Internal moments in newton metres, with the signs of the angles.

    What was found without force plates is no measurement, and its name says so. Moments are the person's own;
    those of a worn exo, and both together, follow them.
    """
    kinetics = store.load(info.id, Kinetics)
    mark = _MARK[kinetics.synthetic]
    if kinetics.source is ForceSource.ESTIMATED:
        mark = "synthetic_estimated" if kinetics.synthetic else "estimated"
    names = [f"{joint.value}_moment" for joint in JOINTS]
    moments = kinetics.moment_nm
    table = table_text(f"{mark}_moments", names, kinetics.time_s, moments, in_degrees=False)
    yield f"{mark}_moments.sto", table, "internal joint moments of the person, N m"
    columns = [f"{name}_nm" for name in names] + [f"{joint.value}_power_w" for joint in JOINTS]
    values = [moments, kinetics.power_w]
    for whose, more in (("exo", kinetics.exo_moment_nm), ("net", kinetics.net_moment_nm)):
        if more is not None:
            columns += [f"{joint.value}_{whose}_moment_nm" for joint in JOINTS]
            values.append(more)
    table = csv_text(columns, kinetics.time_s, np.hstack(values))
    yield f"{mark}_moments_and_powers.csv", table, "moments, N m, and powers, W, over time"
    if kinetics.exo_moment_nm is not None:
        name, given = f"{mark}_exo_moments", kinetics.exo_moment_nm
        table = table_text(name, names, kinetics.time_s, given, in_degrees=False)
        yield f"{name}.sto", table, "moments of the worn exo, N m; already taken off the person's"
    peaks = kinetics_numbers(kinetics, info.id)
    if peaks:
        yield f"{mark}_force_measures.csv", numbers_csv(peaks), "peaks and work, units in a column"


def _moment_files(store: Store, info: RecordInfo) -> _Written:
    moments = store.load(info.id, Moments)
    mark = "synthetic_estimated" if moments.synthetic else "estimated"
    told = f"hip moments by {moments.model}, from the motion alone: a hint, not measured"
    yield f"{mark}_hip_moments.csv", moments_csv(moments), f"{told}; N m/kg over the gait cycle"
    numbers = numbers_csv(moment_numbers(moments, info.id))
    yield (
        f"{mark}_hip_moment_measures.csv",
        numbers,
        "their peaks, and how far they were wrong with other people",
    )


def _amplitude_files(store: Store, info: RecordInfo) -> _Written:
    """Measured EMG is called so; what follows from it is an estimate, and of a twin both are simulated."""
    found = store.load(info.id, Amplitude)
    synthetic = store.subject_of(info.visit_id).synthetic
    mark, of_curve = (
        ("simulated", "simulated") if found.measured.simulated else (_MARK[synthetic], "estimated")
    )
    if synthetic and not found.measured.simulated:
        of_curve = "synthetic_estimated"
    activity = force_activity_csv(found)
    yield (
        f"{mark}_activity_by_force.csv",
        activity,
        "activity of three thigh muscles at each assistance force",
    )
    curve = force_curve_csv(found)
    yield (
        f"{of_curve}_activity_curve.csv",
        curve,
        "the curve through it, from which the advised force is read",
    )
    numbers = numbers_csv(amplitude_numbers(found, info.id))
    yield f"{of_curve}_assistance_force.csv", numbers, f"the advised force, an estimate: {found.sentence}"


def _emg_files(store: Store, info: RecordInfo) -> _Written:
    emg = store.load(info.id, EmgEnvelopes)
    mark = _MARK[emg.synthetic]
    sites = [f"{channel.site.muscle.value} {channel.site.side.value[0]}" for channel in emg.channels]
    names, time_s = unique(tuple(sites)), emg.time_s + emg.offset_s
    table = table_text(f"{mark}_emg", names, time_s, emg.envelope, in_degrees=False)
    yield f"{mark}_emg.sto", table, f"EMG envelopes, fraction of the {emg.normalised_to}"
    fractions = [f"{name} (fraction of {emg.reference(number)})" for number, name in enumerate(names)]
    yield f"{mark}_emg.csv", csv_text(fractions, time_s, emg.envelope), "the same; time on the motion's clock"
    newest = store.latest(info.visit_id, RecordKind.MOTION)
    strides = () if newest is None else store.load(newest.id, Motion).strides
    if strides:
        cycles = emg_cycles_csv(emg, strides)
        yield f"{mark}_emg_gait_cycles.csv", cycles, "envelopes over 0 to 100 % of the gait cycle, in %"
    quality = numbers_csv(emg_numbers(emg, info.id))
    yield f"{mark}_emg_quality.csv", quality, "quality of the channels, units in a column"


def _simulated_files(store: Store, info: RecordInfo) -> _Written:
    gaits = store.load(info.id, RolloutSet)
    yield "simulated_gait_measures.csv", numbers_csv(gait_numbers(gaits, info.id)), "measures of the walks"
    yield from _walks(gaits)


def _walks(gaits: RolloutSet) -> _Written:
    for walk in gaits.rollouts:
        yield from _walk(walk)


def _walk(walk: Rollout) -> _Written:
    label = walk.label.value.replace(" ", "_").replace("'", "")
    name, muscles = f"simulated_activations_{label}", walk.playback.muscle_names
    if muscles:
        table = table_text(name, muscles, walk.time_s, walk.activation, in_degrees=False)
        yield f"{name}.sto", table, "muscle activations, 0 to 1"
    joints = [joint.value for joint in JOINTS]
    angles = np.degrees(walk.joint_angle_rad)
    name = f"simulated_angles_{label}"
    yield (
        f"{name}.mot",
        table_text(name, joints, walk.time_s, angles, in_degrees=True),
        "coordinates, degrees",
    )
    columns = [f"{joint}_deg" for joint in joints] + [f"{joint}_torque_nm" for joint in joints]
    columns += [f"exo_{walk.exo_joint.value}_{side.suffix}_nm" for side in SIDES]
    columns += [f"ground_force_{side.suffix}_{axis}_n" for side in SIDES for axis in "xyz"]
    force = walk.ground_force_n.reshape(len(walk.time_s), -1)
    values = np.hstack([angles, walk.joint_torque_nm, walk.exo_torque_nm, force])
    table = csv_text(columns, walk.time_s, values)
    yield f"simulated_walk_{label}.csv", table, "angles, torques, the exo's, ground force (world axes)"
    cycles = cycles_csv(walk.cycles)
    yield f"simulated_gait_cycles_{label}.csv", cycles, "angles over 0 to 100 % of the gait cycle, degrees"


def _comparison_files(store: Store, info: RecordInfo) -> _Written:
    comparison = store.load(info.id, Comparison)
    numbers = numbers_csv(comparison_numbers(comparison, info.id))
    yield "simulated_comparison.csv", numbers, "what each gait costs and does, units in a column"
    if any(one.profile is not None for one in comparison.situations):
        torque = torque_csv(comparison.situations)
        yield "simulated_exo_torque.csv", torque, "the exo over 0 to 100 % of the gait cycle, N m/kg"
    yield from _walks(comparison.rollouts)


def _twin_files(store: Store, info: RecordInfo) -> _Written:
    numbers = twin_numbers(store.load(info.id, Twin), info.id)
    yield "twin_measures.csv", numbers_csv(numbers), "the body model of the person, units in a column"
    model = store.folder(info.id) / OSIM_FILE
    if model.exists():
        yield OSIM_FILE, read_bytes(model), OSIM_ABOUT


def _policy_files(store: Store, info: RecordInfo) -> _Written:
    numbers = policy_numbers(store.load(info.id, GaitPolicy), info.id)
    yield "simulated_twin_measures.csv", numbers_csv(numbers), "how the twin walks, units in a column"


def _exo_walk_files(store: Store, info: RecordInfo) -> _Written:
    walk = store.load(info.id, ExoWalk)
    mark = "virtual" if walk.virtual else "measured"
    names = [
        f"{what}_{side.suffix}_{unit}"
        for what, unit in (
            ("angle", "deg"),
            ("velocity", "deg_s"),
            ("command", "nm"),
            ("delivered", "nm"),
            ("predicted", "nm"),
        )
        for side in SIDES
    ]
    turned = np.degrees(np.hstack([walk.angle_rad, walk.velocity_rad_s]))
    values = np.hstack([turned, walk.command_nm, walk.delivered_nm, walk.predicted_nm])
    yield (
        f"{mark}_exo_walk.csv",
        csv_text(names, walk.time_s, values),
        "what the exo measured while it helped",
    )
    numbers = numbers_csv(walk_numbers(walk, info.id))
    yield f"{mark}_exo_walk_measures.csv", numbers, "the walk with the exo, units in a column"


def _belt_files(store: Store, info: RecordInfo) -> _Written:
    from core.assistance.export import profile_json  # fits splines, which no other file needs

    profile = store.load(info.id, BeltProfile)
    mark = "synthetic" if profile.synthetic else "planned"
    yield (
        f"{mark}_belt_profile.json",
        json.dumps(profile_json(profile), indent=2) + "\n",
        "force of a belt exo over the gait cycle as planned, for other exos; given to nobody",
    )


def _capture_files(store: Store, info: RecordInfo) -> _Written:
    comparison = store.load(info.id, CaptureComparison)
    mark = _MARK[comparison.synthetic]
    yield f"{mark}_visits.csv", changes_csv(comparison), "recordings compared, units in a column"


_WRITERS: dict[RecordKind, Callable[[Store, RecordInfo], _Written]] = {
    RecordKind.LABORATORY_TRIAL: _trial_files,
    RecordKind.MOTION: _motion_files,
    RecordKind.KINETICS: _kinetics_files,
    RecordKind.MOMENTS: _moment_files,
    RecordKind.EMG: _emg_files,
    RecordKind.AMPLITUDE: _amplitude_files,
    RecordKind.TWIN: _twin_files,
    RecordKind.GAIT_POLICY: _policy_files,
    RecordKind.SIMULATED_GAIT: _simulated_files,
    RecordKind.SCENARIO: _simulated_files,
    RecordKind.BELT_PROFILE: _belt_files,
    RecordKind.COMPARISON: _comparison_files,
    RecordKind.WALK: _exo_walk_files,
    RecordKind.CAPTURE_COMPARISON: _capture_files,
}
EXPORTED = tuple(_WRITERS)


def record_numbers(store: Store, info: RecordInfo) -> tuple[Number, ...]:
    """Numbers of one record; none of a kind that has none."""
    found = _NUMBERS.get(info.kind)
    if found is None:
        return ()
    payload, numbers = found
    return numbers(store.load(info.id, payload), info.id)


_NUMBERS: dict[RecordKind, tuple[type[Any], Callable[[Any, str], tuple[Number, ...]]]] = {
    RecordKind.MOTION: (Motion, motion_numbers),
    RecordKind.KINETICS: (Kinetics, kinetics_numbers),
    RecordKind.MOMENTS: (Moments, moment_numbers),
    RecordKind.EMG: (EmgEnvelopes, emg_numbers),
    RecordKind.AMPLITUDE: (Amplitude, amplitude_numbers),
    RecordKind.TWIN: (Twin, twin_numbers),
    RecordKind.GAIT_POLICY: (GaitPolicy, policy_numbers),
    RecordKind.SIMULATED_GAIT: (RolloutSet, gait_numbers),
    RecordKind.SCENARIO: (RolloutSet, gait_numbers),
    RecordKind.COMPARISON: (Comparison, comparison_numbers),
    RecordKind.WALK: (ExoWalk, walk_numbers),
}
