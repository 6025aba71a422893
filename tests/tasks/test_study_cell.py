"""Claims about the jobs of a study: a cell part by part, what is found again, and who is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from core.cohort.cells import begin_cells
from core.cohort.job_params import cell_params, stranger_params
from core.cohort.study_file import plan_sha256, plan_tree
from core.devices.profiles import for_first_session, load_default_controller
from core.domain.cohort_cell import JUDGED, CellKey, StrangerWalks, StudyCell
from core.domain.cohort_plan import CohortPlan
from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy, Twin
from core.errors import refuse
from core.jobs.values import JobContext, JobSpec, Params, SilentContext
from core.store.repository import open_store
from core.tasks import judged_walks, study_cell, study_strangers, train_controller
from core.tasks.physics_used import KEPT
from core.tasks.policy_files import shipped_policy
from tests.cohort.made_up import plan
from tests.refusals import refused

DEVICE = "Hippo_L1"
HEALTHY, IMPAIRED = CellKey(4, DEVICE, 0), CellKey(1, DEVICE, 0)  # of the cohort of `plan`


def little_plan() -> CohortPlan:
    made = plan(4, 1)
    return replace(made, judging=replace(made.judging, seeds=2))


@dataclass
class Study:
    """A study in a folder of its own; its twins walk by the shipped policy and wear a shipped controller."""

    folder: Path
    plan: CohortPlan = field(default_factory=little_plan)
    trainings: list[Params] = field(default_factory=list)
    twins: int = 0

    def __post_init__(self) -> None:
        with open_store(self.folder) as store:
            self.visits = begin_cells(store, self.plan, by="tester")

    def context(self, key: CellKey) -> SilentContext:
        work_dir = self.folder / "work"
        work_dir.mkdir(exist_ok=True)
        params = cell_params(plan_tree(self.plan), key)
        return SilentContext(JobSpec("job", "study_cell", params, self.folder, self.visits[key]), work_dir)

    def cell(self, key: CellKey) -> str:
        context = self.context(key)
        return study_cell.run(context.spec.params, context)

    def walks_by_shipped_policy(
        self, body: object, reference: object, *_: object, **__: object
    ) -> GaitPolicy:
        self.twins += 1
        found = shipped_policy()
        return GaitPolicy(
            body, reference, found.policy, found.value, found.log_std,  # type: ignore[arg-type]
            found.observation_mean, found.observation_std, (), 0, 0.0, 5.0, 4.0, synthetic=True,
        )  # fmt: skip

    def trained(self, params: Params, context: JobContext) -> str:
        self.trainings.append(params)
        controller = for_first_session(load_default_controller(DEVICE), DEVICE)
        payload = TrainedController(controller, DEVICE, (), 1, 1.0, 0.95, 0.0, synthetic=True)
        with open_store(self.folder) as store:
            return store.save(
                RecordKind.CONTROLLER, payload, visit_id=context.spec.visit_id, summary="trained"
            )


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    made = Study(tmp_path / "study")
    monkeypatch.setattr(study_cell, "learned_policy", made.walks_by_shipped_policy)
    monkeypatch.setattr(train_controller, "run", made.trained)
    for name, little in (("WALKERS", 1), ("SECONDS", 1.6)):
        monkeypatch.setattr(judged_walks, name, little)
    return made


@pytest.mark.long  # its walks take 20 s
def test_a_cell_is_a_record_with_its_walks_and_where_it_comes_from(study: Study) -> None:
    cell_id = study.cell(HEALTHY)

    with open_store(study.folder) as store:
        cell, info = store.load(cell_id, StudyCell), store.info(cell_id)
        twin = store.latest(info.visit_id, RecordKind.TWIN)
        assert twin is not None and store.load(twin.id, Twin).synthetic
        kinds = [store.info(name).kind for name, _ in info.provenance.inputs]
    assert cell.finished and cell.key == HEALTHY and cell.group == "healthy"
    assert tuple(one.label for one in cell.walks) == JUDGED
    assert all(one.measures.seeds == 2 and one.measures.starts == 2 for one in cell.walks)
    assert all(one.curves.seeds == 2 for one in cell.walks)
    assert kinds == [RecordKind.GAIT_POLICY, RecordKind.CONTROLLER]
    assert cell.study_sha256 == plan_sha256(study.plan) and info.provenance.seed == 0
    assert [part.part for part in cell.cost] == ["twin", "training", "judging"]
    assert all(part.cpu_s >= 0.0 and part.peak_mb > 50.0 for part in cell.cost)
    assert {"exotwin", "mujoco", "torch"} <= set(cell.versions)
    assert len(cell.controller_sha256) == 64
    (asked,) = study.trainings
    assert asked["iterations"] == 0 and asked["minutes"] == 24 * 60.0  # ended by iterations, not by the clock

    assert study.cell(HEALTHY) == cell_id  # not repeated
    assert [file.name for file in (study.folder / "work").iterdir()] == [KEPT]
    assert info.provenance.physics == (f"MuJoCo {mujoco.__version__}",)

    params = stranger_params(plan_tree(study.plan), HEALTHY, {2: cell.controller_id, 3: cell.controller_id})
    strangers_id = study_strangers.run(params, study.context(HEALTHY))
    with open_store(study.folder) as store:
        walks = store.load(strangers_id, StrangerWalks)
    assert walks.owners == (2, 3)
    own = cell.walks[-1].measures
    for other in walks.measures:  # the same controller on the same walks
        np.testing.assert_array_equal(other.metabolic_w_kg, own.metabolic_w_kg)
    assert study_strangers.run(params, study.context(HEALTHY)) == strangers_id


def test_a_cell_goes_on_after_its_last_finished_part(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_params: Params, _context: JobContext) -> str:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(train_controller, "run", dies)
        with pytest.raises(MemoryError):
            study.cell(IMPAIRED)
    monkeypatch.setattr(study_cell, "judged", dies_of("TRN-022"))
    study.cell(IMPAIRED)

    assert study.twins == 1 and len(study.trainings) == 1


def test_a_patient_who_falls_is_left_out_with_the_reason_and_a_full_disk_leaves_nobody_out(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_controller, "run", dies_of("REC-003"))
    with refused("REC-003"):
        study.cell(IMPAIRED)
    monkeypatch.setattr(train_controller, "run", dies_of("TRN-022"))

    cell_id = study.cell(IMPAIRED)

    with open_store(study.folder) as store:
        cell = store.load(cell_id, StudyCell)
    assert (cell.finished, cell.excluded_code, cell.walks, cell.controller_id) == (False, "TRN-022", (), "")
    assert "does not work" in cell.excluded_why
    assert [part.part for part in cell.cost] == ["training"]  # the twin was found again


def dies_of(code: str) -> Callable[..., str]:
    def die(*_: object, **__: object) -> str:
        raise refuse(code, "It does not work.", "For some reason.", "Try something else.")

    return die
