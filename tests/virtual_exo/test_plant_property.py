"""Whatever goes wrong around a worn exo, in any order: the torque stays inside the smallest limit."""

from __future__ import annotations

import math
import shutil
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.deploy.package import parse_package
from core.domain.controller import TorqueLimits
from core.domain.exo_protocol import DeviceState
from tests.deploy.controllers import SMALL, built, trained
from tests.virtual_exo.worn_exo import QUICK_WALK, WORN_S, WornExo, is_off

NUMBERS = st.one_of(
    st.floats(-100.0, 100.0), st.sampled_from([0.0, 1.0, 60.0, 1e9, math.nan, math.inf, -math.inf])
)
KINDS = {
    "imu_nan": "value",
    "imu_implausible": "angle_rad",
    "imu_bias": "rad_s",
    "imu_tilt": "flexion_deg",
    "imu_queued": "delay_s",
    "imu_dropout": "fraction",
    "posture": "angle_rad",
    "strides": "scale",
    "motor_wrong": "nm",
    "overheat": "case_c",
    "battery": "volts",
    "late_ticks": "s",
    "stall": "s",
    "wild_controller": "gain",
    "imu_stale": "",
    "imu_stuck": "",
    "imu_swapped": "",
    "motor_silent": "",
    "motor_holds": "",
    "motor_dead": "",
    "unplugged": "",
    "estop": "",
}
TIMES = {"stall": 0.2, "late_ticks": 0.01, "imu_queued": 2.0}  # the longest that makes sense [s]
BODY = {"posture", "strides", "imu_tilt"}  # where a leg is, and what hangs on it, is a number
# What goes wrong, with which number, where, for how long, and after how long the next thing does.
TROUBLE = st.tuples(
    st.sampled_from(sorted(KINDS)),
    NUMBERS,
    st.sampled_from(["", "left", "right"]),
    st.floats(0.02, 1.0),
    st.floats(0.05, 1.5),
)
LIMITS = st.builds(
    TorqueLimits,
    peak_nm=st.floats(0.5, 18.0),
    rate_nm_s=st.floats(5.0, 150.0),
    hip_range_rad=st.floats(0.5, 1.396),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Files of a new exo."""
    folder = tmp_path_factory.mktemp("empty")
    WornExo(folder)
    return folder


def numbers_of(kind, value):
    if not KINDS[kind]:
        return {}
    if kind in TIMES:
        value = abs(value) if math.isfinite(value) else 1.0
        value = min(value, TIMES[kind])
    if kind in BODY and not abs(value) <= 180.0:
        value = 1.0
    return {KINDS[kind]: value}


def check(moments, peak_nm, rate_nm_s):
    for before, now in pairwise(moments):
        for old, new in zip(before.command_nm, now.command_nm, strict=True):
            assert math.isfinite(new)
            assert abs(new) <= peak_nm
            assert new == 0.0 or abs(new - old) <= rate_nm_s * 0.01 + 1e-6
        assert now.state in (DeviceState.ARMED, DeviceState.ACTIVE) or is_off(now)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # a shorter list of troubles would take minutes to find
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    limits=LIMITS,
    gain=st.floats(0.5, 6.0),
    session_nm=st.floats(0.5, 30.0),
    troubles=st.lists(TROUBLE, max_size=6),
    seed=st.integers(1, 5),
)
def test_whatever_happens_to_a_worn_exo_the_torque_stays_inside_the_smallest_limit(
    empty, tmp_path_factory, limits, gain, session_nm, troubles, seed
):
    folder = tmp_path_factory.mktemp("worn")
    worn = WornExo(shutil.copytree(empty, folder, dirs_exist_ok=True), QUICK_WALK)
    package = parse_package(built(trained(seed, limits=limits, gain=gain, hidden=SMALL)).archive)
    worn.install(package.device_bytes)
    worn.skip(WORN_S)
    worn.arm(max_nm=session_nm)
    worn.run(3.0)
    for kind, value, side, lasts_s, pause_s in troubles:
        worn.inject(kind, side=side, for_s=lasts_s, **numbers_of(kind, value))
        worn.run(pause_s)
        worn.acknowledge()
        worn.arm(max_nm=session_nm)
    worn.run(1.0)
    check(worn.moments, min(limits.peak_nm, session_nm, 18.0), limits.rate_nm_s)
    shutil.rmtree(folder)
