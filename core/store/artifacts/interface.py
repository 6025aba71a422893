"""Files by the hash of their content, wherever they lie.

Every file of a result is one: `record.json`, whose hash the database has, and those that it names with
theirs. So are files that travel with a job. Nothing is ever changed under its hash, which makes putting,
reading and removing safe to repeat.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from core.store.files import open_to_write, sha256_of, sync_file, sync_folder
from core.vault.files import open_read

if TYPE_CHECKING:
    from core.vault.stream import Owner

CHUNK_BYTES = 1 << 20
_SCOPE = re.compile(r"[A-Za-z0-9_-]{1,64}/[A-Za-z0-9_-]{1,64}")
_NAME = re.compile(r"[^./\\\0][^/\\\0]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """What some bytes are called."""

    scope: str  # what they are part of: `kind/id` of a result, `jobs/id` of a job
    name: str  # of the file; a store that goes by content alone does not use it
    sha256: str  # of the plain content, 64 hexadecimal digits

    def __post_init__(self) -> None:
        """Raises ValueError for what could leave the store by its name."""
        good = _SCOPE.fullmatch(self.scope) and _NAME.fullmatch(self.name)
        if not good or not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.scope}/{self.name} of {self.sha256!r} cannot be a file of a result")

    def __str__(self) -> str:
        """As one word, for the parameters of a job: `artifact_of` reads it."""
        return f"{self.scope}/{self.name}#{self.sha256}"


def artifact_of(text: str) -> Artifact:
    """The inverse of `str`. Raises ValueError."""
    place, _, sha256 = text.rpartition("#")
    scope, _, name = place.rpartition("/")
    return Artifact(scope, name, sha256)


class ArtifactStore(Protocol):
    """Refuses REC-070 (out of reach), REC-071 (not allowed), REC-072 (no such place) and REC-073 (full)."""

    @property
    def place(self) -> str:
        """Its address for a person; never a secret."""

    def put(self, artifact: Artifact, content: BinaryIO) -> None:
        """Keep what `content` gives, whole and durable when this returns, else none of it.

        What is there already stays. Raises ValueError when the content has another hash.
        """

    def open(self, artifact: Artifact) -> BinaryIO:
        """The plain content as a stream that seeks, its hash checked before the first byte is given.

        Refuses REC-074 (changed) and REC-075 (missing).
        """

    def copy_to(self, artifact: Artifact, target: BinaryIO) -> None:
        """Write the content in one pass; where it is refused, as `open` does, what was written is nothing."""

    def exists(self, artifact: Artifact) -> bool: ...

    def remove(self, artifact: Artifact) -> None:
        """Nothing happens where it is not there."""

    def remove_scope(self, scope: str) -> None:
        """Everything of one result or job."""

    def scopes(self) -> Iterator[str]:
        """Every scope of which something is there."""

    def strangers(self, scope: str, known: frozenset[Artifact]) -> tuple[str, ...]:
        """What lies in a scope and is none of `known`, by the name that the store has for it."""


def put_file(store: ArtifactStore, scope: str, path: Path, name: str = "") -> Artifact:
    """Put a file, also one of an encrypted data folder; nothing is sent where the store has it already."""
    artifact = Artifact(scope, name or path.name, sha256_of(path))
    if not store.exists(artifact):
        with open_read(path) as content:
            store.put(artifact, content)
    return artifact


def fetch_file(store: ArtifactStore, artifact: Artifact, path: Path, owner: Owner | None = None) -> None:
    """Write the content to a file, whole under its name or not at all; as its data folder is encrypted."""
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with open_to_write(aside, owner) as kept:
            store.copy_to(artifact, kept)
        sync_file(aside)
        aside.replace(path)
        sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def checked(content: BinaryIO, sha256: str) -> bool:
    """Whether the rest of a stream has this hash."""
    return hashlib.file_digest(cast(Any, content), "sha256").hexdigest() == sha256


def copied(content: BinaryIO, target: BinaryIO) -> str:
    """Copy the rest of a stream; the hash of what was copied."""
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
