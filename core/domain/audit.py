"""The audit trail: a hash chain of who did what to which controller on which exo.

The hash of an entry covers all of its fields and the hash of the previous entry, so a changed, removed, added
or moved entry breaks the chain. The head, stored separately, reveals a truncated trail.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

FIRST = "0" * 64  # what the first entry is chained to


class AuditStep(StrEnum):
    """Steps of a controller from approval to use, and removals; the values are stored in the record."""

    APPROVED = "approved"
    PACKED = "package made"
    UPLOADED = "uploaded"
    VERIFIED = "verified"
    PROVISIONAL = "on trial"  # the stored and shown word
    SELF_TEST = "self-test"
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled back"
    ARMED = "armed"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAULT = "fault"  # as the exo itself remembers it
    ORIGINAL_REMOVED = "original removed"  # a video in which heads were visible


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened. No field names the patient; the visit is a random id."""

    step: str  # an `AuditStep` as text, because a manipulated one must load to be detected
    who: str
    role: str = ""
    meaning: str = ""
    visit_id: str = ""
    record_id: str = ""
    package_sha256: str = ""  # of the controller, as the exo reports it
    device_serial: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event as a link of the chain. `on_utc` is ISO 8601, to the microsecond."""

    number: int  # 1, 2, 3, ...
    on_utc: str
    event: AuditEvent
    previous_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the trail ends."""

    length: int
    sha256: str


NO_ENTRIES = AuditHead(0, FIRST)


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first entry that breaks the chain."""

    number: int
    why: str


def entry_sha256(number: int, on_utc: str, event: AuditEvent, previous_sha256: str) -> str:
    fields = {**asdict(event), "number": number, "on_utc": on_utc, "previous_sha256": previous_sha256}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def next_entry(head: AuditHead, on_utc: str, event: AuditEvent) -> AuditEntry:
    number = head.length + 1
    digest = entry_sha256(number, on_utc, event, head.sha256)
    return AuditEntry(number, on_utc, event, head.sha256, digest)


def first_broken_link(entries: Sequence[AuditEntry], head: AuditHead) -> BrokenLink | None:
    """None when the trail is whole: `entries` in the order they are stored, `head` as it is stored."""
    before = FIRST
    for number, entry in enumerate(entries, start=1):
        if entry.number != number:
            return BrokenLink(number, f"entry {number} is missing; entry {entry.number} stands in its place")
        if entry.previous_sha256 != before:
            return BrokenLink(number, "it does not follow the entry before it")
        if entry.sha256 != entry_sha256(number, entry.on_utc, entry.event, before):
            return BrokenLink(number, "it was changed after it was written")
        before = entry.sha256
    if len(entries) < head.length:
        return BrokenLink(len(entries) + 1, f"the trail had {head.length} entries, the last ones are missing")
    if (len(entries), before) != (head.length, head.sha256):
        return BrokenLink(len(entries), "the end of the trail is not the one that was written last")
    return None
