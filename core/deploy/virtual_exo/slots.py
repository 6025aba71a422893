"""Two places for controllers, A and B, and the factory one (zero torque) that cannot be changed.

Everything survives a power cut at any moment: bytes are written and synced first, and a slot counts only
once the record, replaced in one step, says so. Nothing runs that was not confirmed, except on trial until
the next reset.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.deploy.blob import MAX_BLOB_BYTES, Blob, BlobError, read_blob
from core.devices.exo_protocol import FACTORY, SLOT_NAMES, Rc, SlotState


@dataclass(frozen=True, slots=True)
class Slot:
    """What the record says about one slot."""

    state: SlotState = SlotState.EMPTY
    sha256: str = ""
    version: str = ""
    subject_tag: str = ""
    profile_id: str = ""
    first_session_peak_nm: float = 0.0
    detail: str = ""


@dataclass(slots=True)
class _Reception:
    """An upload under way."""

    slot: str
    sha256: bytes
    length: int
    data: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Received:
    offset: int
    match: bool | None = None  # set with the last byte


class SlotStore:
    """Slots in a folder. `profile_id` is the device these controllers must be made for."""

    def __init__(self, folder: Path, profile_id: str) -> None:
        self._folder = folder
        self._profile_id = profile_id
        self._reception: _Reception | None = None
        self.active = FACTORY
        self.previous = FACTORY
        self.slots: dict[str, Slot] = {name: Slot() for name in SLOT_NAMES}
        folder.mkdir(parents=True, exist_ok=True)

    # start

    def boot(self) -> None:
        """Decide what runs: a marked controller goes on trial, an unconfirmed one goes back."""
        self._reception = None
        self._load_record()
        for name, slot in self.slots.items():
            if slot.state is SlotState.RECEIVING:
                self.slots[name] = Slot(detail="transfer was cut off")
            elif slot.state is not SlotState.EMPTY and self.stored_sha256(name) != slot.sha256:
                self.slots[name] = replace(slot, state=SlotState.BAD, detail="the stored bytes changed")
        running = self.slots.get(self.active, Slot())
        if running.state is SlotState.TEST:
            self.slots[self.active] = replace(running, state=SlotState.VALID, detail="was not confirmed")
            self.active = self._usable(self.previous)
        self.active = self._usable(self.active)
        self.start_pending()
        self._save()

    def start_pending(self) -> bool:
        """Put a marked controller on trial. False when none is marked."""
        for name, slot in self.slots.items():
            if slot.state is SlotState.PENDING:
                self.previous, self.active = self.active, name
                self.slots[name] = replace(slot, state=SlotState.TEST, detail="on trial")
                self._save()
                return True
        return False

    def reject_active(self, why: str) -> None:
        """The running controller failed its self-test: never again, back to the one before."""
        self.slots[self.active] = replace(self.slots[self.active], state=SlotState.BAD, detail=why)
        self.active = self._usable(self.previous)
        self._save()

    # what is asked of it

    def running(self) -> Blob | None:
        """The controller in use; None for the factory one."""
        if self.active == FACTORY:
            return None
        return read_blob(self.read(self.active))

    @property
    def active_slot(self) -> Slot | None:
        return self.slots.get(self.active)

    def read(self, name: str) -> bytes:
        path = self._path(name)
        return path.read_bytes() if path.is_file() else b""

    def stored_sha256(self, name: str) -> str:
        """Hash of what is really stored, not of what was promised; "" when empty."""
        data = self.read(name)
        return hashlib.sha256(data).hexdigest() if data else ""

    def mark(self, sha256: str) -> Rc:
        """Run this controller at the next start."""
        name = self._holding(sha256)
        if name is None:
            return Rc.NO_CONTROLLER
        if name == self.active or self.slots[name].state not in (
            SlotState.VALID,
            SlotState.PENDING,
            SlotState.CONFIRMED,
        ):
            return Rc.BAD_STATE
        self.slots[name] = replace(self.slots[name], state=SlotState.PENDING, detail="runs at the next start")
        self._save()
        return Rc.OK

    def confirm(self, sha256: str) -> Rc:
        """Keep the running controller for good."""
        if self.active == FACTORY or self.slots[self.active].sha256 != sha256:
            return Rc.HASH_MISMATCH
        self.slots[self.active] = replace(
            self.slots[self.active], state=SlotState.CONFIRMED, detail="confirmed"
        )
        self._save()
        return Rc.OK

    def revert(self) -> Rc:
        """From a trial to the controller before; from a confirmed one to the other confirmed one."""
        running = self.active_slot
        if running is not None and running.state is SlotState.TEST:
            self.slots[self.active] = replace(running, state=SlotState.VALID, detail="taken back")
            self.active = self._usable(self.previous)
            self._save()
            return Rc.OK
        other = next((name for name in SLOT_NAMES if name != self.active), FACTORY)
        if self.slots[other].state is not SlotState.CONFIRMED:
            return Rc.NOT_CONFIRMED
        if running is not None and running.subject_tag != self.slots[other].subject_tag:
            return Rc.OTHER_SUBJECT
        self.previous, self.active = self.active, other
        self._save()
        return Rc.OK

    def erase(self, name: str) -> Rc:
        if name == self.active or name not in self.slots:
            return Rc.BAD_STATE
        self.slots[name] = Slot()
        self._save()
        self._path(name).unlink(missing_ok=True)
        return Rc.OK

    # upload

    def begin(self, length: int, sha256: bytes) -> int | None:
        """Start or resume a transfer into the slot that is not in use; the offset to go on from.

        None when a controller is on trial: its predecessor must stay until it is confirmed or reverted.
        """
        same = self._reception
        if same is not None and sha256 and (same.sha256, same.length) == (sha256, length):
            return len(same.data)
        if self.active_slot is not None and self.active_slot.state is SlotState.TEST:
            return None
        free = [name for name in SLOT_NAMES if name != self.active]
        target = next((name for name in free if self.slots[name].state is not SlotState.CONFIRMED), free[0])
        self.slots[target] = Slot(SlotState.RECEIVING)
        self._save()
        self._reception = _Reception(target, sha256, length)
        return 0

    def write(self, offset: int, data: bytes) -> Received | None:
        """Take the bytes at `offset`; bytes for another offset are ignored and the right one is named."""
        reception = self._reception
        if reception is None or len(reception.data) + len(data) > reception.length:
            return None
        if offset != len(reception.data):
            return Received(len(reception.data))
        reception.data += data
        if len(reception.data) < reception.length:
            return Received(len(reception.data))
        self._reception = None
        return Received(reception.length, self._finish(reception))

    def _finish(self, reception: _Reception) -> bool:
        digest = hashlib.sha256(reception.data).digest()
        if reception.sha256 and digest != reception.sha256:
            self.slots[reception.slot] = Slot(detail="the hash was wrong")
            self._save()
            return False
        _write_synced(self._path(reception.slot), bytes(reception.data))
        self.slots[reception.slot] = self._judged(bytes(reception.data))
        self._save()
        return True

    def _judged(self, data: bytes) -> Slot:
        try:
            blob = read_blob(data)
        except BlobError as error:
            return Slot(SlotState.BAD, hashlib.sha256(data).hexdigest(), detail=str(error)[:80])
        slot = Slot(
            SlotState.VALID,
            blob.sha256,
            str(blob.manifest["version"]),
            blob.subject_tag,
            blob.profile_id,
            blob.first_session_peak_nm,
            "received",
        )
        if blob.profile_id != self._profile_id:
            return replace(slot, state=SlotState.BAD, detail=f"made for {blob.profile_id}")
        return slot

    # the record

    def _usable(self, name: str) -> str:
        """`name`, or the other confirmed slot, or the factory controller."""
        for candidate in (name, *SLOT_NAMES):
            slot = self.slots.get(candidate, Slot())
            if slot.state is SlotState.CONFIRMED:
                return candidate
        return FACTORY

    def _holding(self, sha256: str) -> str | None:
        return next((name for name, slot in self.slots.items() if slot.sha256 == sha256 != ""), None)

    def _path(self, name: str) -> Path:
        return self._folder / f"slot_{name.lower()}.bin"

    def _save(self) -> None:
        record = {
            "active": self.active,
            "previous": self.previous,
            "slots": {name: asdict(slot) for name, slot in self.slots.items()},
        }
        text = json.dumps(record, sort_keys=True)
        line = json.dumps({"crc": zlib.crc32(text.encode()), "record": text})
        _write_synced(self._folder / "slots.json", line.encode())

    def _load_record(self) -> None:
        """A missing or damaged record means: the factory controller."""
        self.active, self.previous = FACTORY, FACTORY
        self.slots = {name: Slot() for name in SLOT_NAMES}
        try:
            outer = json.loads((self._folder / "slots.json").read_bytes())
            text = str(outer["record"])
            if zlib.crc32(text.encode()) != outer["crc"]:
                return
            record: dict[str, Any] = json.loads(text)
            slots = {name: Slot(**record["slots"][name]) for name in SLOT_NAMES}
            self.slots = {name: replace(slot, state=SlotState(slot.state)) for name, slot in slots.items()}
            self.active, self.previous = str(record["active"]), str(record["previous"])
        except (OSError, ValueError, KeyError, TypeError):
            self.slots = {name: Slot() for name in SLOT_NAMES}


def acceptable_length(length: int) -> bool:
    return 0 < length <= MAX_BLOB_BYTES


def _write_synced(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
