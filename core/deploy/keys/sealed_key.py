"""A private key in a file that only a passphrase opens: PKCS #8, sealed by AES-256-GCM under scrypt."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.deploy.keys.private_file import create_once
from core.deploy.keys.signature import PrivateKey
from core.errors import UserError, refuse

MIN_PASSPHRASE = 12  # characters; the file can be tried offline
FORMAT = "exotwin-sealed-key-1"
# 32 MiB and about 0.3 s a guess: the middle row of OWASP's table for scrypt. Fixed by the format, so that a
# file cannot demand more memory than there is.
_N, _R, _P = 1 << 15, 8, 3
_SALT_BYTES, _NONCE_BYTES = 16, 12


def check_passphrase(passphrase: str) -> None:
    """Raises UserError KEY-008 when it is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise refuse(
            "KEY-008",
            "This passphrase is too short.",
            f"It protects the key that releases controllers, and needs {MIN_PASSPHRASE} characters or more.",
            "Choose a longer one, for example four words.",
        )


def seal(path: Path, key: PrivateKey, passphrase: str) -> None:
    """Write the key to `path`. Raises UserError KEY-008."""
    check_passphrase(passphrase)
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, key.pkcs8, FORMAT.encode())
    body = salt + nonce + sealed
    content = {
        "format": FORMAT,
        "sealed": base64.b64encode(body).decode(),
        "sha256": hashlib.sha256(body).hexdigest(),  # distinguishes a damaged file from a wrong passphrase
    }
    create_once(path, json.dumps(content, sort_keys=True).encode())


def unseal(path: Path, passphrase: str) -> PrivateKey:
    """Raises UserError KEY-002 (wrong passphrase) or KEY-006 (damaged file)."""
    body = _body(path)
    salt, rest = body[:_SALT_BYTES], body[_SALT_BYTES:]
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        return PrivateKey(AESGCM(_stretch(passphrase, salt)).decrypt(nonce, sealed, FORMAT.encode()))
    except InvalidTag as error:
        raise refuse(
            "KEY-002",
            "The passphrase of the site key is wrong.",
            "The key file does not open with it.",
            "Type it again; capital and small letters count.",
        ) from error


def damaged_key(path: Path) -> UserError:
    return refuse(
        "KEY-006",
        "The site key cannot be read.",
        f"The file {path.name} in the folder of keys is damaged.",
        "Copy it back from a saved data folder, or make a new key: `exotwin key make --replace`.",
    )


def _body(path: Path) -> bytes:
    try:
        content = json.loads(path.read_bytes())
        body = base64.b64decode(content["sealed"], validate=True)
        known = content["format"] == FORMAT and hashlib.sha256(body).hexdigest() == content["sha256"]
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise damaged_key(path) from error
    if not known or len(body) <= _SALT_BYTES + _NONCE_BYTES:
        raise damaged_key(path)
    return body


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())
