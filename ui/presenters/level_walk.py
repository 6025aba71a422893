"""Text and views of the twin's level walk beside the measured gait. No widgets."""

from __future__ import annotations

import math

from core.domain.motion import Motion
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from ui.pages.gait_comparison import ComparisonView
from ui.pages.number_table import NumberTable
from ui.plots.curves import JointPanel
from ui.plots.muscle_grid import MuscleView
from ui.presenters.gait_curves import (
    NamedCycles,
    joint_panels,
    likeness_of,
    likeness_rows,
    mean_correlation,
)
from ui.scene.stage import StagedGait
from ui.theme import Tone

CLOSE_R = 0.9  # from here on the shape of the curves is the patient's own
TWINS = (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)


def level_view(gaits: RolloutSet, motion: Motion | None, muscles: MuscleView) -> ComparisonView:
    """The default and the personalized twin against the measured gait."""
    panels = joint_panels(motion, [NamedCycles(r.label, r.cycles) for r in gaits.rollouts])
    columns = ("Joint", *(label.value.capitalize() for label in TWINS))
    return ComparisonView(
        staged=tuple(staged(gaits, label) for label in TWINS if gaits.find(label) is not None),
        joint_panels=panels,
        sentence=review_sentence(panels),
        table=NumberTable(columns, likeness_rows(panels, TWINS)),
        muscles=muscles,
    )


def staged(gaits: RolloutSet, label: GaitLabel) -> StagedGait:
    rollout = gaits.find(label)
    assert rollout is not None
    return StagedGait(rollout, gaits.geometry, label.value.capitalize())


def falls_words(rollout: Rollout | None) -> str:
    if rollout is None:
        return ""
    if rollout.fell_at_s is not None:
        return f"fell after {rollout.fell_at_s:.1f} s"
    return f"no fall in {rollout.walked_s:.0f} s"


def review_headline(twin: Rollout | None, correlation: float) -> tuple[str, Tone]:
    if twin is not None and twin.fell_at_s is not None:
        cause = f" ({twin.fall_cause})" if twin.fall_cause else ""
        return f"The twin fell after {twin.fell_at_s:.1f} s{cause}. Teach it for longer.", Tone.WARN
    if math.isnan(correlation):
        return "The twin walks, but it cannot be compared with the measured gait.", Tone.WARN
    if correlation >= CLOSE_R:
        return f"The twin walks like the patient (mean r {correlation:.2f}).", Tone.OK
    return (
        f"The twin walks, but not yet like the patient (mean r {correlation:.2f}).",
        Tone.WARN,
    )


def _closeness(own: float, default: float) -> str:
    """Differences that vanish in the printed digits are none."""
    if round(own, 2) == round(default, 2):
        return f"as closely as the default twin (mean r {own:.2f})"
    closer = "more closely" if own > default else "less closely"
    return f"{closer} than the default twin (mean r {own:.2f} instead of {default:.2f})"


def review_sentence(panels: tuple[JointPanel, ...]) -> str:
    """Both twins against the patient in words, and where the personalized one is furthest off."""
    default, own = (mean_correlation(panels, label) for label in TWINS)
    if math.isnan(own):
        return "There are no complete strides to compare."
    words = f"The personalized twin follows the patient's own gait (mean r {own:.2f})"
    if not math.isnan(default):
        words = f"The personalized twin follows the patient's own gait {_closeness(own, default)}"
    known = [
        (panel, found)
        for panel in panels
        if (found := likeness_of(panel, TWINS[1])) is not None and math.isfinite(found.rmse_deg)
    ]
    if not known:
        return words + "."
    panel, worst = max(known, key=lambda item: item[1].rmse_deg)
    return f"{words}. It is furthest off at the {panel.title.lower()}: {worst.rmse_deg:.0f}° on average."
