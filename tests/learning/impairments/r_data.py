"""Reads the tables of an R data file (serialisation versions 2 and 3, XDR), as far as these tests need it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np

_OPEN = {b"\x1f\x8b": gzip.decompress, b"BZ": bz2.decompress, b"\xfd7": lzma.decompress}
_NULL, _GLOBAL, _REFERENCE, _ALTREP, _SYMBOL = 254, 253, 255, 238, 1
_PAIRS, _LANGUAGE, _CHARS, _LOGICAL, _INTEGER, _REAL, _STRINGS, _LIST = 2, 6, 9, 10, 13, 14, 16, 19


def read_r(path: Path) -> dict[str, Any]:
    """Objects of an .RData file by name: lists with names become dicts, numbers become arrays."""
    raw = path.read_bytes()
    content = next(unpack(raw) for magic, unpack in _OPEN.items() if raw.startswith(magic))
    if content[:5] not in (b"RDX2\n", b"RDX3\n"):
        raise ValueError(f"{path.name} is no R data file")
    stream = _Stream(content, 7)  # after the magic and "X\n"
    version = stream.integer()
    stream.at += 8
    if version == 3:
        encoding = stream.integer()
        stream.at += encoding
    return dict(stream.item())


class _Stream:
    def __init__(self, content: bytes, at: int) -> None:
        self.content, self.at = content, at
        self._known: list[Any] = []

    def integer(self) -> int:
        self.at += 4
        return int(struct.unpack_from(">i", self.content, self.at - 4)[0])

    def numbers(self, kind: str) -> np.ndarray:
        count = self.integer()
        values = np.frombuffer(self.content, kind, count, self.at)
        self.at += values.nbytes
        return values.astype(kind[1:])

    def item(self) -> Any:
        flags = self.integer()
        kind = flags & 255
        if kind in (_NULL, _GLOBAL):
            return None
        if kind == _REFERENCE:
            return self._known[(flags >> 8) - 1]
        if kind == _SYMBOL:
            self._known.append(self.item())
            return self._known[-1]
        if kind == _ALTREP:
            return self._compact()
        if kind in (_PAIRS, _LANGUAGE):
            return self._pairs(flags)
        value = self._vector(kind)
        attributes = dict(self.item()) if flags & 512 else {}
        return _dressed(value, attributes)

    def _pairs(self, flags: int) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        while flags & 255 in (_PAIRS, _LANGUAGE):
            if flags & 512:
                self.item()
            name = self.item() if flags & 1024 else ""
            found.append((name, self.item()))
            flags = self.integer()
        return found

    def _vector(self, kind: int) -> Any:
        if kind == _CHARS:
            count = self.integer()
            self.at += max(count, 0)
            return self.content[self.at - count : self.at].decode() if count >= 0 else None
        if kind == _REAL:
            return self.numbers(">f8")
        if kind in (_INTEGER, _LOGICAL):
            return self.numbers(">i4")
        if kind in (_STRINGS, _LIST):
            return [self.item() for _ in range(self.integer())]
        raise ValueError(f"R type {kind} is not read")

    def _compact(self) -> Any:
        """A compact sequence: class, state (count, first, step), attributes."""
        (name, *_), state, _ = self.item(), self.item(), self.item()
        if name[1] == "wrap_real" or not isinstance(state, np.ndarray):
            return state[0] if isinstance(state, list) and not isinstance(state[0], tuple) else state[0][1]
        count, first, step = state
        return first + step * np.arange(int(count))


def _dressed(value: Any, attributes: dict[str, Any]) -> Any:
    if isinstance(value, list) and "names" in attributes:
        return dict(zip(attributes["names"], value, strict=True))
    if isinstance(value, np.ndarray) and "dim" in attributes:
        matrix = value.reshape(tuple(attributes["dim"]), order="F")
        return (matrix, attributes.get("dimnames"))
    return value
