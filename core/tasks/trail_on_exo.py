"""The exo keeps where the trail stood: whoever rewrites the record cannot rewrite that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.restored import explained
from core.deploy.trail_report import contradicted
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import TRAIL_HASH_BYTES, TRAIL_TAG_BYTES, TrailNote
from core.domain.audit import AuditEntry, AuditHead, AuditStep
from core.errors import UserError
from core.store.repository import Store
from core.store.trail_check import RowFault
from core.tasks.audit_trail import Trail

_ABOUT = "the trail of this data folder"
OTHER_TRAIL = (
    "The exo remembers another record of this data folder: it was rewritten, or an older backup was "
    "restored. `exotwin audit verify --exo ADDRESS` says more."
)


def trail_tag(data_dir: Path) -> bytes:
    """By which an exo that serves several PCs tells their trails apart; names nobody."""
    return bytes.fromhex(subject_tag(site_secret(data_dir), _ABOUT))[:TRAIL_TAG_BYTES]


def tell_exo(store: Store, link: ExoLink, trail: Trail) -> str:
    """Let the exo keep the end of the trail; a sentence where it remembers another trail, else "".

    Nothing here keeps a person from walking: an exo that cannot do it, or does not answer, is passed over.
    """
    head = store.audit_head()
    if head.length < 1:
        return ""
    told = bytes.fromhex(head.sha256)[:TRAIL_HASH_BYTES]
    try:
        kept, newest = link.keep_trail(TrailNote(trail_tag(store.data_dir), head.length, told))
    except UserError:
        return ""
    if kept:
        trail.note(AuditStep.TRAIL_ON_EXO, f"{head.length} entries, {head.sha256[:16]}")
        return ""
    entries = store.trail()
    if newest.length == 0 or contradicted(entries, _unexplained(store, entries, [head_of(newest)])) is None:
        return ""
    trail.note(AuditStep.REFUSED, OTHER_TRAIL)
    return OTHER_TRAIL


def head_of(note: TrailNote) -> AuditHead:
    """With the beginning of the hash only."""
    return AuditHead(note.length, note.hash.hex())


def exo_ends(store: Store, link: ExoLink) -> tuple[AuditHead, ...]:
    """The ends of this trail that an exo keeps, oldest first."""
    tag = trail_tag(store.data_dir)
    return tuple(head_of(note) for note in link.trail() if note.tag == tag)


def _unexplained(store: Store, entries: Sequence[AuditEntry], heads: Sequence[AuditHead]) -> list[AuditHead]:
    known = explained(store, entries)
    return [head for head in heads if head.short not in known]


def exo_faults(store: Store, link: ExoLink) -> tuple[int, tuple[RowFault, ...]]:
    """How many ends of this trail an exo keeps, and where the record contradicts them."""
    serial, heads, entries = link.info().serial, exo_ends(store, link), store.trail()
    found = contradicted(entries, _unexplained(store, entries, heads))
    if found is not None:
        why = f"it keeps another end for entry {found.length}: the record was rewritten, or an older backup "
        return len(heads), (RowFault(f"exo:{serial}", f"{why}was restored", found.length),)
    told = [entry for entry in entries if _told(entry, serial)]
    if told and not heads:
        why = f"it keeps no end of this trail, though it was given {len(told)}"
        return 0, (RowFault(f"exo:{serial}", why, told[-1].number),)
    return len(heads), ()


def _told(entry: AuditEntry, serial: str) -> bool:
    return entry.event.step == AuditStep.TRAIL_ON_EXO and entry.event.device_serial == serial
