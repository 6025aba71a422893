"""Motors, heat and battery of the virtual exo."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from random import Random

from core.domain.body import Side
from core.exo_core.safety import Pair
from core.virtual_exo.faults import FaultKind, Faults
from core.virtual_exo.sensors import SIDES
from core.virtual_exo.watchdog import WATCHDOG_S

TORQUE_NOISE_NM = 0.01
# Heat: the power loss is quadratic in the torque; a continuous 12 N m warms the winding to about 70 degrees.
LOSS_W_NM2 = 0.25
WINDING_J_K, CASE_J_K = 60.0, 400.0
WINDING_TO_CASE_W_K, CASE_TO_AIR_W_K = 2.5, 1.2
SKIN_FRACTION = 0.2  # of the temperature difference between case and skin that passes the padding
SKIN_S = 120.0  # time constant of the skin temperature
SKIN_C = 33.0
# Battery: six lithium cells in series.
FULL_WH, SPAN_V, INNER_OHM, IDLE_W = 90.0, 6.0, 0.08, 8.0


@dataclass(frozen=True, slots=True)
class DriveSettings:
    time_constant_s: float = 0.015  # first-order torque tracking
    battery_v: float = 25.0  # when switched on, at rest
    ambient_c: float = 24.0


@dataclass(slots=True)
class Motor:
    """One motor with its driver and its temperatures."""

    side: Side
    settings: DriveSettings
    commanded_nm: float = 0.0
    shaft_nm: float = 0.0
    reply_us: int = 0
    reply_nm: float = 0.0
    winding_c: float = field(init=False)
    case_c: float = field(init=False)
    skin_c: float = SKIN_C

    def __post_init__(self) -> None:
        self.winding_c = self.case_c = self.settings.ambient_c

    def step(self, step_s: float, *, enabled: bool, faults: Faults, noise_nm: float) -> None:
        """Torque follows the last command with a lag; without the enable line the target is zero."""
        commanded_s = min(step_s, WATCHDOG_S)
        self._follow(self._target_nm(faults) if enabled else 0.0, commanded_s)
        self._follow(0.0, step_s - commanded_s)
        if not faults.active(FaultKind.MOTOR_SILENT, self.side):
            self.reply_us = faults.now_us
            self.reply_nm = self.shaft_nm + noise_nm
        self._warm(step_s)

    def command(self, torque_nm: float, faults: Faults) -> None:
        """A torque command from the exo's computer; a motor with a lost connection keeps its last one."""
        ignores_commands = FaultKind.MOTOR_SILENT, FaultKind.MOTOR_HOLDS
        if not any(faults.active(kind, self.side) for kind in ignores_commands):
            self.commanded_nm = torque_nm

    @property
    def loss_w(self) -> float:
        return LOSS_W_NM2 * self.shaft_nm * self.shaft_nm

    def _follow(self, target_nm: float, step_s: float) -> None:
        fraction = 1.0 - exp(-step_s / self.settings.time_constant_s)
        self.shaft_nm += fraction * (target_nm - self.shaft_nm)

    def _target_nm(self, faults: Faults) -> float:
        if faults.active(FaultKind.MOTOR_DEAD, self.side):
            return 0.0
        error = faults.active(FaultKind.MOTOR_WRONG, self.side)
        return self.commanded_nm + (error.number("nm") if error else 0.0)

    def _warm(self, step_s: float) -> None:
        inward = WINDING_TO_CASE_W_K * (self.winding_c - self.case_c)
        outward = CASE_TO_AIR_W_K * (self.case_c - self.settings.ambient_c)
        self.winding_c += (self.loss_w - inward) / WINDING_J_K * step_s
        self.case_c += (inward - outward) / CASE_J_K * step_s
        warmed = SKIN_C + SKIN_FRACTION * max(0.0, self.case_c - SKIN_C)
        self.skin_c += (warmed - self.skin_c) * min(1.0, step_s / SKIN_S)


class Drive:
    """Both motors on one battery."""

    def __init__(self, settings: DriveSettings, random: Random) -> None:
        self.motors = (Motor(SIDES[0], settings), Motor(SIDES[1], settings))
        self.enabled = False
        self.cut = False  # by the watchdog, whatever the exo's computer says
        self._settings = settings
        self._random = random
        self._used_wh = 0.0

    def command(self, torque_nm: Pair, enabled: bool, faults: Faults) -> None:
        self.enabled = enabled
        for motor, value in zip(self.motors, torque_nm, strict=True):
            motor.command(value if enabled else 0.0, faults)

    def step(self, step_s: float, faults: Faults) -> None:
        """Let time pass. Emergency stop and watchdog cut the motors' power without the exo's computer."""
        powered = self.enabled and not self.cut and not faults.active(FaultKind.ESTOP)
        for motor in self.motors:
            noise_nm = self._random.gauss(0.0, TORQUE_NOISE_NM)
            motor.step(step_s, enabled=powered, faults=faults, noise_nm=noise_nm)
        self._used_wh += self._power_w * step_s / 3600.0

    @property
    def battery_v(self) -> float:
        rest_v = self._settings.battery_v - SPAN_V * self._used_wh / FULL_WH
        return rest_v - INNER_OHM * self._power_w / rest_v

    @property
    def shaft_nm(self) -> Pair:
        return self.motors[0].shaft_nm, self.motors[1].shaft_nm

    @property
    def _power_w(self) -> float:
        return IDLE_W + sum(motor.loss_w for motor in self.motors)
