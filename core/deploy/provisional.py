"""What may happen to a controller on the exo after the transfer: keep it, take it back, go to the one before.

The exo itself decides; it gives a controller on trial at most half of its torque and goes back by itself at
its next start. Here each wish is checked first, so that a person reads why it is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from core.devices.exo_link import ExoLink
from core.devices.exo_values import ExoInfo, SlotInfo, Slots
from core.domain.audit import AuditStep
from core.domain.controller import Approver
from core.domain.exo_protocol import SlotState
from core.domain.exo_walk import LEAST_STRIDES, ExoWalk
from core.errors import UserError, refuse

Note = Callable[[AuditStep, str], None]  # what happened, for the audit trail; details


def unnoted(step: AuditStep, detail: str) -> None:
    """For what belongs to no record, as in a benchmark."""


def is_provisional(slots: Slots, sha256: str) -> bool:
    running = slots.running
    return running is not None and running.sha256 == sha256 and running.state is SlotState.PROVISIONAL


def check_approver(approver: Approver) -> None:
    """Refuses (DEP-022) an approval without a name, a role or a meaning."""
    if not all(text.strip() for text in (approver.name, approver.role, approver.meaning)):
        raise refuse(
            "DEP-022",
            "Nobody has answered for this step.",
            "A name, a role and what they mean belong to it.",
            "Enter your name and your role.",
        )


def check_walked(walk: ExoWalk | None, sha256: str) -> None:
    """Refuses (DEP-021) to keep a controller that nobody has walked with for long enough."""
    if walk is not None and walk.package_sha256 == sha256 and walk.enough:
        return
    strides = (0, 0) if walk is None else walk.strides
    why = f"{min(strides)} of {LEAST_STRIDES} strides of each leg were walked with it."
    if walk is not None and walk.fault:
        why = f"The last walk ended with a fault: {walk.end}"
    raise refuse(
        "DEP-021",
        "The controller cannot be kept yet.",
        why,
        f"Arm the exo and walk at least {LEAST_STRIDES} strides under supervision, then stop it.",
    )


def confirm(link: ExoLink, sha256: str) -> ExoInfo:
    """Confirm the controller that is on trial; what the exo says of itself afterwards.

    Raises UserError EXO-015 while it assists, EXO-017 when it is no longer on trial, EXO-006 when the exo
    then runs something else, and what the link raises.
    """
    if link.info().state.moves:
        raise assisting()
    if not is_provisional(link.slots(), sha256):
        raise refuse(
            "EXO-017",
            "The controller is no longer on trial on this exo.",
            "The exo was switched off, or a fault ended the trial: it went back to the controller before.",
            "Transfer the controller again and repeat the walk.",
        )
    link.confirm(sha256)
    info = link.info()
    if info.active_sha256 != sha256 or not info.confirmed:
        raise read_back_differs()
    return info


def revert(link: ExoLink, sha256: str) -> bool:
    """End the trial of this controller; False when there was none to end."""
    found = is_provisional(link.slots(), sha256)
    if found:
        link.revert()
    return found


def revert_any_provisional(link: ExoLink) -> str:
    """End a trial that was left over; its controller's hash, "" when there was none."""
    running = link.slots().running
    if running is None or running.state is not SlotState.PROVISIONAL:
        return ""
    link.revert()
    return running.sha256


def earlier(slots: Slots, subject_tag: str) -> SlotInfo | None:
    """The controller of this patient that was confirmed before the one that runs now."""
    running = slots.running
    for slot in slots.slots:
        confirmed = slot.state is SlotState.CONFIRMED and slot.name != slots.active
        same = slot.subject_tag == subject_tag and (running is None or running.subject_tag == subject_tag)
        if confirmed and same and running is not None and running.state is SlotState.CONFIRMED:
            return slot
    return None


def roll_back(link: ExoLink, subject_tag: str) -> SlotInfo:
    """Run the patient's controller that was confirmed before; returns its slot.

    Raises UserError EXO-015 while the exo assists, EXO-018 when there is no such controller, EXO-006 when
    the exo then runs something else, and what the link raises.
    """
    if link.info().state.moves:
        raise assisting()
    slot = earlier(link.slots(), subject_tag)
    if slot is None:
        raise refuse(
            "EXO-018",
            "There is no earlier controller of this patient on the exo.",
            "One can only go back to a controller that was confirmed on this exo for the same person.",
            "Transfer the controller you want instead.",
        )
    link.revert()
    info = link.info()
    if info.active_sha256 != slot.sha256 or not info.confirmed:
        raise read_back_differs()
    return slot


def assisting() -> UserError:
    return refuse(
        "EXO-015",
        "The exo is assisting somebody right now.",
        "A controller is never exchanged while a person is being assisted.",
        "Stop the exo, then try again.",
    )


def read_back_differs() -> UserError:
    return refuse(
        "EXO-006",
        "The exo holds other bytes than were sent.",
        "What was read back differs from the package, so it was not activated.",
        "Try another cable or port, then start the transfer again.",
    )
