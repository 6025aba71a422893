"""The site's secret and the tags made with it: the exo learns which patient, but never who that is."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from core.vault import files
from core.vault.private_file import create_once

SECRET_BYTES = 32
TAG_CHARACTERS = 32


def site_secret(data_dir: Path) -> bytes:
    """The secret kept in the data folder; made at the first call. Its loss only makes old tags unreadable."""
    path = data_dir / "site_secret"
    if not path.exists():
        create_once(path, files.sealed(path, secrets.token_bytes(SECRET_BYTES)))
    return files.read_bytes(path)


def subject_tag(secret: bytes, patient_code: str) -> str:
    """HMAC-SHA256 of the pseudonymous code. A plain hash would not do: codes can be guessed."""
    return hmac.new(secret, patient_code.encode(), hashlib.sha256).hexdigest()[:TAG_CHARACTERS]
