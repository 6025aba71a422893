"""Parameters of the jobs of a study: all that a cell needs, so that it can run on another PC."""

from __future__ import annotations

from collections.abc import Mapping

from core.cohort.study_file import plan_of
from core.domain.cohort_cell import CellKey
from core.domain.cohort_plan import CohortPlan
from core.jobs.values import JsonValue, Params


def cell_params(plan: dict[str, JsonValue], key: CellKey) -> dict[str, JsonValue]:
    """`plan` as JSON (`plan_tree`)."""
    return {"study": plan, "patient": key.patient, "device": key.device, "seed": key.seed}


def stranger_params(
    plan: dict[str, JsonValue], key: CellKey, controllers: Mapping[int, str]
) -> dict[str, JsonValue]:
    """`controllers`: patients' numbers, and the records of their controllers."""
    named: dict[str, JsonValue] = {str(number): name for number, name in controllers.items()}
    return cell_params(plan, key) | {"controllers": named}


def key_of(params: Params) -> CellKey:
    return CellKey(int(str(params["patient"])), str(params["device"]), int(str(params["seed"])))


def plan_of_job(params: Params) -> CohortPlan:
    """Raises UserError STU-002 to STU-005."""
    told = params["study"]
    return plan_of(told if isinstance(told, dict) else {})


def controllers_of(params: Params) -> dict[int, str]:
    told = params["controllers"]
    return {int(number): str(name) for number, name in told.items()} if isinstance(told, dict) else {}
