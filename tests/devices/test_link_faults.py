"""A damaged cable between the app and the virtual exo: advice or success, and an exo that stays safe.

The cable is a pseudo terminal with a man in the middle. A sample of the places is tried in every run; all
of them by `pytest -m long`.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from core.deploy.package import parse_package
from core.devices import exo_line
from core.devices.exo_link import connect
from core.devices.exo_protocol import NEWEST
from core.domain.exo_protocol import SlotState
from core.errors import UserError
from tests.deploy.controllers import SMALL, built, trained
from tests.virtual_exo.virtual_exo_process import virtual_exo

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="no ptys")]
if os.name == "posix":
    from tests.devices.middle import Fault, Kind, Middle

TIMEOUT_S = 0.15
LATE_S = 0.25
END_S = 20.0
TRANSFER_BYTES = 4000  # about as many go each way
ADVICE = {"EXO-003", "EXO-004", "EXO-005", "EXO-006", "EXO-010", "EXO-012", "EXO-013"}
DAMAGE = ["FLIP", "DROP", "CUT", "TWICE", "STALE", "LATE"]


@pytest.fixture(scope="module")
def old():
    return parse_package(built(trained(1, hidden=SMALL)).archive)


@pytest.fixture(scope="module")
def new():
    return parse_package(built(trained(2, hidden=SMALL)).archive)


@pytest.fixture(scope="module")
def exo(old, tmp_path_factory):
    """A virtual exo with a confirmed controller, on a pseudo terminal."""
    folder = tmp_path_factory.mktemp("exo")
    with virtual_exo("--listen", "pty", "--state", str(folder)) as running:
        with connect(running.address) as link:
            put(link, old)
        yield running


@pytest.fixture
def impatient(monkeypatch):
    """Within it, an answer that was lost is missed sooner."""

    @contextmanager
    def patched():
        with monkeypatch.context() as patch:
            for name in ("REQUEST_TIMEOUT_S", "UPLOAD_FIRST_TIMEOUT_S", "SLOW_TIMEOUT_S"):
                patch.setattr(exo_line, name, TIMEOUT_S)
            yield

    return patched


def put(link, contents):
    """What the app does to bring a controller onto the exo."""
    sha256 = contents.blob.sha256
    link.upload(contents.device_bytes)
    slot = link.slots().holding(sha256)
    assert slot is not None
    assert link.read_back(slot.name) == contents.device_bytes
    link.test(sha256)
    link.activate()
    assert link.selftest().passed
    link.confirm(sha256)
    assert link.info().confirmed


def through(exo):
    return Middle(exo.address.removeprefix("pty:"))


def upload_bytes(exo, contents):
    """How many bytes one undisturbed upload sends."""
    with through(exo) as middle, connect(middle.address) as link:
        before = len(middle._from_app)
        link.upload(contents.device_bytes)
        return len(middle._from_app) - before


def start_again(exo, old):
    """Restart the exo and look: it runs the controller before, and nothing moves."""
    with connect(exo.address) as link:
        link.reset()
        link.reset()
        if link.info().active_sha256 != old.blob.sha256:
            put(link, old)
            link.reset()
        info = link.info()
        assert (info.active_sha256, info.confirmed) == (old.blob.sha256, True)
        assert link.selftest().passed
        assert not info.state.moves
        return link.telemetry(NEWEST).next_seq


def assert_nothing_moved(exo, since):
    with connect(exo.address) as link:
        records, batch = [], None
        while len(records) < 2 or (batch is not None and batch.records):
            batch = link.telemetry(since)
            records += batch.records
            since = batch.next_seq
    assert not any(record.state.moves for record in records)
    assert {torque for record in records for torque in record.command_nm} == {0.0}


def unplug_while_uploading(exo, old, new, at):
    """Pull the cable at a byte of an upload, put it in again; what the exo holds then."""
    since = start_again(exo, old)
    with through(exo) as middle, connect(middle.address) as link:
        middle.plan(Fault(Kind.UNPLUG, at))
        with pytest.raises(UserError) as caught:
            link.upload(new.device_bytes)
        assert caught.value.advice.code == "EXO-005"
        with pytest.raises(UserError) as caught:
            link.info()
        assert caught.value.advice.code == "EXO-003"
    assert_nothing_moved(exo, since)
    with connect(exo.address) as link:
        info, slot = link.info(), link.slots().holding(new.blob.sha256)
        assert (info.active_sha256, info.confirmed) == (old.blob.sha256, True)
        assert slot is None or slot.state in (SlotState.RECEIVING, SlotState.VALID)
        if slot is not None and slot.state is SlotState.VALID:
            assert link.read_back(slot.name) == new.device_bytes


def damaged_transfer(exo, old, new, fault, impatient):
    """A whole transfer with one fault on the way; whether the fault came."""
    since = start_again(exo, old)
    with through(exo) as middle, connect(middle.address) as link:
        middle.plan(fault)
        code, started = "", time.monotonic()
        try:
            with impatient():
                put(link, new)
        except UserError as error:
            code = error.advice.code
        assert time.monotonic() - started < END_S
        commands = Counter(sent for sent in middle.sent() if sent.is_command)
        assert not [sent for sent, times in commands.items() if times > 1 and not is_stopgap(sent)]
        happened = middle.happened
    assert not code or code in ADVICE
    assert_nothing_moved(exo, since)
    assert_valid_after_restart(exo, old, new, kept=not code)
    return happened


def is_stopgap(sent):
    """Self-test and echo change nothing; the transfer itself may ask for them again."""
    return (sent.group, sent.command) in {(0, 0), (70, 4)}


def assert_valid_after_restart(exo, old, new, *, kept):
    with connect(exo.address) as link:
        link.reset()  # a marked controller begins its trial
        assert link.selftest().passed
        link.reset()  # and ends it
        info = link.info()
        assert info.confirmed and link.selftest().passed
        assert info.active_sha256 == new.blob.sha256 or not kept
        assert info.active_sha256 in (old.blob.sha256, new.blob.sha256)
        assert not info.state.moves


def places(first, last, count):
    """Evenly spread, the first and the last included."""
    return sorted({first + round((last - first) * step / (count - 1)) for step in range(count)})


def test_pulling_the_cable_anywhere_in_an_upload_leaves_the_controller_before(exo, old, new):
    for at in places(0, upload_bytes(exo, new) - 1, 20):
        unplug_while_uploading(exo, old, new, at)


@pytest.mark.long
def test_pulling_the_cable_at_every_byte_of_an_upload_leaves_the_controller_before(exo, old, new):
    for at in range(upload_bytes(exo, new)):
        unplug_while_uploading(exo, old, new, at)


def test_an_answer_to_whoever_was_connected_before_does_not_keep_the_app_out(exo):
    with through(exo) as middle:
        with connect(middle.address) as link:
            link.echo("before")
        middle.plan(Fault(Kind.STALE, 0, to_exo=False))
        with connect(middle.address) as link:
            assert middle.happened
            assert link.echo("now") == "now"


def test_a_refused_upload_says_why(exo, old, new):
    start_again(exo, old)
    with connect(exo.address) as link:
        with pytest.raises(UserError) as too_long:
            link.upload(bytes(1 << 24))
        link.upload(new.device_bytes)
        link.test(new.blob.sha256)
        link.activate()
        with pytest.raises(UserError) as on_trial:
            link.upload(old.device_bytes + b"x")
    assert too_long.value.advice.why == "It answered: INVALID_LENGTH."
    assert "a controller is on trial" in on_trial.value.advice.why


@pytest.mark.parametrize("to_exo", [True, False], ids=["request", "answer"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_one_fault_anywhere_in_a_transfer_ends_in_advice_or_success(exo, old, new, impatient, kind, to_exo):
    damage(exo, old, new, impatient, Kind[kind], to_exo, 5)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("to_exo", [True, False], ids=["request", "answer"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_one_fault_in_many_places_of_a_transfer_ends_in_advice_or_success(
    exo, old, new, impatient, kind, to_exo
):
    damage(exo, old, new, impatient, Kind[kind], to_exo, 200)


def damage(exo, old, new, impatient, kind, to_exo, count):
    happened = [
        damaged_transfer(exo, old, new, Fault(kind, at, to_exo, LATE_S), impatient)
        for at in places(0, TRANSFER_BYTES, count)
    ]
    # On a busy computer an answer that is only late may end the transfer before the place is reached.
    assert sum(happened) >= count - max(1, count // 20)
