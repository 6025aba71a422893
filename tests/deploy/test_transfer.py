"""Claims about the transfer, against a real virtual exo process."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from core.deploy.live import ArmPermit, ExoMonitor
from core.deploy.provisional import confirm, is_provisional, revert, roll_back
from core.deploy.transfer import transfer
from core.devices.exo_link import ExoLink, connect
from core.domain.audit import AuditStep
from core.domain.exo_protocol import DeviceState
from core.errors import JobCancelled
from tests.deploy.controllers import TAG, package
from tests.refusals import refused
from tests.virtual_exo.virtual_exo_process import virtual_exo

REASON = "The newer one pulls."


@pytest.fixture
def state(tmp_path):
    return tmp_path / "exo"


@pytest.fixture
def exo(state):
    with virtual_exo("--listen", "tcp:0", "--state", str(state)) as running:
        yield running


def silent(fraction, sentence):
    pass


def kept(link, contents):
    """Transferred and confirmed, as after a walk."""
    transfer(link, contents, silent)
    return confirm(link, contents.blob.sha256)


def test_a_transfer_ends_on_trial_with_what_was_read_back(exo):
    contents, fractions = package(), []
    with connect(exo.address) as link:
        noted = []
        done = transfer(
            link,
            contents,
            lambda fraction, sentence: fractions.append(fraction),
            lambda *event: noted.append(event),
        )
        assert done.readback_sha256 == contents.blob.sha256 == link.info().active_sha256
        assert not done.device.confirmed and done.device.virtual
        assert is_provisional(link.slots(), contents.blob.sha256)
        assert done.selftest_ticks == len(contents.blob.golden.torque_nm)
        assert not link.info().state.moves
    assert [step for step, _ in noted] == ["uploaded", "verified", "on trial", "self-test"]
    assert done.readback_sha256 in noted[1][1]
    assert fractions == sorted(fractions) and fractions[0] == 0.0 and fractions[-1] < 1.0


def test_a_confirmed_controller_is_not_put_on_trial_again(exo):
    contents = package()
    with connect(exo.address) as link:
        kept(link, contents)
        before = link.slots()
        assert transfer(link, contents, silent).device.confirmed
        assert link.slots() == before


def test_a_second_controller_takes_the_other_slot(exo):
    with connect(exo.address) as link:
        first = kept(link, package(1)).active_slot
        assert transfer(link, package(2), silent).device.active_slot != first
        assert revert(link, package(2).blob.sha256)
        assert link.info().active_sha256 == package(1).blob.sha256
        assert not revert(link, package(2).blob.sha256)


def test_a_trial_left_over_is_ended_before_the_next_transfer(exo):
    with connect(exo.address) as link:
        kept(link, package(1))
        transfer(link, package(2), silent)
        transfer(link, package(3), silent)
        assert revert(link, package(3).blob.sha256)
        assert link.info().active_sha256 == package(1).blob.sha256


def test_a_controller_that_is_not_on_trial_cannot_be_kept(exo):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        link.reset()
        with refused("EXO-017"):
            confirm(link, package(1).blob.sha256)


def test_an_exo_too_slow_for_the_controller_goes_back(exo, monkeypatch):
    with connect(exo.address) as link:
        monkeypatch.setattr(link, "selftest", lambda: replace(ExoLink.selftest(link), mean_tick_us=5001))
        with refused("EXO-016"):
            transfer(link, package(1), silent)
        assert link.info().active_sha256 == ""


def test_going_back_needs_a_controller_confirmed_for_the_same_person(exo):
    other = package(2, tag="f" * 32)
    with connect(exo.address) as link:
        kept(link, package(1))
        with refused("EXO-018"):
            roll_back(link, TAG, REASON)
        kept(link, other)
        for tag in (TAG, "f" * 32):
            with refused("EXO-018"):
                roll_back(link, tag, REASON)
        assert link.info().active_sha256 == other.blob.sha256
        kept(link, package(3, tag="f" * 32))
        with refused("DEP-043"):
            roll_back(link, "f" * 32, " ")
        assert roll_back(link, "f" * 32, REASON).sha256 == other.blob.sha256
        assert link.info().confirmed


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
        kept(link, package(1))

        def rot(fraction, sentence):
            if fraction == 0.60:  # sent, not yet read back
                damage(state / "slot_b.flash", 5000)

        with refused("EXO-006"):
            transfer(link, package(2), rot)
        assert link.info().active_sha256 == package(1).blob.sha256


def test_an_exo_that_reports_the_right_hash_is_still_read_back(exo, state):
    with connect(exo.address) as link:
        kept(link, package(1))

        def rot(fraction, sentence):
            if 0.60 < fraction < 0.62:  # after the exo gave its hash
                damage(state / "slot_b.flash", 5000)

        with refused("EXO-006"):
            transfer(link, package(2), rot)
        assert link.info().active_sha256 == package(1).blob.sha256


def damage(path, position):
    raw = bytearray(path.read_bytes())
    raw[position] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.slow
@pytest.mark.parametrize("at", [0.3, 0.7, 0.92])
def test_cancelling_leaves_the_controller_before(exo, at):
    def cancel(fraction, sentence):
        if fraction >= at:
            raise JobCancelled

    with connect(exo.address) as link:
        kept(link, package(1))
        noted = []
        with pytest.raises(JobCancelled):
            transfer(link, package(2), cancel, lambda *event: noted.append(event[0]))
        assert (AuditStep.ROLLED_BACK in noted) == (AuditStep.PROVISIONAL in noted)
        assert AuditStep.CONFIRMED not in noted
        info = link.info()
        assert (info.active_sha256, info.confirmed) == (package(1).blob.sha256, True)
        assert kept(link, package(2)).confirmed  # and the next try works


def ready(link):
    """Wait until the wearer has stood and made five steps."""
    end_s = time.monotonic() + 25.0
    while link.heartbeat().state is not DeviceState.READY:
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_an_exo_that_assists_is_left_alone(exo):
    with connect(exo.address) as link:
        kept(link, package(1))
        said = []
        live = ExoMonitor(link, ArmPermit(package(1).blob.sha256, "s"), said.append)
        ready(link)
        live.handle_command("arm")
        assert live.state is DeviceState.ARMED and live.allowed_nm == 12.0
        for act in (
            lambda: transfer(link, package(2), silent),
            lambda: confirm(link, package(1).blob.sha256),
            lambda: roll_back(link, TAG, REASON),
        ):
            with refused("EXO-015"):
                act()
        live.handle_command("stop")
        assert said == ["Armed: the assistance is growing.", "Safe: zero torque."]


def test_on_trial_the_program_asks_for_half_of_the_torque_at_most(exo):
    with connect(exo.address) as link:
        transfer(link, package(1), silent)
        live = ExoMonitor(link, ArmPermit(package(1).blob.sha256, "s"), lambda sentence: None)
        ready(link)
        live.handle_command("arm")
        assert live.allowed_nm == 6.0
        live.handle_command("stop")


def test_only_the_deployed_controller_can_be_armed(exo):
    with connect(exo.address) as link:
        kept(link, package(1))
        ready(link)
        for permit in (None, ArmPermit(package(2).blob.sha256, "s")):
            with refused("EXO-008"):
                ExoMonitor(link, permit, lambda sentence: None).handle_command("arm")
        assert link.info().state is DeviceState.READY


class BetweenTicks:
    """The link to an exo that ticks only once it was asked `lag` times how it sits."""

    def __init__(self, link, lag):
        self._link, self._lag = link, lag

    def __getattr__(self, name):
        return getattr(self._link, name)

    def placement(self):
        self._lag -= 1
        return replace(self._link.placement(), blocked_by=0)

    def info(self):
        info = self._link.info()
        return replace(info, state=DeviceState.SAFE) if self._lag > 0 else info


def test_an_exo_that_has_just_started_its_controller_is_given_a_tick(exo):
    with connect(exo.address) as link:
        kept(link, package(1))
        ready(link)
        live = ExoMonitor(
            BetweenTicks(link, lag=2), ArmPermit(package(1).blob.sha256, "s"), lambda sentence: None
        )
        live.handle_command("arm")
        assert live.state is DeviceState.ARMED
        live.handle_command("stop")
