"""How closely one gait follows another, in words: by distance and by shape, and at the worst joint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.body import JointKind
from core.gait.band_fit import OFFSET_SHARE, SAME_SHAPE_R
from core.gait.similarity import CLOSE_RMSE_DEG
from ui.plots.curves import JointPanel, Likeness

CLOSE_R = 0.9  # from here on the shape of the curves is the patient's own
FAR_JOINT_DEG, FAR_JOINT_R = 10.0, 0.7  # one joint that is further off is seen on the screen
_NOTABLE_DEG = 4.0  # a smaller offset is within what two captures of one person differ by


@dataclass(frozen=True, slots=True)
class Closeness:
    """Means over joints and sides; NaN where nothing can be compared."""

    correlation: float
    rmse_deg: float

    @property
    def known(self) -> bool:
        return math.isfinite(self.correlation) and math.isfinite(self.rmse_deg)

    @property
    def close(self) -> bool:
        return self.correlation >= CLOSE_R and self.rmse_deg <= CLOSE_RMSE_DEG

    @property
    def words(self) -> str:
        """`mean r 0.94, 4.2°`."""
        return f"mean r {self.correlation:.2f}, {self.rmse_deg:.1f}°"


def likeness_of(panel: JointPanel, label: str) -> Likeness | None:
    return next((item for item in panel.likeness if item.label == label), None)


def closeness_of(panels: Sequence[JointPanel], label: str) -> Closeness:
    found = [item for panel in panels if (item := likeness_of(panel, label)) is not None]
    return Closeness(_mean([one.correlation for one in found]), _mean([one.rmse_deg for one in found]))


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


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


def is_far(found: Likeness) -> bool:
    return found.rmse_deg > FAR_JOINT_DEG or found.correlation < FAR_JOINT_R


def far_joints(panels: Sequence[JointPanel], label: str) -> list[tuple[JointPanel, Likeness]]:
    """Joints that are far off or of another shape, the furthest first."""
    known = [(panel, found) for panel in panels if (found := likeness_of(panel, label)) is not None]
    far = [item for item in known if is_far(item[1])]
    return sorted(far, key=lambda item: -item[1].rmse_deg)


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
