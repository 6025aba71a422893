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

from core.deploy.blob import GoldenVectors, write_blob
from core.domain.controller import TorqueLimits
from core.domain.twin import Network
from core.exo_core.controller import BlobFault, BlobRefused, Controller
from core.exo_core.library import Library
from tests.deploy.controllers import LIMITS, package
from tests.exo_core.nets import random_layers, run_reference


@cache
def usual() -> bytes:
    return package(seed=3).device_bytes


@pytest.fixture
def data() -> bytes:
    return usual()


def resealed(data: bytes) -> bytes:
    """The same bytes with a hash that holds again."""
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


def with_manifest(data: bytes, change: Any) -> bytes:
    """The controller with a changed manifest, all lengths and hashes made to fit."""
    head, weights, golden = struct.unpack_from("<III", data, 12)
    manifest = cbor2.loads(data[32 : 32 + head])
    change(manifest)
    text = cbor2.dumps(manifest, canonical=True)
    text += bytes(-len(text) % 16)
    body = data[32 + head : -32]
    sizes = struct.pack("<III", len(text), weights, golden)
    total = struct.pack("<I", 32 + len(text) + len(body) + 32)
    return resealed(data[:12] + sizes + data[24:28] + total + text + body + bytes(32))


def fault_of(core: Library, data: bytes) -> BlobFault | None:
    try:
        Controller(data, core)
    except BlobRefused as refused:
        return refused.fault
    return None


def test_a_controller_of_today_is_read_and_passes_its_self_test(core: Library, data: bytes):
    found = package(seed=3).blob
    controller = Controller(data, core)

    result = controller.selftest()

    assert controller.sha256 == found.sha256
    assert (result.ticks, result.passed) == (64, True)
    assert result.outputs_sha256.hex() == found.golden.outputs_sha256


def test_a_temporal_network_is_read_and_runs(core: Library):
    layers = random_layers(8, (4, 8, 8, 2), taps=3, dilations=(1, 2))
    motion = np.random.default_rng(8).normal(0.0, 0.3, (40, 4)).astype(np.float32)
    net = {
        "kind": "tcn", "sizes": [4, 8, 8, 2], "taps": [3, 3, 1], "dilations": [1, 2, 1],
        "activation": "relu", "signals": "angle_velocity", "output": "torque",
        "velocity_scale": 1.0, "low_pass_hz": 49.0, "kp_nm_rad": 0.0, "kd_nm_s_rad": 0.0,
    }  # fmt: skip
    flat = Network(
        tuple(layer.weight.reshape(len(layer.bias), -1) for layer in layers),
        tuple(layer.bias for layer in layers),
        "relu",
    )
    # The golden torques are not those of this network: the core must read it and say so.
    golden = GoldenVectors(motion[:, :2], motion[:, 2:], np.zeros((40, 2), np.float32))
    controller = Controller(sealed(net, flat, golden), core)

    torque = controller.run(motion[:, :2], motion[:, 2:])

    smooth = run_reference(layers, motion)
    assert not controller.selftest().passed
    assert torque[0].tobytes() == np.float32(smooth[0]).tobytes() or np.allclose(torque[0], smooth[0], 1e-6)
    assert np.abs(torque - smooth).max() < 0.5  # a low-pass just below half the rate changes little


def sealed(net: dict[str, Any], network: Network, golden: GoldenVectors) -> bytes:
    weights = b"".join(
        np.ascontiguousarray(array, "<f4").tobytes()
        for pair in zip(network.weights, network.biases, strict=True)
        for array in pair
    )
    limits = TorqueLimits(18.0, 1e6, 3.0)
    manifest = {
        "version": "1", "core_abi": "exo-runtime-1", "subject_tag": "t", "net": net,
        "device_profile": {"id": "Hippo_L1", "control_hz": 100.0},
        "limits": {"peak_nm": limits.peak_nm, "rate_nm_s": limits.rate_nm_s, "hip_range_rad": 3.0},
        "first_session_peak_nm": 12.0,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "golden": {"sha256": golden.outputs_sha256},
    }  # fmt: skip
    return write_blob(manifest, network, golden)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 2**20), bit=st.integers(0, 7), reseal=st.booleans())
@example(at=0, bit=0, reseal=True)
def test_a_flipped_bit_never_passes_unnoticed(core: Library, at: int, bit: int, reseal: bool):
    good = usual()
    changed = bytearray(good)
    changed[at % len(good)] ^= 1 << bit
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
    "unknown signals": (lambda m: m["net"].update(signals="emg"), BlobFault.BAD_NETWORK),
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
    "version as number": (lambda m: m.update(version=1), BlobFault.BAD_MANIFEST),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_manifest_that_is_not_right_is_refused_by_name(core: Library, data: bytes, name: str):
    change, fault = CHANGES[name]

    assert fault_of(core, with_manifest(data, change)) is fault


def test_numbers_of_every_width_are_read_alike(core: Library, data: bytes):
    """CBOR writes 0.25 in 16 bits, 6.1 in 64 and 50 as an integer."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["net"].update(velocity_scale=2.0**-24, low_pass_hz=6.1, kp_nm_rad=50)

    controller = Controller(with_manifest(data, change), core)
    law = controller._law
    assert (law.velocity_scale, law.kp_nm_rad) == (2.0**-24, 50.0)
    assert law.peak_nm == LIMITS.peak_nm


def test_changed_golden_vectors_fail_the_self_test(core: Library, data: bytes):
    torque = data[-32 - 24 + 16 : -32 - 24 + 20]
    (value,) = struct.unpack("<f", torque)
    nudged = struct.pack("<f", np.nextafter(np.float32(value), np.float32(99.0)))
    changed = data[:-40] + nudged + data[-36:]
    golden = struct.unpack_from("<I", data, 20)[0]
    columns = np.frombuffer(changed[-32 - golden : -32], "<f4").reshape(-1, 6)
    promise = hashlib.sha256(np.ascontiguousarray(columns[:, 4:]).tobytes()).hexdigest()
    bad = with_manifest(changed, lambda manifest: manifest["golden"].update(sha256=promise))

    assert not Controller(bad, core).selftest().passed
