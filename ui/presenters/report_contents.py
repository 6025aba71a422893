"""What a report holds, part by part, told by the report itself: nothing is ticked that no page shows."""

from __future__ import annotations

from core.domain.rollout import GaitLabel
from core.session.report import ReportContent


def contents_of(content: ReportContent) -> tuple[tuple[str, bool], ...]:
    """(what a part is, whether it is on a page)."""
    muscles = content.muscles
    emg = None if muscles is None else muscles.emg
    return (
        ("Measured gait", bool(content.gait.rows)),
        ("Forces", content.forces is not None and bool(content.forces.plots)),
        ("Muscle activity (EMG)", emg is not None and bool(emg.plots or emg.channels.rows)),
        ("Calibrated muscles", muscles is not None and muscles.calibration is not None),
        ("Strength", muscles is not None and muscles.strength is not None),
        ("Simulated gait", _drawn(content, GaitLabel.PERSONALIZED_TWIN)),
        ("Controllers compared", _drawn(content, GaitLabel.PERSONALIZED_CONTROLLER)),
        ("Help on each side", content.exo_help is not None),
        ("Deployment", any(name == "Device" for name, _words in content.deployment)),
    )


def _drawn(content: ReportContent, label: GaitLabel) -> bool:
    return any(curve.label is label for panel in content.panels for curve in panel.curves)
