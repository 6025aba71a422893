"""What a controller was released for is the exo's own to check: for whom, which exo, how new, until when."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.blob import TRAILER_BYTES, sign_blob
from core.deploy.manifest import VALID_DAYS
from core.deploy.package import parse_package
from core.domain.exo_protocol import DeviceState, Rc
from core.domain.release import Purpose
from core.exo_core.device import Identity
from core.exo_core.library import Library
from tests.deploy.controllers import FOR_A_PERSON, KEY, NOW, SERIAL, SMALL, built, trained
from tests.exo_core.host import EXO, IMAGE, OS, WRITE, Exo, Host

EXPIRES = NOW + timedelta(days=VALID_DAYS)
REASON = "The newer one pulls."


def blob(seed: int = 1, **origin: Any) -> bytes:
    return parse_package(built(trained(seed, hidden=SMALL), **origin).archive).device_bytes


def name_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def refusal(said: dict[str, Any]) -> Rc:
    return Rc(said["err"]["rc"])


def arrival(exo: Host, data: bytes) -> tuple[str, Rc, Rc]:
    """State of the slot after an upload, why it is bad, and what the exo says to whoever starts it."""
    exo.upload(data)
    slot = next(one for one in exo.ask(EXO, 1)["slots"] if one["sha"] == name_of(data))
    said = exo.ask(EXO, 3, WRITE, action="test", sha=name_of(data))
    return slot["state"], Rc(slot["why"]), refusal(said) if "err" in said else Rc.OK


def back(exo: Host, data: bytes, reason: str = REASON, **changed: Any) -> dict[str, Any]:
    request = {"sha": name_of(data), "nonce": exo.ask(EXO, 0)["nonce"], "reason": reason, **changed}
    return exo.ask(EXO, 3, WRITE, action="downgrade", **request)


def runs(exo: Host) -> bytes:
    return exo.ask(EXO, 0)["sha"]


# for whom


def test_a_controller_for_a_virtual_exo_never_starts_on_a_real_one(core: Library):
    assert arrival(Exo(core, virtual=False), blob()) == ("bad", Rc.FOR_VIRTUAL_EXO, Rc.FOR_VIRTUAL_EXO)
    bound = blob(device_serial=SERIAL)
    assert arrival(Exo(core, virtual=False, serial=SERIAL), bound)[1] is Rc.FOR_VIRTUAL_EXO
    assert arrival(Exo(core, virtual=True), blob()) == ("valid", Rc.OK, Rc.OK)


def test_an_exo_that_does_not_say_that_it_is_virtual_is_real(core: Library):
    assert not Identity("EXO-1", "Hippo_L1", "fw").virtual
    assert not core.ffi.new("exo_setup *").is_virtual
    place = core.ffi.new("exo_place *")
    release = core.ffi.new("exo_release *")
    release.expires_s = 1
    assert core.lib.exo_release_here(release, place).code == Rc.FOR_VIRTUAL_EXO


def test_an_exo_that_turns_real_refuses_to_arm_what_it_ran_as_a_virtual_one(core: Library):
    exo = Exo(core)
    name = exo.install(blob())
    exo.wear()
    exo.device._setup.is_virtual = False
    assert refusal(exo.arm(name)) is Rc.FOR_VIRTUAL_EXO
    assert (exo.state, exo.bench.enabled) == (DeviceState.READY, False)


def test_a_controller_for_a_person_assists_on_the_one_exo_it_was_released_for(core: Library):
    exo = Exo(core, virtual=False, serial=SERIAL)
    name = exo.install(blob(**FOR_A_PERSON))
    exo.wear()
    assert exo.arm(name) == {"state": DeviceState.ARMED}


# which exo


@pytest.mark.parametrize("virtual", [True, False])
@pytest.mark.parametrize("serial", ["SN-8", "SN-70", "SN-", ""])
def test_a_controller_for_one_exo_starts_on_no_other(core: Library, serial: str, virtual: bool):
    exo = Exo(core, virtual=virtual, serial=serial)
    assert arrival(exo, blob(**FOR_A_PERSON)) == ("bad", Rc.OTHER_EXO, Rc.OTHER_EXO)


def test_a_kept_controller_does_not_go_along_to_another_exo(core: Library):
    exo = Exo(core, serial=SERIAL)
    exo.install(blob(device_serial=SERIAL))
    other = Exo(core, serial="SN-8")
    other.bench.areas = exo.bench.areas
    other.device.boot()
    assert (runs(other), Rc(other.ask(EXO, 1)["slots"][0]["why"])) == (b"", Rc.OTHER_EXO)


# how new


def test_an_older_controller_is_refused_and_an_equal_one_is_not(core: Library):
    exo = Exo(core)
    exo.install(blob(1, counter=5))
    assert exo.ask(EXO, 0)["counter"] == 5
    assert arrival(exo, blob(2, counter=4)) == ("bad", Rc.DOWNGRADE, Rc.DOWNGRADE)
    assert arrival(exo, blob(3, counter=5)) == ("valid", Rc.OK, Rc.OK)


def test_the_counter_outlives_power_off_and_an_erased_slot(core: Library):
    exo = Exo(core)
    exo.install(blob(1, counter=5))
    exo.install(blob(2, counter=6))
    exo.ask(EXO, 3, WRITE, action="erase", sha=name_of(blob(1, counter=5)))
    exo.device.boot()
    assert exo.ask(EXO, 0)["counter"] == 6
    assert arrival(exo, blob(1, counter=5))[1] is Rc.DOWNGRADE


def test_a_trial_raises_no_counter_so_what_ran_before_comes_back(core: Library):
    """As MCUboot: the counter rises with the confirmation, else a revert would be a downgrade."""
    first, second = blob(1, counter=5), blob(2, counter=9)
    for end in ("reset", "revert"):
        exo = Exo(core)
        exo.install(first)
        exo.upload(second)
        exo.ask(EXO, 3, WRITE, action="test", sha=name_of(second))
        exo.ask(EXO, 3, WRITE, action="activate")
        assert (runs(exo), exo.ask(EXO, 0)["counter"]) == (name_of(second), 5)
        exo.device.boot() if end == "reset" else exo.ask(EXO, 3, WRITE, action="revert")
        assert (runs(exo), exo.ask(EXO, 0)["confirmed"]) == (name_of(first), True)
        exo.tell_time()
        exo.wear()
        assert exo.arm(name_of(first)) == {"state": DeviceState.ARMED}


def two_kept(core: Library) -> tuple[Exo, bytes, bytes]:
    exo, older, newer = Exo(core), blob(1, counter=5), blob(2, counter=6)
    exo.install(older)
    exo.install(newer)
    return exo, older, newer


def test_an_older_kept_controller_comes_back_only_when_somebody_answers_for_it(core: Library):
    exo, older, newer = two_kept(core)
    assert refusal(exo.ask(EXO, 3, WRITE, action="revert")) is Rc.DOWNGRADE
    assert refusal(exo.ask(EXO, 3, WRITE, action="test", sha=name_of(older))) is Rc.DOWNGRADE
    assert refusal(back(exo, older, reason="  ")) is Rc.BAD_REQUEST
    assert refusal(back(exo, older, nonce=bytes(8))) is Rc.NONCE_MISMATCH
    assert refusal(back(exo, newer)) is Rc.HASH_MISMATCH
    assert runs(exo) == name_of(newer)

    assert back(exo, older) == {"active": "A"}
    exo.device.boot()
    assert (runs(exo), exo.ask(EXO, 0)["counter"]) == (name_of(older), 6)
    exo.tell_time()
    exo.wear()
    assert exo.arm(name_of(older)) == {"state": DeviceState.ARMED}


def test_what_was_answered_for_once_is_not_answered_for_again(core: Library):
    exo, older, newer = two_kept(core)
    back(exo, older)
    assert exo.ask(EXO, 3, WRITE, action="revert") == {"active": "B"}  # forward needs no reason
    assert refusal(exo.ask(EXO, 3, WRITE, action="revert")) is Rc.DOWNGRADE
    back(exo, older)
    exo.install(blob(3, counter=7))
    assert refusal(exo.ask(EXO, 3, WRITE, action="revert")) is Rc.DOWNGRADE
    assert runs(exo) != name_of(newer)


def test_a_trial_on_top_of_a_downgrade_goes_back_to_it(core: Library):
    exo, older, _ = two_kept(core)
    back(exo, older)
    third = blob(3, counter=7)
    exo.upload(third)
    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(third))
    exo.ask(EXO, 3, WRITE, action="activate")
    assert runs(exo) == name_of(third)
    exo.device.boot()
    assert runs(exo) == name_of(older)


def test_a_newer_controller_that_breaks_does_not_bring_back_the_older_one_by_itself(core: Library):
    exo, older, newer = two_kept(core)
    exo.wear()
    exo.device.flip_memory_bit(2000, 3)
    assert refusal(exo.arm(name_of(newer))) is Rc.NOT_SIGNED
    assert runs(exo) == b""  # the factory controller
    assert [slot["state"] for slot in exo.ask(EXO, 1)["slots"]] == ["confirmed", "bad"]
    assert name_of(older) == exo.ask(EXO, 1)["slots"][0]["sha"]


# until when


def test_a_controller_that_expires_is_not_armed_by_an_exo_that_does_not_know_the_time(core: Library):
    exo = Exo(core)
    name = exo.install(blob())
    exo.device.boot()
    exo.wear()
    assert exo.ask(EXO, 0)["time_s"] == 0
    assert exo.ask(OS, 4) == {"err": {"group": OS, "rc": 4}}  # MCUmgr: the clock is not set
    assert refusal(exo.arm(name)) is Rc.NO_TIME
    exo.tell_time()
    assert exo.arm(name) == {"state": DeviceState.ARMED}


@pytest.mark.parametrize(("before", "armed"), [(timedelta(seconds=30), True), (timedelta(seconds=-1), False)])
def test_a_controller_is_armed_until_it_expires(core: Library, before: timedelta, armed: bool):
    exo = Exo(core)
    name = exo.install(blob())
    exo.wear()
    exo.tell_time(EXPIRES - before)
    said = exo.arm(name)
    assert said == {"state": DeviceState.ARMED} if armed else refusal(said) is Rc.EXPIRED


def test_an_expired_controller_that_arrives_is_refused(core: Library):
    exo = Exo(core)
    exo.tell_time(EXPIRES)
    assert arrival(exo, blob()) == ("bad", Rc.EXPIRED, Rc.EXPIRED)


def test_an_assistance_that_passes_its_expiry_goes_on_and_the_next_arm_does_not(core: Library):
    exo = Exo(core)
    name = exo.install(blob())
    exo.wear()
    exo.tell_time(EXPIRES - timedelta(seconds=3))
    assert exo.arm(name) == {"state": DeviceState.ARMED}
    exo.run(6.0)
    assert exo.state is DeviceState.ACTIVE
    exo.ask(EXO, 6, WRITE, arm=False)
    exo.run(0.1)
    assert exo.state is DeviceState.READY
    assert refusal(exo.arm(name)) is Rc.EXPIRED


def test_the_time_goes_on_by_the_exos_own_ticks_and_never_back(core: Library):
    exo = Exo(core)
    exo.run(2.0)
    later = {"datetime": f"{NOW + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S}"}
    assert exo.ask(OS, 4) == later
    assert exo.tell_time(NOW - timedelta(minutes=4)) == {}  # the clocks of a site differ
    assert exo.ask(OS, 4) == later
    assert exo.tell_time(NOW - timedelta(minutes=6)) == {"err": {"group": OS, "rc": 5}}
    assert exo.tell_time(NOW + timedelta(days=1)) == {}
    assert exo.tell_time() == {"err": {"group": OS, "rc": 5}}
    exo.device.boot()  # a clock that was far ahead is forgotten
    assert exo.tell_time() == {}


def test_no_time_before_the_last_confirmation_is_believed_even_after_power_off(core: Library):
    exo = Exo(core)
    exo.tell_time(NOW + timedelta(days=2))
    exo.install(blob())
    exo.device.boot()
    assert exo.tell_time(NOW + timedelta(days=1)) == {"err": {"group": OS, "rc": 5}}
    assert exo.ask(EXO, 0)["time_s"] == 0
    assert exo.tell_time(NOW + timedelta(days=2)) == {}


def test_a_clock_that_ran_decades_ahead_is_held_fast_by_no_confirmation(core: Library):
    """Else the exo would believe no honest time any more, and arm nothing, for good."""
    exo, data = Exo(core), blob()
    exo.upload(data)
    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(data))
    exo.ask(EXO, 3, WRITE, action="activate")
    exo.tell_time(datetime(2105, 1, 1))
    assert refusal(exo.ask(EXO, 3, WRITE, action="confirm", sha=name_of(data))) is Rc.EXPIRED
    assert exo.ask(IMAGE, 0, WRITE, confirm=True)["err"]["group"] == IMAGE

    exo.device.boot()
    assert exo.tell_time() == {}
    exo.install(data)
    exo.wear()
    assert exo.arm(name_of(data)) == {"state": DeviceState.ARMED}


@settings(max_examples=100, deadline=None)
@given(st.datetimes(datetime(1970, 1, 1, 0, 0, 1), datetime(2105, 12, 31, 23, 59, 59)))
def test_every_second_until_2106_is_read_and_written(core: Library, moment: datetime):
    ffi, lib = core.ffi, core.lib
    found, text = ffi.new("uint32_t *"), ffi.new("char[20]")
    spelled = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    for ending in ("", "Z", ".5", ".123456+00:00"):
        raw = ffi.from_buffer((spelled + ending).encode())
        given_text = ffi.new("exo_bytes *", {"at": ffi.cast("uint8_t *", raw), "length": len(raw)})
        assert lib.exo_time_read(given_text[0], found)
        assert found[0] == int(moment.replace(tzinfo=UTC, microsecond=0).timestamp())
    lib.exo_time_write(found[0], text)
    assert ffi.string(text).decode() == spelled


BAD_TIMES = """2026-02-30T00:00:00 2026-13-01T00:00:00 2026-00-01T00:00:00 2026-01-00T00:00:00
    2026-01-01T24:00:00 2026-01-01T00:60:00 2026-01-01T00:00:60 1969-12-31T23:59:59 2106-01-01T00:00:00
    2026-01-01 2026-01-01T00:00:00+01:00 2026-01-01T00:00:0x 2026-01-01T00:00:00ZZ 2026-1-01T00:00:000 soon
    1970-01-01T00:00:00"""


@pytest.mark.parametrize("text", BAD_TIMES.split())
def test_what_is_no_time_in_utc_is_refused(core: Library, text: str):
    exo = Exo(core)
    before = exo.ask(EXO, 0)["time_s"]
    assert exo.ask(OS, 4, WRITE, datetime=text)["err"]["group"] == OS
    assert exo.ask(EXO, 0)["time_s"] == before


# bytes of the version before


def test_a_controller_of_the_version_before_does_not_start_and_the_exo_says_so(core: Library):
    data = blob()
    earlier = sign_blob(data[:8] + b"\x02\x00" + data[10:-TRAILER_BYTES], KEY)
    assert arrival(Exo(core), earlier) == ("bad", Rc.OTHER_VERSION, Rc.OTHER_VERSION)


def test_the_purpose_is_for_nobody_where_nothing_says_otherwise():
    assert parse_package(built().archive).blob.release.purpose is Purpose.VIRTUAL_ONLY
