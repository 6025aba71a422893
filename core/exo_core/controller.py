"""A controller as the exo runs it: the bytes of a package, stepped by the C core."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from core.domain.arrays import Float32Array
from core.domain.body import JointKind
from core.exo_core.library import Library, load
from core.exo_core.safety import joint_number


class BlobFault(IntEnum):
    """Why the core rejects the bytes of a controller; the numbers of `exo_blob_error`."""

    TOO_SHORT = 1
    NOT_A_CONTROLLER = 2
    UNKNOWN_FORMAT = 3
    WRONG_LENGTH = 4
    CHANGED = 5
    BAD_MANIFEST = 6
    BAD_NETWORK = 7
    BAD_NUMBER = 8
    WRONG_RATE = 9
    OTHER_CONTENT = 10
    MISALIGNED = 11
    GOLDEN_DIFFERS = 12
    WRONG_JOINT = 13
    BAD_RELEASE = 14


class BlobRefused(ValueError):  # noqa: N818 - an answer of the core
    """The core rejects these bytes."""

    def __init__(self, fault: BlobFault) -> None:
        super().__init__(fault.name.lower().replace("_", " "))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Result of running the golden vectors on this core."""

    ticks: int
    passed: bool
    outputs_sha256: bytes


class Controller:
    """One controller in the memory of the core, for an exo of `joint`; None: for any exo.

    Raises BlobRefused when the core rejects the bytes.
    """

    def __init__(self, data: bytes, library: Library | None = None, joint: JointKind | None = None) -> None:
        self._core = load() if library is None else library
        ffi, lib = self._core.ffi, self._core.lib
        # 64-bit words instead of bytes, so that the memory is aligned for floats.
        self._memory = ffi.new("uint64_t[]", len(data) // 8 + 1)
        ffi.memmove(self._memory, data, len(data))
        self._blob = ffi.new("exo_blob *")
        self._state = ffi.new("exo_runtime_state *")
        fault = lib.exo_blob_open(ffi.cast("uint8_t *", self._memory), len(data), self._blob)
        if not fault and joint is not None:
            fault = lib.exo_blob_fits_joint(self._blob, joint_number(joint))
        if fault:
            raise BlobRefused(BlobFault(fault))
        self._net, self._law = ffi.addressof(self._blob.net), ffi.addressof(self._blob.law)

    @property
    def sha256(self) -> str:
        """Hash of all bytes."""
        return bytes(self._core.ffi.buffer(self._blob.sha256)).hex()

    def reset(self) -> None:
        """Reset the state of filter, network and rate limit."""
        self._core.lib.exo_runtime_reset(self._state)

    def selftest(self) -> SelfTest:
        """Run the golden vectors after a reset; every bit must agree."""
        digest = self._core.ffi.new("uint8_t[]", 32)
        fault = self._core.lib.exo_blob_selftest(self._blob, self._state, digest)
        return SelfTest(self._blob.golden_ticks, fault == 0, bytes(self._core.ffi.buffer(digest)))

    def run(self, angle_rad: Float32Array, velocity_rad_s: Float32Array) -> Float32Array:
        """Torque (T, 2) [N m] for the joint's angle and velocity (T, 2), one row per tick. The state
        carries over between calls.

        Raises ValueError for other shapes.
        """
        angle = np.ascontiguousarray(angle_rad, np.float32)
        velocity = np.ascontiguousarray(velocity_rad_s, np.float32)
        if angle.ndim != 2 or angle.shape[1] != 2 or velocity.shape != angle.shape:
            raise ValueError(f"expected angle and velocity (T, 2), got {angle.shape} and {velocity.shape}")
        torque = np.empty_like(angle)
        ffi, step = self._core.ffi, self._core.lib.exo_runtime_step
        rows = [ffi.from_buffer("float[]", array) for array in (angle, velocity, torque)]
        for at in range(0, 2 * len(angle), 2):
            step(self._net, self._law, self._state, rows[0] + at, rows[1] + at, rows[2] + at)
        return torque
