"""Stream `record_camera`: live picture with a verdict; records between `start` and `stop`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from core.capture.pose import Pose, PoseDetector
from core.capture.quality import (
    FrameStatistics,
    frame_statistics,
    picture_findings,
    scaled_down,
    timing_findings,
)
from core.capture.verdict import LiveFrame, live_verdict
from core.devices.cameras import ByteImage, open_live, save_times
from core.devices.recorder import CameraRecorder
from core.domain.body import Side
from core.domain.findings import worst_first
from core.domain.record import RecordKind
from core.domain.recording import Landmark, Recording, VideoFile, frame_rate_hz
from core.errors import UserError, refuse
from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.tasks.import_video import summary_of
from core.tasks.see_cameras import open_detector

_PREVIEW_PX = 640
_VIDEO_NAME = "camera-1.mkv"
_SHORTEST_S = 0.5
_BONES = tuple(
    (Landmark[f"{side.name}_{upper}"].value, Landmark[f"{side.name}_{lower}"].value, side)
    for side in Side
    for upper, lower in (
        ("SHOULDER", "HIP"),
        ("HIP", "KNEE"),
        ("KNEE", "ANKLE"),
        ("ANKLE", "HEEL"),
        ("HEEL", "FOOT_INDEX"),
        ("SHOULDER", "ELBOW"),
        ("ELBOW", "WRIST"),
    )
)
_COLOUR_BGR = {Side.LEFT: (151, 138, 240), Side.RIGHT: (240, 179, 125)}  # left red-toned, right blue-toned


@dataclass
class _AnalysedFrames:
    """Analysed frames since the recording began; before that only the most recent ones."""

    frames: list[LiveFrame] = field(default_factory=list)
    size_px: tuple[int, int] = (0, 0)
    recording: bool = False

    def add(self, frame: LiveFrame) -> None:
        self.frames.append(frame)
        if not self.recording:
            del self.frames[:-90]


def run(params: Params, context: JobContext) -> str:
    """Params: `visit_id`, `camera` (number from 0, or the path of a video that replaces the camera).

    Commands: `start` and `stop`. After `stop` the recording is saved and its id returned; a `stop` without a
    `start` ends the stream with an empty id. Sends pictures `preview` (`jpeg`, `landmarks_px` (33, 2) in the
    preview's pixels, `visibility` (33,)), samples named as in `LiveVerdict`, and the advice as messages.
    """
    camera = params["camera"]
    context.work_dir.mkdir(parents=True, exist_ok=True)
    path = context.work_dir / _VIDEO_NAME
    source = open_live(camera if isinstance(camera, int) else str(camera))
    analysed = _AnalysedFrames()
    with open_detector(1, True) as detector, CameraRecorder(source, path) as recorder:
        times_s = _analyse_until_stop(context, recorder, detector, analysed)
    if times_s is None:
        return ""
    if len(times_s) < 2 or times_s[-1] < _SHORTEST_S:
        raise _too_short(times_s)
    return _save(str(params["visit_id"]), path, times_s, analysed, context)


def _analyse_until_stop(
    context: JobContext, recorder: CameraRecorder, detector: PoseDetector, analysed: _AnalysedFrames
) -> tuple[float, ...] | None:
    """Analyse frames until `stop`; returns the times of the recorded frames, None without a recording."""
    last_sentence = ""
    while True:
        context.check_cancelled()
        for command in context.received():
            if command == "start":
                recorder.start()
                analysed.recording, analysed.frames = True, []
            elif command == "stop":
                return recorder.finish() if analysed.recording else None
        time_s, image = recorder.newest()
        pose = _detect_and_show(context, detector, time_s, image)
        analysed.size_px = (image.shape[1], image.shape[0])
        analysed.add(LiveFrame(time_s, None if pose is None else pose.image_px, frame_statistics(image)))
        verdict = live_verdict(
            analysed.frames, fps_hz=recorder.fps_hz, width_px=image.shape[1], height_px=image.shape[0]
        )
        context.sample(**verdict.values(), recorded_s=recorder.recorded_s)
        if verdict.sentence != last_sentence:
            last_sentence = verdict.sentence
            context.message(last_sentence)


def _detect_and_show(
    context: JobContext, detector: PoseDetector, time_s: float, image: ByteImage
) -> Pose | None:
    """Find the person and show the picture with the skeleton."""
    found = detector.detect(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), time_s)
    pose = found[0] if found else None
    small = np.array(scaled_down(image, _PREVIEW_PX))
    points = np.full((33, 2), np.nan)
    if pose is not None:
        points = pose.image_px * small.shape[1] / image.shape[1]
        for upper, lower, side in _BONES:
            ends = (points[upper].astype(int).tolist(), points[lower].astype(int).tolist())
            cv2.line(small, *ends, _COLOUR_BGR[side], 2, cv2.LINE_AA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 75])
    visibility = np.zeros(33) if pose is None else pose.visibility
    context.picture("preview", jpeg=jpeg.ravel(), landmarks_px=points, visibility=visibility)
    return pose


def _save(
    visit_id: str, path: Path, times_s: tuple[float, ...], analysed: _AnalysedFrames, context: JobContext
) -> str:
    video = VideoFile(path.name, len(times_s), frame_rate_hz(times_s), *analysed.size_px)
    statistics: list[FrameStatistics] = [frame.statistics for frame in analysed.frames]
    timing = timing_findings(times_s, header_frames=len(times_s), cut_short=False)
    found = worst_first((*timing, *picture_findings(statistics)) if statistics else timing)
    recording = Recording((video,), "camera", found)
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.RECORDING,
            recording,
            visit_id=visit_id,
            summary=summary_of(recording),
            operator=context.spec.operator,
            files=(path, save_times(path, times_s)),
        )


def _too_short(times_s: tuple[float, ...]) -> UserError:
    return refuse(
        "CAP-042",
        "The recording is too short.",
        f"It lasts {times_s[-1] if times_s else 0.0:.1f} s; no stride fits into that.",
        "Press Record before the patient starts, and Stop after the walk.",
    )
