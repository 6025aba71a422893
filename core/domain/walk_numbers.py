"""Numbers of simulated walks with and without the exo as screens, reports and programs show them.

Ratios are shares of walking without the exo, with half of their 95 % interval over the seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.controller import GaitScore
from core.domain.cost_ratio import NARROW, cost_ratio
from core.domain.rollout import METABOLIC_MODELS, GaitLabel
from core.domain.walk_measures import Estimate, WalkMeasures, WalkRatios

NONE = "–"
FALLS, EXO_BRAKING = "Falls", "Exo braking"
_SPAN = " ± "
SHARE_TIP = "Simulated; without exo = 100 %."
_EFFORT = "Squared share of the joints' strength; it knows no muscles."
Gaits = Sequence[tuple[str, WalkMeasures | None]]  # a GaitLabel's value, and its walks
Cell = Callable[[WalkMeasures, WalkRatios | None], str]  # of one gait; None: it is the one without the exo


@dataclass(frozen=True, slots=True)
class WalkRow:
    """One number of several gaits; `cells` in their order, `spans` half of their 95 % intervals or ""."""

    name: str
    unit: str  # of cells and spans; "" for none
    cells: tuple[str, ...]
    spans: tuple[str, ...]
    tip: str = ""
    strong: bool = False
    detail: bool = False  # comes last where there is room

    @property
    def title(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def full(self, number: int) -> str:
        """Cell `number` with its interval and unit: `87.8 ± 0.5 %`."""
        span = f" ± {self.spans[number]}" if self.spans[number] else ""
        unit = f" {self.unit}" if self.unit and self.cells[number] != NONE else ""
        return f"{self.cells[number]}{span}{unit}"


def measured_gaits(scores: Sequence[GaitScore]) -> Gaits:
    return [(score.label, score.measures) for score in scores]


def walk_rows(gaits: Gaits) -> tuple[WalkRow, ...]:
    """What the gaits cost and do: first the number that decides, joint effort last.

    Empty without walks of no exo. Costs per metre decide where the personalized controller changes the speed.
    """
    by_label = dict(gaits)
    without = by_label.get(GaitLabel.WITHOUT_EXO.value)
    personal = by_label.get(GaitLabel.PERSONALIZED_CONTROLLER.value)
    if without is None:
        return ()
    cost = None if personal is None else cost_ratio(personal, without)

    def filled(row: _Row) -> WalkRow:
        cells = [_cell(row.cell, walks, without).partition(_SPAN) for _, walks in gaits]
        means, spans = tuple(cell[0] for cell in cells), tuple(cell[2] for cell in cells)
        return WalkRow(row.name, row.unit, means, spans, row.tip, detail=row.detail)

    rate, per_metre, *others = (filled(row) for row in _rows(without.starts))
    if cost is not None and cost.per_metre:
        rate, per_metre = per_metre, rate
    return (replace(rate, strong=True), per_metre, *others)


def _share_words(ratio: Estimate) -> str:
    """`87 ± 2` percent; with a tenth where the interval is narrow, and without ± where there is none."""
    half = 50.0 * (ratio.high - ratio.low)
    if not math.isfinite(ratio.mean):
        return NONE
    if math.isnan(half):
        return f"{100.0 * ratio.mean:.0f}"
    digits = 1 if half < 50.0 * NARROW else 0
    return f"{100.0 * ratio.mean:.{digits}f}{_SPAN}{half:.{digits}f}"


def walk_values(walks: WalkMeasures, without: WalkMeasures) -> dict[str, Any]:
    """For programs: rates of one gait, and each ratio to walking without the exo with its 95 % interval."""
    same, metre = _ratios(walks, without), _ratios(walks, without, per_metre=True)
    cost = cost_ratio(walks, without)
    return {
        "metabolic_w_kg": _by_model(walks.metabolic_w_kg),
        "metabolic_j_kg_m": _by_model(walks.metabolic_j_kg_m),
        "metabolic_ratio": estimate_values(same.metabolic_of_both),
        "metabolic_ratio_by_model": dict(
            zip(METABOLIC_MODELS, map(estimate_values, same.by_model), strict=True)
        ),
        "metabolic_ratio_per_metre": estimate_values(metre.metabolic_of_both),
        "difference_shown": cost is not None and cost.shown,
        "activation_ratio": estimate_values(Estimate.of(same.activation)),
        "activation_peak_ratio": estimate_values(Estimate.of(same.activation_peak)),
        "positive_power_ratio": estimate_values(Estimate.of(same.positive_power)),
        "speed_m_s": _rounded(walks.speed_m_s.mean()),
        "speed_ratio": estimate_values(Estimate.of(same.speed)),
        "symmetry": _rounded(walks.symmetry.mean()),
        "exo_peak_nm": _rounded(walks.exo_peak_nm.max()),
        "exo_power_w": _rounded(walks.exo_power_w.mean()),
        "negative_work_fraction": _rounded(walks.negative_work_fraction.mean()),
        "falls": walks.falls,
        "walks": walks.starts,
        "seeds": walks.seeds,
        "joint_effort_ratio": estimate_values(Estimate.of(same.joint_effort)),
    }


def estimate_values(value: Estimate) -> dict[str, float | None]:
    ends = {"mean": value.mean, "low": value.low, "high": value.high}
    return {name: _rounded(end) for name, end in ends.items()}


@dataclass(frozen=True, slots=True)
class _Row:
    """How one row is filled."""

    name: str
    unit: str
    cell: Cell
    tip: str = ""
    detail: bool = False


def _rows(walks: int) -> tuple[_Row, ...]:
    umberger, bhargava = METABOLIC_MODELS
    net = "What walking costs beyond standing, mean of two muscle models."
    return (
        _Row("Metabolic rate", "%", _share(_of_both), f"{net} {SHARE_TIP}"),
        _Row("Cost per metre", "%", _per_metre, f"Metabolic rate over speed. {SHARE_TIP}"),
        _Row("Activation", "%", _share(lambda r: r.activation), f"Mean over time and muscles. {SHARE_TIP}"),
        _Row("Peak activation", "%", _share(lambda r: r.activation_peak), f"Mean over muscles. {SHARE_TIP}"),
        _Row("Joint power", "%", _share(lambda r: r.positive_power), f"Positive, by the body. {SHARE_TIP}"),
        _Row(f"{FALLS} in {walks} walks", "", lambda w, _: f"{w.falls}", "The same starts in every column"),
        _Row("Speed", "m/s", lambda w, _: f"{w.speed_m_s.mean():.2f}"),
        _Row("Symmetry", "", lambda w, _: _plain(w.symmetry.mean()), "Of stance and load; 1 = legs alike"),
        _Row("Exo peak", "N·m", _of_exo(lambda w: f"{w.exo_peak_nm.max():.1f}"), "Largest torque of the exo"),
        _Row(EXO_BRAKING, "%", _of_exo(_braking), "Share of the exo's work that is taken out of the walk"),
        _Row(umberger, "%", _share(lambda r: r.metabolic[:, 0]), f"Metabolic rate. {SHARE_TIP}", detail=True),
        _Row("… Umberger", "W/kg", _rate(0), f"Net metabolic rate by {umberger}", detail=True),
        _Row(bhargava, "%", _share(lambda r: r.metabolic[:, 1]), f"Metabolic rate. {SHARE_TIP}", detail=True),
        _Row("… Bhargava", "W/kg", _rate(1), f"Net metabolic rate by {bhargava}", detail=True),
        _Row(
            "Exo power",
            "W",
            _of_exo(lambda w: f"{w.exo_power_w.mean():.1f}"),
            "Mean, both sides",
            detail=True,
        ),
        _Row("Joint effort", "%", _share(lambda r: r.joint_effort), f"{_EFFORT} {SHARE_TIP}", detail=True),
    )


def _of_both(ratios: WalkRatios) -> FloatArray:
    both: FloatArray = ratios.metabolic.mean(axis=1)
    return both


def _cell(cell: Cell, walks: WalkMeasures | None, without: WalkMeasures) -> str:
    if walks is None:
        return NONE
    return cell(walks, None if walks is without else _ratios(walks, without))


def _ratios(walks: WalkMeasures, without: WalkMeasures, *, per_metre: bool = False) -> WalkRatios:
    """What cannot be divided becomes no finite number, and is shown as unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return WalkRatios.between(walks, without, per_metre=per_metre)


def _share(values: Callable[[WalkRatios], FloatArray]) -> Cell:
    return lambda _, ratios: "100" if ratios is None else _share_words(Estimate.of(values(ratios)))


def _per_metre(_walks: WalkMeasures, ratios: WalkRatios | None) -> str:
    if ratios is None:
        return "100"
    return _share_words(Estimate.of(_of_both(ratios) / ratios.speed))


def _rate(model: int) -> Cell:
    return lambda walks, _: f"{walks.metabolic_w_kg[:, model].mean():.2f}"


def _of_exo(words: Callable[[WalkMeasures], str]) -> Cell:
    return lambda walks, ratios: NONE if ratios is None else words(walks)


def _braking(walks: WalkMeasures) -> str:
    """A controller without torque does no work."""
    if not walks.exo_peak_nm.any():
        return NONE
    return f"{100.0 * walks.negative_work_fraction.mean():.0f}"


def _plain(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.2f}"


def _by_model(values: FloatArray) -> dict[str, float | None]:
    return {
        model: _rounded(value) for model, value in zip(METABOLIC_MODELS, values.mean(axis=0), strict=True)
    }


def _rounded(value: float | np.floating[Any]) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
