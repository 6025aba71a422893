"""The keys of one opened data folder: its data key, and those of its patients and jobs.

    keys/patients/ID.key    a patient's random key, wrapped by the data key
    keys/jobs/ID.key        the same of a job

A key file is a random nonce of 12 bytes and the 32 bytes of the key, encrypted by AES-256-GCM with the kind
and name of the owner as its context. Without the file nothing opens what was written for its owner.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import UserError, refuse
from core.vault.private_file import create_once, sync_folder
from core.vault.stream import OWNER_BYTES, Owner, OwnerKind

KEY_BYTES = 32
_NONCE_BYTES = 12
_FOLDERS = {OwnerKind.PATIENT: "patients", OwnerKind.JOB: "jobs"}
_PLAIN_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{OWNER_BYTES}}}")


def patient(patient_id: str) -> Owner:
    return Owner(OwnerKind.PATIENT, _name(patient_id))


def job(job_id: str) -> Owner:
    return Owner(OwnerKind.JOB, _name(job_id))


def _name(of: str) -> str:
    """A name that is also one of a file; ids are. Others are told apart by their hash."""
    return of if _PLAIN_NAME.fullmatch(of) else hashlib.sha256(of.encode()).hexdigest()[:OWNER_BYTES]


@dataclass(frozen=True, slots=True)
class Keys:
    """Opens everything in `data_dir`. Goes to a worker over its pipe, never to a file or a command line."""

    data_dir: Path
    data_key: bytes = field(repr=False)
    _held: dict[Owner, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """Name of the data key, from which nothing of it can be learned."""
        return key_id_of(self.data_key)

    @property
    def database_key(self) -> bytes:
        return self.derived("database")

    def derived(self, use: str) -> bytes:
        """32 bytes for one use."""
        return HKDF(SHA256(), KEY_BYTES, None, f"exotwin data key: {use}".encode()).derive(self.data_key)

    def of(self, owner: Owner) -> bytes:
        """The key for files of this owner. Raises UserError REC-035 when it is gone."""
        if owner.kind is OwnerKind.FOLDER:
            return self._kept(owner, lambda: self.derived("files"))
        if owner in self._held and not key_path(self.data_dir, owner).exists():
            del self._held[owner]  # destroyed meanwhile, perhaps by another process
        return self._kept(owner, lambda: self._unwrapped(owner))

    def make(self, owner: Owner) -> bytes:
        """The same; made now where the owner has none yet, and on the disk before anything needs it."""
        if owner.kind is not OwnerKind.FOLDER and owner not in self._held:
            path = key_path(self.data_dir, owner)
            if not path.exists():
                nonce, key = secrets.token_bytes(_NONCE_BYTES), secrets.token_bytes(KEY_BYTES)
                create_once(path, nonce + self._wrapper().encrypt(nonce, key, _context(owner)))
        return self.of(owner)

    def destroy(self, owner: Owner) -> None:
        """Make everything of this owner unreadable for good, here and in every copy that has not its key."""
        self._held.pop(owner, None)
        path = key_path(self.data_dir, owner)
        if path.exists():
            with path.open("r+b") as file:  # costs nothing, and helps where a disk writes in place
                file.write(bytes(path.stat().st_size))
            path.unlink()
            sync_folder(path.parent)

    def _kept(self, owner: Owner, make: Callable[[], bytes]) -> bytes:
        if owner not in self._held:
            self._held[owner] = make()
        return self._held[owner]

    def _unwrapped(self, owner: Owner) -> bytes:
        path = key_path(self.data_dir, owner)
        try:
            content = path.read_bytes()
            return self._wrapper().decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _context(owner))
        except (OSError, InvalidTag, ValueError) as error:
            raise _gone(path) from error

    def _wrapper(self) -> AESGCM:
        return AESGCM(self.derived("keys of owners"))


def key_path(data_dir: Path, owner: Owner) -> Path:
    return data_dir / "keys" / _FOLDERS[owner.kind] / f"{owner.name}.key"


def key_id_of(data_key: bytes) -> str:
    return HKDF(SHA256(), 16, None, b"exotwin data key: name").derive(data_key).hex()


def _context(owner: Owner) -> bytes:
    return f"exotwin owner key 1: {owner.kind.name} {owner.name}".encode()


def _gone(path: Path) -> UserError:
    return refuse(
        "REC-035",
        "These files cannot be opened any more.",
        f"Their key, {path.name} in the folder {path.parent.name} of keys, is missing or damaged.",
        "If the patient was erased, that was the purpose. Otherwise copy it back from a saved data folder.",
    )
