"""Job `detect_pose`: detect the people in a recording and choose the walking one as the patient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import resources
from core.capture.detection import DetectedPeople, detect_people
from core.capture.people import across_cameras, choose_patient
from core.capture.pipeline import TimedFrame
from core.capture.playback import PlaybackPictures
from core.capture.pose import PoseDetector
from core.capture.quality import patient_findings
from core.capture.upright import TURNED
from core.devices.cameras import VideoFileSource
from core.domain.findings import Finding, Severity, worst_first
from core.domain.frames import write_frames
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Person, Recording
from core.errors import Advice, UserError, refuse
from core.jobs.values import JobContext, Params
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `recording_id`, `person` (number or null). Returns the id of a LANDMARKS record."""
    recording_id = str(params["recording_id"])
    chosen_person = params.get("person")
    with open_store(context.spec.data_dir) as store:
        recording = store.load(recording_id, Recording)
        folder = store.folder(recording_id)
        refuse_removed(recording, folder)
        landmarks, files = detect(recording, folder, context)
        if chosen_person is not None:
            landmarks = chosen_by_clinician(landmarks, int(str(chosen_person)))
        context.progress(0.99, "Saving what was seen")
        context.check_cancelled()
        landmarks_id = store.save(
            RecordKind.LANDMARKS,
            landmarks,
            visit_id=store.info(recording_id).visit_id,
            inputs=(recording_id,),
            summary=summary_of(landmarks),
            operator=context.spec.operator,
            files=files,
        )
    for file in files:  # the record has its own copy; pictures of a patient lie in one place only
        file.unlink(missing_ok=True)
    return landmarks_id


def refuse_removed(recording: Recording, folder: Path) -> None:
    """Refuses (CAP-036) a recording whose video was removed on request."""
    missing = [video.name for video in recording.videos if not (folder / video.name).is_file()]
    if missing:
        raise refuse(
            "CAP-036",
            "The video of this recording is not there any more.",
            "It was removed because a copy with hidden heads took its place, or its folder was changed.",
            "Use the copy with hidden heads, or import the video again.",
        )


def detect(recording: Recording, folder: Path, context: JobContext) -> tuple[Landmarks, tuple[Path, ...]]:
    """People of all cameras, and the files with small pictures for playback.

    Refuses CAP-020 (no pose model) and CAP-021 (nobody seen by any camera).
    """
    context.work_dir.mkdir(parents=True, exist_ok=True)
    cameras: list[DetectedPeople] = []
    findings: list[Finding] = []
    files: list[Path] = []
    for number, video in enumerate(recording.videos):
        pictures = PlaybackPictures(video.frames)
        seen = detect_people(
            partial(read_frames, folder / video.name, video.turn_deg),
            open_detector,
            expected=video.frames,
            observe=pictures.add,
            report=partial(_report, context, number, len(recording.videos)),
        )
        if not seen.people:
            findings.append(_saw_nobody(number))
            continue
        findings += pictures.camera_findings(seen.people, 0)
        files += write_frames(
            context.work_dir,
            pictures.jpegs,
            size_px=pictures.size_px,
            source_size_px=(seen.width_px, seen.height_px),
            camera=len(cameras),
        )
        cameras.append(seen)
    if not cameras:
        raise _nobody()
    return _landmarks(across_cameras([seen.people for seen in cameras]), findings, recording), tuple(files)


def open_detector(people: int, tracking: bool) -> PoseDetector:
    return PoseDetector(resources.pose_model(), people=people, tracking=tracking)


def chosen_by_clinician(landmarks: Landmarks, person: int) -> Landmarks:
    """The same people with another one as the patient. Refuses CAP-030 when there is no such person."""
    if not 0 <= person < len(landmarks.people):
        raise refuse(
            "CAP-030",
            f"There is no person {person + 1} in this recording.",
            f"{len(landmarks.people)} people were seen.",
            "Choose one of the people in the list.",
        )
    of_choice = ("CAP-022", "CAP-023")
    of_patient = ("CAP-024", "CAP-025", "CAP-026", "CAP-028", TURNED)
    kept = [f for f in landmarks.findings if f.advice.code not in (*of_choice, *of_patient)]
    findings = (*kept, *_all_views(landmarks.people[person]))
    return Landmarks(landmarks.people, person, "clinician", worst_first(findings), landmarks.synthetic)


def summary_of(landmarks: Landmarks) -> str:
    """One line for people."""
    seen = f"{100 * landmarks.patient.seen_fraction:.0f} % of the frames"
    count = len(landmarks.people)
    return f"{landmarks.patient.label}, seen in {seen}" + (f", {count} people" if count > 1 else "")


def _landmarks(people: tuple[Person, ...], findings: list[Finding], recording: Recording) -> Landmarks:
    chosen, chosen_by, of_choice = choose_patient(people)
    every = (*findings, *of_choice, *_all_views(people[chosen]), *recording.findings)
    return Landmarks(people, chosen, chosen_by, worst_first(every), recording.source == "synthetic")


def _all_views(patient: Person) -> tuple[Finding, ...]:
    return tuple(finding for track in patient.tracks for finding in patient_findings(track))


def read_frames(path: Path, turn_deg: int = 0) -> Iterator[TimedFrame]:
    """The frames of a video file from its beginning, turned clockwise."""
    with VideoFileSource(path, turn_deg) as source:
        yield from source.frames()


def _report(context: JobContext, camera: int, cameras: int, fraction: float) -> None:
    context.check_cancelled()
    which = f" in video {camera + 1} of {cameras}" if cameras > 1 else ""
    context.progress(0.98 * (camera + min(fraction, 1.0)) / cameras, f"Finding the person{which}")


def _saw_nobody(camera: int) -> Finding:
    what = f"Camera {camera + 1} saw nobody."
    why = "The session goes on with the other cameras."
    step = "Check where this camera points before the next recording."
    return Finding(Severity.WARNING, Advice(what, why, step, "CAP-029"))


def _nobody() -> UserError:
    return refuse(
        "CAP-021",
        "Nobody was found in the video.",
        "No frame shows a person clearly enough.",
        "Check that the right file was chosen; record with the whole body in the picture and more light.",
    )
