"""How exactly several cameras' clocks are found, and how fast four of them are looked through."""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.capture.common_time import resampled
from core.capture.synchronise import synchronise
from core.capture.synthetic import PinholeCamera, project_landmarks
from core.capture.triangulation import triangulate
from core.devices.cameras import VideoFileSource
from core.domain.recording import Landmarks, LandmarkTrack, frame_rate_hz
from core.domain.subject import Sex, Subject
from core.domain.twin import BodyParameters
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, JsonValue, SilentContext
from core.store.repository import open_store
from core.tasks import detect_pose, import_video
from core.twin.scaling import scales_for_height
from core.twin.skeleton import POINTS, Skeleton

RIG, WALK = "video-4cam-balance/Demo_SinglePerson", "video-sagittal-walk/walk.mp4"
REPETITIONS = 3
WALK_SHIFTS = (
    (11, 1),
    (7, 2),
    (29, 1),
)  # first picture and step: every second from an odd one is half a picture
RIG_SHIFTS = ((0, 1), (13, 1), (25, 2), (37, 1))
DRIFTS_PPM = (100.0, -300.0, 1000.0)


def bench_cameras_sync(recordings: Path) -> dict[str, float]:
    """Rows of `exotwin bench cameras`.

    `offset_error_frames_walk`: a real walk against copies of its film that begin later or have every second
    picture; without a calibration. `offset_error_frames_four_cameras`: the films of four calibrated cameras,
    shifted against each other; the largest error in a camera's own pictures. `drift_error_ppm_simulated`: a
    minute of simulated walking on the spot, uncalibrated. `four_cameras_ratio`: recorded seconds over
    seconds of the job `detect_pose` on all four films; `four_cameras_ratio_of_two_cores` is the same if two
    cores had nothing else to do, from the processor time used.
    """
    rig = recordings / RIG
    films = [rig / "videos" / f"cam0{number}.mp4" for number in (1, 2, 3, 4)]
    calibration = rig / "calibration" / "Calib.qca.txt"
    return {
        "offset_error_frames_walk": _walk_error_frames(recordings / WALK),
        "offset_error_frames_four_cameras": _rig_error_frames(films, calibration),
        "drift_error_ppm_simulated": max(_drift_error_ppm(ppm) for ppm in DRIFTS_PPM),
        **_speed(films, calibration),
    }


def _walk_error_frames(film: Path) -> float:
    errors = []
    with _Visit() as visit:
        whole = visit.tracks([film], None)[0]
        for first, every in WALK_SHIFTS:
            copy = visit.tracks([_later(film, visit.folder / "copy.mp4", first, every)], None)[0]
            agreement = synchronise(whole, copy)
            assert agreement is not None
            rate_hz = 30.0 / every
            errors.append(abs(agreement.sync.offset_s - first / 30.0) * rate_hz)
    return max(errors)


def _rig_error_frames(films: Sequence[Path], calibration: Path) -> float:
    with _Visit() as visit:
        late = [
            _later(film, visit.folder / film.name, *shift)
            for film, shift in zip(films, RIG_SHIFTS, strict=True)
        ]
        visit.tracks(late, calibration)
        cameras = visit.landmarks.cameras
    pairs = zip(cameras, RIG_SHIFTS, strict=True)
    return max(abs(camera.offset_frames - first / every) for camera, (first, every) in pairs)


def _speed(films: Sequence[Path], calibration: Path) -> dict[str, float]:
    wall, used = [], []
    with _Visit() as visit:
        visit.tracks(films, calibration)  # once to warm up
        for _ in range(REPETITIONS):
            start_s, start_cpu_s = time.perf_counter(), time.process_time()
            visit.detect(calibration)
            wall.append(time.perf_counter() - start_s)
            used.append(time.process_time() - start_cpu_s)
        placed = triangulate(visit.landmarks.patient.tracks)
    with VideoFileSource(films[0]) as source:
        *_, last_s = source.times()
    return {
        "four_cameras_residual_px": float(np.nanmedian(placed.residual_px)),
        "four_cameras_recorded_s": last_s,
        "four_cameras_ratio": last_s / statistics.median(wall),
        "four_cameras_ratio_of_two_cores": 2.0 * last_s / statistics.median(used),
        "cores": float(os.cpu_count() or 1),
    }


@dataclass
class _Visit:
    """A data folder that is thrown away."""

    landmarks: Landmarks = None  # type: ignore[assignment]  # of the last detection

    def __enter__(self) -> _Visit:
        self._held = tempfile.TemporaryDirectory()
        self.folder = Path(self._held.name)
        self._data = self.folder / "data"
        self._context = SilentContext(JobSpec("bench", "detect_pose", {}, self._data), self.folder / "work")
        with open_store(self._data) as store:
            patient = store.add_patient(Subject("BENCH", 1980, Sex.OTHER, 1.70, 70.0))
            self._visit_id = store.start_visit(patient).id
        return self

    def __exit__(self, *_: object) -> None:
        self._held.cleanup()

    def tracks(self, films: Sequence[Path], calibration: Path | None) -> tuple[LandmarkTrack, ...]:
        """Import and detect; the patient's tracks."""
        told = "" if calibration is None else str(calibration)
        names: list[JsonValue] = [str(film) for film in films]
        params: dict[str, JsonValue] = {"visit_id": self._visit_id, "files": names, "calibration": told}
        self._recording_id = import_video.run(params, self._context)
        self.detect(calibration)
        return self.landmarks.patient.tracks

    def detect(self, calibration: Path | None) -> None:
        told = "" if calibration is None else str(calibration)
        params = {"recording_id": self._recording_id, "person": None, "calibration": told}
        landmarks_id = detect_pose.run(params, self._context)
        with open_store(self._data) as store:
            self.landmarks = store.load(landmarks_id, Landmarks)


def _later(film: Path, path: Path, first: int, every: int) -> Path:
    """A copy of a film from picture `first` on, with every `every`-th picture."""
    with VideoFileSource(film) as source:
        rate_hz = round(frame_rate_hz(tuple(source.times()))) / every
    with VideoFileSource(film) as source:
        writer = None
        for _, image in itertools.islice(source.frames(), first, None, every):
            if writer is None:
                size = (image.shape[1], image.shape[0])
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate_hz, size)
            writer.write(image)
    assert writer is not None
    writer.release()
    return path


def _drift_error_ppm(ppm: float) -> float:
    """How far off the drift of a simulated minute is; infinite where it is said to be unknown."""
    time_s, point_m = _minute_on_the_spot()
    cameras = (
        PinholeCamera((5.0, 0.0, 1.0), (0.0, 0.0, 0.9)),
        PinholeCamera((4.0, 4.0, 1.4), (0.0, 0.0, 0.9)),
    )
    clocks = ((0.0, 0.0), (0.4, 1e-6 * ppm))
    tracks = []
    for seed, (camera, (offset_s, drift)) in enumerate(zip(cameras, clocks, strict=True)):
        own_s = np.arange(0.0, (time_s[-1] - offset_s) / (1.0 + drift), 1.0 / 30.0)
        points = resampled(time_s, point_m, offset_s + (1.0 + drift) * own_s)
        track = project_landmarks(own_s, points, POINTS, camera, noise_px=2.0, seed=seed)
        tracks.append(LandmarkTrack(own_s, track.image_px, track.world_m, track.visibility, 1280, 720))
    agreement = synchronise(*tracks)
    assert agreement is not None
    drift = agreement.sync.drift
    return float("inf") if np.isnan(drift) else abs(1e6 * drift - ppm)


def _minute_on_the_spot() -> tuple[np.ndarray, np.ndarray]:
    """Times (T,) and landmarks (T, P, 3) of normal gait on a treadmill, with a pace that varies by 8 %."""
    height_m = 1.68
    skeleton = Skeleton(BodyParameters(height_m, 60.0, scales_for_height(height_m)))
    reference = normal_reference(height_m)
    time_s = np.arange(0.0, 60.0, 1.0 / 60.0)
    pace = np.random.default_rng(3).normal(1.0, 0.08, 121).clip(0.8, 1.2)
    phase = np.cumsum(np.interp(time_s, np.linspace(0, 60, 121), pace)) / 60.0 / reference.period_s
    place = (phase % 1.0) * len(reference.angle_rad)
    closed = np.concatenate([reference.angle_rad, reference.angle_rad[:1]])
    pose = np.zeros((len(time_s), 6 + closed.shape[1]))
    pose[:, 2] = 0.92 + 0.02 * np.cos(4 * np.pi * phase)
    pose[:, 6:] = resampled(np.arange(len(closed), dtype=float), closed, place)
    return time_s, np.stack([skeleton.points_m(frame) for frame in pose])
