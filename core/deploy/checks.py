"""May this package be used? One list of checks, for the job that deploys and for `exotwin package verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from core.deploy.golden import reference_torque
from core.deploy.keys.signature import ALGORITHM
from core.deploy.keys.site_key import TrustedKey
from core.deploy.manifest import Approval, profile_sha256
from core.deploy.package import PackageFile, changed, no_envelope, no_release, parse_package
from core.deploy.purpose import for_virtual_only
from core.devices.exo_refusals import older_than_kept
from core.devices.exo_values import ExoInfo
from core.devices.profiles import load_profile
from core.domain.arrays import Float32Array
from core.domain.body import JointKind
from core.domain.controller import DeviceProfile, TorqueDirection, TorqueLimits
from core.domain.release import typed_reason
from core.errors import Advice, UserError, refuse

CLOCKS_DIFFER = timedelta(hours=1)  # between the computers of a site
_PLACE = {JointKind.HIP_FLEXION: "hip", JointKind.ANKLE: "ankle"}


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the package is checked against. An empty text skips that check."""

    keys: Mapping[str, TrustedKey]
    now_utc: datetime
    sha256: str = ""  # of the controller that was signed for
    device_id: str = ""
    subject_tag: str = ""
    profile: Callable[[str], DeviceProfile] = load_profile


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    words: str
    advice: Advice | None = None  # why it did not pass; None: it passed

    @property
    def passed(self) -> bool:
        return self.advice is None


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """Every check, in order. Only the first one when the file is no readable package."""

    package: PackageFile | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


def examine(raw: bytes, name: str, context: CheckContext) -> Examination:
    """All checks, without stopping at the first that fails."""
    try:
        package = parse_package(raw, name)
    except UserError as error:
        return Examination(None, (Check("whole", error.advice.what, error.advice),))
    whole = Check("whole", "All parts are there and belong together.")
    others = (_run_check(name, check, package, context) for name, check in _CHECKS)
    return Examination(package, (whole, *others))


def check_package(package: PackageFile, context: CheckContext) -> None:
    """Raises the advice of the first check that fails.

    That is UserError DEP-012 or DEP-011 (signature), DEP-003 (not the recorded one), DEP-039 (release),
    DEP-005, DEP-015,
    EXO-030 or EXO-041 (device), DEP-008 (patient), DEP-014 (limits), DEP-026 (gait), DEP-016 (approval),
    DEP-020 or DEP-013 (dates), DEP-019 (test vectors).
    """
    for _name, check in _CHECKS:
        check(package, context)


def check_exo(package: PackageFile, keys: Mapping[str, TrustedKey], exo: ExoInfo) -> None:
    """May it go onto this very exo?

    Raises UserError DEP-039 (of an earlier version), DEP-017 (bound to another), EXO-042 (another joint),
    DEP-035 (older than what the exo kept) and, where a person may wear it, what `for_virtual_only` finds.
    """
    if package.blob.release is None:
        raise no_release("This package")
    serial = package.manifest.device_profile.serial
    if serial and serial != exo.serial:
        raise refuse(
            "DEP-017",
            f"This package is for the exo {serial}; the connected one is {exo.serial}.",
            "It was bound to one exo when it was made.",
            f"Connect {serial}, or make a package for this exo.",
        )
    if package.blob.joint is not exo.joint:
        raise refuse(
            "EXO-042",
            f"This controller turns the {package.blob.joint.place}; the connected exo turns "
            f"the {exo.joint.place}.",
            "The exo itself says at which joint it is worn.",
            f"Connect the exo that the package was made for: {package.blob.profile_id}.",
        )
    if package.blob.release.counter < exo.counter and exo.active_sha256 != package.blob.sha256:
        raise older_than_kept(package.blob.release.counter, exo.counter)
    reasons = () if exo.virtual else for_virtual_only(package, keys)
    if reasons:
        raise UserError(reasons[0])


def _run_check(
    name: str, check: Callable[[PackageFile, CheckContext], str], package: PackageFile, context: CheckContext
) -> Check:
    try:
        return Check(name, check(package, context))
    except UserError as error:
        return Check(name, error.advice.what, error.advice)


def _signed(package: PackageFile, context: CheckContext) -> str:
    signer = package.manifest.signer
    key = context.keys.get(signer.key_id)
    if signer.algorithm != ALGORITHM or key is None:
        raise refuse(
            "DEP-012",
            "This package was signed by somebody this computer does not know.",
            f"The key {signer.key_id[:32]} is not among the trusted ones. Where people have accounts, a file "
            "in keys/trusted does not make it one: somebody who may has to accept it.",
            "Make the package here, or trust the other site's key: `exotwin key trust FILE`.",
        )
    blob = package.blob
    released = key.public.accepts(package.manifest_bytes, package.signature)
    if not released or not key.public.accepts_device(blob.signed_sha256, blob.signature):
        raise refuse(
            "DEP-011",
            "The signature of this package is wrong.",
            "The package was changed after it was signed, or another key signed it.",
            "Make the package again from the signed comparison, and do not edit it.",
        )
    return f"Signed with the key {signer.key_id} ({key.kind.value})."


def _released(package: PackageFile, _context: CheckContext) -> str:
    release = package.blob.release
    if release is None:
        raise no_release("This package")
    return f"{release.purpose.value}: {release.purpose.words}. Number {release.counter}."


def _same_as_recorded(package: PackageFile, context: CheckContext) -> str:
    if context.sha256 and package.blob.sha256 != context.sha256:
        raise changed("package", "its controller is not the one in the record")
    return f"Controller {package.blob.sha256[:16]}."


def _golden(package: PackageFile, context: CheckContext) -> str:
    golden = package.blob.golden
    torque = reference_torque(package.blob.controller, golden.angle_rad, golden.velocity_rad_s)
    if torque.tobytes() != np.ascontiguousarray(golden.torque_nm).tobytes():
        raise refuse(
            "DEP-019",
            "This controller computes other numbers here than where it was made.",
            "Its test vectors are not met bit by bit.",
            "Use the version of ExoTwin that made it, or make the package again here.",
        )
    return f"{len(torque)} test vectors met bit by bit."


def _for_this_device(package: PackageFile, context: CheckContext) -> str:
    made_for = package.blob.profile_id
    if context.device_id and made_for != context.device_id:
        raise refuse(
            "DEP-005",
            f"This package was made for {made_for}, not for {context.device_id}.",
            "A controller fits only the exo it was trained with.",
            "Connect the exo it was made for, or make a package for this one.",
        )
    known = context.profile(made_for)
    if package.blob.joint is not known.joint:
        raise refuse(
            "EXO-041",
            f"This package turns the {package.blob.joint.place}; {known.name} is worn at another joint.",
            f"{known.name} turns the {known.joint.place}. A controller fits only the joint it learned with.",
            "Do not use it. Make the package again from the signed controller.",
        )
    packed = package.manifest.device_profile
    if packed.id != made_for or packed.sha256 != profile_sha256(known):
        raise refuse(
            "DEP-015",
            f"What this program knows about {made_for} is not what the package was made with.",
            "The exo's profile was changed by another version of ExoTwin.",
            "Make the package again with this version.",
        )
    serial = packed.serial or "any serial number"
    return f"For {made_for} at the {_PLACE[known.joint]}, {serial}."


def _only_tightens(package: PackageFile, context: CheckContext) -> str:
    limits, profile = package.blob.controller.limits, context.profile(package.blob.profile_id)
    first_nm = package.blob.first_session_peak_nm
    tight = _within(limits, profile.limits) and first_nm <= min(limits.peak_nm, profile.first_session_peak_nm)
    peak_nm = np.abs(package.blob.golden.torque_nm).max()
    wrong_way = _goes_beyond(package.blob.golden.torque_nm, limits)
    if not tight or wrong_way or peak_nm > np.float32(limits.peak_nm):  # the controller computes in float32
        raise refuse(
            "DEP-014",
            "The limits in this package are weaker than those of the exo.",
            f"It asks for {_words(limits, package.blob.joint)}; {profile.id} allows "
            f"{_words(profile.limits, profile.joint)}.",
            "Do not use it. Make the package again from the signed controller.",
        )
    return f"At most {_words(limits, package.blob.joint)}; first session at most {first_nm:g} N m."


def _gait(package: PackageFile, _context: CheckContext) -> str:
    if package.blob.envelope is None:
        raise no_envelope("This package")
    return package.blob.envelope.sentence(package.blob.controller.limits.hip_range_rad, package.blob.joint)


def _for_this_patient(package: PackageFile, context: CheckContext) -> str:
    tag = package.blob.subject_tag
    if not context.subject_tag:
        return f"Not asked. The tag is {tag}."
    if tag != context.subject_tag:
        raise refuse(
            "DEP-008",
            "This package belongs to another patient.",
            "The tag in the package is not this patient's tag.",
            "Open the right patient and use the package made there.",
        )
    return "The tag is this patient's."


def _approved(package: PackageFile, context: CheckContext) -> str:
    approvals = package.manifest.approvals
    if not any(approval.name and approval.meaning for approval in approvals):
        raise refuse(
            "DEP-016",
            "Nobody released this package.",
            "It holds no approval with a name and a meaning.",
            "Compare the controllers and sign, then make the package.",
        )
    return f"Released by {', '.join(map(_approver, approvals))}."


def _approver(approval: Approval) -> str:
    """With the reason of who released it in spite of the verdict."""
    name = f"{approval.name} ({approval.role})" if approval.role else approval.name
    reason = typed_reason(approval.meaning)
    return f"{name}, in spite of the verdict, because: {reason}" if reason else name


def _in_time(package: PackageFile, context: CheckContext) -> str:
    manifest = package.manifest
    if manifest.created > context.now_utc + CLOCKS_DIFFER:
        raise refuse(
            "DEP-020",
            "This package was made in the future.",
            f"It is of {manifest.created_utc}; the clock of this computer says otherwise.",
            "Set the clock of this computer, then try again.",
        )
    if context.now_utc >= manifest.expires:
        raise refuse(
            "DEP-013",
            f"This package expired on {manifest.expires:%Y-%m-%d}.",
            "A gait changes; a controller is good for three months.",
            "Start a new visit, record the patient again and train a new controller.",
        )
    return f"Made on {manifest.created:%Y-%m-%d}, good until {manifest.expires:%Y-%m-%d}."


def _within(limits: TorqueLimits, allowed: TorqueLimits) -> bool:
    try:
        return limits.tightest(allowed) == limits
    except ValueError:  # opposite directions
        return False


def _goes_beyond(torque_nm: Float32Array, limits: TorqueLimits) -> bool:
    """Whether any torque turns the way that these limits exclude."""
    low, high = limits.direction.shares()
    return bool((low == 0.0 and torque_nm.min() < 0.0) or (high == 0.0 and torque_nm.max() > 0.0))


def _words(limits: TorqueLimits, joint: JointKind) -> str:
    numbers = f"{limits.peak_nm:g} N m, {limits.rate_nm_s:g} N m/s, {np.degrees(limits.hip_range_rad):.0f}°"
    one_way = limits.direction is not TorqueDirection.BOTH
    return f"{numbers}, {limits.direction.at(joint)}" if one_way else numbers


_CHECKS: tuple[tuple[str, Callable[[PackageFile, CheckContext], str]], ...] = (
    ("signature", _signed),
    ("record", _same_as_recorded),
    ("release", _released),
    ("device", _for_this_device),
    ("patient", _for_this_patient),
    ("limits", _only_tightens),
    ("gait", _gait),
    ("approval", _approved),
    ("dates", _in_time),
    ("test vectors", _golden),
)
