"""The controller package `.exopkg`: what the device runs, what it is, and why it may.

A zip with fixed times and order, so that the same controller always gives the same file:
`manifest.json` (people read it), `device.bin` (the exo runs it), `report.json` (how it did in training).
Nothing in it names the patient: the subject is a keyed tag.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from core.deploy.blob import RUNTIME_ABI, Blob, BlobError, read_blob, weight_bytes, write_blob
from core.deploy.golden import golden_vectors
from core.domain.controller import Comparison, DeviceProfile, ExoController, TorqueLimits, TrainedController
from core.errors import UserError, refuse

PACKAGE_FORMAT = 1
VERSION = "1.0.0"
SUFFIX = ".exopkg"
_MEMBERS = ("manifest.json", "device.bin", "report.json")
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
MAX_PACKAGE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, eq=False)
class BuiltPackage:
    """A finished package, not yet on disk."""

    archive: bytes
    device_sha256: str
    limits: TorqueLimits


@dataclass(frozen=True, slots=True, eq=False)
class PackageFile:
    """A package that was read and found whole."""

    device_bytes: bytes
    blob: Blob
    manifest: dict[str, Any]
    report: dict[str, Any]


def build_package(
    trained: TrainedController,
    profile: DeviceProfile,
    subject_tag: str,
    *,
    comparison: Comparison | None = None,
    controller_sha256: str = "",
) -> BuiltPackage:
    """Pack a controller for one device and one subject tag. Limits become the tightest of both.

    Raises UserError DEP-005 (made for another device), DEP-007 (numbers that cannot run).
    """
    if trained.device_id != profile.id or trained.controller.control_hz != profile.control_hz:
        raise refuse(
            "DEP-005",
            f"This controller was made for {trained.device_id}, not for {profile.id}.",
            "A controller fits only the exo it was trained with.",
            f"Choose {trained.device_id}, or train a controller for {profile.id}.",
        )
    controller = replace(trained.controller, limits=trained.controller.limits.tightest(profile.limits))
    data = _device_bytes(controller, trained, profile, subject_tag, controller_sha256)
    try:
        blob = read_blob(data)
    except BlobError as error:
        raise _cannot_run(str(error)) from error
    manifest = {**blob.manifest, "package_format": PACKAGE_FORMAT, "device_sha256": blob.sha256}
    members = (_json(manifest), data, _json(_report(trained, comparison)))
    return BuiltPackage(_zip(members), blob.sha256, controller.limits)


def read_package(path: Path) -> PackageFile:
    """Read and check a package. Raises UserError DEP-006 (missing), DEP-004 (cut off), DEP-003 (changed)."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise refuse(
            "DEP-006",
            f"The package {path.name} cannot be read.",
            f"The system says: {error.strerror}.",
            "Make the package again from the signed controller.",
        ) from error
    return parse_package(raw, path.name)


def parse_package(raw: bytes, name: str = "package") -> PackageFile:
    """As `read_package`, from bytes."""
    manifest_text, data, report_text = _unzip(raw, name)
    try:
        blob = read_blob(data)
        manifest, report = json.loads(manifest_text), json.loads(report_text)
    except ValueError as error:
        raise _changed(name, str(error)) from error
    expected = {**blob.manifest, "package_format": PACKAGE_FORMAT, "device_sha256": blob.sha256}
    if manifest != json.loads(_json(expected)):
        raise _changed(name, "manifest and controller do not belong together")
    return PackageFile(data, blob, manifest, report)


def check_package(package: PackageFile, *, sha256: str, device_id: str, subject_tag: str) -> None:
    """Is this the package that was signed, for this device and this patient?

    Raises UserError DEP-003 (other bytes), DEP-005 (other device), DEP-008 (other patient).
    """
    if package.blob.sha256 != sha256:
        raise _changed("package", "its controller is not the one in the record")
    if package.blob.profile_id != device_id:
        raise refuse(
            "DEP-005",
            f"This package was made for {package.blob.profile_id}, not for {device_id}.",
            "A controller fits only the exo it was trained with.",
            "Connect the exo it was made for, or make a package for this one.",
        )
    if package.blob.subject_tag != subject_tag:
        raise refuse(
            "DEP-008",
            "This package belongs to another patient.",
            "The tag in the package is not this patient's tag.",
            "Open the right patient and use the package made there.",
        )


def _device_bytes(
    controller: ExoController,
    trained: TrainedController,
    profile: DeviceProfile,
    subject_tag: str,
    controller_sha256: str,
) -> bytes:
    for array in (*controller.network.weights, *controller.network.biases):
        if not np.isfinite(array).all():
            raise _cannot_run("a weight is not a number")
    golden = golden_vectors(controller)
    limits = controller.limits
    manifest = {
        "version": VERSION,
        "core_abi": RUNTIME_ABI,
        "subject_tag": subject_tag,
        "synthetic": trained.synthetic,
        "device_profile": {"id": profile.id, "joint": profile.joint, "control_hz": controller.control_hz},
        "net": {
            "kind": "mlp",
            "sizes": list(controller.network.sizes),
            "activation": controller.network.activation,
            "inputs": "thigh angle l r [rad], velocity l r [rad/s] * velocity_scale; now, -10, -20, -30 ms",
            "outputs": "joint target l r [rad]",
            "velocity_scale": controller.velocity_scale,
            "low_pass_hz": controller.low_pass_hz,
            "kp_nm_rad": controller.kp_nm_rad,
            "kd_nm_s_rad": controller.kd_nm_s_rad,
        },
        "limits": {
            "peak_nm": limits.peak_nm,
            "rate_nm_s": limits.rate_nm_s,
            "hip_range_rad": limits.hip_range_rad,
        },
        "first_session_peak_nm": min(profile.first_session_peak_nm, limits.peak_nm),
        "weights_sha256": hashlib.sha256(weight_bytes(controller.network)).hexdigest(),
        "golden": {"ticks": len(golden.torque_nm), "sha256": golden.outputs_sha256, "rule": "bit-exact"},
        "provenance": {"controller_sha256": controller_sha256},
    }
    return write_blob(manifest, controller.network, golden)


def _report(trained: TrainedController, comparison: Comparison | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "simulated": True,
        "synthetic": trained.synthetic,
        "control_steps": trained.control_steps,
        "effort_ratio_with_exo": trained.effort_ratio_with_exo,
        "falls_per_minute": trained.falls_per_minute,
        "findings": [finding.advice.one_line() for finding in trained.findings],
    }
    if comparison is not None:
        report["sentence"] = comparison.sentence
        report["gaits"] = [
            {
                "label": score.label,
                "effort": score.effort,
                "falls_per_minute": score.falls_per_minute,
                "exo_peak_nm": score.exo_peak_nm,
                "exo_negative_work_fraction": score.exo_negative_work_fraction,
            }
            for score in comparison.scores
        ]
    return report


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _zip(members: tuple[bytes, ...]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in zip(_MEMBERS, members, strict=True):
            member = zipfile.ZipInfo(name, _FIXED_TIME)
            member.create_system = 3  # the same on every system
            archive.writestr(member, data)
    return buffer.getvalue()


def _unzip(raw: bytes, name: str) -> tuple[bytes, bytes, bytes]:
    if len(raw) > MAX_PACKAGE_BYTES:
        raise _changed(name, "it is too large")
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if archive.namelist() != list(_MEMBERS):
                raise _changed(name, "its parts are not those of a package")
            if sum(member.file_size for member in archive.infolist()) > MAX_PACKAGE_BYTES:
                raise _changed(name, "it is too large")
            first, second, third = (archive.read(member) for member in _MEMBERS)
    except UserError:
        raise
    except zipfile.BadZipFile as error:
        if "CRC" in str(error):
            raise _changed(name, "a checksum is wrong") from error
        raise refuse(
            "DEP-004",
            f"The {name} is incomplete.",
            "It is no complete package file; copying it may have been cut off.",
            "Make the package again from the signed controller.",
        ) from error
    except (OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:
        raise _changed(name, str(error)) from error
    return first, second, third


def _changed(name: str, why: str) -> UserError:
    return refuse(
        "DEP-003",
        f"The {name} was changed after it was made.",
        f"The check failed: {why}.",
        "Make the package again from the signed controller, and do not edit it.",
    )


def _cannot_run(why: str) -> UserError:
    return refuse(
        "DEP-007",
        "This controller cannot run on the exo.",
        f"The reason: {why}.",
        "Train the controller again.",
    )
