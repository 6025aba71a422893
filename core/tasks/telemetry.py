"""Stream: supervise a connected exo; a provisional controller is confirmed or reverted here."""

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
from core.domain.people import Action
from core.domain.record import RecordKind
from core.errors import UserError, refuse
from core.exo_core.controller import Controller
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.audit_trail import Trail
from core.tasks.exo_supervision import ExoSupervision, SupervisedExo
from core.tasks.package_origin import packages_of_patient

_LOOP_S = 0.004  # upper bound of the delay that this loop adds to a stop command


def run(params: Params, context: JobContext) -> str:
    """Params: `address`; optional `deployment_id` (a provisional one, which may be confirmed after a walk),
    `max_nm`, `visit_id`. Without a deployment the visit's newest confirmed controller may be armed.

    Commands: `arm`, `disarm`, `stop`, `acknowledge`, and those of `core.domain.exo_status`. Runs until it is
    cancelled; writes a WALK after each walk and a DEPLOYMENT when a controller is confirmed, reverted or
    rolled back. While the job is paused no heartbeat is sent, so the exo goes to zero torque by itself.
    Raises EXO-017 when the controller is no longer provisional, and what the link raises.
    """
    with supervise(params, context) as supervision:
        kind = "virtual exo" if supervision.info.virtual else "exo"
        context.progress(None, f"Connected to {kind} {supervision.info.serial}")
        while True:
            context.check_cancelled()
            for command in context.received():
                supervision.try_command(command)
            show(supervision, context)
            time.sleep(_LOOP_S)


def show(supervision: ExoSupervision, context: JobContext) -> None:
    """One step of the supervision, and its newest record as points of the live curves."""
    records = supervision.step(time.monotonic())
    if records:
        left, right = supervision.strides
        values = live_values(records[-1])
        context.sample(**values, **_placement_values(supervision), strides_left=left, strides_right=right)


def _placement_values(supervision: ExoSupervision) -> dict[str, float]:
    """What a safe exo still needs before it is ready, as points of the live curves."""
    placement = supervision.live.placement
    if placement is None:
        return {}
    return {"blocked_by": placement.blocked_by, "stood": placement.stood, "walked": placement.walked}


@contextmanager
def _store_of(context: JobContext) -> Iterator[Store]:
    """Refuses PPL-001 and PPL-002 before anything is connected."""
    with open_store(context.spec.data_dir) as store:
        store.people.check(Action.DEPLOY)
        yield store


@contextmanager
def supervise(params: Params, context: JobContext) -> Iterator[ExoSupervision]:
    """Connect, revert a leftover provisional controller, supervise; at the end zero torque and a revert."""
    with _store_of(context) as store, connect(str(params["address"])) as link:
        supervised = _on_this_exo(_supervised_exo(store, params, context), link)
        trail = _trail(store, supervised, link)
        trail.note_time(link)
        trail.merge_faults(link)
        supervised = _without_leftover(store, link, trail, supervised, str(params.get("deployment_id") or ""))
        requested = params.get("max_nm")
        max_nm = float(requested) if isinstance(requested, int | float) else None
        permit = ArmPermit("", context.spec.id, max_nm)
        supervision = ExoSupervision(
            store, link, trail, supervised, permit, lambda text: _report(context, text)
        )
        try:
            yield supervision
        finally:
            supervision.close()


def _supervised_exo(store: Store, params: Params, context: JobContext) -> SupervisedExo:
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
        lambda sha256: _torque_function(store, visit_id, sha256),
    )


def _on_this_exo(supervised: SupervisedExo, link: ExoLink) -> SupervisedExo:
    """A deployment to another exo does not count for this one."""
    deployment = supervised.deployment
    if deployment is None or deployment.device_serial == link.info().serial:
        return supervised
    return replace(supervised, deployment_id="", deployment=None)


def _torque_function(store: Store, visit_id: str, sha256: str) -> Compute | None:
    """The patient's controller with this hash, run by the compiled exo core; None: not in the record."""
    for info in reversed(packages_of_patient(store, visit_id)):
        package = store.load(info.id, Package)
        if package.sha256 == sha256:
            return _compiled_controller(store.folder(info.id) / package.file_name)
    return None


def _compiled_controller(path: Path) -> Compute | None:
    try:
        return Controller(read_package(path).device_bytes).run
    except UserError:  # the file was changed since; the walk is kept without a prediction
        return None


def _without_leftover(
    store: Store, link: ExoLink, trail: Trail, supervised: SupervisedExo, provisional_id: str
) -> SupervisedExo:
    """Keep the provisional controller that may be confirmed; revert every other one."""
    deployment = supervised.deployment
    if deployment is None or deployment.handover is not Handover.PROVISIONAL:
        _revert_leftover(link, trail)
        return supervised
    if provisional_id and is_provisional(link.slots(), deployment.package_sha256):
        return supervised
    why = "it was left on trial, and nobody watched" if not provisional_id else "the exo was started again"
    _revert_leftover(link, trail, why)
    ended = replace(deployment, confirmed=False, stage=Handover.REVERTED)
    record_id = store.save(
        RecordKind.DEPLOYMENT,
        ended,
        visit_id=supervised.visit_id,
        inputs=(supervised.deployment_id,),
        summary=f"Controller taken back from {deployment.device_serial}: {why}.",
        operator=supervised.operator,
    )
    if provisional_id:
        raise _no_longer_provisional()
    return replace(supervised, deployment=ended, deployment_id=record_id)


def _revert_leftover(link: ExoLink, trail: Trail, why: str = "it was left on trial") -> None:
    sha256 = "" if link.info().state.moves else revert_any_provisional(link)
    if sha256:
        trail.set_controller(sha256)
        trail.note(AuditStep.ROLLED_BACK, f"to what ran before: {why}")


def _no_longer_provisional() -> UserError:
    return refuse(
        "EXO-017",
        "The controller is no longer on trial on this exo.",
        "The exo was switched off meanwhile and went back to the controller before.",
        "Transfer the controller again and repeat the walk.",
    )


def _trail(store: Store, supervised: SupervisedExo, link: ExoLink) -> Trail:
    sha256 = "" if supervised.deployment is None else supervised.deployment.package_sha256
    about = AuditEvent("", supervised.operator, visit_id=supervised.visit_id, package_sha256=sha256)
    trail = Trail(store, about)
    trail.set_device(link.info().serial)
    return trail


def _report(context: JobContext, text: str) -> None:
    if not text.startswith("exo:"):
        context.progress(None, text)
    context.message(text)
