"""The exo itself asks who released a controller: when it comes, when it starts, and before every arm."""

from __future__ import annotations

import hashlib

import pytest

from core.deploy.blob import TRAILER_BYTES, sign_blob
from core.deploy.keys.signature import PrivateKey
from core.deploy.package import parse_package
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.device import ExoKey
from core.exo_core.library import Library
from tests.deploy.controllers import FOR_A_PERSON, KEY, SERIAL, built, package
from tests.exo_core.host import EXO, WRITE, Exo

OTHER = PrivateKey.from_seed(bytes(32))
GOOD = package(seed=3, gain=1.2).device_bytes
BEFORE = package(seed=4).device_bytes
NOT_TRUSTED = "not signed by anybody whom this exo trusts"
NOT_SIGNED = {"err": {"group": EXO, "rc": Rc.NOT_SIGNED}}


def name_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def state_after_upload(exo: Exo, data: bytes) -> tuple[str, str]:
    """DeviceState and reason of the slot that an upload went to."""
    exo.upload(data)
    slot = next(slot for slot in exo.ask(EXO, 1)["slots"] if slot["sha"] == name_of(data))
    return slot["state"], slot["detail"]


def key(private: PrivateKey, *, practice: bool = False) -> ExoKey:
    return ExoKey(private.public.raw, practice)


def test_a_controller_that_nobody_trusted_has_signed_never_runs(core: Library):
    exo = Exo(core)
    exo.install(BEFORE)
    stranger = sign_blob(GOOD[:-TRAILER_BYTES], OTHER)

    assert state_after_upload(exo, stranger) == ("bad", NOT_TRUSTED)

    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(stranger))
    exo.ask(EXO, 3, WRITE, action="activate")
    assert exo.ask(EXO, 0)["sha"] == name_of(BEFORE)


@pytest.mark.parametrize("at", [-1, -33, -64, -65, -72])
def test_a_flipped_bit_in_signature_or_key_id_is_refused(core: Library, at: int):
    changed = bytearray(GOOD)
    changed[at] ^= 1
    assert state_after_upload(Exo(core), bytes(changed)) == ("bad", NOT_TRUSTED)


def test_the_signature_of_a_package_does_not_fit_the_controller(core: Library):
    """Without a domain in front, what was signed as one thing could be shown as another."""
    digest = GOOD[-TRAILER_BYTES:-72]
    foreign = GOOD[:-64] + KEY.sign(digest)
    assert state_after_upload(Exo(core), foreign) == ("bad", NOT_TRUSTED)


def test_an_exo_without_keys_runs_nothing(core: Library):
    assert state_after_upload(Exo(core, keys=()), GOOD) == ("bad", NOT_TRUSTED)


def test_each_of_four_keys_counts_and_no_fifth(core: Library):
    keys = [PrivateKey.from_seed(bytes([number]) * 32) for number in range(5)]
    for number, private in enumerate(keys):
        exo = Exo(core, keys=tuple(key(one) for one in keys))
        state, _ = state_after_upload(exo, sign_blob(GOOD[:-TRAILER_BYTES], private))
        assert state == ("valid" if number < 4 else "bad")


@pytest.mark.parametrize(
    ("virtual", "accepts", "state"),
    [(True, True, "valid"), (True, False, "bad"), (False, True, "bad"), (False, False, "bad")],
)
def test_what_was_signed_for_practice_runs_on_a_virtual_exo_only(
    core: Library, virtual: bool, accepts: bool, state: str
):
    practice = (key(KEY, practice=True),)
    exo = Exo(core, keys=practice, virtual=virtual, accept_practice=accepts)
    assert state_after_upload(exo, GOOD)[0] == state


def test_a_real_exo_runs_what_a_site_has_signed(core: Library):
    worn = parse_package(built(**FOR_A_PERSON).archive).device_bytes
    assert state_after_upload(Exo(core, serial=SERIAL, virtual=False), worn)[0] == "valid"


def test_a_controller_whose_key_is_no_longer_trusted_does_not_start(core: Library):
    exo = Exo(core)
    exo.install(GOOD)

    exo.device.trust((key(OTHER),))
    exo.device.boot()

    info, slot = exo.ask(EXO, 0), exo.ask(EXO, 1)["slots"][0]
    assert (info["active"], exo.state) == ("F", DeviceState.SAFE)
    assert (slot["state"], slot["detail"]) == ("bad", NOT_TRUSTED)


def test_a_bit_that_changes_in_memory_just_before_an_arm_is_found_by_the_arm(core: Library):
    exo = Exo(core)
    exo.install(BEFORE)
    name = exo.install(GOOD)
    exo.wear()
    exo.device.flip_memory_bit(2000, 3)

    assert exo.arm(name) == NOT_SIGNED
    exo.tick()
    assert exo.ask(EXO, 0)["sha"] != name
    assert not exo.bench.enabled
    assert exo.arm(name) != {"state": DeviceState.ARMED}


def test_a_key_that_is_taken_away_ends_arming(core: Library):
    exo = Exo(core)
    name = exo.install(GOOD)
    exo.wear()
    exo.device.trust(())
    assert exo.arm(name) == NOT_SIGNED


def test_an_arm_while_the_exo_assists_changes_nothing(core: Library):
    exo = Exo(core)
    name = exo.install(GOOD)
    exo.wear()
    assert exo.arm(name) == {"state": DeviceState.ARMED}
    exo.device.trust(())  # no check of many milliseconds while somebody walks with torque
    assert exo.arm(name)["err"]["rc"] == Rc.BAD_STATE
    assert exo.state is DeviceState.ARMED
