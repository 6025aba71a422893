"""What goes wrong in the plant around a worn exo, row by row of the safety table: zero torque, in time.

Every fault comes through the virtual exo's fault channel: the sensors, the motors, the clock, the memory or
the person change, and the core sees only what a real exo would see. Time is simulated.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass, field

import pytest

from core.domain.exo_protocol import DeviceState
from tests.deploy.controllers import package
from tests.exo_core.test_blob import with_manifest
from tests.virtual_exo.worn_exo import (
    EXO,
    QUICK_STRIDE_S,
    QUICK_WALK,
    WORN_S,
    WRITE,
    WornExo,
    is_off,
    largest_step_nm,
    peak_nm,
)

NOT_READY = {"err": {"group": EXO, "rc": 13}}


def with_envelope(folder, **envelope):
    """Somebody walks with an exo whose package knows this about the person's gait."""
    worn = WornExo(folder, QUICK_WALK)
    data = package(3, gain=1.2).device_bytes
    worn.install(with_manifest(data, lambda manifest: manifest["envelope"].update(envelope)))
    worn.skip(WORN_S)
    return worn


@dataclass(frozen=True)
class Case:
    row: int
    within_ms: int  # from the first tick with the fault to zero torque
    name: str
    numbers: dict[str, object] = field(default_factory=dict)


LATCHING = {
    "S2 the control law goes wild": Case(2, 0, "wild_controller", {"gain": 1e6}),
    "S2 the control law gives no number": Case(2, 0, "wild_controller", {"gain": math.nan}),
    "S9 no new samples": Case(9, 60, "imu_stale"),
    "S9 one sensor is silent": Case(9, 60, "imu_stale", {"side": "left"}),
    "S9 all samples are lost": Case(9, 60, "imu_dropout", {"fraction": 1.0}),
    "S9 a full queue": Case(9, 60, "imu_queued", {"delay_s": 0.2}),
    "S10 both sensors are frozen": Case(10, 100, "imu_stuck"),
    "S10 one sensor is frozen": Case(10, 100, "imu_stuck", {"side": "right"}),
    "S11 no number": Case(11, 20, "imu_nan"),
    "S11 infinite": Case(11, 20, "imu_nan", {"value": math.inf, "side": "left"}),
    "S11 minus infinite": Case(11, 20, "imu_nan", {"value": -math.inf, "side": "right"}),
    "S11 an angle that cannot be": Case(11, 20, "imu_implausible", {"angle_rad": 3.6}),
    "S14 the loop stalls": Case(14, 0, "stall", {"s": 0.06}),
    "S14 every tick is late": Case(14, 10, "late_ticks", {"s": 0.012}),
    "S15 the motors are silent": Case(15, 90, "motor_silent"),
    "S15 one motor is silent": Case(15, 90, "motor_silent", {"side": "right"}),
    "S16 a motor adds torque": Case(16, 130, "motor_wrong", {"nm": 8.0, "side": "left"}),
    "S16 a motor gives absurd torque": Case(16, 40, "motor_wrong", {"nm": 75.0}),
    "S16 the motors keep their torque": Case(16, 700, "motor_holds"),
    "S17 a case is hot": Case(17, 0, "overheat", {"case_c": 80.0, "side": "left"}),
    "S17 a winding is hot": Case(17, 0, "overheat", {"winding_c": 110.0, "side": "right"}),
    "S17 a temperature is no number": Case(17, 0, "overheat", {"case_c": math.nan}),
    "S21 emergency stop": Case(21, 0, "estop"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LATCHING)
def test_a_fault_of_the_world_ends_in_zero_torque_in_time_and_latches(assisting, name):
    case = LATCHING[name]
    assisting.inject(case.name, **case.numbers)
    moments = assisting.run(2.0)

    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert first_off * 10 <= case.within_ms
    assert all(is_off(moment) for moment in moments[first_off:])
    assert moments[-1].state is DeviceState.FAULT
    assert assisting.newest_fault() == (case.row, "fault")
    assert max(abs(torque) for torque in moments[-1].shaft_nm) < 0.01
    assert_stays_off_until_armed_again(assisting)


def assert_stays_off_until_armed_again(worn):
    """S23: neither the end of the fault nor its acknowledgement starts anything."""
    worn.clear()
    assert all(is_off(moment) for moment in worn.run(1.0))
    assert_refused(worn.arm())
    assert "err" not in worn.acknowledge()
    assert all(is_off(moment) for moment in worn.run(1.0))


def assert_refused(said):
    assert said.keys() & {"rc", "err"}


def test_s01_a_controller_that_wants_too_much_gets_what_the_session_allows(ready):
    ready.assist(max_nm=0.8)  # its nearest float is larger
    assert 0.79 < peak_nm(ready.run(2.0)) <= 0.8
    assert peak_nm(ready.moments) <= 0.8


def test_s03_no_tick_changes_the_torque_by_more_than_the_rate_allows(ready):
    ready.assist(max_nm=12.0)
    ready.inject("strides", scale=1.6, for_s=0.3)
    assert 1.0 < largest_step_nm(ready.run(3.0)) <= 1.5


def test_s04_a_controller_that_works_against_the_gait_is_faded_out_and_needs_a_new_arm(tmp_path):
    worn = with_envelope(tmp_path, power_w=[60.0, 80.0])  # as if this gait needed far more
    assert worn.arm() == {"state": DeviceState.ARMED}
    moments = worn.run(6.0)
    assert peak_nm(moments) > 1.0
    assert is_off(moments[-1])
    assert worn.newest_fault() == (4, "released")
    assert all(is_off(moment) for moment in worn.run(1.0))


def test_s05_the_assistance_grows_slowly_and_a_stop_is_at_once(ready):
    ready.arm(max_nm=8.0, ramp_s=5.0)
    begun = next(at for at in range(1000) if peak_nm([ready.tick()]) > 0.0)
    assert begun > 0
    for fraction in range(1, 5):
        assert peak_nm(ready.run(1.0)) <= 8.0 * fraction / 5.0 + 0.02
    assert peak_nm(ready.run(2.0)) > 5.0
    ready.stop()
    assert is_off(ready.tick())


def test_s06_a_leg_beyond_the_range_gets_nothing_and_a_second_of_it_latches(assisting):
    assisting.inject("posture", angle_rad=1.45, side="left")
    moments = assisting.run(1.2)
    assert not any(moment.command_nm[0] for moment in moments)
    latched = next(at for at, moment in enumerate(moments) if moment.state is DeviceState.FAULT)
    assert latched * 10 <= 1010
    assert assisting.newest_fault() == (6, "fault")
    assert_stays_off_until_armed_again(assisting)


def test_s07_a_stumbling_gait_fades_the_assistance_and_good_strides_bring_it_back(assisting):
    assisting.inject("strides", scale=0.4)
    assert peak_nm(assisting.run(3 * QUICK_STRIDE_S + 0.3)[-10:]) == 0.0
    assert assisting.state is DeviceState.ACTIVE
    assisting.clear()
    assert peak_nm(assisting.run(2 * QUICK_STRIDE_S)) == 0.0
    assert peak_nm(assisting.run(6.0)) > 3.0


def test_s08_a_person_who_stops_is_not_pushed(assisting):
    assisting.inject("posture", angle_rad=0.05)
    moments = assisting.run(5.0)
    assert peak_nm(moments[280:]) == 0.0  # 2.4 s without a stride, then the fade
    assert assisting.state is DeviceState.ACTIVE
    assisting.clear()
    assert peak_nm(assisting.run(6.0)) > 3.0


def test_s09_a_few_lost_samples_do_no_harm(assisting):
    assisting.inject("imu_dropout", fraction=0.1)
    assert peak_nm(assisting.run(2.0)) > 3.0
    assert assisting.state is DeviceState.ACTIVE


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("imu_tilt", {"flexion_deg": 30.0, "side": "left"}),
        ("imu_tilt", {"thigh_deg": 180.0, "side": "right"}),
        ("imu_tilt", {"thigh_deg": 90.0, "side": "left"}),
        ("imu_one_leg", {"side": "left"}),
    ],
)
def test_s12_an_exo_whose_sensors_sit_wrong_cannot_be_armed(stored, tmp_path, name, numbers):
    worn = WornExo(shutil.copytree(stored, tmp_path / "exo"), QUICK_WALK)
    worn.inject(name, **numbers)
    worn.skip(8.0)
    assert worn.state is DeviceState.SAFE
    assert worn.ask(EXO, 10)["blocked_by"] == 12
    assert worn.arm() == NOT_READY


def test_s13_motion_beyond_the_training_fades_and_comes_back_by_itself(tmp_path):
    worn = with_envelope(tmp_path, angle_rad=[-0.4, 0.6])
    worn.assist()
    worn.inject("strides", scale=1.8, for_s=QUICK_STRIDE_S)
    assert peak_nm(worn.run(QUICK_STRIDE_S + 0.3)[-5:]) == 0.0
    assert worn.state is DeviceState.ACTIVE
    assert peak_nm(worn.run(8.0)) > 3.0


def test_s14_ticks_that_are_a_little_late_are_counted(assisting):
    before = assisting.ask(EXO, 0)["late_ticks"]
    assisting.inject("late_ticks", s=0.005, for_s=0.1)
    assisting.run(0.3)
    assert assisting.state is DeviceState.ACTIVE
    assert assisting.ask(EXO, 0)["late_ticks"] - before >= 6


def test_s17_a_hot_case_gives_less(assisting):
    usual = peak_nm(assisting.run(2 * QUICK_STRIDE_S))
    assisting.inject("overheat", case_c=75.0)
    assisting.run(0.5)
    assert peak_nm(assisting.run(2 * QUICK_STRIDE_S)) <= 0.26 * usual
    assert assisting.state is DeviceState.ACTIVE


def test_s18_ten_minutes_of_warm_skin_end_the_assistance(ready):
    ready.inject("overheat", skin_c=43.0)
    ready.inject("late_ticks", s=0.99, for_s=590.0)  # at rest, in steps of a second
    ready.skip(595.0)
    ready.assist(ramp_s=0.0)
    moments = ready.run(12.0)
    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert all(is_off(moment) for moment in moments[first_off:])
    assert ready.newest_fault() == (18, "fault")
    assert 599.0 <= moments[first_off].time_us / 1e6 - WORN_S <= 601.0
    assert_stays_off_until_armed_again(ready)


@pytest.mark.parametrize(("name", "row"), [("battery", 19), ("unplugged", 20)])
def test_s19_s20_a_low_battery_or_a_pulled_cable_fades_and_keeps_it_off(assisting, name, row):
    assisting.inject(name)
    moments = assisting.run(2.0)
    assert all(is_off(moment) for moment in moments[31:])  # the fade takes 0.3 s
    assert assisting.newest_fault() == (row, "released")
    assisting.arm()
    assert peak_nm(assisting.run(1.0)) == 0.0
    assisting.clear()
    assert all(is_off(moment) for moment in assisting.run(1.0))
    assert assisting.arm() == {"state": DeviceState.ARMED}


def test_s20_a_silent_host_ends_it(assisting):
    assisting.beats = False
    moments = assisting.run(1.5)
    assert all(is_off(moment) for moment in moments[82:])  # 500 ms and the fade
    assisting.beats = True
    assert all(is_off(moment) for moment in assisting.run(1.0))
    assert assisting.newest_fault() == (20, "released")


def test_s21_the_emergency_stop_counts_at_rest_and_as_long_as_it_is_pressed(ready):
    ready.inject("estop")
    ready.run(0.05)
    assert (ready.state, ready.newest_fault()) == (DeviceState.FAULT, (21, "fault"))
    ready.acknowledge()
    ready.run(0.05)
    assert ready.state is DeviceState.FAULT


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("memory_flip", {"offset": 40, "bit": 3}),
        ("memory_flip", {"offset": 2000, "bit": 3}),
        ("memory_flip", {"offset": 40_000, "bit": 3}),
        ("wild_controller", {"gain": 9.0}),  # not wild: another, harmless law
    ],
)
def test_s22_what_changes_in_memory_ends_the_assistance_and_the_controller(assisting, name, numbers):
    assisting.inject(name, **numbers)
    moments = assisting.run(1.2)
    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert first_off * 10 <= 1000
    assert all(is_off(moment) for moment in moments[first_off:])
    assert assisting.newest_fault() == (22, "fault")
    assert assisting.ask(EXO, 0)["active"] == "F"
    assisting.acknowledge()
    assert all(is_off(moment) for moment in assisting.run(1.0))
    assert_refused(assisting.arm())


def test_s22_a_bit_that_changes_in_the_flash_is_not_run_after_a_restart(ready):
    ready.inject("flash_flip", area=0, offset=5000, bit=1)
    ready.exo.device.boot()
    info = ready.ask(EXO, 0)
    assert (info["active"], info["confirmed"]) == ("F", False)
    assert ready.ask(EXO, 1)["slots"][0]["state"] == "bad"
    ready.skip(WORN_S)
    assert_refused(ready.arm())


def test_s22_flash_that_fails_leaves_what_runs(ready):
    name = ready.ask(EXO, 0)["sha"]
    ready.inject("storage_fails")
    said = ready.ask(1, 1, WRITE, off=0, data=b"x", len=1000, sha=bytes(32))
    assert_refused(said)
    assert ready.ask(EXO, 0)["sha"] == name
    assert ready.arm() == {"state": DeviceState.ARMED}


def test_s23_nothing_starts_again_by_itself(ready):
    """Not after a fault, its end, an acknowledgement, heartbeats, a number that was used or a restart."""
    used = ready.ask(EXO, 0)["nonce"]
    ready.assist()
    ready.inject("estop", for_s=0.2)
    ready.run(1.0)
    ready.acknowledge()
    assert all(is_off(moment) for moment in ready.run(2.0))
    name = ready.ask(EXO, 0)["sha"]
    assert_refused(ready.ask(EXO, 6, WRITE, arm=True, sha=name, nonce=used, max_nm=8.0, ramp_s=1.0))
    assert all(is_off(moment) for moment in ready.run(1.0))
    ready.exo.device.boot()
    assert all(is_off(moment) for moment in ready.run(8.0))
    assert ready.state is DeviceState.READY
