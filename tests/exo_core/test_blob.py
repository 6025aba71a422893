"""The core reads the bytes of a controller, and nothing that is not exactly that."""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.deploy.blob import MAX_MANIFEST_BYTES, TRAILER_BYTES, BlobError, read_blob, sign_blob
from core.deploy.golden import reference_torque
from core.exo_core.controller import BlobFault, BlobRefused, Controller
from core.exo_core.library import Library
from tests.deploy.controllers import KEY, LIMITS, package
from tests.exo_core.kinds import KINDS, controller_of, package_of


@cache
def usual() -> bytes:
    return package(seed=3).device_bytes


@pytest.fixture
def data() -> bytes:
    return usual()


def resealed(data: bytes) -> bytes:
    """The same bytes with a hash and a signature that hold again."""
    return sign_blob(data[:-TRAILER_BYTES], KEY)


def with_manifest(data: bytes, change: Any) -> bytes:
    """The controller with a changed manifest, all lengths and hashes made to fit."""
    head, weights, golden = struct.unpack_from("<III", data, 12)
    manifest = cbor2.loads(data[32 : 32 + head])
    change(manifest)
    text = cbor2.dumps(manifest, canonical=True)
    text += bytes(-len(text) % 16)
    body = data[32 + head : -TRAILER_BYTES]
    sizes = struct.pack("<III", len(text), weights, golden)
    total = struct.pack("<I", 32 + len(text) + len(body) + TRAILER_BYTES)
    return sign_blob(data[:12] + sizes + data[24:28] + total + text + body, KEY)


def fault_of(core: Library, data: bytes) -> BlobFault | None:
    try:
        Controller(data, core)
    except BlobRefused as refused:
        return refused.fault
    return None


@pytest.mark.slow
def test_a_controller_of_today_is_read_and_passes_its_self_test(core: Library, data: bytes):
    found = package(seed=3).blob
    controller = Controller(data, core)

    result = controller.selftest()

    assert controller.sha256 == found.sha256
    assert (result.ticks, result.passed) == (64, True)
    assert result.outputs_sha256.hex() == found.golden.outputs_sha256


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_controller_gives_the_bits_of_the_simulation(core: Library, name: str):
    made = controller_of(name, seed=8)
    data = package_of(made).device_bytes
    rng = np.random.default_rng(8)
    angle = rng.normal(0.0, 0.3, (200, 2)).astype(np.float32)
    speed = rng.normal(0.0, 2.0, (200, 2)).astype(np.float32)
    angle[70], speed[120, 1] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        expected = reference_torque(made, angle, speed)

    controller = Controller(data, core)

    assert controller.selftest().passed
    assert controller.run(angle, speed).tobytes() == expected.tobytes()
    assert np.abs(expected).max() > 0.2
    assert np.abs(expected[-20:]).max() > 0.0  # what was no number is forgotten


@pytest.mark.parametrize("name", KINDS)
def test_the_manifest_of_every_kind_has_room_to_spare_in_the_exo(name: str):
    (length,) = struct.unpack_from("<I", package_of(controller_of(name, seed=8)).device_bytes, 12)
    assert length < 0.75 * MAX_MANIFEST_BYTES


def test_a_manifest_that_the_exo_has_no_room_for_is_refused(core: Library, data: bytes):
    """The exo could run it, but not tell its version, its patient nor the torque of its first session."""
    (length,) = struct.unpack_from("<I", data, 12)
    longest = with_manifest(
        data, lambda manifest: manifest.update(note="x" * (MAX_MANIFEST_BYTES - length - 16))
    )
    longer = with_manifest(
        data, lambda manifest: manifest.update(note="x" * (MAX_MANIFEST_BYTES - length + 16))
    )
    assert fault_of(core, longest) is None
    read_blob(longest)
    assert fault_of(core, longer) is BlobFault.WRONG_LENGTH
    with pytest.raises(BlobError, match="longer than the exo reads"):
        read_blob(longer)


@pytest.mark.parametrize("name", KINDS)
def test_what_the_network_reads_comes_back_from_the_bytes(name: str):
    made = controller_of(name, seed=8)
    found = package_of(made).blob.controller
    assert (found.reads, found.output, found.taps, found.dilations, found.sizes) == (
        made.reads, made.output, made.taps, made.dilations, made.sizes
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 2**20), bit=st.integers(0, 7), reseal=st.booleans())
@example(at=0, bit=0, reseal=True)
def test_a_flipped_bit_never_passes_unnoticed(core: Library, at: int, bit: int, reseal: bool):
    """In what is hashed and in the hash; who knows the keys judges the rest (test_signed_controllers.py)."""
    good = usual()
    hashed = len(good) - TRAILER_BYTES + hashlib.sha256().digest_size
    changed = bytearray(good)
    changed[at % hashed] ^= 1 << bit
    bad = resealed(bytes(changed)) if reseal else bytes(changed)
    if bad == good:  # the flipped bit was in the hash, and sealing mended it
        return

    try:
        controller = Controller(bad, core)
    except BlobRefused:
        return
    # Whoever makes a hash that holds may change names and motion, but not what the controller is.
    assert reseal
    assert controller.sha256 != hashlib.sha256(good).hexdigest()


@settings(max_examples=100, deadline=None)
@given(length=st.integers(0, 2**20), tail=st.binary(max_size=64))
def test_bytes_of_any_length_are_refused_without_reading_beyond_them(core: Library, length: int, tail: bytes):
    good = usual()

    assert fault_of(core, good[: length % len(good)] + tail) is not None


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, 700), junk=st.binary(min_size=1, max_size=40))
def test_any_manifest_is_survived(core: Library, cut: int, junk: bytes):
    good = usual()
    head = struct.unpack_from("<I", good, 12)[0]
    at = 32 + cut % (head - len(junk))

    fault_of(core, resealed(good[:at] + junk + good[at + len(junk) :]))  # must return


CHANGES = {
    "no network": (lambda m: m.pop("net"), BlobFault.BAD_NETWORK),
    "too many layers": (lambda m: m["net"].update(sizes=[16] * 10 + [2]), BlobFault.BAD_NETWORK),
    "other sizes": (lambda m: m["net"].update(sizes=[16, 64, 128, 2]), BlobFault.BAD_NETWORK),
    "a layer without units": (lambda m: m["net"].update(sizes=[16, 0, 64, 2]), BlobFault.BAD_NETWORK),
    "a huge layer": (lambda m: m["net"].update(sizes=[16, 70000, 64, 2]), BlobFault.BAD_NETWORK),
    "three outputs": (lambda m: m["net"].update(sizes=[16, 128, 64, 3]), BlobFault.BAD_NETWORK),
    "another activation": (lambda m: m["net"].update(activation="tanh"), BlobFault.BAD_NETWORK),
    "unknown signal": (lambda m: m["net"]["inputs"][0].update(signal="emg"), BlobFault.BAD_NETWORK),
    "degrees": (lambda m: m["net"]["inputs"][1].update(unit="deg"), BlobFault.BAD_NETWORK),
    "no scale": (lambda m: m["net"]["inputs"][2].pop("scale"), BlobFault.BAD_NETWORK),
    "scale not a number": (lambda m: m["net"]["inputs"][2].update(scale=float("nan")), BlobFault.BAD_NETWORK),
    "a signal less": (lambda m: m["net"]["inputs"].pop(), BlobFault.BAD_NETWORK),
    "too many signals": (lambda m: m["net"].update(inputs=4 * m["net"]["inputs"]), BlobFault.BAD_NETWORK),
    "no signals": (lambda m: m["net"].update(inputs=[]), BlobFault.BAD_NETWORK),
    "another history": (lambda m: m["net"].update(history=5), BlobFault.BAD_NETWORK),
    "a history without end": (lambda m: m["net"].update(history=2**31), BlobFault.BAD_NETWORK),
    "taps missing": (lambda m: m["net"].update(taps=[1, 1]), BlobFault.BAD_NETWORK),
    "more taps than weights": (lambda m: m["net"].update(taps=[3, 1, 1]), BlobFault.BAD_NETWORK),
    "looks back too far": (lambda m: m["net"].update(dilations=[9000, 1, 1]), BlobFault.BAD_NETWORK),
    "unknown output": (lambda m: m["net"].update(output="current"), BlobFault.BAD_NETWORK),
    "gain missing": (lambda m: m["net"].pop("kp_nm_rad"), BlobFault.BAD_NUMBER),
    "gain not a number": (lambda m: m["net"].update(kd_nm_s_rad=float("nan")), BlobFault.BAD_NUMBER),
    "gain as text": (lambda m: m["net"].update(kp_nm_rad="50"), BlobFault.BAD_NUMBER),
    "endless peak": (lambda m: m["limits"].update(peak_nm=float("inf")), BlobFault.BAD_NUMBER),
    "no peak": (lambda m: m["limits"].update(peak_nm=0.0), BlobFault.BAD_NUMBER),
    "negative rate": (lambda m: m["limits"].update(rate_nm_s=-1.0), BlobFault.BAD_NUMBER),
    "low-pass too high": (lambda m: m["net"].update(low_pass_hz=50.0), BlobFault.WRONG_RATE),
    "another control rate": (lambda m: m["device_profile"].update(control_hz=200.0), BlobFault.WRONG_RATE),
    "another runtime": (lambda m: m.update(core_abi="exo-runtime-2"), BlobFault.OTHER_CONTENT),
    "other weights": (lambda m: m.update(weights_sha256="0" * 64), BlobFault.OTHER_CONTENT),
    "other golden": (lambda m: m["golden"].update(sha256="0" * 64), BlobFault.OTHER_CONTENT),
    "no subject": (lambda m: m.update(subject_tag=""), BlobFault.BAD_MANIFEST),
    "no profile": (lambda m: m["device_profile"].pop("id"), BlobFault.BAD_MANIFEST),
    "nothing of its release": (lambda m: m.pop("release"), BlobFault.BAD_RELEASE),
    "an unknown purpose": (lambda m: m["release"].update(purpose="human"), BlobFault.BAD_RELEASE),
    "no purpose": (lambda m: m["release"].pop("purpose"), BlobFault.BAD_RELEASE),
    "for people, for no exo": (
        lambda m: m["release"].update(purpose="supervised-human"),
        BlobFault.BAD_RELEASE,
    ),
    "for people, of a made-up patient": (
        lambda m: (m.update(synthetic=True), m["release"].update(purpose="supervised-human", serial="SN-7")),
        BlobFault.BAD_RELEASE,
    ),
    "for people, not said of whom": (
        lambda m: (m.pop("synthetic"), m["release"].update(purpose="supervised-human", serial="SN-7")),
        BlobFault.BAD_RELEASE,
    ),
    "serial as number": (lambda m: m["release"].update(serial=7), BlobFault.BAD_RELEASE),
    "no serial": (lambda m: m["release"].pop("serial"), BlobFault.BAD_RELEASE),
    "never expires": (lambda m: m["release"].update(expires_s=0), BlobFault.BAD_RELEASE),
    "expires as text": (lambda m: m["release"].update(expires_s="2027"), BlobFault.BAD_RELEASE),
    "expires after 2106": (lambda m: m["release"].update(expires_s=2**32), BlobFault.BAD_RELEASE),
    "expires before 1970": (lambda m: m["release"].update(expires_s=-1), BlobFault.BAD_RELEASE),
    "counter zero": (lambda m: m["release"].update(counter=0), BlobFault.BAD_RELEASE),
    "counter true": (lambda m: m["release"].update(counter=True), BlobFault.BAD_RELEASE),
    "counter in halves": (lambda m: m["release"].update(counter=1.0), BlobFault.BAD_RELEASE),
    "version as number": (lambda m: m.update(version=1), BlobFault.BAD_MANIFEST),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_manifest_that_is_not_right_is_refused_by_name(core: Library, data: bytes, name: str):
    change, fault = CHANGES[name]
    changed = with_manifest(data, change)

    assert fault_of(core, changed) is fault
    with pytest.raises(BlobError):
        read_blob(changed)


def test_numbers_of_every_width_are_read_alike(core: Library, data: bytes):
    """CBOR writes 0.25 in 16 bits, 6.1 in 64 and 50 as an integer."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["net"].update(low_pass_hz=6.1, kp_nm_rad=50)
        manifest["net"]["inputs"][2].update(scale=2.0**-24)

    controller = Controller(with_manifest(data, change), core)
    law = controller._law
    assert (law.scale[2], law.kp_nm_rad) == (2.0**-24, 50.0)
    assert law.peak_nm == LIMITS.peak_nm


def test_changed_golden_vectors_fail_the_self_test(core: Library, data: bytes):
    body = data[:-TRAILER_BYTES]
    (value,) = struct.unpack("<f", body[-8:-4])
    nudged = struct.pack("<f", np.nextafter(np.float32(value), np.float32(99.0)))
    changed = body[:-8] + nudged + body[-4:]
    golden = struct.unpack_from("<I", data, 20)[0]
    columns = np.frombuffer(changed[-golden:], "<f4").reshape(-1, 6)
    promise = hashlib.sha256(np.ascontiguousarray(columns[:, 4:]).tobytes()).hexdigest()
    bad = with_manifest(
        changed + bytes(TRAILER_BYTES), lambda manifest: manifest["golden"].update(sha256=promise)
    )

    assert not Controller(bad, core).selftest().passed
