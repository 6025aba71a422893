"""The recordings of a person over all visits: which walk each shows, under which condition, and whether it
can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.capture_comparison import MOST, CapturedGait
from core.domain.condition import Condition
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind, Visit
from core.domain.walking_ability import VisitNotes
from core.errors import Advice, UserError, refuse
from core.gait.change import measured_numbers
from core.session.conditions import sources_of, stated_or_recorded
from core.session.stops import present_motion, refuse_stopped_motion
from core.store.repository import Store


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """One recorded walk and its newest motion."""

    motion_id: str
    visit_id: str
    visit_number: int
    recorded_utc: datetime
    condition: Condition
    stated_by: str  # who said the condition afterwards; empty where it was said at recording, or never
    motion: Motion
    unusable: Advice | None  # why it cannot be compared, and what to do
    notes: VisitNotes  # of its visit: the walking aid, for example


def captures_of(store: Store, patient_id: str) -> tuple[Capture, ...]:
    """Every walk of the patient that was solved, oldest first; solved again, the newest motion counts."""
    newest: dict[str, Capture] = {}
    for visit in store.visits(patient_id):
        for info in store.records(visit.id):
            if info.kind is RecordKind.MOTION:
                chain = tuple(sources_of(store, info.id))
                first = chain[-1] if chain else info
                newest[first.id] = _capture(store, info, chain, visit)
    return tuple(sorted(newest.values(), key=lambda capture: capture.recorded_utc))


def capture_of(store: Store, motion_id: str) -> Capture:
    """The recorded walk of one motion. Raises UserError REC-007 when there is no such record."""
    info = store.info(motion_id)
    return _capture(store, info, tuple(sources_of(store, motion_id)), store.visit(info.visit_id))


def captured_gait(capture: Capture) -> CapturedGait:
    """A recording in numbers."""
    left, right = (len(cycles.angle_rad) for cycles in capture.motion.cycles)
    return CapturedGait(
        capture.motion_id,
        capture.visit_number,
        capture.recorded_utc.isoformat(),
        capture.condition,
        measured_how(capture.motion),
        (left, right),
        measured_numbers(capture.motion),
    )


def measured_how(motion: Motion) -> str:
    """By what a walk was measured: two that differ in it cannot be compared angle by angle."""
    if motion.marker_set:
        return f"laboratory markers ({motion.marker_set})"
    if len(motion.cameras_used) > 1:
        return f"{len(motion.cameras_used)} cameras{', from the side' if motion.sagittal_only else ''}"
    return "one camera" if motion.sagittal_only else "several cameras"


def refuse_unusable(capture: Capture) -> None:
    """Refuses VIS-003 a recording that cannot be compared, with what stands in its way."""
    if capture.unusable is not None:
        raise refuse(
            "VIS-003",
            f"The recording of visit {capture.visit_number} ({capture.condition.words}) cannot be compared.",
            capture.unusable.what,
            capture.unusable.next_step,
        )


def _capture(store: Store, info: RecordInfo, chain: tuple[RecordInfo, ...], visit: Visit) -> Capture:
    condition, by = stated_or_recorded(store, chain)
    stored = store.load(info.id, Motion)
    return Capture(
        info.id,
        info.visit_id,
        visit.number,
        (chain[-1] if chain else info).created_utc,
        condition,
        by,
        present_motion(stored, store.decisions(info.visit_id), info.id),
        _unusable(store, info.id),
        visit.notes,
    )


def _unusable(store: Store, motion_id: str) -> Advice | None:
    try:
        refuse_stopped_motion(store, motion_id)
    except UserError as refused:
        return refused.advice
    return None


def recordings_to_compare(every: Sequence[Capture]) -> tuple[Capture, ...]:
    """What a comparison begins with: the newest usable one of each visit and condition, the last four."""
    newest = {(c.visit_id, c.condition): c for c in every if c.unusable is None}
    return tuple(sorted(newest.values(), key=lambda capture: capture.recorded_utc))[-MOST:]
