"""Files as damage makes them: the same seed always gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from random import Random

HEAD_BYTES = 2048
_EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01", b"\xff\xff", b"\x00\x80", b"\xff\xff\xff\x7f")
_NUMBERS = (
    b"1e400",
    b"-1e308",
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e-400",
    b"",
    b"0x10",
)
_WORDS = (
    b"[" * 60,
    b"{" * 60,
    b'"',
    b"\x00",
    b"\xff\xfe",
    b"\r\n\r\n",
    b",,,,,",
    b"\t" * 40,
    b"x" * 3000,
    b"\\u0000",
)


def mutated(whole: bytes, random: Random, *, text: bool = False) -> bytes:
    """`whole` with one to three kinds of damage; `text`: some of it fits a file of words and numbers."""
    ways = [*_OF_BYTES, *(_OF_TEXT if text else ())]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        whole = random.choice(ways)(whole, random)
    return whole


def mutated_inside(whole: bytes, random: Random) -> bytes:
    """An archive that is sound, with one of its parts damaged."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    damaged = random.choice([name for name, part in parts.items() if part])
    parts[damaged] = mutated(parts[damaged], random, text=True)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return kept.getvalue()


def _flip(whole: bytes, random: Random) -> bytes:
    changed = bytearray(whole)
    for _ in range(random.randint(1, 16)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _flip_in_head(whole: bytes, random: Random) -> bytes:
    return _flip(whole[:HEAD_BYTES], random) + whole[HEAD_BYTES:]


def _extreme_in_head(whole: bytes, random: Random) -> bytes:
    value = random.choice(_EXTREMES)
    at = random.randrange(max(min(len(whole), HEAD_BYTES), 1))
    return whole[:at] + value + whole[at + len(value) :]


def _cut(whole: bytes, random: Random) -> bytes:
    return whole[: random.randrange(len(whole) + 1)]


def _cut_near_the_head(whole: bytes, random: Random) -> bytes:
    return whole[: random.randrange(min(len(whole), 2 * HEAD_BYTES) + 1)]


def _leave_out(whole: bytes, random: Random) -> bytes:
    at = random.randrange(len(whole) + 1)
    return whole[:at] + whole[at + random.randint(1, 700) :]


def _repeat(whole: bytes, random: Random) -> bytes:
    at = random.randrange(len(whole) + 1)
    return whole[:at] + whole[max(at - random.randint(1, 3000), 0) :]


def _put_in(whole: bytes, random: Random) -> bytes:
    at = random.randrange(len(whole) + 1)
    return whole[:at] + random.randbytes(random.randint(1, 64)) + whole[at:]


def _another_number(whole: bytes, random: Random) -> bytes:
    places = [found.span() for found in re.finditer(rb"-?\d+(\.\d+)?", whole[: 8 * HEAD_BYTES])]
    if not places:
        return whole
    first, last = random.choice(places)
    return whole[:first] + random.choice(_NUMBERS) + whole[last:]


def _another_word(whole: bytes, random: Random) -> bytes:
    at = random.randrange(min(len(whole), 4 * HEAD_BYTES) + 1)
    return whole[:at] + random.choice(_WORDS) + whole[at:]


_Way = Callable[[bytes, Random], bytes]
_OF_BYTES: tuple[_Way, ...] = (
    _flip,
    _flip_in_head,
    _flip_in_head,
    _extreme_in_head,
    _extreme_in_head,
    _cut,
    _cut_near_the_head,
    _leave_out,
    _repeat,
    _put_in,
)
_OF_TEXT: tuple[_Way, ...] = (_another_number, _another_number, _another_word)
