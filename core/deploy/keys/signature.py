"""Who released a package: Ed25519 signatures (RFC 8032), one for this program and one for the exo itself.

The first is over the digest of the manifest, which holds the hash of every other part, so it covers the whole
package. The second is over the digest of the bytes that go to the exo, and is one of them. A domain in front
of each digest keeps a signature that was made for anything else from fitting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "Ed25519"
DOMAIN = b"EXOPKG1"
DEVICE_DOMAIN = b"EXODEV1"  # also in core/exo_core/src/exo_blob.c
TRAIL_DOMAIN = b"EXOTRL1"
UPDATE_DOMAIN = b"EXOUPD1"
SIGNATURE_BYTES = 64
KEY_ID_CHARACTERS = 16


class BadKeyError(ValueError):
    """The bytes are no Ed25519 key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Checks signatures. `raw` is the 32 bytes of RFC 8032."""

    raw: bytes

    @property
    def key_id(self) -> str:
        """Short name of the key, of its own bytes."""
        return hashlib.sha256(self.raw).hexdigest()[:KEY_ID_CHARACTERS]

    def accepts(self, manifest: bytes, signature: bytes) -> bool:
        return self._verifies(signature, _message(manifest))

    def accepts_device(self, digest: bytes, signature: bytes) -> bool:
        """Whether it signed device bytes of this digest."""
        return self._verifies(signature, DEVICE_DOMAIN + digest)

    def accepts_trail(self, digest: bytes, signature: bytes) -> bool:
        """Whether it signed an end of the trail of this digest."""
        return self._verifies(signature, TRAIL_DOMAIN + digest)

    def accepts_update(self, manifest: bytes, signature: bytes) -> bool:
        """Whether it signed the manifest of an update of this program."""
        return self._verifies(signature, UPDATE_DOMAIN + hashlib.sha256(manifest).digest())

    def _verifies(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def from_pem(cls, text: bytes) -> PublicKey:
        """Raises BadKeyError."""
        try:
            key = serialization.load_pem_public_key(text)
        except (ValueError, TypeError) as error:
            raise BadKeyError("no public key in PEM form") from error
        if not isinstance(key, Ed25519PublicKey):
            raise BadKeyError("not an Ed25519 key")
        return cls(key.public_bytes_raw())


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Makes signatures. `pkcs8` is the key in PKCS #8 DER, as it is kept."""

    pkcs8: bytes

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._key().public_key().public_bytes_raw())

    def sign(self, manifest: bytes) -> bytes:
        """64 bytes; the same manifest always gives the same signature."""
        return self._key().sign(_message(manifest))

    def sign_device(self, digest: bytes) -> bytes:
        """64 bytes for the SHA-256 of what goes to the exo."""
        return self._key().sign(DEVICE_DOMAIN + digest)

    def sign_trail(self, digest: bytes) -> bytes:
        """64 bytes for the SHA-256 of what is said about an end of the trail."""
        return self._key().sign(TRAIL_DOMAIN + digest)

    def sign_update(self, manifest: bytes) -> bytes:
        """64 bytes for the manifest of an update."""
        return self._key().sign(UPDATE_DOMAIN + hashlib.sha256(manifest).digest())

    def _key(self) -> Ed25519PrivateKey:
        try:
            key = serialization.load_der_private_key(self.pkcs8, None)
        except (ValueError, TypeError) as error:
            raise BadKeyError("no private key in PKCS #8 form") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKeyError("not an Ed25519 key")
        return key

    @classmethod
    def new(cls) -> PrivateKey:
        return cls(_pkcs8(Ed25519PrivateKey.generate()))

    @classmethod
    def from_pem(cls, text: bytes, passphrase: str = "") -> PrivateKey:
        """Raises BadKeyError, also for a passphrase that is wrong, missing or not needed."""
        try:
            key = serialization.load_pem_private_key(text, passphrase.encode() or None)
        except (ValueError, TypeError) as error:
            raise BadKeyError("no private key in PEM form, or another passphrase") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKeyError("not an Ed25519 key")
        return cls(_pkcs8(key))

    @classmethod
    def from_seed(cls, seed: bytes) -> PrivateKey:
        """The key of 32 known bytes: test vectors, and benchmarks that must repeat."""
        return cls(_pkcs8(Ed25519PrivateKey.from_private_bytes(seed)))


def _pkcs8(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _message(manifest: bytes) -> bytes:
    return DOMAIN + hashlib.sha256(manifest).digest()
