"""How tests see who may read a file."""

from __future__ import annotations

from pathlib import Path

ORDINARY = 0o027  # the person's mask: not that of most machines, as what they ask for must follow their own


def mode(path: Path) -> str:
    """The permission bits, as `chmod` takes them."""
    return f"{path.lstat().st_mode & 0o777:o}"
