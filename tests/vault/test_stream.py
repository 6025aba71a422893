"""Claims about the format of encrypted files: what is read is what was written, and nothing else opens."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.vault.stream import (
    CHUNK_LOG2,
    HEADER_BYTES,
    TAG_BYTES,
    BrokenSealError,
    Owner,
    OwnerKind,
    SealedReader,
    SealingWriter,
    owner_of,
)
from tests.refusals import code_of

KEY = bytes(range(32))
CHUNK = 1 << CHUNK_LOG2
PATIENT = Owner(OwnerKind.PATIENT, "a" * 32)


class _Kept(io.BytesIO):
    """Keeps its content when it is closed."""

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


def sealed(content: bytes, pieces: int = 1, owner: Owner = PATIENT) -> bytes:
    file = _Kept()
    with SealingWriter(file, owner, KEY) as writer:
        step = max(1, -(-len(content) // pieces))
        for at in range(0, len(content), step):
            writer.write(content[at : at + step])
    return file.content


def opened(content: bytes) -> SealedReader:
    return SealedReader(io.BytesIO(content), lambda owner: KEY)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77])
@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_what_was_written_is_read_back(size, pieces):
    content = os.urandom(size)
    made = sealed(content, pieces)
    reader = opened(made)
    assert reader.size == size and reader.read() == content
    chunks = max(1, -(-size // CHUNK))
    assert len(made) == HEADER_BYTES + size + chunks * TAG_BYTES


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3 * CHUNK), st.integers(0, 2 * CHUNK)), max_size=6))
def test_any_part_is_read_as_from_a_plain_file(places):
    content = CONTENT
    reader, plain = opened(SEALED), io.BytesIO(content)
    for at, size in places:
        assert reader.seek(at) == plain.seek(at)
        assert reader.read(size) == plain.read(size)
        assert reader.tell() == plain.tell()
    assert reader.seek(-5, os.SEEK_END) == plain.seek(-5, os.SEEK_END)
    buffer = bytearray(9)
    assert reader.readinto(buffer) == 5 and bytes(buffer[:5]) == content[-5:]


GOLDEN = (
    "45584f564c54010a011200006161616161616161616161616161616161616161616161616161616161616161646566676869"
    "6a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283abbe829f12bbb562d47b2892c34a10e82cf5d7136b1d607f"
    "57ea1984e98d49fbd35993037c9f129b6b2802fb7bcb7d20e08b588804"
)
CONTENT = np.random.default_rng(1).bytes(2 * CHUNK + 4321)
SEALED = sealed(CONTENT)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(SEALED) - 1), st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(at, bit):
    damaged = bytearray(SEALED)
    damaged[at] ^= 1 << bit
    assert code_of(lambda: opened(bytes(damaged)).read()) == "REC-036"


@pytest.mark.parametrize(
    "cut", [0, 10, HEADER_BYTES, HEADER_BYTES + TAG_BYTES, HEADER_BYTES + CHUNK + TAG_BYTES, len(SEALED) - 1]
)
def test_a_file_that_was_cut_short_does_not_open(cut):
    assert code_of(opened, SEALED[:cut]) == "REC-036"


def test_a_file_that_grew_does_not_open():
    assert code_of(opened, SEALED + bytes(TAG_BYTES)) == "REC-036"
    assert code_of(opened, SEALED + SEALED[HEADER_BYTES:]) == "REC-036"


def test_chunks_do_not_change_places_or_files():
    body, width = SEALED[HEADER_BYTES:], CHUNK + TAG_BYTES
    swapped = SEALED[:HEADER_BYTES] + body[width : 2 * width] + body[:width] + body[2 * width :]
    assert code_of(lambda: opened(swapped).read()) == "REC-036"
    other = sealed(CONTENT)
    mixed = SEALED[: HEADER_BYTES + width] + other[HEADER_BYTES + width :]
    assert code_of(lambda: opened(mixed).read()) == "REC-036"


def test_a_file_does_not_open_as_that_of_another_owner_or_with_another_key():
    stolen = bytearray(SEALED)
    stolen[12] = ord("b")
    assert code_of(opened, bytes(stolen)) == "REC-036"
    with pytest.raises(BrokenSealError):
        SealedReader(io.BytesIO(SEALED), lambda owner: bytes(32))
    assert owner_of(io.BytesIO(SEALED)) == PATIENT


def test_the_same_content_never_looks_the_same_twice():
    first, second = sealed(bytes(1000)), sealed(bytes(1000))
    assert first[HEADER_BYTES:] != second[HEADER_BYTES:]
    assert bytes(16) not in first[HEADER_BYTES - 32 :]


def test_a_writer_left_by_an_exception_leaves_nothing_that_opens():
    file = _Kept()
    with pytest.raises(KeyError), SealingWriter(file, PATIENT, KEY) as writer:
        writer.write(CONTENT)
        raise KeyError
    assert code_of(opened, file.content) == "REC-036"


def test_arrays_are_written_and_read_as_a_stream():
    arrays = {"a": np.arange(200_000.0), "b": np.eye(3)}
    file = _Kept()
    with SealingWriter(file, PATIENT, KEY) as writer:
        np.savez(writer, **arrays)
    with np.load(opened(file.content)) as stored:
        assert all((stored[name] == array).all() for name, array in arrays.items())


def test_the_format_stays_what_it_is():
    """Sealed by the first version of the format; must open for ever."""
    kept = bytes.fromhex(GOLDEN)
    assert opened(kept).read() == b"what was written in the first version"
