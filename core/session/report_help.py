"""A further page of the report: torque of the exo on each side, help for each deficit, other situations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.body import SIDES
from core.domain.controller import Comparison
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.help_by_side import HelpBySide, HelpPeak, direction_words
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import SituationWalks, find_walks
from core.domain.situation_effects import effect_of, handrail_words, situation_name
from core.session.curve_tests import curve_sentence, joint_tests
from core.session.cycle_plot import CyclePlot
from core.session.exo_help import CONTROLLERS, deficit_lines, help_of, profile_of
from core.session.report_tables import ReportRow, ReportTable

UNKNOWN = "–"


@dataclass(frozen=True, slots=True, eq=False)
class HelpPart:
    """The page of the exo's help. All of it is simulated."""

    title: str
    plots: tuple[CyclePlot, ...]  # torque over the cycle, one per controller
    sides: ReportTable
    lines: tuple[str, ...]  # both sides, and deficit by deficit
    situations: ReportTable
    correlations: ReportTable
    notes: tuple[str, ...]


def help_part(comparison: Comparison | None) -> HelpPart | None:
    """None without a comparison, or of an earlier version that kept no torque over the cycle."""
    if comparison is None or help_of(comparison, GaitLabel.PERSONALIZED_CONTROLLER) is None:
        return None
    words = handrail_words(comparison.situations)
    return HelpPart(
        "Help of the exo on each side · simulated, level walking",
        tuple(plot for label in CONTROLLERS if (plot := _plot(comparison, label)) is not None),
        _side_table(comparison),
        _lines(comparison),
        _situation_table(comparison.situations),
        _correlation_table(comparison.correlations),
        tuple(line for line in (words, curve_sentence(joint_tests(comparison))) if line),
    )


def _lines(comparison: Comparison) -> tuple[str, ...]:
    """Which controller it is stands before the sentence on both sides: the table above has two of them."""
    lines = deficit_lines(comparison, GaitLabel.PERSONALIZED_CONTROLLER)
    return tuple(f"Personalized controller: {line[0].lower()}{line[1:]}" for line in lines[:1]) + lines[1:]


def _plot(comparison: Comparison, label: GaitLabel) -> CyclePlot | None:
    profile = profile_of(comparison, label)
    if profile is None or not all(profile.strides):
        return None
    curves = zip(SIDES, profile.torque_nm_kg, profile.sd_nm_kg, strict=True)
    return CyclePlot(f"{_name(label)}, N·m/kg, {direction_words(profile.joint)[0]} up", tuple(curves), None)


def _name(label: GaitLabel) -> str:
    return label.value.removesuffix(" controller").capitalize()


def _side_table(comparison: Comparison) -> ReportTable:
    """One row per controller and side."""
    found = [(label, table) for label in CONTROLLERS if (table := help_of(comparison, label)) is not None]
    rows = tuple(_side_row(label, table, number) for label, table in found for number in range(len(SIDES)))
    flexion, extension = (word.capitalize() for word in direction_words(found[0][1].joint))
    columns = ("", f"{flexion}, at most", "at", f"{extension}, at most", "at", "Over the cycle (RMS)")
    return ReportTable("Size and timing", columns, rows, "Timing in % of the gait cycle of that leg.")


def _side_row(label: GaitLabel, table: HelpBySide, number: int) -> ReportRow:
    side = table.sides[number]
    rms = f"{side.rms_nm_kg:.3f} N·m/kg · {side.rms_nm:.1f} N·m"
    cells = (*_peak_cells(side.flexion), *_peak_cells(side.extension), rms)
    return ReportRow(f"{_name(label)}, {side.side}", cells)


def _peak_cells(peak: HelpPeak) -> tuple[str, str]:
    if peak.nm <= 0.0:
        return UNKNOWN, UNKNOWN
    return f"{peak.nm_kg:.3f} N·m/kg · {peak.nm:.1f} N·m", f"{100.0 * peak.at:.0f} %"


def _situation_table(situations: Sequence[SituationWalks]) -> ReportTable:
    """Cost in percent of the same walks without the exo, and falls; level walking is on the first page."""
    walks = tuple(situations)
    keys = dict.fromkeys(
        one.situation for one in walks if one.situation != LEVEL_WALKING.key and not one.handrail
    )
    columns = (
        "",
        *(f"Metabolic cost, {_name(label).lower()}" for label in CONTROLLERS),
        "Falls without exo",
        *(f"Falls, {_name(label).lower()}" for label in CONTROLLERS),
        "Walks",
    )
    rows = tuple(_situation_row(walks, key) for key in keys)
    note = (
        "Cost in % of the same walks without the exo; – where a disturbance or falls leave none to compare, "
        "or where it was not walked."
    )
    return ReportTable("Other situations", columns, rows, note if rows else "")


def _situation_row(walks: tuple[SituationWalks, ...], key: str) -> ReportRow:
    without = find_walks(walks, key, GaitLabel.WITHOUT_EXO)
    others = [find_walks(walks, key, label) for label in CONTROLLERS]
    starts = next((str(one.measures.starts) for one in (without, *others) if one is not None), UNKNOWN)
    cells = (*(_cost(one, without) for one in others), *(_falls(one) for one in (without, *others)), starts)
    return ReportRow(situation_name(key).capitalize(), cells)


def _cost(walks: SituationWalks | None, without: SituationWalks | None) -> str:
    if walks is None or without is None:
        return UNKNOWN
    effect = effect_of(walks, without)
    if not effect.walkable or effect.cost is None:
        return UNKNOWN
    half = 50.0 * (effect.cost.estimate.high - effect.cost.estimate.low)
    digits = 1 if half < 1.0 else 0  # never ± 0: the walks tell no more than that
    span = f" ± {half:.{digits}f}" if math.isfinite(half) else ""
    metre = " per metre" if effect.cost.per_metre else ""
    return f"{100.0 * effect.cost.estimate.mean:.{digits}f}{span} %{metre}"


def _falls(walks: SituationWalks | None) -> str:
    return UNKNOWN if walks is None else str(walks.measures.falls)


def _correlation_table(found: CycleCorrelations | None) -> ReportTable:
    """Against the healthy self of an impaired twin, else against the measured gait."""
    title = "Correlation of the strides"
    if found is None:
        return ReportTable(title, (), ())
    base = GaitLabel.HEALTHY_TWIN if GaitLabel.HEALTHY_TWIN in found.labels else GaitLabel.MEASURED
    labels = tuple(label for label in found.labels if label != base)
    rows = tuple(
        ReportRow(
            f"{side.capitalize()} {kind.label.lower()}",
            tuple(_r(found.between(base, label, kind, side)) for label in (base, *labels)),
        )
        for kind in found.joints
        for side in SIDES
    )
    columns = ("", f"{base.value.capitalize()}, with itself", *(label.capitalize() for label in labels))
    note = "Mean Pearson r over all pairs of strides."
    return ReportTable(f"{title} with the {_BASES[base]}", columns, rows, note)


_BASES = {GaitLabel.HEALTHY_TWIN: "healthy twin's", GaitLabel.MEASURED: "measured ones"}


def _r(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else UNKNOWN
