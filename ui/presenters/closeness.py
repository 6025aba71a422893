"""How closely one gait follows another, in words: by distance and by shape, and at the worst joint."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.domain.body import JointKind
from core.gait.band_fit import OFFSET_SHARE, SAME_SHAPE_R
from core.gait.twin_likeness import Closeness, JointCloseness, mean_closeness
from ui.plots.curves import JointPanel, Likeness

_NOTABLE_DEG = 4.0  # a smaller offset is within what two captures of one person differ by


def likeness_of(panel: JointPanel, label: str) -> Likeness | None:
    return next((item for item in panel.likeness if item.label == label), None)


def closeness_of(panels: Sequence[JointPanel], label: str) -> Closeness:
    return mean_closeness(joints_of(panels, label))


def joints_of(panels: Sequence[JointPanel], label: str) -> tuple[JointCloseness, ...]:
    """How closely a gait follows the measured one at every joint."""
    return tuple(
        JointCloseness(joint_words(panel), found.correlation, found.rmse_deg)
        for panel in panels
        if (found := likeness_of(panel, label)) is not None
    )


def closer_words(own: Closeness, other: Closeness, whom: str) -> str:
    """`more closely than WHOM (...)`; both numbers decide, and where they disagree both are said.

    Differences that vanish in the printed digits are none.
    """
    nearer = round(other.rmse_deg, 1) - round(own.rmse_deg, 1)
    liker = round(own.correlation, 2) - round(other.correlation, 2)
    if nearer == liker == 0.0:
        return f"as closely as {whom} ({own.words})"
    r = f"mean r {own.correlation:.2f} instead of {other.correlation:.2f}"
    degrees = f"{own.rmse_deg:.1f}° off instead of {other.rmse_deg:.1f}°"
    if nearer >= 0.0 and liker >= 0.0:
        return f"more closely than {whom} ({r}, {degrees})"
    if nearer <= 0.0 and liker <= 0.0:
        return f"less closely than {whom} ({r}, {degrees})"
    if nearer > 0.0:
        return f"closer in degrees than {whom}, but less alike in shape ({degrees}, {r})"
    return f"more alike in shape than {whom}, but further off in degrees ({r}, {degrees})"


def joint_words(panel: JointPanel) -> str:
    """`left ankle`."""
    return f"{panel.side.value} {panel.kind.place}" if isinstance(panel.kind, JointKind) else panel.title


def worst_joint(panels: Sequence[JointPanel], label: str) -> tuple[JointPanel, Likeness] | None:
    """The joint that is furthest off, and how far."""
    known = [
        (panel, found)
        for panel in panels
        if (found := likeness_of(panel, label)) is not None and math.isfinite(found.rmse_deg)
    ]
    return max(known, key=lambda item: item[1].rmse_deg) if known else None


def off_words(found: Likeness) -> str:
    """`13° on average`, and that it is a constant offset where it is one."""
    words = f"{found.rmse_deg:.0f}° on average"
    constant = found.offset_deg**2 > OFFSET_SHARE * found.rmse_deg**2
    if found.rmse_deg <= _NOTABLE_DEG or not constant or not found.correlation >= SAME_SHAPE_R:
        return words
    where = "above" if found.offset_deg > 0 else "below"
    size = f"{abs(found.offset_deg):.0f}° {where} over the whole stride"
    return (
        f"{words}, nearly all of it a constant offset ({size}; the shape agrees, r {found.correlation:.2f})"
    )
