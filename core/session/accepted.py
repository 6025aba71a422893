"""Which proposed impairments a person accepted by name, and whether a twin has just these. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from core.domain.record import Decision, RecordInfo, Verdict

ACCEPTED_SETTING = "accepted"  # in the settings of a TWIN record: labels of the impairments put into it


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
