"""The bytes that go to the exo: header, CBOR manifest, float32 weights, golden vectors, SHA-256.

    header 32 bytes  magic "EXOCTRL1", version, sizes of the three parts, number of golden ticks
    manifest         CBOR, padded with zeros to a multiple of 16
    weights          float32 little-endian: per layer the matrix (out, in) row by row, then the bias
    golden           float32 little-endian per tick: angle, velocity, torque, each left and right
    sha256           of everything before it

Both sides of the link read this format; what a side does with it is its own business.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cbor2
import numpy as np

from core.devices.exo_protocol import CONTROL_HZ
from core.domain.arrays import Float32Array
from core.domain.body import SIDES
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.simulation.exo_runtime import INPUTS

MAGIC = b"EXOCTRL1"
FORMAT_VERSION = 1
RUNTIME_ABI = "exo-runtime-1"  # the meaning of the numbers, see core.simulation.exo_runtime
MAX_BLOB_BYTES = 1 << 20
_HEADER = struct.Struct("<8sHHIIIII")  # magic, version, header size, manifest, weights, golden, ticks, total
_DIGEST_BYTES = 32
_ALIGNMENT = 16
_GOLDEN_COLUMNS = 6
# What a manifest can provoke that somebody made to harm: deep nesting, huge numbers, dates out of range.
_UNREADABLE = (
    cbor2.CBORError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)


class BlobError(ValueError):
    """The bytes are not a controller, or not the ones that were written."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenVectors:
    """What the runtime answers, tick by tick, from a fresh start. Axes: T ticks, 2 sides."""

    angle_rad: Float32Array  # (T, 2)
    velocity_rad_s: Float32Array  # (T, 2)
    torque_nm: Float32Array  # (T, 2)

    @property
    def outputs_sha256(self) -> str:
        return hashlib.sha256(np.ascontiguousarray(self.torque_nm, "<f4").tobytes()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """A controller as parsed from its bytes."""

    manifest: dict[str, Any]
    controller: ExoController
    golden: GoldenVectors
    sha256: str  # of all bytes

    @property
    def profile_id(self) -> str:
        return str(self.manifest["device_profile"]["id"])

    @property
    def subject_tag(self) -> str:
        return str(self.manifest["subject_tag"])

    @property
    def first_session_peak_nm(self) -> float:
        return float(self.manifest["first_session_peak_nm"])


def write_blob(manifest: dict[str, Any], network: Network, golden: GoldenVectors) -> bytes:
    """Lay out the bytes. The same arguments always give the same bytes."""
    head = cbor2.dumps(manifest, canonical=True)
    head += bytes(-len(head) % _ALIGNMENT)
    weights = weight_bytes(network)
    columns = np.hstack([golden.angle_rad, golden.velocity_rad_s, golden.torque_nm])
    vectors = np.ascontiguousarray(columns, "<f4").tobytes()
    total = _HEADER.size + len(head) + len(weights) + len(vectors) + _DIGEST_BYTES
    header = _HEADER.pack(
        MAGIC, FORMAT_VERSION, _HEADER.size, len(head), len(weights), len(vectors), len(columns), total
    )
    body = header + head + weights + vectors
    return body + hashlib.sha256(body).digest()


def weight_bytes(network: Network) -> bytes:
    return b"".join(
        np.ascontiguousarray(array, "<f4").tobytes()
        for pair in zip(network.weights, network.biases, strict=True)
        for array in pair
    )


def read_blob(data: bytes) -> Blob:
    """Parse and check every length, hash and number. Raises BlobError."""
    head, weights, vectors = _split(data)
    try:
        manifest = cbor2.loads(head)
        network = _network(manifest["net"], weights)
        controller = _controller(manifest, network)
        golden = _golden(vectors)
        blob = Blob(manifest, controller, golden, hashlib.sha256(data).hexdigest())
        facts = (blob.profile_id, blob.subject_tag, blob.first_session_peak_nm, str(manifest["version"]))
        expected = manifest["weights_sha256"], manifest["golden"]["sha256"], manifest["core_abi"]
    except BlobError:
        raise
    except _UNREADABLE as error:
        raise BlobError(f"the manifest cannot be read: {error!r}") from error
    if expected != (hashlib.sha256(weights).hexdigest(), golden.outputs_sha256, RUNTIME_ABI):
        raise BlobError("weights, golden vectors or runtime are not those of the manifest")
    if not all(facts):
        raise BlobError("the manifest has an empty field")
    return blob


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    if len(data) < _HEADER.size + _DIGEST_BYTES:
        raise BlobError("too short for a controller")
    magic, version, header_bytes, head, weights, vectors, ticks, total = _HEADER.unpack_from(data)
    if magic != MAGIC or header_bytes != _HEADER.size:
        raise BlobError("not a controller")
    if version != FORMAT_VERSION:
        raise BlobError(f"format {version} is not known")
    if total != len(data) or len(data) > MAX_BLOB_BYTES:
        raise BlobError("the length does not agree with the header")
    if header_bytes + head + weights + vectors + _DIGEST_BYTES != total or vectors != ticks * 24:
        raise BlobError("the sizes of the parts do not agree")
    if hashlib.sha256(data[:-_DIGEST_BYTES]).digest() != data[-_DIGEST_BYTES:]:
        raise BlobError("the bytes were changed")
    start = header_bytes + head
    return data[header_bytes:start], data[start : start + weights], data[start + weights : -_DIGEST_BYTES]


def _network(net: dict[str, Any], data: bytes) -> Network:
    sizes = [int(size) for size in net["sizes"]]
    values = np.frombuffer(data, "<f4")
    count = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
    if len(sizes) < 2 or min(sizes) < 1 or len(values) != count:
        raise BlobError("the weights do not fit the network")
    if sizes[0] != INPUTS or sizes[-1] != len(SIDES) or net["activation"] != "relu":
        raise BlobError("this is no network that the exo runs")
    if not np.isfinite(values).all():
        raise BlobError("a weight is not a number")
    weights, biases, at = [], [], 0
    for inputs, outputs in pairwise(sizes):
        weights.append(values[at : at + inputs * outputs].reshape(outputs, inputs))
        at += inputs * outputs
        biases.append(values[at : at + outputs])
        at += outputs
    return Network(tuple(weights), tuple(biases), str(net["activation"]))


def _controller(manifest: dict[str, Any], network: Network) -> ExoController:
    net, limits = manifest["net"], manifest["limits"]
    gains = {key: float(net[key]) for key in ("velocity_scale", "low_pass_hz", "kp_nm_rad", "kd_nm_s_rad")}
    rate_hz = float(manifest["device_profile"]["control_hz"])
    bounds = [float(limits[key]) for key in ("peak_nm", "rate_nm_s", "hip_range_rad")]
    first = float(manifest["first_session_peak_nm"])
    if not np.isfinite([*gains.values(), *bounds, first]).all() or min(*bounds, first) <= 0.0:
        raise BlobError("a limit or gain is not a usable number")
    if rate_hz != CONTROL_HZ or not 0.0 < gains["low_pass_hz"] < rate_hz / 2.0:
        raise BlobError("the rates are not those of the exo")
    return ExoController(network, **gains, control_hz=rate_hz, limits=TorqueLimits(*bounds))


def _golden(data: bytes) -> GoldenVectors:
    columns = np.frombuffer(data, "<f4").reshape(-1, _GOLDEN_COLUMNS).astype(np.float32)
    if not len(columns) or not np.isfinite(columns).all():
        raise BlobError("there are no usable golden vectors")
    return GoldenVectors(columns[:, 0:2], columns[:, 2:4], columns[:, 4:6])
