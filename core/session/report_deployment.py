"""Signature, package, exo and walk in the report, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.domain.controller import Deployment, Package
from core.domain.declarations import NOBODY
from core.domain.exo_walk import ExoWalk
from core.domain.record import Decision, Verdict
from core.domain.release import Purpose, typed_reason


def deployment_lines(
    decisions: Iterable[Decision],
    package: Package | None,
    deployment: Deployment | None,
    walk: ExoWalk | None,
) -> tuple[tuple[str, str], ...]:
    """Name and words of each line, of the newest of everything; without what the visit lacks."""
    lines = []
    signed = [decision for decision in decisions if decision.verdict is Verdict.SIGNED]
    if signed:
        role = f" ({signed[-1].role})" if signed[-1].role else ""
        lines.append(("Approved", f"{signed[-1].by}{role}, {day_words(signed[-1].on_utc)}"))
        reason = typed_reason(signed[-1].reason)
        lines += [("Reason", reason)] if reason else []
    if package is not None:
        if package.envelope is not None:
            lines.append(("Person's gait", package.gait_sentence))
        lines += _release_lines(package)
        lines.append(("Package SHA-256", package.sha256))
    if deployment is not None:
        lines += _exo_lines(deployment)
        if package is not None and deployment.package_sha256 != package.sha256:
            version = f", version {deployment.version}" if deployment.version else ""
            lines.append(
                ("Exo runs", f"an earlier package{version}, SHA-256 {deployment.package_sha256[:16]}…")
            )
    if walk is not None:
        lines += _walk_lines(walk)
    return tuple(lines)


def _release_lines(package: Package) -> list[tuple[str, str]]:
    """For whom, which exo, until when, and its number; not of packages by earlier versions."""
    if not package.purpose:
        return []
    exo = f"exo {package.serial} alone" if package.serial else "any virtual exo of its kind"
    words = Purpose(package.purpose).words
    return [
        ("Released", words),
        ("Good for", f"{exo}, until {package.expires_utc[:10]}, number {package.counter}"),
    ]


def _exo_lines(deployment: Deployment) -> list[tuple[str, str]]:
    kind, where = ("virtual exo", f", {NOBODY}") if deployment.virtual else ("exo", "")
    kept_by = deployment.kept_by
    state = deployment.handover.value
    if kept_by is not None:
        state += f" by {kept_by.name} ({kept_by.role})"
    return [
        ("Device", f"{kind} {deployment.device_serial}{where}"),
        ("Read back", "equal to what was signed" if deployment.equal else "DIFFERS from what was signed"),
        ("Controller", state),
    ]


def _walk_lines(walk: ExoWalk) -> list[tuple[str, str]]:
    """Strides, and delivered against predicted torque."""
    strides = f"{walk.strides[0]} + {walk.strides[1]} {walk.strides_word}, at most {walk.limit_nm:g} N·m"
    name = "Virtual walk" if walk.virtual else "Walk with exo"
    lines = [(name, f"{strides}; nobody walked" if walk.virtual else strides)]
    if walk.match.known:
        (left_r, right_r), (left, right) = walk.match.correlation, walk.match.rmse_nm_kg
        words = f"r {left_r:.2f} / {right_r:.2f}, {left:.3f} / {right:.3f} N·m/kg"
        lines.append(("As predicted", words))
    return lines


def day_words(moment: datetime) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day} {months[moment.month - 1]} {moment.year}"
