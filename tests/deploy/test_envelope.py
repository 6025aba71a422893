"""Claims about the envelope of a gait: what it is taken from, how it travels, that nothing goes without."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.blob import BlobError, read_blob
from core.deploy.checks import check_package, examine
from core.deploy.envelope import envelope_of, from_entry, to_entry
from core.deploy.package import parse_package
from core.domain.gait_envelope import NOBODYS_GAIT, GaitEnvelope, SensedWalks
from core.exo_core.library import load
from core.exo_core.safety import Envelope
from tests.deploy.controllers import ANYBODYS_GAIT, SMALL, built, check_context, trained, without_envelope
from tests.exo_core.host import EXO, WRITE, Exo
from tests.exo_core.test_blob import with_manifest
from tests.refusals import code_of

RATE_HZ = 100.0
CONFIRMED = 5  # EXO_SLOT_CONFIRMED
GAIT = GaitEnvelope((-0.3, -0.2), (0.5, 0.6), (0.7, 0.8), (0.9, 0.8), -5.0, 12.0, -0.25, 0.55, -2.0, 3.5)
angles = st.floats(-1.0, 1.0)
ranges = st.tuples(angles, angles).map(sorted)
sizes = st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 2.0)).map(sorted)


def walks(
    swings_rad: list[float], *, centre_rad: float = 0.1, gain: float = 4.0, taught: float = 1.0
) -> SensedWalks:
    """Eight seconds of even walks, one walker and activity for each swing.

    The exo's torque is `gain` times the velocity; the strides that were taught swing `taught` times as far.
    """
    seconds = 8.0
    time_s = np.arange(round(seconds * RATE_HZ))[:, None, None] / RATE_HZ
    phase = 2.0 * np.pi * time_s / 1.1 + np.array([0.0, np.pi])
    swing = np.array(swings_rad)[:, None]
    angle, velocity = centre_rad + swing * np.cos(phase), -2.0 * np.pi / 1.1 * swing * np.sin(phase)
    counted = np.ones((len(time_s), len(swings_rad)), np.bool_)
    low, high = (centre_rad + sign * np.hstack([swing, swing]) for sign in (-taught, taught))
    activity = np.arange(len(swings_rad))
    return SensedWalks(RATE_HZ, angle, velocity, gain * velocity, counted, activity, low, high)


def found(some: SensedWalks) -> GaitEnvelope:
    envelope = envelope_of(some)
    assert envelope is not None
    return envelope


def test_the_envelope_is_what_was_walked():
    envelope = found(walks([0.4]))
    assert envelope.rom_low_rad == pytest.approx((-0.3, -0.3), abs=1e-3)
    assert envelope.rom_high_rad == pytest.approx((0.5, 0.5), abs=1e-3)
    assert envelope.stride_low_rad == envelope.stride_high_rad == pytest.approx((0.8, 0.8), abs=1e-3)
    assert (envelope.angle_low_rad, envelope.angle_high_rad) == pytest.approx((-0.3, 0.5), abs=1e-3)
    assert envelope.speed_high_rad_s == pytest.approx(0.4 * 2.0 * np.pi / 1.1, abs=0.01)
    assert envelope.power_high_w == pytest.approx(4.0 * (0.4 * 2.0 * np.pi / 1.1) ** 2 / 2.0 + 5.0, abs=0.2)


def test_zero_torque_is_inside_the_band_of_power_however_much_the_exo_helps():
    """While the torque grows after an arm a stride has next to no power."""
    assert found(walks([0.4])).power_low_w == -5.0
    braking = found(walks([0.4], gain=-1.0))
    assert braking.power_low_w == pytest.approx(-2.6 - 5.0, abs=0.1) and braking.power_high_w == 5.0


def test_every_activity_counts_and_the_band_of_strides_reaches_from_the_smallest_to_the_largest():
    rare = found(walks([0.3] * 40 + [0.45]))
    both = found(walks([0.3, 0.45]))
    assert rare == both
    assert (both.stride_low_rad[0], both.stride_high_rad[0]) == pytest.approx((0.6, 0.9), abs=1e-3)
    assert both.angle_high_rad == pytest.approx(0.55, abs=1e-3)


@pytest.mark.parametrize("taught", [0.6, 1.5])
def test_the_persons_own_stride_is_inside_where_the_twin_walks_otherwise(taught: float):
    envelope, alike = found(walks([0.4], taught=taught)), found(walks([0.4]))
    smallest, largest = sorted((0.8, 0.8 * taught))
    assert envelope.stride_low_rad == pytest.approx((smallest, smallest), abs=1e-3)
    assert envelope.stride_high_rad == pytest.approx((largest, largest), abs=1e-3)
    assert envelope.rom_high_rad[0] == pytest.approx(0.1 + 0.4 * max(1.0, taught), abs=1e-3)
    assert envelope.angle_high_rad == alike.angle_high_rad  # the network saw no more of it


def test_what_does_not_count_changes_nothing():
    usual = walks([0.4])
    angle, counted = usual.angle_rad.copy(), usual.counted.copy()
    angle[300:400] += 1.0
    counted[300:400] = False
    with_fall = replace(usual, angle_rad=angle, counted=counted)
    assert found(with_fall).rom_high_rad == found(usual).rom_high_rad
    assert found(with_fall).stride_high_rad == pytest.approx(found(usual).stride_high_rad, abs=1e-3)


@pytest.mark.parametrize("swing", [0.0, 0.04])
def test_who_made_no_stride_has_no_envelope(swing: float):
    assert envelope_of(walks([swing])) is None


def test_an_activity_without_strides_widens_only_angle_and_speed():
    envelope, walking = found(walks([0.02, 0.4])), found(walks([0.4]))
    assert envelope.stride_low_rad == walking.stride_low_rad
    assert envelope.power_low_w == walking.power_low_w


def test_the_envelope_is_never_wider_than_the_firmware_has_it():
    envelope = found(walks([0.4], gain=400.0))
    assert envelope.power_high_w == NOBODYS_GAIT.power_high_w == 80.0


def test_the_widest_envelope_is_that_of_the_firmware():
    wide = Envelope()
    assert all(getattr(wide, item.name) == getattr(NOBODYS_GAIT, item.name) for item in fields(wide))


@settings(max_examples=100, deadline=None)
@given(ranges, ranges, sizes, sizes, ranges, ranges, ranges)
def test_an_envelope_comes_back_from_the_package_as_it_was(rl, rr, sl, sr, power, angle, speed):
    envelope = GaitEnvelope(
        (rl[0], rr[0]), (rl[1], rr[1]), (sl[0], sr[0]), (sl[1], sr[1]), *power, *angle, *speed
    )
    read = from_entry(to_entry(envelope))
    assert all(np.allclose(getattr(read, one.name), getattr(envelope, one.name)) for one in fields(read))
    packed = built(replace(trained(hidden=SMALL), envelope=envelope))
    assert parse_package(packed.archive).blob.envelope == read == from_entry(to_entry(read))


@pytest.mark.parametrize("numbers", [(1.0, 0.0), (math.nan, 1.0), (0.0, math.inf)])
def test_what_is_no_range_is_no_envelope(numbers):
    with pytest.raises(ValueError, match="no range"):
        replace(GAIT, power_low_w=numbers[0], power_high_w=numbers[1])


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        [],
        {name: pair for name, pair in to_entry(GAIT).items() if name != "power_w"},
        {**to_entry(GAIT), "angle_rad": [0.5]},
        {**to_entry(GAIT), "angle_rad": [0.5, 0.4]},
        {**to_entry(GAIT), "angle_rad": [0.5, "1"]},
        {**to_entry(GAIT), "angle_rad": [False, True]},
        {**to_entry(GAIT), "rom_left_rad": [4.5, 5.0]},
        {**to_entry(GAIT), "stride_left_rad": [math.nan, 1.0]},
    ],
)
def test_an_envelope_that_makes_no_sense_is_refused_by_reader_and_exo(entry):
    good = parse_package(built().archive).device_bytes
    data = with_manifest(good, lambda manifest: manifest.update(envelope=entry))
    with pytest.raises(BlobError):
        read_blob(data)
    exo = Exo(load())
    exo.upload(data)
    slot = exo.ask(EXO, 1)["slots"][0]
    assert (slot["state"], slot["detail"]) == ("bad", "the limits of the gait make no sense")


def test_a_controller_of_an_earlier_version_is_not_packed():
    """Its record has no envelope: only training again makes one."""
    assert code_of(built, replace(trained(hidden=SMALL), envelope=None)) == "DEP-026"


def test_a_package_without_the_persons_gait_is_refused_by_reader_and_exo():
    """The key taken out, signed again by the same site: the checks and the exo both say no."""
    archive = without_envelope(built(trained(4, hidden=SMALL)).archive)
    package = parse_package(
        archive
    )  # intact, so that it can be looked into and still anchors the audit trail
    assert package.blob.envelope is None
    assert [check.name for check in examine(archive, "p", check_context()).checks if not check.passed] == [
        "gait"
    ]
    assert code_of(check_package, package, check_context()) == "DEP-026"

    exo = Exo(load())
    exo.install(parse_package(built().archive).device_bytes)
    exo.upload(package.device_bytes)
    name = bytes.fromhex(package.blob.sha256)
    assert "err" in exo.ask(EXO, 3, WRITE, action="test", sha=name)
    slots = exo.ask(EXO, 1)
    assert (slots["active"], slots["slots"][1]["state"]) == ("A", "bad")
    assert slots["slots"][1]["detail"] == "made without the limits of this person's gait"


def test_a_controller_that_an_exo_kept_without_the_persons_gait_does_not_start():
    """Its firmware was renewed since it was confirmed."""
    old = parse_package(without_envelope(built(trained(4, hidden=SMALL)).archive))
    exo = Exo(load())
    exo.install(parse_package(built().archive).device_bytes)
    exo.upload(old.device_bytes)
    device, names = exo.device._device, exo.ask(EXO, 1)["slots"]
    assert names[1]["sha"].hex() == old.blob.sha256
    device.slots.slot[1].state, device.slots.running = CONFIRMED, 1
    exo.device._lib.exo_device_start_controller(device)
    said = exo.ask(EXO, 1)
    assert said["slots"][1]["state"] == "bad"
    assert said["slots"][1]["detail"] == "made without the limits of this person's gait"
    assert said["active"] != "B" and exo.ask(EXO, 0)["sha"].hex() != old.blob.sha256


def test_a_sentence_tells_when_the_exo_gives_nothing():
    assert GAIT.sentence(1.396) == (
        "No torque outside \u221232° to 44° (left) and \u221226° to 49° (right) of thigh flexion, nor once "
        "two strides in a row are less than half, or more than one and a half times, as large as in training."
    )
    alike = replace(GAIT, rom_low_rad=(-0.3, -0.3), rom_high_rad=(1.3, 1.3))
    assert "outside \u221232° to 80° of thigh flexion" in alike.sentence(
        1.396
    )  # the hip's own limit comes first


def test_the_checks_before_use_tell_the_sentence():
    good = parse_package(built(replace(trained(hidden=SMALL), envelope=GAIT)).archive)
    check_package(good, check_context())
    checks = {check.name: check.words for check in examine(built().archive, "p", check_context()).checks}
    assert checks["gait"] == ANYBODYS_GAIT.sentence(1.396)


def test_a_number_that_the_exo_cannot_hold_is_refused() -> None:
    entry = to_entry(ANYBODYS_GAIT) | {"angle_rad": [-1.0, 3.5e38]}

    with pytest.raises(ValueError, match="cannot hold"):
        from_entry(entry)
