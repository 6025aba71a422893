"""Which exo's log goes with a motion: the newest one of the same recording, on the same clock."""

from __future__ import annotations

from core.domain.exo_log import ExoLog
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.session.flow import CAPTURED
from core.store.repository import Store


def captured_for(store: Store, motion_id: str) -> str:
    """The recording that a motion was solved from; the motion itself where it tells none."""
    inputs = (name for name, _digest in store.info(motion_id).provenance.inputs)
    return next((name for name in inputs if store.info(name).kind in CAPTURED), motion_id)


def exo_log_for(store: Store, motion_id: str) -> str | None:
    """The log of the exo that was worn in this motion; None where none was chosen for its recording.

    A log survives that the motion is solved again, but not on another clock: its offset would be wrong. One
    that newer forces left out was put aside: nobody wore that exo after all.
    """
    visit_id = store.info(motion_id).visit_id
    info = store.latest(visit_id, RecordKind.EXO_LOG)
    if info is None or _put_aside(store, visit_id, info.id):
        return None
    recorded = {name for name, _digest in info.provenance.inputs}
    same_clock = store.load(info.id, ExoLog).slow_motion == store.load(motion_id, Motion).clock.slow_motion
    return info.id if captured_for(store, motion_id) in recorded and same_clock else None


def _put_aside(store: Store, visit_id: str, log_id: str) -> bool:
    """Whether the newest forces that came after the log were computed without it."""
    records = store.records(visit_id)
    at = next(place for place, info in enumerate(records) if info.id == log_id)
    forces = [info for info in records[at + 1 :] if info.kind is RecordKind.KINETICS]
    return bool(forces) and log_id not in {name for name, _digest in forces[-1].provenance.inputs}
