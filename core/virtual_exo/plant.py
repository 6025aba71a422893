"""The plant around the exo's computer: wearer, sensors, motors and their faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from core.domain.body import JointKind
from core.exo_core.safety import Inputs, Pair
from core.virtual_exo.drive import Drive, DriveSettings
from core.virtual_exo.faults import FaultKind, Faults
from core.virtual_exo.sensors import SIDES, Sensors, SensorSettings
from core.virtual_exo.wearer import Legs, Wearer, WearerMotion, plain_walk, usual_walk


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """Settings of wearer, sensors and motors."""

    motion: WearerMotion = field(default_factory=plain_walk)
    stand_s: float = 0.7  # before walking; the exo needs half a second (S12)
    seed: int = 0
    sensors: SensorSettings = field(default_factory=SensorSettings)
    drive: DriveSettings = field(default_factory=DriveSettings)

    @staticmethod
    def usual(joint: JointKind) -> PlantSettings:
        """Somebody who walks with an exo of this joint."""
        return PlantSettings(usual_walk(joint))


class Plant:
    """The plant of one exo. Times are those of the exo's clock."""

    def __init__(self, settings: PlantSettings) -> None:
        random = Random(settings.seed)
        self.faults = Faults()
        self.wearer = Wearer(settings.motion, settings.stand_s)
        self.drive = Drive(settings.drive, random)
        self._sensors = Sensors(settings.sensors, random, settings.motion.joint)

    def step(
        self, now_us: int, step_us: int, *, may_walk: bool, link: bool, link_fault: bool = False
    ) -> Inputs:
        """Simulate up to `now_us`; returns the inputs that the exo's computer reads then."""
        self.faults.advance_to(now_us)
        self.wearer.step(step_us * 1e-6, may_walk=may_walk)
        self.drive.step(step_us * 1e-6, self.faults)
        left, right = self._sensors.read(now_us, _with_faults(self.wearer.legs(), self.faults), self.faults)
        motors = self.drive.motors
        return Inputs(
            now_us=now_us,
            sample_us=(left.time_us, right.time_us),
            angle_rad=(left.angle_rad, right.angle_rad),
            gyro_rad_s=(left.gyro_rad_s, right.gyro_rad_s),
            accel_g=(left.accel_g, right.accel_g),
            motor_us=(motors[0].reply_us, motors[1].reply_us),
            motor_nm=(motors[0].reply_nm, motors[1].reply_nm),
            weights_us=0,  # the core fills it in
            case_c=self._temperatures("case_c"),
            winding_c=self._temperatures("winding_c"),
            skin_c=self._temperatures("skin_c"),
            battery_v=self._battery_v(),
            estop=self.faults.active(FaultKind.ESTOP) is not None,
            link=link and self.faults.active(FaultKind.UNPLUGGED) is None,
            joint_rad_s=(left.joint_rad_s, right.joint_rad_s),
            link_fault=link_fault,
        )

    def _temperatures(self, name: str) -> Pair:
        """Temperatures of both sides; a fault that names this one (not 0) is read instead."""
        left, right = (self._temperature(i, name) for i in (0, 1))
        return left, right

    def _temperature(self, i: int, name: str) -> float:
        fault = self.faults.active(FaultKind.OVERHEAT, SIDES[i])
        faulty = fault.number(name) if fault else 0.0
        return faulty if faulty != 0.0 else float(getattr(self.drive.motors[i], name))

    def _battery_v(self) -> float:
        fault = self.faults.active(FaultKind.BATTERY)
        return fault.number("volts") if fault else self.drive.battery_v


def _with_faults(legs: Legs, faults: Faults) -> Legs:
    """The motion of the legs, changed by the faults of posture and strides."""

    def changed(angle_rad: Pair, velocity_rad_s: Pair) -> tuple[Pair, Pair]:
        angle, speed = list(angle_rad), list(velocity_rad_s)
        for i, side in enumerate(SIDES):
            strides = faults.active(FaultKind.STRIDES, side)
            posture = faults.active(FaultKind.POSTURE, side)
            scale = strides.number("scale") if strides else 1.0
            angle[i], speed[i] = scale * angle[i], scale * speed[i]
            if posture:
                angle[i], speed[i] = posture.number("angle_rad"), 0.0
        return (angle[0], angle[1]), (speed[0], speed[1])

    return Legs(*changed(legs.angle_rad, legs.velocity_rad_s), *changed(legs.lean_rad, legs.lean_rad_s))
