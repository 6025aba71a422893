"""What went wrong on real exos, as their makers and users tell it, does not happen here.

Times are simulated; faults come through the virtual exo's fault channel.
"""

from __future__ import annotations

import math

import pytest

from core.domain.exo_protocol import DeviceState
from tests.virtual_exo.framing import FrameReader, encode_frame
from tests.virtual_exo.worn_exo import EXO, QUICK_STRIDE_S, WRITE, is_off, peak_nm


def assert_latched_at_once(worn, row, within_ticks):
    moments = worn.run(1.0)
    assert all(is_off(moment) for moment in moments[within_ticks:])
    assert worn.newest_fault() == (row, "fault")


# (a) a frame without a checksum: a number near saturation went to the motors


def test_a_damaged_frame_is_never_obeyed(ready):
    info = ready.ask(EXO, 0)
    request = {"arm": True, "sha": info["sha"], "nonce": info["nonce"], "max_nm": 8.0, "ramp_s": 1.0}
    frame = ready.frame(EXO, 6, WRITE, **request)
    line = encode_frame(frame)
    for bit in range(8 * len(line)):
        damaged = bytearray(line)
        damaged[bit // 8] ^= 1 << bit % 8
        for found in FrameReader().feed(bytes(damaged)):
            assert found == frame  # a bit of the padding that says nothing
    for length in range(len(line) - 1):
        assert not FrameReader().feed(line[:length] + b"\n")


# (b) the network got sensor values that were seconds old


@pytest.mark.parametrize("delay_s", [0.06, 0.5, 2.0])
def test_b_old_sensor_values_are_not_used(assisting, delay_s):
    assisting.inject("imu_queued", delay_s=delay_s)
    assert_latched_at_once(assisting, 9, 6)


# (c) a number read twice turned the largest torque into garbage


@pytest.mark.parametrize("number", [math.nan, math.inf, -1.0, 0.0, 1e30, 1e300, "8", b"8", None, True])
def test_c_garbage_never_becomes_a_limit(ready, number):
    before = ready.ask(EXO, 5)
    limits = {"peak_nm": 5.0, "rate_nm_s": 50.0, "hip_range_rad": 1.0}
    for name in limits:
        said = ready.ask(EXO, 5, WRITE, **{**limits, name: number})
        assert said.keys() & {"rc", "err"}
    assert ready.ask(EXO, 5) == before
    if number not in (1e30,):  # a large session limit is cut to the package's
        assert ready.arm(max_nm=number).keys() & {"rc", "err"}
        assert ready.state is DeviceState.READY


# (d) the motors kept their last torque while the computer was busy for one or two seconds


@pytest.mark.parametrize("stall_s", [0.03, 1.0, 2.0])
def test_d_a_computer_that_was_busy_does_not_go_on_where_it_was(assisting, stall_s):
    assisting.inject("stall", s=stall_s)
    assert_latched_at_once(assisting, 14, 0)


def test_d_the_motors_let_go_while_the_computer_is_busy(assisting):
    """By the driver's own watchdog, which a port must provide; looked at when the stall ends."""
    assert max(map(abs, assisting.moments[-1].shaft_nm)) > 1.0
    assisting.inject("stall", s=1.0)
    assert max(map(abs, assisting.tick().shaft_nm)) < 0.01


def test_d_a_restart_is_not_how_a_person_loses_support(assisting):
    assert assisting.ask(0, 5, WRITE) == {"rc": 6}
    assert assisting.run(0.1)[-1].state is DeviceState.ACTIVE


# (e) a number that is none passed through `if (t > max) t = max`


@pytest.mark.parametrize(
    ("fault", "numbers"),
    [
        ("imu_nan", {}),
        ("imu_bias", {"rad": math.nan}),
        ("imu_bias", {"rad_s": math.inf}),
        ("motor_wrong", {"nm": math.nan}),
        ("wild_controller", {"gain": math.nan}),
        ("wild_controller", {"gain": -math.inf}),
        ("overheat", {"winding_c": math.nan}),
        ("battery", {"volts": math.nan}),
    ],
)
def test_e_what_is_no_number_never_reaches_the_motors(assisting, fault, numbers):
    assisting.inject(fault, **numbers)
    moments = assisting.run(1.0)
    assert all(math.isfinite(torque) for moment in moments for torque in moment.command_nm)
    assert peak_nm(moments) <= 8.0
    assert is_off(moments[-1])


# (f) the screen and the exo disagreed; the first click on "off" did nothing


@pytest.mark.parametrize(
    "wanted", [DeviceState.READY, DeviceState.ARMED, DeviceState.ACTIVE, DeviceState.FAULT]
)
def test_f_the_first_stop_counts_in_every_state(ready, wanted):
    if wanted in (DeviceState.ARMED, DeviceState.ACTIVE):
        ready.arm()
    if wanted is DeviceState.ACTIVE:
        ready.run(4.0)
    if wanted is DeviceState.FAULT:
        ready.inject("estop")
        ready.tick()
    assert ready.state is wanted
    said = ready.ask(EXO, 6, WRITE, arm=False)
    assert said == {"state": ready.state}
    assert ready.state in (DeviceState.SAFE, DeviceState.READY, DeviceState.FAULT)
    assert is_off(ready.tick())


def test_f_the_next_heartbeat_tells_that_the_exo_stopped(assisting):
    assisting.inject("estop")
    assisting.tick()
    said = assisting.ask(EXO, 7, WRITE, t_host=1)
    assert said["state"] == DeviceState.FAULT == assisting.state


# OpenExo: a disabled motor was enabled again by its own answer; motors hold the last command they heard


def test_openexo_a_motor_that_answers_again_stays_off(assisting):
    assisting.inject("motor_silent", for_s=0.2)
    assert_latched_at_once(assisting, 15, 10)
    assert all(is_off(moment) for moment in assisting.run(2.0))


def test_openexo_a_deaf_motor_is_told_zero_until_it_hears_it(assisting):
    assisting.inject("motor_holds", for_s=2.0)
    moments = assisting.run(1.5)
    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert all(is_off(moment) for moment in moments[first_off:])
    assert any(motor.commanded_nm != 0.0 for motor in assisting.exo.plant.drive.motors)  # still deaf
    assert max(map(abs, moments[-1].shaft_nm)) < 0.01  # but cut off by the enable line
    assisting.run(1.0)
    assert all(motor.commanded_nm == 0.0 for motor in assisting.exo.plant.drive.motors)


def test_openexo_the_emergency_stop_is_looked_at_in_every_tick(assisting):
    assisting.inject("estop", for_s=0.015)
    assert_latched_at_once(assisting, 21, 0)


# Dephy: assistance only after two strides, and changes fade in


def test_dephy_nothing_is_given_before_two_strides(ready):
    ready.arm(ramp_s=0.0)
    assert peak_nm(ready.run(1.5 * QUICK_STRIDE_S)) == 0.0  # the stride of the arming counts as the first
    assert peak_nm(ready.run(2.0)) > 1.0


def test_dephy_another_limit_fades_in_from_zero(assisting):
    assisting.stop()
    assisting.run(0.1)
    assisting.arm(max_nm=12.0, ramp_s=5.0)
    moments = assisting.run(4.0)
    assert peak_nm(moments[:-200]) <= 12.0 * 2.0 / 5.0


# Hip_Exoskeleton v1.4: the last command was kept when the computer above stopped


def test_a_host_that_dies_in_the_middle_of_a_walk_leaves_no_torque(assisting):
    assisting.beats = False
    moments = assisting.run(2.0)
    assert all(is_off(moment) for moment in moments[82:])
    assert max(map(abs, moments[-1].shaft_nm)) < 0.01
