"""Small files that only their owner may read, created atomically and only once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def create_once(path: Path, content: bytes) -> None:
    """Write `content` unless the file exists; the file of a concurrent process that was faster is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    aside.touch(mode=0o600, exist_ok=False)
    aside.write_bytes(content)
    try:
        os.link(aside, path)  # unlike a rename this keeps the file of a process that was faster
        aside.unlink()
    except FileExistsError:
        aside.unlink()
    except OSError:  # a file system without links
        aside.replace(path)
