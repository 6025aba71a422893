"""The report of a visit for programs: every number with its unit and the record it comes from."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.domain.controller import Comparison, Deployment, Package
from core.domain.motion import GaitCycles, Motion
from core.domain.record import Decision, RecordInfo, RecordKind
from core.domain.rollout import RolloutSet
from core.gait.cycles import cycle_sd, is_held, mean_cycle
from core.session.export import OF_A_VISIT, take_out
from core.session.export_record import record_numbers
from core.session.interpretation import interpretation_of
from core.session.numbers import Number
from core.session.report import ReportContent, report_content
from core.session.report_warnings import report_warnings
from core.store.clinic import read_clinic
from core.store.repository import Store

FORMAT, VERSION = "exotwin report", 1
Values = dict[str, Any]


def report_json(store: Store, visit_id: str) -> str:
    """JSON text; a number that is not known is null. Refuses RPT-001 as the report does, and what `take_out`
    does.
    """
    take_out(store, visit_id, "report as JSON")
    return json.dumps(report_values(store, visit_id), indent=2, ensure_ascii=False) + "\n"


def report_values(store: Store, visit_id: str) -> Values:
    content = report_content(store, visit_id)
    records = store.records(visit_id)
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_utc": _moment(datetime.now(UTC)),
        **_heading(store, visit_id, content),
        "verdict": content.verdict,
        "interpretation": _interpretation(store, visit_id),
        "warnings": [
            {
                "step": one.step.value,
                "severity": one.finding.severity.value,
                "code": one.finding.advice.code,
                "what": one.finding.advice.what,
                "why": one.finding.advice.why,
                "next_step": one.finding.advice.next_step,
                "record": one.record_id,
            }
            for one in report_warnings(store, visit_id)
        ],
        "numbers": [_number(one) for one in _numbers(store, visit_id)],
        "curves": list(_curves(store, visit_id)),
        "package": _package(store, visit_id),
        "decisions": [_decision(one) for one in store.decisions(visit_id)],
        "records": [_record(info) for info in records],
        "notice": content.notice,
        "trail": {"entries": content.trail.length, "sha256": content.trail.sha256},
    }


def _heading(store: Store, visit_id: str, content: ReportContent) -> Values:
    subject, visit = store.subject_of(visit_id), store.visit(visit_id)
    aid, ability = visit.notes.walking_aid, visit.notes.functional_class
    return {
        "clinic": read_clinic(store.data_dir).name,
        "people": content.people,
        "data_encrypted": content.encrypted,
        "synthetic": content.synthetic,
        "patient": {
            "code": subject.code,
            "birth_year": subject.birth_year,
            "sex": subject.sex.value,
            "height": {"value": subject.height_m, "unit": "m"},
            "mass": {"value": subject.mass_kg, "unit": "kg"},
            "affected_side": None if subject.affected_side is None else subject.affected_side.value,
            "diagnosis": subject.diagnosis,
            "device": subject.device,
        },
        "visit": {
            "id": visit.id,
            "number": visit.number,
            "started_utc": _moment(visit.started_utc),
            "walking_aid": None if aid is None else aid.value,
            "functional_class": None if ability is None else ability.value,
            "notes": visit.notes.notes,
        },
    }


def _interpretation(store: Store, visit_id: str) -> Values | None:
    found = interpretation_of(store, visit_id)
    if found is None:
        return None
    text, by, role = found.interpretation.text, found.interpretation.by, found.interpretation.role
    return {"text": text, "by": by, "role": role, "on_utc": _moment(found.on_utc), "record": found.record_id}


def _numbers(store: Store, visit_id: str) -> Iterator[Number]:
    for kind in OF_A_VISIT:
        info = store.latest(visit_id, kind)
        if info is not None:
            yield from record_numbers(store, info)


def _number(one: Number) -> Values:
    return {
        "name": one.name,
        "of": one.of,
        "value": one.value,
        "unit": one.unit,
        "sd": one.sd,
        "low_95": one.low,
        "high_95": one.high,
        "count": one.count,
        "simulated": one.simulated,
        "estimated": one.estimated,
        "record": one.source,
    }


def _curves(store: Store, visit_id: str) -> Iterator[Values]:
    """Joint angles over 0 to 100 % of the gait cycle, measured and simulated."""
    motion = store.latest(visit_id, RecordKind.MOTION)
    if motion is not None:
        for cycles in store.load(motion.id, Motion).cycles:
            yield from _joints(cycles, "measured", motion.id, simulated=False)
    for kind in (RecordKind.SIMULATED_GAIT, RecordKind.COMPARISON):
        info = store.latest(visit_id, kind)
        if info is None:
            continue
        if kind is RecordKind.COMPARISON:
            gaits = store.load(info.id, Comparison).rollouts
        else:
            gaits = store.load(info.id, RolloutSet)
        for walk in gaits.rollouts:
            for cycles in walk.cycles:
                yield from _joints(cycles, walk.label.value, info.id, simulated=True)


def _joints(cycles: GaitCycles, gait: str, source: str, *, simulated: bool) -> Iterator[Values]:
    count = len(cycles.angle_rad)
    if not count:
        return
    mean, sd = np.degrees(mean_cycle(cycles)), np.degrees(cycle_sd(cycles))
    for column, kind in enumerate(JointKind):
        if is_held(cycles.angle_rad[:, :, column]):
            continue
        yield {
            "name": kind.label.lower(),
            "of": gait,
            "side": cycles.side.value,
            "unit": "deg",
            "mean": _rounded(mean[:, column]),
            "sd": _rounded(sd[:, column]) if count > 1 else None,
            "strides": count,
            "simulated": simulated,
            "record": source,
        }


def _rounded(values: FloatArray) -> list[float | None]:
    """Thousandths of a degree: more is not measured."""
    return [round(float(value), 3) if math.isfinite(value) else None for value in values]


def _package(store: Store, visit_id: str) -> Values | None:
    info = store.latest(visit_id, RecordKind.PACKAGE)
    if info is None:
        return None
    package = store.load(info.id, Package)
    found: Values = {
        "sha256": package.sha256,
        "device": package.device_id,
        "version": package.version,
        "practice": package.practice,
        "peak_torque": {"value": package.limits.peak_nm, "unit": "N m"},
        "record": info.id,
    }
    deployed = store.latest(visit_id, RecordKind.DEPLOYMENT)
    if deployed is not None:
        deployment = store.load(deployed.id, Deployment)
        found["deployment"] = {
            "serial": deployment.device_serial,
            "virtual": deployment.virtual,
            "state": deployment.handover.value,
            "equal_to_what_was_signed": deployment.equal,
            "record": deployed.id,
        }
    return found


def _decision(one: Decision) -> Values:
    return {
        "step": one.step,
        "verdict": one.verdict.value,
        "by": one.by,
        "role": one.role,
        "on_utc": _moment(one.on_utc),
        "reason": one.reason,
        "record": one.record_id,
    }


def _record(info: RecordInfo) -> Values:
    return {
        "id": info.id,
        "kind": info.kind.value,
        "created_utc": _moment(info.created_utc),
        "sha256": info.content_sha256,
        "code_version": info.provenance.code_version,
        "physics": list(info.provenance.physics),
        "summary": info.summary,
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
