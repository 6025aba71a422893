"""Impairments of a session without a screen: read from the command line, put into the twin by name, told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.cli.signing import signed
from app.session_request import SessionRequest
from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.impairment import OCCASIONAL_KINDS, SLOTS, Impairment, Slot
from core.domain.people import Action
from core.errors import UserError, refuse
from core.session.impairment_list import chosen
from core.session.impairments import choose
from core.store.repository import Store

OCCASIONAL = "occasional"


def read_impairment(words: str) -> Impairment:
    """KIND[,SIDE][,MUSCLES or JOINT],SEVERITY[,occasional], as in "weakness,left,hip flexors,0.5".

    Refuses (PER-005) words that name no impairment.
    """
    parts = [part.strip().lower() for part in words.split(",")]
    occasional = parts[-1] == OCCASIONAL
    *place, severity = parts[:-1] if occasional else parts
    slot = next((slot for slot in SLOTS if place == _words(slot)), None)
    if slot is None:
        raise _unknown(words, "It names no kind of impairment, or not its side and place.")
    try:
        value = float(severity)
    except ValueError as error:
        raise _unknown(words, f"Its severity {severity} is no number.") from error
    if not 0.0 <= value <= 1.0:
        raise _unknown(words, "Its severity is not between 0 and 1.")
    if occasional and slot.kind not in OCCASIONAL_KINDS:
        kinds = ", ".join(sorted(OCCASIONAL_KINDS))
        raise _unknown(words, f"Only these come in some strides only: {kinds}.")
    return Impairment(slot.kind, value, slot.side, slot.group, slot.joint, occasional)


def put_impairments(store: Store, visit_id: str, request: SessionRequest) -> str | None:
    """Keep the impairments of the command line, by name and role; the list's record, if there are any."""
    record_id = None
    for one in request.impairments:
        typed = request.impairments_by, request.role
        name, role = signed(store, Action.ACCEPT_IMPAIRMENT, visit_id, typed)
        record_id = choose(store, visit_id, one, ImpairmentOrigin.ENTERED, by=name, role=role).id
    return record_id


def impairment_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """What a person put into the twin, for `summary.json`; nothing where nobody did."""
    listed = chosen(store, visit_id)
    if not listed:
        return {}
    return {
        "impairments": [
            {
                "impairment": one.impairment.slot.label,
                "severity": round(one.impairment.severity, 3),
                "in_some_strides_only": one.impairment.occasional,
                "origin": one.origin.value,
                "by": one.by,
                "role": one.role,
            }
            for one in listed
        ]
    }


def _words(slot: Slot) -> Sequence[str]:
    """Kind, side and place, as they are typed."""
    place = slot.group.value if slot.group is not None else None
    if slot.joint is not None:
        place = slot.joint.label.split()[0].lower()
    return [word for word in (slot.kind.value, slot.side, place) if word is not None]


def _unknown(words: str, why: str) -> UserError:
    return refuse(
        "PER-005",
        f"--impairment {words} is not understood.",
        why,
        "Write kind, side, muscles or joint, and severity from 0 to 1, as in "
        '"weakness,left,hip flexors,0.5", "stiffness,right,knee,0.4", "pain,left,0.3" or "delay,0.2".',
    )
