"""Findings of a study as JSON and as lines of text. What depends on the PC or the day is not in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.cohort.findings import (
    LEAST,
    METHOD,
    WHO,
    Contrast,
    DeviceFindings,
    Group,
    MeasureFindings,
    OwnBest,
    StudyFindings,
)
from core.cohort.results import MEASURES, OfDevice
from core.cohort.study_file import plan_sha256
from core.cohort.summary_file import SCHEMA
from core.cohort.versions import made_with
from core.domain.arrays import FloatArray
from core.domain.cohort_cell import StudyCell
from core.domain.walk_measures import Estimate
from core.statistics.told import (
    curve_lines,
    curve_values,
    p_words,
    rounded,
    study_lines,
    study_values,
    t_values,
    two_factor_values,
    verdict_words,
)


def findings_values(found: StudyFindings) -> dict[str, Any]:
    """The summary of a study."""
    result = found.result
    values = {
        "schema": SCHEMA,
        "study": result.plan.name,
        "question": result.plan.question,
        "study_sha256": plan_sha256(result.plan),
        "simulated": True,
        "who": WHO,
        "answer": found.answer,
        "verdict": found.verdict,
        "method": METHOD,
        "patients": result.plan.cohort.patients,
        "cells": result.plan.cells,
        "finished": len(result.finished),
        "excluded": [_excluded(cell) for cell in result.excluded],
        "made_alike": len(made_with(result.states)) <= 1,
        "devices": [_device(one) for one in found.devices],
        "device_by_condition": [two_factor_values(one) for one in found.device_by_condition],
    }
    told: dict[str, Any] = rounded(values, 6)
    return told


def _excluded(cell: StudyCell) -> dict[str, str]:
    return {
        "cell": cell.key.words,
        "patient": cell.patient,
        "code": cell.excluded_code,
        "why": cell.excluded_why,
    }


def _device(found: DeviceFindings) -> dict[str, Any]:
    data = found.data
    return {
        "device": data.device,
        "n": found.n,
        "patients": list(data.patients),
        "unmeasured": list(data.unmeasured),
        "groups": list(data.groups),
        "conditions": [label.value for label in data.conditions],
        "falls": [
            {"condition": label.value, "falls": falls, "walks": walks}
            for label, (falls, walks) in data.falls.items()
        ],
        "measures": [_measure(one, data) for one in found.measures],
        "curves": [{"joint": joint.value} | curve_values(test) for joint, test in found.curves],
        "angles_deg": [_curve(one) for one in _seen(*data.angle_rad)],
    }


def _measure(found: MeasureFindings, data: OfDevice) -> dict[str, Any]:
    ratio = data.ratio[found.name]
    return {
        "measure": found.name,
        "words": MEASURES[found.name],
        "values": [_finite(row) for row in ratio.T],
        "means": [_estimate(column) for column in ratio.T] if len(ratio) else [],
        "anova": None if found.anova is None else study_values(found.anova),
        "own_minus": [_contrast(one) for one in found.contrasts],
        "groups": [_group(one) for one in found.groups],
        "own_best": None if found.own_best is None else _own_best(found.own_best),
        "strangers": _walked(data, found.name),
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    return {
        "other": one.other.value,
        "shown": one.shown,
        "words": one.words,
        "decided_by": one.test,
        "p_bonferroni": one.p,
    } | t_values(one.t)


def _own_best(one: OwnBest) -> dict[str, Any]:
    return {
        "patients": one.patients,
        "best": one.best,
        "best_by_chance": one.by_chance,
        "best_or_within_1_percent": one.as_good,
        "words": one.words,
    }


def _walked(data: OfDevice, name: str) -> list[list[float]]:
    """Wearer and owner by their numbers, and the ratio: a thousand patients walked few of a million cells."""
    matrix, numbers = data.strangers[name], data.patients
    return [
        [numbers[wearer], numbers[owner], ratio]
        for wearer, owner, ratio in zip(
            matrix.wearer.tolist(), matrix.owner.tolist(), matrix.ratio.tolist(), strict=True
        )
    ]


def _group(one: Group) -> dict[str, Any]:
    low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
    return {"name": one.name, "n": one.n, "mean": one.mean, "low": low, "high": high}


def _estimate(values: FloatArray) -> dict[str, float | None]:
    found = Estimate.of(values)
    low, high = (end if math.isfinite(end) else None for end in (found.low, found.high))
    return {"mean": found.mean, "low": low, "high": high}


def _seen(*angles_rad: FloatArray) -> list[FloatArray]:
    """Of the patients whose strides were complete in both."""
    known = [np.isfinite(one).all(axis=(1, 2)) for one in angles_rad if len(one)]
    return [one[np.logical_and.reduce(known)] for one in angles_rad if len(one)]


def _curve(angle_rad: FloatArray) -> list[list[float | None]]:
    """Mean over patients, joint by joint."""
    if not len(angle_rad):
        return []
    return [_finite(row) for row in np.degrees(angle_rad.mean(axis=0))]


def _finite(values: Sequence[float] | FloatArray) -> list[float | None]:
    return [float(one) if math.isfinite(one) else None for one in values]


# Text ------------------------------------------------------------------------------------------------


def findings_lines(found: StudyFindings) -> list[str]:
    result = found.result
    lines = [
        f"{result.plan.name}: {len(result.finished)} of {result.plan.cells} cells finished, "
        f"{len(result.excluded)} excluded; {WHO}",
        *(f"  excluded: {cell.key.words} ({cell.patient}): {cell.excluded_why}" for cell in result.excluded),
    ]
    for one in found.devices:
        lines += ["", *_device_lines(one)]
    made = made_with(result.states)
    if len(made) > 1:
        lines += ["", "Not all of these were made alike:", *map(_made_words, made)]
    asked = [f"Asked: {result.plan.question}"] if result.plan.question else []
    return [*lines, "", METHOD, "", *asked, found.answer, found.verdict]


def _made_words(one: dict[str, Any]) -> str:
    made = ", ".join(f"{name} {told}" for name, told in one["versions"].items())
    return f"  {one['records']} records: {made}"


def _device_lines(found: DeviceFindings) -> list[str]:
    data = found.data
    lines = [f"{data.device} (n = {found.n} {WHO}); every number over walking without the exo"]
    if data.unmeasured:
        lines.append(f"  not in n: {len(data.unmeasured)} who fell too soon in some condition to be measured")
    falls = (f"{label.value} {falls} in {walks} walks" for label, (falls, walks) in data.falls.items())
    lines.append(f"  falls: {', '.join(falls)}")
    if found.n < LEAST:
        return [*lines, f"  Fewer than {LEAST} patients finished: nothing is tested."]
    for measure in found.measures:
        if measure.anova is not None:
            lines += [f"  {line}" for line in _head_lines(measure)]
        lines += [
            f"    own − {one.other.value}: {one.words}, {p_words(one.p)} ({one.test})"
            for one in measure.contrasts
        ]
        if measure.own_best is not None:
            lines.append(f"    {measure.own_best.words}")
    for joint, test in found.curves:
        lines += [f"  {line}" for line in curve_lines(joint.label, test, ("without exo", "own"), WHO)]
    return lines


def _head_lines(measure: MeasureFindings) -> list[str]:
    assert measure.anova is not None
    table = study_lines(measure.anova, WHO)
    rows = table[: 2 + len(measure.anova.conditions)]
    return [*rows, f"  → {verdict_words(measure.anova)}"]
