"""From a laboratory trial to a motion and a twin, through the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.errors import JobCancelled
from core.jobs.values import JobSpec, SilentContext
from core.session.stops import refuse_stopped_motion
from core.store.repository import open_store
from core.tasks import solve_markers
from tests.motion.marker_walks import HEIGHT_M, MASS_KG, trial


class CancellingContext(SilentContext):
    """Stops as soon as it is asked."""

    def check_cancelled(self) -> None:
        raise JobCancelled


def saved_trial(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        patient = store.add_patient(Subject("P-0001", 1980, Sex.FEMALE, HEIGHT_M, MASS_KG))
        visit_id = store.start_visit(patient).id
        return store.save(RecordKind.LABORATORY_TRIAL, trial()[0], visit_id=visit_id, summary="trial")


def context_of(data_dir: Path, trial_id: str, make: type[SilentContext] = SilentContext) -> SilentContext:
    return make(JobSpec("1", "solve_markers", {"trial_id": trial_id}, data_dir), data_dir / "work")


def test_a_trial_becomes_a_motion_of_the_same_visit_that_names_its_trial(tmp_path: Path) -> None:
    trial_id = saved_trial(tmp_path)

    motion_id = solve_markers.run({"trial_id": trial_id}, context_of(tmp_path, trial_id))

    with open_store(tmp_path) as store:
        info, motion = store.info(motion_id), store.load(motion_id, Motion)
        assert info.visit_id == store.info(trial_id).visit_id
        assert [name for name, _digest in info.provenance.inputs] == [trial_id]
        assert "strides" in info.summary
        assert motion.marker_set == "Schreiber, 52 markers"
        assert motion.kinematics.trunk_rad is not None
        refuse_stopped_motion(store, motion_id)  # nothing stops it


def test_a_solution_that_is_cancelled_leaves_no_motion(tmp_path: Path) -> None:
    trial_id = saved_trial(tmp_path)

    with pytest.raises(JobCancelled):
        solve_markers.run({"trial_id": trial_id}, context_of(tmp_path, trial_id, CancellingContext))

    with open_store(tmp_path) as store:
        assert store.latest(store.info(trial_id).visit_id, RecordKind.MOTION) is None
