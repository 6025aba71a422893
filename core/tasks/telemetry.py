"""Stream: watch a connected exo and steer it by `arm`, `disarm`, `stop` and `acknowledge`."""

from __future__ import annotations

import time
from contextlib import suppress

from core.deploy.live import ArmPermit, LiveExo, live_values
from core.devices.exo_link import connect
from core.domain.audit import AuditEvent
from core.domain.controller import Deployment
from core.domain.record import RecordKind
from core.errors import UserError
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.audit_trail import Trail

_LOOP_S = 0.004  # how long a stop may wait for this loop


def run(params: Params, context: JobContext) -> str:
    """Params: `address`; optional `package_sha256` (what may be armed; otherwise the visit's newest
    deployment) and `max_nm`. Runs until it is cancelled; writes no record.

    While the job is paused no heartbeat is sent, so the exo goes to zero torque by itself. Raises what the
    link raises.
    """
    permit = _permit(params, context)
    with open_store(context.spec.data_dir) as store, connect(str(params["address"])) as link:
        info = link.info()
        trail = _trail(store, context, permit, info.serial)
        trail.merge_faults(link)
        kind = "virtual exo" if info.virtual else "exo"
        context.progress(None, f"Connected to {kind} {info.serial}")
        live = LiveExo(link, permit, lambda sentence: _say(context, sentence), trail.note)
        try:
            while True:
                context.check_cancelled()
                for command in context.received():
                    live.obey(command)
                record = live.step(time.monotonic())
                if record is not None:
                    context.sample(**live_values(record))
                time.sleep(_LOOP_S)
        finally:
            with suppress(UserError):  # without a link the exo has stopped by itself
                live.stop()
                trail.merge_faults(link)


def _trail(store: Store, context: JobContext, permit: ArmPermit | None, serial: str) -> Trail:
    about = AuditEvent(
        "",
        context.spec.operator,
        visit_id=context.spec.visit_id,
        package_sha256="" if permit is None else permit.package_sha256,
        device_serial=serial,
    )
    return Trail(store, about)


def _say(context: JobContext, sentence: str) -> None:
    context.progress(None, sentence)
    context.message(sentence)


def _permit(params: Params, context: JobContext) -> ArmPermit | None:
    most = params.get("max_nm")
    max_nm = float(most) if isinstance(most, int | float) else None
    sha256 = str(params.get("package_sha256") or "") or _deployed(context)
    return ArmPermit(sha256, context.spec.id, max_nm) if sha256 else None


def _deployed(context: JobContext) -> str:
    """Hash of what was last deployed in this visit; "" when nothing was."""
    if not context.spec.visit_id:
        return ""
    with open_store(context.spec.data_dir) as store:
        newest = store.latest(context.spec.visit_id, RecordKind.DEPLOYMENT)
        if newest is None:
            return ""
        deployment = store.load(newest.id, Deployment)
        return deployment.package_sha256 if deployment.confirmed else ""
