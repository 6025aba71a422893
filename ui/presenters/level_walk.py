"""Text and views of the twin's level walk beside the measured gait. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.domain.motion import Motion
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.gait.norm_choice import Norm, Walker, norm_for
from core.gait.twin_likeness import JointCloseness, twin_verdict
from ui.pages.gait_comparison import ComparisonView
from ui.pages.number_table import NumberTable
from ui.plots.curves import JointPanel
from ui.plots.muscle_grid import MuscleView
from ui.presenters.closeness import (
    closeness_of,
    closer_words,
    joint_words,
    off_words,
    worst_joint,
)
from ui.presenters.gait_curves import NamedCycles, joint_panels, likeness_rows
from ui.scene.stage import StagedGait
from ui.theme import Tone

TWINS = (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)


def level_view(
    gaits: RolloutSet, motion: Motion | None, muscles: MuscleView, walker: Walker | None
) -> ComparisonView:
    """The default and the personalized twin against the measured gait."""
    norm = level_norm(gaits, motion, walker)
    panels = joint_panels(motion, [NamedCycles(r.label, r.cycles) for r in gaits.rollouts], norm=norm)
    columns = ("Joint", *(label.value.capitalize() for label in TWINS))
    return ComparisonView(
        staged=tuple(staged(gaits, label) for label in TWINS if gaits.find(label) is not None),
        joint_panels=panels,
        sentence=review_sentence(panels),
        table=NumberTable(columns, likeness_rows(panels, TWINS)),
        muscles=muscles,
    )


def level_norm(gaits: RolloutSet, motion: Motion | None, walker: Walker | None) -> Norm | None:
    """The band for the measured walk's speed, or else for the twin's."""
    if walker is None:
        return None
    measured = motion is not None and not motion.without_walk
    own = motion.measures.speed_m_s if motion is not None and measured else gaits.rollouts[-1].speed_m_s
    return norm_for(replace(walker, speed_m_s=own))


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


def review_headline(twin: Rollout | None, joints: Sequence[JointCloseness]) -> tuple[str, Tone]:
    """Whether the twin walks like the patient: on average, and at its worst joint."""
    words, warns = twin_verdict(twin, joints)
    return words, Tone.WARN if warns else Tone.OK


def review_sentence(panels: tuple[JointPanel, ...]) -> str:
    """Both twins against the patient in words, and where the personalized one is furthest off."""
    default, own = (closeness_of(panels, label) for label in TWINS)
    if not own.known:
        return "There are no complete strides to compare."
    words = f"The personalized twin follows the patient's own gait ({own.words})"
    if default.known:
        closer = closer_words(own, default, "the default twin")
        words = f"The personalized twin follows the patient's own gait {closer}"
    worst = worst_joint(panels, TWINS[1])
    if worst is None:
        return words + "."
    panel, found = worst
    return f"{words}. It is furthest off at the {joint_words(panel)}: {off_words(found)}."
