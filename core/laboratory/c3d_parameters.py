"""The head of a C3D file: what it says of itself before its samples (format: user guide of c3d.org)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import prod

import numpy as np

from core.domain.arrays import FloatArray

BLOCK = 512  # bytes; what a C3D file counts its parts in
_KEY = 0x50  # second byte of every C3D file
_INTEL, _DEC, _MIPS = 84, 85, 86  # the processor whose numbers the file holds
_MOST_AXES = 7  # of a parameter, by the format
_ITEM_BYTES = {-1: 1, 1: 1, 2: 2, 4: 4}  # by the type of a parameter: text, byte, integer, float


class DamagedC3dError(Exception):
    """What is wrong with the bytes, in words that fit into a sentence."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How one kind of processor writes its numbers."""

    processor: int

    @property
    def order(self) -> str:
        return ">" if self.processor == _MIPS else "<"

    def integers(self, data: bytes, *, unsigned: bool = False) -> np.ndarray:
        return np.frombuffer(data, dtype=f"{self.order}{'u' if unsigned else 'i'}2")

    def floats(self, data: bytes) -> np.ndarray:
        if self.processor != _DEC:
            return np.frombuffer(data, dtype=f"{self.order}f4")
        # The halves of a DEC number are exchanged, and its exponent counts from two powers further down.
        halves = np.frombuffer(data, dtype="<u2").reshape(-1, 2)[:, ::-1]
        return np.ascontiguousarray(halves).view("<f4")[:, 0] * np.float32(0.25)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as its bytes; `size` is empty for a single value."""

    kind: int  # of `_ITEM_BYTES`
    size: tuple[int, ...]  # the first runs fastest
    data: bytes
    numbers: Numbers

    def values(self) -> FloatArray:
        """All numbers in an array of the parameter's size; none of a text."""
        if self.kind == -1:
            return np.empty(0)
        if self.kind == 1:
            flat = np.frombuffer(self.data, dtype="i1")
        else:
            read = self.numbers.integers if self.kind == 2 else self.numbers.floats
            flat = read(self.data)
        return flat.astype(float).reshape(self.size, order="F")

    def unsigned(self) -> FloatArray:
        """As `values`; integers of 16 bits without a sign, as the counts of long or large files are meant."""
        values = self.values()
        return np.where(values < 0, values + 65_536, values) if self.kind == 2 else values

    def texts(self) -> tuple[str, ...]:
        """All texts, without the spaces that fill them up."""
        if self.kind != -1 or not self.data:
            return ()
        length = self.size[0] if self.size else 1
        parts = range(0, len(self.data), length) if length else range(0)
        return tuple(_text(self.data[start : start + length]) for start in parts)


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters of a file: group and name in capitals."""

    found: dict[tuple[str, str], Parameter]

    def get(self, group: str, name: str) -> Parameter | None:
        return self.found.get((group, name))

    def values(self, group: str, name: str) -> FloatArray:
        parameter = self.get(group, name)
        return np.empty(0) if parameter is None else parameter.values()

    def number(self, group: str, name: str) -> float | None:
        """The first number; None without one."""
        values = self.values(group, name).ravel(order="F")
        return float(values[0]) if len(values) else None

    def count(self, group: str, name: str) -> int | None:
        """A number of things; long files store it as a float, or in 16 bits without a sign."""
        parameter = self.get(group, name)
        values = np.empty(0) if parameter is None else parameter.unsigned().ravel(order="F")
        return int(values[0]) if len(values) and np.isfinite(values[0]) else None

    def texts(self, group: str, name: str) -> tuple[str, ...]:
        """With what goes on under NAME2, NAME3 ..: one parameter holds no more than 255 texts."""
        return tuple(text for part in self.parts(group, name) for text in part.texts())

    def parts(self, group: str, name: str) -> Iterator[Parameter]:
        for number in count(1):
            parameter = self.get(group, name if number == 1 else f"{name}{number}")
            if parameter is None:
                return
            yield parameter


@dataclass(frozen=True, slots=True)
class Header:
    """The first block: what readers need who know no parameters."""

    points: int
    analog_per_frame: int  # samples of all channels together
    first_frame: int
    last_frame: int
    scale: float  # negative where samples are floats
    data_start: int  # bytes from the beginning of the file
    samples_per_frame: int  # of one channel
    rate_hz: float


def read_head(data: bytes) -> tuple[Header, Parameters, Numbers]:
    """Header and parameters from the beginning of a file. Raises DamagedC3dError."""
    if len(data) < 2 * BLOCK or data[1] != _KEY:
        raise DamagedC3dError("it does not begin as C3D files do")
    start = (data[0] - 1) * BLOCK
    if start < BLOCK or len(data) < start + 4:
        raise DamagedC3dError("its parameters are missing")
    processor = data[start + 3]
    if processor not in (_INTEL, _DEC, _MIPS):
        raise DamagedC3dError(f"it names a processor {processor} that nobody knows")
    numbers = Numbers(processor)
    parameters = Parameters(dict(_records(data, start + 4, numbers)))
    if not parameters.found:
        raise DamagedC3dError("it has no parameters")
    return _header(data, parameters, numbers), parameters, numbers


def _header(data: bytes, parameters: Parameters, numbers: Numbers) -> Header:
    words = numbers.integers(data[:BLOCK], unsigned=True)
    scale, rate = (float(numbers.floats(data[at : at + 4])[0]) for at in (12, 20))
    block = int(words[8]) or parameters.count("POINT", "DATA_START") or 0
    if block < 2:
        raise DamagedC3dError("it does not say where its samples begin")
    return Header(
        points=int(words[1]),
        analog_per_frame=int(words[2]),
        first_frame=int(words[3]),
        last_frame=int(words[4]),
        scale=scale,
        data_start=(block - 1) * BLOCK,
        samples_per_frame=int(words[9]),
        rate_hz=rate,
    )


def _records(data: bytes, at: int, numbers: Numbers) -> Iterator[tuple[tuple[str, str], Parameter]]:
    """Parameters under the names of their groups; a group may be named after its parameters."""
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Parameter]] = []
    while at + 2 <= len(data) and data[at] != 0:
        length = abs(struct.unpack_from("b", data, at)[0])  # negative: locked, which concerns writers
        number = struct.unpack_from("b", data, at + 1)[0]
        name = _text(data[at + 2 : at + 2 + length]).upper()
        step_at = at + 2 + length
        if number == 0 or step_at + 2 > len(data):
            break
        step = int(numbers.integers(data[step_at : step_at + 2], unsigned=True)[0])
        if number < 0:
            groups[-number] = name
        else:
            found.append((number, name, _parameter(data, step_at + 2, name, numbers)))
        if step == 0:  # the last one
            break
        at = step_at + step
    for number, name, parameter in found:
        yield (groups.get(number, ""), name), parameter


def _parameter(data: bytes, at: int, name: str, numbers: Numbers) -> Parameter:
    if at + 2 > len(data):
        raise DamagedC3dError("its parameters are cut")
    kind, axes = struct.unpack_from("bB", data, at)
    size = tuple(data[at + 2 : at + 2 + axes])
    if kind not in _ITEM_BYTES or len(size) < axes or axes > _MOST_AXES:
        raise DamagedC3dError(f"its parameter {name} is of no known kind")
    begin = at + 2 + axes
    end = begin + _ITEM_BYTES[kind] * prod(size)
    if end > len(data):
        raise DamagedC3dError("its parameters are cut")
    return Parameter(kind, size, data[begin:end], numbers)


def _text(data: bytes) -> str:
    """Most write ASCII; some UTF-8, and some what Windows does."""
    bare = data.split(b"\0", 1)[0]
    try:
        return bare.decode("utf-8").strip()
    except UnicodeDecodeError:
        return bare.decode("cp1252", errors="replace").strip()
