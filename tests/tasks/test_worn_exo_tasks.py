"""From the log of a worn exo to moments that are the person's own, through the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import Joint, JointKind
from core.domain.clock import FilmClock
from core.domain.exo_log import ExoLog
from core.domain.kinetics import Kinetics
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.jobs.values import JobSpec, JsonValue, SilentContext
from core.session.flow import standing
from core.session.weakness import facts_of
from core.session.worn_exo import exo_log_for
from core.store.repository import open_store
from core.tasks import import_exo_log, inverse_dynamics
from tests.domain.test_record import a_walk
from tests.kinetics.plate_walk import plate_walk
from tests.refusals import refused
from tests.tasks.test_inverse_dynamics import saved


class Visit:
    """A walk over plates, and the log of an exo beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.walk = folder, plate_walk()
        ids = saved(folder, self.walk.motion, self.walk.trial(self.walk.plates()))
        self.motion_id, self.trial_id = ids["motion_id"], ids["trial_id"]
        self.file = folder / "P-0001 exo.csv"
        time_s = self.walk.motion.kinematics.time_s
        rows = np.column_stack([time_s + 12.0, 7.0 * np.ones((len(time_s), 2))])
        names = "time,left_hip_flexion_torque,right_hip_flexion_torque"
        np.savetxt(self.file, rows, "%.6f", delimiter=",", header=names, comments="")

    def run(self, task: object, **params: JsonValue) -> str:
        spec = JobSpec("1", "job", {"motion_id": self.motion_id, **params}, self.folder)
        return str(task.run(spec.params, SilentContext(spec, self.folder / "work")))  # type: ignore[attr-defined]

    def imported(self, **params: JsonValue) -> str:
        return self.run(import_exo_log, **{"file": str(self.file), "offset_s": -12.0, **params})


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


def test_moments_of_a_recorded_walk_are_told_without_what_the_exo_gave(visit: Visit) -> None:
    log_id = visit.imported()
    alone_id, kinetics_id = (
        visit.run(inverse_dynamics), visit.run(inverse_dynamics, exo_log_id=log_id)
    )  # fmt: skip
    with open_store(visit.folder) as store:
        alone, kinetics = store.load(alone_id, Kinetics), store.load(kinetics_id, Kinetics)
        inputs = {name for name, _ in store.info(kinetics_id).provenance.inputs}
        names = {path.name for path in store.folder(log_id).iterdir()}
    hip = Joint.HIP_FLEXION_L.column
    known = np.isfinite(alone.moment_nm[:, hip])
    np.testing.assert_allclose((alone.moment_nm - kinetics.moment_nm)[known, hip], 7.0, atol=1e-6)
    assert kinetics.net_moment_nm is not None and kinetics.exo_moment_nm is not None
    assert inputs == {visit.motion_id, visit.trial_id, log_id}
    assert "exo_log.csv" in names and not any("P-0001" in name for name in names)


def test_the_log_stays_with_its_recording_when_the_motion_is_solved_again(visit: Visit) -> None:
    log_id = visit.imported(device="Hippo_L1")
    with open_store(visit.folder) as store:
        visit_id = store.info(visit.motion_id).visit_id

        def solved(motion: Motion, *inputs: str) -> str:
            return store.save(RecordKind.MOTION, motion, visit_id=visit_id, summary="", inputs=inputs)

        again = solved(visit.walk.motion, visit.trial_id)
        assert exo_log_for(store, again) == log_id
        slower = solved(replace(visit.walk.motion, clock=FilmClock(4.0, "Dr. A")), visit.trial_id)
        assert exo_log_for(store, slower) is None
        other = solved(visit.walk.motion)
        assert exo_log_for(store, other) is None


def test_a_newer_log_makes_forces_stale(visit: Visit) -> None:
    visit.run(inverse_dynamics, exo_log_id=visit.imported())
    with open_store(visit.folder) as store:
        visit_id = store.info(visit.motion_id).visit_id
        assert standing(facts_of(store, visit_id), RecordKind.KINETICS) is not None
    visit.imported(offset_s=-11.9)
    with open_store(visit.folder) as store:
        assert standing(facts_of(store, visit_id), RecordKind.KINETICS) is None


def test_a_log_of_another_time_is_refused_when_it_is_chosen(visit: Visit) -> None:
    with refused("KIN-037"):
        visit.imported(offset_s=None)
    with refused("EXO-030"):
        visit.imported(device="Unknown_X")


def test_a_walk_with_the_exo_counts_where_its_time_is_known(visit: Visit) -> None:
    with open_store(visit.folder) as store:
        visit_id = store.info(visit.motion_id).visit_id
        real = replace(a_walk((10, 10)), virtual=False)
        walks = [
            store.save(RecordKind.WALK, one, visit_id=visit_id, summary="")
            for one in (real, replace(real, virtual=True))
        ]
    with refused("KIN-043"):
        visit.run(import_exo_log, walk_id=walks[0])
    with refused("KIN-043"):
        visit.run(import_exo_log, walk_id=walks[1], offset_s=0.0)
    log_id = visit.run(import_exo_log, walk_id=walks[0], offset_s=0.0)
    with open_store(visit.folder) as store:
        log = store.load(log_id, ExoLog)
    assert log.joints == (Joint.HIP_FLEXION_L, Joint.HIP_FLEXION_R)
    np.testing.assert_array_equal(log.torque_nm, real.delivered_nm)


def test_a_walk_with_an_ankle_exo_counts_at_the_ankles(visit: Visit) -> None:
    ankle = replace(a_walk((10, 10)), virtual=False, joint=JointKind.ANKLE)
    with open_store(visit.folder) as store:
        visit_id = store.info(visit.motion_id).visit_id
        walk_id = store.save(RecordKind.WALK, ankle, visit_id=visit_id, summary="")
    log_id = visit.run(import_exo_log, walk_id=walk_id, offset_s=0.0)
    with open_store(visit.folder) as store:
        assert store.load(log_id, ExoLog).joints == (Joint.ANKLE_L, Joint.ANKLE_R)
