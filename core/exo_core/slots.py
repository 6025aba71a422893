"""Python binding of the image slots in the C core. Names follow the C functions."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.exo_protocol import Rc, SlotState
from core.exo_core.library import Library, load
from core.exo_core.storage import Hal, Machine

FACTORY = 2  # as number of the running slot
SLOT_NUMBERS = (0, 1)


@dataclass(frozen=True, slots=True)
class Slot:
    state: SlotState
    length: int
    sha256: bytes


class Slots:
    """Slots A (0) and B (1) of one exo, on the storage of `machine`."""

    def __init__(self, machine: Machine, library: Library | None = None) -> None:
        self._core = load() if library is None else library
        self._lib = self._core.lib
        self._hal = Hal(self._core, machine)
        self._slots = self._core.ffi.new("exo_slots *")

    def boot(self) -> bool:
        """As after power on. False: the storage failed, the factory controller runs."""
        return bool(self._lib.exo_slots_boot(self._slots, self._hal.table))

    @property
    def running(self) -> int:
        """Number of the slot that runs, or FACTORY."""
        return int(self._slots.running)

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(
            Slot(SlotState.of_number(slot.state), slot.length, bytes(self._core.ffi.buffer(slot.sha256)))
            for slot in (self._slots.slot[number] for number in SLOT_NUMBERS)
        )

    def load(self, number: int) -> bytes:
        """The image in a slot; empty when there is none or its hash differs from the recorded one."""
        capacity = self._slots.slot[number].length if number in SLOT_NUMBERS else 0
        memory = self._core.ffi.new("uint8_t[]", capacity + 1)
        length = self._lib.exo_slots_load(self._slots, number, memory, capacity)
        return bytes(self._core.ffi.buffer(memory, length))

    def begin(self, length: int, sha256: bytes) -> tuple[Rc, int]:
        """Start or continue an upload; returns the offset to continue from."""
        offset = self._core.ffi.new("uint32_t *")
        code = self._lib.exo_slots_begin(self._slots, length, sha256, offset)
        return Rc(code), offset[0]

    def write(self, offset: int, data: bytes) -> tuple[Rc, int]:
        """Write bytes at an offset; returns the offset to continue from."""
        at = self._core.ffi.new("uint32_t *", offset)
        code = self._lib.exo_slots_write(self._slots, at, data, len(data))
        return Rc(code), at[0]

    @property
    def counter(self) -> int:
        """The largest counter that was ever confirmed."""
        return int(self._slots.counter)

    @property
    def confirmed_utc_s(self) -> int:
        """When a controller was confirmed last; 0 where that is not known."""
        return int(self._slots.kept_s)

    def judge(self, *, good: bool, subject: bytes, counter: int = 1) -> Rc:
        """Record the verification of the received image; `subject`: hash of the patient's tag."""
        return Rc(self._lib.exo_slots_judge(self._slots, good, subject, counter))

    def mark(self, sha256: bytes) -> Rc:
        return Rc(self._lib.exo_slots_mark(self._slots, sha256))

    def activate(self) -> Rc:
        return Rc(self._lib.exo_slots_activate(self._slots))

    def confirm(self, sha256: bytes, now_utc_s: int = 0) -> Rc:
        return Rc(self._lib.exo_slots_confirm(self._slots, sha256, now_utc_s))

    def downgrade(self, sha256: bytes) -> Rc:
        return Rc(self._lib.exo_slots_downgrade(self._slots, sha256))

    def revert(self) -> Rc:
        return Rc(self._lib.exo_slots_revert(self._slots))

    def reject(self) -> Rc:
        return Rc(self._lib.exo_slots_reject(self._slots))

    def erase(self, number: int) -> Rc:
        return Rc(self._lib.exo_slots_erase(self._slots, number))
