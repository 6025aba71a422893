"""Whether the record was rewritten: the trail, every row, signed ends, packages and what an exo remembers.

What finds what: a changed, added or removed row is found by its entry in the trail, a changed trail by its
chain. Who rebuilds the whole chain is found by the ends that the site's key signed and by signed packages,
and who removes these too by the ends that an exo keeps, or that stand on printed reports. What came after
the newest of all of these cannot be proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.deploy.audit_anchor import first_contradiction, signed_manifests
from core.deploy.keys.site_key import trusted_keys
from core.deploy.restored import agrees, explained
from core.deploy.signed_heads import SignedHead, SignedHeads, file_name, signed_heads
from core.domain.audit import AuditEntry, AuditHead, AuditStep, BrokenLink
from core.domain.record import RecordKind
from core.store.repository import Store
from core.store.trail_check import RowFault, TrailCheck


@dataclass(frozen=True, slots=True)
class TrailReport:
    """What was compared and what was found."""

    check: TrailCheck
    broken: BrokenLink | None  # of the chain, or where it contradicts what was signed
    faults: tuple[RowFault, ...]  # rows and files
    signed: int  # ends of the trail
    packages: int
    covered: int  # entries that the newest signature covers
    explained: int  # ends of a record before a restored backup
    on_exo: int | None = None  # ends that an exo keeps; None: none was asked

    @property
    def whole(self) -> bool:
        return self.broken is None and not self.faults


def examine_trail(store: Store) -> TrailReport:
    """Compare everything in the data folder."""
    check = store.check_trail()
    entries, keys = check.entries, trusted_keys(store.data_dir)
    heads = signed_heads(store.data_dir, keys)
    store.bring_all(RecordKind.PACKAGE)
    manifests = list(signed_manifests(store.data_dir, keys))
    known = explained(store, entries)
    open_heads = [head for head in heads.good if head.head.short not in known]
    open_manifests = [manifest for manifest in manifests if manifest.audit.short not in known]
    signed_end = _contradicted(entries, open_heads) or first_contradiction(entries, open_manifests)
    faults = (*check.faults, *_missing_heads(entries, heads), *_package_files(store))
    ends = [head.head for head in heads.good] + [manifest.audit for manifest in manifests]
    covered = max((head.length for head in ends if agrees(entries, head)), default=0)
    broken = check.broken or signed_end
    return TrailReport(check, broken, faults, len(heads.good), len(manifests), covered, len(known))


def signed_ends(store: Store) -> tuple[AuditHead, ...]:
    """Every end of the trail that a signature in the data folder states."""
    keys = trusted_keys(store.data_dir)
    store.bring_all(RecordKind.PACKAGE)
    manifests = (manifest.audit for manifest in signed_manifests(store.data_dir, keys))
    heads = (head.head for head in signed_heads(store.data_dir, keys).good)
    return tuple(head for head in (*heads, *manifests) if head.length > 0)


def contradicted(entries: Sequence[AuditEntry], heads: Iterable[AuditHead]) -> AuditHead | None:
    """The earliest of these ends that the trail does not have; None when it has all of them."""
    lost = (head for head in heads if not agrees(entries, head))
    return min(lost, key=lambda head: head.length, default=None)


def _contradicted(entries: Sequence[AuditEntry], heads: Sequence[SignedHead]) -> BrokenLink | None:
    found = contradicted(entries, [head.head for head in heads])
    if found is None:
        return None
    signed = next(head for head in heads if head.head == found)
    return BrokenLink(
        found.length,
        f"the end that was signed on {signed.utc} ({signed.occasion}) is another one: the record was "
        "rewritten, or an older backup was restored",
    )


def _missing_heads(entries: Sequence[AuditEntry], heads: SignedHeads) -> Iterator[RowFault]:
    for name in heads.bad:
        yield RowFault(f"trail/{name}", "it is damaged, or no key that counts here has signed it")
    there = {head.head for head in heads.good}
    for entry in entries:
        end = AuditHead(entry.number, entry.sha256)
        if entry.event.step == AuditStep.TRAIL_SIGNED and end not in there:
            yield RowFault(f"trail/{file_name(end)}", "the signed end is missing", entry.number)


def _package_files(store: Store) -> Iterator[RowFault]:
    for record in store.stored_records():
        if record.name.startswith(f"{RecordKind.PACKAGE}/"):
            for fault in store.faults_of(record):
                yield RowFault(fault.about, f"{fault.sentence[0].lower()}{fault.sentence[1:].rstrip('.')}")
