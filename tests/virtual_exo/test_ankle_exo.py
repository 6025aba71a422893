"""The virtual exo at the ankle: placement, half torque on trial, one way only, faults end in no torque."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.deploy.checks import check_exo
from core.deploy.keys.site_key import KeyKind, TrustedKey
from core.devices.exo_link import connect
from core.devices.profiles import load_profile
from core.domain.body import JointKind
from core.domain.controller import TorqueDirection, TorqueLimits
from core.domain.exo_protocol import DeviceState
from core.errors import UserError
from core.virtual_exo.exo import VirtualExo
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.plant_file import load_plant
from core.virtual_exo.sensors import SensorSettings
from core.virtual_exo.wearer import plain_ankle_walk, plain_walk
from tests.deploy.ankles import ANKLE, SUIT, package_for
from tests.deploy.controllers import KEY, package
from tests.refusals import code_of, refused
from tests.virtual_exo.virtual_exo_process import virtual_exo
from tests.virtual_exo.worn_exo import EXO, IMAGE, QUICK_STRIDE_S, WORN_S, WRITE, WornExo, is_off, peak_nm

QUICK = Path(__file__).with_name("quick_ankle_walk.json")
QUICK_ANKLES = PlantSettings(motion=plain_ankle_walk(QUICK_STRIDE_S))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Files of an ankle exo with a confirmed controller; copied, never changed."""
    folder = tmp_path_factory.mktemp("ankle")
    WornExo(folder, QUICK_ANKLES, ANKLE).install(package_for(ANKLE, seed=3).device_bytes)
    return folder


@pytest.fixture
def assisting(stored, tmp_path):
    worn = WornExo(shutil.copytree(stored, tmp_path / "exo"), QUICK_ANKLES, ANKLE)
    worn.skip(WORN_S)
    assert worn.state is DeviceState.READY
    worn.assist()
    assert peak_nm(worn.run(QUICK_STRIDE_S)) > 1.0
    return worn


# Each is another part of the world; its row, and how long it may take.
FAULTS = {
    "S2 the control law goes wild": (2, 0, "wild_controller", {"gain": 1e6}),
    "S9 no new samples": (9, 60, "imu_stale", {}),
    "S10 the sensors of a leg are frozen": (10, 100, "imu_stuck", {"side": "left"}),
    "S11 no number": (11, 20, "imu_nan", {}),
    "S14 the loop stalls": (14, 0, "stall", {"s": 0.06}),
    "S15 a motor is silent": (15, 90, "motor_silent", {"side": "right"}),
    "S16 a motor adds torque": (16, 130, "motor_wrong", {"nm": 8.0, "side": "left"}),
    "S17 a winding is hot": (17, 0, "overheat", {"winding_c": 110.0}),
    "S21 emergency stop": (21, 0, "estop", {}),
    "S22 the memory changes": (22, 1000, "memory_flip", {"offset": 700}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_in_zero_torque_at_an_ankle_too(assisting, name):
    row, within_ms, kind, numbers = FAULTS[name]
    assisting.inject(kind, **numbers)
    moments = assisting.run(1.5)
    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert first_off * 10 <= within_ms
    assert all(is_off(moment) for moment in moments[first_off:])
    assert assisting.newest_fault() == (row, "fault")
    assert max(abs(torque) for torque in moments[-1].shaft_nm) < 0.01


def test_it_plantarflexes_only_and_gives_half_on_trial(tmp_path):
    worn = WornExo(tmp_path, QUICK_ANKLES, ANKLE)
    data = package_for(ANKLE, seed=3, peak_nm=4.0).device_bytes
    put_on_trial(worn, data)
    worn.skip(WORN_S)
    worn.assist(max_nm=18.0)
    torques = np.array([moment.command_nm for moment in worn.run(3 * QUICK_STRIDE_S)])
    assert torques.max() == 0.0 and -2.0 <= torques.min() < -1.5


def put_on_trial(worn, data):
    """Not confirmed: half of its torque."""
    name = hashlib.sha256(data).digest()
    for offset in range(0, len(data), 1500):
        start = {"len": len(data), "sha": name} if offset == 0 else {}
        worn.ask(IMAGE, 1, WRITE, off=offset, data=data[offset : offset + 1500], **start)
    for action in ("test", "activate"):
        assert "err" not in worn.ask(EXO, 3, WRITE, action=action, sha=name)


def test_a_suit_with_cables_extends_the_hip_only(tmp_path):
    worn = WornExo(tmp_path, None, SUIT)
    worn.install(package_for(SUIT, seed=3).device_bytes)
    worn.skip(7.0)
    worn.assist()
    torques = np.array([moment.command_nm for moment in worn.run(3.0)])
    assert torques.max() == 0.0 and torques.min() < -1.0


@pytest.mark.parametrize(
    "sensors",
    [
        SensorSettings(tilt_left_deg=(0.0, 0.0, 90.0)),
        SensorSettings(tilt_right_deg=(40.0, 0.0, 0.0)),
        SensorSettings(tilt_left_deg=(0.0, 180.0, 0.0)),
    ],
)
def test_a_shank_sensor_that_sits_wrong_keeps_it_from_being_ready(tmp_path, sensors):
    worn = WornExo(tmp_path, replace(QUICK_ANKLES, sensors=sensors), ANKLE)
    worn.install(package_for(ANKLE, seed=3).device_bytes)
    worn.skip(10.0)
    assert worn.exo.device.blocked_by == 12


def test_small_steps_and_standing_end_the_torque(assisting):
    assisting.inject("strides", scale=0.4)
    assisting.run(4.0 * QUICK_STRIDE_S)
    assert peak_nm(assisting.run(0.5)) == 0.0
    assert assisting.state is DeviceState.ACTIVE  # no fault: it comes back with the usual strides
    assisting.clear()
    assisting.run(8.0 * QUICK_STRIDE_S)
    assert peak_nm(assisting.run(QUICK_STRIDE_S)) > 1.0


def test_an_ankle_that_is_bent_too_far_gets_nothing(assisting):
    assisting.inject("posture", angle_rad=-0.75, side="left")
    moments = assisting.run(0.6)
    assert all(moment.command_nm[0] == 0.0 for moment in moments[2:])


# the process


def test_an_ankle_exo_on_the_line_says_what_it_is_and_keeps_what_it_got():
    options = ("--listen", "tcp:0", "--device", ANKLE, "--plant", str(QUICK), "--worn-before", str(WORN_S))
    wanted = package_for(ANKLE, seed=3)
    with virtual_exo(*options) as running, connect(running.address) as link:
        info = link.info()
        assert (info.joint, info.profile_id) == (JointKind.ANKLE, ANKLE)
        assert info.hard_limits.direction is TorqueDirection.EXTENSION
        assert info.hard_limits.peak_nm == load_profile(ANKLE).limits.peak_nm
        link.upload(wanted.device_bytes)
        link.test(wanted.blob.sha256)
        link.activate()
        assert link.selftest().outputs_sha256 == wanted.blob.golden.outputs_sha256
        assert link.read_back("A") == wanted.device_bytes
        tight = link.tighten(TorqueLimits(3.0, 100.0, 0.5, TorqueDirection.EXTENSION))
        assert (tight.peak_nm, tight.direction) == (3.0, TorqueDirection.EXTENSION)
        assert code_of(link.tighten, TorqueLimits(2.0, 100.0, 0.5, TorqueDirection.FLEXION)) == "EXO-010"
        keys = {KEY.public.key_id: TrustedKey(KEY.public, KeyKind.SITE)}
        check_exo(wanted, keys, info)
        with pytest.raises(UserError) as other:
            check_exo(package(), keys, info)
        assert other.value.advice.code == "EXO-042"


# the wearer


def test_a_walk_of_ankles_is_read_from_files(tmp_path):
    time_s = np.linspace(0.0, 1.09, 110)
    motion = plain_ankle_walk()
    legs = [motion.at(time) for time in time_s]
    columns = {
        "time_s": time_s,
        "ankle_angle_rad": np.array([one.angle_rad for one in legs]),
        "shank_lean_rad": np.array([one.lean_rad for one in legs]),
    }
    np.savez(tmp_path / "walk.npz", **columns)
    read = load_plant(tmp_path / "walk.npz", JointKind.ANKLE).motion
    for time in (0.1, 0.5, 0.9):
        for name in ("angle_rad", "velocity_rad_s", "lean_rad", "lean_rad_s"):
            wanted, within = getattr(motion.at(time), name), 0.2 if name.endswith("_s") else 0.01
            assert getattr(read.at(time), name) == pytest.approx(wanted, abs=within), name
    assert load_plant(QUICK, JointKind.ANKLE).motion.period_s == QUICK_STRIDE_S
    with refused("EXO-020"):
        load_plant(tmp_path / "walk.npz")  # no thighs in it
    with refused("EXO-020"):
        load_plant(Path(__file__).with_name("quick_walk.json"), JointKind.ANKLE)  # a swing of thighs


def test_nobody_walks_with_the_thighs_in_an_ankle_exo(tmp_path):
    with pytest.raises(ValueError, match="ankle"):
        VirtualExo("T-1", load_profile(ANKLE), tmp_path, PlantSettings(motion=plain_walk()))
