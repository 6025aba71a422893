"""The bounded line of an exo to its host, in the C core: framing, frames per tick, queue of answers."""

from __future__ import annotations

from enum import IntEnum

from core.exo_core.device import Device
from core.exo_core.library import Library, load


class LinkUse(IntEnum):
    """Who may use a link: a host, or nobody; then the number is the code that refuses each frame."""

    OPEN = 0
    IN_USE = 10
    DENIED = 11


class Link:
    """One line. Bytes come in by `put`, go out by `pending` and `sent`; `tick` ends a control tick."""

    def __init__(
        self, device: Device | None, use: LinkUse = LinkUse.OPEN, library: Library | None = None
    ) -> None:
        """A link that refuses every frame needs no device."""
        assert device is not None or use is not LinkUse.OPEN
        core = load() if library is None else library
        self._ffi, self._lib = core.ffi, core.lib
        self._device = self._ffi.NULL if device is None else device.handle
        self._link = self._ffi.new("exo_link *")
        self._data = self._ffi.new("const uint8_t **")
        self._use = use
        self.open()

    def open(self) -> None:
        """A new host: nothing of the one before is left."""
        self._lib.exo_link_open(self._link, int(self._use))

    def put(self, data: bytes) -> None:
        """Bytes that came from the host. Those that have no room are lost, which counts as a flood."""
        self._lib.exo_link_put(self._link, data, len(data))

    def serve(self) -> None:
        """Answer the frames that came, as many as are left of this tick's; ends after a request to reset."""
        self._lib.exo_link_serve(self._link, self._device)

    @property
    def pending(self) -> bytes:
        """Bytes to be sent to the host."""
        length = self._lib.exo_link_pending(self._link, self._data)
        return bytes(self._ffi.buffer(self._data[0], length)) if length else b""

    def sent(self, length: int) -> None:
        """So many of the pending bytes went out."""
        self._lib.exo_link_sent(self._link, length)

    def tick(self) -> bool:
        """End of a control tick: True when the host is at fault, for `Inputs.link_fault`."""
        return bool(self._lib.exo_link_tick(self._link))

    @property
    def waits(self) -> bool:
        """Bytes came that nobody has looked at yet."""
        return bool(self._link.put != self._link.taken)

    @property
    def flooded(self) -> bool:
        """What comes is thrown away unread."""
        return bool(self._link.flooded)
