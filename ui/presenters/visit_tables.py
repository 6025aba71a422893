"""A comparison of recordings as the tables and curves of the Visits page."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.capture_comparison import CaptureComparison, Change
from core.gait.norm_choice import Norm
from core.session.capture_page import VisitPanel, band_words
from core.session.capture_tables import (
    MANY,
    UNKNOWN,
    change_tip,
    change_words,
    curve_words,
    prediction_table,
    row_name,
    short_change_words,
    value_words,
)
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curves import CurveStyle, CycleCurve, JointPanel, NormalBand

_SD_WORDS = "Bands: ± 1 SD of each recording."


def visit_joint_panels(
    panels: Sequence[VisitPanel], names: Sequence[str], norm: Norm
) -> tuple[JointPanel, ...]:
    """Curves on the normal band; colour and dashes tell the recording."""
    return tuple(
        JointPanel(
            panel.kind,
            panel.side,
            tuple(
                CycleCurve(
                    names[curve.number],
                    panel.side,
                    curve.mean_deg,
                    curve.sd_deg,
                    CurveStyle.MEASURED,
                    "" if curve.sd_deg is None else _SD_WORDS,
                    visit=curve.number,
                )
                for curve in panel.curves
            ),
            _band(panel, norm),
        )
        for panel in panels
    )


def change_numbers(comparison: CaptureComparison) -> NumberTable:
    """One row per number; a row in which something changed is strong."""
    names = _headings(comparison)
    rows = []
    for one in comparison.gaits[0].numbers:
        changes = [pair.find(one.quantity, one.side) for pair in comparison.pairs]
        cells = tuple(_cell(change, len(changes)) for change in changes)
        tips = tuple("" if change is None else change_tip(change) for change in changes)
        strong = any(change in pair.beyond for pair, change in zip(comparison.pairs, changes, strict=True))
        rows.append(
            NumberRow(
                row_name(one.quantity, one.side),
                (value_words(one.quantity, one.value), *cells),
                one.side,
                strong=strong,
                tips=("", *tips),
            )
        )
    return NumberTable(("", *names), tuple(rows))


def _cell(change: Change | None, others: int) -> str:
    """As much as there is room for: value, change and MDC of one recording; fewer of several."""
    if change is None:
        return UNKNOWN
    return change_words(change) if others == 1 else short_change_words(change, mdc=others < MANY)


def likeness_numbers(comparison: CaptureComparison) -> NumberTable:
    """r and distance of the mean curves of every other recording from those of the first."""
    names, by_curve = _headings(comparison), zip(*(pair.curves for pair in comparison.pairs), strict=True)
    rows = tuple(
        NumberRow(
            f"{others[0].side.value.capitalize()} {others[0].joint.place}",
            tuple(curve_words(own, with_mdc=len(comparison.pairs) < MANY) for own in others),
            others[0].side,
            tips=tuple(curve_words(own) for own in others),
        )
        for others in by_curve
    )
    return NumberTable(("", *names[1:]), rows)


def prediction_numbers(comparison: CaptureComparison) -> tuple[NumberTable, str]:
    """What was simulated beside what was measured, and the note below; empty without a prediction."""
    table, prediction = prediction_table(comparison), comparison.prediction
    if table is None or prediction is None:
        return NumberTable((), ()), ""
    columns = ("", "Change,\nsimulated", "Change,\nmeasured (MDC)", "")
    rows = tuple(
        NumberRow(
            f"{row.name}, {change.quantity.unit.strip()}",
            row.cells[2:],
            change.side,
            tip=f"Simulated: {row.cells[0]} without exo, {row.cells[1]} with it.",
        )
        for row, change in zip(table.rows, prediction.changes, strict=True)
    )
    return NumberTable(columns, rows), f"{table.title}. {table.note}"


def _headings(comparison: CaptureComparison) -> tuple[str, ...]:
    """Two short lines over a column."""
    return tuple(f"Visit {gait.visit_number}\n{gait.condition.value}" for gait in comparison.gaits)


def _band(panel: VisitPanel, norm: Norm) -> NormalBand | None:
    if panel.band_deg is None:
        return None
    low, high = panel.band_deg
    return NormalBand((low + high) / 2.0, (high - low) / 2.0, band_words(norm), norm.fits)
