"""Job `detect_pose`: detect the people in a recording and choose the walking one as the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.capture.camera_verdicts import (
    AGREES_WITH_NONE,
    SAW_NOBODY,
    camera_verdicts,
    camera_verdicts_again,
    check_one_walk,
    one_camera_left,
    together_findings,
)
from core.capture.people import choose_patient
from core.capture.quality import patient_findings
from core.capture.same_person import Together, same_people
from core.capture.upright import TURNED
from core.domain.calibration import Calibration
from core.domain.findings import Finding, Severity, worst_first
from core.domain.frames import write_frames
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Person, Recording
from core.errors import Advice, UserError, refuse
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store
from core.tasks.calibrated_videos import of_videos, told_calibration
from core.tasks.see_cameras import SeenVideo, see_cameras


def run(params: Params, context: JobContext) -> str:
    """Params: `recording_id`, `person` (number or null), `calibration` (a file, the id of a CALIBRATION, or
    nothing). Returns the id of a LANDMARKS record.
    """
    recording_id = str(params["recording_id"])
    chosen_person, told = params.get("person"), str(params.get("calibration") or "")
    with open_store(context.spec.data_dir) as store:
        recording = store.load(recording_id, Recording)
        folder = store.folder(recording_id)
        refuse_removed(recording, folder)
        calibration, calibration_id = told_calibration(store, told) if told else (None, "")
        landmarks, files = detect(recording, folder, context, calibration)
        if chosen_person is not None:
            landmarks = chosen_by_clinician(landmarks, int(str(chosen_person)))
        context.progress(0.99, "Saving what was seen")
        context.check_cancelled()
        visit_id = store.info(recording_id).visit_id
        if calibration is not None and not calibration_id:
            calibration_id = _kept(store, calibration, visit_id, context)
        landmarks_id = store.save(
            RecordKind.LANDMARKS,
            landmarks,
            visit_id=visit_id,
            inputs=(recording_id, calibration_id) if calibration_id else (recording_id,),
            summary=summary_of(landmarks),
            operator=context.spec.operator,
            settings={"calibration": calibration.source} if calibration is not None else {},
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


def _kept(store: Store, calibration: Calibration, visit_id: str, context: JobContext) -> str:
    """The record of a calibration that came from a file, so that it can be used again without it."""
    return store.save(
        RecordKind.CALIBRATION,
        calibration,
        visit_id=visit_id,
        summary=f"{len(calibration.cameras)} cameras; {calibration.source}",
        operator=context.spec.operator,
    )


def detect(
    recording: Recording, folder: Path, context: JobContext, calibration: Calibration | None = None
) -> tuple[Landmarks, tuple[Path, ...]]:
    """People of all cameras, and the files with small pictures for playback.

    Refuses CAP-020 (no pose model), CAP-021 (nobody seen by any camera), CAP-050 (calibrated videos of
    different walks), and what does not go together with the calibration (CAL-007 to CAL-009).
    """
    context.work_dir.mkdir(parents=True, exist_ok=True)
    videos = recording.videos
    if calibration is not None:
        calibration = of_videos(calibration, videos, [folder / video.name for video in videos])
    seen = see_cameras(videos, folder, context)
    if not any(one.people.people for one in seen):
        raise _nobody()
    context.progress(0.92, "Comparing the cameras" if len(videos) > 1 else "Judging the picture")
    context.check_cancelled()
    files: list[Path] = []
    findings: list[Finding] = [] if calibration is None else list(calibration.findings)
    for number, one in enumerate(seen):
        files += _pictures(number, one, context)
        findings += _camera_findings(number, one)
    together = same_people([_calibrated(n, one, calibration) for n, one in enumerate(seen)])
    if calibration is not None:
        check_one_walk(together, len(videos))
    findings += together_findings(together, calibrated=calibration is not None)
    return _landmarks(together, seen, findings, recording, calibration), tuple(files)


def _calibrated(number: int, seen: SeenVideo, calibration: Calibration | None) -> tuple[Person, ...]:
    """The people of one video, with its camera on their tracks."""
    if calibration is None:
        return seen.people.people
    camera = calibration.cameras[number]
    return tuple(
        replace(person, tracks=tuple(replace(track, camera=camera) for track in person.tracks))
        for person in seen.people.people
    )


def _pictures(number: int, seen: SeenVideo, context: JobContext) -> tuple[Path, ...]:
    return write_frames(
        context.work_dir,
        seen.pictures.jpegs,
        size_px=seen.pictures.size_px,
        source_size_px=(seen.people.width_px, seen.people.height_px),
        camera=number,
    )


def _camera_findings(number: int, seen: SeenVideo) -> tuple[Finding, ...]:
    if not seen.people.people:
        return (_saw_nobody(number),)
    return seen.pictures.camera_findings(seen.people.people, 0)


def chosen_by_clinician(landmarks: Landmarks, person: int) -> Landmarks:
    """The same people with another one as the patient. Refuses CAP-030 when there is no such person."""
    if not 0 <= person < len(landmarks.people):
        raise refuse(
            "CAP-030",
            "There is no such person in this recording.",
            "One person was seen." if len(landmarks.people) == 1 else f"{len(landmarks.people)} were seen.",
            "Choose one of the people that were seen.",
        )
    of_choice = ("CAP-022", "CAP-023")
    of_patient = ("CAP-024", "CAP-025", "CAP-026", "CAP-028", TURNED)
    kept = [f for f in landmarks.findings if f.advice.code not in (*of_choice, *of_patient)]
    patient = landmarks.people[person]
    findings = (*kept, *_all_views(patient))
    cameras = camera_verdicts_again(patient, landmarks.cameras)
    return replace(
        landmarks, chosen=person, chosen_by="clinician", findings=worst_first(findings), cameras=cameras
    )


def summary_of(landmarks: Landmarks) -> str:
    """One line for people."""
    seen = f"{100 * landmarks.patient.seen_fraction:.0f} % of the frames"
    count = len(landmarks.people)
    return f"{landmarks.patient.label}, seen in {seen}" + (f", {count} people" if count > 1 else "")


def _landmarks(
    together: Together,
    seen: Sequence[SeenVideo],
    findings: list[Finding],
    recording: Recording,
    calibration: Calibration | None,
) -> Landmarks:
    people = together.people
    chosen, chosen_by, of_choice = choose_patient(people)
    patient = people[chosen]
    known = dict.fromkeys(together.strangers, AGREES_WITH_NONE)
    known |= {number: SAW_NOBODY for number, one in enumerate(seen) if not one.people.people}
    if calibration is not None and len(seen) > 1:
        findings += one_camera_left(patient)
    every = (*findings, *of_choice, *_all_views(patient), *recording.findings)
    return Landmarks(
        people,
        chosen,
        chosen_by,
        worst_first(every),
        recording.source == "synthetic",
        camera_verdicts(patient, recording.videos, known),
    )


def _all_views(patient: Person) -> tuple[Finding, ...]:
    return tuple(finding for track in patient.tracks for finding in patient_findings(track))


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
        "Check that the right file was chosen; record nearer, with the whole body in view and in good light.",
    )
