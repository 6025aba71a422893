"""Job: pack the signed controller for the exo."""

from __future__ import annotations

import json
from pathlib import Path

from core.deploy.package import SUFFIX, build_package
from core.deploy.site_secret import site_secret, subject_tag
from core.devices.profiles import load_profile
from core.domain.controller import Comparison, Package, TrainedController
from core.domain.record import RecordKind, Verdict
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `controller_id`, `comparison_id` (signed). Writes a PACKAGE with its file.

    Raises UserError DEP-009 when the comparison is not signed or not of this controller, DEP-005, DEP-007.
    """
    controller_id, comparison_id = str(params["controller_id"]), str(params["comparison_id"])
    with open_store(context.spec.data_dir) as store:
        info = store.info(controller_id)
        _check_signed(store, controller_id, comparison_id)
        context.progress(0.1, "Packing the controller")
        trained = store.load(controller_id, TrainedController)
        profile = load_profile(trained.device_id)
        subject = store.subject_of(info.visit_id)
        tag = subject_tag(site_secret(context.spec.data_dir), subject.code)
        built = build_package(
            trained,
            profile,
            tag,
            comparison=store.load(comparison_id, Comparison),
            controller_sha256=info.content_sha256,
        )
        context.check_cancelled()
        path = _write(context.work_dir, built.device_sha256, built.archive)
        payload = Package(path.name, built.device_sha256, len(built.archive), profile.id, tag, built.limits)
        return store.save(
            RecordKind.PACKAGE,
            payload,
            visit_id=info.visit_id,
            inputs=(controller_id, comparison_id),
            summary=f"Controller package for {profile.name}, at most {built.limits.peak_nm:g} N m.",
            operator=context.spec.operator,
            settings={"params": json.loads(json.dumps(dict(params)))},
            files=(path,),
        )


def _check_signed(store: Store, controller_id: str, comparison_id: str) -> None:
    info = store.info(comparison_id)
    of_this = any(name == controller_id for name, _ in info.provenance.inputs)
    signed = any(
        decision.verdict is Verdict.SIGNED and decision.record_id == comparison_id
        for decision in store.decisions(info.visit_id)
    )
    if of_this and signed:
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
    path.write_bytes(archive)
    return path
