"""Text and views of a twin in scenarios, healthy or with an impairment. No widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.domain.impairment import Impairment
from core.domain.motion import Motion
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.scenario import (
    EXO_FAILURES,
    LEVEL_WALKING,
    SCENARIOS,
    GaitKind,
    GroundKind,
    Scenario,
)
from core.gait.norm_choice import Norm, Walker, norm_for
from core.session.scenarios import CONDITIONS, NO_EXO, ScenarioKey, ScenarioResult
from ui.pages.gait_comparison import ComparisonView
from ui.pages.number_table import NumberRow, NumberTable
from ui.pages.scenario_picker import ScenarioChoice, ScenarioGroup
from ui.plots.curves import CurveStyle, JointPanel
from ui.presenters.closeness import closeness_of, closer_words
from ui.presenters.gait_curves import NamedCycles, joint_panels, likeness_rows
from ui.scene.stage import StagedGait
from ui.theme import Tone
from ui.wording import signed

GOOD_RATE, FAIR_RATE = 0.9, 0.7
LEVEL_CURVE = "level walking"
IMPAIRED = "Impaired twin"
EXO_FAILS = "Exo fails"
CONTROLLED = CONDITIONS[2:]  # in which the exo gives torque
ONLY_IMPAIRED = "only with an impairment"


def group_of(scenario: Scenario) -> str:
    """Under which button a scenario is found."""
    if scenario.exo_disturbance is not None:
        return EXO_FAILS
    if scenario.disturbance is not None:
        return "Disturbances"
    if scenario.start_and_stop:
        return "Start and stop"
    if scenario.gait is GaitKind.RUN:
        return "Running"
    grounds = {GroundKind.RAMP: "Ramps", GroundKind.STAIRS: "Stairs", GroundKind.COURSE: "Stairs"}
    return grounds.get(scenario.ground.kind, "Level")


def scenario_groups(
    tries: Mapping[ScenarioKey, ScenarioResult],
    impairments: tuple[Impairment, ...],
    level: str,
    condition: GaitLabel = NO_EXO,
) -> tuple[ScenarioGroup, ...]:
    """All scenarios with what is known of them; `level` is said of level walking until it is tried.

    Of a condition in which the exo gives torque its failures are among them.
    """
    choices: dict[str, list[ScenarioChoice]] = {}
    impaired_keys = {key.scenario for key in tries if key.condition is NO_EXO and condition is NO_EXO}
    for scenario in (*SCENARIOS, *(EXO_FAILURES if condition in CONTROLLED else ())):
        tried = tries.get(ScenarioKey(scenario.key, impairments, condition))
        result, cause = (ONLY_IMPAIRED if scenario.key in impaired_keys else ""), ""
        if scenario is LEVEL_WALKING:
            result = level
        if tried is not None:
            result, cause = f"{tried.stayed} of {tried.starts}", cause_text(tried.most_falls)
        choice = ScenarioChoice(scenario.key, scenario.name, result, cause)
        choices.setdefault(group_of(scenario), []).append(choice)
    return tuple(ScenarioGroup(name, tuple(members)) for name, members in choices.items())


def cause_text(cause: str) -> str:
    """ "on the stairs: sank down" as part of a sentence."""
    return cause.replace(": ", ", ")


def starts_words(tried: ScenarioResult) -> str:
    words = f"{tried.stayed} of {tried.starts} starts came through {tried.seconds:g} s"
    return f"{words}; else mostly: {cause_text(tried.most_falls)}" if tried.most_falls else words


def tried_headline(name: str, tried: ScenarioResult) -> tuple[str, Tone]:
    tone = Tone.OK if tried.success_rate >= GOOD_RATE else Tone.WARN
    return f"{name}: {starts_words(tried)}.", tone


def impairment_words(impairment: Impairment) -> str:
    """ "weakness, left dorsiflexors 0.5"."""
    label = impairment.slot.label
    return f"{label[0].lower()}{label[1:]} {impairment.severity:.1f}"


def impaired_words(impairments: tuple[Impairment, ...]) -> str:
    """Shown above every scenario as long as simulations have an impairment; empty when they have none."""
    if not impairments:
        return ""
    names = "; ".join(impairment_words(one) for one in impairments)
    return f"Situations are tried with an impaired twin now: {names}."


# A healthy twin in a scenario ------------------------------------------------------------------------


def scenario_view(
    scenario: Scenario,
    gaits: RolloutSet,
    level: Rollout | None,
    impaired: str = "",
    *,
    walker: Walker | None = None,
) -> ComparisonView:
    """One picture with its ground; the curves of this walk beside those of the twin's level walking.

    `impaired` names the impairment of a twin that was not simulated here without it.
    """
    walk = gaits.rollouts[0]
    own = NamedCycles(walk.label, walk.cycles, f"{impaired or scenario.name.lower()}, simulated")
    shown = [own]
    if level is not None:
        shown.insert(0, NamedCycles(GaitLabel.DEFAULT_TWIN, level.cycles, f"{LEVEL_CURVE}, simulated"))
    panels = joint_panels(None, shown, norm=scenario_norm(scenario, walker, walk.speed_m_s))
    caption = " · ".join(part for part in (scenario.name, impaired, "simulated") if part)
    return ComparisonView(
        staged=(StagedGait(walk, gaits.geometry, caption, scenario.ground, own.title),),
        joint_panels=panels,
        sentence=walk_sentence(walk),
        table=range_table([gait.title for gait in shown], panels),
    )


def scenario_norm(scenario: Scenario, walker: Walker | None, speed_m_s: float) -> Norm | None:
    """The band for this speed, where normal level walking applies to the scenario at all."""
    if walker is None or scenario.ground.kind is not GroundKind.LEVEL or scenario.gait is not GaitKind.WALK:
        return None
    return norm_for(replace(walker, speed_m_s=speed_m_s))


def speed_of(measured: Motion | None, walk: Rollout) -> float:
    """Of the measured walk, or else of the simulated one."""
    return walk.speed_m_s if measured is None or measured.without_walk else measured.measures.speed_m_s


def walk_sentence(walk: Rollout) -> str:
    speed = f"{walk.speed_m_s:.2f} m/s"
    if walk.fell_at_s is not None:
        cause = f" ({cause_text(walk.fall_cause)})" if walk.fall_cause else ""
        words = f"The walk shown ends with a fall after {walk.fell_at_s:.1f} s{cause}"
    else:
        words = f"The walk shown lasts {walk.walked_s:.0f} s without a fall, at {speed} on average"
    strides = sum(len(side.angle_rad) for side in walk.cycles)
    return f"{words}." if strides else f"{words}; there is no complete stride to plot."


def range_table(names: Sequence[str], panels: Sequence[JointPanel]) -> NumberTable:
    """Smallest and largest angle of every joint in the mean stride of each gait."""
    tip = "Smallest and largest angle of the mean stride"
    rows = tuple(
        NumberRow(panel.title, tuple(_range_words(panel, name) for name in names), panel.side, tip)
        for panel in panels
    )
    return NumberTable(("Joint", *(name.capitalize() for name in names)), rows)


def _range_words(panel: JointPanel, name: str) -> str:
    curve = next((curve for curve in panel.curves if curve.label == name), None)
    if curve is None:
        return "–"
    low, high = (signed(float(value)) for value in (curve.mean.min(), curve.mean.max()))
    return f"{low}° to {high}°"


# With an impairment -----------------------------------------------------------------------------------


def what_if_view(
    scenario: Scenario,
    healthy: StagedGait,
    impaired: RolloutSet,
    impairment: Impairment,
    measured: Motion | None,
    *,
    walker: Walker | None = None,
) -> ComparisonView:
    """The twin without and with the impairment; both against the measured gait where there is one."""
    walk, name = impaired.rollouts[0], impairment_words(impairment)
    without = NamedCycles(GaitLabel.PERSONALIZED_TWIN, healthy.rollout.cycles)
    with_it = NamedCycles(GaitLabel.IMPAIRED_TWIN, walk.cycles, name)
    gaits = (without, with_it)
    norm = scenario_norm(scenario, walker, speed_of(measured, walk))
    panels = joint_panels(measured, gaits, norm=norm, against=without)
    titles = (without.title, name) if measured is not None else (name,)
    reference = "the measured gait" if measured is not None else "the twin without it"
    return ComparisonView(
        staged=(healthy, StagedGait(walk, impaired.geometry, IMPAIRED, scenario.ground, name)),
        joint_panels=panels,
        sentence=what_if_sentence(panels, walk, name, measured=measured is not None),
        table=NumberTable(
            ("Joint", *(f"{_first_up(title)} (r with {reference})" for title in titles)),
            likeness_rows(panels, titles, reference),
        ),
    )


def _first_up(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def what_if_headline(impairment: Impairment, tried: ScenarioResult, healthy: ScenarioResult | None) -> str:
    words = f"With {impairment_words(impairment)}: {tried.stayed} of {tried.starts} starts came through"
    if healthy is not None:
        words += f" ({healthy.stayed} of {healthy.starts} without it)"
    return f"{words}; else mostly: {cause_text(tried.most_falls)}." if tried.most_falls else f"{words}."


def what_if_sentence(panels: Sequence[JointPanel], walk: Rollout, name: str, *, measured: bool) -> str:
    """Where the gait changes most and, with a measured gait, whether it comes closer to it."""
    changes = [
        (float(np.sqrt(np.mean((changed - before) ** 2))), panel)
        for panel in panels
        if (before := _mean_of(panel, CurveStyle.PERSONALIZED)) is not None
        and (changed := _mean_of(panel, CurveStyle.IMPAIRED)) is not None
    ]
    if not changes:
        return walk_sentence(walk)
    change, panel = max(changes, key=lambda item: item[0])
    words = f"The {panel.title.lower()} changes most: {change:.0f}° on average"
    own, impaired = (closeness_of(panels, title) for title in (GaitLabel.PERSONALIZED_TWIN, name))
    if not measured or not own.known or not impaired.known:
        return f"{words}. {walk_sentence(walk)}"
    return f"{words}. The impaired twin follows the patient {closer_words(impaired, own, 'the unimpaired')}."


def _mean_of(panel: JointPanel, style: CurveStyle) -> np.ndarray | None:
    return next((curve.mean for curve in panel.curves if curve.style is style), None)
