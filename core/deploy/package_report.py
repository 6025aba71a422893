"""What a package says of the controller's effect: written from the comparison, read back as the verdict.

Another program may have written the report, so everything read is looked at first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.deploy.manifest import Acceptance, known
from core.domain.assistance import Assistance, FallCount, weigh, weigh_cost
from core.domain.comparison_words import comparison_verdict
from core.domain.controller import Comparison, GaitScore, TrainedController
from core.domain.cost_ratio import cost_ratio
from core.domain.rollout import GaitLabel
from core.domain.situation_effects import situation_assistance
from core.domain.walk_numbers import estimate_values, walk_values


def package_report(trained: TrainedController, comparison: Comparison | None) -> dict[str, Any]:
    """`report.json` before it is written."""
    report: dict[str, Any] = {
        "simulated": True,
        "synthetic": trained.synthetic,
        "control_steps": trained.control_steps,
        "effort_ratio_with_exo": known(trained.effort_ratio_with_exo),
        "falls_per_minute": known(trained.falls_per_minute),
        "findings": [finding.advice.one_line() for finding in trained.findings],
    }
    if comparison is not None:
        report["sentence"] = comparison_verdict(comparison)
        report["harder_elsewhere"] = situation_assistance(comparison).elsewhere
        report["gaits"] = [
            {
                "label": score.label,
                "effort": known(score.effort),
                "falls_per_minute": known(score.falls_per_minute),
                "exo_peak_nm": known(score.exo_peak_nm),
                "exo_negative_work_fraction": known(score.exo_negative_work_fraction),
                **_cost(comparison, score),
            }
            for score in comparison.scores
        ]
    return report


def _cost(comparison: Comparison, score: GaitScore) -> dict[str, Any]:
    """What a gait costs against walking without the exo; the verdict goes with the personalized one."""
    without = comparison.find(GaitLabel.WITHOUT_EXO)
    if without is None or without.measures is None or score.measures is None:
        return {}
    found = {"walks": walk_values(score.measures, without.measures)}
    if score.label != GaitLabel.PERSONALIZED_CONTROLLER.value:
        return found
    cost = cost_ratio(score.measures, without.measures)
    verdict = None
    if cost is not None:
        verdict = {**estimate_values(cost.estimate), "per_metre": cost.per_metre}
    return {**found, "cost_ratio": verdict}


def assistance_told(report: dict[str, Any], acceptance: Acceptance) -> Assistance:
    """Effect of the packed controller on walking: from the signed comparison, else from its training.

    Unknown in a package that holds neither; the training alone does not give the falls without the exo.
    Packages of earlier versions know joint effort alone.
    """
    gaits = report.get("gaits")
    if isinstance(gaits, list):
        without, worn = _gait(gaits, GaitLabel.WITHOUT_EXO), _gait(gaits, GaitLabel.PERSONALIZED_CONTROLLER)
        found = _by_cost(without, worn) if "cost_ratio" in worn else _by_effort(without, worn)
        elsewhere = report.get("harder_elsewhere")
        return replace(found, elsewhere=elsewhere if isinstance(elsewhere, str) else "")
    models = (acceptance.metabolic_ratio_umberger, acceptance.metabolic_ratio_bhargava)
    if None in models:
        return Assistance(
            acceptance.effort_ratio, acceptance.falls_per_minute, against=acceptance.negative_work_fraction
        )
    mean = sum(model for model in models if model is not None) / len(models)
    falls = (acceptance.falls_per_minute, None)
    return weigh_cost(mean, (None, None), falls=falls, against=acceptance.negative_work_fraction)


def _by_cost(without: dict[str, Any], worn: dict[str, Any]) -> Assistance:
    cost, walks, before = (_part(worn, "cost_ratio"), _part(worn, "walks"), _part(without, "walks"))
    counts = [_number(part, name) for part, name in ((walks, "falls"), (before, "falls"), (walks, "walks"))]
    whole = [int(count) for count in counts if count is not None]
    return weigh_cost(
        _number(cost, "mean"),
        (_number(cost, "low"), _number(cost, "high")),
        per_metre=cost.get("per_metre") is True,
        falls=(_number(worn, "falls_per_minute"), _number(without, "falls_per_minute")),
        counted=FallCount(*whole) if len(whole) == len(counts) else None,
        against=_number(worn, "exo_negative_work_fraction"),
    )


def _by_effort(without: dict[str, Any], worn: dict[str, Any]) -> Assistance:
    return weigh(
        _number(without, "effort"),
        _number(worn, "effort"),
        _number(without, "falls_per_minute"),
        _number(worn, "falls_per_minute"),
        _number(worn, "exo_negative_work_fraction"),
    )


def _part(gait: dict[str, Any], name: str) -> dict[str, Any]:
    part = gait.get(name)
    return part if isinstance(part, dict) else {}


def _gait(gaits: list[Any], label: GaitLabel) -> dict[str, Any]:
    found = (gait for gait in gaits if isinstance(gait, dict) and gait.get("label") == label.value)
    return next(found, {})


def _number(gait: dict[str, Any], name: str) -> float | None:
    """None for what is missing or no number: another program may have written the report."""
    value = gait.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
