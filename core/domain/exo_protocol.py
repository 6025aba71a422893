"""States and refusal codes of an exo: one table for its firmware and for the link to it."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class DeviceState(IntEnum):
    """Torque is other than zero only in ARMED (ramping up) and ACTIVE."""

    BOOT = 0
    SAFE = 1
    READY = 2
    ARMED = 3
    ACTIVE = 4
    FAULT = 5

    @property
    def moves(self) -> bool:
        return self in (DeviceState.ARMED, DeviceState.ACTIVE)


class Rc(IntEnum):
    """Why the exo refuses a command of group 70."""

    OK = 0
    UNKNOWN = 1  # also: its storage failed
    BAD_REQUEST = 2
    BAD_STATE = 3
    HASH_MISMATCH = 4
    NONCE_MISMATCH = 5
    NOT_SELFTESTED = 6
    FAULT_LATCHED = 7
    NO_CONTROLLER = 8
    LIMIT_RAISED = 9
    SELFTEST_FAILED = 10
    NOT_CONFIRMED = 11
    OTHER_SUBJECT = 12
    NOT_READY = 13
    NOT_SIGNED = 14
    FOR_VIRTUAL_EXO = 15
    OTHER_EXO = 16
    DOWNGRADE = 17
    EXPIRED = 18
    NO_TIME = 19
    OTHER_VERSION = 20

    @property
    def sentence(self) -> str:
        return _SENTENCE[self]


_SENTENCE = {
    Rc.OK: "Nothing was refused.",
    Rc.UNKNOWN: "The exo did not say why.",
    Rc.BAD_REQUEST: "The exo did not understand the command.",
    Rc.BAD_STATE: "The exo is in a state that does not allow this.",
    Rc.HASH_MISMATCH: "The controller on the exo is not the one that was meant.",
    Rc.NONCE_MISMATCH: "The exo's state changed since it was read.",
    Rc.NOT_SELFTESTED: "The controller has not passed the self-test of the exo.",
    Rc.FAULT_LATCHED: "The exo holds a fault that nobody has acknowledged.",
    Rc.NO_CONTROLLER: "The exo has no such controller.",
    Rc.LIMIT_RAISED: "Limits can only be lowered.",
    Rc.SELFTEST_FAILED: "The self-test gave other numbers than the package promises.",
    Rc.NOT_CONFIRMED: "The controller was never confirmed on this exo.",
    Rc.OTHER_SUBJECT: "The other controller belongs to another patient.",
    Rc.NOT_SIGNED: "The controller is not, or not any more, what somebody whom the exo trusts has signed.",
    Rc.FOR_VIRTUAL_EXO: "The controller was released for a virtual exo only, and this one can be worn.",
    Rc.OTHER_EXO: "The controller was released for the exo of another serial number.",
    Rc.DOWNGRADE: "The controller is older than one that was kept on this exo.",
    Rc.EXPIRED: "The controller has expired.",
    Rc.NO_TIME: "The controller expires, and the exo does not know the time.",
    Rc.OTHER_VERSION: "The controller was written by another version of ExoTwin.",
    Rc.NOT_READY: "The exo is not ready: somebody has to stand, then walk five steps; or a part is broken.",
}


class SlotState(StrEnum):
    EMPTY = "empty"
    RECEIVING = "receiving"
    VALID = "valid"
    PENDING = "pending"  # starts at the next activation or reset
    PROVISIONAL = "test"  # MCUboot's term on the wire; running, reverts at the next reset unless confirmed
    CONFIRMED = "confirmed"
    BAD = "bad"

    @staticmethod
    def of_number(number: int) -> SlotState:
        """The state that the firmware stores as this number. Raises IndexError for another one."""
        return tuple(SlotState)[number]
