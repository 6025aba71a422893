"""Job `import_video`: check video files and keep them as a recording."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from core.capture.quality import (
    FrameStatistics,
    frame_statistics,
    length_findings,
    picture_findings,
    timing_findings,
)
from core.devices.cameras import TIMES_ENDING, ByteImage, probe
from core.domain.condition import Condition
from core.domain.findings import Finding, worst_first
from core.domain.record import RecordKind
from core.domain.recording import Recording, VideoFile
from core.errors import refuse
from core.jobs.values import JobContext, JsonValue, Params
from core.store.files import Attachment
from core.store.repository import open_store
from core.tasks.calibrated_videos import of_videos, told_calibration
from core.tasks.conditions import stated_condition
from core.tasks.detect_pose import refuse_removed
from core.tasks.hide_heads import HIDDEN_ENDING, hidden_finding, with_hidden_heads
from core.tasks.remove_original import remove_originals
from core.vault.scratch import Scratch, scratch

QUARTER_TURNS = (0, 90, 180, 270)
_CAMERA = re.compile(r"(?<![a-z])(?:camera|cam|gopro|phone|iphone|view)[\s_-]*\d+(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Source:
    """One video to import, its pictures turned clockwise by `turn_deg`."""

    path: Path
    turn_deg: int
    camera: str = ""  # as an earlier recording kept it; its file is called otherwise now


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What to import: files of the person, or the videos of an earlier recording."""

    sources: tuple[_Source, ...]
    origin: str = "file"
    recording_id: str | None = None
    heads_hidden: bool = False
    condition: Condition = Condition.NOT_STATED


def run(params: Params, context: JobContext) -> str:
    """Params: `visit_id`, and `files` (paths) or `recording_id` (an earlier recording, to be changed).

    `calibration` (a file, the id of a CALIBRATION, or nothing) is only checked against the videos, before
    anything takes time; `detect_pose` uses it. `turn_deg` turns the videos clockwise by 90, 180 or 270
    degrees: one number, or one per video. With `hide_face` only a copy with hidden heads is kept; with
    `remove_original` the earlier recording's video is removed then. Returns the id of a RECORDING. Refuses,
    besides what `probe` does, CAP-009 (no video), CAP-033 (no quarter turn), CAP-034 (no head found) and
    CAP-036 (the earlier recording's video was removed). `condition` is a `Condition`; without it that of the
    earlier recording holds. Refuses VIS-010 another word.
    """
    stated = stated_condition(params)
    chosen = _chosen(params, context)
    condition = chosen.condition if stated is Condition.NOT_STATED else stated
    hide = bool(params.get("hide_face", False)) and not chosen.heads_hidden
    videos, findings = _examined(chosen, context)
    if told := str(params.get("calibration") or ""):
        videos = _named_by(told, [source.path for source in chosen.sources], videos, context)
    if hide:
        videos = [_hidden_name(video) for video in videos]
    if hide:
        findings.append(hidden_finding(from_file=chosen.recording_id is None))
    hidden = hide or chosen.heads_hidden
    recording = Recording(tuple(videos), chosen.origin, worst_first(tuple(findings)), hidden, condition)
    visit_id = str(params["visit_id"])
    if not hide:
        return _save(recording, chosen, _renamed(chosen, videos), visit_id, context)
    try:
        with scratch(context.work_dir) as places:
            record_id = _save(recording, chosen, _hide(chosen, videos, places, context), visit_id, context)
    finally:  # the record has its own copy
        for path in context.work_dir.glob("camera-*"):
            path.unlink(missing_ok=True)
    if chosen.recording_id is not None and bool(params.get("remove_original", False)):
        remove_originals(record_id, context)
    return record_id


def _examined(chosen: _Chosen, context: JobContext) -> tuple[list[VideoFile], list[Finding]]:
    """Every video under the name that it is stored by, and what is to be told of them."""
    videos: list[VideoFile] = []
    findings: list[Finding] = []
    for number, source in enumerate(chosen.sources):
        name = f"camera-{number + 1}{source.path.suffix.lower()}"
        video, found = examine(source.path, name, context, turn_deg=source.turn_deg)
        videos.append(video if chosen.recording_id is None else replace(video, camera=source.camera))
        findings += found
    return videos, [*findings, *length_findings([video.duration_s for video in videos])]


def _chosen(params: Params, context: JobContext) -> _Chosen:
    """The videos to import. Refuses CAP-009, CAP-033 and CAP-036."""
    earlier_id = params.get("recording_id")
    if earlier_id is None:
        given = params["files"]
        paths = [Path(str(name)) for name in given] if isinstance(given, list) else [Path(str(given))]
        turns = _turns(params.get("turn_deg", 0), len(paths))
        return _Chosen(tuple(_Source(*pair) for pair in zip(paths, turns, strict=True)))
    with open_store(context.spec.data_dir) as store:
        recording = store.load(str(earlier_id), Recording)
        folder = store.folder(str(earlier_id))
    refuse_removed(recording, folder)
    turns = _turns(params.get("turn_deg", 0), len(recording.videos))
    sources = tuple(
        _Source(folder / video.name, (video.turn_deg + turn) % 360, video.camera)
        for video, turn in zip(recording.videos, turns, strict=True)
    )
    return _Chosen(sources, recording.source, str(earlier_id), recording.heads_hidden, recording.condition)


def _turns(given: JsonValue, videos: int) -> list[int]:
    """Degrees for every video. Refuses CAP-009 (no video) and CAP-033 (no quarter turn)."""
    if videos == 0:
        raise refuse("CAP-009", "No video was chosen.", "The list of files is empty.", "Choose a video file.")
    turns = given if isinstance(given, list) else [given] * videos
    if len(turns) != videos or any(turn not in QUARTER_TURNS for turn in turns):
        raise refuse(
            "CAP-033",
            "The video cannot be turned like that.",
            f"{given} is not a quarter turn for each of {videos} videos.",
            "Turn by 90, 180 or 270 degrees clockwise.",
        )
    return [int(str(turn)) for turn in turns]


def examine(
    path: Path, name: str, context: JobContext, *, turn_deg: int = 0
) -> tuple[VideoFile, tuple[Finding, ...]]:
    """Check every frame of one video. `name`: the stored file name, which must not name the patient."""
    statistics: list[FrameStatistics] = []

    def inspect(number: int, time_s: float, image: ByteImage) -> None:
        statistics.append(frame_statistics(image))
        context.progress(None, f"Checking {path.name}: {time_s:.1f} s read")
        context.check_cancelled()

    probed = probe(path, inspect, turn_deg=turn_deg)
    size_px = probed.width_px, probed.height_px
    camera = camera_in_name(path.stem)
    video = VideoFile(name, len(probed.time_s), probed.fps_hz, *size_px, camera=camera, turn_deg=turn_deg)
    timing = timing_findings(
        probed.time_s,
        header_frames=probed.promised_frames,
        cut_short=probed.cut_short,
        stored_frames=probed.stored_frames,
    )
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
    hidden = ", heads hidden" if recording.heads_hidden else ""
    return f"{count}{first.duration_s:.1f} s, {first.fps_hz:.0f} frames/s, {size}{hidden}"


def _hidden_name(video: VideoFile) -> VideoFile:
    """The copy with hidden heads: upright already, in a container of our own."""
    return replace(video, name=Path(video.name).stem + HIDDEN_ENDING, turn_deg=0)


def _hide(
    chosen: _Chosen, videos: list[VideoFile], places: Scratch, context: JobContext
) -> tuple[Path | Attachment, ...]:
    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(0.9 * fraction, sentence)

    files: list[Path] = []
    for source, video in zip(chosen.sources, videos, strict=True):
        target = places.place(video.name)
        places.place(video.name + TIMES_ENDING)
        files += with_hidden_heads(source.path, source.turn_deg, target, report)
    return tuple(files)


def _save(
    recording: Recording,
    chosen: _Chosen,
    files: tuple[Path | Attachment, ...],
    visit_id: str,
    context: JobContext,
) -> str:
    context.progress(0.95, "Saving the video")
    context.check_cancelled()
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.RECORDING,
            recording,
            visit_id=visit_id,
            inputs=() if chosen.recording_id is None else (chosen.recording_id,),
            summary=summary_of(recording),
            operator=context.spec.operator,
            files=files,
        )


def _renamed(chosen: _Chosen, videos: list[VideoFile]) -> tuple[Path | Attachment, ...]:
    """Every video, and its times if it has some, under the name that it is stored by."""
    files = []
    for source, video in zip(chosen.sources, videos, strict=True):
        for ending in ("", TIMES_ENDING):
            file = source.path.with_name(source.path.name + ending)
            if not ending or file.is_file():
                files.append(Attachment(video.name + ending, file))
    return tuple(files)
