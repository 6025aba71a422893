"""Job: a virtual patient of a study walks with controllers that were trained for others of the cohort."""

from __future__ import annotations

from core.cohort.job_params import controllers_of, key_of, plan_of_job
from core.cohort.study_file import plan_sha256
from core.domain.cohort_cell import StrangerWalks
from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy
from core.domain.walk_measures import WalkMeasures
from core.jobs.values import JobContext, Params
from core.learning.exo.twin_in_exo import TwinInExo
from core.store.repository import open_store
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.process_cost import Costs
from core.tasks.study_walks import judged_stranger, made_with_here


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Params: as of a cell, and `controllers`, a table from the patients' numbers to CONTROLLERs.

    The visit of the job is that of the cell, which is finished. Returns the STRANGER_WALKS' id.
    """
    plan, key, visit_id = plan_of_job(params), key_of(params), context.spec.visit_id
    with open_store(context.spec.data_dir) as store:
        found = store.latest(visit_id, RecordKind.STRANGER_WALKS)
        if found is not None:
            return found.id
        own, own_controller = (
            store.latest(visit_id, kind) for kind in (RecordKind.GAIT_POLICY, RecordKind.CONTROLLER)
        )
        assert own is not None and own_controller is not None  # the cell is finished
        named = controllers_of(params)
        walking = store.load(own_controller.id, TrainedController).walking
        policy = walking or store.load(own.id, GaitPolicy)
        controllers = [store.load(name, TrainedController).controller for name in named.values()]
    twin, costs = TwinInExo(policy, key.device), Costs()
    measures: list[WalkMeasures] = []
    with costs.of("strangers"):
        for number, controller in enumerate(controllers):
            context.progress(number / len(controllers), "With the controllers of others")
            measures.append(judged_stranger(twin, controller, plan.judging.seeds, context.check_cancelled))
    walks = StrangerWalks(
        plan_sha256(plan), key, tuple(named), tuple(measures), costs.parts, versions=made_with_here()
    )
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.STRANGER_WALKS,
            walks,
            visit_id=visit_id,
            inputs=(own.id, *named.values()),
            summary=f"{key.words}: with the controllers of {len(named)} others",
            operator=context.spec.operator,
            seed=key.seed,
            settings={"study": plan_sha256(plan)} | physics_settings(),
        )
