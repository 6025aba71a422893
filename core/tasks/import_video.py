"""Job `import_video`: check video files and keep them as a recording."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

from core.capture.quality import (
    FrameStatistics,
    frame_statistics,
    length_findings,
    picture_findings,
    timing_findings,
)
from core.devices.cameras import ByteImage, probe
from core.domain.findings import Finding, worst_first
from core.domain.record import RecordKind
from core.domain.recording import Recording, VideoFile
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.tasks.calibrated_videos import of_videos, told_calibration

_CAMERA = re.compile(r"(?<![a-z])(?:camera|cam|gopro|phone|iphone|view)[\s_-]*\d+(?!\d)", re.IGNORECASE)


def run(params: Params, context: JobContext) -> str:
    """Params: `visit_id`, `files` (paths), `calibration` (a file, the id of a CALIBRATION, or nothing).

    The calibration is only checked against the videos, before anything takes time; `detect_pose` uses it.
    Returns the id of a RECORDING.
    """
    visit_id = str(params["visit_id"])
    chosen = params["files"]
    paths = [Path(str(name)) for name in chosen] if isinstance(chosen, list) else [Path(str(chosen))]
    if not paths:
        raise refuse("CAP-009", "No video was chosen.", "The list of files is empty.", "Choose a video file.")
    videos: list[VideoFile] = []
    findings: list[Finding] = []
    for number, path in enumerate(paths):
        video, found = examine(path, f"camera-{number + 1}{path.suffix.lower()}", context)
        videos.append(video)
        findings += found
    if told := str(params.get("calibration") or ""):
        videos = _named_by(told, paths, videos, context)
    findings += length_findings([video.duration_s for video in videos])
    recording = Recording(tuple(videos), "file", worst_first(tuple(findings)))
    context.progress(0.95, "Saving the video")
    context.check_cancelled()
    targets = tuple(context.work_dir / video.name for video in videos)
    try:
        for path, target in zip(paths, targets, strict=True):
            _place(path, target)
        with open_store(context.spec.data_dir) as store:
            return store.save(
                RecordKind.RECORDING,
                recording,
                visit_id=visit_id,
                summary=summary_of(recording),
                operator=context.spec.operator,
                files=targets,
            )
    finally:  # the record has its own copy, and a link to the person's file is not ours to keep
        for target in targets:
            target.unlink(missing_ok=True)


def examine(path: Path, name: str, context: JobContext) -> tuple[VideoFile, tuple[Finding, ...]]:
    """Check every frame of one video. `name`: the stored file name, which must not name the patient."""
    statistics: list[FrameStatistics] = []

    def inspect(number: int, time_s: float, image: ByteImage) -> None:
        statistics.append(frame_statistics(image))
        context.progress(None, f"Checking {path.name}: {time_s:.1f} s read")
        context.check_cancelled()

    probed = probe(path, inspect)
    size = (probed.width_px, probed.height_px)
    video = VideoFile(name, len(probed.time_s), probed.fps_hz, *size, camera=camera_in_name(path.stem))
    timing = timing_findings(probed.time_s, header_frames=probed.header_frames, cut_short=probed.cut_short)
    return video, (*timing, *picture_findings(statistics))


def camera_in_name(stem: str) -> str:
    """The part of a file's name that names a camera: "cam 01" of "Jane Doe cam 01"; empty where none does.

    The rest may name the patient, and is not kept.
    """
    found = _CAMERA.search(stem)
    return "" if found is None else found.group().lower()


def _named_by(told: str, paths: list[Path], videos: list[VideoFile], context: JobContext) -> list[VideoFile]:
    """The videos with the names of their calibrated cameras. Refuses CAL-001 to CAL-009."""
    with open_store(context.spec.data_dir) as store:
        calibration, _ = told_calibration(store, told)
    named = [replace(video, camera=path.stem) for video, path in zip(videos, paths, strict=True)]
    cameras = of_videos(calibration, named, paths).cameras
    return [replace(video, camera=camera.name) for video, camera in zip(videos, cameras, strict=True)]


def summary_of(recording: Recording) -> str:
    """One line for people."""
    first = recording.videos[0]
    count = "" if len(recording.videos) == 1 else f"{len(recording.videos)} videos, "
    size = f"{first.width_px}x{first.height_px}"
    return f"{count}{first.duration_s:.1f} s, {first.fps_hz:.0f} frames/s, {size}"


def _place(source: Path, target: Path) -> None:
    """Put a file under its new name; linked instead of copied where the disk allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)
