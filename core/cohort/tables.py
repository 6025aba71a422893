"""The tables of a study. What they say of walking depends on the study alone; cost and provenance do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.cohort.cells import CellState
from core.cohort.patients import virtual_patients
from core.cohort.results import StudyResult, ratios
from core.domain.body import SIDES
from core.domain.cohort_cell import CellKey, CellWalks, StudyCell
from core.domain.rollout import METABOLIC_MODELS, GaitLabel
from core.domain.walk_measures import WalkMeasures

Row = dict[str, Any]
Table = dict[str, list[Any]]  # columns by name, all of one length


def result_tables(result: StudyResult) -> dict[str, Table]:
    """What was measured, bit for bit the same wherever and however often interrupted the study ran."""
    cells = [one.cell for one in result.states if one.cell is not None]
    return {
        "patients": _columns(_patients(result)),
        "cells": _columns(map(_cell, cells)),
        "walks": _columns(row for cell in cells for row in _walk_rows(cell)),
        "curves": _columns(row for cell in cells for walks in cell.walks for row in _curve_rows(cell, walks)),
        "strangers": _columns(row for one in result.states for row in _stranger_rows(one)),
    }


def origin_tables(result: StudyResult) -> dict[str, Table]:
    """Where every cell comes from, and what it cost there."""
    return {
        "provenance": _columns(row for one in result.states for row in _origins(one)),
        "cost": _columns(row for one in result.states for row in _cost_rows(one)),
    }


def _columns(rows: Iterator[Row] | list[Row] | Any) -> Table:
    found = list(rows)
    return {name: [row[name] for row in found] for name in (found[0] if found else {})}


def _patients(result: StudyResult) -> Iterator[Row]:
    for one in virtual_patients(result.plan.cohort):
        yield {
            "patient": one.number,
            "group": one.group,
            "impairments": one.words,
            "height_m": one.body.height_m,
            "mass_kg": one.body.mass_kg,
            "stride_period_s": one.reference.period_s,
            "stride_speed_m_s": one.reference.speed_m_s,
            "simulated": True,
        }


def _key(key: CellKey) -> Row:
    return {"patient": key.patient, "device": key.device, "training_seed": key.seed}


def _cell(cell: StudyCell) -> Row:
    return _key(cell.key) | {
        "finished": cell.finished,
        "excluded_code": cell.excluded_code,
        "excluded_why": cell.excluded_why,
        "controller_sha256": cell.controller_sha256,
        "study_sha256": cell.study_sha256,
    }


def _walk_rows(cell: StudyCell) -> Iterator[Row]:
    """One row of every start of every condition."""
    without = next((one.measures for one in cell.walks if one.label is GaitLabel.WITHOUT_EXO), None)
    for walks in cell.walks:
        assert without is not None
        for start in range(walks.measures.seeds):
            yield (
                _key(cell.key)
                | {"condition": walks.label.value, "start": start}
                | _measures(walks.measures, start)
            )


def _measures(walks: WalkMeasures, start: int) -> Row:
    metabolic = {
        f"metabolic_w_kg_{model.split()[0].lower()}": float(walks.metabolic_w_kg[start, at])
        for at, model in enumerate(METABOLIC_MODELS)
    }
    names = ("activation_mean", "speed_m_s", "positive_power_w_kg", "symmetry", "similarity")
    exo = ("exo_peak_nm", "exo_power_w", "negative_work_fraction")
    return (
        metabolic
        | {name: float(getattr(walks, name)[start]) for name in (*names, *exo)}
        | {
            "falls_of_all_starts": walks.falls,
            "walks_of_all_starts": walks.starts,
        }
    )


def _curve_rows(cell: StudyCell, walks: CellWalks) -> Iterator[Row]:
    """Mean joint angles over the cycle, of every start, side and joint."""
    curves = walks.curves
    for start, side, joint in np.ndindex(curves.angle_rad.shape[:3]):
        yield _key(cell.key) | {
            "condition": walks.label.value,
            "start": start,
            "side": SIDES[side].value,
            "joint": curves.joints[joint].value,
            "strides": int(curves.strides[start, side]),
            "angle_deg": np.degrees(curves.angle_rad[start, side, joint]).tolist(),
        }


def _stranger_rows(state: CellState) -> Iterator[Row]:
    """Each patient with the controllers of others, over the same walks without the exo."""
    if state.strangers is None or state.cell is None:
        return
    without = next(one.measures for one in state.cell.walks if one.label is GaitLabel.WITHOUT_EXO)
    for owner, measures in zip(state.strangers.owners, state.strangers.measures, strict=True):
        found = {f"{name}_ratio": value for name, value in ratios(measures, without).items()}
        yield _key(state.key) | {"owner": owner} | found | {"falls": measures.falls, "walks": measures.starts}


def _origins(state: CellState) -> Iterator[Row]:
    for payload, info in ((state.cell, state.cell_info), (state.strangers, state.strangers_info)):
        if info is None or payload is None:
            continue
        yield _key(state.key) | {
            "record": info.id,
            "kind": info.kind.value,
            "content_sha256": info.content_sha256,
            "study_sha256": payload.study_sha256,
            "seed": info.provenance.seed,
            "inputs": json.dumps(info.provenance.inputs),
            "code_version": info.provenance.code_version,
            "versions": json.dumps(payload.versions, sort_keys=True),
            "physics": "; ".join(info.provenance.physics),
            "operator": info.provenance.operator,
            "made_utc": info.created_utc.isoformat(timespec="seconds"),
        }


def _cost_rows(state: CellState) -> Iterator[Row]:
    for payload in (state.cell, state.strangers):
        for part in () if payload is None else payload.cost:
            yield _key(state.key) | {
                "part": part.part,
                "wall_s": part.wall_s,
                "cpu_s": part.cpu_s,
                "peak_mb": part.peak_mb,
            }
