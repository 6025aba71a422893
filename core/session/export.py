"""The results of a visit as files that other programs read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from core.domain.body import JOINTS
from core.domain.emg import EmgEnvelopes
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.rollout import RolloutSet
from core.errors import refuse
from core.laboratory.names import unique
from core.laboratory.writers import csv_text, ground_forces_text, table_text, trc_text
from core.motion.angle_files import angles_csv, coordinates_mot
from core.session.patient_file import FILE_NAME, patient_json
from core.store.repository import Store

_MARK = {True: "synthetic", False: "measured"}
T = TypeVar("T")


def export_visit(store: Store, visit_id: str) -> dict[str, str]:
    """Content by file name, of the newest results of a visit. Refuses REC-020 when there are none.

    Names begin with what a file is: measured, estimated, synthetic or simulated.
    """
    files: dict[str, str] = {}
    for part in (_trial_files, _motion_files, _kinetics_files, _emg_files, _simulated_files):
        files |= dict(part(store, visit_id))
    if not files:
        raise refuse(
            "REC-020",
            "There is nothing to export yet.",
            "The visit has no trial of a laboratory, no motion and no EMG.",
            "Solve a motion or import EMG first.",
        )
    return files | {FILE_NAME: patient_json(store.subject_of(visit_id), store.visit(visit_id))}


def _newest(store: Store, visit_id: str, kind: RecordKind, payload: type[T]) -> T | None:
    found = store.latest(visit_id, kind)
    return None if found is None else store.load(found.id, payload)


def _trial_files(store: Store, visit_id: str) -> Iterator[tuple[str, str]]:
    trial = _newest(store, visit_id, RecordKind.LABORATORY_TRIAL, LaboratoryTrial)
    if trial is None:
        return
    mark = _MARK[trial.synthetic]
    yield f"{mark}_markers.trc", trc_text("markers", trial.marker_names, trial.time_s, trial.marker_m)
    if trial.plates:
        yield f"{mark}_ground_forces.mot", ground_forces_text("forces", trial.plates, trial.plate_time_s)


def _motion_files(store: Store, visit_id: str) -> Iterator[tuple[str, str]]:
    motion = _newest(store, visit_id, RecordKind.MOTION, Motion)
    if motion is None:
        return
    mark = _MARK[motion.synthetic]
    yield f"{mark}_coordinates.mot", coordinates_mot(motion.kinematics, f"{mark}_coordinates")
    yield f"{mark}_angles.csv", angles_csv(motion.kinematics)


def _kinetics_files(store: Store, visit_id: str) -> Iterator[tuple[str, str]]:
    """Internal moments in newton metres, with the signs of the angles.

    What was found without force plates is no measurement, and its name says so. Moments are the person's own;
    those of a worn exo, and both together, follow them.
    """
    kinetics = _newest(store, visit_id, RecordKind.KINETICS, Kinetics)
    if kinetics is None:
        return
    mark = _MARK[kinetics.synthetic]
    if kinetics.source is ForceSource.ESTIMATED:
        mark = "synthetic_estimated" if kinetics.synthetic else "estimated"
    names = [f"{joint.value}_moment" for joint in JOINTS]
    moments = kinetics.moment_nm
    yield (
        f"{mark}_moments.sto",
        table_text(f"{mark}_moments", names, kinetics.time_s, moments, in_degrees=False),
    )
    columns = [f"{name}_nm" for name in names] + [f"{joint.value}_power_w" for joint in JOINTS]
    values = [moments, kinetics.power_w]
    for whose, more in (("exo", kinetics.exo_moment_nm), ("net", kinetics.net_moment_nm)):
        if more is not None:
            columns += [f"{joint.value}_{whose}_moment_nm" for joint in JOINTS]
            values.append(more)
    yield f"{mark}_moments_and_powers.csv", csv_text(columns, kinetics.time_s, np.hstack(values))
    if kinetics.exo_moment_nm is not None:
        name, given = f"{mark}_exo_moments", kinetics.exo_moment_nm
        yield f"{name}.sto", table_text(name, names, kinetics.time_s, given, in_degrees=False)


def _emg_files(store: Store, visit_id: str) -> Iterator[tuple[str, str]]:
    emg = _newest(store, visit_id, RecordKind.EMG, EmgEnvelopes)
    if emg is None:
        return
    mark = _MARK[emg.synthetic]
    sites = [f"{channel.site.muscle.value} {channel.site.side.value[0]}" for channel in emg.channels]
    names, time_s = unique(tuple(sites)), emg.time_s + emg.offset_s
    yield f"{mark}_emg.sto", table_text(f"{mark}_emg", names, time_s, emg.envelope, in_degrees=False)
    fractions = [f"{name} (fraction of {emg.reference(number)})" for number, name in enumerate(names)]
    yield f"{mark}_emg.csv", csv_text(fractions, time_s, emg.envelope)


def _simulated_files(store: Store, visit_id: str) -> Iterator[tuple[str, str]]:
    gaits = _newest(store, visit_id, RecordKind.SIMULATED_GAIT, RolloutSet)
    for walk in () if gaits is None else gaits.rollouts:
        name = f"simulated_activations_{walk.label.value.replace(' ', '_')}"
        muscles = walk.playback.muscle_names
        if muscles:
            yield f"{name}.sto", table_text(name, muscles, walk.time_s, walk.activation, in_degrees=False)
