"""Job: upload a package, read it back and activate it as provisional; it is confirmed after a walk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.deploy.checks import CheckContext, check_exo, check_package
from core.deploy.keys.site_key import trusted_keys
from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.package import read_package
from core.deploy.transfer import Report, Transferred, transfer
from core.devices.exo_link import connect
from core.domain.audit import AuditEvent
from core.domain.controller import Deployment, Handover, Package
from core.domain.people import Action
from core.domain.record import RecordKind
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.audit_trail import Trail


def run(params: Params, context: JobContext) -> str:
    """Params: `package_id`, `address`, `confirmed_patient` (code), `confirmed_device` (device id).

    Writes a DEPLOYMENT: provisional, or confirmed where the exo had confirmed it already. Raises UserError
    DEP-001 and DEP-002 when patient or device were not confirmed, REC-042 while the clock is behind
    the record, what `read_package`, `check_package`, `check_exo` and `transfer` raise.
    """
    package_id, address = str(params["package_id"]), str(params["address"])
    with open_store(context.spec.data_dir) as store:
        visit_id = store.info(package_id).visit_id
        package = store.load(package_id, Package)
        code = store.subject_of(visit_id).code
        trail = Trail(store, _about(context, visit_id, package_id, package))
        with trail.refusals():
            store.people.check(Action.DEPLOY)
            _check_confirmed(params, code, package.device_id)
            store.require_clock()  # set back, an expired package would pass
            contents = read_package(store.folder(package_id) / package.file_name)
            check_context = _check_context(context.spec.data_dir, package, code)
            check_package(contents, check_context)
            with connect(address) as link:
                exo = link.info()
                trail.set_device(exo.serial)
                trail.note_time(link)
                trail.merge_faults(link)
                check_exo(contents, check_context.keys, exo)
                done = transfer(link, contents, _report(context), trail.note)
        context.progress(1.0, "The exo holds the approved controller at zero torque")
        return _save(store, context, package_id, visit_id, package, done, address)


def _about(context: JobContext, visit_id: str, package_id: str, package: Package) -> AuditEvent:
    who, sha256 = context.spec.operator, package.sha256
    return AuditEvent("", who, visit_id=visit_id, record_id=package_id, package_sha256=sha256)


def _report(context: JobContext) -> Report:
    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(fraction, sentence)

    return report


def _check_context(data_dir: Path, package: Package, code: str) -> CheckContext:
    return CheckContext(
        trusted_keys(data_dir),
        datetime.now(UTC),
        sha256=package.sha256,
        device_id=package.device_id,
        subject_tag=subject_tag(site_secret(data_dir), code),
    )


def _check_confirmed(params: Params, code: str, device_id: str) -> None:
    if params.get("confirmed_patient") != code:
        raise refuse(
            "DEP-001",
            "The patient was not confirmed.",
            f"A controller goes onto an exo only after the patient {code} was confirmed.",
            f"Confirm the patient {code} and start again.",
        )
    if params.get("confirmed_device") != device_id:
        raise refuse(
            "DEP-002",
            "The exo was not confirmed.",
            f"A controller goes onto an exo only after the device {device_id} was confirmed.",
            f"Confirm the device {device_id} and start again.",
        )


def _save(
    store: Store,
    context: JobContext,
    package_id: str,
    visit_id: str,
    package: Package,
    done: Transferred,
    address: str,
) -> str:
    device = done.device
    stage = Handover.CONFIRMED if device.confirmed else Handover.PROVISIONAL
    deployment = Deployment(
        package_sha256=package.sha256,
        readback_sha256=done.readback_sha256,
        device_serial=device.serial,
        address=address,
        confirmed=device.confirmed,
        virtual=device.virtual,
        stage=stage,
        version=done.version,
    )
    kind = "virtual exo" if device.virtual else "exo"
    return store.save(
        RecordKind.DEPLOYMENT,
        deployment,
        visit_id=visit_id,
        inputs=(package_id,),
        summary=f"Controller {stage.value} on {kind} {device.serial}; read back and found equal.",
        operator=context.spec.operator,
        settings={
            "selftest_ticks": done.selftest_ticks,
            "mean_tick_us": done.mean_tick_us,
            "firmware": device.firmware,
        },
    )
