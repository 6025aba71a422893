"""Impairments that an assessment of strength proposes: a person accepts or declines each by name."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.domain.deficits import Deficits
from core.domain.impairment import Impairment
from core.domain.kinetics import ForceSource
from core.domain.people import Action
from core.domain.record import Decision, RecordInfo, RecordKind, Verdict
from core.errors import refuse
from core.session.accepted import accepted_labels, answers
from core.session.flow import Step, VisitFacts, standing
from core.session.impairment_list import check_room, chosen
from core.store.repository import Store

SOURCES = (RecordKind.MUSCLE_CALIBRATION, RecordKind.KINETICS, RecordKind.IMPAIRMENTS)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed impairment, with its sentence and the newest answer to it, if there is one."""

    impairment: Impairment
    sentence: str
    answer: Decision | None

    @property
    def accepted(self) -> bool:
        return self.answer is not None and self.answer.verdict is Verdict.WEAKNESS_ACCEPTED

    @property
    def line(self) -> str:
        """For a report: what was suggested, and who accepted or declined it."""
        if self.answer is None:
            return f"Suggested, not yet answered: {self.sentence}"
        done = "Accepted" if self.accepted else "Declined"
        by = f"{self.answer.by}, {self.answer.role}, {self.answer.on_utc:%Y-%m-%d}"
        return f"{done} by {by}: {self.sentence}"


def facts_of(store: Store, visit_id: str) -> VisitFacts:
    """What the visit holds, without its subject and its jobs."""
    return VisitFacts(None, store.records(visit_id), store.decisions(visit_id))


def usable_sources(store: Store, motion_id: str) -> dict[RecordKind, RecordInfo]:
    """The newest record of each source of strength, where it was made from this motion and is up to date.

    Moments count where force plates measured them.
    """
    facts = facts_of(store, store.info(motion_id).visit_id)
    found = {kind: standing(facts, kind) for kind in SOURCES}
    return {
        kind: info
        for kind, info in found.items()
        if info is not None
        and any(name == motion_id for name, _digest in info.provenance.inputs)
        and json.loads(info.provenance.settings or "{}").get("source") != ForceSource.ESTIMATED.value
    }


def assessment(store: Store, visit_id: str) -> RecordInfo | None:
    """The visit's newest assessment of strength, if it follows from the newest records."""
    return standing(facts_of(store, visit_id), RecordKind.DEFICITS)


def proposals(store: Store, visit_id: str) -> tuple[Proposal, ...]:
    """What the assessment of strength that stands proposes; empty without one."""
    info = assessment(store, visit_id)
    if info is None:
        return ()
    deficits = store.load(info.id, Deficits)
    given = answers(store.decisions(visit_id), info.id)
    return tuple(
        Proposal(one, sentence_of(deficits, one), given.get(one.slot.label)) for one in deficits.proposed
    )


def sentence_of(deficits: Deficits, impairment: Impairment) -> str:
    """The sentence of the group that an impairment weakens."""
    for one in deficits.strengths:
        if (one.group, one.side) == (impairment.group, impairment.side):
            return one.sentence
    return f"{impairment.slot.label}."


def answer_proposal(store: Store, deficits_id: str, label: str, *, accept: bool, by: str, role: str) -> None:
    """Store that a person accepts or declines a proposed impairment.

    Refuses KIN-211 without a name and a role, KIN-212 what this assessment does not propose, KIN-213 an
    assessment that no longer stands, and PER-003 to accept more than a twin has.
    """
    by, role = store.people.named(Action.ACCEPT_IMPAIRMENT, by, role, deficits_id)
    if not (by and role):
        raise refuse(
            "KIN-211",
            "The weakness was neither accepted nor declined.",
            "Whoever answers for a weakness in the twin does so by name and role.",
            "Give name and role.",
        )
    deficits, visit_id = store.load(deficits_id, Deficits), store.info(deficits_id).visit_id
    proposal = _proposed(deficits, label)
    _check_stands(store, visit_id, deficits_id)
    if accept:
        others = [one.impairment.slot for one in chosen(store, visit_id)]
        others += [one.slot for one in accepted_impairments(store, deficits_id)]
        check_room(proposal.slot, others)
    store.decide(
        visit_id,
        Step.PERSONALIZE,
        Verdict.WEAKNESS_ACCEPTED if accept else Verdict.WEAKNESS_DECLINED,
        record_id=deficits_id,
        by=by,
        role=role,
        reason=f"{label}: {sentence_of(deficits, proposal)}",
    )


def _proposed(deficits: Deficits, label: str) -> Impairment:
    proposal = next((one for one in deficits.proposed if one.slot.label == label), None)
    if proposal is None:
        raise refuse(
            "KIN-212",
            f"{label} was not suggested.",
            "Only what the assessment of strength suggests can be accepted here.",
            "Choose one of the suggestions on the Personalize page.",
        )
    return proposal


def _check_stands(store: Store, visit_id: str, deficits_id: str) -> None:
    newest = assessment(store, visit_id)
    if newest is None or newest.id != deficits_id:
        raise refuse(
            "KIN-213",
            "This assessment of strength no longer counts.",
            "Strength was assessed again, or what it was assessed from changed.",
            "Assess strength again where the page asks for it, then answer the new suggestions.",
        )


def accepted_impairments(store: Store, deficits_id: str) -> tuple[Impairment, ...]:
    """The impairments of this assessment that were accepted by name and not declined afterwards."""
    deficits = store.load(deficits_id, Deficits)
    labels = accepted_labels(store.decisions(store.info(deficits_id).visit_id), deficits_id)
    return tuple(one for one in deficits.proposed if one.slot.label in labels)


def weakness_lines(store: Store, visit_id: str) -> tuple[str, ...]:
    """For the report: each suggested weakness, and who accepted or declined it."""
    return tuple(one.line for one in proposals(store, visit_id))
