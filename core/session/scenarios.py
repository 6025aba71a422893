"""Scenario results of a twin in a visit, from the rows of the record without loading arrays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.domain.impairment import SLOTS, Impairment
from core.domain.record import RecordInfo, RecordKind
from core.domain.rollout import GaitLabel
from core.errors import refuse

NO_EXO = GaitLabel.WITHOUT_EXO
CONDITIONS = (
    NO_EXO,
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
"""In which a twin can be sent through a scenario."""


class ScenarioKey(NamedTuple):
    """What was simulated: a scenario's key, with which impairments, and in which of CONDITIONS."""

    scenario: str
    impairments: tuple[Impairment, ...] = ()
    condition: GaitLabel = NO_EXO


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Outcome of many starts of one twin in one scenario."""

    record_id: str
    scenario: str  # its key
    impairments: tuple[Impairment, ...]
    starts: int
    stayed: int  # starts that ended on their feet
    seconds: float
    most_falls: str  # the most frequent cause of falls in words, "" without a fall
    condition: GaitLabel = NO_EXO
    device: str = ""  # that was worn; "" without one

    @property
    def key(self) -> ScenarioKey:
        return ScenarioKey(self.scenario, self.impairments, self.condition)

    @property
    def success_rate(self) -> float:
        return self.stayed / self.starts


def scenario_results(
    records: Iterable[RecordInfo], policy_id: str, *, device: str = "", controller_id: str = ""
) -> dict[ScenarioKey, ScenarioResult]:
    """The newest results of the twin with GAIT_POLICY `policy_id`; `records` come oldest first.

    With an exo only those with this `device` count, and with the personalized controller only those with
    CONTROLLER `controller_id`: another one is another walk.
    """
    found: dict[ScenarioKey, ScenarioResult] = {}
    for info in records:
        made_from = {input_id for input_id, _digest in info.provenance.inputs}
        if info.kind is RecordKind.SCENARIO and policy_id in made_from:
            result = _result_of(info)
            if result is None or (result.condition is not NO_EXO and result.device != device):
                continue
            if result.condition is GaitLabel.PERSONALIZED_CONTROLLER and controller_id not in made_from:
                continue
            found[result.key] = result
    return found


def result_settings(
    scenario: str,
    impairments: tuple[Impairment, ...],
    *,
    seconds: float,
    causes: tuple[str, ...],
    condition: GaitLabel = NO_EXO,
    device: str = "",
) -> dict[str, object]:
    """The settings in the row of a SCENARIO record. `causes` has one entry per start, "" without a fall."""
    falls = [cause for cause in causes if cause]
    worn = {} if condition is NO_EXO else {"condition": condition.value, "device": device}
    return worn | {
        "scenario": scenario,
        "impairments": {one.slot.label: one.severity for one in impairments},
        "seconds": seconds,
        "starts": len(causes),
        "stayed": len(causes) - len(falls),
        "most_falls": most_frequent(falls),
    }


def most_frequent(falls: Sequence[str]) -> str:
    """The most frequent cause of falls; the first by name among equals, "" without a fall."""
    return max(sorted(set(falls)), key=falls.count, default="")


def impairments_of(value: object) -> tuple[Impairment, ...]:
    """From `{label: severity}`, in the order of SLOTS; None is none. Refuses (TWN-023) anything else."""
    given = value if isinstance(value, dict) else {}
    known = {slot.label: slot for slot in SLOTS}
    if value is not None and not isinstance(value, dict):
        raise _no_impairment(str(value))
    for label, severity in given.items():
        number = isinstance(severity, int | float) and not isinstance(severity, bool)
        if label not in known or not number or not 0.0 <= severity <= 1.0:
            raise _no_impairment(f"{label}: {severity}")
    return tuple(
        Impairment(slot.kind, float(given[label]), slot.side, slot.group, slot.joint)
        for label, slot in known.items()
        if label in given
    )


def _no_impairment(words: str) -> Exception:
    examples = "; ".join(slot.label for slot in SLOTS[:3])
    return refuse(
        "TWN-023",
        f"“{words}” is no impairment of a twin.",
        "An impairment has one of the fixed names and a severity between 0 and 1.",
        f"Use names as these: {examples}.",
    )


def _result_of(info: RecordInfo) -> ScenarioResult | None:
    """None for a row without results."""
    settings = json.loads(info.provenance.settings)
    if not {"scenario", "starts", "stayed", "seconds"} <= set(settings) or not settings["starts"]:
        return None
    return ScenarioResult(
        record_id=info.id,
        scenario=str(settings["scenario"]),
        impairments=impairments_of(settings.get("impairments")),
        starts=int(settings["starts"]),
        stayed=int(settings["stayed"]),
        seconds=float(settings["seconds"]),
        most_falls=str(settings.get("most_falls", "")),
        condition=GaitLabel(settings.get("condition", NO_EXO.value)),
        device=str(settings.get("device", "")),
    )
