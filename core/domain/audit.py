"""The trail: one hash chain of who did what to which controller, and of every row that the record writes.

The hash of an entry covers all of its fields and the hash of the previous entry, so a changed, removed, added
or moved entry breaks the chain. The head, stored separately, reveals a truncated trail.

An entry about a row (`about`) holds the hash of the row's content, not the content itself: what a patient may
have erased must not live on in the trail. The hash is salted for the same reason, because few letters and a
year of birth could be guessed; the salt lies beside the entry and is erased with the content.

People type the words of an entry about a visit (`meaning`, `detail`). They are covered in the same way: the
hash of the entry holds their salted hash. When the visit is erased, words and salt go, and the chain stays.
Entries that were written before this was so hold their words in their own hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FIRST = "0" * 64  # what the first entry is chained to
PRINTED = 16  # characters of a hash on paper


_WORDS = ("meaning", "detail")
_LATER_FIELDS = ("about", "content_sha256")  # not in the hash of entries that were written without them


class AuditStep(StrEnum):
    """Steps of a controller, removals, and what happens to rows; the values are stored in the record."""

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
    PATIENT_ERASED = "patient erased"  # the rows that are gone with it follow, each as ROW_ERASED
    TRAIL_SIGNED = "trail signed"  # up to and with this entry, by the site's key
    TRAIL_ON_EXO = "trail noted on exo"  # an exo keeps where the trail stood before this entry
    RESTORED = "restore explained"  # why the record lacks ends that were signed
    CLOCK_DOUBTED = "clock doubted"
    CLOCK_CONFIRMED = "clock confirmed"  # by a person, with a reason
    ROW_WRITTEN = "written"
    ROW_CHANGED = "changed"
    ROW_FOUND = "found"  # of an earlier version: covered from here on
    ROW_ERASED = "erased"  # gone, or what is left of it has this content


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
    about: str = ""  # the row, as `table:key`; "" of events that are about no row
    content_sha256: str = ""  # of that row, see `content_sha256`; "" when it is gone. Of no row: of the words

    @property
    def words_covered(self) -> bool:
        """Whether the words can be erased without breaking the chain."""
        return not self.about and bool(self.content_sha256)

    @property
    def has_words(self) -> bool:
        return bool(self.meaning or self.detail)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event as a link of the chain. `on_utc` is ISO 8601, to the microsecond."""

    number: int  # 1, 2, 3, ...
    on_utc: str
    event: AuditEvent
    previous_sha256: str
    sha256: str
    salt: str = ""  # of the content; outside the chain, erased with the content


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the trail ends."""

    length: int
    sha256: str

    @property
    def short(self) -> str:
        """As it stands on paper, and as `audit verify --printed` takes it."""
        return f"{self.length}:{self.sha256[:PRINTED]}"

    @property
    def printed_words(self) -> str:
        """For the foot of a report: who rewrites the record cannot rewrite that. "" of an empty trail."""
        if self.length < 1:
            return ""
        return f"Record {self.short}, for exotwin audit verify --printed"

    @staticmethod
    def of_short(text: str) -> AuditHead | None:
        """What stands on paper, with the beginning of the hash only; None of anything else."""
        found = re.fullmatch(rf"(\d{{1,9}}):([0-9a-f]{{{PRINTED}}})", text.strip().lower())
        return None if found is None else AuditHead(int(found[1]), found[2])


NO_ENTRIES = AuditHead(0, FIRST)


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first entry that breaks the chain."""

    number: int
    why: str


def entry_sha256(number: int, on_utc: str, event: AuditEvent, previous_sha256: str) -> str:
    said = {name: value for name, value in asdict(event).items() if value or name not in _LATER_FIELDS}
    if event.words_covered:
        said = {name: value for name, value in said.items() if name not in _WORDS}
    fields = {**said, "number": number, "on_utc": on_utc, "previous_sha256": previous_sha256}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def content_sha256(row: Mapping[str, Any], salt: str) -> str:
    """Hash of a row as the database keeps it.

    Columns without a value do not count, so that a column that a later version adds, empty or NULL in older
    rows, does not change them. A value that is taken away does change the row.
    """
    said = {name: value for name, value in row.items() if value is not None and value != ""}
    text = json.dumps(said, sort_keys=True, default=lambda value: f"bytes {bytes(value).hex()}")
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def words_sha256(event: AuditEvent, salt: str) -> str:
    """Hash of what people typed."""
    return content_sha256({name: getattr(event, name) for name in _WORDS}, salt)


def next_entry(head: AuditHead, on_utc: str, event: AuditEvent, salt: str = "") -> AuditEntry:
    number = head.length + 1
    digest = entry_sha256(number, on_utc, event, head.sha256)
    return AuditEntry(number, on_utc, event, head.sha256, digest, salt)


def first_broken_link(entries: Sequence[AuditEntry], head: AuditHead) -> BrokenLink | None:
    """None when the trail is whole: `entries` in the order they are stored, `head` as it is stored."""
    before = FIRST
    erased = {entry.event.about for entry in entries if entry.event.step == AuditStep.ROW_ERASED}
    for number, entry in enumerate(entries, start=1):
        if entry.number != number:
            return BrokenLink(number, f"entry {number} is missing; entry {entry.number} stands in its place")
        if entry.previous_sha256 != before:
            return BrokenLink(number, "it does not follow the entry before it")
        if entry.sha256 != entry_sha256(number, entry.on_utc, entry.event, before):
            return BrokenLink(number, "it was changed after it was written")
        if entry.event.words_covered and _words_are_wrong(entry, erased):
            return BrokenLink(number, "its words were changed or taken away after it was written")
        before = entry.sha256
    if len(entries) < head.length:
        return BrokenLink(len(entries) + 1, f"the trail had {head.length} entries, the last ones are missing")
    if (len(entries), before) != (head.length, head.sha256):
        return BrokenLink(len(entries), "the end of the trail is not the one that was written last")
    return None


def _words_are_wrong(entry: AuditEntry, erased: Set[str]) -> bool:
    """They are as written; of a visit that was erased, they may be gone."""
    if entry.salt:
        return words_sha256(entry.event, entry.salt) != entry.event.content_sha256
    return entry.event.has_words or f"visit:{entry.event.visit_id}" not in erased
