"""Stream `record_camera`: live picture with a verdict; records between `start` and `stop`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from core.capture.pose import Pose, PoseDetector
from core.capture.quality import (
    FrameStatistics,
    frame_statistics,
    length_findings,
    picture_findings,
    scaled_down,
    timing_findings,
)
from core.capture.verdict import LiveFrame, LiveVerdict, live_verdict, together
from core.devices.cameras import TIMES_ENDING, ByteImage, open_live, save_times
from core.devices.recorder import CameraRecorder
from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.condition import Condition
from core.domain.findings import Finding, worst_first
from core.domain.record import RecordKind
from core.domain.recording import Landmark, Recording, VideoFile, frame_rate_hz
from core.errors import UserError, refuse
from core.jobs.values import JobContext, JsonValue, Params
from core.store.repository import open_store
from core.tasks.conditions import stated_condition
from core.tasks.import_video import summary_of
from core.tasks.see_cameras import open_detector
from core.vault.scratch import Scratch, scratch

_PREVIEW_PX, _TOGETHER_PX = 640, 1280  # longer side of the preview of one camera, of several side by side
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


@dataclass
class _Camera:
    """One camera of a stream: what it sends, and what was seen of it so far."""

    recorder: CameraRecorder
    detector: PoseDetector
    analysed: _AnalysedFrames = field(default_factory=_AnalysedFrames)

    def look(self) -> tuple[ByteImage, Pose | None, LiveVerdict]:
        """The newest picture, the person in it, and whether it is good enough to record."""
        time_s, image = self.recorder.newest()
        found = self.detector.detect(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), time_s)
        pose = found[0] if found else None
        image_px, world_m = (None, None) if pose is None else (pose.image_px, pose.world_m)
        self.analysed.size_px = (image.shape[1], image.shape[0])
        self.analysed.add(LiveFrame(time_s, image_px, frame_statistics(image), world_m))
        verdict = live_verdict(
            self.analysed.frames,
            fps_hz=self.recorder.fps_hz,
            width_px=image.shape[1],
            height_px=image.shape[0],
        )
        return image, pose, verdict


def run(params: Params, context: JobContext) -> str:
    """Params: `visit_id`, `condition` if it is known, and `camera` (number from 0, or the path of a video
    that replaces the camera) or `cameras` (several of them, recorded together).

    Commands: `start` and `stop`. After `stop` the recording is saved and its id returned; a `stop` without a
    `start` ends the stream with an empty id. Sends pictures `preview` (`jpeg`, of all cameras side by side;
    `landmarks_px` (33, 2) and `visibility` (33,) of the first one, in the preview's pixels), samples named as
    in `LiveVerdict` (of the camera that is worst off), and the advice as messages.
    """
    condition = stated_condition(params)
    given = params.get("cameras") or [params["camera"]]
    chosen: list[JsonValue] = list(given) if isinstance(given, list) else [given]
    with scratch(context.work_dir) as places:
        return _record(chosen, condition, places, params, context)


def _record(
    chosen: list[JsonValue], condition: Condition, places: Scratch, params: Params, context: JobContext
) -> str:
    paths = [places.place(f"camera-{number}.mkv") for number in range(1, len(chosen) + 1)]
    with ExitStack() as stack:
        cameras = []
        for camera, path in zip(chosen, paths, strict=True):
            source = open_live(camera if isinstance(camera, int) else str(camera))
            detector = stack.enter_context(open_detector(1, True))
            cameras.append(_Camera(stack.enter_context(CameraRecorder(source, path)), detector))
        times_s = _analyse_until_stop(context, cameras)
    if times_s is None:
        return ""
    for own_s in times_s:
        if len(own_s) < 2 or own_s[-1] < _SHORTEST_S:
            raise _too_short(own_s)
    analysed = [camera.analysed for camera in cameras]
    for path in paths:
        places.place(path.name + TIMES_ENDING)
    return _save(str(params["visit_id"]), paths, times_s, analysed, condition, context)


def _analyse_until_stop(context: JobContext, cameras: list[_Camera]) -> list[tuple[float, ...]] | None:
    """Analyse frames until `stop`; returns the times of each camera's frames, None without a recording."""
    last_sentence = ""
    recording = False
    while True:
        context.check_cancelled()
        for command in context.received():
            if command == "start":
                recording = True
                for camera in cameras:
                    camera.recorder.start()
                    camera.analysed.recording, camera.analysed.frames = True, []
            elif command == "stop":
                return [camera.recorder.finish() for camera in cameras] if recording else None
        looks = [camera.look() for camera in cameras]
        _show(context, [(image, pose) for image, pose, _ in looks])
        verdict = together([verdict for _, _, verdict in looks])
        dropped = [camera.recorder.dropped for camera in cameras]
        context.sample(
            **verdict.values(),
            dropped_by_camera=float(sum(one.by_camera for one in dropped)),
            dropped_by_disk=float(sum(one.by_disk for one in dropped)),
            recorded_s=min(camera.recorder.recorded_s for camera in cameras),
        )
        if verdict.sentence != last_sentence:
            last_sentence = verdict.sentence
            context.message(last_sentence)


def _show(context: JobContext, looks: list[tuple[ByteImage, Pose | None]]) -> None:
    """Show the pictures side by side, each with its skeleton."""
    longest_px = _PREVIEW_PX if len(looks) == 1 else _TOGETHER_PX // len(looks)
    shown = [_with_skeleton(image, pose, longest_px) for image, pose in looks]
    height = max(picture.shape[0] for picture, _ in shown)
    below = [height - picture.shape[0] for picture, _ in shown]
    pictures = [
        cv2.copyMakeBorder(picture, 0, gap, 0, 0, cv2.BORDER_CONSTANT)
        for (picture, _), gap in zip(shown, below, strict=True)
    ]
    _, jpeg = cv2.imencode(".jpg", np.hstack(pictures), [cv2.IMWRITE_JPEG_QUALITY, 75])
    first = looks[0][1]
    visibility = np.zeros(33) if first is None else first.visibility
    context.picture("preview", jpeg=jpeg.ravel(), landmarks_px=shown[0][1], visibility=visibility)


def _with_skeleton(image: ByteImage, pose: Pose | None, longest_px: int) -> tuple[ByteImage, FloatArray]:
    """The small picture, and the landmarks (33, 2) in it."""
    small = np.array(scaled_down(image, longest_px))
    points = np.full((33, 2), np.nan)
    if pose is not None:
        points = pose.image_px * small.shape[1] / image.shape[1]
        for upper, lower, side in _BONES:
            ends = (points[upper].astype(int).tolist(), points[lower].astype(int).tolist())
            cv2.line(small, *ends, _COLOUR_BGR[side], 2, cv2.LINE_AA)
    return small, points


def _save(
    visit_id: str,
    paths: list[Path],
    times_s: list[tuple[float, ...]],
    analysed: list[_AnalysedFrames],
    condition: Condition,
    context: JobContext,
) -> str:
    videos: list[VideoFile] = []
    found: list[Finding] = []
    files: list[Path] = []
    for path, own_s, frames in zip(paths, times_s, analysed, strict=True):
        videos.append(VideoFile(path.name, len(own_s), frame_rate_hz(own_s), *frames.size_px))
        statistics: list[FrameStatistics] = [frame.statistics for frame in frames.frames]
        found += timing_findings(own_s, header_frames=len(own_s), cut_short=False)
        found += picture_findings(statistics) if statistics else ()
        files += [path, save_times(path, own_s)]
    found += length_findings([video.duration_s for video in videos])
    recording = Recording(tuple(videos), "camera", worst_first(tuple(found)), condition=condition)
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.RECORDING,
            recording,
            visit_id=visit_id,
            summary=summary_of(recording),
            operator=context.spec.operator,
            files=tuple(files),
        )


def _too_short(times_s: tuple[float, ...]) -> UserError:
    return refuse(
        "CAP-042",
        "The recording is too short.",
        f"It lasts {times_s[-1] if times_s else 0.0:.1f} s; no stride fits into that.",
        "Press Record before the patient starts, and Stop after the walk.",
    )
