"""How alike the simulated gaits and the measured one are: a table of the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.domain.rollout import GaitLabel
from core.gait.similarity import compare_curves
from core.session.report_panels import ReportPanel
from core.session.report_tables import ReportRow, ReportTable


def similarity_table(panels: Sequence[ReportPanel]) -> ReportTable:
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
