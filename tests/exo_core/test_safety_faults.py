"""Every fault of the safety table ends in zero torque within its time, and stays there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.library import Library
from core.exo_core.safety import Envelope, Inputs, Limits, Profile, Verdict
from tests.exo_core.wearer import Fault, Wearer, assisted_wearer, reading

NAN = math.nan
DEGREE = math.pi / 180.0


def frozen(name: str) -> Fault:
    """The field keeps the value it has when the fault begins."""
    kept: dict[str, Any] = {}

    def fault(inputs: Inputs) -> None:
        setattr(inputs, name, kept.setdefault(name, getattr(inputs, name)))

    return fault


def both(*faults: Fault) -> Fault:
    def fault(inputs: Inputs) -> None:
        for one in faults:
            one(inputs)

    return fault


@dataclass(frozen=True)
class Case:
    row: int
    within_ms: int  # from the first wrong reading to zero torque
    fault: Fault = field(default=lambda inputs: None)
    requested_nm: tuple[float, float] | None = None
    tick_us: int = 10_000


STILL_GYRO = ((0.01, 0.01, 0.01), (0.01, 0.01, 0.01))
FAST_GYRO = ((36.0, 0.0, 0.0), (1.0, 0.0, 0.0))
LATCHING = {
    "S2 wish is no number": Case(2, 0, requested_nm=(NAN, 0.0)),
    "S2 wish is infinite": Case(2, 0, requested_nm=(0.0, math.inf)),
    "S2 wish is absurd": Case(2, 0, requested_nm=(0.0, -30.5)),
    "S9 sample gets old": Case(9, 60, frozen("sample_us")),
    "S10 angle is stuck": Case(10, 100, frozen("angle_rad")),
    "S10 gyro is stuck": Case(10, 100, frozen("gyro_rad_s")),
    "S11 angle is absurd": Case(11, 20, reading(angle_rad=(201.0 * DEGREE, 0.0))),
    "S11 angle is no number": Case(11, 20, reading(angle_rad=(0.1, NAN))),
    "S11 gyro is absurd": Case(11, 20, reading(gyro_rad_s=FAST_GYRO)),
    "S11 gyro is no number": Case(11, 20, reading(gyro_rad_s=((NAN, 0.0, 0.0), (0.0, 0.0, 0.0)))),
    "S11 gravity is half at rest": Case(
        11, 20, reading(gyro_rad_s=STILL_GYRO, accel_g=((0.5, 0.0, 0.0), (1.0, 0.0, 0.0)))
    ),
    "S11 acceleration is no number": Case(11, 20, reading(accel_g=((NAN, 0.0, 0.0), (1.0, 0.0, 0.0)))),
    "S11 sample from the future": Case(11, 20, reading(sample_us=(2**62, 2**62))),
    "S14 tick comes late": Case(14, 0, tick_us=21_000),
    "S15 motor is silent": Case(15, 90, frozen("motor_us")),
    "S15 reply from the future": Case(15, 0, reading(motor_us=(2**62, 0))),
    "S16 motor does something else": Case(16, 100, reading(motor_nm=(11.5, -6.0))),
    "S16 torque sensor is absurd": Case(16, 0, reading(motor_nm=(61.0, -6.0))),
    "S16 torque sensor is no number": Case(16, 0, reading(motor_nm=(6.0, NAN))),
    "S17 case is hot": Case(17, 0, reading(case_c=(30.0, 80.0))),
    "S17 winding is hot": Case(17, 0, reading(winding_c=(110.0, 30.0))),
    "S17 temperature is no number": Case(17, 0, reading(case_c=(NAN, 30.0))),
    "S18 skin temperature is no number": Case(18, 0, reading(skin_c=(30.0, NAN))),
    "S20 the host floods the link": Case(20, 0, reading(link_fault=True)),
    "S21 emergency stop": Case(21, 0, reading(estop=True)),
    "S22 weights changed in memory": Case(22, 0, reading(weights_ok=False)),
    "S22 weights are not checked any more": Case(22, 1510, frozen("weights_us")),
}


def ms_until_zero(wearer: Wearer, case: Case) -> int:
    """Time from the first wrong tick to the first tick without torque."""
    for tick in range(400):
        wearer.step(case.fault, requested_nm=case.requested_nm, tick_us=case.tick_us)
        if wearer.torque_nm == (0.0, 0.0):
            return tick * case.tick_us // 1000
    raise AssertionError("torque never became zero")


@pytest.mark.parametrize("name", LATCHING)
def test_a_fault_ends_in_zero_torque_in_time_and_latches(core: Library, name: str):
    case = LATCHING[name]
    wearer = assisted_wearer(core)

    assert ms_until_zero(wearer, case) <= case.within_ms
    assert wearer.state is DeviceState.FAULT
    assert not wearer.command.enable
    assert (wearer.supervisor.events[-1].row, wearer.supervisor.events[-1].verdict) == (
        case.row,
        Verdict.LATCH,
    )

    assert set(wearer.run(3.0)) == {(0.0, 0.0)}  # the reason is gone, the fault is not
    assert wearer.arm() is Rc.FAULT_LATCHED
    assert wearer.supervisor.acknowledge() is Rc.OK
    assert set(wearer.run(3.0)) == {(0.0, 0.0)}  # acknowledged is not armed
    assert wearer.state is DeviceState.READY
    assert wearer.arm() is Rc.OK


@pytest.mark.parametrize("name", [name for name, case in LATCHING.items() if case.within_ms > 0])
def test_a_moment_of_it_is_not_enough_where_the_row_gives_time(core: Library, name: str):
    case = LATCHING[name]
    wearer = assisted_wearer(core)

    for _ in range(case.within_ms // 10 - 1 - (case.row == 11)):
        wearer.step(case.fault, requested_nm=case.requested_nm)
        assert wearer.state is DeviceState.ACTIVE

    wearer.run(1.0)
    assert wearer.state is DeviceState.ACTIVE


def test_s06_a_thigh_out_of_range_gets_no_torque_and_a_second_of_it_is_a_fault(core: Library):
    wearer = assisted_wearer(core)
    out = both(
        lambda inputs: setattr(inputs, "angle_rad", (1.40 + inputs.angle_rad[0] / 100, inputs.angle_rad[1]))
    )

    wearer.step(out)
    assert wearer.torque_nm[0] == 0.0  # at once, that side
    assert wearer.torque_nm[1] != 0.0
    wearer.run(0.97, out)
    assert wearer.state is DeviceState.ACTIVE
    wearer.run(0.05, out)

    assert wearer.state is DeviceState.FAULT
    assert wearer.torque_nm == (0.0, 0.0)
    assert wearer.supervisor.events[-1].row == 6


def test_s06_the_range_of_the_person_counts_too(core: Library):
    envelope = Envelope(rom_low_rad=(-0.4, -0.4), rom_high_rad=(0.5, 0.5))
    wearer = assisted_wearer(core, envelope=envelope)
    margin = 15.0 * DEGREE

    wearer.step(reading(angle_rad=(0.5 + margin + 0.01, 0.5 + margin - 0.01)))
    assert wearer.torque_nm[0] == 0.0
    assert wearer.torque_nm[1] != 0.0


def test_s17_a_warm_motor_gives_less(core: Library):
    wearer = assisted_wearer(core)

    wearer.run(1.0, reading(case_c=(70.0, 30.0)))
    assert wearer.torque_nm == pytest.approx((3.0, -3.0))
    wearer.run(1.0, reading(winding_c=(30.0, 100.0)))
    assert wearer.torque_nm == pytest.approx((1.5, -1.5))
    wearer.run(1.0)
    assert wearer.torque_nm == (6.0, -6.0)
    assert wearer.state is DeviceState.ACTIVE


def test_s17_heat_that_no_sensor_sees_is_counted(core: Library):
    profile = Profile(continuous_nm=3.0, i2t_nm2_s=100.0)  # 6 N m last (36 - 9) N²m² * 3.7 s
    wearer = Wearer(core, profile)
    wearer.supervisor.use(bytes(range(32)), Limits(), trial=False)
    wearer.get_ready()
    wearer.arm()
    torques = wearer.run(12.0)
    full = sum(1 for left, _ in torques if left == 6.0)

    assert wearer.state is DeviceState.FAULT
    assert wearer.supervisor.events[-1].row == 17
    assert 300 < full < 371


def test_s18_ten_minutes_of_warm_skin_stop_the_exo(core: Library):
    wearer = assisted_wearer(core)
    wearer.supervisor.stop()
    warm = reading(skin_c=(43.0, 36.0))
    wearer.walk(swing_rad=0.0)
    for _ in range(590):
        wearer.step(warm, tick_us=1_000_000)
    wearer.walk()
    wearer.run(4.0, warm)
    assert wearer.arm() is Rc.OK

    wearer.run(5.9, warm)
    assert wearer.state is DeviceState.ACTIVE
    wearer.run(0.2, warm)

    assert wearer.state is DeviceState.FAULT
    assert wearer.supervisor.events[-1].row == 18


def test_s21_the_emergency_stop_counts_at_rest_too(core: Library):
    wearer = assisted_wearer(core)
    wearer.supervisor.stop()

    wearer.step(reading(estop=True))
    assert wearer.state is DeviceState.FAULT
    wearer.supervisor.acknowledge()
    wearer.step(reading(estop=True))
    assert wearer.state is DeviceState.FAULT  # still pressed


def test_s22_changed_weights_ask_for_the_controller_before(core: Library):
    wearer = assisted_wearer(core)
    assert not wearer.supervisor.must_revert

    wearer.step(reading(weights_ok=False))
    assert wearer.supervisor.must_revert


@pytest.mark.parametrize("row", [9, 11, 15, 16, 17, 19, 22])
def test_what_would_be_a_fault_keeps_the_exo_from_being_ready(core: Library, row: int):
    cause = {
        9: reading(sample_us=(0, 0)),
        11: reading(angle_rad=(NAN, 0.0)),
        15: reading(motor_us=(0, 0)),
        16: reading(motor_nm=(61.0, 0.0)),
        17: reading(case_c=(90.0, 30.0)),
        19: reading(battery_v=17.9),
        22: reading(weights_ok=False),
    }[row]
    wearer = assisted_wearer(core)
    wearer.supervisor.stop()

    wearer.run(0.2, cause)
    assert wearer.state is DeviceState.SAFE
    assert wearer.supervisor.blocked_by == row
    assert wearer.arm() is Rc.NOT_READY
    wearer.run(0.2)
    assert wearer.state is DeviceState.READY
