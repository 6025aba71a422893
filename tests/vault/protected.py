"""A data folder that is encrypted under a passphrase."""

from __future__ import annotations

from pathlib import Path

from core.store.protection import begin, encrypt
from core.store.repository import open_store

PASSPHRASE = "correct horse battery staple"


def begun(folder: Path, passphrase: str = PASSPHRASE) -> str:
    """It has a key; what is in it is plain. The recovery key."""
    with open_store(folder) as store:
        return begin(store, None, passphrase)


def protect(folder: Path) -> None:
    begun(folder)
    encrypt(folder)
