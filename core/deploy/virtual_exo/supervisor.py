"""The safety supervisor: the only code that lets torque pass, and the last one to touch it.

It shares no code and no weights with the controller, and its limits look at the raw sensor values. It has
no clock: the time is an argument. Row numbers (S1 ...) are those of the safety table in the design.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from core.devices.exo_protocol import CONTROL_HZ, HEARTBEAT_TIMEOUT_S, DeviceState, Rc
from core.domain.arrays import Float32Array
from core.domain.controller import TorqueLimits

FIRMWARE_LIMITS = TorqueLimits(peak_nm=18.0, rate_nm_s=150.0, hip_range_rad=1.396)  # S1, S3, S6 (80 degrees)
SANITY_NM = 30.0  # S2
RELEASE_S = 0.3  # S5: how long the torque takes to fade when the host falls silent
MIN_RAMP_S = 1.0  # S5: a host may ask for a slower start, not for a faster one
OUT_OF_RANGE_LATCH_S = 1.0  # S6
TRIAL_SHARE = 0.5  # an unconfirmed controller gives at most half of its torque
FAULT_LOG_LENGTH = 32
NONCE_BYTES = 8


class FaultCode(IntEnum):
    SENSOR_NOT_FINITE = 1
    COMMAND_NOT_SANE = 2
    HIP_OUT_OF_RANGE = 3
    HEARTBEAT_LOST = 4  # logged, does not latch: S20 asks for a new arm only


@dataclass(frozen=True, slots=True)
class FaultEntry:
    code: FaultCode
    time_ms: int
    detail: str


@dataclass(frozen=True, slots=True)
class ArmRequest:
    sha256: bytes
    nonce: bytes
    max_nm: float
    ramp_s: float


class Supervisor:
    """States and torque of one exo. Every method is called from the one control loop."""

    def __init__(self, profile: TorqueLimits) -> None:
        self.state = DeviceState.BOOT
        self.nonce = secrets.token_bytes(NONCE_BYTES)
        self.faults: deque[FaultEntry] = deque(maxlen=FAULT_LOG_LENGTH)
        self._device = FIRMWARE_LIMITS.tightest(profile)
        self._visit = self._device
        self._package = self._device
        self._session_peak_nm = 0.0
        self._ready_for: bytes | None = None  # hash of the controller that passed its self-test
        self._trial = True
        self._command: Float32Array = np.zeros(2, np.float32)
        self._armed_s = 0.0
        self._ramp_s = MIN_RAMP_S
        self._heard_s = 0.0
        self._release_s: float | None = None
        self._outside_since_s: float | None = None

    # what holds

    @property
    def device_limits(self) -> TorqueLimits:
        """Firmware and profile: nothing can raise these."""
        return self._device

    @property
    def limits(self) -> TorqueLimits:
        """The tightest of firmware, profile, package and visit."""
        return self._device.tightest(self._package).tightest(self._visit)

    @property
    def peak_nm(self) -> float:
        """Largest torque allowed now; zero unless armed."""
        if not self.state.moves:
            return 0.0
        share = TRIAL_SHARE if self._trial else 1.0
        return min(self.limits.peak_nm * share, self._session_peak_nm)

    # what may happen to it

    def use_controller(self, sha256: bytes | None, limits: TorqueLimits | None, *, trial: bool) -> None:
        """A controller passed its self-test (or None: none did). Always ends in zero torque."""
        self.stop()
        self._ready_for, self._trial = sha256, trial
        self._package = self._device if limits is None else limits
        if self.state is not DeviceState.FAULT:
            self.state = DeviceState.SAFE if sha256 is None else DeviceState.READY

    def confirm_controller(self) -> None:
        self._trial = False

    def tighten(self, wanted: TorqueLimits) -> Rc:
        """Limits of this visit; until the next start of the exo they can only become smaller."""
        now = self.limits
        values = (wanted.peak_nm, wanted.rate_nm_s, wanted.hip_range_rad)
        if not np.isfinite(values).all() or min(values) <= 0.0:
            return Rc.BAD_REQUEST
        if now.tightest(wanted) != wanted:
            return Rc.LIMIT_RAISED
        self._visit = wanted
        return Rc.OK

    def arm(self, request: ArmRequest, now_s: float) -> Rc:
        """Start to assist, from zero. The nonce is used up by every try."""
        nonce, self.nonce = self.nonce, secrets.token_bytes(NONCE_BYTES)
        if self.state is DeviceState.FAULT:
            return Rc.FAULT_LATCHED
        if self._ready_for is None:
            return Rc.NOT_SELFTESTED
        if self.state is not DeviceState.READY:
            return Rc.BAD_STATE
        if not secrets.compare_digest(nonce, request.nonce):
            return Rc.NONCE_MISMATCH
        if not secrets.compare_digest(self._ready_for, request.sha256):
            return Rc.HASH_MISMATCH
        if not np.isfinite((request.max_nm, request.ramp_s)).all() or request.max_nm <= 0.0:
            return Rc.BAD_REQUEST
        self._session_peak_nm = request.max_nm
        self._ramp_s = max(MIN_RAMP_S, request.ramp_s)
        self._armed_s = self._heard_s = now_s
        self._release_s = self._outside_since_s = None
        self.state = DeviceState.ARMED
        return Rc.OK

    def stop(self) -> None:
        """Zero torque at once. Never refused."""
        self._command = np.zeros(2, np.float32)
        self._release_s = None
        self._session_peak_nm = 0.0
        if self.state.moves:
            self.state = DeviceState.READY

    def heartbeat(self, now_s: float) -> None:
        self._heard_s = now_s

    def link_lost(self, now_s: float) -> None:
        """The cable was pulled: fade out without waiting for the heartbeat to be missed (S20)."""
        self._begin_release(now_s, "link closed")

    def acknowledge(self) -> Rc:
        """Clear latched faults; a new arm is still needed (S23)."""
        if self.state.moves:
            return Rc.BAD_STATE
        if self.state is DeviceState.FAULT:
            self.state = DeviceState.SAFE if self._ready_for is None else DeviceState.READY
        return Rc.OK

    # the tick

    def tick(
        self, now_s: float, angle_rad: Float32Array, velocity_rad_s: Float32Array, raw_nm: Float32Array
    ) -> Float32Array:
        """Torque command (2,) [N m] for this tick of 1 / CONTROL_HZ, from raw sensors and the wish (2,)."""
        if self.state.moves:
            self._check(now_s, angle_rad, velocity_rad_s, raw_nm)
        if self.state.moves and now_s - self._heard_s > HEARTBEAT_TIMEOUT_S:
            self._begin_release(now_s, f"no heartbeat for {HEARTBEAT_TIMEOUT_S:g} s")
        if self.state.moves and self._release_s is not None and now_s - self._release_s >= RELEASE_S:
            self.stop()
        if not self.state.moves:
            self._command = np.zeros(2, np.float32)
            return self._command.copy()
        self._command = self._limited(now_s, angle_rad, raw_nm)
        if self.state is DeviceState.ARMED and now_s - self._armed_s >= self._ramp_s:
            self.state = DeviceState.ACTIVE
        return self._command.copy()

    def _check(
        self, now_s: float, angle_rad: Float32Array, velocity_rad_s: Float32Array, raw_nm: Float32Array
    ) -> None:
        if not (np.isfinite(angle_rad).all() and np.isfinite(velocity_rad_s).all()):
            self._latch(FaultCode.SENSOR_NOT_FINITE, now_s, "thigh sensor")
        elif not np.isfinite(raw_nm).all() or float(np.abs(raw_nm).max()) > SANITY_NM:  # S2
            self._latch(FaultCode.COMMAND_NOT_SANE, now_s, f"wish {raw_nm.tolist()}")
        elif not (np.abs(angle_rad) > self.limits.hip_range_rad).any():
            self._outside_since_s = None
        elif self._outside_since_s is None:
            self._outside_since_s = now_s
        elif now_s - self._outside_since_s > OUT_OF_RANGE_LATCH_S:  # S6
            self._latch(FaultCode.HIP_OUT_OF_RANGE, now_s, f"thigh {angle_rad.tolist()}")

    def _limited(self, now_s: float, angle_rad: Float32Array, raw_nm: Float32Array) -> Float32Array:
        gain = min(1.0, (now_s - self._armed_s) / self._ramp_s)
        if self._release_s is not None:
            gain *= max(0.0, 1.0 - (now_s - self._release_s) / RELEASE_S)
        limits = self.limits
        inside = np.abs(angle_rad) <= limits.hip_range_rad
        wanted = np.where(inside, raw_nm * np.float32(gain), np.float32(0.0))
        step = _at_most(limits.rate_nm_s / CONTROL_HZ)
        slow = np.clip(wanted, self._command - step, self._command + step)  # S3
        slow = np.where(inside, slow, np.float32(0.0))
        peak = _at_most(self.peak_nm)
        command: Float32Array = np.clip(slow, -peak, peak).astype(np.float32)  # S1, last
        return command

    def _begin_release(self, now_s: float, why: str) -> None:
        if self.state.moves and self._release_s is None:
            self._release_s = now_s
            self._log(FaultCode.HEARTBEAT_LOST, now_s, why)

    def _latch(self, code: FaultCode, now_s: float, detail: str) -> None:
        self.stop()
        self.state = DeviceState.FAULT
        self._log(code, now_s, detail)

    def _log(self, code: FaultCode, now_s: float, detail: str) -> None:
        self.faults.append(FaultEntry(code, int(now_s * 1000), detail))


def _at_most(value: float) -> np.float32:
    """The largest float32 that is not above `value`: rounding must not raise a limit."""
    rounded = np.float32(value)
    return rounded if float(rounded) <= value else np.nextafter(rounded, np.float32(0.0))
