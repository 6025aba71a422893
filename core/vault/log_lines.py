"""Lines of a log that only who opens the data folder can read: each is encrypted on its own.

A line is `exolog1 ` and base64 of a nonce of 12 bytes and AES-256-GCM. So a log can be appended to, turned
over and cut short as any other; whether lines are missing it does not tell.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.vault.keys import Keys

_MARK = "exolog1 "
_NONCE_BYTES = 12
_READ_BYTES = 1 << 16


class LineSeal:
    """Encrypts and opens single lines."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = AESGCM(keys.derived("log lines"))

    def sealed(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "surrogateescape"), _MARK.encode())
        return _MARK + base64.b64encode(body).decode()

    def opened(self, line: str) -> str:
        """What was sealed; a line of another kind, from before the folder was encrypted, as it is."""
        if not line.startswith(_MARK):
            return line
        try:
            body = base64.b64decode(line.removeprefix(_MARK).strip(), validate=True)
            text = self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _MARK.encode())
        except (binascii.Error, InvalidTag, ValueError):
            return "(a line that does not open)"
        return text.decode("utf-8", "replace")


class SealingFormatter(logging.Formatter):
    """Another formatter's lines, encrypted."""

    def __init__(self, inner: logging.Formatter, seal: LineSeal) -> None:
        super().__init__()
        self._inner = inner
        self._seal = seal

    def format(self, record: logging.LogRecord) -> str:
        return self._seal.sealed(self._inner.format(record))


def opened_lines(path: Path, keys: Keys) -> Iterator[str]:
    """The lines of a log."""
    seal = LineSeal(keys)
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield seal.opened(line.rstrip("\n"))


def is_sealed_log(path: Path) -> bool:
    """Whether every line of a log is encrypted."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return all(line.startswith(_MARK) for line in file)


def output_to(path: Path, keys: Keys) -> None:
    """Send what this process and its libraries print, encrypted, to the end of a file.

    A thread of this process takes it from a pipe: the last words of one that is killed are lost.
    """
    reading, writing = os.pipe()
    for stream in (1, 2):
        os.dup2(writing, stream)
    os.close(writing)
    threading.Thread(target=_seal_all, args=(reading, path, LineSeal(keys)), name="log", daemon=True).start()


def _seal_all(reading: int, path: Path, seal: LineSeal) -> None:
    with path.open("a", encoding="ascii") as log:
        while printed := os.read(reading, _READ_BYTES):
            log.write(seal.sealed(printed.decode("utf-8", "replace")) + "\n")
            log.flush()
