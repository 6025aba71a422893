"""Small files that only their owner may read, written at once and synced to the disk."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def create_once(path: Path, content: bytes) -> None:
    """Write `content` unless the file exists; the file of a concurrent process that was faster is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _written_aside(path, content)
    try:
        os.link(aside, path)  # unlike a rename this keeps the file of a process that was faster
        aside.unlink()
    except FileExistsError:
        aside.unlink()
    except OSError:  # a file system without links
        aside.replace(path)
    sync_folder(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Write `content` in place of what is there, so that either the old file or the new one is found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _written_aside(path, content).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the system write the names in a folder to the disk; Windows cannot be asked to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _written_aside(path: Path, content: bytes) -> Path:
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    aside.touch(mode=0o600, exist_ok=False)
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return aside
