"""From telemetry to a recorded walk: strides with assistance, delivered against predicted torque."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.devices.exo_protocol import TelemetryRecord
from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import SIDES, JointKind
from core.domain.exo_protocol import DeviceState
from core.domain.exo_walk import ExoWalk, TorqueMatch

Compute = Callable[[Float32Array, Float32Array], Float32Array]  # angle, velocity (T, 2) to torque (T, 2)

BEFORE_TICKS = 100  # kept from before arming: longer than the memory of the controller's filters
MAX_TICKS = 60_000  # ten minutes; of a longer walk the end is kept
STRIDE_SWING_RAD = 0.17  # a thigh that swings less (10 degrees) makes no stride
MIN_COMPARED_TICKS = 100


class StrideCounter:
    """Counts the strides of one thigh: forward past the middle of its own swing, after it was behind it."""

    def __init__(self) -> None:
        self.strides = 0
        self._low = self._high = 0.0
        self._behind = self._started = False

    def add(self, angle_rad: float) -> None:
        if not self._started:
            self._low = self._high = angle_rad
            self._started = True
        self._low, self._high = min(self._low, angle_rad), max(self._high, angle_rad)
        swing = self._high - self._low
        if swing < STRIDE_SWING_RAD:
            return
        if angle_rad < self._low + 0.25 * swing:
            self._behind = True
        elif self._behind and angle_rad > self._low + 0.75 * swing:
            self._behind = False
            self.strides += 1


@dataclass(frozen=True, slots=True)
class WalkFacts:
    """Facts about a walk that its telemetry does not hold."""

    package_sha256: str
    device_serial: str
    virtual: bool
    on_trial: bool  # the controller was provisional; the name of `ExoWalk`'s persisted field
    limit_nm: float
    mass_kg: float


class WalkRecorder:
    """Keeps every tick from shortly before arming until the exo no longer moves."""

    def __init__(self, joint: JointKind = JointKind.HIP_FLEXION) -> None:
        """`joint` is that of the exo. An ankle has two peaks a stride: such an exo counts them itself."""
        self._joint, self._exo_counts = joint, joint is not JointKind.HIP_FLEXION
        self._before: deque[TelemetryRecord] = deque(maxlen=BEFORE_TICKS)
        self._walk: deque[TelemetryRecord] = deque(maxlen=MAX_TICKS)
        self._armed_ms: int | None = None
        self._last_seq: int | None = None
        self._lost = 0
        self._counters = tuple(StrideCounter() for _ in SIDES)

    @property
    def strides(self) -> tuple[int, int]:
        """Left and right, of the walk that goes on or ended last."""
        left, right = self._counters
        return left.strides, right.strides

    @property
    def walking(self) -> bool:
        return self._armed_ms is not None

    def add(self, record: TelemetryRecord) -> None:
        if self._armed_ms is None and record.state.moves:
            self._begin(record)
        if self._armed_ms is None:
            self._before.append(record)
            return
        if self._last_seq is not None:
            self._lost += max(0, record.seq - self._last_seq - 1)
        self._last_seq = record.seq
        self._walk.append(record)
        if record.state is DeviceState.ACTIVE:
            self._count(record)

    def _count(self, record: TelemetryRecord) -> None:
        for side, counter in enumerate(self._counters):
            if self._exo_counts:
                counter.strides += record.stride_ended[side]
            else:
                counter.add(record.angle_rad[side])

    def finish(self, facts: WalkFacts, compute: Compute | None, end: str, *, fault: bool) -> ExoWalk | None:
        """The walk that just ended, or None when there was none; ready for the next one."""
        records, armed_ms = tuple(self._walk), self._armed_ms
        self._walk.clear()
        self._before.clear()
        self._armed_ms = self._last_seq = None
        if armed_ms is None or not records:
            return None
        return _walk(records, armed_ms, self._lost, self.strides, facts, compute, end, fault, self._joint)

    def _begin(self, record: TelemetryRecord) -> None:
        self._armed_ms, self._lost, self._last_seq = record.time_ms, 0, None
        self._counters = tuple(StrideCounter() for _ in SIDES)
        self._walk.extend(self._before)


def _walk(
    records: tuple[TelemetryRecord, ...],
    armed_ms: int,
    lost: int,
    strides: tuple[int, int],
    facts: WalkFacts,
    compute: Compute | None,
    end: str,
    fault: bool,
    joint: JointKind,
) -> ExoWalk:
    angle, velocity = _pairs(records, "angle_rad"), _pairs(records, "velocity_rad_s")
    delivered = _pairs(records, "measured_nm")
    assisting = np.array([record.state is DeviceState.ACTIVE for record in records])
    predicted = predict(angle, velocity, facts.limit_nm, compute)
    return ExoWalk(
        time_s=np.array([(record.time_ms - armed_ms) / 1000.0 for record in records]),
        angle_rad=angle,
        velocity_rad_s=velocity,
        command_nm=_pairs(records, "command_nm"),
        delivered_nm=delivered,
        predicted_nm=predicted,
        assisting=assisting,
        limit_nm=facts.limit_nm,
        strides=strides,
        lost_ticks=lost,
        match=match(predicted, delivered, assisting, facts.mass_kg),
        package_sha256=facts.package_sha256,
        device_serial=facts.device_serial,
        on_trial=facts.on_trial,
        virtual=facts.virtual,
        end=end,
        fault=fault,
        joint=joint,
    )


def _pairs(records: tuple[TelemetryRecord, ...], name: str) -> FloatArray:
    return np.array([getattr(record, name) for record in records], np.float64)


def predict(
    angle_rad: FloatArray, velocity_rad_s: FloatArray, limit_nm: float, compute: Compute | None
) -> FloatArray:
    """Torque of the controller for the measured motion, clipped to the limit. NaN without the controller."""
    if compute is None:
        return np.full_like(angle_rad, np.nan)
    torque = compute(angle_rad.astype(np.float32), velocity_rad_s.astype(np.float32))
    return np.clip(torque.astype(np.float64), -limit_nm, limit_nm)


def match(
    predicted_nm: FloatArray, delivered_nm: FloatArray, assisting: np.ndarray, mass_kg: float
) -> TorqueMatch:
    """Pearson r and root mean square difference per side [N m/kg], where the exo assisted fully."""
    numbers = [
        _correlation_and_rmse(predicted_nm[assisting, side], delivered_nm[assisting, side], mass_kg)
        for side in range(len(SIDES))
    ]
    (left_r, left_rmse), (right_r, right_rmse) = numbers
    return TorqueMatch((left_r, right_r), (left_rmse, right_rmse), float(assisting.sum()) / 100.0)


def _correlation_and_rmse(
    predicted_nm: FloatArray, delivered_nm: FloatArray, mass_kg: float
) -> tuple[float, float]:
    known = np.isfinite(predicted_nm) & np.isfinite(delivered_nm)
    one, other = predicted_nm[known], delivered_nm[known]
    if len(one) < MIN_COMPARED_TICKS:
        return float("nan"), float("nan")
    rmse = float(np.sqrt(np.mean((one - other) ** 2))) / mass_kg
    if min(np.ptp(one), np.ptp(other)) == 0.0:
        return float("nan"), rmse
    return float(np.corrcoef(one, other)[0, 1]), rmse
