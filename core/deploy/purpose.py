"""May a person wear this controller? Every reason against it; what has one is for a virtual exo only."""

from __future__ import annotations

from collections.abc import Mapping

from core.deploy.keys.site_key import KeyKind, TrustedKey
from core.deploy.package import OF_NOBODY, PackageFile, assistance_in
from core.domain.assistance import Assistance
from core.domain.controller import unattended
from core.domain.release import Purpose, is_proven, purpose_in, typed_reason
from core.errors import Advice

_VIRTUAL_ONLY = "This package may only go onto a virtual exo."
NOT_PROVEN = Advice(
    _VIRTUAL_ONLY,
    "Whoever released it for a person typed a name, and did not prove it: nobody has an account here.",
    "Make accounts on the People page, sign anew on the Compare page, then pack the controller again.",
    "DEP-044",
)


def for_virtual_only(package: PackageFile, keys: Mapping[str, TrustedKey]) -> tuple[Advice, ...]:
    """Every reason against an exo that a person wears; empty when the package may go there."""
    key = keys.get(package.manifest.signer.key_id)
    found: list[Advice] = []
    if package.manifest.training.synthetic:
        found.append(OF_NOBODY)
    approvals = (one for one in package.manifest.approvals if one.name and one.meaning)
    by_people = [one for one in approvals if not unattended(one.name)]
    declared = [one for one in by_people if purpose_in(one.meaning) is Purpose.SUPERVISED_HUMAN]
    if not by_people:
        found.append(_unattended())
    elif not declared:
        found.append(_for_nobody())
    elif not any(one.role.strip() for one in declared):
        found.append(_without_role())
    elif not any(is_proven(one.meaning) for one in declared if one.role.strip()):
        found.append(NOT_PROVEN)
    elif assistance_in(package).needs_reason and not any(typed_reason(one.meaning) for one in declared):
        found.append(_without_reason(assistance_in(package)))
    if key is not None and key.kind is KeyKind.PRACTICE:
        found.append(_practised())
    release = package.blob.release
    if not found and (release is None or release.purpose is not Purpose.SUPERVISED_HUMAN):
        found.append(_packed_for_nobody())
    return tuple(found)


def _for_nobody() -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        "Whoever signed its comparison released it for a virtual exo only.",
        "Sign anew for supervised walks on the Compare page, then pack the controller again.",
        "DEP-040",
    )


def _without_role() -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        "Whoever released it for a person gave no role.",
        "Sign anew with name and role on the Compare page, then pack the controller again.",
        "DEP-041",
    )


def _packed_for_nobody() -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        "It was packed for a virtual exo.",
        "Connect the exo that the person wears, choose it on the Deploy page, then pack it again.",
        "DEP-033",
    )


def _unattended() -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        "No person released it: it was packed by a session without a screen, for its virtual exo.",
        "Sign the comparison on the Compare page, then pack the controller on the Deploy page.",
        "DEP-024",
    )


def _without_reason(assistance: Assistance) -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        f"{assistance.words} Nobody gave a reason to release it all the same.",
        "Train again for longer, or sign the comparison with a reason on the Compare page and pack it again.",
        "DEP-030",
    )


def _practised() -> Advice:
    return Advice(
        _VIRTUAL_ONLY,
        "It was signed with the practice key, which nobody guards: this computer has no site key yet.",
        "Make the site's key with `exotwin key make --file`, then pack the controller again.",
        "DEP-018",
    )
