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

    A log survives that the motion is solved again, but not on another clock: its offset would be wrong.
    """
    info = store.latest(store.info(motion_id).visit_id, RecordKind.EXO_LOG)
    if info is None:
        return None
    recorded = {name for name, _digest in info.provenance.inputs}
    same_clock = store.load(info.id, ExoLog).slow_motion == store.load(motion_id, Motion).clock.slow_motion
    return info.id if captured_for(store, motion_id) in recorded and same_clock else None
