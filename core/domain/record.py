"""The record of a visit: immutable results with provenance, and the decisions people took."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.walking_ability import VisitNotes

PHYSICS = "physics"  # in the settings of a record: what simulated it


class RecordKind(StrEnum):
    """What a record holds: the value of that name in `core.domain`; simulated gaits are a `RolloutSet`."""

    CALIBRATION = "calibration"
    RECORDING = "recording"
    LANDMARKS = "landmarks"
    LABORATORY_TRIAL = "laboratory_trial"  # markers and plates that stand in for cameras
    MOTION = "motion"
    EXO_LOG = "exo_log"  # what an exo gave that was worn during the recording
    KINETICS = "kinetics"
    MOMENTS = "moments"  # of the hips, estimated without force plates
    EMG = "emg"
    AMPLITUDE = "amplitude"  # how strongly an exo should pull, by EMG at several forces
    MUSCLE_CALIBRATION = "muscle_calibration"
    DEFICITS = "deficits"
    CHOSEN_IMPAIRMENTS = "chosen_impairments"  # that a person puts into the twin by name
    TWIN = "twin"
    IMPAIRMENTS = "impairments"  # an `ImpairmentFit`
    GAIT_POLICY = "gait_policy"
    SIMULATED_GAIT = "simulated_gait"
    SCENARIO = "scenario"  # a twin in a scenario without a recording
    BELT_PROFILE = "belt_profile"  # force of a belt exo over the gait cycle, planned from the moments
    CONTROLLER = "controller"
    COMPARISON = "comparison"
    PACKAGE = "package"
    DEPLOYMENT = "deployment"
    WALK = "walk"  # an `ExoWalk`: what the exo measured while it assisted
    INTERPRETATION = "interpretation"  # free words of a clinician
    REPORT = "report"
    CAPTURE_COMPARISON = "capture_comparison"  # recordings of several visits or conditions, side by side
    STUDY_CELL = "study_cell"  # a virtual patient of a study with an exo and a seed of training
    STRANGER_WALKS = "stranger_walks"  # such a patient with the controllers of others


class Verdict(StrEnum):
    """Decisions a person takes; appended, never changed."""

    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    KEPT = "kept"  # a stale result is knowingly kept
    SIGNED = "signed"
    SIDES_CONFIRMED = "sides confirmed"  # left and right of a motion are correct as shown
    OVERRIDDEN = "stopped findings overridden"  # a motion is used in spite of findings that stop
    WEAKNESS_ACCEPTED = "weakness accepted"  # a proposal of an assessment of strength goes into the twin
    WEAKNESS_DECLINED = "weakness declined"
    CONDITION_STATED = "condition stated"  # of a recording, afterwards; the reason is a `Condition`


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from."""

    inputs: tuple[tuple[str, str], ...]  # (record id, its content hash)
    operator: str
    code_version: str
    seed: int | None
    settings: str  # JSON snapshot

    @property
    def physics(self) -> tuple[str, ...]:
        """What simulated it, by name and version; empty where nothing did, and in records of 0.1.0."""
        return tuple(json.loads(self.settings or "{}").get(PHYSICS, ()))


@dataclass(frozen=True, slots=True)
class RecordInfo:
    """One row of the record, without its arrays."""

    id: str
    kind: RecordKind
    visit_id: str
    created_utc: datetime
    content_sha256: str
    schema_version: int
    summary: str  # one line for people
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Decision:
    visit_id: str
    step: str
    verdict: Verdict
    record_id: str | None
    by: str
    on_utc: datetime
    reason: str  # for a signature: what it means
    role: str = ""  # of the person who decided, where one was entered


@dataclass(frozen=True, slots=True)
class Visit:
    id: str
    patient_id: str
    number: int
    started_utc: datetime
    notes: VisitNotes = field(default_factory=VisitNotes)


@dataclass(frozen=True, slots=True)
class LogEntry:
    on_utc: datetime
    who: str
    action: str
    subject_id: str  # patient, visit or record
    detail: str
