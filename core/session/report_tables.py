"""Tables of the report: their form, and that of the controllers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.controller import Comparison, GaitScore, TrainedController
from core.domain.rollout import GaitLabel
from core.domain.walk_numbers import WalkRow, measured_gaits, walk_rows

WALK_TABLE_NOTE = "Simulated; shares of walking without the exo in %, ± half of the 95 % interval"
NOT_PRINTED = ("Exo mean power",)  # of the numbers of a comparison: there is one page


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


def controller_table(trained: TrainedController | None, comparison: Comparison | None) -> ReportTable:
    """What the gaits cost: one row per gait, one column per number. Empty without a controller."""
    if trained is None:
        return ReportTable("Controller", (), ())
    limits = trained.controller.limits
    title = f"Controller for {trained.device_id.replace('_', ' ')}, at most {limits.peak_nm:.0f} N·m"
    gaits = [(gait.label, gait.measures) for gait in trained.gaits]
    if comparison is not None:
        gaits = list(measured_gaits(comparison.scores))
    rows = walk_rows(gaits)
    if rows:
        return _walk_table(f"{title}. {WALK_TABLE_NOTE}", [label for label, _ in gaits], rows)
    return _earlier_table(title, trained, comparison)


def _walk_table(title: str, labels: Sequence[str], rows: Sequence[WalkRow]) -> ReportTable:
    """Rows of numbers turned into columns, so that every gait is one line; shares without their sign."""
    by_name = {row.name: row for row in rows}
    shown = [by_name[name] for name in by_name if name not in NOT_PRINTED]
    lines = tuple(
        ReportRow(_gait_name(label), tuple(_printed(row, number) for row in shown))
        for number, label in enumerate(labels)
    )
    return ReportTable(title, ("", *(row.name for row in shown)), lines)


def _printed(row: WalkRow, column: int) -> str:
    words = row.cells[column].removesuffix(" %")
    span = row.spans[column].removesuffix(" %")
    return f"{words} ± {span}" if span and row.strong else words


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
