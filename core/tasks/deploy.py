"""Job: put a package on the exo, read it back, and confirm it."""

from __future__ import annotations

from core.deploy.package import check_package, read_package
from core.deploy.site_secret import site_secret, subject_tag
from core.deploy.transfer import Transferred, transfer
from core.devices.exo_link import connect
from core.domain.controller import Deployment, Package
from core.domain.record import RecordKind
from core.errors import UserError, refuse
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `package_id`, `address`, `confirmed_patient` (code), `confirmed_device` (device id).

    Writes a DEPLOYMENT. Raises UserError DEP-001 and DEP-002 when patient or device were not confirmed,
    what `read_package`, `check_package` and `transfer` raise.
    """
    package_id, address = str(params["package_id"]), str(params["address"])
    with open_store(context.spec.data_dir) as store:
        visit_id = store.info(package_id).visit_id
        package = store.load(package_id, Package)
        code = store.subject_of(visit_id).code
        _check_confirmed(params, code, package.device_id)
        contents = read_package(store.folder(package_id) / package.file_name)
        tag = subject_tag(site_secret(context.spec.data_dir), code)
        check_package(contents, sha256=package.sha256, device_id=package.device_id, subject_tag=tag)

        def report(fraction: float, sentence: str) -> None:
            context.check_cancelled()
            context.progress(fraction, sentence)

        who = context.spec.operator
        store.log(who, "deployment started", package_id, f"{package.sha256[:12]} to {address}")
        try:
            with connect(address) as link:
                done = transfer(link, contents, report)
        except UserError as error:
            store.log(who, "deployment refused", package_id, error.advice.one_line())
            raise
        context.progress(1.0, "The exo runs the signed controller")
        return _save(store, context, package_id, visit_id, package, done, address)


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
    deployment = Deployment(
        package_sha256=package.sha256,
        readback_sha256=done.readback_sha256,
        device_serial=device.serial,
        address=address,
        confirmed=device.confirmed,
        virtual=device.virtual,
    )
    kind = "virtual exo" if device.virtual else "exo"
    return store.save(
        RecordKind.DEPLOYMENT,
        deployment,
        visit_id=visit_id,
        inputs=(package_id,),
        summary=f"Controller confirmed on {kind} {device.serial}; read back and found equal.",
        operator=context.spec.operator,
        settings={"selftest_ticks": done.selftest_ticks, "firmware": device.firmware},
    )
