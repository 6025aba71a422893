"""Claims about the virtual exo as a process and as a device."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.virtual_exo.device import Identity, VirtualExo
from core.deploy.virtual_exo.dispatcher import Dispatcher
from core.deploy.virtual_exo.exo_group import exo_handlers
from core.deploy.virtual_exo.framing import FrameReader, encode_frame
from core.deploy.virtual_exo.plant import load_motion, normal_walk
from core.deploy.virtual_exo.slots import SlotStore
from core.deploy.virtual_exo.stock_groups import stock_handlers
from core.deploy.virtual_exo.supervisor import FIRMWARE_LIMITS, ArmRequest
from core.devices.exo_link import connect
from core.devices.exo_protocol import FACTORY, DeviceState, Rc, SlotState
from core.errors import UserError
from tests.deploy.controllers import DEVICE, package
from tests.deploy.virtual_exo_process import start_virtual_exo, virtual_exo

REPOSITORY = Path(__file__).resolve().parents[2]


def new_exo(folder, wearer=None) -> VirtualExo:
    return VirtualExo(Identity("T-1", DEVICE, FIRMWARE_LIMITS), folder, wearer or normal_walk())


def install(exo: VirtualExo, contents) -> bytes:
    store(exo.slots, contents.device_bytes)
    assert exo.slots.mark(contents.blob.sha256) is Rc.OK
    assert exo.activate()
    assert exo.confirm(contents.blob.sha256) is Rc.OK
    return bytes.fromhex(contents.blob.sha256)


def store(slots: SlotStore, data: bytes) -> None:
    assert slots.begin(len(data), b"") == 0
    assert slots.write(0, data).offset == len(data)


# the process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(number):
    running = start_virtual_exo("--listen", "tcp:0")
    running.process.send_signal(number)
    assert running.process.wait(timeout=5) == 0
    running.end()


def test_it_ends_when_its_parent_is_gone():
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    options = ["--listen", "tcp:0", "--parent", str(parent.pid)]
    exo = subprocess.Popen(
        [sys.executable, "-m", "core.deploy.virtual_exo", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
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
    [(["--listen", "udp:1"], "EXO-021"), (["--device", "None_L9"], "EXO-030")],
)
def test_a_wrong_option_is_said_with_advice(options, code):
    command = [sys.executable, "-m", "core.deploy.virtual_exo", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=30)
    assert done.returncode == 2
    assert code in done.stderr and "Traceback" not in done.stderr


def test_it_plays_the_given_walk(tmp_path):
    time_s = np.arange(100) * 0.01
    angle = np.stack([0.5 + 0.1 * np.sin(2 * np.pi * time_s), np.full(100, -0.25)], axis=1)
    np.savez(tmp_path / "walk.npz", time_s=time_s, thigh_angle_rad=angle)
    with (
        virtual_exo("--listen", "tcp:0", "--plant", str(tmp_path / "walk.npz")) as running,
        connect(running.address) as link,
    ):
        time.sleep(0.3)
        records = link.telemetry(0).records
    assert all(abs(record.angle_rad[1] + 0.25) < 1e-6 for record in records)
    assert all(0.39 < record.angle_rad[0] < 0.61 for record in records)


@pytest.mark.parametrize("text", ["", "{}", '{"time_s": [0, 1], "thigh_angle_rad": [[0, 0]]}', "[1, 2]"])
def test_an_unusable_walk_is_refused(tmp_path, text):
    path = tmp_path / "walk.json"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_motion(path)
    assert caught.value.advice.code == "EXO-020"


def test_ticks_keep_up_with_the_clock(tmp_path):
    with virtual_exo("--listen", "tcp:0") as running, connect(running.address) as link:
        first = link.telemetry(0).records[0]
        time.sleep(1.0)
        last = link.telemetry(0).records[-1]
    assert last.seq - first.seq == pytest.approx((last.time_ms - first.time_ms) / 10.0, abs=3)


# the device


def test_a_sensor_that_fails_gives_zero_and_latches(tmp_path):
    walk = normal_walk()
    angle = walk.angle_rad.copy()
    angle[110:] = np.nan  # half a cycle after the start
    exo = new_exo(tmp_path, type(walk)(8.0, angle, walk.velocity_rad_s))
    sha256 = install(exo, package())
    exo.supervisor.arm(ArmRequest(sha256, exo.supervisor.nonce, 8.0, 1.0), 0.0)
    records = []
    for tick in range(600):
        exo.supervisor.heartbeat(tick * 0.01)
        records.append(exo.tick(tick * 0.01))
    torque = np.array([record.command_nm for record in records])
    assert np.abs(torque[100:390]).max() > 1.0
    assert not torque[400:].any() and np.isfinite(torque).all()
    assert exo.supervisor.state is DeviceState.FAULT


def test_a_power_cut_at_any_write_leaves_the_old_or_the_new_controller(tmp_path, monkeypatch):
    from core.deploy.virtual_exo import slots as module

    class PowerCutError(Exception):
        pass

    real_write, good = module._write_synced, {package(1).blob.sha256, package(2).blob.sha256}
    for cut in range(12):
        folder = tmp_path / str(cut)
        install(new_exo(folder), package(1))
        writes = iter(range(100))

        def write(path, data, cut=cut, writes=writes):
            if next(writes) == cut:
                path.with_suffix(".json.part").write_bytes(data[: len(data) // 2])
                raise PowerCutError
            real_write(path, data)

        monkeypatch.setattr(module, "_write_synced", write)
        try:
            exo = new_exo(folder)
            install(exo, package(2))
            finished = True
        except PowerCutError:
            finished = False
        monkeypatch.setattr(module, "_write_synced", real_write)
        again = new_exo(folder)
        assert again.supervisor.state is DeviceState.READY  # nothing is armed by itself
        again.boot()  # a trial that was started is over now
        assert again.slots.active_slot.state is SlotState.CONFIRMED
        assert again.slots.active_slot.sha256 in good
        if finished:
            assert again.slots.active_slot.sha256 == package(2).blob.sha256
    assert finished


def test_a_controller_whose_bytes_rot_is_not_run(tmp_path):
    exo = new_exo(tmp_path)
    install(exo, package(1))
    install(exo, package(2))
    path = tmp_path / f"slot_{exo.slots.active.lower()}.bin"
    raw = bytearray(path.read_bytes())
    raw[5000] ^= 1
    path.write_bytes(raw)
    again = new_exo(tmp_path)
    assert again.slots.active_slot.sha256 == package(1).blob.sha256
    path.with_name("slots.json").write_text("{}")
    assert new_exo(tmp_path).slots.active == FACTORY


def test_a_controller_that_computes_other_numbers_is_rejected(tmp_path, monkeypatch):
    from core.deploy.virtual_exo import device

    exo = new_exo(tmp_path)
    install(exo, package(1))
    store(exo.slots, package(2).device_bytes)
    exo.slots.mark(package(2).blob.sha256)
    real = device.run
    seen = []

    def off_by_one_bit(controller, angle, velocity):
        torque = real(controller, angle, velocity)
        seen.append(1)
        return np.nextafter(torque, np.float32(100.0)) if len(seen) == 1 else torque

    monkeypatch.setattr(device, "run", off_by_one_bit)
    assert not exo.activate()
    assert exo.slots.active_slot.sha256 == package(1).blob.sha256
    assert exo.slots.active_slot.state is SlotState.CONFIRMED
    assert {slot.state for slot in exo.slots.slots.values()} == {SlotState.CONFIRMED, SlotState.BAD}


def test_a_file_that_is_no_controller_is_kept_out(tmp_path):
    exo = new_exo(tmp_path)
    data = os.urandom(3000)
    store(exo.slots, data)
    slot = exo.slots.slots["A"]
    assert slot.state is SlotState.BAD
    assert exo.slots.mark(slot.sha256) is Rc.BAD_STATE


# the wire


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


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    exo = new_exo(tmp_path_factory.mktemp("fuzzed"))
    return exo, Dispatcher({**stock_handlers(exo), **exo_handlers(exo)}).answer


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=8),
    st.tuples(*[st.integers(0, 255)] * 2, st.sampled_from([0, 1, 8, 70, 9]), st.integers(0, 9)),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.dictionaries(
        st.sampled_from(["arm", "sha", "nonce", "off", "len", "data", "name", "since", "max", "action"]),
        st.booleans() | st.integers(-5, 2**33) | st.binary(max_size=40) | st.floats() | st.text(max_size=9),
    ),
)
def test_no_request_can_break_or_arm_the_exo(fuzzed, tail, head, value, fields):
    import cbor2

    exo, answer = fuzzed
    first, sequence, group, command = head
    for body in (cbor2.dumps(value), cbor2.dumps(fields), tail):
        header = bytes([first, 0]) + len(body).to_bytes(2, "big") + group.to_bytes(2, "big")
        answer(header + bytes([sequence, command]) + body)
    exo.tick(exo.now_s + 0.01)
    assert not exo.supervisor.state.moves
