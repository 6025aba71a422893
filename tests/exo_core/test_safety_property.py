"""Whatever limits, wishes and faults come, in any order: the torque stays inside the smallest limit."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.exo_protocol import DeviceState
from core.exo_core.library import Library
from core.exo_core.safety import Inputs, Limits
from tests.exo_core.wearer import Wearer, ready_wearer

PAIRS = ("angle_rad", "motor_nm", "case_c", "winding_c", "skin_c")
VALUES = st.one_of(st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0, 30.0, 70.0, math.nan, math.inf]))
LIMITS = st.builds(
    Limits,
    peak_nm=st.floats(0.015625, 64.0, width=32),
    rate_nm_s=st.floats(0.015625, 512.0, width=32),
    hip_range_rad=st.floats(0.125, 2.0, width=32),
)
# One thing that goes wrong: what, with which values, for how many ticks, and after how many.
TROUBLE = st.tuples(
    st.sampled_from(
        [*PAIRS, "gyro", "accel", "battery", "samples", "estop", "link", "wish", "swing", "tick", "ack"]
    ),
    st.tuples(VALUES, VALUES),
    st.integers(1, 12),
    st.integers(1, 120),
)


def disturb(inputs: Inputs, what: str, values: tuple[float, float]) -> None:
    match what:
        case "gyro":
            inputs.gyro_rad_s = ((values[0], 0.1, 0.1), (values[1], 0.1, 0.1))
        case "accel":
            inputs.accel_g = ((values[0], 0.0, 0.0), (values[1], 0.0, 0.0))
        case "battery":
            inputs.battery_v = values[0]
        case "samples":
            inputs.sample_us = (max(0, inputs.now_us - 45_000), inputs.now_us)
        case "estop":
            inputs.estop = True
        case "link":
            inputs.link = False
        case _ if what in PAIRS:
            setattr(inputs, what, values)


def check(wearer: Wearer, smallest: Limits, tick_us: int) -> None:
    for now, before in zip(wearer.torque_nm, wearer.last_nm, strict=True):
        assert math.isfinite(now)
        assert abs(now) <= smallest.peak_nm
        assert now == 0.0 or abs(now - before) <= smallest.rate_nm_s * min(tick_us, 10_000) * 1e-6
    if wearer.state not in (DeviceState.ARMED, DeviceState.ACTIVE):
        assert wearer.torque_nm == (0.0, 0.0)
        assert not wearer.command.enable


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    package=LIMITS,
    visit=LIMITS,
    session_nm=st.floats(0.015625, 64.0, width=32),
    trial=st.booleans(),
    troubles=st.lists(TROUBLE, max_size=8),
    seed=st.integers(0, 2**31),
)
def test_torque_and_its_change_never_exceed_the_smallest_limit(
    core: Library,
    package: Limits,
    visit: Limits,
    session_nm: float,
    trial: bool,
    troubles: list[tuple[str, tuple[float, float], int, int]],
    seed: int,
):
    wearer = ready_wearer(core, limits=package, trial=trial)
    wearer.supervisor.tighten(visit)
    smallest = Limits(
        min(18.0, package.peak_nm * (0.5 if trial else 1.0), session_nm), min(150.0, package.rate_nm_s)
    )
    if visit.peak_nm <= min(18.0, package.peak_nm) and visit.rate_nm_s <= smallest.rate_nm_s:
        held = wearer.supervisor.limits
        smallest = Limits(min(smallest.peak_nm, held.peak_nm * (0.5 if trial else 1.0)), held.rate_nm_s)
    rng = np.random.default_rng(seed)
    wearer.arm(max_nm=session_nm)
    wearer.run(5.0)

    for what, values, ticks, pause in troubles:
        for tick in range(ticks + pause):
            wrong = tick < ticks
            left, right = rng.uniform(-30.0, 30.0, 2)
            if what == "swing" and tick == 0:
                wearer.walk(swing_rad=float(rng.uniform(0.05, 1.5)))
            if what == "ack":
                wearer.supervisor.acknowledge()
                wearer.arm(max_nm=session_nm)
            tick_us = int(rng.integers(1, 30_000)) if wrong and what == "tick" else 10_000
            wearer.step(
                (lambda inputs, what=what, values=values: disturb(inputs, what, values)) if wrong else None,
                wish=values if wrong and what == "wish" else (float(left), float(right)),
                tick_us=tick_us,
            )
            check(wearer, smallest, tick_us)
