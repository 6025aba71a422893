"""Flash memory that loses power in the middle of whatever it does."""

from __future__ import annotations

from core.exo_core.storage import Area

SIZES = {
    Area.SLOT_A: 4096,
    Area.SLOT_B: 4096,
    Area.RECORD_0: 640,
    Area.RECORD_1: 640,
    Area.TRAIL_0: 200,
    Area.TRAIL_1: 200,
}


class Flash:
    """A machine whose storage stops at the `cut`-th write or erase, after `share` of it is done."""

    def __init__(self, sizes: dict[Area, int] = SIZES) -> None:
        self.sizes = sizes
        self.areas = {area: bytearray(b"\xff" * size) for area, size in sizes.items()}
        self.cut: int | None = None
        self.fraction = 0.0
        self.changes = 0
        self.dead = False

    def power_on(self) -> None:
        self.cut, self.dead, self.changes = None, False, 0

    def _done_bytes(self, length: int) -> int:
        """How much of this change happens; notices when the power goes."""
        if self.dead:
            return 0
        self.changes += 1
        if self.cut is not None and self.changes == self.cut:
            self.dead = True
            return int(self.fraction * length)
        return length

    def read(self, area: Area, offset: int, length: int) -> bytes | None:
        return None if self.dead else bytes(self.areas[area][offset : offset + length])

    def write(self, area: Area, offset: int, data: bytes) -> bool:
        done = self._done_bytes(len(data))
        for at, byte in enumerate(data[:done], start=offset):
            assert self.areas[area][at] == 0xFF or byte == self.areas[area][at], "written where not erased"
            self.areas[area][at] = byte
        return not self.dead

    def erase(self, area: Area) -> bool:
        done = self._done_bytes(self.sizes[area])
        self.areas[area][:done] = b"\xff" * done
        return not self.dead

    def size(self, area: Area) -> int:
        return self.sizes[area]

    def now_us(self) -> int:
        return 0

    def random(self, length: int) -> bytes:
        return bytes(length)

    def motor(self, torque_nm: tuple[float, float], enable: bool) -> None:
        raise AssertionError("nothing here moves")
