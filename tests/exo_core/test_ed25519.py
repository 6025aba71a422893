"""The core accepts the signatures that RFC 8032 accepts, and is strict where it leaves room."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exo_core.library import Library

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# RFC 8032, section 7.1: public key, message, signature
RFC_8032 = {
    "test 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    "test 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "test 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    "test SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
}


def holds(core: Library, signature: bytes, key: bytes, message: bytes) -> bool:
    return bool(core.lib.exo_ed25519_holds(signature, key, message, len(message)))


def others_accept(signature: bytes, key: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("name", RFC_8032)
def test_the_examples_of_rfc_8032_hold_and_none_with_a_flipped_bit(core: Library, name: str):
    key, message, signature = (bytes.fromhex(text) for text in RFC_8032[name])
    assert holds(core, signature, key, message)
    for bit in range(0, 512, 7):
        assert not holds(core, flipped(signature, bit), key, message)
    for bit in range(0, 256, 5):
        assert not holds(core, signature, flipped(key, bit), message)
    assert not holds(core, signature, key, message + b"\0")


@settings(max_examples=150, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), bit=st.integers(0, 767))
def test_any_key_and_message_is_judged_as_by_another_implementation(
    core: Library, seed: bytes, message: bytes, bit: int
):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert holds(core, signature, key, message)

    changed = flipped(signature + key, bit)
    assert not holds(core, changed[:64], changed[64:], message)


@settings(max_examples=200, deadline=None)
@given(signature=st.binary(min_size=64, max_size=64), key=st.binary(min_size=32, max_size=32))
def test_bytes_that_nobody_signed_are_refused(core: Library, signature: bytes, key: bytes):
    assert not holds(core, signature, key, b"EXODEV1")


@settings(max_examples=100, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), times=st.integers(1, 14))
def test_the_same_signature_cannot_be_written_in_another_way(core: Library, seed: bytes, times: int):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    signature = private.sign(b"walk")
    s = int.from_bytes(signature[32:], "little") + times * ORDER
    other = signature[:32] + s.to_bytes(32, "little")
    assert not holds(core, other, private.public_key().public_bytes_raw(), b"walk")


def signature_of_nobody(seed: bytes) -> bytes:
    """R = S B: with the neutral point as key it holds for every message, wherever that key is accepted."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    scalar = bytearray(hashlib.sha512(seed).digest()[:32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    s = int.from_bytes(scalar, "little") % ORDER
    return private.public_key().public_bytes_raw() + s.to_bytes(32, "little")


def point(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


NEUTRAL = point(1)
SMALL_ORDER = {
    "neutral point": NEUTRAL,
    "neutral point, minus zero": point(1, sign=1),
    "neutral point, not reduced": point(PRIME + 1),
    "order 2": point(PRIME - 1),
    "order 2, minus zero": point(PRIME - 1, sign=1),
    "order 4": point(0),
    "order 4, other side": point(0, sign=1),
    "order 4, not reduced": point(PRIME),
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "order 8, other": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
}


@pytest.mark.parametrize("name", SMALL_ORDER)
def test_a_key_whose_signatures_hold_for_any_message_is_no_key(core: Library, name: str):
    key = SMALL_ORDER[name]
    for number in range(16):
        forged = signature_of_nobody(number.to_bytes(32, "little"))
        assert not holds(core, forged, key, b"anything")
    if key == NEUTRAL:  # the reason to be strict: common implementations let this pass
        assert others_accept(signature_of_nobody(bytes(32)), key, b"anything")


@settings(max_examples=100, deadline=None)
@given(pieces=st.lists(st.binary(max_size=200), max_size=6))
def test_sha_512_is_that_of_the_standard_library(core: Library, pieces: list[bytes]):
    state = core.ffi.new("exo_sha512 *")
    digest = core.ffi.new("uint8_t[]", 64)
    core.lib.exo_sha512_start(state)
    for piece in pieces:
        core.lib.exo_sha512_add(state, piece, len(piece))
    core.lib.exo_sha512_end(state, digest)
    assert bytes(core.ffi.buffer(digest)) == hashlib.sha512(b"".join(pieces)).digest()
