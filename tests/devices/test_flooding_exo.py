"""A device that never stops sending: a request ends in time, in advice, and in little memory."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress

import cbor2
import pytest

from core.devices import exo_line, exo_transport
from core.devices.exo_link import connect
from core.devices.exo_transport import ANSWER_BYTES
from tests.refusals import code_of
from tests.virtual_exo.flood import line_of
from tests.virtual_exo.framing import FrameReader, encode_frame

IN_TIME_S = 6.0  # two tries of a second; the rest is for a busy computer
NAMES = {"random": os.urandom(1 << 16), "a line without end": b"\x06\x09" + b"A" * 65534}
NAMES["answers to nobody"] = line_of(70, 8, 1, data=b"x" * 1900) * 24
NAMES["text without end"] = b"boot " * 13000
NAMES["empty lines"] = b"\x06\x09\n" * 21000


class Talker:
    """A device on TCP that answers what opening a link asks, and then does as it is told."""

    def __init__(self, answer):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"
        self._answer = answer
        self._client = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        self._client, _ = self._listener.accept()
        reader = FrameReader()
        with suppress(OSError):
            while data := self._client.recv(1 << 16):
                for frame in reader.feed(data):
                    self._answer(self._client, frame)

    def close(self):
        if self._client is not None:
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        if self._client is not None:
            self._client.close()


def reply(frame, **said):
    body = cbor2.dumps(said)
    head = bytes([frame[0] | 1, 0, len(body) >> 8, len(body) & 255]) + frame[4:8]
    return encode_frame(head + body)


def asked(frame):
    return frame[5], frame[7]


def polite(client, frame):
    """Buffer parameters, the time and echoes."""
    if asked(frame) == (0, 6):
        client.sendall(reply(frame, buf_size=2048, buf_count=1))
    elif asked(frame) == (0, 4):
        client.sendall(reply(frame))
    elif asked(frame) == (0, 0):
        client.sendall(reply(frame, r=cbor2.loads(frame[8:])["d"]))
    else:
        return False
    return True


@pytest.fixture
def talking():
    """A link to a device that answers so."""
    talkers, links = [], []

    def start(answer):
        talkers.append(Talker(answer))
        links.append(connect(talkers[-1].address))
        return links[-1]

    yield start
    for link in links:
        link.close()
    for talker in talkers:
        talker.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_device_that_never_stops_sending_is_told_in_time_and_kept_in_little_memory(talking, name):
    def flood(client, frame):
        while not polite(client, frame):
            client.sendall(NAMES[name])

    link = talking(flood)
    began_s = time.monotonic()
    assert code_of(link.info) in ("EXO-013", "EXO-004")
    assert time.monotonic() - began_s < IN_TIME_S
    transport = link._line._transport
    kept = len(transport._buffer) + len(transport._serial_buffer)
    kept += sum(map(len, transport._smp_packet_queue._queue))
    assert kept <= ANSWER_BYTES + (1 << 16)


def test_what_came_unasked_before_an_answer_is_no_trouble(talking):
    def chatter(client, frame):
        client.sendall(line_of(70, 8, 1, data=b"x" * 1900) * 7 + b"boot message\n")
        assert polite(client, frame)

    link = talking(chatter)
    assert [link.echo(str(number)) for number in range(5)] == list("01234")


def test_an_upload_that_gets_nowhere_ends(talking):
    def stand_still(client, frame):
        if not polite(client, frame):
            client.sendall(reply(frame, off=10))

    link = talking(stand_still)
    assert code_of(link.upload, bytes(10_000)) == "EXO-013"


def test_an_upload_beyond_its_end_ends(talking):
    def run_away(client, frame):
        if not polite(client, frame):
            client.sendall(reply(frame, off=10_001))

    link = talking(run_away)
    assert code_of(link.upload, bytes(10_000)) == "EXO-013"


def test_a_file_without_end_is_not_read(talking, monkeypatch):
    def huge(client, frame):
        if not polite(client, frame):
            off = cbor2.loads(frame[8:])["off"]
            client.sendall(reply(frame, off=off, data=b"x", **({"len": 1 << 31} if off == 0 else {})))

    link = talking(huge)
    assert code_of(link.events) == "EXO-013"
    monkeypatch.setattr(exo_line, "DOWNLOAD_BYTES", 1 << 40)
    monkeypatch.setattr(exo_line, "DOWNLOAD_S", 0.1)
    assert code_of(link.events) == "EXO-004"


def test_telemetry_that_is_none_is_told(talking):
    def odd(client, frame):
        if not polite(client, frame):
            client.sendall(reply(frame, schema_id=1, n=1, lost=0, next=1, data=b"not 44 bytes"))

    link = talking(odd)
    assert code_of(lambda: link.telemetry(0)) == "EXO-013"


def test_a_device_that_reads_too_slowly_ends_a_request_in_time(talking, monkeypatch):
    """Or so slowly that each line of a request is in time, and the whole of it is not."""
    link = talking(polite)
    monkeypatch.setattr(exo_transport, "SEND_S", 0.1)
    link._line._transport._port.write = lambda data: time.sleep(0.06)
    began_s = time.monotonic()
    assert code_of(link.echo, "x" * 1500) == "EXO-004"
    assert time.monotonic() - began_s < 1.0
