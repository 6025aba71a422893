"""Content of the report of a visit, read from the record; only means are computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.assistance import typed_reason
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.controller import Comparison, Deployment, Package, TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.exo_walk import ExoWalk
from core.domain.findings import Finding, worst_first
from core.domain.motion import GaitCycles, Kinematics, Motion, Spatiotemporal, Spread, stride_words
from core.domain.record import Decision, RecordKind, Verdict
from core.domain.recording import Landmarks
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.subject import Subject
from core.domain.twin import GaitPolicy
from core.errors import refuse
from core.gait.cycles import mean_cycle, measured_sd
from core.gait.norms import BAND_SOURCE, normal_band
from core.gait.similarity import compare_curves
from core.session.flow import Step
from core.session.impairments import impairment_lines
from core.session.report_emg import GOOD_CHANNEL
from core.session.report_help import HelpPart, help_part
from core.session.report_muscles import ForcePart, MusclePart, force_part, muscle_part
from core.session.report_tables import ReportRow, ReportTable, controller_table
from core.session.stops import present_motion
from core.store.repository import Store

T = TypeVar("T")
MAX_FINDINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class ReportCurve:
    label: GaitLabel
    mean_deg: FloatArray  # (101,)
    sd_deg: FloatArray | None = None  # (101,) of what was measured: uncertainty of angles, spread of strides


@dataclass(frozen=True, slots=True, eq=False)
class ReportPanel:
    """One joint of one side over the gait cycle."""

    kind: JointKind
    side: Side
    curves: tuple[ReportCurve, ...]
    band_deg: tuple[FloatArray, FloatArray] | None  # low and high, (101,) each
    toe_off_fraction: float | None


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
    band_source: str
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


NOTICE = (
    "Research prototype, not a cleared medical device. What the twin does, with and without the exo, and "
    "what it costs are simulation results of a musculoskeletal model, not measurements; curves from one "
    "camera are reliable in the sagittal plane only."
)

BAND_NOTICE = " Measured ± 1 SD: 68 % of true angles are expected in the band."


def report_content(store: Store, visit_id: str) -> ReportContent:
    """Collect the report of a visit. Raises UserError RPT-001 when no motion was solved yet."""
    motion = _newest_motion(store, visit_id)
    if motion is None:
        raise refuse(
            "RPT-001",
            "There is nothing to report yet.",
            "The report begins with the patient's motion, and none was solved in this visit.",
            "Capture a walk and solve its motion first.",
        )
    subject, visit = store.subject_of(visit_id), store.visit(visit_id)
    gaits = _newest(store, visit_id, RecordKind.SIMULATED_GAIT, RolloutSet)
    comparison = _newest(store, visit_id, RecordKind.COMPARISON, Comparison)
    trained = _newest(store, visit_id, RecordKind.CONTROLLER, TrainedController)
    panels = () if motion.without_walk else _panels(motion, gaits, comparison)
    banded = any(curve.sd_deg is not None for panel in panels for curve in panel.curves)
    synthetic = subject.synthetic or motion.synthetic
    return ReportContent(
        patient=subject.code,
        person=_person(subject, visit.started_utc.year),
        visit=f"Visit {visit.number} · {_day(visit.started_utc)}",
        labels=_labels(synthetic, simulated=gaits is not None or comparison is not None),
        verdict=comparison.sentence if comparison is not None else _motion_verdict(motion),
        quality=_quality(store, visit_id, motion),
        panels=panels,
        band_source=BAND_SOURCE,
        gait=_angle_table(motion.kinematics) if motion.without_walk else _gait_table(motion.measures),
        similarity=_similarity_table(panels),
        controller=controller_table(trained, comparison),
        deployment=_deployment(store, visit_id),
        notice=NOTICE + (BAND_NOTICE if banded else ""),
        made_on=_day(datetime.now(UTC)),
        synthetic=synthetic,
        forces=force_part(store, visit_id),
        muscles=muscle_part(store, visit_id),
        exo_help=help_part(comparison),
    )


def _labels(synthetic: bool, *, simulated: bool) -> tuple[str, ...]:
    labels = (("SYNTHETIC PATIENT", synthetic), ("INCLUDES SIMULATED GAIT", simulated))
    return tuple(words for words, applies in labels if applies)


def _newest(store: Store, visit_id: str, kind: RecordKind, payload: type[T]) -> T | None:
    info = store.latest(visit_id, kind)
    return None if info is None else store.load(info.id, payload)


def _newest_motion(store: Store, visit_id: str) -> Motion | None:
    """The newest motion; its findings name who settled doubtful sides or overrode others."""
    info = store.latest(visit_id, RecordKind.MOTION)
    if info is None:
        return None
    motion = store.load(info.id, Motion)
    return present_motion(motion, store.decisions(visit_id), info.id)


def _day(moment: datetime) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day} {months[moment.month - 1]} {moment.year}"


def _person(subject: Subject, year: int) -> tuple[str, ...]:
    facts = [
        f"{subject.sex.value}, {year - subject.birth_year} years",
        f"{subject.height_m:.2f} m, {subject.mass_kg:.0f} kg",
    ]
    if subject.affected_side is not None:
        facts.append(f"{subject.affected_side.value} side affected")
    if subject.diagnosis:
        facts.append(subject.diagnosis)
    return tuple(facts)


def _motion_verdict(motion: Motion) -> str:
    if motion.without_walk:
        return "No complete stride forward was recorded: the angles are shown over time on the Motion page."
    left, right = (side.strides for side in motion.measures.sides)
    return f"{stride_words(left, right)} at {motion.measures.speed_m_s:.2f} m/s."


def _quality(store: Store, visit_id: str, motion: Motion) -> tuple[str, ...]:
    lines = []
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
    if motion.belt_speed_m_s is not None:
        lines.append(f"On a treadmill at {motion.belt_speed_m_s:.2f} m/s.")
    policy = _newest(store, visit_id, RecordKind.GAIT_POLICY, GaitPolicy)
    if policy is not None:
        lines.append(
            f"Twin walks {policy.walk_seconds_median:.0f} s without a fall, "
            f"{policy.joint_rmse_deg:.1f}° from the measured angles."
        )
    lines += [*impairment_lines(store, visit_id), *_emg_lines(store, visit_id)]
    findings: tuple[Finding, ...] = worst_first(motion.findings)
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


def _gait_table(measures: Spatiotemporal) -> ReportTable:
    left, right = measures.sides
    width = "not seen" if measures.step_width_m is None else f"{measures.step_width_m:.2f} m"
    rows = (
        ReportRow("Speed", (_known(measures.speed_m_s, ".2f", " m/s"), "", "")),
        ReportRow("Cadence", (_known(measures.cadence_steps_min, ".0f", " /min"), "", "")),
        ReportRow("Step length", ("", _spread(left.step_length_m, "m"), _spread(right.step_length_m, "m"))),
        ReportRow("Stride time", ("", _spread(left.stride_time_s, "s"), _spread(right.stride_time_s, "s"))),
        ReportRow("Stance", ("", _percent(left.stance_fraction), _percent(right.stance_fraction))),
        ReportRow("Step width", (width, "", "")),
        ReportRow("Symmetry", (_known(measures.symmetry, ".2f"), "", "")),
    )
    return ReportTable("Measured gait", ("", "Both", "Left", "Right"), rows)


def _angle_table(kinematics: Kinematics) -> ReportTable:
    """Smallest and largest angles of a movement without strides."""
    rows = tuple(
        ReportRow(
            kind.label,
            tuple(_span(np.degrees(kinematics.angle_rad[:, Joint.of(kind, side).column])) for side in SIDES),
        )
        for kind in SAGITTAL
    )
    return ReportTable("Measured angles, smallest to largest", ("", "Left", "Right"), rows)


def _span(angle_deg: FloatArray) -> str:
    seen = angle_deg[np.isfinite(angle_deg)]
    return f"{seen.min():.0f} to {seen.max():.0f}°" if len(seen) else "–"


def _known(value: float, digits: str, unit: str = "") -> str:
    return f"{value:{digits}}{unit}" if math.isfinite(value) else "–"


def _spread(value: Spread, unit: str) -> str:
    spread = f" ± {value.sd:.2f}" if value.sd > 0 else ""  # of a single stride there is none
    return f"{value.mean:.2f}{spread} {unit}" if math.isfinite(value.mean) else "–"


def _percent(value: Spread) -> str:
    spread = f" ± {100 * value.sd:.0f}" if value.sd > 0 else ""
    return f"{100 * value.mean:.0f}{spread} %" if math.isfinite(value.mean) else "–"


def _panels(
    motion: Motion, gaits: RolloutSet | None, comparison: Comparison | None
) -> tuple[ReportPanel, ...]:
    cycles: list[tuple[GaitLabel, tuple[GaitCycles, GaitCycles]]] = [(GaitLabel.MEASURED, motion.cycles)]
    sources = (
        (gaits, GaitLabel.DEFAULT_TWIN),
        (gaits, GaitLabel.PERSONALIZED_TWIN),
        (None if comparison is None else comparison.rollouts, GaitLabel.PERSONALIZED_CONTROLLER),
    )
    for rollouts, label in sources:
        rollout = None if rollouts is None else rollouts.find(label)
        if rollout is not None:
            cycles.append((label, rollout.cycles))
    known = motion.kinematics.spread_rad is not None  # else an earlier version, which drew no band
    sd_rad = measured_sd(motion) if known else (None, None)
    return tuple(
        _panel(kind, number, cycles, sd_rad[number]) for kind in SAGITTAL for number in range(len(SIDES))
    )


def _panel(
    kind: JointKind,
    number: int,
    cycles: Sequence[tuple[GaitLabel, tuple[GaitCycles, GaitCycles]]],
    sd_rad: FloatArray | None,
) -> ReportPanel:
    """`sd_rad` (101, 7) belongs to the measured curve, if it is known."""
    column = list(JointKind).index(kind)
    curves = tuple(
        ReportCurve(
            label,
            np.degrees(mean_cycle(sides[number])[:, column]),
            np.degrees(sd_rad[:, column]) if label is GaitLabel.MEASURED and sd_rad is not None else None,
        )
        for label, sides in cycles
        if len(sides[number].angle_rad)
    )
    band = normal_band(kind)
    edges = None
    if band is not None:
        edges = (np.degrees(band.mean_rad - band.sd_rad), np.degrees(band.mean_rad + band.sd_rad))
    toe_off = cycles[0][1][number].toe_off_fraction
    return ReportPanel(kind, SIDES[number], curves, edges, toe_off if math.isfinite(toe_off) else None)


def _similarity_table(panels: Sequence[ReportPanel]) -> ReportTable:
    """Correlation and distance of each simulated gait from the measured one."""
    labels = [
        label
        for label in GaitLabel
        if label is not GaitLabel.MEASURED
        and any(curve.label is label for panel in panels for curve in panel.curves)
    ]
    rows = tuple(
        ReportRow(
            f"{panel.side.value.capitalize()} {panel.kind.label.lower()}",
            tuple(_correlation_text(panel, label) for label in labels),
        )
        for panel in panels
    )
    columns = ("", *(label.value.capitalize() for label in labels))
    return ReportTable("Correlation with the measured gait (distance)", columns, rows if labels else ())


def _correlation_text(panel: ReportPanel, label: GaitLabel) -> str:
    by_label = {curve.label: curve.mean_deg for curve in panel.curves}
    if label not in by_label or GaitLabel.MEASURED not in by_label:
        return "–"
    found = compare_curves(np.radians(by_label[GaitLabel.MEASURED]), np.radians(by_label[label]))
    if not math.isfinite(found.correlation):
        return "–"
    return f"{found.correlation:.2f} ({math.degrees(found.rmse_rad):.0f}°)"


def _deployment(store: Store, visit_id: str) -> tuple[tuple[str, str], ...]:
    lines = []
    signed = [d for d in store.decisions(visit_id) if d.verdict is Verdict.SIGNED]
    if signed:
        role = f" ({signed[-1].role})" if signed[-1].role else ""
        lines.append(("Approved", f"{signed[-1].by}{role}, {_day(signed[-1].on_utc)}"))
        reason = typed_reason(signed[-1].reason)
        lines += [("Reason", reason)] if reason else []
    package = _newest(store, visit_id, RecordKind.PACKAGE, Package)
    if package is not None:
        if package.envelope is not None:
            lines.append(("Person's gait", package.gait_sentence))
        lines.append(("Package SHA-256", package.sha256))
    deployment = _newest(store, visit_id, RecordKind.DEPLOYMENT, Deployment)
    if deployment is not None:
        lines += _exo_lines(deployment)
    walk = _newest(store, visit_id, RecordKind.WALK, ExoWalk)
    if walk is not None:
        lines += _walk_lines(walk)
    return tuple(lines)


def _exo_lines(deployment: Deployment) -> list[tuple[str, str]]:
    kind = "virtual exo" if deployment.virtual else "exo"
    kept_by = deployment.kept_by
    state = deployment.handover.value
    if kept_by is not None:
        state += f" by {kept_by.name} ({kept_by.role})"
    return [
        ("Device", f"{kind} {deployment.device_serial}"),
        ("Read back", "equal to what was signed" if deployment.equal else "DIFFERS from what was signed"),
        ("Controller", state),
    ]


def _walk_lines(walk: ExoWalk) -> list[tuple[str, str]]:
    """Strides, and delivered against predicted torque."""
    strides = f"{walk.strides[0]} + {walk.strides[1]} strides, at most {walk.limit_nm:g} N·m"
    lines = [("Walk with exo", strides)]
    if walk.match.known:
        (left_r, right_r), (left, right) = walk.match.correlation, walk.match.rmse_nm_kg
        words = f"r {left_r:.2f} / {right_r:.2f}, {left:.3f} / {right:.3f} N·m/kg"
        lines.append(("As predicted", words))
    return lines
