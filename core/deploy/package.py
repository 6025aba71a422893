"""The controller package `.exopkg`: the device image, its manifest, a report and a signature.

A zip with fixed times and order, so that the same content always gives the same file:
`manifest.json` (people read it), `device.bin` (the exo runs it), `report.json` (how it did in training),
`signature.bin` (Ed25519 over the manifest, which holds the hashes of the others). The device bytes carry a
signature of the same key that the exo checks by itself.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from core.deploy.blob import (
    RUNTIME_ABI,
    Blob,
    BlobError,
    OldBlobError,
    read_blob,
    release_entry,
    unit_of,
    weight_bytes,
    write_blob,
)
from core.deploy.envelope import to_entry
from core.deploy.golden import golden_vectors
from core.deploy.keys.signature import ALGORITHM, SIGNATURE_BYTES, PrivateKey
from core.deploy.manifest import Manifest, Origin, Signer, from_utc, make_manifest
from core.deploy.package_report import assistance_told, package_report
from core.deploy.signal_names import name_of
from core.deploy.strict_json import canonical_json, parse_json, read_json
from core.domain.assistance import Assistance
from core.domain.controller import (
    Comparison,
    DeviceProfile,
    ExoController,
    TorqueDirection,
    TorqueLimits,
    TrainedController,
)
from core.domain.release import Purpose, Release
from core.errors import Advice, UserError, refuse
from core.vault.files import open_read

SUFFIX = ".exopkg"
MAX_PACKAGE_BYTES = 8 << 20
_MEMBERS = ("manifest.json", "device.bin", "report.json", "signature.bin")
_UNSIGNED_MEMBERS = _MEMBERS[:3]  # of the first format
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_ZIP_ERRORS = (OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.LargeZipFile)

OF_NOBODY = Advice(
    "This package may only go onto a virtual exo.",
    "It was made from a synthetic walk, not from that of a person.",
    "Record the person who will wear the exo, and train a controller for that walk.",
    "DEP-025",
)


@dataclass(frozen=True, slots=True, eq=False)
class BuiltPackage:
    """A finished package, not yet on disk."""

    archive: bytes
    device_sha256: str
    manifest_sha256: str
    limits: TorqueLimits


@dataclass(frozen=True, slots=True, eq=False)
class PackageFile:
    """A package that was read and is intact. Whether it may be used is decided in `core.deploy.checks`."""

    device_bytes: bytes
    blob: Blob
    manifest: Manifest
    manifest_bytes: bytes
    report: dict[str, Any]
    signature: bytes

    @property
    def manifest_sha256(self) -> str:
        return hashlib.sha256(self.manifest_bytes).hexdigest()


def build_package(
    trained: TrainedController,
    profile: DeviceProfile,
    origin: Origin,
    key: PrivateKey,
    *,
    comparison: Comparison | None = None,
) -> BuiltPackage:
    """Pack and sign a controller for one device and one subject tag. Limits become the tightest of both.

    Raises UserError DEP-005 (made for another device), EXO-040 (for another joint), EXO-044 (turns only the
    way that the exo does not), DEP-007 (numbers that cannot run), DEP-026 (without the limits of the person's
    gait), DEP-042 (for people, but for no exo in particular), DEP-025 (for people, of a synthetic patient).
    """
    if origin.purpose is Purpose.SUPERVISED_HUMAN and not origin.device_serial:
        raise needs_an_exo()
    if origin.purpose is Purpose.SUPERVISED_HUMAN and trained.synthetic:
        raise UserError(OF_NOBODY)
    if trained.device_id != profile.id or trained.controller.control_hz != profile.control_hz:
        raise refuse(
            "DEP-005",
            f"This controller was made for {trained.device_id}, not for {profile.id}.",
            "A controller fits only the exo it was trained with.",
            f"Choose {trained.device_id}, or train a controller for {profile.id}.",
        )
    controller = replace(trained.controller, limits=_limits(trained.controller, profile))
    data = _device_bytes(controller, trained, profile, origin, key)
    try:
        blob = read_blob(data)
    except BlobError as error:
        raise _cannot_run(str(error)) from error
    report = canonical_json(package_report(trained, comparison))
    signer = Signer(ALGORITHM, key.public.key_id)
    manifest = canonical_json(make_manifest(blob, report, trained, profile, origin, signer, comparison))
    archive = _zip((manifest, data, report, key.sign(manifest)))
    return BuiltPackage(archive, blob.sha256, hashlib.sha256(manifest).hexdigest(), controller.limits)


def _limits(controller: ExoController, profile: DeviceProfile) -> TorqueLimits:
    """The tightest of controller and exo."""
    if controller.joint is not profile.joint:
        raise refuse(
            "EXO-040",
            f"This controller turns the {controller.joint.place}; {profile.name} is worn at another joint.",
            f"{profile.name} turns the {profile.joint.place}. A controller fits the joint it learned with.",
            f"Train a controller for {profile.id}.",
        )
    try:
        return controller.limits.tightest(profile.limits)
    except ValueError as error:
        raise refuse(
            "EXO-044",
            "This controller gives only torque that the exo cannot give.",
            f"It gives {controller.limits.direction.at(controller.joint)}; {profile.name} gives "
            f"{profile.limits.direction.at(profile.joint)}.",
            f"Train a controller for {profile.id}.",
        ) from error


def read_package(path: Path) -> PackageFile:
    """Read a package and check that its parts belong together.

    Raises UserError DEP-006 (missing), DEP-004 (cut off), DEP-010 (of a version that did not sign), DEP-003
    (changed).
    """
    return parse_package(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """Content of the file, at most one byte more than a package may have. Raises UserError DEP-006."""
    try:
        with open_read(path) as stream:
            return stream.read(MAX_PACKAGE_BYTES + 1)
    except OSError as error:
        raise refuse(
            "DEP-006",
            f"The package {path.name} cannot be read.",
            f"The system says: {error.strerror}.",
            "Make the package again from the signed controller.",
        ) from error


def parse_package(raw: bytes, name: str = "package") -> PackageFile:
    """As `read_package`, from bytes."""
    members = _unzip(raw, name)
    manifest_bytes, data, report_bytes, signature = members
    try:
        manifest = read_json(Manifest, manifest_bytes)
        blob = read_blob(data)
        report = parse_json(report_bytes)
        _check_parts(manifest, blob, report_bytes)
    except OldBlobError as error:
        raise _not_signed(name) from error
    except ValueError as error:
        raise changed(name, str(error)) from error
    if not isinstance(report, dict) or len(signature) != SIGNATURE_BYTES or _zip(members) != raw:
        raise changed(name, "it is not written as packages are")
    return PackageFile(data, blob, manifest, manifest_bytes, report, signature)


def _check_parts(manifest: Manifest, blob: Blob, report: bytes) -> None:
    try:
        controller = parse_json(canonical_json(blob.manifest))
    except (TypeError, RecursionError) as error:  # CBOR can hold more than JSON
        raise ValueError("the controller's own manifest cannot be compared") from error
    if manifest.controller != controller:
        raise ValueError("manifest and controller do not belong together")
    if (manifest.device_sha256, manifest.report_sha256) != (blob.sha256, hashlib.sha256(report).hexdigest()):
        raise ValueError("its parts do not belong together")
    if manifest.signer.key_id != blob.key_id:
        raise ValueError("two keys signed it")
    if manifest.expires < manifest.created:
        raise ValueError("it expires before it was made")
    if not _says_the_same(manifest, blob.release):
        raise ValueError("what people read of its release is not what the exo reads")


def _says_the_same(manifest: Manifest, release: Release | None) -> bool:
    if release is None:  # of an earlier version; `core.deploy.checks` refuses it
        return (manifest.purpose, manifest.counter) == ("", 0)
    told = (manifest.purpose, manifest.counter, manifest.device_profile.serial)
    expires_s = int(from_utc(manifest.expires_utc).timestamp())
    return (*told, expires_s) == (
        release.purpose.value,
        release.counter,
        release.serial,
        release.expires_utc_s,
    )


def _device_bytes(
    controller: ExoController,
    trained: TrainedController,
    profile: DeviceProfile,
    origin: Origin,
    key: PrivateKey,
) -> bytes:
    for array in (*controller.network.weights, *controller.network.biases):
        if not np.isfinite(array).all():
            raise _cannot_run("a weight is not a number")
    if trained.envelope is None:
        raise no_envelope("This controller")
    golden = golden_vectors(controller)
    manifest = {
        "version": origin.version,
        "core_abi": RUNTIME_ABI,
        "subject_tag": origin.subject_tag,
        "synthetic": trained.synthetic,
        "device_profile": {"id": profile.id, "joint": profile.joint, "control_hz": controller.control_hz},
        "net": _net(controller),
        "limits": _limits_entry(controller.limits),
        "envelope": to_entry(trained.envelope),
        "release": release_entry(origin.release),
        "first_session_peak_nm": min(profile.first_session_peak_nm, controller.limits.peak_nm),
        "weights_sha256": hashlib.sha256(weight_bytes(controller.network)).hexdigest(),
        "golden": {"ticks": len(golden.torque_nm), "sha256": golden.outputs_sha256, "rule": "bit-exact"},
        "provenance": {"controller_sha256": origin.records[0].sha256 if origin.records else ""},
    }
    return write_blob(manifest, controller.network, golden, key)


def _limits_entry(limits: TorqueLimits) -> dict[str, Any]:
    """As the exo reads them. Limits both ways are written as they were before there were others."""
    numbers = {
        "peak_nm": limits.peak_nm,
        "rate_nm_s": limits.rate_nm_s,
        "hip_range_rad": limits.hip_range_rad,
    }
    one_way = limits.direction is not TorqueDirection.BOTH
    return {**numbers, "direction": limits.direction.value} if one_way else numbers


def _net(controller: ExoController) -> dict[str, Any]:
    """The network and the control law around it, as the exo reads them."""
    windows = {"taps": list(controller.taps), "dilations": list(controller.dilations)}
    return {
        "kind": "tcn" if controller.taps else "mlp",
        "sizes": list(controller.sizes),
        **(windows if controller.taps else {}),
        "activation": controller.network.activation,
        "inputs": [
            {
                "signal": name_of(one.sense, controller.joint),
                "unit": unit_of(one.sense, controller.output),
                "scale": float(one.scale),
            }
            for one in controller.reads.signals
        ],
        "history": controller.reads.history,
        "output": controller.output.value,
        "low_pass_hz": controller.low_pass_hz,
        "kp_nm_rad": controller.kp_nm_rad,
        "kd_nm_s_rad": controller.kd_nm_s_rad,
    }


def assistance_in(package: PackageFile) -> Assistance:
    """Effect of the packed controller on walking, see `package_report.assistance_told`."""
    return assistance_told(package.report, package.manifest.acceptance)


def _zip(members: tuple[bytes, ...]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in zip(_MEMBERS, members, strict=True):
            member = zipfile.ZipInfo(name, _FIXED_TIME)
            member.create_system = 3  # the same on every system
            archive.writestr(member, data)
    return buffer.getvalue()


def _unzip(raw: bytes, name: str) -> tuple[bytes, ...]:
    if len(raw) > MAX_PACKAGE_BYTES:
        raise changed(name, "it is too large")
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            _check_members(archive, name)
            return tuple(archive.read(member) for member in _MEMBERS)
    except UserError:
        raise
    except zipfile.BadZipFile as error:
        if "CRC" in str(error):
            raise changed(name, "a checksum is wrong") from error
        raise refuse(
            "DEP-004",
            f"The {name} is incomplete.",
            "It is no complete package file; copying it may have been cut off.",
            "Make the package again from the signed controller.",
        ) from error
    except _ZIP_ERRORS as error:
        raise changed(name, str(error)) from error


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    if archive.namelist() == list(_UNSIGNED_MEMBERS):
        raise _not_signed(name)
    if archive.namelist() != list(_MEMBERS):
        raise changed(name, "its parts are not those of a package")
    if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
        raise changed(name, "its parts are not stored as they should be")
    if sum(member.file_size for member in archive.infolist()) > MAX_PACKAGE_BYTES:
        raise changed(name, "it is too large")


def changed(name: str, why: str) -> UserError:
    return refuse(
        "DEP-003",
        f"The {name} was changed after it was made.",
        f"The check failed: {why}.",
        "Make the package again from the signed controller, and do not edit it.",
    )


def _not_signed(name: str) -> UserError:
    return refuse(
        "DEP-010",
        f"The {name} is not signed.",
        "It was made by an earlier version of ExoTwin, which did not sign packages, or not for the exo.",
        "Train the controller again with this version, compare and sign it, then pack it.",
    )


def needs_an_exo() -> UserError:
    return refuse(
        "DEP-042",
        "This controller cannot be packed yet.",
        "It was released to be worn by a person, and such a package is for one exo alone.",
        "Connect that exo, choose it on the Deploy page, then pack the controller.",
    )


def no_release(what: str) -> UserError:
    return refuse(
        "DEP-039",
        f"{what} does not say what it was released for.",
        "An earlier version of ExoTwin made it; it can be looked into, and an exo refuses it.",
        "Pack the signed controller again with this version.",
    )


def no_envelope(what: str) -> UserError:
    return refuse(
        "DEP-026",
        f"{what} comes without the limits of this person's gait.",
        "An earlier version of ExoTwin made it, or its twin never walked a whole stride; an exo refuses it.",
        "Train the controller again, compare and sign it, then pack it.",
    )


def _cannot_run(why: str) -> UserError:
    return refuse(
        "DEP-007",
        "This controller cannot run on the exo.",
        f"The reason: {why}.",
        "Train the controller again.",
    )
