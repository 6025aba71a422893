"""Compare recordings of one person: change, trend, and what the twin had predicted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.domain.capture_comparison import (
    FEWEST,
    MOST,
    CaptureComparison,
    CapturedGait,
    CapturePair,
    EffortPoint,
    GaitQuantity,
    Measured,
    PredictedChange,
    Prediction,
)
from core.domain.condition import Condition
from core.domain.controller import Comparison
from core.domain.cost_ratio import cost_ratio
from core.domain.record import RecordInfo, RecordKind
from core.domain.rollout import GaitLabel, Rollout
from core.errors import refuse
from core.gait.change import changes_between, curve_changes, cycle_numbers
from core.session.capture_findings import angles_alike, comparison_findings
from core.session.captures import Capture, captured_gait, refuse_unusable
from core.store.repository import Store

READ_TO_COMPARE = frozenset(  # kinds of results that are read for it
    {RecordKind.RECORDING, RecordKind.LABORATORY_TRIAL, RecordKind.MOTION, RecordKind.COMPARISON}
)
_WALKED_WITH = {
    Condition.PERSONALIZED: GaitLabel.PERSONALIZED_CONTROLLER,
    Condition.DEFAULT: GaitLabel.DEFAULT_CONTROLLER,
}


def compare_captures(store: Store, chosen: Sequence[Capture], every: Sequence[Capture]) -> CaptureComparison:
    """Compare two to four recordings with the first of them; `every` usable one goes into the trend.

    Refuses VIS-001 another number or one chosen twice, VIS-002 those of several patients, and VIS-003 one
    that cannot be used.
    """
    _refuse_choice(store, chosen)
    gaits = tuple(captured_gait(capture) for capture in chosen)
    pairs = tuple(_pair(chosen, gaits, 0, other) for other in range(1, len(chosen)))
    usable = [capture for capture in every if capture.unusable is None]
    patient_id = store.visit(chosen[0].visit_id).patient_id
    comparisons = tuple(_comparisons(store, patient_id))
    return CaptureComparison(
        gaits,
        pairs,
        comparison_findings(chosen, gaits),
        trend=tuple(captured_gait(capture) for capture in usable),
        effort=tuple(_effort(store, comparisons)),
        prediction=_prediction(store, comparisons, chosen, gaits),
        synthetic=any(capture.motion.synthetic for capture in chosen),
    )


def save_comparison(
    store: Store, comparison: CaptureComparison, *, operator: str, page: Path | None = None
) -> str:
    """Keep a comparison in the visit of its newest recording, with its page where one was made."""
    newest = max(comparison.gaits, key=lambda gait: gait.recorded_utc)
    return store.save(
        RecordKind.CAPTURE_COMPARISON,
        comparison if page is None else replace(comparison, file_name=page.name),
        visit_id=store.info(newest.motion_id).visit_id,
        inputs=inputs_of(comparison),
        summary=summary_of(comparison),
        operator=operator,
        files=() if page is None else (page,),
    )


def inputs_of(comparison: CaptureComparison) -> tuple[str, ...]:
    """The records that a comparison was made from: those compared first."""
    ids = [gait.motion_id for gait in (*comparison.gaits, *comparison.trend)]
    if comparison.prediction is not None:
        ids.append(comparison.prediction.comparison_id)
    return tuple(dict.fromkeys(ids))


def summary_of(comparison: CaptureComparison) -> str:
    """One line for people."""
    visits = ", ".join(f"{gait.visit_number} ({gait.condition.words})" for gait in comparison.gaits)
    beyond = sum(len(pair.beyond) for pair in comparison.pairs)
    return f"visits {visits}: {beyond} differences beyond the minimal detectable change"


def _refuse_choice(store: Store, chosen: Sequence[Capture]) -> None:
    different = {capture.motion_id for capture in chosen}
    if len(different) != len(chosen) or not FEWEST <= len(chosen) <= MOST:
        raise refuse(
            "VIS-001",
            "These recordings cannot be compared.",
            f"Two to four different recordings can be, and {len(different)} were chosen.",
            "Choose two to four recordings of the patient.",
        )
    if len({store.visit(capture.visit_id).patient_id for capture in chosen}) > 1:
        raise refuse(
            "VIS-002",
            "These recordings cannot be compared.",
            "They are of different patients.",
            "Choose recordings of one patient.",
        )
    for capture in chosen:
        refuse_unusable(capture)


def _pair(captures: Sequence[Capture], gaits: Sequence[CapturedGait], first: int, other: int) -> CapturePair:
    before, after = captures[first].motion, captures[other].motion
    alike = angles_alike(before, after)
    return CapturePair(
        first,
        other,
        changes_between(gaits[first].numbers, gaits[other].numbers, angles_alike=alike),
        curve_changes(before.cycles, after.cycles, angles_alike=alike),
    )


def _comparisons(store: Store, patient_id: str) -> Iterator[RecordInfo]:
    """Every comparison of controllers for this patient, oldest first."""
    for visit in store.visits(patient_id):
        yield from (info for info in store.records(visit.id) if info.kind is RecordKind.COMPARISON)


def _effort(store: Store, comparisons: Sequence[RecordInfo]) -> Iterator[EffortPoint]:
    """Of each visit its newest comparison; older versions knew no metabolic rate."""
    newest = {info.visit_id: info for info in comparisons}
    for visit_id, info in newest.items():
        ratio = _metabolic_ratio(store.load(info.id, Comparison), GaitLabel.PERSONALIZED_CONTROLLER)
        if math.isfinite(ratio):
            made = info.created_utc.isoformat(timespec="seconds")
            yield EffortPoint(store.visit(visit_id).number, made, ratio)


def _metabolic_ratio(comparison: Comparison, label: GaitLabel) -> float:
    without, worn = comparison.find(GaitLabel.WITHOUT_EXO), comparison.find(label)
    if without is None or worn is None or without.measures is None or worn.measures is None:
        return math.nan
    cost = cost_ratio(worn.measures, without.measures)
    return math.nan if cost is None else cost.estimate.mean


def _prediction(
    store: Store, comparisons: Sequence[RecordInfo], chosen: Sequence[Capture], gaits: Sequence[CapturedGait]
) -> Prediction | None:
    """From no exo to the personalized controller, or to the default one where only that was recorded.

    Of the newest comparison that was there before the walk with the exo: what came later is no prediction.
    """
    by_condition = {gait.condition: number for number, gait in reversed(tuple(enumerate(gaits)))}
    condition = next((c for c in _WALKED_WITH if c in by_condition), Condition.PERSONALIZED)
    bare, worn = by_condition.get(Condition.NO_EXO), by_condition.get(condition)
    recorded = None if worn is None else chosen[worn].recorded_utc
    before = [info for info in comparisons if recorded is None or info.created_utc < recorded]
    if not comparisons:
        return None
    info = (before or comparisons)[-1]
    comparison = store.load(info.id, Comparison)
    walks = (comparison.rollouts.find(label) for label in (GaitLabel.WITHOUT_EXO, _WALKED_WITH[condition]))
    without, assisted = walks
    if without is None or assisted is None:
        return None
    return Prediction(
        info.id,
        store.visit(info.visit_id).number,
        info.created_utc.isoformat(timespec="seconds"),
        condition,
        tuple(_predicted(without, assisted)),
        _metabolic_ratio(comparison, _WALKED_WITH[condition]),
        before_recording=bool(before),
        measured=None if bare is None or worn is None else _pair(chosen, gaits, bare, worn),
    )


def _predicted(without: Rollout, worn: Rollout) -> Iterator[PredictedChange]:
    """Numbers that a simulated and a measured walk have in common."""
    after = {(one.quantity, one.side): one.value for one in _walk_numbers(worn)}
    for one in _walk_numbers(without):
        yield PredictedChange(one.quantity, one.side, one.value, after[one.quantity, one.side])


def _walk_numbers(walk: Rollout) -> tuple[Measured, ...]:
    speed = Measured(GaitQuantity.SPEED, None, walk.speed_m_s, math.nan)
    return (speed, *cycle_numbers(walk.cycles))
