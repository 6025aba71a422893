"""The public groups: os (0), image (1, mapped to the controller slots) and file (8, read only)."""

from __future__ import annotations

from core.deploy.virtual_exo.device import FIRMWARE, VirtualExo
from core.deploy.virtual_exo.dispatcher import (
    EBADSTATE,
    READ,
    WRITE,
    Answer,
    Handlers,
    Refusal,
    octets,
    text,
    truth,
    whole,
)
from core.deploy.virtual_exo.slots import Slot, acceptable_length
from core.devices.exo_protocol import BUFFER_BYTES, SLOT_NAMES, Rc, SlotState, slot_file

_OS, _IMAGE, _FILE = 0, 1, 8
# Refusals of the image group (IMG_MGMT_ERR) and of the file group (FS_MGMT_ERR).
_NO_IMAGE, _INVALID_SLOT, _INVALID_LENGTH = 3, 14, 21
_INVALID_HASH, _CONFIRMATION_DENIED, _DATA_OVERRUN = 24, 32, 31
_FILE_NOT_FOUND, _OFFSET_NOT_VALID = 3, 12
_CHUNK_BYTES = BUFFER_BYTES - 128


def stock_handlers(exo: VirtualExo) -> Handlers:
    os_group, image, files = _OsGroup(exo), _ImageGroup(exo), _FileGroup(exo)
    return {
        (_OS, 0, WRITE): os_group.echo,
        (_OS, 0, READ): os_group.echo,
        (_OS, 5, WRITE): os_group.reset,
        (_OS, 6, READ): os_group.parameters,
        (_OS, 7, READ): os_group.application_info,
        (_IMAGE, 0, READ): image.states,
        (_IMAGE, 0, WRITE): image.set_state,
        (_IMAGE, 1, WRITE): image.upload,
        (_IMAGE, 5, WRITE): image.erase,
        (_FILE, 0, READ): files.download,
        (_FILE, 1, READ): files.status,
    }


class _OsGroup:
    def __init__(self, exo: VirtualExo) -> None:
        self._exo = exo

    def echo(self, request: Answer) -> Answer:
        return {"r": text(request, "d")}

    def reset(self, request: Answer) -> Answer:
        """Refused while the exo assists: a reset must never be how a person loses support."""
        refuse_while_moving(self._exo)
        self._exo.reset_asked = True  # after this answer is on its way
        return {}

    def parameters(self, request: Answer) -> Answer:
        return {"buf_size": BUFFER_BYTES, "buf_count": 1}

    def application_info(self, request: Answer) -> Answer:
        return {"output": FIRMWARE}


class _ImageGroup:
    """Slot A is image 0 slot 0, slot B is image 0 slot 1."""

    def __init__(self, exo: VirtualExo) -> None:
        self._exo = exo

    def states(self, request: Answer) -> Answer:
        slots = self._exo.slots
        images = [
            _image_state(number, slots.slots[name], slots.active == name)
            for number, name in enumerate(SLOT_NAMES)
            if slots.slots[name].sha256
        ]
        return {"images": images}

    def set_state(self, request: Answer) -> Answer:
        refuse_while_moving(self._exo)
        digest = octets(request, "hash", b"").hex()
        if not truth(request, "confirm", False):
            code = self._exo.slots.mark(digest)
            if code is not Rc.OK:
                raise Refusal(_INVALID_HASH if code is Rc.NO_CONTROLLER else _NO_IMAGE, _IMAGE)
        elif self._exo.confirm(digest or None) is not Rc.OK:
            raise Refusal(_CONFIRMATION_DENIED, _IMAGE)
        return self.states({})

    def upload(self, request: Answer) -> Answer:
        refuse_while_moving(self._exo)
        offset, data = whole(request, "off"), octets(request, "data")
        if offset == 0 and "len" in request:
            length = whole(request, "len")
            if not acceptable_length(length):
                raise Refusal(_INVALID_LENGTH, _IMAGE)
            start = self._exo.slots.begin(length, octets(request, "sha", b""))
            if start is None:
                raise Refusal(EBADSTATE)
            if start > 0:
                return {"off": start}
        received = self._exo.slots.write(offset, data)
        if received is None:
            raise Refusal(_DATA_OVERRUN, _IMAGE)
        answer: Answer = {"off": received.offset}
        if received.match is not None:
            answer["match"] = received.match
        return answer

    def erase(self, request: Answer) -> Answer:
        refuse_while_moving(self._exo)
        number = whole(request, "slot", 1)
        if number >= len(SLOT_NAMES) or self._exo.slots.erase(SLOT_NAMES[number]) is not Rc.OK:
            raise Refusal(_INVALID_SLOT, _IMAGE)
        return {}


class _FileGroup:
    """Reads the stored bytes of a slot back; there is nothing else to read or write."""

    def __init__(self, exo: VirtualExo) -> None:
        self._exo = exo

    def download(self, request: Answer) -> Answer:
        data, offset = self._contents(text(request, "name")), whole(request, "off")
        if offset > len(data):
            raise Refusal(_OFFSET_NOT_VALID, _FILE)
        answer: Answer = {"off": offset, "data": data[offset : offset + _CHUNK_BYTES]}
        if offset == 0:
            answer["len"] = len(data)
        return answer

    def status(self, request: Answer) -> Answer:
        return {"len": len(self._contents(text(request, "name")))}

    def _contents(self, name: str) -> bytes:
        slot = next((slot for slot in SLOT_NAMES if slot_file(slot) == name), None)
        data = self._exo.slots.read(slot) if slot is not None else b""
        if not data:
            raise Refusal(_FILE_NOT_FOUND, _FILE)
        return data


def refuse_while_moving(exo: VirtualExo) -> None:
    if exo.supervisor.state.moves:
        raise Refusal(EBADSTATE)


def _image_state(number: int, slot: Slot, active: bool) -> Answer:
    return {
        "image": 0,
        "slot": number,
        "version": slot.version or "0.0.0",
        "hash": bytes.fromhex(slot.sha256),
        "bootable": slot.state is not SlotState.BAD,
        "pending": slot.state is SlotState.PENDING,
        "confirmed": slot.state is SlotState.CONFIRMED,
        "active": active,
        "permanent": slot.state is SlotState.CONFIRMED and active,
    }
