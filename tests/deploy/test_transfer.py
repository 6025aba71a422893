"""Claims about the transfer, against a real virtual exo process."""

from __future__ import annotations

import pytest

from core.deploy.live import ArmPermit, LiveExo
from core.deploy.transfer import transfer
from core.devices.exo_link import connect
from core.devices.exo_protocol import DeviceState
from core.domain.audit import AuditStep
from core.errors import JobCancelled
from tests.deploy.controllers import package
from tests.deploy.virtual_exo_process import virtual_exo
from tests.refusals import refused


@pytest.fixture
def state(tmp_path):
    return tmp_path / "exo"


@pytest.fixture
def exo(state):
    with virtual_exo("--listen", "tcp:0", "--state", str(state)) as running:
        yield running


def silent(fraction, sentence):
    pass


def test_a_transfer_ends_confirmed_with_what_was_read_back(exo):
    contents, told = package(), []
    with connect(exo.address) as link:
        noted = []
        done = transfer(
            link,
            contents,
            lambda fraction, sentence: told.append(fraction),
            lambda *event: noted.append(event),
        )
        assert done.readback_sha256 == contents.blob.sha256 == link.info().active_sha256
        assert done.device.confirmed and done.device.virtual
        assert done.selftest_ticks == len(contents.blob.golden.torque_nm)
        assert link.info().state is DeviceState.READY
    assert [step for step, _ in noted] == ["uploaded", "verified", "on trial", "self-test", "confirmed"]
    assert done.readback_sha256 in noted[1][1]
    assert told == sorted(told) and told[0] == 0.0 and told[-1] < 1.0


def test_doing_it_again_changes_nothing(exo):
    contents = package()
    with connect(exo.address) as link:
        transfer(link, contents, silent)
        before = link.slots()
        assert transfer(link, contents, silent).device.confirmed
        assert link.slots() == before


def test_a_second_controller_takes_the_other_slot(exo):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        first = link.info().active_slot
        assert transfer(link, package(2), silent).device.active_slot != first
        link.revert()
        assert link.info().active_sha256 == package(1).blob.sha256


def test_another_kind_of_exo_is_refused(state):
    contents = package()
    contents.blob.manifest["device_profile"]["id"] = "HMEDI_L1"
    with (
        virtual_exo("--listen", "tcp:0", "--state", str(state)) as running,
        connect(running.address) as link,
    ):
        with refused("EXO-007"):
            transfer(link, contents, silent)
        assert all(not slot.sha256 for slot in link.slots().slots)


def test_bytes_that_changed_on_the_exo_are_not_activated(exo, state):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)

        def rot(fraction, sentence):
            if fraction == 0.60:  # sent, not yet read back
                damage(state / "slot_b.bin", -100)

        with refused("EXO-006"):
            transfer(link, package(2), rot)
        assert link.info().active_sha256 == package(1).blob.sha256


def test_an_exo_that_reports_the_right_hash_is_still_read_back(exo, state):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)

        def rot(fraction, sentence):
            if 0.60 < fraction < 0.62:  # after the exo gave its hash
                damage(state / "slot_b.bin", -100)

        with refused("EXO-006"):
            transfer(link, package(2), rot)
        assert link.info().active_sha256 == package(1).blob.sha256


def damage(path, position):
    raw = bytearray(path.read_bytes())
    raw[position] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize("at", [0.3, 0.7, 0.92])
def test_cancelling_leaves_the_controller_before(exo, at):
    def cancel(fraction, sentence):
        if fraction >= at:
            raise JobCancelled

    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        noted = []
        with pytest.raises(JobCancelled):
            transfer(link, package(2), cancel, lambda *event: noted.append(event[0]))
        assert (AuditStep.ROLLED_BACK in noted) == (AuditStep.ON_TRIAL in noted)
        assert AuditStep.CONFIRMED not in noted
        info = link.info()
        assert (info.active_sha256, info.confirmed) == (package(1).blob.sha256, True)
        assert transfer(link, package(2), silent).device.confirmed  # and the next try works


def test_an_exo_that_assists_is_left_alone(exo):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        said = []
        live = LiveExo(link, ArmPermit(package(1).blob.sha256, "s"), said.append)
        live.obey("arm")
        assert live.state is DeviceState.ARMED
        with refused("EXO-015"):
            transfer(link, package(2), silent)
        live.obey("stop")
        assert said == ["Armed: the assistance is growing.", "Ready: zero torque, controller tested."]


def test_only_the_deployed_controller_can_be_armed(exo):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        for permit in (None, ArmPermit(package(2).blob.sha256, "s")):
            said, noted = armed_with(link, permit)
            assert "EXO-008" in said[0]
            assert noted == [(AuditStep.REFUSED, said[0])]
        assert link.info().state is DeviceState.READY


def armed_with(link, permit):
    """What was said and noted when it was armed with this permit."""
    said, noted = [], []
    LiveExo(link, permit, said.append, lambda *event: noted.append(event)).obey("arm")
    return said, noted
