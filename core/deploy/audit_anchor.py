"""Signed packages anchor the audit trail: each holds the hash of the newest entry at the time of signing.

An attacker with write access to the database can drop its triggers and build a new, consistent chain. Without
the site's private key that chain cannot agree with the packages that were signed along the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from core.deploy.keys.site_key import KeyKind, TrustedKey
from core.deploy.manifest import Manifest
from core.deploy.package import SUFFIX, read_package
from core.domain.audit import AuditEntry, BrokenLink
from core.errors import UserError


def signed_manifests(data_dir: Path, keys: Mapping[str, TrustedKey]) -> Iterator[Manifest]:
    """Manifests of the package files in the record with a trusted signature. Unreadable files are skipped."""
    for path in sorted((data_dir / "records" / "package").glob(f"*/*{SUFFIX}")):
        try:
            package = read_package(path)
        except UserError:
            continue
        key = keys.get(package.manifest.signer.key_id)
        if key is None or key.kind is KeyKind.PRACTICE:
            continue
        if key.public.accepts(package.manifest_bytes, package.signature):
            yield package.manifest


def first_contradiction(entries: Sequence[AuditEntry], manifests: Iterable[Manifest]) -> BrokenLink | None:
    """The earliest entry that contradicts a signed package; None when all agree."""
    contradicting = [manifest for manifest in manifests if not _agrees(entries, manifest)]
    if not contradicting:
        return None
    earliest = min(contradicting, key=lambda manifest: manifest.audit.length)
    return BrokenLink(
        earliest.audit.length,
        f"the package of {earliest.created_utc} was signed over another entry: the record was rewritten, or "
        "an older backup was restored",
    )


def _agrees(entries: Sequence[AuditEntry], manifest: Manifest) -> bool:
    length = manifest.audit.length
    if length < 1:
        return True
    return length <= len(entries) and entries[length - 1].sha256 == manifest.audit.sha256
