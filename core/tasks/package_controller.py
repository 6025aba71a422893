"""Job: pack the signed controller for the exo and sign the package with the site's key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.deploy.checks import CheckContext, check_package
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import KeyKind, passphrase_of_environment, signing_key, trusted_keys
from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.package import (
    SUFFIX,
    BuiltPackage,
    PackageFile,
    build_package,
    needs_an_exo,
    parse_package,
)
from core.deploy.purpose import for_virtual_only
from core.deploy.signed_heads import sign_head
from core.devices.exo_link import connect
from core.devices.profiles import load_profile
from core.domain.audit import AuditEvent, AuditStep
from core.domain.controller import Comparison, Package, TrainedController, unattended
from core.domain.people import Action
from core.domain.record import RecordKind, Verdict
from core.domain.release import Purpose
from core.errors import UserError, refuse
from core.jobs.values import JobContext, Params
from core.session.release import signed_purpose
from core.store.repository import Store, open_store
from core.tasks.audit_trail import Trail
from core.tasks.package_origin import Target, origin_of
from core.tasks.sent_secret import wait_for_secret
from core.vault import files
from core.vault.key_store import system_key_store


def run(params: Params, context: JobContext) -> str:
    """Params: `controller_id`, `comparison_id` (signed); optional `address` (of the exo it is for),
    `device_serial` (only for this one exo) and `passphrase_follows` (true: the passphrase of the site's key
    is sent to the running job, so that no file ever holds it). Writes a PACKAGE with its file.

    What was signed for a person is packed for the one exo at `address`; at a virtual one, and whatever else
    was signed, it becomes a package for virtual exos only. Raises UserError DEP-009 when the comparison is
    not signed or not of this controller, PPL-002 and PPL-010 where people have accounts, DEP-042 when it was
    signed for a person and no exo is named, what `for_virtual_only` finds against a person, DEP-005, DEP-007,
    DEP-016, DEP-026, REC-042, what the link raises, and KEY-001 to KEY-006 when the key cannot be used.
    """
    controller_id, comparison_id = str(params["controller_id"]), str(params["comparison_id"])
    with open_store(context.spec.data_dir) as store:
        visit_id = store.info(controller_id).visit_id
        trail = Trail(store, AuditEvent("", context.spec.operator, visit_id=visit_id))
        with trail.refusals():
            store.people.check(Action.PACK)
            store.require_clock()
            _check_signed(store, controller_id, comparison_id)
            built, package, key = _packed(store, params, context)
        context.check_cancelled()
        record_id = _save(store, context, (controller_id, comparison_id), built, package)
        made = AuditEvent("", context.spec.operator, "", "", visit_id, record_id, built.device_sha256)
        signed = f"version {package.manifest.version}, signed with {package.manifest.signer.key_id}"
        Trail(store, made).note(AuditStep.PACKED, f"{signed}, manifest {built.manifest_sha256}")
        sign_head(store, key, f"package {package.manifest.version}", context.spec.operator)
        return record_id


def _packed(
    store: Store, params: Params, context: JobContext
) -> tuple[BuiltPackage, PackageFile, PrivateKey]:
    controller_id, comparison_id = str(params["controller_id"]), str(params["comparison_id"])
    data_dir = context.spec.data_dir
    context.progress(0.1, "Opening the site's key")
    key = signing_key(data_dir, system_key_store(), _passphrase(params, context))
    context.progress(0.3, "Packing the controller")
    subject = store.subject_of(store.info(controller_id).visit_id)
    tag = subject_tag(site_secret(data_dir), subject.code)
    origin = origin_of(store, controller_id, comparison_id, tag, _target(store, params))
    trained, comparison = store.load(controller_id, TrainedController), store.load(comparison_id, Comparison)
    nobody_walked = trained.adapted is not None and trained.adapted.virtual
    synthetic = trained.synthetic or comparison.synthetic or subject.synthetic or nobody_walked
    trained = replace(trained, synthetic=synthetic)
    profile = load_profile(trained.device_id)
    built = build_package(trained, profile, origin, key, comparison=comparison)
    package = parse_package(built.archive)
    # A new package must pass the same checks as before a deployment.
    keys = trusted_keys(data_dir)
    check_context = CheckContext(keys, datetime.now(UTC), sha256=built.device_sha256, subject_tag=tag)
    check_package(package, check_context)
    reasons = for_virtual_only(package, keys)
    if origin.purpose is Purpose.SUPERVISED_HUMAN and reasons:
        raise UserError(reasons[0])
    return built, package, key


def _target(store: Store, params: Params) -> Target:
    """Whom the package is for: what was signed, and the exo that is connected."""
    address, serial = str(params.get("address") or ""), str(params.get("device_serial") or "")
    if signed_purpose(store, str(params["comparison_id"])) is not Purpose.SUPERVISED_HUMAN:
        return Target(serial=serial)
    if not address:
        raise needs_an_exo()
    with connect(address) as link:
        exo = link.info()
    if exo.virtual:
        return Target(serial=serial, kept_counter=exo.counter)
    return Target(Purpose.SUPERVISED_HUMAN, exo.serial, exo.counter)


def _passphrase(params: Params, context: JobContext) -> str:
    if not params.get("passphrase_follows"):
        return passphrase_of_environment()
    return wait_for_secret(context)


def _save(
    store: Store, context: JobContext, inputs: tuple[str, str], built: BuiltPackage, package: PackageFile
) -> str:
    manifest = package.manifest
    path = _write(context.work_dir, built.device_sha256, built.archive)
    keys = trusted_keys(context.spec.data_dir)
    reasons = for_virtual_only(package, keys)
    payload = Package(
        file_name=path.name,
        sha256=built.device_sha256,
        size_bytes=len(built.archive),
        device_id=package.blob.profile_id,
        subject_tag=package.blob.subject_tag,
        limits=built.limits,
        manifest_sha256=built.manifest_sha256,
        version=manifest.version,
        expires_utc=manifest.expires_utc,
        key_id=manifest.signer.key_id,
        practice=keys[manifest.signer.key_id].kind is KeyKind.PRACTICE,
        virtual_only=reasons[0].why if reasons else "",
        envelope=package.blob.envelope,
        joint=package.blob.joint,
        purpose=manifest.purpose,
        serial=manifest.device_profile.serial,
        counter=manifest.counter,
    )
    name = load_profile(payload.device_id).name
    return store.save(
        RecordKind.PACKAGE,
        payload,
        visit_id=store.info(inputs[0]).visit_id,
        inputs=inputs,
        summary=f"Signed controller package for {name}, at most {built.limits.peak_nm:g} N m.",
        operator=context.spec.operator,
        settings={"params": dict(context.spec.params)},
        files=(path,),
    )


def _check_signed(store: Store, controller_id: str, comparison_id: str) -> None:
    info = store.info(comparison_id)
    of_this = any(name == controller_id for name, _ in info.provenance.inputs)
    signers = [
        decision.by
        for decision in store.decisions(info.visit_id)
        if decision.verdict is Verdict.SIGNED and decision.record_id == comparison_id
    ]
    if of_this and signers:
        if not all(map(unattended, signers)):  # else no person released it, and it is for a virtual exo only
            synthetic = store.subject_of(info.visit_id).synthetic
            store.people.check_released(comparison_id, synthetic=synthetic)
        return
    raise refuse(
        "DEP-009",
        "This controller cannot be packed yet.",
        "Its comparison is not signed." if of_this else "The comparison is of another controller.",
        "Compare the controllers and sign, then make the package.",
    )


def _write(folder: Path, sha256: str, archive: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"controller-{sha256[:12]}{SUFFIX}"
    files.write_bytes(path, archive)
    return path
