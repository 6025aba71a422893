"""A controller package as text: for the terminal, and to be copied from its window."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.deploy.checks import Check, Examination
from core.deploy.keys.site_key import TrustedKey
from core.deploy.manifest import Acceptance, Approval, Manifest
from core.deploy.package import PackageFile, assistance_in
from core.deploy.purpose import for_virtual_only
from core.domain.body import SIDES, JointKind
from core.domain.gait_envelope import GaitEnvelope, degrees_text
from core.domain.walk_numbers import estimate_values

_NAME_WIDTH = 14


def package_lines(package: PackageFile) -> list[str]:
    """What is in the package; whether it may be used is another question."""
    manifest, limits = package.manifest, package.blob.controller.limits
    profile = manifest.device_profile
    facts = [
        ("Package", f"{manifest.package_id}, version {manifest.version}"),
        ("Made", f"{manifest.created_utc} by ExoTwin {manifest.app_version}"),
        ("Good until", manifest.expires_utc),
        ("Released", _released(package)),
        ("Exo", f"{profile.id}, {f'serial {profile.serial}' if profile.serial else 'any serial number'}"),
        ("Patient tag", package.blob.subject_tag),
        ("Turns", f"the {package.blob.joint.place}, {limits.direction.at(package.blob.joint)}"),
        ("Limits", f"{limits.peak_nm:g} N m, {limits.rate_nm_s:g} N m/s, {_degrees(limits.hip_range_rad)}"),
        *_gait(package.blob.envelope, limits.hip_range_rad, package.blob.joint),
        ("First session", f"at most {package.blob.first_session_peak_nm:g} N m"),
        ("Network", _network(package)),
        ("Inputs", _inputs(manifest)),
        (
            "Test vectors",
            f"{len(package.blob.golden.torque_nm)} ticks, {package.blob.golden.outputs_sha256[:16]}",
        ),
        ("Simulated", _acceptance(manifest)),
        ("Walking", assistance_in(package).words),
        *(("Released by", _approval(approval)) for approval in manifest.approvals),
        ("Signed with", f"{manifest.signer.algorithm} key {manifest.signer.key_id}"),
        ("For the exo", f"controller {package.blob.sha256[:16]}, signed with key {package.blob.key_id}"),
        ("Fingerprint", package.manifest_sha256),
        ("Package before", manifest.previous_sha256 or "none"),
        *(("Made from", f"{one.kind} {one.sha256[:16]}") for one in manifest.training.records),
    ]
    return [printable(f"{name:<{_NAME_WIDTH}} {words}") for name, words in facts]


def _released(package: PackageFile) -> str:
    release = package.blob.release
    if release is None:
        return "an earlier version of ExoTwin did not say for whom; no exo takes it"
    return f"{release.purpose.words} ({release.purpose.value}); number {release.counter}"


def check_lines(examination: Examination, keys: Mapping[str, TrustedKey]) -> list[str]:
    """Every check, then whether the package may be used, by whom, and what it does to walking."""
    lines = []
    for check in examination.checks:
        lines.append(f"{'passed' if check.passed else 'FAILED'}  {check.name:<12} {check.words}")
        if check.advice is not None:
            lines.append(f"{'':21}{check.advice.why} {check.advice.next_step} [{check.advice.code}]")
    return [printable(line) for line in (*lines, *_verdict_lines(examination, keys))]


def _verdict_lines(examination: Examination, keys: Mapping[str, TrustedKey]) -> list[str]:
    package = examination.package
    if package is None or not examination.passed:
        return ["This package must not be used."]
    reasons = for_virtual_only(package, keys)
    lines = ["This package is for a virtual exo only." if reasons else _may_be_used(package)]
    lines += [f"{one.why} {one.next_step} [{one.code}]" for one in reasons]
    told = assistance_in(package)
    return [*lines, f"{'WARNING  ' if told.warns else ''}{told.words}"]


def _may_be_used(package: PackageFile) -> str:
    """Never without what stands against it."""
    if not assistance_in(package).needs_reason:
        return "This package may be used."
    return "This package may be used only because a person released it in spite of the verdict:"


def use_values(examination: Examination, keys: Mapping[str, TrustedKey]) -> dict[str, object]:
    """What `check_lines` says after the checks, for programs; nothing of a package that cannot be read."""
    package = examination.package
    if package is None:
        return {}
    found = assistance_in(package)
    return {
        "release": _release_values(package),
        "virtual_exo_only": [advice.code for advice in for_virtual_only(package, keys)],
        "metabolic_ratio": None if found.cost is None else estimate_values(found.cost.estimate),
        "effort_ratio": found.effort_ratio,
        "makes_walking_harder": found.harder if found.known else None,
        "work_against_the_leg": found.against,
        "assistance": found.words,
    }


def _release_values(package: PackageFile) -> dict[str, object] | None:
    release = package.blob.release
    if release is None:
        return None
    expires_utc = package.manifest.expires_utc
    told = {"purpose": release.purpose.value, "serial": release.serial, "counter": release.counter}
    return {**told, "expires_utc": expires_utc}


def check_values(check: Check) -> dict[str, object]:
    advice = check.advice
    values: dict[str, object] = {"name": check.name, "passed": check.passed, "words": check.words}
    if advice is not None:
        values |= {"code": advice.code, "why": advice.why, "next_step": advice.next_step}
    return values


def printable(line: str) -> str:
    """The text is not verified yet: it must not hold control sequences for the terminal."""
    return "".join(character if character.isprintable() else "?" for character in line)


def _network(package: PackageFile) -> str:
    controller = package.blob.controller
    sizes = "-".join(str(size) for size in controller.sizes)
    kind = "temporal, " if controller.taps else ""
    return f"{kind}{sizes}, {controller.network.activation}, {len(package.device_bytes)} bytes"


def _inputs(manifest: Manifest) -> str:
    names = ", ".join(signal.name for signal in manifest.inputs.signals)
    return f"{names}; now to {max(manifest.inputs.history_ms, default=0)} ms ago"


def _gait(envelope: GaitEnvelope | None, hip_range_rad: float, joint: JointKind) -> list[tuple[str, str]]:
    """When the exo gives nothing, and the numbers that it reads; SAFETY.md of the core has its margins."""
    if envelope is None:
        return [("Gait", "no limits of the person's gait: no exo takes it")]
    part = "ankle" if joint is JointKind.ANKLE else "thigh"
    lines = [("Gait", envelope.sentence(hip_range_rad, joint))]
    for number, side in enumerate(SIDES):
        swing = _range(envelope.rom_low_rad[number], envelope.rom_high_rad[number])
        stride = _range(envelope.stride_low_rad[number], envelope.stride_high_rad[number])
        lines.append((f"{side.capitalize()} {part}", f"{swing}; a usual stride swings {stride}"))
    seen = _range(envelope.angle_low_rad, envelope.angle_high_rad)
    speed = f"{envelope.speed_low_rad_s:.1f} to {envelope.speed_high_rad_s:.1f} rad/s"
    power = f"{envelope.power_low_w:.1f} to {envelope.power_high_w:.1f} W, mean of a stride of one side"
    facts = [*lines, ("Network saw", f"{seen}, {speed}"), ("Exo's power", power)]
    return [(name, words.replace("-", "\u2212")) for name, words in facts]


def _range(low_rad: float, high_rad: float) -> str:
    low, high = degrees_text(low_rad), degrees_text(high_rad)
    return low if low == high else f"{low} to {high}"


def _acceptance(manifest: Manifest) -> str:
    acceptance = manifest.acceptance
    facts = [f"test vectors reach {acceptance.golden_peak_nm:.1f} N m"]
    if acceptance.simulated_peak_nm is not None:
        facts.append(f"walking reaches {acceptance.simulated_peak_nm:.1f} N m")
    facts += _walk_facts(acceptance)
    if acceptance.falls_per_minute is not None:
        facts.append(f"{acceptance.falls_per_minute:.1f} falls a minute")
    return ", ".join(facts)


def _walk_facts(acceptance: Acceptance) -> list[str]:
    """Shares of walking without the exo; joint effort where nothing else is known."""
    shares = (
        ("metabolic rate by Umberger 2010", acceptance.metabolic_ratio_umberger),
        ("by Bhargava 2004", acceptance.metabolic_ratio_bhargava),
        ("muscle activation", acceptance.activation_ratio),
        ("positive joint power", acceptance.positive_power_ratio),
    )
    told = [f"{name} {share:.0%}" for name, share in shares if share is not None]
    if told:
        return [f"{', '.join(told)} of that without exo"]
    if acceptance.effort_ratio is None:
        return []
    return [f"joint effort at the end of training {acceptance.effort_ratio:.0%} of that without exo"]


def _approval(approval: Approval) -> str:
    role = f" ({approval.role})" if approval.role else ""
    return f"{approval.utc} by {approval.name}{role}: {approval.meaning}"


def _degrees(radians: float) -> str:
    return f"{math.degrees(radians):.0f}°"
