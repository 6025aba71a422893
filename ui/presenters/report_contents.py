"""What a report holds, part by part, told by the report itself: nothing is ticked that no page shows."""

from __future__ import annotations

from core.domain.rollout import GaitLabel
from core.session.report import ReportContent


def contents_of(content: ReportContent) -> tuple[tuple[str, bool], ...]:
    """(what a part is, whether it is on a page).

    What is on record but printed in the appendix only is not listed as long as the appendix is not wanted.
    """
    muscles, full = content.muscles, content.appendix
    emg = None if muscles is None else muscles.emg
    everywhere = (
        ("Measured gait", bool(content.gait.rows)),
        ("Forces", content.forces is not None and bool(content.forces.plots)),
        *_estimates(content),
        ("Simulated gait", _drawn(content, GaitLabel.PERSONALIZED_TWIN)),
        ("Controllers compared", _drawn(content, GaitLabel.PERSONALIZED_CONTROLLER)),
        ("Deployment", any(name == "Device" for name, _words in content.deployment)),
    )
    in_appendix = (
        ("Calibrated muscles", muscles is not None and muscles.calibration is not None),
        ("Strength", muscles is not None and muscles.strength is not None),
        ("Help on each side", content.exo_help is not None),
    )
    emg_shown = emg is not None and bool(emg.plots or (full and emg.channels.rows))
    in_two_pages = ("Muscle activity (EMG)", emg_shown)
    only_there = tuple(part for part in in_appendix if full or not part[1])
    return (*everywhere[:2], in_two_pages, *everywhere[2:], *only_there)


def _estimates(content: ReportContent) -> tuple[tuple[str, bool], ...]:
    """Not listed where they are missing: most visits need none."""
    part = content.estimates
    found = (
        ("Hip moments, estimated", part is not None and part.moments is not None),
        ("Assistance force", part is not None and part.force is not None),
    )
    return tuple(one for one in found if one[1])


def _drawn(content: ReportContent, label: GaitLabel) -> bool:
    return any(curve.label is label for panel in content.panels for curve in panel.curves)
