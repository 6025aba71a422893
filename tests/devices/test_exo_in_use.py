"""One program at a time, from this computer only, and with a token only the one that knows it."""

from __future__ import annotations

import os
import re
import socket
import time

import pytest

from core.devices.exo_link import connect
from core.devices.exo_transport import parse_address
from core.virtual_exo import tcp_port
from core.virtual_exo.ports import open_port, read_token
from core.virtual_exo.tcp_port import TcpPort
from tests.refusals import refused
from tests.virtual_exo.flood import HEARTBEAT, line_of
from tests.virtual_exo.framing import FrameReader
from tests.virtual_exo.virtual_exo_process import virtual_exo

WORD = "a word that nobody guesses"


@pytest.fixture
def port():
    opened = open_port("tcp:0")
    yield opened
    opened.close()


@pytest.fixture
def token_port():
    opened = open_port("tcp:0", WORD)
    yield opened
    opened.close()


def guest_of(port):
    guest = socket.create_connection(("127.0.0.1", int(port.address.rpartition(":")[2])))
    guest.settimeout(5.0)
    return guest


def turns(port, seconds=0.05):
    """What the client said while the exo looked at its port for so long."""
    said, end_s = b"", time.monotonic() + seconds
    while time.monotonic() < end_s:
        said += port.receive(0.005)
    return said


def frames(sock):
    return FrameReader().feed(sock.recv(1 << 12))


# in use


@pytest.mark.slow
def test_a_second_program_is_told_that_the_exo_is_in_use_and_the_first_one_goes_on(capfd):
    with virtual_exo("--listen", "tcp:0") as running, connect(running.address) as first:
        with refused("EXO-130") as told:
            connect(running.address)
        assert "in use by another program" in told.value.advice.what
        assert "cable" not in str(told.value)
        assert first.echo("still here") == "still here"
    assert re.search(
        r"Every program on this computer can reach the exo .*--token FILE", capfd.readouterr().err
    )


def test_who_asks_while_another_is_connected_gets_mcumgrs_own_code_for_it(port, monkeypatch):
    monkeypatch.setattr(tcp_port, "PATIENCE_S", 0.0)
    with guest_of(port) as first, guest_of(port) as second:
        turns(port)
        second.sendall(line_of(0, 0, 2, d="let me in"))
        first.sendall(HEARTBEAT)
        assert turns(port) == HEARTBEAT
        (answer,) = frames(second)
        assert answer.endswith(b"\xa1brc\x0a")
        assert not port.take_lost() and port.connected


def test_a_guest_that_came_while_the_client_left_is_let_in(port):
    """The client of a flood leaves much behind that has to be read first."""
    first, second = guest_of(port), guest_of(port)
    with second:
        turns(port)
        second.sendall(b"hello")
        first.close()
        assert turns(port) == b"hello"
        assert port.take_lost() and port.connected


def test_a_client_that_fell_silent_makes_room(port, monkeypatch):
    monkeypatch.setattr(tcp_port, "IDLE_S", 0.04)
    monkeypatch.setattr(tcp_port, "PATIENCE_S", 0.0)
    with guest_of(port) as first:
        turns(port)
        with guest_of(port) as second:
            second.sendall(b"hello")
            assert turns(port) == b"hello"
        assert port.take_lost() and first.recv(10) == b""


def test_guests_cost_little(port, monkeypatch):
    """So many, so much of each, and for so long."""
    monkeypatch.setattr(tcp_port, "PATIENCE_S", 0.0)
    monkeypatch.setattr(tcp_port, "GUEST_S", 0.2)
    with guest_of(port) as first:
        turns(port)
        guests = [guest_of(port) for _ in range(8)]
        for guest in guests:
            guest.setblocking(False)
            guest.send(HEARTBEAT * 2000)
        first.sendall(HEARTBEAT)
        assert turns(port, 0.4) == HEARTBEAT
        assert not port._guests
        for guest in guests:
            guest.close()


# token


def test_with_the_token_a_client_is_let_in_before_any_frame(token_port):
    with guest_of(token_port) as client:
        client.sendall(b"token " + WORD.encode() + b"\n" + HEARTBEAT)
        assert turns(token_port) == HEARTBEAT
        assert client.recv(10) == b"ok\n"


def test_many_who_say_nothing_keep_nobody_out_who_knows_the_token(token_port, monkeypatch):
    monkeypatch.setattr(tcp_port, "STRANGER_S", 0.05)
    silent = [guest_of(token_port) for _ in range(40)]
    with guest_of(token_port) as client:
        client.sendall(b"token " + WORD.encode() + b"\n" + HEARTBEAT)
        assert turns(token_port, 0.4) == HEARTBEAT
        assert client.recv(10) == b"ok\n"
        assert not token_port._guests  # the silent ones had to go
    for guest in silent:
        guest.close()


@pytest.mark.parametrize(
    "first",
    [
        b"token " + WORD[:-1].encode() + b"\n",
        b"token \n",
        WORD.encode() + b"\n",
        line_of(70, 6, 2, arm=False),
        b"x" * 4000,
        b"token " + WORD.encode(),
    ],
)
def test_without_the_token_nothing_comes_through(token_port, monkeypatch, first):
    monkeypatch.setattr(tcp_port, "STRANGER_S", 0.1)
    monkeypatch.setattr(tcp_port, "GUEST_S", 0.1)
    with guest_of(token_port) as client:
        client.sendall(first)
        assert turns(token_port, 0.2) == b"" and not token_port.connected
        assert b"ok" not in client.recv(1 << 12)


def test_a_frame_without_the_token_is_answered_with_mcumgrs_own_code_for_it(token_port):
    with guest_of(token_port) as client:
        client.sendall(line_of(0, 0, 2, d="let me in"))
        turns(token_port)
        (answer,) = frames(client)
        assert answer.endswith(b"\xa1brc\x0b")


def test_the_token_is_compared_in_constant_time(token_port, monkeypatch):
    compared = []
    monkeypatch.setattr(tcp_port.hmac, "compare_digest", lambda one, other: compared.append(one) or False)
    with guest_of(token_port) as client:
        client.sendall(b"token guess\n")
        turns(token_port)
    assert compared == [b"token guess"]


@pytest.mark.slow
def test_a_program_with_the_token_file_connects_and_others_are_told(tmp_path, capfd):
    file, wrong = tmp_path / "token", tmp_path / "wrong"
    file.write_text(WORD + "\n")
    file.chmod(0o600)
    wrong.write_text("another word altogether\n")
    with virtual_exo("--listen", "tcp:0", "--token", str(file)) as running:
        plain = running.address.removesuffix(f",token={file}")
        for address in (plain, f"{plain},token={wrong}", f"{plain},token={tmp_path / 'gone'}"):
            with refused("EXO-131"):
                connect(address)
        with connect(running.address) as link:
            assert link.echo("hello") == "hello"
            with refused("EXO-130"):
                connect(running.address)
    assert "Every program" not in capfd.readouterr().err


@pytest.mark.parametrize("text", [None, "short", "x" * 129, "", "ein längeres Wort als nötig", "\0" * 20])
def test_a_token_that_is_none_is_refused_at_the_start(tmp_path, text):
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    with refused("EXO-021"):
        read_token(file)
    assert read_token(None) == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_token_that_others_can_read_is_refused(tmp_path, mode):
    file = tmp_path / "token"
    file.write_text(WORD + "\n")
    file.chmod(mode)
    with refused("EXO-021") as told:
        read_token(file)
    assert "chmod 600" in told.value.advice.next_step
    file.chmod(0o600)
    assert read_token(file) == WORD


def test_the_address_names_the_file_never_the_word():
    address = parse_address("tcp:127.0.0.1:5000,token=/a/file")
    assert (address.host, address.tcp_port, str(address.token)) == ("127.0.0.1", 5000, "/a/file")
    assert parse_address("tcp:127.0.0.1:5000").token is None


# this computer only


@pytest.mark.parametrize("listen", ["tcp:0.0.0.0:0", "tcp:192.168.0.1:5000", "tcp::", "tcp:localhost:0"])
def test_no_other_computer_can_be_listened_for(listen):
    with refused("EXO-021"):
        open_port(listen, WORD)


def test_it_listens_at_the_loopback_address(port):
    assert isinstance(port, TcpPort)
    assert port._listener.getsockname()[0] == "127.0.0.1"
