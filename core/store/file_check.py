"""Whether the files of a record are those that were saved."""

from __future__ import annotations

import json
from pathlib import Path

from core.store.files import sha256_of


def changed_files(folder: Path, content_sha256: str) -> tuple[str, ...]:
    """Names of files of a record that are missing or not those that were saved. All are read."""
    manifest = folder / "record.json"
    if not manifest.is_file() or sha256_of(manifest) != content_sha256:
        return ("record.json",)
    try:
        hashes = dict(json.loads(manifest.read_text(encoding="utf-8"))["files"])
    except (ValueError, KeyError, TypeError):
        return ("record.json",)
    return tuple(name for name, digest in hashes.items() if not _holds(folder / name, digest))


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256
