"""What can follow the upload of a controller: confirm it, revert it, or roll back to the previous one.

The exo enforces these rules: it limits a provisional controller to half of its torque and reverts it at the
next reset unless it is confirmed. Each request is checked here first, so that a refusal can be explained.
"""

from __future__ import annotations

from collections.abc import Callable

from core.devices.exo_link import ExoLink
from core.devices.exo_values import ExoInfo, SlotInfo, Slots
from core.domain.audit import AuditStep
from core.domain.controller import Approver
from core.domain.exo_protocol import SlotState
from core.domain.exo_walk import MIN_STRIDES, ExoWalk
from core.errors import UserError, refuse

MOST_REASON = 100  # signs that the exo is told; the whole reason is in the record
AuditCallback = Callable[[AuditStep, str], None]  # step and details, for the audit trail


def no_audit(step: AuditStep, detail: str) -> None:
    """An `AuditCallback` that drops its entries, for uploads outside of a record, such as benchmarks."""


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
    """Refuses (DEP-021) to confirm a controller without a long enough walk that used it."""
    if walk is not None and walk.package_sha256 == sha256 and walk.enough:
        return
    strides = (0, 0) if walk is None else walk.strides
    why = f"{min(strides)} of {MIN_STRIDES} strides of each leg were walked with it."
    if walk is not None and walk.fault:
        why = f"The last walk ended with a fault: {walk.end}"
    raise refuse(
        "DEP-021",
        "The controller cannot be kept yet.",
        why,
        f"Arm the exo and walk at least {MIN_STRIDES} strides under supervision, then stop it.",
    )


def confirm(link: ExoLink, sha256: str) -> ExoInfo:
    """Confirm the provisional controller; returns the exo's info afterwards.

    Raises UserError EXO-015 while it assists, EXO-017 when it is no longer provisional, EXO-006 when the exo
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
    """Revert this controller if it is provisional; False when it was not."""
    found = is_provisional(link.slots(), sha256)
    if found:
        link.revert()
    return found


def revert_any_provisional(link: ExoLink) -> str:
    """Revert a leftover provisional controller; its hash, "" when there was none."""
    running = link.slots().running
    if running is None or running.state is not SlotState.PROVISIONAL:
        return ""
    link.revert()
    return running.sha256


def previous_confirmed_slot(slots: Slots, subject_tag: str) -> SlotInfo | None:
    """The controller of this patient that was confirmed before the one that runs now."""
    running = slots.running
    for slot in slots.slots:
        confirmed = slot.state is SlotState.CONFIRMED and slot.name != slots.active
        same = slot.subject_tag == subject_tag and (running is None or running.subject_tag == subject_tag)
        if confirmed and same and running is not None and running.state is SlotState.CONFIRMED:
            return slot
    return None


def check_reason(reason: str) -> None:
    """Refuses (DEP-043) to go back without a reason."""
    if not reason.strip():
        raise refuse(
            "DEP-043",
            "The exo did not go back to the controller before.",
            "That controller was replaced by a newer one, so going back to it needs a reason, which is kept.",
            "Give the reason, then try again.",
        )


def roll_back(link: ExoLink, subject_tag: str, reason: str) -> SlotInfo:
    """Run the patient's controller that was confirmed before; returns its slot.

    The exo takes no older controller by itself: it wants a reason, and the number of this moment. Raises
    UserError DEP-043 without a reason, EXO-015 while the exo assists, EXO-018 when there is no such
    controller, EXO-006 when the exo then runs something else, and what the link raises.
    """
    if link.info().state.moves:
        raise assisting()
    slot = previous_confirmed_slot(link.slots(), subject_tag)
    if slot is None:
        raise refuse(
            "EXO-018",
            "There is no earlier controller of this patient on the exo.",
            "One can only go back to a controller that was confirmed on this exo for the same person.",
            "Transfer the controller you want instead.",
        )
    check_reason(reason)
    link.downgrade(slot.sha256, nonce=link.info().nonce, reason=reason.strip()[:MOST_REASON])
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
