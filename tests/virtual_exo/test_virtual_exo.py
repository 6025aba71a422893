"""Claims about the virtual exo: the process, its plant, and fault injection."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deploy.package import parse_package
from core.devices.exo_link import connect
from core.devices.exo_protocol import FACTORY, NEWEST
from core.devices.profiles import load_profile
from core.domain.body import Side
from core.domain.exo_protocol import DeviceState, SlotState
from core.errors import UserError
from core.exo_core.storage import Area
from core.virtual_exo import fault_channel
from core.virtual_exo.exo import VirtualExo
from core.virtual_exo.faults import MAX_TIME_US, Fault, FaultKind, read_numbers
from core.virtual_exo.machine import Flash
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.plant_file import load_plant
from core.virtual_exo.ports import open_port
from core.virtual_exo.sensors import SensorSettings
from tests.deploy.controllers import DEVICE, EXO_KEYS, SMALL, built, package, trained
from tests.exo_core.host import EXO, WRITE, Host
from tests.virtual_exo.fault_channel import FaultChannel
from tests.virtual_exo.framing import FrameReader, encode_frame
from tests.virtual_exo.virtual_exo_process import QUICK, start_virtual_exo, virtual_exo

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "core.virtual_exo"]


def new_exo(folder: Path, settings: PlantSettings | None = None) -> VirtualExo:
    return VirtualExo("T-1", load_profile(DEVICE), folder, settings or PlantSettings(), EXO_KEYS)


# the process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(number):
    running = start_virtual_exo("--listen", "tcp:0")
    running.process.send_signal(number)
    assert running.process.wait(timeout=5) == 0
    running.end()


@pytest.mark.slow
def test_it_ends_when_its_parent_is_gone():
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    options = ["--listen", "tcp:0", "--parent", str(parent.pid)]
    exo = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    try:
        ready = json.loads(exo.stdout.readline())
        assert ready["pid"] == exo.pid and psutil.pid_exists(exo.pid)
        parent.kill()
        assert exo.wait(timeout=5) == 0
    finally:
        exo.kill()
        exo.wait()
        exo.stdout.close()
        parent.kill()
        parent.wait()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--listen", "udp:1"], "EXO-021"),
        (["--device", "None_L9"], "EXO-030"),
        (["--faults", "pty"], "EXO-021"),
    ],
)
def test_a_wrong_option_is_said_with_advice(options, code):
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, cwd=REPOSITORY, timeout=30)
    assert done.returncode == 2
    assert code in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_ticks_keep_up_with_the_clock():
    with virtual_exo("--listen", "tcp:0") as running, connect(running.address) as link:
        first, began = link.telemetry(NEWEST).next_seq, time.monotonic()
        time.sleep(1.0)
        ticks = link.telemetry(NEWEST).next_seq
        waited_s = time.monotonic() - began
    assert ticks - first == pytest.approx(100.0 * waited_s, rel=0.2)


def test_an_exo_that_was_worn_before_is_ready_as_soon_as_it_has_a_controller():
    with virtual_exo("--listen", "tcp:0") as running, connect(running.address) as link:
        put(link, package())
        time.sleep(0.1)
        assert link.info().state is DeviceState.READY


def test_a_person_who_puts_it_on_now_stands_and_walks_first():
    options = ("--worn-before", "0", "--plant", str(QUICK), "--faults", "tcp:0")
    with (
        virtual_exo("--listen", "tcp:0", *options) as running,
        connect(running.address) as link,
        FaultChannel(running.faults) as faults,
    ):
        put(link, package())
        time.sleep(0.1)
        assert (faults.state()["state"], faults.state()["blocked_by"]) == ("SAFE", 12)
        faults.skip(3.5)
        assert link.info().state is DeviceState.READY


def put(link, contents):
    link.upload(contents.device_bytes)
    link.test(contents.blob.sha256)
    link.activate()
    link.confirm(contents.blob.sha256)


# the person


def angles(folder: Path, settings: PlantSettings, seconds: float) -> np.ndarray:
    """What the sensors say, tick by tick (T, 2)."""
    exo, seen = new_exo(folder, settings), []
    real = exo.device.tick
    exo.device.tick = lambda inputs: (seen.append(inputs.angle_rad), real(inputs))
    exo.pass_time(seconds)
    return np.array(seen)


def test_it_plays_the_given_walk_after_standing(tmp_path):
    time_s = np.arange(100) * 0.01
    angle = np.stack([0.5 + 0.1 * np.sin(2 * np.pi * time_s), np.full(100, -0.25)], axis=1)
    np.savez(tmp_path / "walk.npz", time_s=time_s, thigh_angle_rad=angle)
    seen = angles(tmp_path / "exo", load_plant(tmp_path / "walk.npz"), 5.0)
    assert np.abs(seen[:50]).max() < 0.01
    assert np.abs(seen[150:, 1] + 0.25).max() < 0.01
    assert seen[150:, 0].min() == pytest.approx(0.4, abs=0.01)
    assert seen[150:, 0].max() == pytest.approx(0.6, abs=0.01)


def test_a_simulation_streams_the_motion(tmp_path):
    with (
        virtual_exo("--listen", "tcp:0", "--faults", "tcp:0") as running,
        FaultChannel(running.faults) as faults,
        connect(running.address) as link,
    ):
        faults.move((0.7, -0.3), (0.0, 0.0))
        time.sleep(0.1)
        record = link.telemetry(link.telemetry(NEWEST).next_seq - 1).records[0]
    assert record.angle_rad == pytest.approx((0.7, -0.3), abs=0.02)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}x",
        '{"time_s": [0, 1], "thigh_angle_rad": [[0, 0]]}',
        '{"time_s": [0, 1, 2], "thigh_angle_rad": [[0, 0], [0, NaN], [0, 0]]}',
        "[1, 2]",
        '{"wlak": {}}',
        '{"walk": {"speed": 3}}',
        '{"sensors": {"noise": 3}}',
        '{"sensors": {"bias_rad_s": [1]}}',
        '{"drive": {"battery_v": "full"}}',
    ],
)
def test_an_unusable_plant_is_refused(tmp_path, text):
    path = tmp_path / "plant.json"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_plant(path)
    assert caught.value.advice.code == "EXO-020"


def test_a_plant_file_says_how_the_sensors_sit(tmp_path):
    path = tmp_path / "plant.json"
    path.write_text(json.dumps({"sensors": {"tilt_left_deg": [0, 30, 0]}, "walk": {"stride_s": 0.65}}))
    exo = new_exo(tmp_path / "exo", load_plant(path))
    exo.pass_time(8.0)
    assert exo.device.blocked_by == 12


# heat and battery


def test_torque_warms_the_motor_and_drains_the_battery(tmp_path):
    exo = new_exo(tmp_path)
    drive, faults = exo.plant.drive, exo.plant.faults
    before_v = drive.battery_v
    drive.command((12.0, 0.0), True, faults)
    for _ in range(20_000):
        drive.step(0.03, faults)
    left, right = drive.motors
    assert 60.0 < left.winding_c < 75.0 and left.case_c < 60.0  # 12 N m may last
    assert right.winding_c < 30.0
    assert drive.battery_v < before_v - 0.1


def test_a_motor_that_is_told_nothing_lets_go_by_itself(tmp_path):
    exo = new_exo(tmp_path)
    drive, faults = exo.plant.drive, exo.plant.faults
    drive.command((12.0, 0.0), True, faults)
    for _ in range(20):
        drive.step(0.01, faults)
    assert drive.shaft_nm[0] == pytest.approx(12.0, abs=0.01)
    drive.step(0.05, faults)
    assert drive.shaft_nm[0] == pytest.approx(12.0, abs=0.01)
    drive.step(0.2, faults)
    assert abs(drive.shaft_nm[0]) < 0.01


# storage


def test_storage_is_like_flash(tmp_path):
    flash = Flash(tmp_path)
    assert flash.read(Area.SLOT_A, 0, 4) == b"\xff" * 4
    assert flash.write(Area.SLOT_A, 2, b"ab")
    assert not flash.write(Area.SLOT_A, 1, b"xyz")  # not erased
    assert Flash(tmp_path).read(Area.SLOT_A, 0, 6) == b"\xff\xffab\xff\xff"
    assert flash.erase(Area.SLOT_A) and flash.read(Area.SLOT_A, 2, 2) == b"\xff\xff"


@pytest.fixture(scope="module")
def old_and_new():
    return [package_of(seed) for seed in (1, 2)]


def package_of(seed):
    return parse_package(built(trained(seed, hidden=SMALL)).archive)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 9])
def test_a_power_cut_in_any_change_leaves_the_old_or_the_new_controller(tmp_path, old_and_new, cut):
    old, new = old_and_new
    options = ("--listen", "tcp:0", "--state", str(tmp_path), "--faults", "tcp:0")
    with (
        virtual_exo(*options) as running,
        connect(running.address) as link,
        FaultChannel(running.faults) as faults,
    ):
        put(link, old)
        faults.inject("power_cut", at_change=cut, fraction=0.6)
        try:
            put(link, new)
            finished = True
        except UserError:
            finished = False
            assert running.process.wait(timeout=5) == -signal.SIGKILL
    with virtual_exo(*options) as running, connect(running.address) as link:
        info = link.info()
        assert info.confirmed and info.active_sha256 == (new if finished else old).blob.sha256
        assert not info.state.moves


def test_a_controller_whose_stored_bytes_rot_is_not_run(tmp_path, old_and_new):
    options = ("--listen", "tcp:0", "--state", str(tmp_path), "--faults", "tcp:0")
    with (
        virtual_exo(*options) as running,
        connect(running.address) as link,
        FaultChannel(running.faults) as faults,
    ):
        put(link, old_and_new[0])
        faults.inject("flash_flip", area=int(Area.SLOT_A), offset=500, bit=3)
        assert link.info().active_sha256 == old_and_new[0].blob.sha256
        link.reset()
        assert link.info().active_slot == FACTORY
        assert link.slots().slots[0].state is SlotState.BAD


# what goes wrong


WRONG = [
    ("imu_nan", {}, 11),
    ("imu_nan", {"value": "inf", "side": "right"}, 11),
    ("imu_implausible", {"side": "left"}, 11),
    ("imu_stuck", {"side": "left"}, 10),
    ("imu_stale", {"side": "right"}, 9),
    ("imu_queued", {}, 9),
    ("motor_silent", {"side": "left"}, 15),
    ("motor_wrong", {"side": "right"}, 16),
    ("motor_holds", {}, 16),
    ("overheat", {"case_c": 85}, 17),
    ("overheat", {"winding_c": 115, "side": "left"}, 17),
    ("battery", {}, 19),
    ("unplugged", {}, 20),
    ("estop", {}, 21),
    ("stall", {}, 14),
    ("late_ticks", {"s": 0.015}, 14),
    ("wild_controller", {}, 2),
    ("memory_flip", {"offset": 3000, "bit": 4}, 22),
    ("posture", {"angle_rad": 1.6, "side": "left"}, 6),
]


@pytest.fixture
def quick(tmp_path):
    """A host and an exo that assists someone in quick strides; time passes only when asked to."""
    exo = new_exo(tmp_path, load_plant(QUICK))
    exo.pass_time(4.0)
    host = Host(exo.device)
    name = host.install(package().device_bytes)
    exo.pass_time(0.05)
    assert host.arm(name, max_nm=10.0) == {"state": DeviceState.ARMED}
    walk(exo, host, 3.5)
    assert exo.device.state is DeviceState.ACTIVE
    return exo, host


def walk(exo, host, seconds):
    """Time passes, watched by a host that sends its heartbeats."""
    for _ in range(round(seconds * 20)):
        host.ask(EXO, 7, WRITE, t_host=1)
        exo.pass_time(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "numbers", "row"), WRONG, ids=lambda value: str(value))
def test_what_goes_wrong_in_the_world_wakes_its_row(quick, name, numbers, row):
    exo, host = quick
    side = Side(numbers.pop("side")) if "side" in numbers else None
    kind = FaultKind(name)
    exo.plant.faults.add(Fault(kind, side, exo.now_us, MAX_TIME_US, read_numbers(kind, numbers)))
    walk(exo, host, 2.0)
    assert exo.command == ((0.0, 0.0), False)
    assert exo.plant.drive.shaft_nm == pytest.approx((0.0, 0.0), abs=0.01)
    assert host.ask(EXO, 9)["faults"][-1]["code"] == row


def test_what_is_over_is_over(quick):
    exo, host = quick
    fault = Fault(FaultKind.IMU_STALE, None, exo.now_us, exo.now_us + 20_000, ())
    exo.plant.faults.add(fault)
    walk(exo, host, 1.0)
    assert exo.device.state is DeviceState.ACTIVE


@pytest.mark.parametrize(
    "wrong",
    [
        {"tilt_left_deg": (25.0, 0.0, 0.0)},
        {"tilt_right_deg": (0.0, -25.0, 0.0)},
        {"tilt_left_deg": (0.0, 0.0, 90.0)},
        {
            "tilt_right_deg": (165.0, 0.0, 0.0)
        },  # with a swing on top 180 would be an angle that cannot be (S11)
    ],
)
def test_sensors_that_sit_wrong_keep_the_exo_from_being_ready(tmp_path, wrong):
    settings = replace(load_plant(QUICK), sensors=SensorSettings(**wrong))
    exo = new_exo(tmp_path, settings)
    Host(exo.device).install(package().device_bytes)
    exo.pass_time(10.0)
    assert (exo.device.state, exo.device.blocked_by) == (DeviceState.SAFE, 12)


def test_both_sensors_on_one_leg_keep_the_exo_from_being_ready(tmp_path):
    exo = new_exo(tmp_path, load_plant(QUICK))
    exo.plant.faults.add(Fault(FaultKind.IMU_ONE_LEG, Side.LEFT, 0, MAX_TIME_US, ()))
    exo.pass_time(10.0)
    assert exo.device.blocked_by == 12


def test_the_channel_says_what_it_does_not_understand():
    wrong = [
        {"fault": "flood"},
        {"fault": "estop", "volume": 11},
        {"fault": "battery", "volts": "few"},
        {"fault": "imu_stuck", "side": "middle"},
        {"motion": [1, 2]},
        {"skip_s": None},
        {"skip_s": float("inf")},
        {"fault": "stall", "s": float("inf")},
        {"fault": "estop", "for_s": float("inf")},
        {"fault": "flash_flip", "area": 9},
        {"fault": "imu_tilt", "thigh_deg": float("inf")},
        {"dance": 1},
        {},
    ]
    options = ("--listen", "tcp:0", "--faults", "tcp:0")
    with virtual_exo(*options) as running, FaultChannel(running.faults) as faults:
        for request in wrong:
            with pytest.raises(ValueError):
                faults.ask(**request)
        assert faults.state()["state"] == "SAFE"


def test_a_fault_of_one_tick_lasts_one_tick(tmp_path):
    exo = new_exo(tmp_path)
    line = Line([b'{"fault": "unplugged", "for_s": 0.01}\n'])
    seen, real = [], exo.device.tick
    exo.device.tick = lambda inputs: (seen.append(inputs.link), real(inputs))
    exo.tick()
    fault_channel.FaultChannel(line, exo).serve()
    exo.pass_time(0.03)
    assert seen == [True, False, True, True]
    assert json.loads(line.sent[0]) == {"ok": True, "from_s": pytest.approx(exo.trace[1].time_us / 1e6)}


class Line:
    """The port of a fault channel, without a socket."""

    def __init__(self, arriving):
        self._arriving, self.sent = arriving, []

    def receive(self, timeout_s, most=0):
        return self._arriving.pop() if self._arriving else b""

    def send(self, data):
        self.sent.append(data)
        return len(data)

    def take_lost(self):
        return False


@pytest.mark.slow
def test_the_channel_shows_what_the_motors_did():
    with (
        virtual_exo("--listen", "pty", "--plant", str(QUICK), "--faults", "tcp:0") as running,
        connect(running.address) as link,
        FaultChannel(running.faults) as faults,
    ):
        put(link, package())
        time.sleep(0.1)
        sha256 = package().blob.sha256
        link.arm(sha256, nonce=link.info().nonce, session="t", max_nm=8.0, ramp_s=1.0)
        for _ in range(30):
            link.heartbeat()
            time.sleep(0.1)
        began_s = faults.inject("estop", after_s=0.1)
        time.sleep(0.4)
        trace = faults.trace(began_s - 0.05)
    before = [row for row in trace if row[0] < began_s]
    after = [row for row in trace if row[0] >= began_s]
    assert all(row[4] for row in before) and max(abs(row[5]) for row in before) > 0.5
    assert all(row[1:5] == ["FAULT", 0.0, 0.0, False] for row in after)
    assert abs(after[-1][5]) < 0.01


# the wire


def test_who_comes_right_after_another_has_gone_is_let_in_and_nothing_is_lost():
    port = open_port("tcp:0")
    where = ("127.0.0.1", int(port.address.rpartition(":")[2]))
    with socket.create_connection(where) as first:
        port.receive(1.0)
        first.sendall(b"stop")
    with socket.create_connection(where) as second:
        assert port.receive(1.0) == b"stop"
        assert port.take_lost() and not port.connected
        port.send(b"answer to the first")  # there is nobody
        port.receive(1.0)
        second.sendall(b"hello")
        assert port.receive(1.0) == b"hello"
        assert port.send(b"answer to the second") == 20
        second.settimeout(5.0)
        assert second.recv(100) == b"answer to the second"
    port.close()


@given(st.lists(st.binary(min_size=1, max_size=1500), min_size=1, max_size=4), st.binary(max_size=40))
def test_frames_survive_splitting_and_noise(frames, noise):
    reader = FrameReader()
    noise = noise.replace(b"\x06\x09", b"").replace(b"\x04\x14", b"")
    stream = noise + b"\n" + b"".join(encode_frame(frame) for frame in frames)
    found = [frame for at in range(0, len(stream), 7) for frame in reader.feed(stream[at : at + 7])]
    assert found == frames


@given(st.binary(min_size=1, max_size=600), st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_frame_is_never_given_as_good(frame, position, change):
    raw = bytearray(encode_frame(frame))
    raw[position % len(raw)] ^= change
    assert all(found == frame for found in FrameReader().feed(bytes(raw)))


def test_the_app_and_the_device_frame_alike():
    from smp import packet

    for size in (1, 91, 92, 93, 500, 2000):
        frame = bytes(number % 256 for number in range(size))
        assert FrameReader().feed(b"".join(packet.encode(frame))) == [frame]
        decoder = packet.decode()
        next(decoder)
        with pytest.raises(StopIteration) as whole:
            for line in encode_frame(frame).splitlines(keepends=True):
                decoder.send(line)
        assert whole.value.value == frame
