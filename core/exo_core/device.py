"""A whole exo in the C core: slots, controller, safety supervisor, telemetry and the SMP server."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from core.domain.exo_protocol import DeviceState
from core.exo_core.library import Library, load
from core.exo_core.safety import Inputs, Profile, fill
from core.exo_core.storage import Hal, Machine

BUFFER_BYTES = 2048  # one answer


@dataclass(frozen=True, slots=True)
class ExoKey:
    """A public key whose controllers an exo runs."""

    raw: bytes  # 32
    practice: bool = False  # its private half is not protected


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of an exo. The profile's limits are fixed in the firmware; a package can only lower them."""

    serial: str
    profile_id: str
    firmware: str
    virtual: bool = False  # what does not say so is real
    profile: Profile = field(default_factory=Profile)
    memory_bytes: int = 1 << 20  # for the running controller
    keys: tuple[ExoKey, ...] = ()
    accept_practice: bool = False  # has an effect on a virtual exo only


class Device:
    """One exo on one machine. All methods are called from one loop."""

    def __init__(self, machine: Machine, identity: Identity, library: Library | None = None) -> None:
        self._core = load() if library is None else library
        ffi = self._core.ffi
        self._lib = self._core.lib
        self._hal = Hal(self._core, machine)
        self._memory = ffi.new("uint64_t[]", identity.memory_bytes // 8)
        self._texts = {
            name: ffi.new("char[]", getattr(identity, name).encode())
            for name in ("firmware", "serial", "profile_id")
        }
        self._setup = self._new_setup(identity)
        self.trust(identity.keys)
        self._device = ffi.new("exo_device *")
        self._inputs = ffi.new("exo_inputs *")
        self._answer = ffi.new("uint8_t[]", BUFFER_BYTES)
        self.boot()

    def _new_setup(self, identity: Identity) -> Any:
        setup = self._core.ffi.new("exo_setup *")
        setup.hal = self._hal.table
        for name, text in self._texts.items():
            setattr(setup, name, text)
        setup.is_virtual, setup.accept_practice = identity.virtual, identity.accept_practice
        fill(self._core, setup.profile, identity.profile)
        setup.memory = self._core.ffi.cast("uint8_t *", self._memory)
        setup.room = identity.memory_bytes
        return setup

    def boot(self) -> None:
        """As after power on."""
        self._lib.exo_device_boot(self._device, self._setup)

    def trust(self, keys: tuple[ExoKey, ...]) -> None:
        """Run only controllers signed with these keys from now on. An exo has room for four."""
        kept = keys[: len(self._setup.key)]
        self._setup.keys = len(kept)
        for entry, key in zip(self._setup.key, kept, strict=False):
            entry.raw, entry.practice = key.raw, key.practice

    @property
    def handle(self) -> Any:
        """The device of the C core, for its other parts; valid as long as this object."""
        return self._device

    @property
    def state(self) -> DeviceState:
        return DeviceState(self._device.safety.state)

    @property
    def reset_requested(self) -> bool:
        """The host requested a reset: boot once the answer was sent."""
        return bool(self._device.reset_asked)

    @property
    def blocked_by(self) -> int:
        """Row that keeps the exo from being ready; 0: none."""
        return int(self._device.safety.blocked)

    @property
    def rest_posture_known(self) -> bool:
        """The wearer stood still, so that the resting orientation of the sensors is known (S12)."""
        return bool(self._device.safety.placement.standing)

    def tick(self, inputs: Inputs) -> None:
        """One control tick; `Machine.motor` gets the torque. The core itself checks the weights."""
        for item in fields(inputs):
            setattr(self._inputs, item.name, getattr(inputs, item.name))
        self._lib.exo_device_tick(self._device, self._inputs)

    def answer(self, frame: bytes) -> bytes | None:
        """The answer to a frame of the management protocol; None when there is nothing to answer to."""
        length = self._lib.exo_smp_answer(self._device, frame, len(frame), self._answer)
        return bytes(self._core.ffi.buffer(self._answer, length)) if length else None

    # fault injection

    def flip_memory_bit(self, offset: int, bit: int) -> None:
        """Invert one bit of the running controller in memory."""
        self._core.ffi.cast("uint8_t *", self._memory)[offset % self._setup.room] ^= 1 << bit % 8

    def corrupt_control_law(self, gain: float) -> None:
        """Overwrite gains and limits of the control law in memory, beyond its own limits."""
        law = self._device.blob.law
        law.kp_nm_rad = law.peak_nm = law.step_nm = gain
