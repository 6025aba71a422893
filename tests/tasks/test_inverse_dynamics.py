"""Moments through the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.domain.kinetics import ForceSource, Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.domain.twin import Twin
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import inverse_dynamics
from tests.kinetics.plate_walk import BODY, plate_walk
from tests.refusals import refused


def saved(data_dir: Path, motion: Motion, trial: LaboratoryTrial | None) -> dict[str, str]:
    with open_store(data_dir) as store:
        patient = store.add_patient(Subject("P-0001", 1980, Sex.FEMALE, BODY.height_m, BODY.mass_kg))
        visit_id = store.start_visit(patient).id
        inputs: tuple[str, ...] = ()
        if trial is not None:
            inputs = (store.save(RecordKind.LABORATORY_TRIAL, trial, visit_id=visit_id, summary=""),)
        motion_id = store.save(RecordKind.MOTION, motion, visit_id=visit_id, summary="", inputs=inputs)
    return {"motion_id": motion_id} | ({"trial_id": inputs[0]} if inputs else {})


def run(data_dir: Path, **params: str) -> str:
    work_dir = data_dir / "work"
    work_dir.mkdir(parents=True, exist_ok=True)
    spec = JobSpec("1", "inverse_dynamics", dict(params), data_dir)
    return inverse_dynamics.run(params, SilentContext(spec, work_dir))


def test_a_motion_solved_from_a_trial_gets_the_forces_of_its_plates(tmp_path: Path) -> None:
    walk = plate_walk()
    ids = saved(tmp_path, walk.motion, walk.trial(walk.plates()))
    with open_store(tmp_path) as store:
        visit_id = store.info(ids["motion_id"]).visit_id
        twin = Twin(BODY, 0.0, BODY.mass_kg, 0.8, 0.0)
        ids["twin_id"] = store.save(RecordKind.TWIN, twin, visit_id=visit_id, summary="")

    kinetics_id = run(tmp_path, motion_id=ids["motion_id"], twin_id=ids["twin_id"])

    with open_store(tmp_path) as store:
        kinetics, info = store.load(kinetics_id, Kinetics), store.info(kinetics_id)
    assert kinetics.source is ForceSource.PLATES
    assert kinetics.mass_kg == BODY.mass_kg
    assert {record for record, _ in info.provenance.inputs} == set(ids.values())
    assert info.summary.startswith("Force plates: strides ")


def test_a_motion_from_cameras_gets_estimated_forces(tmp_path: Path) -> None:
    ids = saved(tmp_path, plate_walk().motion, None)
    with open_store(tmp_path) as store:
        kinetics_id = run(tmp_path, motion_id=ids["motion_id"])
        assert store.load(kinetics_id, Kinetics).source is ForceSource.ESTIMATED


def test_forces_of_another_time_are_refused(tmp_path: Path) -> None:
    walk = plate_walk()
    trial = walk.trial(walk.plates())
    late = replace(trial, plate_time_s=np.asarray(trial.plate_time_s) + 60.0)
    ids = saved(tmp_path, walk.motion, late)
    with refused("KIN-002"):
        run(tmp_path, motion_id=ids["motion_id"])
