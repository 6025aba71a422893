"""Signed packages hold the audit trail fast: each names the entry that was the last when it was signed.

Who can write to the database can drop its triggers and make a new chain that is whole in itself. Without the
site's private key he cannot make it agree with the packages that were signed along the way.
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
    """Of every package file in the record that this site signed. What cannot be read says nothing."""
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


def first_disowned(entries: Sequence[AuditEntry], manifests: Iterable[Manifest]) -> BrokenLink | None:
    """The earliest entry that a signed package knows otherwise; None when all agree."""
    disowned = [manifest for manifest in manifests if not _agrees(entries, manifest)]
    if not disowned:
        return None
    earliest = min(disowned, key=lambda manifest: manifest.audit.length)
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
