"""How fast people are found in a video and their angles solved, against bare MediaPipe in the same run."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision

import resources
from core.domain.recording import Landmarks
from core.domain.subject import Sex, Subject
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import detect_pose, import_video, solve_motion

REPETITIONS = 3


def bench_video(file: Path, repetitions: int = REPETITIONS) -> dict[str, float]:
    """Frame rates over the whole file, both with loading the model; one repetition of each first to warm up.

    `task_fps_hz` is the complete job: reading the record, decoding, looking for further people, tracking,
    pictures for playback, quality findings and saving. `mediapipe_fps_hz` is the plain loop of OpenCV
    decoding, colour conversion and MediaPipe's tracker for one person. The two take turns, and
    `ratio_to_mediapipe` is the median of the turns' ratios; `pipeline_ratio_to_mediapipe` counts the job that
    solves the motion, too: from the file to joint angles.
    """
    with tempfile.TemporaryDirectory() as folder:
        context = SilentContext(JobSpec("bench", "detect_pose", {}, Path(folder)), Path(folder) / "work")
        recording_id = import_video.run({"visit_id": _visit(Path(folder)), "files": [str(file)]}, context)
        params = {"recording_id": recording_id, "person": None}
        bare, task, pipeline = [], [], []
        for _ in range(repetitions + 1):
            frames, seconds = _bare_mediapipe(file)
            bare.append(frames / seconds)
            start_s = time.perf_counter()
            landmarks_id = detect_pose.run(params, context)
            task.append(frames / (time.perf_counter() - start_s))
            solve_motion.run({"landmarks_id": landmarks_id}, context)
            pipeline.append(frames / (time.perf_counter() - start_s))
        with open_store(Path(folder)) as store:
            landmarks = store.load(landmarks_id, Landmarks)
    turns = list(zip(task[1:], pipeline[1:], bare[1:], strict=True))
    return {
        "frames": float(frames),
        "people": float(len(landmarks.people)),
        "detected_fraction": landmarks.patient.seen_fraction,
        "mediapipe_fps_hz": statistics.median(bare[1:]),
        "task_fps_hz": statistics.median(task[1:]),
        "ratio_to_mediapipe": statistics.median(ours / theirs for ours, _, theirs in turns),
        "pipeline_fps_hz": statistics.median(pipeline[1:]),
        "pipeline_ratio_to_mediapipe": statistics.median(whole / theirs for _, whole, theirs in turns),
    }


def _visit(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        return store.start_visit(store.add_patient(Subject("BENCH", 1980, Sex.OTHER, 1.70, 70.0))).id


def _bare_mediapipe(file: Path) -> tuple[int, float]:
    """Frames and seconds of the loop one would write first."""
    start_s = time.perf_counter()
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(resources.pose_model())),
        running_mode=vision.RunningMode.VIDEO,
    )
    capture: Any = cv2.VideoCapture(str(file))
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    number = 0
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        while True:
            ok, image = capture.read()
            if not ok:
                break
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            landmarker.detect_for_video(picture, round(number * 1000 / rate_hz))
            number += 1
    return number, time.perf_counter() - start_s
