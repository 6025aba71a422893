"""Job: walk with the virtual exo and keep its controller, where no person is there to do either."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.domain.controller import UNATTENDED_APPROVER
from core.domain.exo_news import keep_command
from core.domain.exo_protocol import DeviceState
from core.domain.exo_walk import LEAST_STRIDES
from core.errors import UserError, refuse
from core.jobs.values import JobContext, Params
from core.tasks.exo_supervision import ExoSupervision
from core.tasks.telemetry import show, watching

_READY_S, _WALK_S = 60.0, 120.0
_LOOP_S = 0.004


def run(params: Params, context: JobContext) -> str:
    """Params: `deployment_id`, `address`. Returns the DEPLOYMENT that is confirmed.

    Raises UserError DEP-023 on a real exo, where a person has to stand by and decide; EXO-019 when the exo
    does not become ready or the walk does not get on; what `ExoWatch` raises.
    """
    with watching(params, context) as watch:
        if not watch.info.virtual:
            raise _needs_a_person()
        if not watch.trial:
            return str(params["deployment_id"])  # it was confirmed on this exo before
        context.progress(0.1, "The virtual wearer stands, then walks")
        _until(watch, context, lambda: watch.live.state is DeviceState.READY, _READY_S)
        watch.handle_command("arm")
        context.progress(0.3, "Walking with the virtual exo")
        _until(watch, context, lambda: min(watch.strides) >= LEAST_STRIDES, _WALK_S)
        watch.handle_command("stop")
        _until(watch, context, lambda: watch.walk is not None, _READY_S)
        return watch.handle_command(keep_command(UNATTENDED_APPROVER))


def _until(watch: ExoSupervision, context: JobContext, reached: Callable[[], bool], limit_s: float) -> None:
    end_s = time.monotonic() + limit_s
    while not reached():
        context.check_cancelled()
        show(watch, context)
        if time.monotonic() > end_s or watch.live.state is DeviceState.FAULT:
            raise _does_not_get_on(watch)
        time.sleep(_LOOP_S)


def _does_not_get_on(watch: ExoSupervision) -> UserError:
    state = "unknown" if watch.live.state is None else watch.live.state.name.lower()
    return refuse(
        "EXO-019",
        "The walk with the virtual exo did not get on.",
        f"The exo is {state} after {min(watch.strides)} of {LEAST_STRIDES} strides.",
        "Try again; if it happens again, look at the exo's faults on the Deploy page.",
    )


def _needs_a_person() -> UserError:
    return refuse(
        "DEP-023",
        "A real exo is not kept without a person.",
        "Somebody has to walk with it under supervision, and a clinician has to decide.",
        "Open the Deploy page, connect the exo, walk with it and confirm there.",
    )
