"""The printed page on which recordings of a patient are compared, as words, curves and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.capture_comparison import CaptureComparison, CapturedGait
from core.gait.cycles import mean_cycle, measured_sd
from core.gait.norm_choice import Norm
from core.session.capture_findings import gait_names
from core.session.capture_tables import change_table, curve_table, facts_of, headline_of, prediction_table
from core.session.capture_trend import TrendSeries, trend_series
from core.session.captures import Capture
from core.session.norms import motion_norm
from core.session.report_tables import ReportTable
from core.store.repository import Store
from core.vault.places import plain_words

NOTICE = (
    "Research prototype, not a cleared medical device. Angles and measures are measured; what the twin "
    "predicted and its metabolic cost are simulated. Bands: ± 1 SD of the measured curves."
)
MAX_FINDINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class VisitCurve:
    """One recording in one panel."""

    number: int  # of the recording; tells its colour and dashes
    mean_deg: FloatArray  # (101,)
    sd_deg: FloatArray | None  # (101,); None where it is not known


@dataclass(frozen=True, slots=True, eq=False)
class VisitPanel:
    """One joint of one side over the gait cycle."""

    kind: JointKind
    side: Side
    curves: tuple[VisitCurve, ...]
    band_deg: tuple[FloatArray, FloatArray] | None  # low and high, (101,) each

    @property
    def title(self) -> str:
        return f"{self.side.value.capitalize()} {self.kind.label.lower()}"


@dataclass(frozen=True, slots=True, eq=False)
class VisitsPage:
    """One page. Missing parts are empty."""

    patient: str
    labels: tuple[str, ...]  # "SYNTHETIC PATIENT"
    headline: str
    names: tuple[str, ...]  # of the recordings
    facts: tuple[str, ...]  # of each: date, cameras, strides
    panels: tuple[VisitPanel, ...]
    band_source: str  # whose the normal bands are, a sentence
    change: ReportTable
    curves: ReportTable
    prediction: ReportTable | None
    trend: tuple[TrendSeries, ...]
    findings: tuple[str, ...]
    notice: str
    made_on: str
    trail_words: str = ""  # where the record stood


def visits_page(store: Store, comparison: CaptureComparison, chosen: Sequence[Capture]) -> VisitsPage:
    """The page of a comparison; `chosen` are its recordings, in its order."""
    subject, norm = store.subject_of(chosen[0].visit_id), visits_norm(store, chosen)
    synthetic, simulated = subject.synthetic or comparison.synthetic, comparison.prediction is not None
    labels = (("SYNTHETIC PATIENT", synthetic), ("INCLUDES SIMULATED GAIT", simulated))
    return VisitsPage(
        patient=subject.code,
        labels=tuple(words for words, applies in labels if applies),
        headline=headline_of(comparison),
        names=gait_names(comparison.gaits),
        facts=tuple(f"{day_words(gait)}, {facts_of(gait)}" for gait in comparison.gaits),
        panels=visit_panels(chosen, norm),
        band_source=band_words(norm),
        change=change_table(comparison),
        curves=curve_table(comparison),
        prediction=prediction_table(comparison),
        trend=trend_series(comparison),
        findings=tuple(finding.advice.what for finding in comparison.findings[:MAX_FINDINGS]),
        notice=NOTICE,
        made_on=f"{_day(datetime.now(UTC))} · {store.people.words}{plain_words(store.data_dir)}",
        trail_words=store.audit_head().printed_words,
    )


def visits_norm(store: Store, chosen: Sequence[Capture]) -> Norm:
    """The band of the first recording, with which the others are compared: one behind all curves."""
    return motion_norm(store, chosen[0].motion_id, chosen[0].motion)


def band_words(norm: Norm) -> str:
    """Whose the band is, and for which of the recordings it was chosen."""
    return f"{norm.legend} Chosen for the first recording."


def visit_panels(chosen: Sequence[Capture], norm: Norm) -> tuple[VisitPanel, ...]:
    """Hip, knee and ankle of both sides, the recordings over each other on the normal band."""
    spreads = [measured_sd(capture.motion) for capture in chosen]
    return tuple(
        VisitPanel(kind, side, _curves(chosen, spreads, kind, number), _band(kind, norm))
        for kind in SAGITTAL
        for number, side in enumerate(SIDES)
    )


def _curves(
    chosen: Sequence[Capture],
    spreads: Sequence[tuple[FloatArray, FloatArray]],
    kind: JointKind,
    side: int,
) -> tuple[VisitCurve, ...]:
    column = list(JointKind).index(kind)
    curves = []
    for number, (capture, sd_rad) in enumerate(zip(chosen, spreads, strict=True)):
        mean_deg = np.degrees(mean_cycle(capture.motion.cycles[side])[:, column])
        sd_deg = np.degrees(sd_rad[side][:, column])
        if np.isfinite(mean_deg).all():
            known = np.isfinite(sd_deg).all() and sd_deg.any()
            curves.append(VisitCurve(number, mean_deg, sd_deg if known else None))
    return tuple(curves)


def _band(kind: JointKind, norm: Norm) -> tuple[FloatArray, FloatArray] | None:
    band = norm.bands.band(kind)
    if band is None:
        return None
    return np.degrees(band.mean_rad - band.sd_rad), np.degrees(band.mean_rad + band.sd_rad)


def day_words(gait: CapturedGait) -> str:
    """`20 Nov 2026`, when it was recorded."""
    return _day(datetime.fromisoformat(gait.recorded_utc).replace(tzinfo=UTC))


def _day(moment: datetime) -> str:
    """The same in every locale; people read their own clock."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    here = moment.astimezone()
    return f"{here.day} {months[here.month - 1]} {here.year}"


def finite_range(values: Sequence[float], *, margin: float) -> tuple[float, float]:
    """Lowest and highest of the known values, with room around them."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    room = max(margin, 0.15 * (max(known) - min(known)))
    return min(known) - room, max(known) + room
