"""Text, table and colour maps of how alike healthy, impaired and assisted gait are. No widgets."""

from __future__ import annotations

import math

import numpy as np

from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import Comparison
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.rollout import GaitLabel
from ui.pages.correlations import ColorMapView, CorrelationsView
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.color_map import number_words
from ui.theme import Tone
from ui.widgets.empty import Missing
from ui.wording import listed

SHORT = {
    GaitLabel.MEASURED: "Patient",
    GaitLabel.HEALTHY_TWIN: "Healthy",
    GaitLabel.WITHOUT_EXO: "No exo",
    GaitLabel.DEFAULT_CONTROLLER: "Default",
    GaitLabel.PERSONALIZED_CONTROLLER: "Personal",
}
REFERENCE_NAMES = {GaitLabel.MEASURED: "the measured gait", GaitLabel.HEALTHY_TWIN: "its healthy self"}
COMPARED = (GaitLabel.WITHOUT_EXO, GaitLabel.DEFAULT_CONTROLLER, GaitLabel.PERSONALIZED_CONTROLLER)
SAME_R = 0.01  # a smaller difference hardly shows in two digits
NOTE = (
    "Pearson r, mean over all pairs of strides; on the diagonal and as “within”, how alike the "
    "strides of one gait are. 1 = the same shape. All gaits but the measured one are simulated, on the level."
)
IMPAIRED_NOTE = " Healthy: the twin without its impairment; no exo, default and personal: with it."


def correlations_view(comparison: Comparison, action: str) -> CorrelationsView | Missing:
    found = comparison.correlations
    if found is None or not found.joints:
        return Missing(
            "This comparison does not know how alike the gaits are",
            "It was made by an earlier version. Compare again to see healthy, impaired and assisted gait "
            "with their correlations; the new comparison needs a signature of its own.",
            action,
        )
    reference = reference_of(found)
    sentence, tone = correlation_sentence(found, reference)
    return CorrelationsView(
        sentence,
        tone,
        tuple(_short(label) for label in found.labels),
        tuple(
            ColorMapView(f"{side.value.capitalize()} {joint.label.lower()}", joint.label, side, r)
            for joint in found.joints
            for side in SIDES
            for r in (found.matrix(joint, side),)
        ),
        correlation_table(found, reference),
        NOTE + (IMPAIRED_NOTE if reference is GaitLabel.HEALTHY_TWIN else ""),
    )


def reference_of(found: CycleCorrelations) -> GaitLabel:
    """The healthy self of an impaired twin; else the measured gait."""
    return GaitLabel.HEALTHY_TWIN if GaitLabel.HEALTHY_TWIN in found.labels else GaitLabel.MEASURED


def correlation_table(found: CycleCorrelations, reference: GaitLabel) -> NumberTable:
    """Per joint and side: r with the reference and what the exo changes; then within each gait."""
    shown = (GaitLabel.MEASURED, *COMPARED)
    columns = (
        f"r with {_two_lines(REFERENCE_NAMES[reference])}",
        *(_short(label) for label in shown),
        "With exo",
    )
    places = [(joint, side) for joint in found.joints for side in SIDES]
    like = (_row(found, reference, joint, side) for joint, side in places)
    own = (_own_row(found, joint, side) for joint, side in places)
    return NumberTable(columns, (*like, *own))


def _row(found: CycleCorrelations, reference: GaitLabel, joint: JointKind, side: Side) -> NumberRow:
    values = [found.between(label, reference, joint, side) for label in COMPARED]
    patient = found.between(GaitLabel.MEASURED, reference, joint, side)
    change = values[-1] - values[0]
    lower = change < -SAME_R
    return NumberRow(
        _place(joint, side),
        (
            "" if reference is GaitLabel.MEASURED else number_words(patient),
            *(number_words(value) for value in values),
            change_words(change),
        ),
        side=side,
        tip=f"{side.value.capitalize()} {joint.label.lower()}: personalized controller against no exo",
        tones=(*[Tone.NEUTRAL] * (1 + len(values)), Tone.WARN if lower else Tone.NEUTRAL),
    )


def _own_row(found: CycleCorrelations, joint: JointKind, side: Side) -> NumberRow:
    """How alike the strides of one gait are among each other: its variability, judged by nobody here."""
    values = [found.between(label, label, joint, side) for label in (GaitLabel.MEASURED, *COMPARED)]
    return NumberRow(
        f"{_place(joint, side)}, within",
        (*(number_words(value) for value in values), change_words(values[-1] - values[1])),
        side=side,
        tip=f"{side.value.capitalize()} {joint.label.lower()}: r of every two strides of the same gait",
    )


def _place(joint: JointKind, side: Side) -> str:
    return f"{side.value.capitalize()} {joint.place}"


def change_words(change: float) -> str:
    if math.isnan(change):
        return "–"
    if abs(change) < SAME_R:
        return "same"
    return "higher" if change > 0 else "lower"


def correlation_sentence(found: CycleCorrelations, reference: GaitLabel) -> tuple[str, Tone]:
    """What the personalized controller changes, the joints that get less alike first."""
    changes = {
        f"{side.value} {joint.label.split()[0].lower()}": (
            found.between(GaitLabel.PERSONALIZED_CONTROLLER, reference, joint, side)
            - found.between(GaitLabel.WITHOUT_EXO, reference, joint, side)
        )
        for joint in found.joints
        for side in SIDES
    }
    known = {name: change for name, change in changes.items() if np.isfinite(change)}
    if not known:
        return "There are too few whole strides to compare the gaits.", Tone.NEUTRAL
    before, after = (
        found.mean(label, reference) for label in (GaitLabel.WITHOUT_EXO, GaitLabel.PERSONALIZED_CONTROLLER)
    )
    means = f"mean r {number_words(after)} with the exo, {number_words(before)} without"
    less = [name for name, change in known.items() if change < -SAME_R]
    whom = REFERENCE_NAMES[reference]
    if less:
        return f"Less like {whom} with the exo: {listed(less)}. Over all joints {means}.", Tone.WARN
    if after - before < SAME_R:
        return f"With the exo the gait is as like {whom} as without ({means}).", Tone.NEUTRAL
    return f"With the exo the gait is more like {whom} ({means}).", Tone.OK


def _two_lines(words: str) -> str:
    first, _, rest = words.partition(" ")
    return f"{first}\n{rest}"


def _short(label: str) -> str:
    return next((short for known, short in SHORT.items() if known == label), label.capitalize())
