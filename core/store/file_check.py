"""Whether the files of a record are those that were saved."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.store.files import MANIFEST, read_manifest, sha256_of


def changed_files(folder: Path, content_sha256: str) -> tuple[str, ...]:
    """Names of files of a record that are missing or not those that were saved. All are read."""
    if not _holds(folder / MANIFEST, content_sha256):
        return (MANIFEST,)
    try:
        hashes = dict(read_manifest(folder)["files"])
    except (ValueError, KeyError, TypeError):
        return (MANIFEST,)
    return tuple(name for name, digest in hashes.items() if not _holds(folder / name, digest))


def _holds(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and sha256_of(path) == sha256
    except UserError as error:
        if error.advice.code != "REC-036":  # an encrypted file that was changed
            raise
        return False
