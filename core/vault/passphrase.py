"""A secret in a file that only a passphrase opens: sealed by AES-256-GCM under scrypt.

The file is one JSON object: `format`, `sealed` (base64 of salt, nonce and ciphertext) and `sha256` of the
same bytes, which tells a damaged file from a wrong passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MIN_PASSPHRASE = 12  # characters; the file can be tried offline
# 32 MiB and about 0.3 s a guess: the middle row of OWASP's table for scrypt. Fixed by the format, so that a
# file cannot demand more memory than there is.
_N, _R, _P = 1 << 15, 8, 3
_SALT_BYTES, _NONCE_BYTES = 16, 12


class DamagedFileError(ValueError):
    """The file is no sealed secret of the format, or was changed."""


class WrongPassphraseError(ValueError):
    """The file is whole, and another passphrase opens it."""


def seal(secret: bytes, passphrase: str, format_name: str) -> bytes:
    """The content of the file."""
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    body = salt + nonce + AESGCM(_stretch(passphrase, salt)).encrypt(nonce, secret, format_name.encode())
    content = {
        "format": format_name,
        "sealed": base64.b64encode(body).decode(),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return json.dumps(content, sort_keys=True).encode()


def unseal(content: bytes, passphrase: str, format_name: str) -> bytes:
    """The secret. Raises DamagedFileError or WrongPassphraseError."""
    body = _body(content, format_name)
    salt, rest = body[:_SALT_BYTES], body[_SALT_BYTES:]
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        return AESGCM(_stretch(passphrase, salt)).decrypt(nonce, sealed, format_name.encode())
    except InvalidTag as error:
        raise WrongPassphraseError from error


def _body(content: bytes, format_name: str) -> bytes:
    try:
        told = json.loads(content)
        body = base64.b64decode(told["sealed"], validate=True)
        known = told["format"] == format_name and hashlib.sha256(body).hexdigest() == told["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise DamagedFileError("not a sealed secret") from error
    if not known or len(body) <= _SALT_BYTES + _NONCE_BYTES:
        raise DamagedFileError("another format, or changed")
    return body


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())
