"""Status messages from a supervised exo to the screens, and commands with a signature, as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from core.domain.controller import Approver
from core.errors import Advice

_STATUS_PREFIX = "exo:"
_CONFIRM, _ROLL_BACK = "keep:", "roll back:"


@dataclass(frozen=True, slots=True)
class ExoStatusMessage:
    """The complete status each time; only `refused` and `saved` concern the last event."""

    is_provisional: bool = False
    may_keep: bool = False  # provisional, walked with, now at zero torque
    earlier: str = ""  # version of the patient's previous confirmed controller, "" without one
    virtual: bool = False  # nobody wears this exo
    saved: bool = False  # something new is in the record
    refused: Advice | None = None

    def to_text(self) -> str:
        return _STATUS_PREFIX + json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> ExoStatusMessage | None:
        """None for any other message."""
        if not text.startswith(_STATUS_PREFIX):
            return None
        values = json.loads(text.removeprefix(_STATUS_PREFIX))
        refused = values.pop("refused")
        return ExoStatusMessage(**values, refused=None if refused is None else Advice(**refused))


def confirm_command(approver: Approver) -> str:
    """Command: confirm the provisional controller."""
    return _CONFIRM + json.dumps(asdict(approver))


def roll_back_command(approver: Approver) -> str:
    """Command: roll back to the previous confirmed controller."""
    return _ROLL_BACK + json.dumps(asdict(approver))


def parse_confirm_command(command: str) -> Approver | None:
    return _approver(command, _CONFIRM)


def parse_roll_back_command(command: str) -> Approver | None:
    return _approver(command, _ROLL_BACK)


def _approver(command: str, verb: str) -> Approver | None:
    if not command.startswith(verb):
        return None
    return Approver(**json.loads(command.removeprefix(verb)))
