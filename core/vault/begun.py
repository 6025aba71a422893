"""The mark that a data folder is being encrypted, so that its database may still be a plain one.

It is there from before the folder has a key until its database is encrypted, and only who has the key can
make it: an old plain database that is put back later is then told from one that was not encrypted yet.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from core.vault.keys import Keys
from core.vault.private_file import replace_private, sync_folder


def mark(keys: Keys) -> None:
    replace_private(_mark_file(keys), _content(keys))


def unmark(keys: Keys) -> None:
    _mark_file(keys).unlink(missing_ok=True)
    sync_folder(_mark_file(keys).parent)


def is_marked(keys: Keys) -> bool:
    try:
        return hmac.compare_digest(_mark_file(keys).read_bytes(), _content(keys))
    except OSError:
        return False


def _mark_file(keys: Keys) -> Path:
    return keys.data_dir / "keys" / "data.begun"


def _content(keys: Keys) -> bytes:
    return keys.derived("encryption begun").hex().encode()
