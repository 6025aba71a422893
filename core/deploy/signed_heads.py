"""Ends of the trail that the site's key signed, as files beside the database: `trail/NUMBER-HASH.json`.

An attacker who can write to the data folder can build a new, consistent trail, but cannot make it agree with
what was signed along the way. What came after the newest signature is not covered by it. A practice key signs
nothing here: its private half lies in the same folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import (
    KeyKind,
    TrustedKey,
    passphrase_of_environment,
    signing_key,
    site_public_key,
    trusted_keys,
)
from core.domain.audit import AuditEvent, AuditHead, AuditStep
from core.errors import UserError
from core.store.files import folder_errors
from core.store.repository import Store
from core.vault.key_store import system_key_store
from core.vault.private_file import create_once

FOLDER = "trail"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """Where the trail ended when somebody signed."""

    length: int
    sha256: str
    utc: str
    occasion: str
    key_id: str
    signature: str  # hex, of all the others

    @property
    def head(self) -> AuditHead:
        return AuditHead(self.length, self.sha256)

    @property
    def digest(self) -> bytes:
        said = {name: value for name, value in asdict(self).items() if name != "signature"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


@dataclass(frozen=True, slots=True)
class SignedHeads:
    """Those that count, and the names of files that cannot be what ExoTwin wrote."""

    good: tuple[SignedHead, ...]
    bad: tuple[str, ...]


def sign_head(store: Store, key: PrivateKey, occasion: str, who: str) -> SignedHead | None:
    """Sign the trail up to a new entry that says so; None with a practice key, which proves nothing.

    Raises UserError REC-003 and REC-006 when the disk does not keep it.
    """
    key_id = key.public.key_id
    known = trusted_keys(store.data_dir).get(key_id)
    if known is None or known.kind is KeyKind.PRACTICE:
        return None
    entry = store.audit(AuditEvent(AuditStep.TRAIL_SIGNED, who, detail=f"{occasion}, key {key_id}"))
    utc = datetime.now(UTC).isoformat(timespec="seconds")
    head = SignedHead(entry.number, entry.sha256, utc, occasion, key_id, "")
    signature = key.sign_trail(head.digest).hex()
    signed = SignedHead(head.length, head.sha256, head.utc, head.occasion, head.key_id, signature)
    with folder_errors(store.data_dir):
        path = store.data_dir / FOLDER / file_name(signed.head)
        create_once(path, json.dumps(asdict(signed), sort_keys=True).encode())
    return signed


def sign_head_quietly(store: Store, occasion: str, who: str) -> SignedHead | None:
    """As `sign_head`, where the site's key opens without asking anybody; None where it does not.

    That is: it lies in the key store of this login, or its passphrase is in the environment. Never makes a
    key, and never fails: what a person does goes on without the signature.
    """
    with suppress(UserError, OSError):
        if site_public_key(store.data_dir) is not None:
            key = signing_key(store.data_dir, system_key_store(), passphrase_of_environment())
            return sign_head(store, key, occasion, who)
    return None


def signed_heads(data_dir: Path, keys: Mapping[str, TrustedKey]) -> SignedHeads:
    """Every signed end in the data folder, the shortest first."""
    good, bad = [], []
    for path in sorted((data_dir / FOLDER).glob("*.json")):
        head = _read(path)
        key = None if head is None else keys.get(head.key_id)
        if head is None or key is None or key.kind is KeyKind.PRACTICE or not _accepts(key, head):
            bad.append(path.name)
        else:
            good.append(head)
    return SignedHeads(tuple(sorted(good, key=lambda head: head.length)), tuple(bad))


def _accepts(key: TrustedKey, head: SignedHead) -> bool:
    try:
        return key.public.accepts_trail(head.digest, bytes.fromhex(head.signature))
    except ValueError:
        return False


def _read(path: Path) -> SignedHead | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        head = SignedHead(**told)
        whole = isinstance(head.length, int) and all(
            isinstance(value, str) for name, value in told.items() if name != "length"
        )
    except (OSError, ValueError, TypeError):
        return None
    return head if whole else None


def file_name(head: AuditHead) -> str:
    """With the hash: after a restored backup the same number is signed again."""
    return f"{head.length:08}-{head.sha256[:8]}.json"
