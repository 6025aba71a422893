"""Behind `exotwin motion`: the jobs of the pages, and their results as numbers and files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.cli.camera_numbers import camera_numbers
from app.cli.motion import MotionRequest
from app.cli.signing import signed
from app.cli.terminal_advice import in_a_terminal
from app.paths import operator_name
from app.terminal import Terminal, open_terminal
from core.capture.landmark_file import read_landmark_file
from core.capture.people import as_people, choose_patient
from core.capture.quality import patient_findings
from core.domain.body import SIDES, Side
from core.domain.findings import Severity, worst_first
from core.domain.motion import Motion, SideMeasures, Stride
from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.domain.subject import Sex, Subject
from core.errors import refuse
from core.gait.cycles import range_of_motion_deg
from core.jobs.values import JsonValue
from core.motion.angle_files import angles_csv, coordinates_mot
from core.session.same_patient import same_patient
from core.session.stops import overridable, override_stops, present_motion
from core.store.private import patient_permissions
from core.store.repository import Store, open_store
from core.tasks.detect_pose import chosen_by_clinician, summary_of

SUMMARY, ANGLES, COORDINATES = "motion.json", "angles.csv", "angles.mot"
OPERATOR, CODE, _BIRTH_YEAR = "command line", "TERMINAL", 1980  # age is not used to solve a motion


def solve_from_terminal(request: MotionRequest, folder: Path) -> dict[str, Any]:
    """Run the jobs of the pages, write the results to `out`, and return the numbers."""
    subject = Subject(CODE, _BIRTH_YEAR, Sex.OTHER, request.height_m, request.mass_kg)
    with open_terminal(folder) as terminal, open_store(folder) as store:
        visit_id = store.start_visit(same_patient(store, subject, by=OPERATOR), by=OPERATOR).id
        landmarks_id = _landmarks(request, store, visit_id, terminal)
        landmarks = store.load(landmarks_id, Landmarks)
        params = {"landmarks_id": landmarks_id, **_answers(request)}
        motion_id = terminal.run("solve_motion", params, visit_id=visit_id)
        stored = store.load(motion_id, Motion)
        if request.accepted_by and overridable(stored.findings):
            by, role = signed(store, Action.ACCEPT_STOP, motion_id, (request.accepted_by, request.role))
            override_stops(store, motion_id, by=by, role=role)
        motion = present_motion(stored, store.decisions(visit_id), motion_id)
    numbers = motion_numbers(landmarks, motion)
    numbers["seconds"] = {kind: round(spent, 1) for kind, spent in terminal.seconds.items()}
    _write(request.out, motion, numbers)
    return numbers


def _answers(request: MotionRequest) -> dict[str, Any]:
    """What a person says about the walk, as parameters of the job; nothing where nothing is said."""
    sides = {"sides": request.sides, "sides_by": operator_name()} if request.sides else {}
    belt = {} if request.treadmill_m_s is None else {"belt_speed_m_s": request.treadmill_m_s}
    factor, by = request.slow_motion, operator_name()
    slow = {} if factor is None else {"slow_motion": factor, "slow_motion_by": by}
    return {**sides, **belt, **slow}


def _landmarks(request: MotionRequest, store: Store, visit_id: str, terminal: Terminal) -> str:
    """The record of landmarks: detected in the videos, or read from the file."""
    if request.landmarks is None:
        told: dict[str, JsonValue] = {}
        if request.calibration is not None:
            told["calibration"] = str(request.calibration.absolute())
        names: list[JsonValue] = [str(path) for path in request.videos]
        files: dict[str, JsonValue] = {
            "visit_id": visit_id,
            "files": names,
            "turn_deg": request.turn_deg,
            **told,
        }
        recording_id = terminal.run("import_video", files, visit_id=visit_id)
        seen: dict[str, JsonValue] = {"recording_id": recording_id, "person": request.person, **told}
        return terminal.run("detect_pose", seen, visit_id=visit_id)
    landmarks = landmarks_of_file(request.landmarks, request.person)
    summary = summary_of(landmarks)
    return store.save(RecordKind.LANDMARKS, landmarks, visit_id=visit_id, summary=summary, operator=OPERATOR)


def landmarks_of_file(path: Path, person: int | None) -> Landmarks:
    """People of a landmark file, as the detector would leave them. Refuses CAP-080, CAP-021 or CAP-030."""
    people = as_people(read_landmark_file(path))
    if not people:
        raise refuse(
            "CAP-021",
            f"Nobody was found in {path.name}.",
            "No person is seen in enough of its pictures.",
            "Check that the right file was chosen.",
        )
    chosen, chosen_by, findings = choose_patient(people)
    views = (found for track in people[chosen].tracks for found in patient_findings(track))
    landmarks = Landmarks(people, chosen, chosen_by, worst_first((*findings, *views)))
    return landmarks if person is None else chosen_by_clinician(landmarks, person)


def motion_numbers(landmarks: Landmarks, motion: Motion) -> dict[str, Any]:
    """Everything the Motion page says, as numbers; None where a number is not known."""
    measures = motion.measures
    # What the recording lacks comes first: it explains the rest.
    findings = worst_first((*landmarks.findings, *motion.findings))
    return {
        "people": [person.label for person in landmarks.people],
        "person": landmarks.chosen,
        "frames": len(landmarks.patient.tracks[0].time_s),
        "detected_fraction": _number(landmarks.patient.seen_fraction),
        "walk": not motion.without_walk,
        "belt_speed_m_s": _number(motion.belt_speed_m_s),
        **camera_numbers(landmarks, motion),
        "speed_m_s": _number(measures.speed_m_s),
        "cadence_steps_min": _number(measures.cadence_steps_min, 2),
        "step_width_m": _number(measures.step_width_m),
        "symmetry": _number(measures.symmetry),
        "sides": {side.side.value: _side_numbers(side) for side in measures.sides},
        "range_of_motion_deg": {
            joint: _number(degrees, 1)
            for cycles in motion.cycles
            if len(cycles.angle_rad)
            for joint, degrees in range_of_motion_deg(cycles).items()
        },
        "events": {side.value: _events(motion.strides, side) for side in SIDES},
        "strides": [
            {"side": s.side.value, "start_s": s.start_s, "toe_off_s": s.toe_off_s, "end_s": s.end_s}
            for s in motion.strides
        ],
        "sagittal_only": motion.sagittal_only,
        "residual_m": _number(motion.residual_m),
        "exchanged_fraction": _number(motion.swapped_fraction),
        "side_evidence": None if motion.side_evidence is None else asdict(motion.side_evidence),
        "findings": [{"severity": f.severity.value, **asdict(in_a_terminal(f.advice))} for f in findings],
        "stopped": any(finding.severity is Severity.STOP for finding in findings),
    }


def _side_numbers(side: SideMeasures) -> dict[str, Any]:
    spreads = {
        "step_length_m": side.step_length_m,
        "stride_time_s": side.stride_time_s,
        "stance_fraction": side.stance_fraction,
    }
    named = {name: {"mean": _number(s.mean), "sd": _number(s.sd)} for name, s in spreads.items()}
    return {"strides": side.strides, **named}


def _events(strides: tuple[Stride, ...], side: Side) -> dict[str, list[float]]:
    """Landings and toe offs of the complete strides."""
    own = [stride for stride in strides if stride.side is side]
    landings = sorted({round(t, 4) for stride in own for t in (stride.start_s, stride.end_s)})
    return {"heel_strike_s": landings, "toe_off_s": [round(stride.toe_off_s, 4) for stride in own]}


def _number(value: float | None, digits: int = 4) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def _write(out: Path, motion: Motion, numbers: dict[str, Any]) -> None:
    with patient_permissions():
        (out / ANGLES).write_text(angles_csv(motion.kinematics), encoding="utf-8")
        (out / COORDINATES).write_text(coordinates_mot(motion.kinematics, "motion"), encoding="utf-8")
        (out / SUMMARY).write_text(json.dumps(numbers, indent=2), encoding="utf-8")


def lines_for_people(numbers: dict[str, Any], out: Path) -> Iterator[str]:
    """The numbers for people."""
    if numbers["walk"]:
        left, right = (numbers["sides"][side.value] for side in SIDES)
        yield (
            f"{left['strides']} left and {right['strides']} right strides at {numbers['speed_m_s']} m/s, "
            f"{numbers['cadence_steps_min']} steps/min."
        )
    else:
        yield "No complete stride forward: joint angles over time."
    for found in numbers["findings"]:
        words = f"{found['what']} {found['why']}" + (
            f" {found['next_step']}" if found["severity"] != Severity.NOTE else ""
        )
        yield f"{found['severity'].upper()} {found['code']}: {words}"
    yield f"Angles ({ANGLES}, {COORDINATES}) and all numbers ({SUMMARY}) are in {out}."
