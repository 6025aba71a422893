"""Claims about the safety supervisor: when torque may pass, and how much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.virtual_exo.supervisor import FIRMWARE_LIMITS, RELEASE_S, ArmRequest, FaultCode, Supervisor
from core.devices.exo_protocol import DeviceState, Rc
from core.domain.controller import TorqueLimits

SHA = bytes(range(32))
TICK_S = 0.01
ZERO = np.zeros(2, np.float32)


def ready(limits: TorqueLimits = FIRMWARE_LIMITS, *, trial: bool = False) -> Supervisor:
    supervisor = Supervisor(FIRMWARE_LIMITS)
    supervisor.use_controller(SHA, limits, trial=trial)
    return supervisor


def armed(limits: TorqueLimits = FIRMWARE_LIMITS, *, max_nm: float = 18.0, trial: bool = False) -> Supervisor:
    supervisor = ready(limits, trial=trial)
    assert supervisor.arm(ArmRequest(SHA, supervisor.nonce, max_nm, 1.0), 0.0) is Rc.OK
    return supervisor


def run(supervisor: Supervisor, wish_nm: float, seconds: float, *, start_s: float = 0.0, beats: bool = True):
    """Torque commands (T, 2) for a constant wish."""
    wish = np.full(2, wish_nm, np.float32)
    commands = []
    for tick in range(round(seconds / TICK_S)):
        now_s = start_s + (tick + 1) * TICK_S
        if beats:
            supervisor.heartbeat(now_s)
        commands.append(supervisor.tick(now_s, ZERO, ZERO, wish))
    return np.array(commands)


def test_torque_is_zero_until_armed():
    supervisor = ready()
    assert not run(supervisor, 10.0, 2.0).any()
    assert supervisor.state is DeviceState.READY


def test_armed_torque_grows_over_the_ramp_and_then_is_active():
    supervisor = armed()
    commands = run(supervisor, 10.0, 1.5)
    assert supervisor.state is DeviceState.ACTIVE
    assert (np.diff(commands[:, 0]) >= 0).all()
    assert commands[-1].tolist() == [10.0, 10.0]
    assert abs(commands[49, 0] - 5.0) < 0.2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sha256": bytes(32)}, Rc.HASH_MISMATCH),
        ({"nonce": b"12345678"}, Rc.NONCE_MISMATCH),
        ({"max_nm": float("nan")}, Rc.BAD_REQUEST),
        ({"max_nm": -1.0}, Rc.BAD_REQUEST),
        ({"ramp_s": float("nan")}, Rc.BAD_REQUEST),
    ],
)
def test_a_wrong_arm_is_refused_and_stays_at_zero(change, code):
    supervisor = ready()
    good = {"sha256": SHA, "nonce": supervisor.nonce, "max_nm": 12.0, "ramp_s": 1.0}
    assert supervisor.arm(ArmRequest(**{**good, **change}), 0.0) is code
    assert not run(supervisor, 10.0, 0.5).any()


def test_arm_is_refused_without_a_passed_selftest():
    supervisor = Supervisor(FIRMWARE_LIMITS)
    supervisor.use_controller(None, None, trial=True)
    assert supervisor.arm(ArmRequest(SHA, supervisor.nonce, 12.0, 1.0), 0.0) is Rc.NOT_SELFTESTED


def test_a_nonce_works_once():
    supervisor = ready()
    nonce = supervisor.nonce
    assert supervisor.arm(ArmRequest(bytes(32), nonce, 12.0, 1.0), 0.0) is Rc.HASH_MISMATCH
    assert supervisor.arm(ArmRequest(SHA, nonce, 12.0, 1.0), 0.0) is Rc.NONCE_MISMATCH


def test_stop_gives_zero_at_the_very_next_tick():
    supervisor = armed()
    run(supervisor, 10.0, 2.0)
    supervisor.stop()
    assert not run(supervisor, 10.0, 0.5, start_s=2.0).any()
    assert supervisor.state is DeviceState.READY


def test_silence_fades_to_zero_and_needs_a_new_arm():
    supervisor = armed()
    run(supervisor, 10.0, 2.0)
    silent = run(supervisor, 10.0, 2.0, start_s=2.0, beats=False)
    ended = round((0.5 + RELEASE_S) / TICK_S) + 2
    assert silent[40].all() and not silent[ended:].any()
    assert (np.diff(silent[:, 0]) <= 0).all()
    assert supervisor.state is DeviceState.READY
    assert not run(supervisor, 10.0, 1.0, start_s=4.0).any()  # heartbeats alone do not bring it back


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["angle", "velocity", "wish"])
def test_a_value_that_is_no_number_zeroes_and_latches(bad, where):
    supervisor = armed()
    run(supervisor, 10.0, 2.0)
    values = {"angle": ZERO, "velocity": ZERO, "wish": np.full(2, 10.0, np.float32)}
    values[where] = np.array([0.0, bad], np.float32)
    command = supervisor.tick(2.01, values["angle"], values["velocity"], values["wish"])
    assert command.tolist() == [0.0, 0.0]
    assert supervisor.state is DeviceState.FAULT
    assert supervisor.arm(ArmRequest(SHA, supervisor.nonce, 12.0, 1.0), 2.1) is Rc.FAULT_LATCHED
    assert supervisor.acknowledge() is Rc.OK
    assert not run(supervisor, 10.0, 0.5, start_s=3.0).any()  # acknowledged is not armed


def test_a_wish_beyond_reason_latches():
    supervisor = armed()
    assert not run(supervisor, 31.0, 0.1).any()
    assert supervisor.faults[-1].code is FaultCode.COMMAND_NOT_SANE


def test_a_thigh_out_of_range_gets_no_torque_and_latches_after_a_second():
    supervisor = armed()
    run(supervisor, 10.0, 2.0)
    outside = np.array([1.5, 0.0], np.float32)
    wish = np.full(2, 10.0, np.float32)
    for tick in range(120):
        now_s = 2.0 + (tick + 1) * TICK_S
        supervisor.heartbeat(now_s)
        command = supervisor.tick(now_s, outside, ZERO, wish)
        assert command[0] == 0.0
    assert supervisor.state is DeviceState.FAULT


def test_a_controller_on_trial_gives_at_most_half():
    assert run(armed(trial=True), 25.0, 2.0).max() <= 9.0


def test_limits_of_a_visit_only_tighten():
    supervisor = ready()
    assert supervisor.tighten(TorqueLimits(8.0, 100.0, 1.0)) is Rc.OK
    assert supervisor.tighten(TorqueLimits(9.0, 100.0, 1.0)) is Rc.LIMIT_RAISED
    assert supervisor.tighten(TorqueLimits(float("nan"), 100.0, 1.0)) is Rc.BAD_REQUEST
    assert supervisor.limits == TorqueLimits(8.0, 100.0, 1.0)


limits_of = st.builds(
    TorqueLimits,
    st.floats(0.1, 100.0),
    st.floats(1.0, 1000.0),
    st.floats(0.2, 3.0),
)
sample = st.tuples(*[st.floats(-40.0, 40.0, width=32)] * 2, *[st.floats(-2.0, 2.0, width=32)] * 2)


@settings(max_examples=60, deadline=None)
@given(limits_of, st.floats(0.1, 40.0), st.booleans(), st.lists(sample, min_size=1, max_size=150))
def test_torque_and_its_rate_never_exceed_the_smallest_limit(package, max_nm, trial, samples):
    supervisor = armed(package, max_nm=max_nm, trial=trial)
    peak = min(max_nm, min(18.0, package.peak_nm) * (0.5 if trial else 1.0))
    step = min(150.0, package.rate_nm_s) * TICK_S
    before = ZERO
    for tick, (left, right, angle_left, angle_right) in enumerate(samples):
        now_s = (tick + 1) * 0.02
        supervisor.heartbeat(now_s)
        angle = np.array([angle_left, angle_right], np.float32)
        command = supervisor.tick(now_s, angle, ZERO, np.array([left, right], np.float32))
        assert np.isfinite(command).all()
        assert (np.abs(command.astype(float)) <= peak).all()
        growth = np.abs(command) > np.abs(before)
        assert (np.abs(command.astype(float) - before)[growth] <= step * (1 + 1e-5) + 1e-6).all()
        before = command
