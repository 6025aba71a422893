"""Under which condition a walk was recorded: as it was said then, or by a person afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.condition import Condition
from core.domain.findings import Finding, Severity
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import Decision, RecordInfo, RecordKind, Verdict
from core.domain.recording import Recording
from core.errors import Advice
from core.store.repository import Store

STEP = "visits"  # of decisions that are taken on that page; it is none of the ten steps
_SOURCES = (RecordKind.RECORDING, RecordKind.LABORATORY_TRIAL, RecordKind.LANDMARKS)


def condition_of(store: Store, motion_id: str) -> Condition:
    """Under which condition the walk of this motion was recorded, as it was last said."""
    return stated_or_recorded(store, tuple(sources_of(store, motion_id)))[0]


def state_condition(store: Store, motion_id: str, condition: Condition, *, by: str) -> None:
    """A person says afterwards under which condition a walk was recorded; what was said before stays."""
    chain = tuple(sources_of(store, motion_id))
    source = chain[-1] if chain else store.info(motion_id)
    store.decide(
        source.visit_id,
        STEP,
        Verdict.CONDITION_STATED,
        record_id=source.id,
        by=by,
        reason=condition.value,
    )


def condition_badges(store: Store, motion_id: str) -> tuple[str, ...]:
    """A quiet word beside a motion: "No exo"; none where nobody said it."""
    condition = condition_of(store, motion_id)
    if condition is Condition.NOT_STATED:
        return ()
    return (condition.label,)


def assisted_findings(store: Store, motion_id: str) -> tuple[Finding, ...]:
    """A walk with the help of an exo is told where a twin would be made from it."""
    condition = condition_of(store, motion_id)
    if not condition.assisted:
        return ()
    return (
        Finding(
            Severity.WARNING,
            Advice(
                f"The patient wore the exo with the {condition.words} in this walk.",
                "A twin made from it would learn the assisted gait, and not the patient's own.",
                "Compare this walk with others under Visits, and make the twin from a walk without exo.",
                "VIS-009",
            ),
        ),
    )


def sources_of(store: Store, record_id: str) -> Iterator[RecordInfo]:
    """What a motion was measured from, back to the first film: landmarks, recordings or a trial."""
    for name, _digest in store.info(record_id).provenance.inputs:
        info = store.info(name)
        if info.kind in _SOURCES:
            yield info
            yield from sources_of(store, name)
            return


def stated_or_recorded(store: Store, chain: tuple[RecordInfo, ...]) -> tuple[Condition, str]:
    """What somebody said afterwards, and who; else what was said at recording."""
    ids = {info.id for info in chain}
    said: list[Decision] = []
    for visit_id in {info.visit_id for info in chain}:
        decisions = store.decisions(visit_id)
        said += [d for d in decisions if d.verdict is Verdict.CONDITION_STATED and d.record_id in ids]
    if said:
        newest = max(said, key=lambda decision: decision.on_utc)
        return Condition(newest.reason), newest.by
    return next((c for info in chain if (c := _recorded(store, info))), Condition.NOT_STATED), ""


def _recorded(store: Store, info: RecordInfo) -> Condition | None:
    """What a recording or trial says; None where it says nothing."""
    if info.kind is RecordKind.RECORDING:
        condition = store.load(info.id, Recording).condition
    elif info.kind is RecordKind.LABORATORY_TRIAL:
        condition = store.load(info.id, LaboratoryTrial).condition
    else:
        return None
    return None if condition is Condition.NOT_STATED else condition
