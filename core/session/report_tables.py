"""Tables of the report: their form, that of the controllers, and that of a movement without strides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint
from core.domain.controller import Comparison, GaitScore, TrainedController
from core.domain.motion import Kinematics
from core.domain.rollout import METABOLIC_MODELS, GaitLabel
from core.domain.walk_numbers import EXO_BRAKING, Gaits, WalkRow, measured_gaits, walk_rows

NOT_PRINTED = ("Exo power, W", "… Umberger, W/kg", "… Bhargava, W/kg")  # the first page has no room


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a table; `cells` follow the table's columns."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportTable:
    title: str
    columns: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    note: str = ""  # in small letters below


def controller_table(trained: TrainedController | None, comparison: Comparison | None) -> ReportTable:
    """What the gaits cost: one row per gait, one column per number. Empty without a controller."""
    if trained is None:
        return ReportTable("Controller", (), ())
    limits = trained.controller.limits
    title = f"Controller for {trained.device_id.replace('_', ' ')}, at most {limits.peak_nm:.0f} N·m"
    gaits: Gaits = [(gait.label, gait.measures) for gait in trained.gaits]
    if comparison is not None:
        gaits = measured_gaits(comparison.scores)
    rows = walk_rows(gaits)
    if rows:
        return _walk_table(title, gaits, rows)
    return _earlier_table(title, trained, comparison)


def _walk_table(title: str, gaits: Gaits, rows: Sequence[WalkRow]) -> ReportTable:
    """Rows of numbers turned into columns, so that every gait is one line."""
    shown = [row for row in rows if row.title not in NOT_PRINTED]
    lines = tuple(
        ReportRow(_gait_name(label), tuple(_printed(row, number) for row in shown))
        for number, (label, _) in enumerate(gaits)
    )
    names = (row.title if row.unit != "%" or row.name == EXO_BRAKING else row.name for row in shown)
    return ReportTable(f"{title} · in % of walking without exo", ("", *names), lines, _walk_note(gaits))


def _printed(row: WalkRow, column: int) -> str:
    span = row.spans[column]
    return f"{row.cells[column]} ± {span}" if span and row.strong else row.cells[column]


def _walk_note(gaits: Gaits) -> str:
    without = next(walks for label, walks in gaits if label == GaitLabel.WITHOUT_EXO.value and walks)
    rates = zip(METABOLIC_MODELS, without.metabolic_w_kg.mean(axis=0), strict=True)
    known = " and ".join(f"{rate:.2f} W/kg by {model}" for model, rate in rates)
    return (
        f"Simulated. Without exo = 100 %: {known}, beyond standing; ± half of the 95 % interval over "
        f"{without.seeds} seeds."
    )


def _gait_name(label: str) -> str:
    return label.removesuffix(" controller").capitalize()


def _earlier_table(title: str, trained: TrainedController, comparison: Comparison | None) -> ReportTable:
    """Of earlier versions, which knew joint effort alone."""
    if comparison is None:
        share = f"{100 * trained.effort_ratio_with_exo:.0f} %"
        return ReportTable(title, ("", "Joint effort"), (ReportRow("Personalized", (share,)),))
    scores = comparison.scores
    base = scores[0].effort if scores and scores[0].effort > 0 else math.nan
    columns = ("", "Joint effort", "Symmetry", "Falls per minute", "Exo peak torque", "Exo mean power")
    rows = tuple(
        ReportRow(
            _gait_name(score.label),
            (
                f"{100 * score.effort / base:.0f} %",
                f"{score.symmetry:.2f}",
                f"{score.falls_per_minute:.1f}",
                _of_exo(score, f"{score.exo_peak_nm:.1f} N·m"),
                _of_exo(score, f"{score.exo_mean_power_w:.1f} W"),
            ),
        )
        for score in scores
    )
    return ReportTable(title, columns, rows)


def _of_exo(score: GaitScore, words: str) -> str:
    return "–" if score.label == GaitLabel.WITHOUT_EXO.value else words


def angle_table(kinematics: Kinematics) -> ReportTable:
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
