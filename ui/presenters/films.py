"""Which results have the pictures that a page shows of a film, and what is seen in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.domain.frames import PICTURES
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.store.repository import Store
from ui.recording_view import RecordingView, recording_view_of, timing_video, with_sides_of


def films_of_landmarks(store: Store, landmarks_id: str) -> tuple[str, ...]:
    """The landmarks and what they were found in; pictures are those of the first that has some."""
    return (landmarks_id, *(name for name, _digest in store.info(landmarks_id).provenance.inputs))


def films_of_motion(store: Store, motion_id: str | None) -> tuple[str, ...]:
    """The same of what a motion was solved from; an edited motion has those of the first."""
    if motion_id is None:
        return ()
    for name, _digest in store.info(motion_id).provenance.inputs:
        kind = store.info(name).kind
        if kind is RecordKind.MOTION:
            return films_of_motion(store, name)
        if kind is RecordKind.LANDMARKS:
            return films_of_landmarks(store, name)
    return ()


def folders_of(store: Store, record_ids: Iterable[str]) -> tuple[Path, ...]:
    """With their pictures; the films themselves are for jobs."""
    return tuple(store.folder(name, PICTURES) for name in record_ids)


def view_of_motion(store: Store, landmarks_id: str, motion: Motion, *, swapped: bool) -> RecordingView | None:
    """What a motion was solved from, with its left and right, which may have been `swapped` on purpose."""
    landmarks = store.load(landmarks_id, Landmarks)
    folders = folders_of(store, films_of_landmarks(store, landmarks_id))
    clip = recording_view_of(landmarks, folders, timing_video(motion, landmarks))
    return with_sides_of(clip, motion.leg_exchanges, swapped=swapped)
