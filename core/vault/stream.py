"""The format of an encrypted file, and reading and writing it as a stream.

    offset  bytes
    0       8      magic, `EXOVLT` 1 `\\n`: the last but one is the version of the format
    8       1      kind of owner: 0 the data folder, 1 a patient, 2 a job
    9       1      binary logarithm of the chunk size, 18 in files written here
    10      2      zero
    12      32     name of the owner in ASCII, filled up with zeros
    44      32     salt, random for every file
    76             chunks: each of 2^18 bytes of content, encrypted, and 16 bytes of AES-256-GCM tag

The last chunk is shorter or as long, and never left out: an empty file has an empty one. HKDF-SHA256 makes
39 bytes of the owner's key, the salt, and the 44 bytes before it as context: 32 are the file's own key, 7
begin each nonce, which goes on with the chunk's number (4 bytes, big-endian) and ends with 1 in the last
chunk and 0 in all others. This is the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (CRYPTO
2015), as in the streaming AEAD of Tink: a chunk that was changed, moved, left out or brought in from
elsewhere, and a file that was cut short, do not open. Any chunk can be read without those before it.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Advice, UserError

MAGIC = b"EXOVLT\x01\n"
OWNER_BYTES, SALT_BYTES, TAG_BYTES = 32, 32, 16
HEADER_BYTES = 76
CHUNK_LOG2 = 18
_CHUNK_LOG2_LIMITS = range(10, 25)  # a file cannot demand more memory than 16 MiB
_PREFIX_BYTES = 7
_MOST_CHUNKS = 1 << 32


class OwnerKind(IntEnum):
    FOLDER = 0
    PATIENT = 1
    JOB = 2


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key opens a file: destroyed, it takes all of the owner's files with it."""

    kind: OwnerKind = OwnerKind.FOLDER
    name: str = ""  # at most 32 signs of ASCII


class BrokenSealError(UserError):
    """REC-036: the file is none of this format, was changed or cut short, or belongs to another key."""

    def __init__(self, file: BinaryIO, reason: str) -> None:
        name = Path(str(getattr(file, "name", ""))).name or "of the data folder"
        super().__init__(
            Advice(
                f"The encrypted file {name} cannot be read.",
                f"It was damaged, or changed outside ExoTwin: {reason}.",
                "Copy it back from a saved data folder, or do the step again.",
                "REC-036",
            )
        )


KeyOf = Callable[[Owner], bytes]  # 32 bytes


class SealingWriter(io.BufferedIOBase):
    """Writes an encrypted file from its first byte to its last; it cannot seek.

    A file whose writer was left by an exception lacks its last chunk, and does not open.
    """

    def __init__(self, file: BinaryIO, owner: Owner, key: bytes) -> None:
        self._file = file
        self._size = 1 << CHUNK_LOG2
        self._waiting = bytearray()
        self._number = self._count = 0
        self._ended = False
        name = owner.name.encode("ascii")
        if len(name) > OWNER_BYTES:
            raise ValueError(f"the name of an owner has at most {OWNER_BYTES} signs")
        about = MAGIC + bytes([owner.kind, CHUNK_LOG2, 0, 0]) + name.ljust(OWNER_BYTES, b"\0")
        salt = secrets.token_bytes(SALT_BYTES)
        self._cipher, self._prefix = _file_cipher(key, salt, about)
        file.write(about + salt)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._count

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, content: Any) -> int:
        given = memoryview(content).cast("B")
        self._count += len(given)
        done = 0
        if self._waiting:
            done = min(len(given), self._size - len(self._waiting))
            self._waiting += given[:done]
            if done < len(given):
                self._put(self._waiting, last=False)
                self._waiting.clear()
        while len(given) - done > self._size:  # the last chunk waits: only its successor tells what it is
            self._put(given[done : done + self._size], last=False)
            done += self._size
        self._waiting += given[done:]
        return len(given)

    def finish(self) -> None:
        """Write the last chunk; the file is complete, but not yet synced or closed."""
        if not self._ended:
            self._put(self._waiting, last=True)
            self._ended = True
            self._file.flush()

    def sync(self) -> None:
        """Complete the file and have it written to the disk."""
        self.finish()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        if not self.closed:
            try:
                self.finish()
            finally:
                self._file.close()
                super().close()

    def abandon(self) -> None:
        """Close the file without its last chunk."""
        self._ended = True
        self.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        if not self.closed:  # nobody said that all was written
            self.abandon()

    def _put(self, chunk: bytearray | memoryview, *, last: bool) -> None:
        if self._number >= _MOST_CHUNKS:
            raise OSError("the file is too large to be encrypted")
        nonce = _nonce(self._prefix, self._number, last)
        self._file.write(self._cipher.encrypt(nonce, chunk, None))
        self._number += 1


class SealedReader(io.BufferedIOBase):
    """The content of an encrypted file; seeks anywhere, and decrypts only what is read.

    Raises BrokenSealError when it is opened, and at a chunk that was changed.
    """

    def __init__(self, file: BinaryIO, key_of: KeyOf) -> None:
        self._file = file
        about, salt = _header(file)
        self._size = 1 << about[9]
        sealed_bytes = file.seek(0, os.SEEK_END) - HEADER_BYTES
        full = self._size + TAG_BYTES
        self._chunks = -(-sealed_bytes // full)
        self.size = sealed_bytes - self._chunks * TAG_BYTES
        if sealed_bytes < TAG_BYTES or 0 < sealed_bytes % full < TAG_BYTES:
            raise BrokenSealError(file, "it was cut short")
        self._cipher, self._prefix = _file_cipher(key_of(_owner(about)), salt, about)
        self._position = 0
        self._held: tuple[int, bytes] = -1, b""
        self._chunk(self._chunks - 1)  # tells whether this is all of the file

    def __enter__(self) -> Self:
        return self

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}.get(whence)
        if start is None or start + offset < 0:
            raise ValueError(f"cannot seek to {offset} from {whence}")
        self._position = start + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        parts = []
        while wanted > 0:
            part = self._rest_of_chunk()[:wanted]
            parts.append(part)
            self._position += len(part)
            wanted -= len(part)
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def read1(self, size: int = -1) -> bytes:
        if self._position >= self.size:
            return b""
        left = len(self._rest_of_chunk())
        return self.read(left if size < 0 else min(size, left))

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        done = 0
        while done < len(target) and self._position < self.size:
            part = self._rest_of_chunk()[: len(target) - done]
            target[done : done + len(part)] = part
            self._position += len(part)
            done += len(part)
        return done

    def readinto1(self, buffer: Any) -> int:
        return self.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._held = -1, b""
            self._file.close()
            super().close()

    def _rest_of_chunk(self) -> memoryview:
        number, place = divmod(self._position, self._size)
        return memoryview(self._chunk(number))[place:]

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(HEADER_BYTES + number * (self._size + TAG_BYTES))
            sealed = self._file.read(self._size + TAG_BYTES)
            nonce = _nonce(self._prefix, number, number == self._chunks - 1)
            try:
                self._held = number, self._cipher.decrypt(nonce, sealed, None)
            except InvalidTag as error:
                reason = f"part {number + 1} of {self._chunks} does not open"
                raise BrokenSealError(self._file, reason) from error
        return self._held[1]


def sealed_bytes(content: bytes, owner: Owner, key: bytes) -> bytes:
    """An encrypted file of this content, as bytes."""
    file = io.BytesIO()
    writer = SealingWriter(file, owner, key)
    writer.write(content)
    writer.finish()
    made = file.getvalue()
    writer.close()
    return made


def owner_of(file: BinaryIO) -> Owner:
    """The owner named in the header of an encrypted file. Raises BrokenSealError."""
    return _owner(_header(file)[0])


def _header(file: BinaryIO) -> tuple[bytes, bytes]:
    """What stands before the salt, and the salt."""
    file.seek(0)
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise BrokenSealError(file, "its beginning is not that of an encrypted file")
    about, salt = header[:-SALT_BYTES], header[-SALT_BYTES:]
    if about[8] not in tuple(OwnerKind) or about[9] not in _CHUNK_LOG2_LIMITS or about[10:12] != b"\0\0":
        raise BrokenSealError(file, "its header makes no sense")
    return about, salt


def _owner(about: bytes) -> Owner:
    name = about[12:].rstrip(b"\0").decode("latin-1")  # of anything else there is no key
    return Owner(OwnerKind(about[8]), name)


def _file_cipher(key: bytes, salt: bytes, about: bytes) -> tuple[AESGCM, bytes]:
    """The file's own cipher and the beginning of its nonces."""
    made = HKDF(SHA256(), 32 + _PREFIX_BYTES, salt, about).derive(key)
    return AESGCM(made[:32]), made[32:]


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
