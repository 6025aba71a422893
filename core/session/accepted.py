"""Which impairments a person accepted or chose by name, and whether a twin has just these. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from core.domain.impairment import Impairment
from core.domain.record import Decision, RecordInfo, Verdict

ACCEPTED_SETTING = "accepted"  # in the settings of a TWIN record: labels of the impairments put into it

CHOSEN_SETTING = "chosen"  # in the settings of TWIN and CHOSEN_IMPAIRMENTS records: see `chosen_setting`


def chosen_setting(impairments: Iterable[Impairment]) -> dict[str, list[float | bool]]:
    """Label -> severity, and whether it comes in some strides only."""
    return {one.slot.label: [one.severity, one.occasional] for one in impairments}


def follows_choice(twin: RecordInfo, choice: RecordInfo | None) -> bool:
    """Whether the twin has the impairments that a person chose last, and no others."""
    wanted = {} if choice is None else json.loads(choice.provenance.settings or "{}").get(CHOSEN_SETTING, {})
    has: object = json.loads(twin.provenance.settings or "{}").get(CHOSEN_SETTING, {})
    return has == wanted


def answers(decisions: Iterable[Decision], deficits_id: str) -> dict[str, Decision]:
    """The newest answer to each proposal of this assessment, by the label of the impairment."""
    return {
        decision.reason.partition(":")[0]: decision
        for decision in decisions
        if decision.record_id == deficits_id
        and decision.verdict in (Verdict.WEAKNESS_ACCEPTED, Verdict.WEAKNESS_DECLINED)
    }


def accepted_labels(decisions: Iterable[Decision], deficits_id: str) -> frozenset[str]:
    found = answers(decisions, deficits_id).items()
    return frozenset(label for label, one in found if one.verdict is Verdict.WEAKNESS_ACCEPTED)


def follows_acceptance(
    twin: RecordInfo, assessment: RecordInfo | None, decisions: Iterable[Decision]
) -> bool:
    """Whether the twin has the impairments that are accepted of the assessment that stands, and no others."""
    accepted = frozenset[str]() if assessment is None else accepted_labels(decisions, assessment.id)
    return frozenset(json.loads(twin.provenance.settings or "{}").get(ACCEPTED_SETTING, ())) == accepted
