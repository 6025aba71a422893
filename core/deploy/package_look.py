"""Looking at a package that somebody sent, before anything is done with it: `exotwin open FILE`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.deploy.checks import Check, CheckContext, Examination, examine
from core.deploy.keys.site_key import trusted_keys
from core.deploy.package import PackageFile, assistance_in, read_bytes
from core.deploy.package_text import check_lines, package_lines, printable
from core.deploy.purpose import for_virtual_only
from core.domain.package_look import LookedAt, PackageLook, PackageUse, unreadable

_VERDICTS = {
    PackageUse.NOBODY: "This package must not be used.",
    PackageUse.VIRTUAL_EXO: "This package is for a virtual exo only.",
    PackageUse.PERSON: "This package may be used.",
}
_IN_SPITE = "This package may be used only because a person released it in spite of the verdict."

_UNPROVEN = "What stands below is what the file says of itself."


def look_at(file: Path, data_dir: Path) -> PackageLook:
    """What is in a file and whether it may be used here; writes nothing. Raises UserError DEP-006, KEY-006.

    Called in a process with limits: the file may be made to do harm.
    """
    context = CheckContext(trusted_keys(data_dir), datetime.now(UTC))
    examination = examine(read_bytes(file), file.name, context)
    package = examination.package
    if package is None:
        (whole,) = examination.checks
        assert whole.advice is not None
        return unreadable(file.name, whole.advice)
    against = for_virtual_only(package, context.keys)
    use = _use(examination, bool(against))
    checks = tuple(map(_looked_at, examination.checks))
    reasons = [f"{one.why} {one.next_step} [{one.code}]" for one in against]
    if use is PackageUse.NOBODY:
        reasons = [*(f"{one.words} {one.more}" for one in checks if not one.passed), _UNPROVEN]
    told = assistance_in(package)
    in_spite = use is PackageUse.PERSON and told.needs_reason
    text = [*package_lines(package), "", *check_lines(examination, context.keys)]
    return PackageLook(
        name=printable(file.name),
        use=use,
        verdict=_IN_SPITE if in_spite else _VERDICTS[use],
        reasons=tuple(map(printable, reasons)),
        warning=told.words if told.warns else "",
        facts=tuple((name, printable(words)) for name, words in _facts(package)),
        checks=checks,
        text="\n".join(text),
    )


def _use(examination: Examination, virtual_only: bool) -> PackageUse:
    if not examination.passed:
        return PackageUse.NOBODY
    return PackageUse.VIRTUAL_EXO if virtual_only else PackageUse.PERSON


def _facts(package: PackageFile) -> list[tuple[str, str]]:
    manifest, limits = package.manifest, package.blob.controller.limits
    profile, release = manifest.device_profile, package.blob.release
    serial = f"only the one with serial number {profile.serial}" if profile.serial else "any serial number"
    synthetic = "; made from a synthetic walk" if manifest.training.synthetic else ""
    purpose = "not stated" if release is None else f"{release.purpose.words} ({release.purpose.value})"
    return [
        ("For whom", f"the patient with the tag {package.blob.subject_tag}{synthetic}"),
        ("For which exo", f"{profile.id}, {serial}; it turns the {package.blob.joint.place}"),
        ("Released", purpose),
        *(
            ("By", f"{one.name or 'nobody'}{f', {one.role}' if one.role else ''}")
            for one in manifest.approvals
        ),
        (
            "At most",
            f"{limits.peak_nm:g} N m; {package.blob.first_session_peak_nm:g} N m in the first session",
        ),
        ("Made", f"{manifest.created:%Y-%m-%d} by ExoTwin {manifest.app_version}"),
        ("Good until", f"{manifest.expires:%Y-%m-%d}"),
        ("In simulation", assistance_in(package).words),
    ]


def _looked_at(check: Check) -> LookedAt:
    advice = check.advice
    more = "" if advice is None else f"{advice.why} {advice.next_step} [{advice.code}]"
    return LookedAt(check.passed, check.name, printable(check.words), printable(more))
