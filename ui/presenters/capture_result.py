"""What was found in a recording, in words and pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.capture.upright import TURNED
from core.domain.condition import Condition
from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Recording
from core.store.repository import Store
from ui.pages.capture import PersonChoice
from ui.presenters.films import films_of_landmarks, folders_of
from ui.recording_view import RecordingView, portrait, recording_view_of
from ui.theme import Tone
from ui.wording import count, percent


@dataclass(frozen=True, slots=True, eq=False)
class CaptureResult:
    """Everything the page shows of one landmarks record."""

    landmarks: Landmarks
    clip: RecordingView | None
    people: tuple[PersonChoice, ...]
    facts: str
    findings: tuple[Finding, ...]  # of the landmarks, then of the recording

    @property
    def stopped(self) -> bool:
        return any(finding.severity is Severity.STOP for finding in self.findings)

    @property
    def turned(self) -> bool:
        """Whether the film lies on its side."""
        return any(finding.advice.code == TURNED for finding in self.findings)

    @property
    def cameras(self) -> int:
        patient = self.landmarks.patient
        return max(len(self.landmarks.cameras), 1) if patient.videos else len(patient.tracks)


def read_result(store: Store, landmarks_id: str, camera: int | None) -> CaptureResult:
    """One landmarks record as seen by `camera`, or by the first that saw the patient. Slow: reads a video."""
    landmarks = store.load(landmarks_id, Landmarks)
    films, facts, findings = films_of_landmarks(store, landmarks_id), "", landmarks.findings
    for input_id in films[1:]:
        if store.info(input_id).kind is RecordKind.RECORDING:
            recording = store.load(input_id, Recording)
            settings = json.loads(store.info(landmarks_id).provenance.settings)
            facts = video_facts(recording, str(settings.get("calibration", "")))
            findings = (*findings, *(f for f in recording.findings if f not in findings))
    clip = recording_view_of(landmarks, folders_of(store, films), camera)
    return CaptureResult(landmarks, clip, _choices(landmarks, clip), facts, findings)


def video_facts(recording: Recording, calibration: str = "") -> str:
    """One quiet line: names, size, frame rate, length and calibration."""
    if not recording.videos:
        return "No video: made by the simulator."
    video = recording.videos[0]
    names = video.name if len(recording.videos) == 1 else count(len(recording.videos), "video")
    size = f"{video.width_px} × {video.height_px}"
    told = f" · calibration: {calibration}" if calibration else ""
    if recording.condition is not Condition.NOT_STATED:
        told += f" · {recording.condition.words}"
    return f"{names} · {size} · {video.fps_hz:.0f} frames/s · {video.duration_s:.1f} s{told}"


def capture_verdict(landmarks: Landmarks) -> tuple[str, Tone]:
    """The headline: who was found, and how well."""
    seen = landmarks.patient.seen_fraction
    if any(finding.severity is Severity.STOP for finding in landmarks.findings):
        return "This recording cannot be used as it is.", Tone.STOP
    if len(landmarks.people) > 1 and landmarks.chosen_by != "clinician":
        return f"{len(landmarks.people)} people are visible. Is this the patient?", Tone.WARN
    words = f"Patient seen in {percent(seen)} of frames.".replace(" %", "\u00a0%")  # never at a line's end
    return words, Tone.OK if seen > 0.8 else Tone.WARN


def _choices(landmarks: Landmarks, clip: RecordingView | None) -> tuple[PersonChoice, ...]:
    if len(landmarks.people) < 2:
        return ()
    return tuple(
        PersonChoice(
            None if clip is None else portrait(clip, number),
            person.label,
            f"Seen in {percent(person.seen_fraction)} of frames",
            number == landmarks.chosen,
        )
        for number, person in enumerate(landmarks.people)
    )
