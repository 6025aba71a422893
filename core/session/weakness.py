"""Impairments that an assessment of strength proposes: a person accepts or declines each by name."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.deficits import Deficits
from core.domain.impairment import Impairment
from core.domain.record import Decision, RecordKind, Verdict
from core.errors import refuse
from core.session.accepted import accepted_labels, answers
from core.session.flow import Step
from core.store.repository import Store


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


def proposals(store: Store, visit_id: str) -> tuple[Proposal, ...]:
    """What the visit's newest assessment of strength proposes; empty without one."""
    info = store.latest(visit_id, RecordKind.DEFICITS)
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

    Refuses KIN-211 without a name and a role, KIN-212 what this assessment does not propose, and KIN-213 an
    assessment that is not the visit's newest.
    """
    if not (by.strip() and role.strip()):
        raise refuse(
            "KIN-211",
            "The weakness was neither accepted nor declined.",
            "Whoever answers for a weakness in the twin does so by name and role.",
            "Give name and role.",
        )
    deficits, visit_id = store.load(deficits_id, Deficits), store.info(deficits_id).visit_id
    proposal = next((one for one in deficits.proposed if one.slot.label == label), None)
    if proposal is None:
        raise refuse(
            "KIN-212",
            f"{label} was not suggested.",
            "Only what the assessment of strength suggests can be accepted here.",
            "Choose one of the suggestions on the Personalize page.",
        )
    newest = store.latest(visit_id, RecordKind.DEFICITS)
    if newest is not None and newest.id != deficits_id:
        raise refuse(
            "KIN-213",
            "Strength was assessed again meanwhile.",
            "The answer would be to an assessment that no longer counts.",
            "Look at the new suggestions, then answer those.",
        )
    store.decide(
        visit_id,
        Step.PERSONALIZE,
        Verdict.WEAKNESS_ACCEPTED if accept else Verdict.WEAKNESS_DECLINED,
        record_id=deficits_id,
        by=by.strip(),
        role=role.strip(),
        reason=f"{label}: {sentence_of(deficits, proposal)}",
    )


def accepted_impairments(store: Store, deficits_id: str) -> tuple[Impairment, ...]:
    """The impairments of this assessment that were accepted by name and not declined afterwards."""
    deficits = store.load(deficits_id, Deficits)
    labels = accepted_labels(store.decisions(store.info(deficits_id).visit_id), deficits_id)
    return tuple(one for one in deficits.proposed if one.slot.label in labels)


def weakness_lines(store: Store, visit_id: str) -> tuple[str, ...]:
    """For the report: each suggested weakness, and who accepted or declined it."""
    return tuple(one.line for one in proposals(store, visit_id))
