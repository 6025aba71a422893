"""The bytes that go to the exo: header, CBOR manifest, float32 weights, golden vectors, hash, signature.

    header 32 bytes  magic "EXOCTRL1", version 3, sizes of the three parts, number of golden ticks
    manifest         CBOR, padded with zeros to a multiple of 16
    weights          float32 little-endian: per layer the matrix (out, taps * in) row by row, then the bias
    golden           float32 little-endian per tick: angle, velocity, torque, each left and right
    sha256           of everything before it
    key id 8 bytes   the first of the SHA-256 of the public key that signed
    signature        Ed25519 over "EXODEV1" and the sha256

The name of a controller is the SHA-256 of all its bytes, the signature included: another release of the same
numbers is another controller. Signatures are not verified here: that needs the trusted keys.
The program and the exo both read this format. Version 2 did not say what a controller was released for: it is
still read, so that its package can be looked into, and no exo starts it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import cbor2
import numpy as np

from core.deploy.envelope import from_entry
from core.deploy.keys.signature import SIGNATURE_BYTES, PrivateKey
from core.deploy.signal_names import sense_of
from core.devices.exo_protocol import CONTROL_HZ
from core.domain.arrays import Float32Array
from core.domain.body import SIDES, JointKind
from core.domain.controller import (
    ExoController,
    InputSignal,
    NetworkInputs,
    NetworkOutput,
    Sense,
    TorqueDirection,
    TorqueLimits,
)
from core.domain.gait_envelope import GaitEnvelope
from core.domain.release import Purpose, Release
from core.domain.twin import Network

MAGIC = b"EXOCTRL1"
FORMAT_VERSION = 3
_WITHOUT_RELEASE = 2  # the version that is read and not run
_MAX_NUMBER = 0xFFFFFFFF  # of those that the core reads in 32 bits
RUNTIME_ABI = "exo-runtime-1"  # version of the numerics, see core.exo_core.numpy_runtime
MAX_BLOB_BYTES = 1 << 20
MAX_MANIFEST_BYTES = 2048  # what the core looks into when it is asked what it holds
_HEADER = struct.Struct("<8sHHIIIII")  # magic, version, header size, manifest, weights, golden, ticks, total
_DIGEST_BYTES, _KEY_ID_BYTES = 32, 8
TRAILER_BYTES = _DIGEST_BYTES + _KEY_ID_BYTES + SIGNATURE_BYTES
_ALIGNMENT = 16
_JOINTS = (JointKind.HIP_FLEXION, JointKind.ANKLE)  # that the core knows, see exo_joint.h
_GOLDEN_COLUMNS = 6
# What the core can run; the numbers of exo_net.h and exo_runtime.h.
MAX_LAYERS, MAX_WIDTH, MAX_STATE, MAX_HISTORY, MAX_SIGNALS = 8, 256, 8192, 16, 8
# Errors that a malicious manifest can provoke: deep nesting, huge numbers, dates out of range.
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


class OldBlobError(BlobError):
    """The bytes are of a version that did not sign them."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenVectors:
    """Reference inputs and outputs of the runtime, tick by tick, after a reset. Axes: T ticks, 2 sides."""

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
    envelope: (
        GaitEnvelope | None
    )  # None: of a version that did not pack it; neither verified nor run by an exo
    release: Release | None  # None: of version 2, which no exo runs
    sha256: str  # of all bytes
    signed_sha256: bytes  # of the bytes that are signed
    key_id: str
    signature: bytes

    @property
    def profile_id(self) -> str:
        return str(self.manifest["device_profile"]["id"])

    @property
    def joint(self) -> JointKind:
        return self.controller.joint

    @property
    def subject_tag(self) -> str:
        return str(self.manifest["subject_tag"])

    @property
    def first_session_peak_nm(self) -> float:
        return float(self.manifest["first_session_peak_nm"])


def release_entry(release: Release) -> dict[str, Any]:
    """As the exo reads it."""
    return {
        "purpose": release.purpose.value,
        "serial": release.serial,
        "expires_s": release.expires_utc_s,
        "counter": release.counter,
    }


def write_blob(manifest: dict[str, Any], network: Network, golden: GoldenVectors, key: PrivateKey) -> bytes:
    """Lay out the bytes and sign them. The same arguments always give the same bytes."""
    head = cbor2.dumps(manifest, canonical=True)
    head += bytes(-len(head) % _ALIGNMENT)
    weights = weight_bytes(network)
    columns = np.hstack([golden.angle_rad, golden.velocity_rad_s, golden.torque_nm])
    vectors = np.ascontiguousarray(columns, "<f4").tobytes()
    total = _HEADER.size + len(head) + len(weights) + len(vectors) + TRAILER_BYTES
    header = _HEADER.pack(
        MAGIC, FORMAT_VERSION, _HEADER.size, len(head), len(weights), len(vectors), len(columns), total
    )
    return sign_blob(header + head + weights + vectors, key)


def sign_blob(body: bytes, key: PrivateKey) -> bytes:
    """The bytes of a controller from all that is signed."""
    digest = hashlib.sha256(body).digest()
    return body + digest + bytes.fromhex(key.public.key_id) + key.sign_device(digest)


def weight_bytes(network: Network) -> bytes:
    return b"".join(
        np.ascontiguousarray(array, "<f4").tobytes()
        for pair in zip(network.weights, network.biases, strict=True)
        for array in pair
    )


def read_blob(data: bytes) -> Blob:
    """Parse and check every length, hash and number. Raises BlobError."""
    version, (head, weights, vectors, trailer) = _split(data)
    try:
        manifest = cbor2.loads(head)
        controller = _controller(manifest, weights)
        golden = _golden(vectors)
        digest, key_id = trailer[:_DIGEST_BYTES], trailer[_DIGEST_BYTES:-SIGNATURE_BYTES].hex()
        name = hashlib.sha256(data).hexdigest()
        envelope = from_entry(manifest["envelope"]) if "envelope" in manifest else None
        release = None if version == _WITHOUT_RELEASE else _release(manifest)
        signature = trailer[-SIGNATURE_BYTES:]
        blob = Blob(manifest, controller, golden, envelope, release, name, digest, key_id, signature)
        names = (manifest["device_profile"]["id"], manifest["subject_tag"], manifest["version"])
        expected = manifest["weights_sha256"], manifest["golden"]["sha256"], manifest["core_abi"]
    except BlobError:
        raise
    except _UNREADABLE as error:
        raise BlobError(f"the manifest cannot be read: {error!r}") from error
    if expected != (hashlib.sha256(weights).hexdigest(), golden.outputs_sha256, RUNTIME_ABI):
        raise BlobError("weights, golden vectors or runtime are not those of the manifest")
    if not all(isinstance(name, str) and name for name in names):
        raise BlobError("the manifest lacks a name")
    return blob


def _split(data: bytes) -> tuple[int, tuple[bytes, bytes, bytes, bytes]]:
    if len(data) < _HEADER.size + TRAILER_BYTES:
        raise BlobError("too short for a controller")
    magic, version, header_bytes, head, weights, vectors, ticks, total = _HEADER.unpack_from(data)
    if magic != MAGIC or header_bytes != _HEADER.size:
        raise BlobError("not a controller")
    if version < _WITHOUT_RELEASE:
        raise OldBlobError(f"format {version} was not signed")
    if version not in (FORMAT_VERSION, _WITHOUT_RELEASE):
        raise BlobError(f"format {version} is not known")
    if total != len(data) or len(data) > MAX_BLOB_BYTES:
        raise BlobError("the length does not agree with the header")
    if (
        header_bytes + head + weights + vectors + TRAILER_BYTES != total
        or vectors != ticks * 4 * _GOLDEN_COLUMNS
    ):
        raise BlobError("the sizes of the parts do not agree")
    if head > MAX_MANIFEST_BYTES:
        raise BlobError("its manifest is longer than the exo reads")
    body, trailer = data[:-TRAILER_BYTES], data[-TRAILER_BYTES:]
    if hashlib.sha256(body).digest() != trailer[:_DIGEST_BYTES]:
        raise BlobError("the bytes were changed")
    start = header_bytes + head
    return version, (
        body[header_bytes:start],
        body[start : start + weights],
        body[start + weights :],
        trailer,
    )


def _controller(manifest: dict[str, Any], weights: bytes) -> ExoController:
    net, limits = manifest["net"], manifest["limits"]
    gains = {key: _number(net[key]) for key in ("low_pass_hz", "kp_nm_rad", "kd_nm_s_rad")}
    rate_hz = _number(manifest["device_profile"]["control_hz"])
    bounds = [_number(limits[key]) for key in ("peak_nm", "rate_nm_s", "hip_range_rad")]
    first = _number(manifest["first_session_peak_nm"])
    if not np.isfinite([*gains.values(), *bounds, first]).all() or min(*bounds, first) <= 0.0:
        raise BlobError("a limit or gain is not a usable number")
    if rate_hz != CONTROL_HZ or not 0.0 < gains["low_pass_hz"] < rate_hz / 2.0:
        raise BlobError("the rates are not those of the exo")
    output, joint = NetworkOutput(net["output"]), _joint(manifest["device_profile"])
    return ExoController(
        network=_network(net, weights),
        velocity_scale=1.0,  # the scales are with the inputs
        low_pass_hz=gains["low_pass_hz"],
        kp_nm_rad=gains["kp_nm_rad"],
        kd_nm_s_rad=gains["kd_nm_s_rad"],
        control_hz=rate_hz,
        limits=TorqueLimits(
            bounds[0], bounds[1], bounds[2], TorqueDirection(limits.get("direction", "both"))
        ),
        inputs=_inputs(net, output, joint),
        output=output,
        taps=tuple(int(taps) for taps in net.get("taps", ())),
        dilations=tuple(int(ticks) for ticks in net.get("dilations", ())),
        joint=joint,
    )


def _release(manifest: dict[str, Any]) -> Release:
    entry = manifest["release"]
    purpose, serial = Purpose(entry["purpose"]), entry["serial"]
    numbers = [entry[name] for name in ("expires_s", "counter")]
    if any(type(number) is not int or not 0 < number <= _MAX_NUMBER for number in numbers):
        raise BlobError("it does not say until when it is good, or which release it is")
    if not isinstance(serial, str) or (purpose is Purpose.SUPERVISED_HUMAN and not serial):
        raise BlobError("it is for people, but for no exo in particular")
    if purpose is Purpose.SUPERVISED_HUMAN and manifest.get("synthetic") is not False:
        raise BlobError("it is for people, and of a patient who does not exist")
    return Release(purpose, serial, numbers[0], numbers[1])


def _joint(profile: dict[str, Any]) -> JointKind:
    joint = JointKind(profile["joint"])
    if joint not in _JOINTS:
        raise BlobError(f"the core knows no exo at the {joint.value}")
    return joint


def _number(value: object) -> float:
    """A number as the exo reads it: neither text nor a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BlobError(f"{value!r} is not a number")
    return float(value)


def _inputs(net: dict[str, Any], output: NetworkOutput, joint: JointKind) -> NetworkInputs:
    signals = tuple(
        InputSignal(sense_of(entry["signal"], joint), _number(entry["scale"])) for entry in net["inputs"]
    )
    inputs = NetworkInputs(signals, int(net["history"]))
    if [entry["unit"] for entry in net["inputs"]] != [unit_of(one.sense, output) for one in signals]:
        raise BlobError("an input has another unit than the exo measures")
    if not np.isfinite([signal.scale for signal in signals]).all():
        raise BlobError("a scale is not a number")
    if not (1 <= inputs.history <= MAX_HISTORY and 1 <= len(signals) <= MAX_SIGNALS):
        raise BlobError("the network reads more than the exo remembers")
    if inputs.width != int(net["sizes"][0]):
        raise BlobError("the inputs do not fit the network")
    return inputs


def unit_of(sense: Sense, output: NetworkOutput) -> str:
    """The unit of a network input on the exo, before scaling."""
    if sense in (Sense.OUTPUT_LEFT, Sense.OUTPUT_RIGHT):
        return output.unit
    return "rad" if sense in (Sense.ANGLE_LEFT, Sense.ANGLE_RIGHT) else "rad/s"


def _network(net: dict[str, Any], data: bytes) -> Network:
    sizes = [int(size) for size in net["sizes"]]
    shapes = _shapes(net, sizes)
    values = np.frombuffer(data, "<f4")
    if len(values) != sum((columns + 1) * outputs for outputs, columns in shapes):
        raise BlobError("the weights do not fit the network")
    if sizes[-1] != len(SIDES) or net["activation"] != "relu":
        raise BlobError("this is no network that the exo runs")
    if not np.isfinite(values).all():
        raise BlobError("a weight is not a number")
    weights, biases, at = [], [], 0
    for outputs, columns in shapes:
        weights.append(values[at : at + columns * outputs].reshape(outputs, columns))
        at += columns * outputs
        biases.append(values[at : at + outputs])
        at += outputs
    return Network(tuple(weights), tuple(biases), str(net["activation"]))


def _shapes(net: dict[str, Any], sizes: list[int]) -> list[tuple[int, int]]:
    """Outputs and columns (taps * in) of every layer. The limits are those of the core."""
    layers = len(sizes) - 1
    taps = [int(number) for number in net.get("taps", (1,) * layers)]
    dilations = [int(ticks) for ticks in net.get("dilations", (1,) * layers)]
    if not 1 <= layers <= MAX_LAYERS or not len(taps) == len(dilations) == layers:
        raise BlobError("the network has too many layers, or other ones than it says")
    if min(*sizes, *taps, *dilations) < 1 or max(sizes) > MAX_WIDTH or max(*taps, *dilations) > MAX_STATE:
        raise BlobError("a layer is larger than the exo can run")
    spans = [(number - 1) * ticks + 1 for number, ticks in zip(taps, dilations, strict=True)]
    if sum(span * size for span, size in zip(spans, sizes, strict=False)) > MAX_STATE:
        raise BlobError("the network looks further back than the exo remembers")
    return [(sizes[layer + 1], taps[layer] * sizes[layer]) for layer in range(layers)]


def _golden(data: bytes) -> GoldenVectors:
    columns = np.frombuffer(data, "<f4").reshape(-1, _GOLDEN_COLUMNS).astype(np.float32)
    if not len(columns) or not np.isfinite(columns).all():
        raise BlobError("there are no usable golden vectors")
    return GoldenVectors(columns[:, 0:2], columns[:, 2:4], columns[:, 4:6])
