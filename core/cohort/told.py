"""Findings of a study as JSON and as lines of text. What depends on the PC or the day is not in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.cohort.findings import (
    LEAST,
    WHO,
    Contrast,
    DeviceFindings,
    Group,
    MeasureFindings,
    StudyFindings,
)
from core.cohort.results import MEASURES, OfDevice
from core.cohort.study_file import plan_sha256
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

SCHEMA = 1  # of the summary; a window of a later version still reads it


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
        "verdict": found.verdict,
        "patients": result.plan.cohort.patients,
        "cells": result.plan.cells,
        "finished": len(result.finished),
        "excluded": [_excluded(cell) for cell in result.excluded],
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
        "groups": list(data.groups),
        "conditions": [label.value for label in data.conditions],
        "falls": list(data.falls),
        "walks_each": data.starts,
        "measures": [_measure(one, data) for one in found.measures],
        "curves": [{"joint": joint.value} | curve_values(test) for joint, test in found.curves],
        "angles_deg": [_curve(one) for one in data.angle_rad],
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
        "own_best_or_within_1_percent": found.own_best,
        "strangers": [_finite(row) for row in data.strangers[found.name]],
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    return {
        "other": one.other.value,
        "shown": one.shown,
        "words": one.words,
        "p_bonferroni": one.p,
    } | t_values(one.t)


def _group(one: Group) -> dict[str, Any]:
    low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
    return {"name": one.name, "n": one.n, "mean": one.mean, "low": low, "high": high}


def _estimate(values: FloatArray) -> dict[str, float | None]:
    found = Estimate.of(values)
    low, high = (end if math.isfinite(end) else None for end in (found.low, found.high))
    return {"mean": found.mean, "low": low, "high": high}


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
    return [*lines, "", found.verdict]


def _device_lines(found: DeviceFindings) -> list[str]:
    lines = [f"{found.data.device} (n = {found.n} {WHO}); every number over walking without the exo"]
    if found.n < LEAST:
        return [*lines, f"  Fewer than {LEAST} patients finished: nothing is tested."]
    for measure in found.measures:
        if measure.anova is not None:
            lines += [f"  {line}" for line in _head_lines(measure)]
        lines += [f"    own − {one.other.value}: {one.words}, {p_words(one.p)}" for one in measure.contrasts]
        if measure.own_best is not None:
            lines.append(f"    own controller best, or within 1 % of it: {measure.own_best} of {found.n}")
    for joint, test in found.curves:
        lines += [f"  {line}" for line in curve_lines(joint.value, test, ("without exo", "own"), WHO)]
    return lines


def _head_lines(measure: MeasureFindings) -> list[str]:
    assert measure.anova is not None
    table = study_lines(measure.anova, WHO)
    rows = table[: 2 + len(measure.anova.conditions)]
    return [*rows, f"  → {verdict_words(measure.anova)}"]
