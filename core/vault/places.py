"""What tells that a data folder is encrypted. Imports nothing heavy: plain folders ask here, too."""

from __future__ import annotations

import json
from pathlib import Path

STORE_FILE = "store.json"
PLAIN_DATA = "data not encrypted"
ENCRYPTED = "encrypted"  # what it says of its protection


def key_files(data_dir: Path) -> tuple[Path, Path]:
    """The file that describes the data key, and its copy."""
    return data_dir / "keys" / "data.json", data_dir / "backups" / "data-key.json"


def sealed_file(data_dir: Path) -> Path:
    """The data key under a passphrase."""
    return data_dir / "keys" / "data.sealed.json"


def is_protected(data_dir: Path) -> bool:
    """Whether there is a data key, and new files are therefore encrypted."""
    return any(place.is_file() for place in key_files(data_dir))


def is_encrypted(data_dir: Path) -> bool:
    """Whether all of it is."""
    return told_protection(data_dir)[0]


def plain_words(data_dir: Path) -> str:
    """For the end of a line that is printed; nothing where the data folder is encrypted."""
    return "" if is_encrypted(data_dir) else f" · {PLAIN_DATA}"


def told_protection(data_dir: Path) -> tuple[bool, str]:
    """What `store.json` says: whether the folder is encrypted as a whole, and the name of its key."""
    try:
        told = json.loads((data_dir / STORE_FILE).read_bytes())
        return told.get("protection") == ENCRYPTED, str(told.get("key_id", ""))
    except (OSError, ValueError, AttributeError, RecursionError):
        return False, ""
