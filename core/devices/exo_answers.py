"""What the exo's answers and refusals mean, as plain values and sentences."""

from __future__ import annotations

from typing import Any

from core.devices import exo_messages as wire
from core.devices.exo_values import SlotInfo
from core.domain.exo_protocol import Rc, SlotState


def own_code(answer: Any) -> Rc | None:
    """Of group 70, where the exo refused with one."""
    code = answer.err.rc if hasattr(answer, "err") else None
    return code if isinstance(code, Rc) else None


def reason_of(answer: Any) -> str:
    """The exo's refusal in a sentence."""
    if hasattr(answer, "err"):
        code = answer.err.rc
        return code.sentence if isinstance(code, Rc) else f"It says {code.name}."
    return f"It says {answer.rc.name}."


def slot_of(entry: wire.SlotEntry) -> SlotInfo:
    """One slot as a plain value. Raises ValueError for a state or a code that is none."""
    return SlotInfo(
        entry.name,
        SlotState(entry.state),
        entry.sha.hex(),
        entry.version,
        entry.subject_tag,
        entry.profile_id,
        entry.first_nm,
        entry.detail,
        Rc(entry.why),
        entry.counter,
    )
