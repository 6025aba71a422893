"""Content of the report of a visit, read from the record; only means are computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from core.domain.assistance import trained_assistance
from core.domain.audit import NO_ENTRIES, AuditHead
from core.domain.comparison_words import comparison_verdict
from core.domain.controller import Comparison, Deployment, Package, TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.exo_walk import ExoWalk
from core.domain.motion import EVENTS_EDITED, Motion, Spatiotemporal, Spread, stride_words
from core.domain.record import Decision, RecordInfo, RecordKind, Verdict, Visit
from core.domain.recording import Landmarks
from core.domain.rollout import RolloutSet
from core.domain.subject import Subject
from core.domain.twin import GaitPolicy
from core.errors import refuse
from core.gait.norm_choice import Norm
from core.gait.norm_numbers import GaitNumber
from core.session.conditions import condition_badges
from core.session.cycle_plot import BAND_WORDS
from core.session.flow import Step
from core.session.impairments import impairment_lines
from core.session.interpretation import interpretation_of
from core.session.normal_numbers import NormalNumber, NormalNumbers
from core.session.norms import motion_norm, with_norm_findings
from core.session.report_deployment import day_words, deployment_lines
from core.session.report_emg import GOOD_CHANNEL
from core.session.report_estimates import EstimatePart, estimate_part
from core.session.report_help import HelpPart, help_part
from core.session.report_muscles import ForcePart, MusclePart, force_part, muscle_part
from core.session.report_panels import ReportPanel, report_panels
from core.session.report_similarity import similarity_table
from core.session.report_tables import ReportRow, ReportTable, angle_table, controller_table
from core.session.report_warnings import StepWarning, printed_warnings
from core.session.stops import present_motion
from core.store.clinic import Clinic, read_clinic
from core.store.repository import Store
from core.vault.places import PLAIN_DATA, is_encrypted

T = TypeVar("T")
MAX_FINDINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """Words, numbers and curves of the first page, and of further ones. Missing parts are empty."""

    patient: str  # "P-0042"
    person: tuple[str, ...]  # facts about the person, without a name
    visit: str  # "Visit 3 · 20 Nov 2026"
    labels: tuple[str, ...]  # "SYNTHETIC PATIENT"
    verdict: str
    quality: tuple[str, ...]
    panels: tuple[ReportPanel, ...]
    band_source: str  # whose the normal bands are, a sentence
    gait: ReportTable
    similarity: ReportTable
    controller: ReportTable
    deployment: tuple[tuple[str, str], ...]
    notice: str
    made_on: str
    synthetic: bool
    forces: ForcePart | None = None  # a further page each
    muscles: MusclePart | None = None
    exo_help: HelpPart | None = None
    estimates: EstimatePart | None = None
    interpretation: InterpretationPart | None = None
    warnings: tuple[StepWarning, ...] = ()  # of every step
    clinic: Clinic | None = None
    pictures: tuple[ReportPicture, ...] = ()  # of the recording; made where pictures can be drawn
    trail: AuditHead = NO_ENTRIES  # where the record stood
    appendix: bool = False  # forces, muscles and the exo's help in full, on pages of their own

    people: str = ""  # who is signed in, or that nobody is
    encrypted: bool = True  # the data folder; said where it is not
    band_fits: bool = True  # whether the bands are of people of this age at this speed

    @property
    def made(self) -> str:
        """For the foot of a page: when, who was signed in, and that the data are not encrypted."""
        told = (f"Made on {self.made_on}", self.people, "" if self.encrypted else PLAIN_DATA)
        return " · ".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class InterpretationPart:
    text: str
    signed: str  # "A. Berger, physiotherapist, 20 Nov 2026"


@dataclass(frozen=True, slots=True)
class ReportPicture:
    caption: str
    data: bytes  # a picture file, as Qt reads them


NOTICE = (
    "Research prototype, not a cleared medical device. What the twin does, with and without the exo, and "
    "what it costs are simulation results of a musculoskeletal model, not measurements; curves from one "
    "camera are reliable in the sagittal plane only."
)


def report_content(store: Store, visit_id: str) -> ReportContent:
    """Collect the report of a visit. Raises UserError RPT-001 when no motion was solved yet."""
    info, motion = _newest_motion(store, visit_id)
    subject, visit = store.subject_of(visit_id), store.visit(visit_id)
    gaits = _newest(store, visit_id, RecordKind.SIMULATED_GAIT, RolloutSet)
    comparison = _newest(store, visit_id, RecordKind.COMPARISON, Comparison)
    trained = _newest(store, visit_id, RecordKind.CONTROLLER, TrainedController)
    norm = motion_norm(store, info.id, motion)
    panels = () if motion.without_walk else report_panels(motion, gaits, comparison, norm)
    synthetic = subject.synthetic or motion.synthetic
    return ReportContent(
        patient=subject.code,
        person=_person(subject, visit),
        visit=f"Visit {visit.number} · {day_words(visit.started_utc)}",
        labels=_labels(synthetic, simulated=gaits is not None or comparison is not None),
        verdict=_verdict(motion, trained, comparison),
        quality=_quality(store, visit_id, motion, norm),
        panels=panels,
        band_source=norm.legend,
        band_fits=norm.fits,
        gait=angle_table(motion.kinematics) if motion.without_walk else _gait_table(motion.measures, norm),
        similarity=similarity_table(panels),
        controller=controller_table(trained, comparison),
        deployment=_deployment(store, visit_id),
        notice=_notice(panels),
        made_on=day_words(datetime.now(UTC)),
        synthetic=synthetic,
        forces=force_part(store, visit_id),
        muscles=muscle_part(store, visit_id),
        exo_help=help_part(comparison),
        estimates=estimate_part(store, visit_id),
        interpretation=_interpretation(store, visit_id),
        warnings=printed_warnings(store, visit_id),
        clinic=read_clinic(store.data_dir),
        people=store.people.words,
        encrypted=is_encrypted(store.data_dir),
        trail=store.audit_head(),
    )


def _notice(panels: Sequence[ReportPanel]) -> str:
    """What every report says, and what its bands are where it has some."""
    banded = any(curve.sd_deg is not None for panel in panels for curve in panel.curves)
    return f"{NOTICE} {BAND_WORDS}" if banded else NOTICE


def _interpretation(store: Store, visit_id: str) -> InterpretationPart | None:
    found = interpretation_of(store, visit_id)
    if found is None:
        return None
    by, role = found.interpretation.by, found.interpretation.role
    return InterpretationPart(
        found.interpretation.text, ", ".join(filter(None, (by, role, day_words(found.on_utc))))
    )


def _labels(synthetic: bool, *, simulated: bool) -> tuple[str, ...]:
    labels = (("SYNTHETIC PATIENT", synthetic), ("INCLUDES SIMULATED GAIT", simulated))
    return tuple(words for words, applies in labels if applies)


def _newest(store: Store, visit_id: str, kind: RecordKind, payload: type[T]) -> T | None:
    info = store.latest(visit_id, kind)
    return None if info is None else store.load(info.id, payload)


def _newest_motion(store: Store, visit_id: str) -> tuple[RecordInfo, Motion]:
    """The newest motion; its findings name who settled doubtful sides or overrode others. Raises RPT-001."""
    info = store.latest(visit_id, RecordKind.MOTION)
    if info is None:
        raise refuse(
            "RPT-001",
            "There is nothing to report yet.",
            "The report begins with the patient's motion, and none was solved in this visit.",
            "Capture a walk and solve its motion first.",
        )
    return info, present_motion(store.load(info.id, Motion), store.decisions(visit_id), info.id)


def _deployment(store: Store, visit_id: str) -> tuple[tuple[str, str], ...]:
    return deployment_lines(
        store.decisions(visit_id),
        _newest(store, visit_id, RecordKind.PACKAGE, Package),
        _newest(store, visit_id, RecordKind.DEPLOYMENT, Deployment),
        _newest(store, visit_id, RecordKind.WALK, ExoWalk),
    )


def _person(subject: Subject, visit: Visit) -> tuple[str, ...]:
    facts = [
        f"{subject.sex.value}, {visit.started_utc.year - subject.birth_year} years",
        f"{subject.height_m:.2f} m, {subject.mass_kg:.0f} kg",
    ]
    if subject.affected_side is not None:
        facts.append(subject.affected_side.words)
    if subject.diagnosis:
        facts.append(subject.diagnosis)
    return tuple(facts)


def _verdict(motion: Motion, trained: TrainedController | None, comparison: Comparison | None) -> str:
    """The one verdict on the controller, from its comparison, else from its training; else on the motion."""
    if comparison is not None:
        return comparison_verdict(comparison)
    if trained is not None:
        return trained_assistance(trained).told_of("The personalized controller")
    return _motion_verdict(motion)


def _motion_verdict(motion: Motion) -> str:
    if motion.without_walk:
        return "No complete stride forward was recorded: the angles are shown over time on the Motion page."
    left, right = (side.strides for side in motion.measures.sides)
    return f"{stride_words(left, right)} at {motion.measures.speed_m_s:.2f} m/s."


def _quality(store: Store, visit_id: str, motion: Motion, norm: Norm) -> tuple[str, ...]:
    walks = ", ".join(store.visit(visit_id).notes.facts)
    lines = [f"At this visit: {walks}."] if walks else []
    landmarks = _newest(store, visit_id, RecordKind.LANDMARKS, Landmarks)
    if motion.marker_set:
        lines.append(f"Laboratory markers, {motion.marker_set}; {len(motion.kinematics.time_s)} frames.")
    elif landmarks is not None and landmarks.patient.tracks:
        tracks = landmarks.patient.tracks
        first = motion.cameras_used[0] if motion.cameras_used else 0
        track = tracks[first if first < len(tracks) else 0]
        seen = f"{100 * track.detected_fraction:.0f} % of {len(track.time_s)} frames"
        lines.append(f"{_cameras(landmarks, motion)}; person seen in {seen}.")
    left, right = (side.strides for side in motion.measures.sides)
    found = "No complete stride forward" if motion.without_walk else stride_words(left, right)
    seen = "markers" if motion.marker_set else "landmarks"
    lines.append(f"{found}; model {1000 * motion.residual_m:.0f} mm off the {seen}.")
    solved = store.latest(visit_id, RecordKind.MOTION)
    worn = () if solved is None else condition_badges(store, solved.id)
    lines += [f"Recorded with: {words.lower()}." for words in worn]
    if motion.belt_speed_m_s is not None:
        lines.append(f"On a treadmill at {motion.belt_speed_m_s:.2f} m/s.")
    edits = [finding.advice for finding in motion.findings if finding.advice.code == EVENTS_EDITED]
    lines += [f"{advice.what} {advice.why}" for advice in edits]
    policy = _newest(store, visit_id, RecordKind.GAIT_POLICY, GaitPolicy)
    if policy is not None:
        lines.append(
            f"Twin walks {policy.walk_seconds_median:.0f} s without a fall, "
            f"{policy.joint_rmse_deg:.1f}° from the measured angles."
        )
    lines += [*impairment_lines(store, visit_id), *_emg_lines(store, visit_id)]
    findings = [f for f in with_norm_findings(motion, norm) if f.advice.code != EVENTS_EDITED]
    lines += [finding.advice.what for finding in findings[:MAX_FINDINGS]]
    return tuple(lines)


def _cameras(landmarks: Landmarks, motion: Motion) -> str:
    """How many cameras the motion was measured from, of how many that filmed."""
    filmed = len(landmarks.cameras) or len(landmarks.patient.tracks)
    used = len(motion.cameras_used) or filmed
    if used == filmed:
        return f"{used} camera{'s' if used > 1 else ''}"
    return f"{used} of {filmed} cameras used"


def _emg_lines(store: Store, visit_id: str) -> list[str]:
    """How much of the EMG is good, or why there is none."""
    emg = _newest(store, visit_id, RecordKind.EMG, EmgEnvelopes)
    if emg is not None:
        good = sum(channel.verdict == GOOD_CHANNEL for channel in emg.channels)
        return [f"EMG: {good} of {len(emg.channels)} channels good, as shares of the {emg.normalised_to}."]
    skipped = [d.reason for d in store.decisions(visit_id) if _skips_emg(d)]
    return [f"No EMG: {skipped[-1]}"] if skipped else []


def _skips_emg(decision: Decision) -> bool:
    return decision.step == Step.EMG and decision.verdict is Verdict.SKIPPED


def _gait_table(measures: Spatiotemporal, norm: Norm) -> ReportTable:
    """The measured numbers beside the normal ones, in the units of the Motion page."""
    normal = NormalNumbers(norm.walker)
    width = "not seen"
    if measures.step_width_m is not None:
        width = _with_sd(100 * measures.step_width_m, 100 * measures.step_width_sd_m, "cm")
    whole = (
        Spread(measures.speed_m_s, measures.speed_sd_m_s),
        Spread(measures.cadence_steps_min, measures.cadence_sd_steps_min),
    )
    sides = measures.sides
    rows = (
        _whole_row("Speed", whole[0], normal.of(GaitNumber.SPEED)),
        _whole_row("Cadence", whole[1], normal.of(GaitNumber.CADENCE)),
        _side_row("Step length", [side.step_length_m for side in sides], normal.of(GaitNumber.STEP_LENGTH)),
        _side_row("Stride time", [side.stride_time_s for side in sides], normal.of(GaitNumber.STRIDE_TIME)),
        _side_row("Stance", [side.stance_fraction for side in sides], normal.of(GaitNumber.STANCE)),
        _side_row(
            "Double support",
            [side.double_support_fraction for side in sides],
            normal.of(GaitNumber.DOUBLE_SUPPORT),
        ),
        ReportRow("Step width", (width, "", "")),
        ReportRow("Symmetry", (_with_sd(100 * measures.symmetry, 100 * measures.symmetry_sd, "%"), "", "")),
    )
    return ReportTable("Measured gait", ("", "Left or both", "Right", "Normal ± 1 SD"), rows)


def _whole_row(name: str, value: Spread, normal: NormalNumber) -> ReportRow:
    return ReportRow(name, (normal.value_words(value), "", normal.words))


def _side_row(name: str, values: Sequence[Spread], normal: NormalNumber) -> ReportRow:
    return ReportRow(name, (*(normal.value_words(value) for value in values), normal.words))


def _with_sd(value: float, sd: float, unit: str) -> str:
    """ "96 ± 2 %"; without a spread where none is known."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.0f} ± {sd:.0f} {unit}" if math.isfinite(sd) else f"{value:.0f} {unit}"
