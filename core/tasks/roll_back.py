"""Job: roll back to the controller of this patient that was confirmed before."""

from __future__ import annotations

from core.deploy.provisional import check_reason
from core.domain.controller import Approver
from core.domain.declarations import roll_back_declaration
from core.domain.exo_status import roll_back_command
from core.domain.release import with_reason
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.tasks.telemetry import supervise


def run(params: Params, context: JobContext) -> str:
    """Params: `address`, `confirmed_patient` (code), `name`, `role`, `reason`. Writes a
    DEPLOYMENT.

    Raises UserError DEP-001 when the patient was not confirmed, DEP-022 without name or role,
    DEP-043 without a reason, EXO-018 when
    the exo holds no earlier confirmed controller of this patient, and what the link raises.
    """
    with supervise(params, context) as supervision:
        code = supervision.patient_code
        if params.get("confirmed_patient") != code:
            raise refuse(
                "DEP-001",
                "The patient was not confirmed.",
                f"A controller runs on an exo only after the patient {code} was confirmed.",
                f"Confirm the patient {code} and start again.",
            )
        reason = str(params.get("reason") or "")
        check_reason(reason)
        meaning = with_reason(roll_back_declaration(code, virtual=supervision.info.virtual), reason)
        context.progress(0.5, "Going back to the controller before")
        name, role = str(params.get("name") or ""), str(params.get("role") or "")
        return supervision.handle_command(roll_back_command(Approver(name, role, meaning)))
