"""Rows that fade the torque, limit it, or refuse to start."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.envelope import strides_of
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.building import SOURCES
from core.exo_core.library import Library
from core.exo_core.safety import Envelope, Inputs, Limits, Profile, Supervisor, Verdict
from tests.exo_core.wearer import NONCE, SHA, Fault, Wearer, assisted_wearer, reading, ready_wearer

SUPERVISORS_OWN = {"<string.h>", '"exo_config.h"', '"exo_safety.h"', '"exo_safety_rows.h"'}


def test_the_supervisor_shares_no_code_with_the_controller():
    for path in sorted(SOURCES.glob("exo_safety*")):
        included = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("#include")]
        assert set(included) <= SUPERVISORS_OWN | {'"exo_joint.h"'}
    words = re.sub(r"/\*.*?\*/", "", (SOURCES / "exo_joint.h").read_text(), flags=re.DOTALL)
    assert "(" not in words  # two lists of words; nothing that runs


# S1, S3, S5


@pytest.mark.parametrize("source", ["firmware", "profile", "package", "visit", "session", "trial"])
def test_s01_the_smallest_limit_holds_whoever_set_it(core: Library, source: str):
    small = Limits(peak_nm=4.0)
    wearer = ready_wearer(
        core,
        limits=small
        if source == "package"
        else Limits(peak_nm=8.0)
        if source == "trial"
        else Limits(peak_nm=99.0),
        profile=Profile(limits=small) if source == "profile" else None,
        trial=source == "trial",
    )
    if source == "visit":
        assert wearer.supervisor.tighten(small) is Rc.OK
    assert wearer.arm(max_nm=4.0 if source == "session" else 99.0) is Rc.OK
    torques = wearer.run(6.0, requested_nm=(29.0, -29.0))

    expected = 18.0 if source == "firmware" else 4.0
    assert torques[-1] == (expected, -expected)
    assert max(abs(value) for pair in torques for value in pair) == expected


def test_s01_the_last_clamp_holds_even_if_everything_before_it_failed(core: Library):
    wearer = assisted_wearer(core, limits=Limits(peak_nm=7.0))
    core.ffi.cdef("void s01_clamp(exo_safety *safety, float *torque_nm);")
    for wrong, right in ((99.0, 7.0), (-99.0, -7.0), (float("nan"), 0.0), (float("inf"), 0.0), (3.0, 3.0)):
        torque = core.ffi.new("float[2]", [wrong, 0.0])
        core.lib.s01_clamp(wearer.supervisor._safety, torque)
        assert torque[0] == right


def test_s01_a_wish_that_stays_above_the_limit_is_told(core: Library):
    wearer = assisted_wearer(core)
    wearer.run(0.4, requested_nm=(25.0, 0.0))
    assert not wearer.supervisor.saturated
    wearer.run(0.2, requested_nm=(25.0, 0.0))
    assert wearer.supervisor.saturated


def test_s03_torque_changes_no_faster_than_the_limit(core: Library):
    wearer = assisted_wearer(core)

    steps = []
    for tick in range(100):
        wearer.step(requested_nm=(18.0, -18.0) if tick % 40 < 20 else (-18.0, 18.0))
        steps.append(abs(wearer.torque_nm[0] - wearer.last_nm[0]))

    assert 1.499 < max(steps) <= 1.5


def test_s03_a_late_tick_allows_no_larger_step(core: Library):
    wearer = assisted_wearer(core)
    wearer.step(requested_nm=(-18.0, 0.0), tick_us=19_000)
    assert abs(wearer.torque_nm[0] - wearer.last_nm[0]) <= 1.5
    assert wearer.supervisor.late_ticks == 1


def test_s05_the_torque_grows_over_the_asked_time_and_never_faster_than_in_one_second(core: Library):
    times = {}
    for ramp_s in (0.0, 5.0):
        wearer = ready_wearer(core)
        assert wearer.arm(ramp_s=ramp_s) is Rc.OK
        assert wearer.state is DeviceState.ARMED
        torques = [left for left, _ in wearer.run(12.0)]
        begun = next(at for at, value in enumerate(torques) if value > 0.0)
        full = next(at for at, value in enumerate(torques) if value == 6.0)
        times[ramp_s] = (full - begun) / 100.0
        assert wearer.state is DeviceState.ACTIVE
    assert times == {0.0: pytest.approx(1.0, abs=0.02), 5.0: pytest.approx(5.0, abs=0.02)}


def test_s05_disarming_fades_over_three_tenths_and_stop_is_at_once(core: Library):
    wearer = assisted_wearer(core)
    wearer.supervisor.release()
    torques = [left for left, _ in wearer.run(0.31)]
    assert torques == sorted(torques, reverse=True)
    assert torques[14] > 2.0
    assert torques[-1] == 0.0
    assert not wearer.command.enable

    wearer = assisted_wearer(core)
    wearer.supervisor.stop()
    assert wearer.step().torque_nm == (0.0, 0.0)


# S4, S7, S8, S13: gait


def braking(inputs: Inputs) -> None:
    """The motor works against the leg: 6 N m times the speed, negative all the time."""
    inputs.motor_nm = tuple(-6.0 * (1 if axes[0] > 0 else -1) for axes in inputs.gyro_rad_s)  # type: ignore[assignment]


def test_s04_three_strides_of_braking_end_the_assistance(core: Library):
    wearer = ready_wearer(core, envelope=Envelope(power_low_w=-3.0))
    wearer.arm()
    wearer.run(6.0)

    def follow(wanted: Fault) -> None:
        inputs = wearer.inputs()
        wanted(inputs)
        wearer.step(wanted, requested_nm=inputs.motor_nm)

    ticks = 0
    while wearer.state.value in (DeviceState.ARMED, DeviceState.ACTIVE) and ticks < 700:
        follow(braking)
        ticks += 1

    assert wearer.torque_nm == (0.0, 0.0)
    assert wearer.supervisor.events[-1].row == 4
    assert 220 < ticks < 480


def test_s07_strides_half_as_large_fade_and_good_ones_bring_it_back(core: Library):
    wearer = assisted_wearer(core)
    wearer.walk(swing_rad=0.14)
    wearer.run(4.0)
    assert wearer.torque_nm == (0.0, 0.0)
    assert wearer.state is DeviceState.ACTIVE  # no fault: it may come back

    wearer.walk(swing_rad=0.35)
    wearer.run(3.0)
    assert wearer.torque_nm == (0.0, 0.0)  # not before three good strides
    wearer.run(4.0)
    assert wearer.torque_nm == (6.0, -6.0)


def test_s07_the_reference_of_the_package_counts(core: Library):
    envelope = Envelope(stride_low_rad=(1.6, 1.6), stride_high_rad=(1.6, 1.6))  # today it is 0.7 rad
    wearer = ready_wearer(core, envelope=envelope)
    wearer.arm()
    torques = wearer.run(10.0)
    assert max(abs(left) for left, _ in torques[250:]) < 6.0
    assert wearer.torque_nm == (0.0, 0.0)


MANY_SPEEDS = Envelope(stride_low_rad=(0.5, 0.5), stride_high_rad=(0.9, 0.9))  # slow walk to fast walk


def swings(wearer: Wearer, sizes_rad: list[float], strides: int = 3) -> None:
    """Walk some strides of each of these sizes; a stride's range is twice the swing."""
    for size in sizes_rad:
        wearer.walk(swing_rad=size)
        wearer.run(strides * wearer.stride_s)


def test_s07_a_controller_of_many_speeds_goes_along_from_the_slowest_to_the_fastest(core: Library):
    wearer = ready_wearer(core, envelope=MANY_SPEEDS)
    swings(wearer, [0.25])
    wearer.arm()
    swings(wearer, [0.25], strides=5)
    for size in (0.25, 0.3, 0.4, 0.47, 0.4, 0.3, 0.25):
        swings(wearer, [size])
        assert wearer.torque_nm == (6.0, -6.0)


@pytest.mark.parametrize(("usual", "scale"), [(0.25, 0.4), (0.25, 1.6), (0.45, 0.4), (0.45, 1.6)])
def test_s07_a_sudden_change_fades_at_every_speed(core: Library, usual: float, scale: float):
    wearer = assisted_wearer(core, envelope=MANY_SPEEDS)
    swings(wearer, [0.3 if usual < 0.3 else 0.4, usual])
    assert wearer.torque_nm == (6.0, -6.0)
    wearer.walk(swing_rad=scale * usual)
    wearer.run(3 * wearer.stride_s + 0.3)  # the stride of the change, two whole ones, the fade
    assert wearer.torque_nm == (0.0, 0.0)


@pytest.mark.parametrize("sizes", [[0.28, 0.22, 0.17, 0.11], [0.45, 0.55, 0.72]])
def test_s07_strides_that_no_training_saw_fade_however_slowly_they_came(core: Library, sizes: list[float]):
    wearer = assisted_wearer(core, envelope=MANY_SPEEDS)
    swings(wearer, sizes[:-1])
    assert wearer.torque_nm == (6.0, -6.0)
    swings(wearer, sizes[-1:], strides=6)
    assert wearer.torque_nm == (0.0, 0.0)


def test_s07_strides_of_another_trained_speed_bring_the_torque_back(core: Library):
    wearer = assisted_wearer(core, envelope=MANY_SPEEDS)
    swings(wearer, [0.3, 0.25])
    swings(
        wearer, [0.45]
    )  # in one stride from the slowest to the fastest walk: more than half as large again
    assert wearer.torque_nm == (0.0, 0.0)
    swings(wearer, [0.45], strides=7)
    assert wearer.torque_nm == (6.0, -6.0)


def test_s08_nobody_who_stands_is_pushed(core: Library):
    wearer = ready_wearer(core)
    wearer.walk(swing_rad=0.0)
    wearer.run(1.0)
    assert wearer.arm() is Rc.OK
    assert set(wearer.run(6.0)) == {(0.0, 0.0)}

    wearer.walk()
    wearer.run(6.0)
    assert wearer.torque_nm == (6.0, -6.0)


def test_s08_torque_ends_when_the_person_stops(core: Library):
    wearer = assisted_wearer(core)
    wearer.walk(swing_rad=0.0)
    wearer.run(2.4 + 0.3 + 0.1)
    assert wearer.torque_nm == (0.0, 0.0)
    assert wearer.state is DeviceState.ACTIVE


@pytest.mark.parametrize("stride_s", [0.5, 2.2])
def test_s08_strides_too_short_or_too_long_are_not_assisted(core: Library, stride_s: float):
    wearer = assisted_wearer(core)
    wearer.walk(stride_s=stride_s)
    wearer.run(6.0)
    assert wearer.torque_nm == (0.0, 0.0)


def test_s13_motion_that_no_training_saw_fades_and_comes_back_by_itself(core: Library):
    envelope = Envelope(angle_low_rad=-0.3, angle_high_rad=0.5, speed_low_rad_s=-3.0, speed_high_rad_s=3.0)
    wearer = assisted_wearer(core, envelope=envelope)
    strange = reading(angle_rad=(0.5 + 0.2 * 0.8 + 0.01, 0.0))
    strange_within = reading(angle_rad=(0.5 + 0.2 * 0.8 - 0.01, 0.0))

    wearer.step(strange_within)
    assert wearer.torque_nm == (6.0, -6.0)
    wearer.step(strange)
    wearer.run(0.3)
    assert wearer.torque_nm == (0.0, 0.0)
    wearer.run(6.0)
    assert wearer.torque_nm == (6.0, -6.0)
    assert wearer.state is DeviceState.ACTIVE


# S9: an old sample


def test_s09_an_old_sample_gives_less_before_it_is_a_fault(core: Library):
    wearer = assisted_wearer(core)
    kept = wearer.now_us

    def late(inputs: Inputs) -> None:
        inputs.sample_us = (kept, kept)

    torques = [wearer.step(late, requested_nm=(18.0, -18.0)).torque_nm[0] for _ in range(5)]
    assert torques[3] < torques[2] <= 6.0 + 3 * 1.5
    assert wearer.state is DeviceState.ACTIVE


# S12: where the sensors sit


def leaning(inputs: Inputs) -> None:
    inputs.accel_g = ((0.9, 0.43, 0.0), inputs.accel_g[1])


def swapped_axes(inputs: Inputs) -> None:
    inputs.gyro_rad_s = tuple((b, a, c) for a, b, c in inputs.gyro_rad_s)  # type: ignore[assignment]


def upside_down(inputs: Inputs) -> None:
    inputs.gyro_rad_s = tuple((-a, b, c) for a, b, c in inputs.gyro_rad_s)  # type: ignore[assignment]


def same_leg(inputs: Inputs) -> None:
    inputs.gyro_rad_s = (inputs.gyro_rad_s[0], inputs.gyro_rad_s[0])
    inputs.angle_rad = (inputs.angle_rad[0], inputs.angle_rad[0])


@pytest.mark.parametrize("wrong", [leaning, swapped_axes, upside_down, same_leg])
def test_s12_a_sensor_in_the_wrong_place_is_never_ready(core: Library, wrong: Fault):
    wearer = Wearer(core)
    wearer.supervisor.use(SHA, Limits(), trial=False)
    wearer.run(0.7, wrong)
    wearer.walk()
    wearer.run(8.0, wrong)

    assert wearer.state is DeviceState.SAFE
    assert wearer.supervisor.blocked_by == 12
    assert wearer.arm() is Rc.NOT_READY


def test_s12_an_exo_put_on_anew_is_looked_at_anew(core: Library):
    wearer = ready_wearer(core)
    wearer.supervisor.wear()
    wearer.run(3.0)
    assert wearer.state is DeviceState.SAFE  # nobody has stood still yet
    wearer.walk(swing_rad=0.0)
    wearer.run(0.7)
    wearer.walk()
    wearer.run(4.5)
    assert wearer.state is DeviceState.READY


@pytest.mark.parametrize("waited_s", [0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1])
def test_s12_what_was_seen_before_the_assistance_is_not_mixed_with_what_comes_after(
    core: Library, waited_s: float
):
    wearer = ready_wearer(core)
    wearer.walk(stride_s=0.65)
    wearer.run(waited_s)
    assert wearer.arm() is Rc.OK
    wearer.run(3.0)
    wearer.supervisor.stop()
    wearer.run(0.01)
    for _ in range(300):
        wearer.run(0.01)
        assert wearer.state is DeviceState.READY, wearer.supervisor.blocked_by


# S19, S20


@pytest.mark.parametrize(
    ("row", "fault"),
    [(19, reading(battery_v=17.0)), (19, reading(battery_v=float("nan"))), (20, reading(link=False))],
)
def test_s19_s20_a_low_battery_or_a_pulled_cable_fades_and_needs_a_new_arm(
    core: Library, row: int, fault: Fault
):
    wearer = assisted_wearer(core)
    torques = wearer.run(0.31, fault)
    assert torques[0][0] > 5.0
    assert torques[-1] == (0.0, 0.0)
    assert (wearer.supervisor.events[-1].row, wearer.supervisor.events[-1].verdict) == (row, Verdict.RELEASE)

    assert set(wearer.run(4.0)) == {(0.0, 0.0)}
    assert wearer.state is DeviceState.READY
    assert wearer.arm() is Rc.OK


def test_s20_a_silent_host_ends_the_assistance(core: Library):
    wearer = assisted_wearer(core)
    wearer.beats = False
    wearer.run(0.49)
    assert wearer.torque_nm == (6.0, -6.0)
    wearer.run(0.35)
    assert wearer.torque_nm == (0.0, 0.0)
    wearer.beats = True
    assert set(wearer.run(3.0)) == {(0.0, 0.0)}


# S23 and the commands


def test_s23_every_start_needs_the_hash_and_a_number_used_once(core: Library):
    wearer = ready_wearer(core)
    arm = wearer.supervisor.arm

    assert arm(SHA, NONCE, max_nm=5.0) is Rc.NONCE_MISMATCH  # never given
    wearer.supervisor.renew(NONCE)
    assert arm(SHA, b"76543210", max_nm=5.0) is Rc.NONCE_MISMATCH
    assert arm(SHA, NONCE, max_nm=5.0) is Rc.NONCE_MISMATCH  # used up by the try
    assert wearer.arm(sha=bytes(32)) is Rc.HASH_MISMATCH
    assert wearer.arm(max_nm=float("nan")) is Rc.BAD_REQUEST
    assert wearer.arm(max_nm=0.0) is Rc.BAD_REQUEST
    assert wearer.arm(ramp_s=float("inf")) is Rc.BAD_REQUEST
    assert wearer.state is DeviceState.READY
    assert wearer.arm() is Rc.OK
    assert wearer.arm() is Rc.BAD_STATE


def test_s23_without_a_controller_there_is_nothing_to_arm(core: Library):
    wearer = Wearer(core)
    wearer.get_ready()
    assert wearer.arm() is Rc.NOT_SELFTESTED
    assert wearer.state is DeviceState.SAFE


def test_before_the_core_has_checked_itself_nothing_happens(core: Library):
    supervisor = Supervisor(Profile(), core)
    supervisor.use(SHA, Limits(), trial=False)
    assert supervisor.state is DeviceState.BOOT
    supervisor.renew(NONCE)
    assert supervisor.arm(SHA, NONCE, max_nm=5.0) is Rc.BAD_STATE


def test_limits_only_tighten_and_only_at_rest(core: Library):
    wearer = assisted_wearer(core)
    assert wearer.supervisor.tighten(Limits(peak_nm=3.0)) is Rc.BAD_STATE
    wearer.supervisor.stop()
    assert wearer.supervisor.tighten(Limits(peak_nm=3.0)) is Rc.OK
    assert wearer.supervisor.tighten(Limits(peak_nm=4.0)) is Rc.LIMIT_RAISED
    assert wearer.supervisor.tighten(Limits(peak_nm=float("nan"))) is Rc.BAD_REQUEST
    assert wearer.supervisor.tighten(Limits(peak_nm=-1.0)) is Rc.BAD_REQUEST
    assert wearer.supervisor.limits.peak_nm == 3.0


def test_a_profile_that_is_no_profile_gives_no_torque(core: Library):
    wearer = Wearer(core, Profile(limits=Limits(peak_nm=float("nan"))))
    wearer.supervisor.use(SHA, Limits(), trial=False)
    wearer.get_ready()
    wearer.arm()
    assert set(wearer.run(6.0)) == {(0.0, 0.0)}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.05, 0.6), st.floats(0.5, 2.3)), min_size=4, max_size=9),
    st.integers(0, 999),
)
def test_the_envelope_counts_the_strides_that_the_exo_counts(
    core: Library, walked: list[tuple[float, float]], seed: int
):
    """The program and the C core see the same strides in the same thigh, whatever they are."""
    noise, wearer = np.random.default_rng(seed), Wearer(core)
    wearer.run(0.01)
    stride = wearer.supervisor._safety.stride[0]
    angles: list[float] = []
    seen: list[tuple[int, float]] = []

    def shaken(inputs: Inputs) -> None:
        angles.append(float(np.float32(inputs.angle_rad[0] + noise.normal(0.0, 0.01))))
        inputs.angle_rad = (angles[-1], inputs.angle_rad[1])

    for swing_rad, stride_s in walked:
        wearer.walk(swing_rad, stride_s)
        for _ in range(round(100 * stride_s)):
            low_rad, peak_us = stride.low_rad, stride.peak_us
            wearer.step(shaken)
            if stride.found and peak_us and 600_000 <= stride.peak_us - peak_us <= 2_000_000:
                seen.append((len(angles) - 1, stride.high_rad - low_rad))

    counted = strides_of(np.array(angles), np.zeros(len(angles)), 100.0)
    assert [one.last for one in counted] == [tick for tick, _ in seen]
    np.testing.assert_allclose([one.range_rad for one in counted], [size for _, size in seen], atol=1e-6)
