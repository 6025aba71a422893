"""Claims about the link, against a real virtual exo process over a pseudo terminal and TCP."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress

import pytest

from core.devices.exo_link import connect
from core.devices.exo_ports import list_ports
from core.devices.exo_protocol import NEWEST
from core.devices.exo_transport import parse_address
from core.devices.exo_values import PlacementStatus
from core.domain.controller import TorqueLimits
from core.domain.exo_protocol import DeviceState, SlotState
from tests.deploy.controllers import package
from tests.refusals import refused
from tests.virtual_exo.virtual_exo_process import QUICK, virtual_exo

LISTEN = ["tcp:0", pytest.param("pty", marks=pytest.mark.skipif(os.name != "posix", reason="no ptys"))]


@pytest.fixture(params=LISTEN)
def exo(request, tmp_path):
    with virtual_exo("--listen", request.param, "--state", str(tmp_path), "--plant", str(QUICK)) as running:
        yield running


@pytest.fixture
def tcp_exo(tmp_path):
    with virtual_exo("--listen", "tcp:0", "--state", str(tmp_path), "--plant", str(QUICK)) as running:
        yield running


def put(link, contents):
    """Send and confirm a package without the transfer's checks."""
    sha256 = contents.blob.sha256
    link.upload(contents.device_bytes)
    link.test(sha256)
    link.activate()
    link.confirm(sha256)
    return sha256


def wait_for(link, state):
    """Most changes of state come with the exo's next tick."""
    end = time.monotonic() + 5.0
    while link.info().state is not state:
        assert time.monotonic() < end, link.info()
        time.sleep(0.01)


def arm(link, sha256, max_nm=8.0):
    """Arm; torque comes after two strides, which take 1.3 s here."""
    wait_for(link, DeviceState.READY)
    return link.arm(sha256, nonce=link.info().nonce, session="t", max_nm=max_nm, ramp_s=1.0)


def watch(link, seconds, *, beats=True):
    """Telemetry of the next seconds."""
    at = link.telemetry(NEWEST).next_seq
    records, lost, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        if beats:
            link.heartbeat()
        batch = link.telemetry(at)
        at = batch.next_seq
        records += batch.records
        lost += batch.lost
        time.sleep(0.03)
    assert not lost
    return records


def peak(records):
    return max(abs(torque) for record in records for torque in record.command_nm)


def test_an_exo_says_what_it_is(exo):
    with connect(exo.address) as link:
        info = link.info()
        assert (info.profile_id, info.virtual, info.active_slot) == ("Hippo_L1", True, "F")
        assert info.hard_limits.peak_nm == 18.0
        assert info.state is DeviceState.SAFE
        assert link.echo("grüß") == "grüß"


def test_what_was_uploaded_is_read_back_byte_by_byte(exo):
    contents = package()
    seen = []
    with connect(exo.address) as link:
        link.upload(contents.device_bytes, lambda done, total: seen.append(done / total))
        slot = link.slots().holding(contents.blob.sha256)
        assert slot is not None and slot.state is SlotState.VALID
        assert link.read_back(slot.name) == contents.device_bytes
    assert seen == sorted(seen) and seen[-1] == 1.0


@pytest.mark.slow
def test_torque_is_zero_until_armed_then_within_the_session_limit_and_zero_after_stop(exo):
    with connect(exo.address) as link:
        sha256 = put(link, package())
        assert peak(watch(link, 0.5)) == 0.0
        assert arm(link, sha256, max_nm=6.0) is DeviceState.ARMED
        moving = watch(link, 3.0)
        assert 1.0 < peak(moving) <= 6.0
        assert link.info().state is DeviceState.ACTIVE
        assert link.stop() is DeviceState.SAFE
        assert peak(watch(link, 0.3)) == 0.0
        assert link.info().state is DeviceState.READY


@pytest.mark.slow
def test_silence_of_half_a_second_ends_the_assistance(tcp_exo):
    with connect(tcp_exo.address) as link:
        sha256 = put(link, package())
        arm(link, sha256)
        assert peak(watch(link, 2.5)) > 1.0
        silent = watch(link, 1.2, beats=False)
        assert peak(silent[-20:]) == 0.0
        assert link.info().state is DeviceState.READY
        assert peak(watch(link, 0.3)) == 0.0  # heartbeats alone bring nothing back
        assert link.faults()[-1].code == 20


@pytest.mark.slow
def test_the_exos_own_memory_of_events_can_be_read(tcp_exo):
    with connect(tcp_exo.address) as link:
        assert link.events() == ()
        arm(link, put(link, package()))
        time.sleep(1.0)
        assert link.events() == link.faults()
        assert [(event.code, event.detail) for event in link.events()] == [(20, "released")]


@pytest.mark.slow
def test_an_exo_that_is_put_on_anew_waits_for_standing_and_five_steps(tcp_exo):
    with connect(tcp_exo.address) as link:
        put(link, package())
        wait_for(link, DeviceState.READY)
        assert link.placement() == PlacementStatus(0, stood=True, walked=True)
        assert link.put_on_anew() is DeviceState.READY
        wait_for(link, DeviceState.SAFE)
        assert link.placement() == PlacementStatus(12, stood=False, walked=False)
        wait_for(link, DeviceState.READY)


def test_arming_needs_the_right_controller_and_a_fresh_nonce(tcp_exo):
    with connect(tcp_exo.address) as link:
        sha256 = put(link, package())
        with refused("EXO-008"):
            arm(link, "00" * 32)
        nonce = link.info().nonce
        link.arm(sha256, nonce=nonce, session="t", max_nm=5.0, ramp_s=1.0)
        link.stop()
        wait_for(link, DeviceState.READY)
        with refused("EXO-008"):
            link.arm(sha256, nonce=nonce, session="t", max_nm=5.0, ramp_s=1.0)
        assert link.info().state is DeviceState.READY


def test_the_factory_controller_cannot_be_armed(tcp_exo):
    with connect(tcp_exo.address) as link, refused("EXO-008"):
        link.arm("00" * 32, nonce=link.info().nonce, session="t", max_nm=8.0, ramp_s=1.0)


def test_an_unconfirmed_controller_reverts_at_the_next_reset(tcp_exo):
    first, second = package(1), package(2)
    with connect(tcp_exo.address) as link:
        old = put(link, first)
        link.upload(second.device_bytes)
        link.test(second.blob.sha256)
        link.activate()
        assert link.info().active_sha256 == second.blob.sha256 and not link.info().confirmed
        link.reset()
        info = link.info()
        assert (info.active_sha256, info.confirmed) == (old, True)


@pytest.mark.slow
def test_a_confirmed_controller_outlives_a_restart_and_can_be_rolled_back(tmp_path):
    options = ("--listen", "tcp:0", "--state", str(tmp_path))
    with virtual_exo(*options) as running, connect(running.address) as link:
        first, second = put(link, package(1)), put(link, package(2))
    with virtual_exo(*options) as running, connect(running.address) as link:
        assert link.info().active_sha256 == second
        link.revert()
        assert link.info().active_sha256 == first


def test_no_rollback_to_another_patients_controller(tcp_exo):
    with connect(tcp_exo.address) as link:
        put(link, package(1, tag="a" * 32))
        put(link, package(2, tag="b" * 32))
        with refused("EXO-010"):
            link.revert()


def test_nothing_is_exchanged_while_the_exo_assists(tcp_exo):
    with connect(tcp_exo.address) as link:
        sha256 = put(link, package(1))
        arm(link, sha256)
        with refused("EXO-012"):
            link.upload(package(2).device_bytes)
        for command in (link.revert, link.reset, link.selftest, link.acknowledge_faults):
            with refused("EXO-010"):
                command()
        assert link.info().state.moves
        link.stop()


@pytest.mark.slow
def test_limits_of_the_visit_only_tighten(tcp_exo):
    with connect(tcp_exo.address) as link:
        sha256 = put(link, package())
        assert link.tighten(TorqueLimits(4.0, 100.0, 1.0)).peak_nm == 4.0
        with refused("EXO-010"):
            link.tighten(TorqueLimits(5.0, 100.0, 1.0))
        arm(link, sha256, max_nm=18.0)
        assert 0.5 < peak(watch(link, 2.5)) <= 4.0


@pytest.mark.slow
@pytest.mark.parametrize("listen", LISTEN)
def test_unplugged_while_uploading_leaves_the_old_controller_active(listen, tmp_path):
    options = ("--listen", listen, "--state", str(tmp_path))
    with virtual_exo(*options) as running, connect(running.address) as link:
        old = put(link, package(1))

        def unplug(done, total):
            if done > total / 2:
                running.process.kill()
                running.process.wait()

        with refused("EXO-005"):
            link.upload(package(2).device_bytes, unplug)
    with virtual_exo(*options) as running, connect(running.address) as link:
        info = link.info()
        assert (info.active_sha256, info.confirmed) == (old, True)
        assert link.selftest().passed


def test_unplugged_while_watching_is_said_and_nothing_is_sent_again(tcp_exo):
    with connect(tcp_exo.address) as link:
        tcp_exo.end()
        with refused("EXO-003"):
            link.stop()
        with refused("EXO-003"):
            link.info()


@pytest.mark.slow
def test_a_closed_connection_ends_the_assistance_at_once(tcp_exo):
    with connect(tcp_exo.address) as link:
        arm(link, put(link, package()))
        assert peak(watch(link, 2.3)) > 0.5
    time.sleep(0.4)  # less than the heartbeat's half second plus the fade
    with connect(tcp_exo.address) as link:
        assert link.info().state is DeviceState.READY
        assert link.faults()[-1].code == 20


class Proxy:
    """A man in the middle of a TCP link that may change what the exo answers."""

    def __init__(self, address):
        self.mangle = lambda data: data
        host, port = address.removeprefix("tcp:").split(":")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"
        self._exo = socket.create_connection((host, int(port)))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        self._client, _ = self._listener.accept()
        up = threading.Thread(target=self._pump, args=(self._client, self._exo, False), daemon=True)
        up.start()
        self._pump(self._exo, self._client, True)

    def _pump(self, source, target, mangled):
        try:
            while data := source.recv(65536):
                target.sendall(self.mangle(data) if mangled else data)
        except OSError:
            pass

    def close(self):
        for end in (self._exo, self._client):
            with suppress(OSError):  # the other side may have closed it already
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._listener.close()


@pytest.fixture
def proxy(tcp_exo):
    middle = Proxy(tcp_exo.address)
    yield middle
    middle.close()


def once(change):
    """Change only the next answer."""
    pending = [change]
    return lambda data: pending.pop()(data) if pending else data


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:10] + b"AAAA" + data[14:],
        lambda data: data[: len(data) // 2] + b"\n",
        lambda data: b"",
        lambda data: b"boot message\n" + os.urandom(50) + b"\n" + data,
        lambda data: data + data,
    ],
    ids=["bits flipped", "cut off", "lost", "noise before", "sent twice"],
)
def test_reading_survives_a_damaged_answer(proxy, damage):
    with connect(proxy.address) as link:
        proxy.mangle = once(damage)
        assert link.info().profile_id == "Hippo_L1"
        for number in range(3):  # and stays in step afterwards
            assert link.echo(str(number)) == str(number)


@pytest.mark.slow
def test_a_command_whose_answer_was_lost_is_not_sent_again(proxy):
    contents = package()
    with connect(proxy.address) as link:
        sha256 = put(link, contents)
        wait_for(link, DeviceState.READY)
        nonce = link.info().nonce
        proxy.mangle = once(lambda data: b"")
        with refused("EXO-004"):
            link.arm(sha256, nonce=nonce, session="t", max_nm=5.0, ramp_s=1.0)
        assert link.faults() == () or link.info().nonce != nonce
        link.stop()


@pytest.mark.slow
def test_a_late_answer_is_not_taken_for_the_next_one(proxy):
    with connect(proxy.address) as link:

        def late(data):
            time.sleep(1.3)
            return data

        proxy.mangle = once(late)
        link.echo("first")  # asked twice; the first answer comes late
        assert [link.echo(text) for text in ("a", "b", "c")] == ["a", "b", "c"]


@pytest.mark.slow
def test_an_upload_goes_on_after_a_damaged_answer(proxy):
    contents = package()
    with connect(proxy.address) as link:
        turns = []

        def disturb(done, total):
            turns.append(done)
            if len(turns) in (5, 11):
                proxy.mangle = once(lambda data: data[:8] + b"!!!!" + data[12:])

        link.upload(contents.device_bytes, disturb)
        assert link.slots().holding(contents.blob.sha256).state is SlotState.VALID


def test_eight_threads_share_one_link(tcp_exo):
    with connect(tcp_exo.address) as link:
        answers = {}

        def ask(number):
            answers[number] = [link.echo(f"{number}-{turn}") for turn in range(10)]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {number: [f"{number}-{turn}" for turn in range(10)] for number in range(8)}


def test_a_port_that_is_not_there_is_said():
    with refused("EXO-001"):
        connect("/dev/no_exo_here")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with refused("EXO-001"):
        connect(f"tcp:127.0.0.1:{port}")


@pytest.mark.skipif(os.name != "posix", reason="no ptys")
def test_a_port_in_use_is_said(tmp_path):
    with virtual_exo("--listen", "pty") as running, connect(running.address), refused("EXO-002"):
        connect(running.address)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no ptys")
def test_a_port_without_an_exo_is_said():
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        with refused("EXO-004"):
            connect(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("text", ["", "tcp:", "tcp:host", "tcp:host:99999", "socket://x:y", "udp://1"])
def test_what_is_no_address_is_refused(text):
    with refused("EXO-011"):
        parse_address(text)


def test_addresses_of_every_kind_are_understood():
    assert parse_address("COM3").port_name == "COM3"
    assert parse_address("pty:/dev/pts/3").port_name == "/dev/pts/3"
    assert parse_address("/dev/ttyACM0").port_name == "/dev/ttyACM0"
    for text in ("tcp:127.0.0.1:5000", "socket://127.0.0.1:5000"):
        assert (parse_address(text).host, parse_address(text).tcp_port) == ("127.0.0.1", 5000)


def test_ports_are_listed_without_error():
    assert all(port.address for port in list_ports())
