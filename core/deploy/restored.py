"""An older backup was restored: a person explains it once, and the site's key signs the explanation.

What was signed after that backup contradicts the record for good, as if somebody had rewritten it. An
explanation names these ends in what the site's key signs for this alone: an entry that somebody forged does
not become one when the trail is signed later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import KeyKind, trusted_keys
from core.deploy.signed_heads import sign_head, signed_heads
from core.domain.audit import AuditEntry, AuditEvent, AuditHead, AuditStep
from core.domain.people import Action
from core.errors import refuse
from core.store.people import RECORD
from core.store.repository import Store

EXPLAINED = "restore explained, without "


def agrees(entries: Sequence[AuditEntry], head: AuditHead) -> bool:
    """Whether the trail has this end; of what an exo or paper keeps only the beginning of the hash counts."""
    there = 1 <= head.length <= len(entries)
    return there and bool(head.sha256) and entries[head.length - 1].sha256.startswith(head.sha256)


def explained(store: Store, entries: Sequence[AuditEntry]) -> frozenset[str]:
    """Ends of the record before a restored backup, in short form, as a person had them signed."""
    heads = signed_heads(store.data_dir, trusted_keys(store.data_dir)).good
    told = [head.occasion for head in heads if agrees(entries, head.head)]
    said = [words for words in told if words.startswith(EXPLAINED)]
    return frozenset(short for words in said for short in re.findall(r"\b\d+:[0-9a-f]{16}\b", words))


def explain_restore(store: Store, key: PrivateKey, ends: Iterable[AuditHead], by: str, reason: str) -> int:
    """Keep that a backup was restored, and why; returns how many of `ends` contradict the record.

    Refuses REC-043 without a name and a reason, REC-044 where nothing contradicts it, REC-045 with a key that
    proves nothing, and PPL-001 to PPL-003 where people have accounts.
    """
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    by, reason = (by if person is None else person.name).strip(), reason.strip()
    if not by or not reason:
        raise refuse(
            "REC-043",
            "The restored backup was not explained.",
            "Who explains it stands for it by name and with a reason.",
            "Give both.",
        )
    entries = store.trail()
    known = explained(store, entries)
    lost = sorted({head.short for head in ends if not agrees(entries, head)} - known)
    if not lost:
        raise refuse(
            "REC-044",
            "There is nothing to explain.",
            "No signed end, package or exo that was looked at contradicts the record.",
            "Name the exo with --exo where one does.",
        )
    _check_key(store, key)
    store.audit(AuditEvent(AuditStep.RESTORED, by, detail=reason))
    sign_head(store, key, f"{EXPLAINED}{', '.join(lost)}", by)
    return len(lost)


def _check_key(store: Store, key: PrivateKey) -> None:
    known = trusted_keys(store.data_dir).get(key.public.key_id)
    if known is None or known.kind is not KeyKind.SITE:
        raise refuse(
            "REC-045",
            "The restored backup was not explained.",
            "Only this site's own key can sign for it.",
            "Sign in where the key was made, or type its passphrase.",
        )
