"""Whatever is cut off, wherever: the exo starts with a controller that was confirmed, or the factory one."""

from __future__ import annotations

import copy
import hashlib
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.exo_protocol import Rc, SlotState
from core.exo_core.library import Library
from core.exo_core.slots import FACTORY, Slots
from core.exo_core.storage import Area
from tests.exo_core.flash import SIZES, Flash

ALICE, BOB = hashlib.sha256(b"alice").digest(), hashlib.sha256(b"bob").digest()
FIRST, SECOND = b"first controller " * 20, b"second controller " * 30


def name_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def booted(core: Library, flash: Flash) -> Slots:
    slots = Slots(flash, core)
    assert slots.boot()
    return slots


def upload(slots: Slots, data: bytes, subject: bytes = ALICE, counter: int = 1) -> Rc:
    code, offset = slots.begin(len(data), name_of(data))
    while code is Rc.OK and offset < len(data):
        code, offset = slots.write(offset, data[offset : offset + 100])
    return code if code is not Rc.OK else slots.judge(good=True, subject=subject, counter=counter)


def install(core: Library, flash: Flash, data: bytes, subject: bytes = ALICE, counter: int = 1) -> Slots:
    """Upload, try and confirm."""
    slots = booted(core, flash)
    assert upload(slots, data, subject, counter) is Rc.OK
    assert slots.mark(name_of(data)) is Rc.OK
    slots = booted(core, flash)
    assert slots.confirm(name_of(data)) is Rc.OK
    return slots


def state_of(slots: Slots, data: bytes) -> SlotState:
    return next(slot.state for slot in slots.slots if slot.sha256 == name_of(data))


def runs(slots: Slots) -> bytes:
    return b"" if slots.running == FACTORY else slots.load(slots.running)


def test_a_new_exo_runs_the_factory_controller(core: Library):
    slots = booted(core, Flash())
    assert slots.running == FACTORY
    assert [slot.state for slot in slots.slots] == [SlotState.EMPTY] * 2
    assert slots.load(0) == b""


def test_a_controller_runs_on_trial_and_stays_once_confirmed(core: Library):
    flash = Flash()
    slots = booted(core, flash)
    upload(slots, FIRST)
    assert (state_of(slots, FIRST), slots.running) == (SlotState.VALID, FACTORY)
    slots.mark(name_of(FIRST))
    assert slots.running == FACTORY  # not before the next start

    slots = booted(core, flash)
    assert (runs(slots), state_of(slots, FIRST)) == (FIRST, SlotState.PROVISIONAL)
    assert slots.confirm(name_of(SECOND)) is Rc.HASH_MISMATCH
    assert slots.confirm(name_of(FIRST)) is Rc.OK
    assert (runs(booted(core, flash)), state_of(slots, FIRST)) == (FIRST, SlotState.CONFIRMED)


def test_a_trial_that_nobody_confirmed_is_undone_by_the_next_start(core: Library):
    flash = Flash()
    slots = install(core, flash, FIRST)
    upload(slots, SECOND)
    slots.mark(name_of(SECOND))
    assert slots.activate() is Rc.OK
    assert runs(slots) == SECOND

    slots = booted(core, flash)
    assert (runs(slots), state_of(slots, SECOND)) == (FIRST, SlotState.VALID)


def test_a_controller_that_failed_its_self_test_is_never_tried_again(core: Library):
    flash = Flash()
    slots = install(core, flash, FIRST)
    upload(slots, SECOND)
    slots.mark(name_of(SECOND))
    slots.activate()
    assert slots.reject() is Rc.OK

    assert runs(slots) == FIRST
    assert slots.mark(name_of(SECOND)) is Rc.BAD_STATE


def test_the_one_before_is_a_revert_away_for_the_same_person_only(core: Library):
    for subject, code in ((ALICE, Rc.OK), (BOB, Rc.OTHER_SUBJECT)):
        flash = Flash()
        install(core, flash, FIRST, ALICE)
        slots = install(core, flash, SECOND, subject)
        assert slots.revert() is code
        assert runs(booted(core, flash)) == (FIRST if code is Rc.OK else SECOND)


def test_what_runs_cannot_be_overwritten_or_erased(core: Library):
    flash = Flash()
    slots = install(core, flash, FIRST)
    assert slots.erase(slots.running) is Rc.BAD_STATE
    upload(slots, SECOND)
    upload(slots, FIRST + SECOND)
    assert runs(slots) == FIRST
    slots.mark(name_of(FIRST + SECOND))
    slots.activate()
    assert slots.begin(10, bytes(32))[0] is Rc.BAD_STATE  # the one before must stay during a trial
    assert slots.erase(0) is Rc.BAD_STATE
    assert slots.mark(name_of(FIRST)) is Rc.BAD_STATE


def test_an_upload_goes_on_where_it_was_and_ignores_what_it_has(core: Library):
    slots = booted(core, Flash())
    assert slots.begin(len(FIRST), name_of(FIRST)) == (Rc.OK, 0)
    assert slots.write(0, FIRST[:100]) == (Rc.OK, 100)
    assert slots.write(0, FIRST[:100]) == (Rc.OK, 100)
    assert slots.write(250, FIRST[250:300]) == (Rc.OK, 100)
    assert slots.begin(len(FIRST), name_of(FIRST)) == (Rc.OK, 100)
    assert slots.judge(good=True, subject=ALICE) is Rc.BAD_STATE  # not whole yet
    assert slots.write(100, FIRST[100:] + b"x") == (Rc.BAD_REQUEST, 100)
    assert slots.write(100, FIRST[100:]) == (Rc.OK, len(FIRST))
    assert slots.judge(good=True, subject=ALICE) is Rc.OK


def test_wrong_bytes_and_wrong_lengths_never_become_a_controller(core: Library):
    slots = booted(core, Flash())
    assert slots.begin(0, bytes(32))[0] is Rc.BAD_REQUEST
    assert slots.begin(SIZES[Area.SLOT_A] + 1, bytes(32))[0] is Rc.BAD_REQUEST
    slots.begin(4, name_of(b"good"))
    assert slots.write(0, b"evil")[0] is Rc.HASH_MISMATCH
    assert slots.slots[0].state is SlotState.EMPTY
    assert slots.mark(name_of(b"evil")) is Rc.NO_CONTROLLER


def test_what_the_judge_refuses_is_kept_but_never_runs(core: Library):
    slots = booted(core, Flash())
    slots.begin(4, name_of(b"good"))
    slots.write(0, b"good")
    assert slots.judge(good=False, subject=bytes(32)) is Rc.OK
    assert slots.slots[0].state is SlotState.BAD
    assert slots.mark(name_of(b"good")) is Rc.BAD_STATE


def test_a_changed_byte_in_storage_is_noticed_at_the_next_start(core: Library):
    flash = Flash()
    install(core, flash, FIRST)
    flash.areas[Area.SLOT_A][7] ^= 1
    slots = booted(core, flash)
    assert slots.running == FACTORY
    assert state_of(slots, FIRST) is SlotState.BAD


@settings(max_examples=100, deadline=None)
@given(
    junk=st.lists(st.tuples(st.sampled_from(Area), st.integers(0, 4095), st.integers(0, 255)), max_size=40)
)
def test_any_bytes_in_storage_are_survived(core: Library, junk: list[tuple[Area, int, int]]):
    flash = Flash()
    install(core, flash, FIRST)
    for area, at, byte in junk:
        flash.areas[area][at % SIZES[area]] = byte

    assert runs(booted(core, flash)) in (b"", FIRST)


Deed = Callable[[Slots], object]
DEEDS: dict[str, Deed] = {
    "upload": lambda slots: upload(slots, SECOND),
    "mark": lambda slots: slots.mark(name_of(SECOND)),
    "activate": lambda slots: slots.activate(),
    "confirm": lambda slots: slots.confirm(name_of(SECOND)),
    "revert": lambda slots: slots.revert(),
    "upload newer": lambda slots: upload(slots, SECOND, counter=5),
    "downgrade": lambda slots: slots.downgrade(name_of(FIRST)),
    "reject": lambda slots: slots.reject(),
    "erase": lambda slots: slots.erase(1),
    "upload again": lambda slots: upload(slots, FIRST + SECOND),
    "reset": lambda slots: slots.boot(),
}
STORY = (
    "upload",
    "mark",
    "activate",
    "confirm",
    "revert",
    "revert",
    "upload again",
    "erase",
    "upload",
    "mark",
    "reset",
)


def kept(flash: Flash, core: Library) -> tuple[bytes, dict[bytes, SlotState]]:
    """What runs after a start, and what the slots are."""
    slots = booted(core, flash)
    return runs(slots), {slot.sha256: slot.state for slot in slots.slots}


def after_cut(
    core: Library, flash: Flash, deed: Deed, cut: int, fraction: float
) -> tuple[bytes, dict[bytes, SlotState]] | None:
    """The same deed with a power cut in its `cut`-th change; None when it has fewer changes."""
    broken = copy.deepcopy(flash)
    slots = Slots(broken, core)
    slots.boot()
    broken.power_on()
    broken.cut, broken.fraction = cut, fraction
    deed(slots)
    if not broken.dead:
        return None
    broken.power_on()
    return kept(broken, core)


def check_story(core: Library, story: tuple[str, ...], fractions: tuple[float, ...]) -> int:
    """Play a story and cut the power in every change of every deed. Returns the number of cuts."""
    flash, cuts = Flash(), 0
    install(core, flash, FIRST)
    for name in story:
        before = kept(copy.deepcopy(flash), core)
        whole = copy.deepcopy(flash)
        slots = booted(core, whole)
        DEEDS[name](slots)
        after = kept(copy.deepcopy(whole), core)
        for fraction in fractions:
            cut = 1
            while (found := after_cut(core, flash, DEEDS[name], cut, fraction)) is not None:
                # Power on decides once more: what is on trial then was marked before or by this deed.
                assert found[0] in (before[0], after[0], FIRST, b""), (name, cut, fraction)
                confirmed = SlotState.CONFIRMED in before[1].values()  # else a trial has none to go back to
                assert found[0] != b"" or b"" in (before[0], after[0]) or not confirmed, (name, cut, fraction)
                running = [
                    state
                    for state in found[1].values()
                    if state in (SlotState.PROVISIONAL, SlotState.CONFIRMED)
                ]
                assert running or found[0] == b"", (name, cut, fraction)
                assert SlotState.RECEIVING not in found[1].values()
                cuts += 1
                cut += 1
        flash = whole
        flash.power_on()
    return cuts


def test_a_power_cut_in_any_change_of_a_whole_life_is_survived(core: Library):
    assert check_story(core, STORY, (0.0, 0.5, 1.0)) > 60


@settings(max_examples=15, deadline=None)
@given(
    story=st.lists(st.sampled_from(sorted(DEEDS)), min_size=1, max_size=8).map(tuple),
    fraction=st.floats(0.0, 1.0),
)
def test_a_power_cut_in_any_story_is_survived(core: Library, story: tuple[str, ...], fraction: float):
    check_story(core, story, (fraction,))


OLDER_STORY = ("upload newer", "mark", "activate", "confirm", "downgrade", "revert", "downgrade", "reset")


def test_a_trial_after_the_one_before_was_rejected_is_undone_to_no_controller(core: Library):
    """Where the power goes before it is confirmed: nothing runs, and it may be tried again."""
    flash = Flash()
    install(core, flash, FIRST)
    for name in ("reject", "upload", "mark"):
        DEEDS[name](booted(core, flash))
    cut = after_cut(core, flash, DEEDS["confirm"], 1, 0.0)
    assert cut is not None and cut[0] == b"" and cut[1][name_of(SECOND)] is SlotState.VALID


def test_a_power_cut_around_a_downgrade_leaves_the_newer_or_the_older_one(core: Library):
    """Also where the older one may not come back by itself."""
    assert check_story(core, OLDER_STORY, (0.0, 0.5, 1.0)) > 30


def test_what_a_downgrade_answered_for_outlives_power_off(core: Library):
    flash = Flash()
    install(core, flash, FIRST, counter=4)
    slots = install(core, flash, SECOND, counter=5)
    assert (slots.revert(), slots.mark(name_of(FIRST))) == (Rc.DOWNGRADE, Rc.DOWNGRADE)
    assert slots.downgrade(name_of(SECOND)) is Rc.HASH_MISMATCH
    assert slots.downgrade(name_of(FIRST)) is Rc.OK
    slots = booted(core, flash)
    assert (runs(slots), slots.counter) == (FIRST, 5)


def test_the_journal_of_the_version_before_is_read_and_goes_on(core: Library):
    """Its records have no counters; the newest of them counts until another change is written."""
    flash = Flash()
    install(core, flash, FIRST)
    for area in (Area.RECORD_0, Area.RECORD_1):
        flash.areas[area] = earlier_journal(bytes(flash.areas[area]))
    slots = booted(core, flash)
    assert (runs(slots), slots.counter, slots.confirmed_utc_s) == (FIRST, 0, 0)
    assert upload(slots, SECOND, counter=3) is Rc.OK
    slots = booted(core, flash)
    assert (runs(slots), state_of(slots, SECOND)) == (FIRST, SlotState.VALID)


def earlier_journal(journal: bytes) -> bytearray:
    """The same records as the version before wrote them: 32 bytes of the subject, nothing after the slots."""
    found = bytearray(journal)
    for at in range(0, len(journal) - 159, 160):
        record = bytearray(journal[at : at + 160])
        if record[:4] != b"EXOT":
            continue
        record[:4] = b"EXOS"
        for slot in (10, 79):
            record[slot + 65 : slot + 69] = ALICE[28:] if record[slot] else bytes(4)
        record[148:156] = bytes(8)
        record[156:] = zlib.crc32(record[:156]).to_bytes(4, "little")
        found[at : at + 160] = record
    return found


def test_the_journal_goes_round_and_keeps_the_newest(core: Library):
    flash = Flash()
    slots = install(core, flash, FIRST)
    for number in range(30):
        data = bytes([number]) * 64
        assert upload(slots, data) is Rc.OK
        assert state_of(slots, data) is SlotState.VALID
        slots = booted(core, flash)
        assert (runs(slots), state_of(slots, data)) == (FIRST, SlotState.VALID)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_start_that_cannot_write_runs_the_factory_controller(core: Library, cut: int):
    flash = Flash()
    slots = install(core, flash, FIRST)
    upload(slots, SECOND)
    slots.mark(name_of(SECOND))
    flash.power_on()
    flash.cut, flash.fraction = cut, 0.5

    slots = Slots(flash, core)
    assert not slots.boot()
    assert slots.running == FACTORY  # a trial that is not on record must not begin
    flash.power_on()
    assert runs(booted(core, flash)) == SECOND
