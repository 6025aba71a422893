"""The site's secret and the tags made with it: the exo learns which patient, but never who that is."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
TAG_CHARACTERS = 32


def site_secret(data_dir: Path) -> bytes:
    """The secret kept in the data folder; made at the first call. Its loss only makes old tags unreadable."""
    path = data_dir / "site_secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _create(path, secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def _create(path: Path, secret: bytes) -> None:
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    aside.touch(mode=0o600, exist_ok=False)
    aside.write_bytes(secret)
    try:
        os.link(aside, path)  # unlike a rename this keeps the secret of a process that was faster
        aside.unlink()
    except FileExistsError:
        aside.unlink()
    except OSError:  # a file system without links
        aside.replace(path)


def subject_tag(secret: bytes, patient_code: str) -> str:
    """HMAC-SHA256 of the pseudonymous code. A plain hash would not do: codes can be guessed."""
    return hmac.new(secret, patient_code.encode(), hashlib.sha256).hexdigest()[:TAG_CHARACTERS]
