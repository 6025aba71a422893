"""The exo as a whole: slots, controller, supervisor, plant and telemetry, stepped 100 times a second."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.deploy.blob import Blob, BlobError, GoldenVectors
from core.deploy.golden import run
from core.deploy.virtual_exo.plant import Motors, WearerMotion
from core.deploy.virtual_exo.slots import SlotStore
from core.deploy.virtual_exo.supervisor import Supervisor
from core.devices.exo_protocol import CONTROL_HZ, FACTORY, Rc, SlotState, TelemetryRecord
from core.domain.arrays import Float32Array
from core.domain.controller import TorqueLimits
from core.simulation.exo_runtime import ExoRuntime

FIRMWARE = "exotwin-virtual 0.1.0"
TELEMETRY_TICKS = 4 * CONTROL_HZ  # four seconds


@dataclass(frozen=True, slots=True)
class Identity:
    """What this exo is. The profile's limits are burnt in; a package can only lower them."""

    serial: str
    profile_id: str
    profile_limits: TorqueLimits


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    ticks: int
    passed: bool
    outputs_sha256: bytes
    mean_tick_us: int


class VirtualExo:
    """One exo. All methods are called from one loop; `now_s` counts from its start."""

    def __init__(self, identity: Identity, state_folder: Path, wearer: WearerMotion) -> None:
        self.identity = identity
        self.slots = SlotStore(state_folder, identity.profile_id)
        self.supervisor = Supervisor(identity.profile_limits)
        self.now_s = 0.0
        self.late_ticks = 0
        self.slowest_tick_us = 0
        self.reset_asked = False
        self.telemetry: deque[TelemetryRecord] = deque(maxlen=TELEMETRY_TICKS)
        self._wearer = wearer
        self._motors = Motors(1.0 / CONTROL_HZ)
        self._controller: Blob | None = None
        self._runtime: ExoRuntime | None = None
        self._seq = 0
        self.boot()

    def boot(self) -> None:
        """As after power on: limits of the visit are forgotten, faults too, torque is zero."""
        self.reset_asked = False
        self.supervisor = Supervisor(self.identity.profile_limits)
        self.slots.boot()
        self.start_controller()

    def start_controller(self) -> None:
        """Load what the slots say and let it pass its self-test, or go back to what ran before."""
        self._controller = self._runtime = None
        self.supervisor.use_controller(None, None, trial=True)
        while self.slots.active != FACTORY:
            try:
                self._controller = self.slots.running()
            except BlobError as error:
                self.slots.reject_active(str(error)[:80])
                continue
            if self.selftest().passed:
                return
            self.slots.reject_active("self-test failed")
        self._controller = self._runtime = None

    def selftest(self) -> SelfTestResult:
        """Run the golden vectors bit by bit; only a controller that passes can be armed."""
        blob = self._controller
        if blob is None:
            return SelfTestResult(0, False, b"", 0)
        golden = blob.golden
        started = time.perf_counter()
        torque = run(blob.controller, golden.angle_rad, golden.velocity_rad_s)
        mean_us = int((time.perf_counter() - started) * 1e6 / len(torque))
        passed = torque.tobytes() == np.ascontiguousarray(golden.torque_nm).tobytes()
        outputs = GoldenVectors(golden.angle_rad, golden.velocity_rad_s, torque).outputs_sha256
        slot = self.slots.active_slot
        trial = slot is None or slot.state is not SlotState.CONFIRMED
        self._runtime = ExoRuntime(blob.controller) if passed else None
        self.supervisor.use_controller(
            bytes.fromhex(blob.sha256) if passed else None, blob.controller.limits, trial=trial
        )
        return SelfTestResult(len(torque), passed, bytes.fromhex(outputs), mean_us)

    def activate(self) -> bool:
        """Start the marked controller on trial. False when none is marked or it failed its self-test."""
        if not self.slots.start_pending():
            return False
        wanted = self.slots.active
        self.start_controller()
        return self.slots.active == wanted

    def confirm(self, sha256: str | None) -> Rc:
        """Keep the running controller; only one that passed its self-test can be kept."""
        if self._controller is None:
            return Rc.NO_CONTROLLER
        if self._runtime is None:
            return Rc.NOT_SELFTESTED
        code = self.slots.confirm(sha256 or self._controller.sha256)
        if code is Rc.OK:
            self.supervisor.confirm_controller()
        return code

    def tick(self, now_s: float) -> TelemetryRecord:
        """Sensors, controller, supervisor, motors, record."""
        self.now_s = now_s
        started = time.perf_counter()
        angle, velocity = self._wearer.at(now_s)
        raw = self._wish(angle, velocity)
        command = self.supervisor.tick(now_s, angle, velocity, raw)
        measured = self._motors.follow(command)
        record = TelemetryRecord(
            self._seq,
            int(now_s * 1000),
            self.supervisor.state,
            _pair(angle),
            _pair(velocity),
            _pair(command),
            _pair(measured),
        )
        self._seq += 1
        self.telemetry.append(record)
        self.slowest_tick_us = max(self.slowest_tick_us, int((time.perf_counter() - started) * 1e6))
        return record

    def _wish(self, angle: Float32Array, velocity: Float32Array) -> Float32Array:
        if self._runtime is None:
            return np.zeros(2, np.float32)
        return self._runtime.step(angle, velocity)


def _pair(values: Float32Array) -> tuple[float, float]:
    return float(values[0]), float(values[1])
