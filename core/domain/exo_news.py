"""What a watched exo tells the screens besides its curves: one message of the stream, as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from core.domain.controller import Approver
from core.errors import Advice

_NEWS = "exo:"
_KEEP, _ROLL_BACK = "keep:", "roll back:"


@dataclass(frozen=True, slots=True)
class ExoStatusMessage:
    """The whole picture each time; only `refused` and `saved` are about this moment."""

    is_provisional: bool = False
    may_keep: bool = False  # on trial, walked with, standing at zero torque
    earlier: str = ""  # version of the patient's controller one can go back to
    saved: bool = False  # something new is in the record
    refused: Advice | None = None

    def to_text(self) -> str:
        return _NEWS + json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> ExoStatusMessage | None:
        """None for any other message."""
        if not text.startswith(_NEWS):
            return None
        values = json.loads(text.removeprefix(_NEWS))
        refused = values.pop("refused")
        return ExoStatusMessage(**values, refused=None if refused is None else Advice(**refused))


def keep_command(approver: Approver) -> str:
    """Keep the controller that is on trial."""
    return _KEEP + json.dumps(asdict(approver))


def roll_back_command(approver: Approver) -> str:
    """Run the controller that was confirmed before."""
    return _ROLL_BACK + json.dumps(asdict(approver))


def asked_to_keep(command: str) -> Approver | None:
    return _approver(command, _KEEP)


def asked_to_roll_back(command: str) -> Approver | None:
    return _approver(command, _ROLL_BACK)


def _approver(command: str, verb: str) -> Approver | None:
    if not command.startswith(verb):
        return None
    return Approver(**json.loads(command.removeprefix(verb)))
