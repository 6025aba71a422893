"""A second visit of the demo patient: films of a walk like the first one, and who finds it in them.

The pose model sees no person in drawn points, so `detect_pose` here stands in for it; what comes before and
after are the program's own jobs. All of it is labelled synthetic.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from core.domain.record import RecordKind
from core.domain.recording import Landmarks, LandmarkTrack
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.detect_pose import summary_of

RATE_HZ, WIDTH_PX, HEIGHT_PX = 30.0, 640, 360
NOISE_PX, NOISE_M, SEED = 1.0, 0.003, 17
FILMS = 3


def films(folder: Path, landmarks: Landmarks) -> tuple[Path, ...]:
    """One film per camera that saw `landmarks`: the points found, as they move."""
    return tuple(
        _film(folder / f"synthetic walk camera {number}.mp4", track)
        for number, track in enumerate(landmarks.patient.tracks, start=1)
    )


def _film(path: Path, track: LandmarkTrack) -> Path:
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, RATE_HZ, (WIDTH_PX, HEIGHT_PX))
    scale = np.array([WIDTH_PX / track.width_px, HEIGHT_PX / track.height_px])
    for time_s in np.arange(track.time_s[0], track.time_s[-1], 1.0 / RATE_HZ):
        picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 90, dtype=np.uint8)
        cv2.putText(picture, "SYNTHETIC", (20, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230, 230, 230), 2)
        now = track.image_px[np.searchsorted(track.time_s, time_s)] * scale
        for x, y in now[np.isfinite(now).all(axis=1)].astype(int):
            cv2.circle(picture, (int(x), int(y)), 4, (240, 240, 240), -1)
        writer.write(picture)
    writer.release()
    return path


def detect_pose(params: Params, context: JobContext) -> str:
    """The job `detect_pose` for `films`: the walk of the patient's first visit, seen with other errors."""
    recording_id = str(params["recording_id"])
    with open_store(context.spec.data_dir) as store:
        visit_id = store.info(recording_id).visit_id
        first = first_landmarks(store, store.visit(visit_id).patient_id)
        landmarks = _seen_again(first)
        return store.save(
            RecordKind.LANDMARKS,
            landmarks,
            visit_id=visit_id,
            inputs=(recording_id,),
            summary=summary_of(landmarks),
            operator=context.spec.operator,
            seed=SEED,
        )


def first_landmarks(store: Store, patient_id: str) -> Landmarks:
    first = store.latest(store.visits(patient_id)[0].id, RecordKind.LANDMARKS)
    assert first is not None
    return store.load(first.id, Landmarks)


def _seen_again(landmarks: Landmarks) -> Landmarks:
    random = np.random.default_rng(SEED)
    tracks = tuple(
        replace(
            track,
            image_px=track.image_px + random.normal(0.0, NOISE_PX, track.image_px.shape),
            world_m=track.world_m + random.normal(0.0, NOISE_M, track.world_m.shape),
        )
        for track in landmarks.patient.tracks
    )
    person = replace(landmarks.patient, tracks=tracks)
    return replace(landmarks, people=(person,), chosen=0, synthetic=True)
