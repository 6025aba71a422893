"""Job: one cell of a study, a virtual patient from the twin over training to judging.

Each part is a record, made by the same science as in a session. A cell that was interrupted goes on after
its last finished part; a cell that is finished is found again and not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from core.cohort.job_params import key_of, plan_of_job
from core.cohort.patients import virtual_patient
from core.cohort.study_file import plan_sha256
from core.domain.cohort_cell import CellWalks, StudyCell
from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.twin import GaitPolicy
from core.errors import Advice, UserError
from core.jobs.values import JobContext, JsonValue, Params
from core.learning.exo.twin_in_exo import TwinInExo
from core.store.repository import Store, open_store
from core.tasks import train_controller
from core.tasks.compare import check_walks, conditions_of
from core.tasks.learn_gait import GaitBudget, chosen_fidelity, learned_policy
from core.tasks.part_context import PartContext
from core.tasks.physics_used import notes_physics, physics_settings, use_as
from core.tasks.process_cost import Costs
from core.tasks.study_walks import controller_sha256, judged, made_with_here

EXCLUDING = ("TRN-022", "SIM-005", "CMP-003")
"""Refusals that say something of the patient, who falls or cannot be simulated. Others end the job."""
_UNHURRIED_MIN, _QUICK_MIN = 24 * 60.0, 0.5  # of training, which iterations end; in less than one it is quick
_TWIN, _TRAINED, _JUDGED = 0.15, 0.8, 0.98  # of the job, when these parts are over
Make = Callable[[JobContext], str]


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Params: `study` (the plan), `patient` (number), `device`, `seed`. Returns the STUDY_CELL's id.

    The visit of the job is that of the cell.
    """
    cell = _Cell(params, context)
    with open_store(context.spec.data_dir) as store:
        found = store.latest(cell.visit_id, RecordKind.STUDY_CELL)
    return found.id if found is not None else cell.made()


class _Cell:
    """One cell while it is made."""

    def __init__(self, params: Params, context: JobContext) -> None:
        self._plan, self._key, self._context = plan_of_job(params), key_of(params), context
        self._patient = virtual_patient(self._plan.cohort, self._key.patient)
        self._costs, self.visit_id = Costs(), context.spec.visit_id
        self._inputs: dict[RecordKind, str] = {}

    def made(self) -> str:
        """Part by part. What a part refuses because of the patient ends the cell as an excluded one."""
        try:
            self._part("twin", RecordKind.GAIT_POLICY, self._walking_twin, (0.0, _TWIN))
            self._part("training", RecordKind.CONTROLLER, self._trained, (_TWIN, _TRAINED))
            with self._costs.of("judging"):
                walks, weights = self._judged()
        except UserError as error:
            if error.advice.code not in EXCLUDING:
                raise
            return self._saved((), "", error.advice)
        return self._saved(walks, weights, None)

    def _part(self, name: str, kind: RecordKind, make: Make, span: tuple[float, float]) -> None:
        """Make a record of this cell, unless it is there since an earlier run."""
        with open_store(self._context.spec.data_dir) as store:
            found = store.latest(self.visit_id, kind)
        if found is not None:
            use_as(found)
            self._inputs[kind] = found.id
            return
        part = PartContext(self._context, name, span)
        with self._costs.of(name):
            self._inputs[kind] = make(part)
        part.clear()

    def _walking_twin(self, context: JobContext) -> str:
        """The TWIN, and the GAIT_POLICY by which it walks."""
        training, patient, seed = self._plan.training, self._patient, self._key.seed
        fidelity = chosen_fidelity(training.fidelity.value)
        torch.set_num_threads(1)
        budget = GaitBudget(iterations=training.gait_iterations)
        policy = learned_policy(
            patient.body, patient.reference, fidelity, budget, seed, context, synthetic=True
        )
        settings = {"iterations": training.gait_iterations, "fidelity": fidelity.value} | physics_settings()
        with open_store(context.spec.data_dir) as store:
            twin = self._save(
                store, RecordKind.TWIN, patient.twin, patient.words, (), seed=self._plan.cohort.seed
            )
            return self._save(
                store, RecordKind.GAIT_POLICY, policy, "walks", (twin,), seed=seed, settings=settings
            )

    def _trained(self, context: JobContext) -> str:
        training = self._plan.training
        params: dict[str, JsonValue] = {
            "policy_id": self._inputs[RecordKind.GAIT_POLICY],
            "device": self._key.device,
            "seed": self._key.seed,
            "aim": training.aim.value,
            "iterations": training.controller_iterations,
            "minutes": _QUICK_MIN if training.quick else _UNHURRIED_MIN,
        }
        return train_controller.run(params, context)

    def _judged(self) -> tuple[tuple[CellWalks, ...], str]:
        """Walks in all conditions, and the hash of the trained weights. Raises UserError CMP-003."""
        with open_store(self._context.spec.data_dir) as store:
            policy = store.load(self._inputs[RecordKind.GAIT_POLICY], GaitPolicy)
            trained = store.load(self._inputs[RecordKind.CONTROLLER], TrainedController)
        twin, found = TwinInExo(trained.walking or policy, self._key.device), []
        conditions = conditions_of(trained)
        for number, condition in enumerate(conditions):
            fraction = _TRAINED + (_JUDGED - _TRAINED) * number / len(conditions)
            self._context.progress(
                fraction, f"{condition.label.value.capitalize()}: walks that chose nothing"
            )
            found.append(judged(twin, condition, self._plan.judging.seeds, self._context.check_cancelled))
            if condition.label is GaitLabel.WITHOUT_EXO:
                check_walks(found[0].measures)
        return tuple(found), controller_sha256(trained.controller)

    def _saved(self, walks: tuple[CellWalks, ...], weights: str, excluded: Advice | None) -> str:
        cell = StudyCell(
            study_sha256=plan_sha256(self._plan),
            key=self._key,
            group=self._patient.group,
            patient=self._patient.words,
            walks=walks,
            controller_id=self._inputs.get(RecordKind.CONTROLLER, "") if walks else "",
            controller_sha256=weights,
            excluded_code="" if excluded is None else excluded.code,
            excluded_why="" if excluded is None else f"{excluded.what} {excluded.why}",
            cost=self._costs.parts,
            versions=made_with_here(),
        )
        summary = f"{self._key.words}: {cell.excluded_why or 'finished'}"
        with open_store(self._context.spec.data_dir) as store:
            return self._save(
                store,
                RecordKind.STUDY_CELL,
                cell,
                summary,
                tuple(self._inputs.values()),
                seed=self._key.seed,
                settings=physics_settings(),
            )

    def _save(
        self,
        store: Store,
        kind: RecordKind,
        payload: object,
        summary: str,
        inputs: tuple[str, ...],
        *,
        seed: int,
        settings: dict[str, Any] | None = None,
    ) -> str:
        return store.save(
            kind,
            payload,
            visit_id=self.visit_id,
            inputs=inputs,
            summary=summary,
            operator=self._context.spec.operator,
            seed=seed,
            settings={"study": plan_sha256(self._plan)} | (settings or {}),
        )
