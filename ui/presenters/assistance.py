"""Text and curves of the exo's help over the gait cycle, on each side. No widgets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import Comparison
from core.domain.help_by_side import HelpBySide, HelpPeak, direction_words
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import find_walks
from core.session.exo_help import CONTROLLERS, help_of
from ui.pages.help_by_side import HelpView
from ui.pages.number_table import NumberRow, NumberTable
from ui.pages.torque_curves import TorqueView
from ui.plots.curves import CycleCurve, JointPanel, Measure, PeakField
from ui.presenters.gait_curves import STYLES
from ui.presenters.published import published_fields, published_sources, published_words
from ui.widgets.empty import Missing
from ui.wording import unbroken

SD_WORDS = "Shaded: ± 1 SD from stride to stride."
NO_TORQUE = "No whole stride with torque was walked here."
_SHORT = {GaitLabel.DEFAULT_CONTROLLER: "default", GaitLabel.PERSONALIZED_CONTROLLER: "personalized"}


def torque_measure(joint: JointKind) -> Measure:
    """Positive flexes: the axis says it."""
    part = "Ankle" if joint is JointKind.ANKLE else "Hip"
    positive = direction_words(joint)[0]
    return Measure(f"{part} torque of the exo", f"{positive.capitalize()} +", " N·m/kg")


def torque_view(comparison: Comparison, situation: str, name: str, limit_nm: float = math.inf) -> TorqueView:
    """Default and personalized controller on both sides, mean and SD between strides.

    What is published is of level walking: beside other situations it is not drawn.
    """
    profiles = profiles_of(comparison, situation)
    title = f"Torque over the gait cycle · {name}, simulated"
    if not profiles:
        return TorqueView(title, missing=NO_TORQUE)
    joint, mass_kg = next(iter(profiles.values())).joint, comparison.mass_kg
    if situation != LEVEL_WALKING.key or mass_kg is None:
        return TorqueView(title, torque_panels(profiles))
    own = profiles.get(GaitLabel.PERSONALIZED_CONTROLLER)
    return TorqueView(
        title,
        torque_panels(profiles, published_fields(joint, mass_kg)),
        "" if own is None else unbroken(published_words(own, mass_kg, limit_nm)),
        published_sources(joint),
    )


def profiles_of(comparison: Comparison, situation: str) -> dict[GaitLabel, AssistanceProfile]:
    found = {label: find_walks(comparison.situations, situation, label) for label in CONTROLLERS}
    return {
        label: walks.profile
        for label, walks in found.items()
        if walks is not None and walks.profile is not None and any(walks.profile.strides)
    }


def exo_joint(comparison: Comparison) -> JointKind:
    """That the exo turns; earlier versions knew exos of the hip only, and kept no profiles."""
    known = (walks.profile.joint for walks in comparison.situations if walks.profile is not None)
    return next(known, JointKind.HIP_FLEXION)


def torque_panels(
    profiles: dict[GaitLabel, AssistanceProfile], published: tuple[PeakField, ...] = ()
) -> tuple[JointPanel, ...]:
    joint = next(iter(profiles.values())).joint
    return tuple(
        JointPanel(
            torque_measure(joint),
            side,
            tuple(
                _curve(label, profile, side) for label, profile in profiles.items() if _strides(profile, side)
            ),
            published=published,
        )
        for side in SIDES
    )


def _curve(label: GaitLabel, profile: AssistanceProfile, side: Side) -> CycleCurve:
    row = SIDES.index(side)
    sd = np.nan_to_num(profile.sd_nm_kg[row])
    return CycleCurve(_SHORT[label], side, profile.torque_nm_kg[row], sd, STYLES[label], SD_WORDS)


def _strides(profile: AssistanceProfile, side: Side) -> int:
    return profile.strides[SIDES.index(side)]


# Help on each side --------------------------------------------------------------------------------------


def help_view(comparison: Comparison, action: str, limit_nm: float = math.inf) -> HelpView | Missing:
    """On the level, where strides are most alike."""
    helps = {label: found for label in CONTROLLERS if (found := help_of(comparison, label)) is not None}
    if not helps or comparison.mass_kg is None:
        return _no_help(comparison, action)
    return HelpView(
        help_table(helps),
        tuple(unbroken(words) for words in help_sentences(helps)),
        f"Level walking, simulated; a body of {comparison.mass_kg:.0f} kg. Times in percent of the gait "
        "cycle of that leg, from its heel strike.",
        torque_view(comparison, LEVEL_WALKING.key, LEVEL_WALKING.name, limit_nm),
    )


def _no_help(comparison: Comparison, action: str) -> Missing:
    if comparison.situations:
        return Missing(
            "There is no whole stride of both legs with torque",
            "The help of each side is told from whole strides. Let the twin learn for longer on the "
            "Personalize page, then train and compare again.",
        )
    return Missing(
        "This comparison does not know the help of each side",
        "It was made by an earlier version. Compare again to see size and timing of the torque on each side; "
        "the new comparison needs a signature of its own.",
        action,
    )


def help_table(helps: dict[GaitLabel, HelpBySide]) -> NumberTable:
    """A row per side and controller."""
    joint = next(iter(helps.values())).joint
    positive, negative = direction_words(joint)
    rows = [
        NumberRow(
            f"{side.value.capitalize()}, {_SHORT[label]}",
            (
                _peak_words(found.of(side).flexion),
                _peak_words(found.of(side).extension),
                f"{found.of(side).rms_nm:.1f} N·m",
            ),
            side=side,
        )
        for side in SIDES
        for label, found in helps.items()
    ]
    columns = ("Side", f"Most {positive},\nand when", f"Most {negative},\nand when", "Over the\ncycle (RMS)")
    return NumberTable(columns, tuple(rows))


def _peak_words(peak: HelpPeak) -> str:
    if peak.nm <= 0.0 or not math.isfinite(peak.nm):
        return "none"
    return f"{peak.nm:.1f} N·m, {100.0 * peak.at:.0f} %"


def help_sentences(helps: dict[GaitLabel, HelpBySide]) -> Sequence[str]:
    """Of the personalized controller first; what the default one does is told to compare."""
    sentences = []
    personal = helps.get(GaitLabel.PERSONALIZED_CONTROLLER)
    if personal is not None:
        sentences.append(f"Personalized controller: {_first_down(personal.words)}")
        sentences += [one.words for one in personal.deficits]
        if not personal.deficits:
            sentences.append("The twin has no impairment, so no side is expected to need more help.")
    default = helps.get(GaitLabel.DEFAULT_CONTROLLER)
    if default is not None:
        sentences.append(f"Default controller: {_first_down(default.words)}")
    return sentences


def _first_down(words: str) -> str:
    return f"{words[0].lower()}{words[1:]}"
