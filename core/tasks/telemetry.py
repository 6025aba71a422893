"""Stream: watch a connected exo and steer it; a controller on trial is kept or taken back here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.live import ArmPermit, live_values
from core.deploy.package import read_package
from core.deploy.provisional import is_provisional, revert_any_provisional
from core.deploy.walk_recorder import Compute
from core.devices.exo_link import ExoLink, connect
from core.domain.audit import AuditEvent, AuditStep
from core.domain.controller import Deployment, Handover, Package
from core.domain.record import RecordKind
from core.errors import UserError, refuse
from core.exo_core.controller import Controller
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.audit_trail import Trail
from core.tasks.exo_supervision import ExoSupervision, SupervisedExo
from core.tasks.package_origin import packages_of_patient

_LOOP_S = 0.004  # how long a stop may wait for this loop


def run(params: Params, context: JobContext) -> str:
    """Params: `address`; optional `deployment_id` (the one on trial, that may be walked with and kept here),
    `max_nm`, `visit_id`. Without a deployment the visit's newest confirmed controller may be armed.

    Commands: `arm`, `disarm`, `stop`, `acknowledge`, and those of `core.domain.exo_news`. Runs until it is
    cancelled; writes a WALK after each walk and a DEPLOYMENT when a controller is kept, taken back or rolled
    back. While the job is paused no heartbeat is sent, so the exo goes to zero torque by itself. Raises
    EXO-017 when the controller is no longer on trial, and what the link raises.
    """
    with watching(params, context) as watch:
        kind = "virtual exo" if watch.info.virtual else "exo"
        context.progress(None, f"Connected to {kind} {watch.info.serial}")
        while True:
            context.check_cancelled()
            for command in context.received():
                watch.try_to(command)
            show(watch, context)
            time.sleep(_LOOP_S)


def show(watch: ExoSupervision, context: JobContext) -> None:
    """One step of the watch, and its newest record as points of the live curves."""
    records = watch.step(time.monotonic())
    if records:
        left, right = watch.strides
        values = live_values(records[-1])
        context.sample(**values, **_waiting_values(watch), strides_left=left, strides_right=right)


def _waiting_values(watch: ExoSupervision) -> dict[str, float]:
    """What an exo that is not ready waits for."""
    worn = watch.live.worn
    if worn is None:
        return {}
    return {"blocked_by": worn.blocked_by, "stood": worn.stood, "walked": worn.walked}


@contextmanager
def watching(params: Params, context: JobContext) -> Iterator[ExoSupervision]:
    """Connect, end a trial that was left over, and watch; zero torque and the end of the trial at the end."""
    with open_store(context.spec.data_dir) as store, connect(str(params["address"])) as link:
        watched = _on_this_exo(_watched(store, params, context), link)
        trail = _trail(store, watched, link)
        trail.merge_faults(link)
        watched = _settled(store, link, trail, watched, str(params.get("deployment_id") or ""))
        most = params.get("max_nm")
        max_nm = float(most) if isinstance(most, int | float) else None
        permit = ArmPermit("", context.spec.id, max_nm)
        watch = ExoSupervision(store, link, trail, watched, permit, lambda text: _say(context, text))
        try:
            yield watch
        finally:
            watch.close()


def _watched(store: Store, params: Params, context: JobContext) -> SupervisedExo:
    data_dir = context.spec.data_dir
    deployment_id = str(params.get("deployment_id") or "")
    visit_id = str(params.get("visit_id") or context.spec.visit_id)
    if deployment_id:
        visit_id = store.info(deployment_id).visit_id
    newest = store.latest(visit_id, RecordKind.DEPLOYMENT)
    deployment_id = deployment_id or ("" if newest is None else newest.id)
    subject = store.subject_of(visit_id)
    return SupervisedExo(
        visit_id,
        context.spec.operator,
        subject.code,
        subject_tag(site_secret(data_dir), subject.code),
        subject.mass_kg,
        deployment_id,
        store.load(deployment_id, Deployment) if deployment_id else None,
        lambda sha256: _computer(store, visit_id, sha256),
    )


def _on_this_exo(watched: SupervisedExo, link: ExoLink) -> SupervisedExo:
    """What was put onto another exo says nothing about this one."""
    deployment = watched.deployment
    if deployment is None or deployment.device_serial == link.info().serial:
        return watched
    return replace(watched, deployment_id="", deployment=None)


def _computer(store: Store, visit_id: str, sha256: str) -> Compute | None:
    """The patient's controller with this hash, run by the code of the exo; None: not in the record."""
    for info in reversed(packages_of_patient(store, visit_id)):
        package = store.load(info.id, Package)
        if package.sha256 == sha256:
            return _run_by_the_core(store.folder(info.id) / package.file_name)
    return None


def _run_by_the_core(path: Path) -> Compute | None:
    try:
        return Controller(read_package(path).device_bytes).run
    except UserError:  # the file was changed since; the walk is kept without a prediction
        return None


def _settled(
    store: Store, link: ExoLink, trail: Trail, watched: SupervisedExo, trial_id: str
) -> SupervisedExo:
    """What is on trial and may be kept goes on; every other trial ends here."""
    deployment = watched.deployment
    if deployment is None or deployment.handover is not Handover.ON_TRIAL:
        _end_left_over(link, trail)
        return watched
    if trial_id and is_provisional(link.slots(), deployment.package_sha256):
        return watched
    why = "it was left on trial, and nobody watched" if not trial_id else "the exo was started again"
    _end_left_over(link, trail, why)
    ended = replace(deployment, confirmed=False, stage=Handover.TAKEN_BACK)
    record_id = store.save(
        RecordKind.DEPLOYMENT,
        ended,
        visit_id=watched.visit_id,
        inputs=(watched.deployment_id,),
        summary=f"Controller taken back from {deployment.device_serial}: {why}.",
        operator=watched.operator,
    )
    if trial_id:
        raise _trial_is_over()
    return replace(watched, deployment=ended, deployment_id=record_id)


def _end_left_over(link: ExoLink, trail: Trail, why: str = "it was left on trial") -> None:
    sha256 = "" if link.info().state.moves else revert_any_provisional(link)
    if sha256:
        trail.of_controller(sha256)
        trail.note(AuditStep.ROLLED_BACK, f"to what ran before: {why}")


def _trial_is_over() -> UserError:
    return refuse(
        "EXO-017",
        "The controller is no longer on trial on this exo.",
        "The exo was switched off meanwhile and went back to the controller before.",
        "Transfer the controller again and repeat the walk.",
    )


def _trail(store: Store, watched: SupervisedExo, link: ExoLink) -> Trail:
    sha256 = "" if watched.deployment is None else watched.deployment.package_sha256
    about = AuditEvent("", watched.operator, visit_id=watched.visit_id, package_sha256=sha256)
    trail = Trail(store, about)
    trail.on_exo(link.info().serial)
    return trail


def _say(context: JobContext, text: str) -> None:
    if not text.startswith("exo:"):
        context.progress(None, text)
    context.message(text)
