"""Whatever comes over the line of an exo that is ready to be armed: it answers, and nothing moves."""

from __future__ import annotations

import binascii
import struct

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.exo_protocol import DeviceState
from core.exo_core.link import Link
from tests.deploy.controllers import package
from tests.virtual_exo.framing import CONTINUE, START, FrameReader, encode_frame
from tests.virtual_exo.worn_exo import EXO, QUICK_WALK, WORN_S, WRITE, WornExo, is_off

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WORDS = """d off data len sha hash confirm slot name index action arm nonce session max_nm ramp_s image
    peak_nm rate_nm_s hip_range_rad since max ack t_host"""
NAMES = WORDS.split()
REQUESTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
ACTIONS = st.sampled_from(["test", "activate", "confirm", "revert", "erase"]).map(lambda one: {"action": one})
ARMS = st.builds(
    lambda nonce, most: {"arm": True, "sha": bytes(32), "nonce": nonce, "max_nm": most, "ramp_s": 0.0},
    st.binary(min_size=8, max_size=8),
    st.floats(),
)
BODIES = st.one_of(st.binary(max_size=60), (REQUESTS | ACTIONS | ARMS | VALUES).map(cbor2.dumps))
FRAMES = st.builds(
    lambda first, group, command, body, length: (
        struct.pack("!BBHHBB", first, 0, (len(body) + length) % 65536, group, 1, command) + body
    ),
    st.integers(0, 255),
    st.sampled_from([0, 1, 8, 10, 70, 64, 65535]),
    st.integers(0, 12),
    BODIES,
    st.sampled_from([0, 0, 0, 1, -1, 1000]),
)
LINES = st.one_of(
    st.binary(max_size=200),
    FRAMES.map(encode_frame),
    st.tuples(FRAMES.map(encode_frame), st.integers(0, 400)).map(lambda pair: pair[0][: pair[1]]),
    st.tuples(st.sampled_from([START, CONTINUE]), st.binary(max_size=150)).map(
        lambda pair: pair[0] + binascii.b2a_base64(pair[1])
    ),
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    worn = WornExo(tmp_path_factory.mktemp("exo"), QUICK_WALK)
    worn.install(package(3, gain=1.2).device_bytes)
    worn.skip(WORN_S)
    assert worn.state is DeviceState.READY
    return worn


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=8), st.integers(1, 64))
def test_no_bytes_on_the_line_move_or_silence_an_exo_that_is_ready(ready, lines, chunk):
    link, stream = Link(ready.exo.device), b"".join(lines)
    for at in range(0, len(stream), chunk):
        link.put(stream[at : at + chunk])
        link.serve()
        link.sent(len(link.pending))
        assert not link.tick()
        ready.exo.boot_if_requested()
    assert is_off(ready.tick())
    assert ready.state in (DeviceState.SAFE, DeviceState.READY)
    link.put(b"\n" + encode_frame(ready.frame(0, 0, WRITE, d="still there")))
    link.serve()
    (answer,) = FrameReader().feed(link.pending)
    assert b"still there" in answer
    assert "sha" in ready.ask(EXO, 0)
