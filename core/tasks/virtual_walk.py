"""Job: walk with the virtual exo and confirm its controller, in a session that no person attends."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.domain.controller import UNATTENDED_APPROVER
from core.domain.exo_protocol import DeviceState
from core.domain.exo_status import confirm_command
from core.domain.exo_walk import MIN_STRIDES
from core.errors import UserError, refuse
from core.jobs.values import JobContext, Params
from core.tasks.exo_supervision import ExoSupervision, needs_a_person
from core.tasks.telemetry import show, supervise

_READY_S, _WALK_S = 60.0, 120.0
_LOOP_S = 0.004


def run(params: Params, context: JobContext) -> str:
    """Params: `deployment_id`, `address`. Returns the DEPLOYMENT that is confirmed.

    Raises UserError DEP-023 on a real exo, where a person has to stand by and decide; EXO-019 when the exo
    does not become ready or the walk does not progress; what `ExoSupervision` raises.
    """
    with supervise(params, context) as supervision:
        if not supervision.info.virtual:
            raise needs_a_person()
        if not supervision.is_provisional:
            return str(params["deployment_id"])  # it was confirmed on this exo before
        context.progress(0.1, "The virtual wearer stands, then walks")
        _until(supervision, context, lambda: supervision.live.state is DeviceState.READY, _READY_S)
        supervision.handle_command("arm")
        context.progress(0.3, "Walking with the virtual exo")
        _until(supervision, context, lambda: min(supervision.strides) >= MIN_STRIDES, _WALK_S)
        supervision.handle_command("stop")
        _until(supervision, context, lambda: supervision.walk is not None, _READY_S)
        return supervision.handle_command(confirm_command(UNATTENDED_APPROVER))


def _until(
    supervision: ExoSupervision, context: JobContext, reached: Callable[[], bool], limit_s: float
) -> None:
    end_s = time.monotonic() + limit_s
    while not reached():
        context.check_cancelled()
        show(supervision, context)
        if time.monotonic() > end_s or supervision.live.state is DeviceState.FAULT:
            raise _no_progress(supervision)
        time.sleep(_LOOP_S)


def _no_progress(supervision: ExoSupervision) -> UserError:
    state = "unknown" if supervision.live.state is None else supervision.live.state.name.lower()
    return refuse(
        "EXO-019",
        "The walk with the virtual exo did not get on.",
        f"The exo is {state} after {min(supervision.strides)} of {MIN_STRIDES} strides.",
        "Try again; if it happens again, look at the exo's faults on the Deploy page.",
    )
