"""Strength by muscle group and side from EMG, joint moments and gait together, and what it suggests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from core.domain.body import SIDES
from core.domain.deficits import Deficits, StrengthDeficit
from core.domain.findings import Finding, Severity, worst_first
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.impairment_fit import ImpairmentFit
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.muscles import MuscleGroup
from core.domain.twin import BodyParameters
from core.errors import Advice
from core.kinetics.moment_evidence import TOLD_BY_MOMENTS, MomentEvidence, moment_evidence
from core.kinetics.strength_evidence import (
    EMG,
    EXPLAINS,
    PLACES,
    EmgEvidence,
    Evidence,
    Place,
    emg_evidence,
    explained,
    gait_evidence,
    moments_as_evidence,
    weakness_severity,
)

WEAK = 0.8  # less than this is worth an impairment
SURE = 0.9  # with this probability
MOST_PROPOSED = 4
_CONTRADICTION_Z = 2.0
CONTRADICTION, NOT_MVC, ALL_LOW, NO_PLATES = "KIN-201", "KIN-202", "KIN-203", "KIN-204"
BELOW_MOMENT, NOT_EXPLAINED = "KIN-205", "KIN-206"


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What there is to judge by; each source may be missing."""

    body: BodyParameters
    speed_m_s: float = math.nan
    calibration: MuscleCalibration | None = None
    of_maximal_contraction: bool = False  # the calibration's EMG is a fraction of an MVC
    kinetics: Kinetics | None = None
    fit: ImpairmentFit | None = None


def assess(sources: Sources) -> Deficits:
    """Combine the sources by precision.

    EMG and moments share the recorded moments, moments and gait the recorded angles; their main errors (MVC
    and model, what is usual among people, the twin's own gait) are independent, and far larger than what they
    share.
    """
    emg = EmgEvidence({}, (), False)
    if sources.calibration is not None and sources.of_maximal_contraction:
        emg = emg_evidence(sources.calibration)
    moments = _moments(sources)
    from_gait = {} if sources.fit is None else gait_evidence(sources.fit)
    from_moments = moments_as_evidence(moments)
    told, findings = [], []
    for place in PLACES:
        evidence = [by[place] for by in (emg.by_place, from_moments, from_gait) if place in by]
        if evidence:
            least = next((one.least for one in moments if (one.group, one.side) == place), 0.0)
            told.append(combined(place, evidence, least))
            findings += _disagreements(place, evidence, least)
    told.sort(key=lambda one: one.strength)
    return Deficits(
        strengths=tuple(told),
        proposed=proposed(told),
        not_told=_not_told({(one.group, one.side) for one in told}, emg, moments),
        findings=worst_first((*findings, *_source_findings(sources, emg))),
        synthetic=any(
            one is not None and one.synthetic for one in (sources.calibration, sources.kinetics, sources.fit)
        ),
    )


def combined(place: Place, evidence: Sequence[Evidence], least: float = 0.0) -> StrengthDeficit:
    """Mean by precision; sources that contradict each other widen it. Never below what the moment shows."""
    strength = np.array([one.strength for one in evidence])
    weight = np.array([1.0 / one.sd**2 for one in evidence])
    mean = float(weight @ strength / weight.sum())
    sd = float(1.0 / np.sqrt(weight.sum()))
    if len(evidence) > 1:
        disagreement = float(weight @ (strength - mean) ** 2) / (len(evidence) - 1)
        sd *= max(1.0, math.sqrt(disagreement))
    mean = max(mean, least)
    names = tuple(one.source for one in evidence)
    group, side = place
    found = StrengthDeficit(group, side, mean, sd, names, "", least)
    return replace(found, sentence=sentence(found))


def sentence(found: StrengthDeficit) -> str:
    """In a clinician's words, in steps of 5 %."""
    low, high = found.interval
    name = f"{found.side.value.capitalize()} {found.group.value}"
    origin, strength = f"from {listed(found.evidence)}", found.strength
    span = f"between {_percent(low)} and {_percent(high)} %"
    about = f"about {_percent(strength)} % of what a body of this size has ({span})"
    if is_weak(strength, found.sd):
        return f"{name} {about}, {origin}."
    if high < 1.0:
        return f"{name} {about}, {origin}: not clearly weak."
    return f"{name}: no weakness shown ({span} of what a body of this size has), {origin}."


def is_weak(strength: float, sd: float) -> bool:
    return bool(norm.cdf((WEAK - strength) / sd) >= SURE)


def proposed(strengths: Sequence[StrengthDeficit]) -> tuple[Impairment, ...]:
    """Weakness of the weakest groups; each leaves the whole strength that was found, and replaces what the
    twin's muscles were calibrated to.
    """
    weak = sorted((one for one in strengths if is_weak(one.strength, one.sd)), key=lambda one: one.strength)
    return tuple(
        Impairment(ImpairmentKind.WEAKNESS, weakness_severity(one.strength), one.side, one.group)
        for one in weak[:MOST_PROPOSED]
    )


def listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _percent(strength: float) -> str:
    return f"{5 * round(20.0 * strength):d}"


def _moments(sources: Sources) -> tuple[MomentEvidence, ...]:
    if sources.kinetics is None or not math.isfinite(sources.speed_m_s):
        return ()
    return moment_evidence(sources.kinetics, sources.body, sources.speed_m_s)


def _not_told(told: set[Place], emg: EmgEvidence, moments: Sequence[MomentEvidence]) -> tuple[str, ...]:
    """One sentence for each group, or for one side of it, of which nothing is known."""
    sentences = []
    for group in MuscleGroup:
        missing = [side for side in SIDES if (group, side) not in told]
        if not missing:
            continue
        sides = f"{missing[0].value.capitalize()} {group.value}" if len(missing) == 1 else group.label
        sentences.append(
            f"{sides}: {_why_not_told(group, [(group, side) for side in missing], emg, moments)}"
        )
    return tuple(sentences)


def _why_not_told(
    group: MuscleGroup, places: Sequence[Place], emg: EmgEvidence, moments: Sequence[MomentEvidence]
) -> str:
    usual = [one for one in moments if (one.group, one.side) in places]
    if any(place in emg.at_bound for place in places):
        return "calibration with EMG stopped at a bound, so their strength is not known."
    if usual and all(one.least >= 0.05 for one in usual):
        least = _percent(min(one.least for one in usual))
        return f"usual moments, which need {least} % of the strength expected; they may have far more."
    if usual:
        return "moments not clearly below the usual, which does not tell how strong they are."
    if group in TOLD_BY_MOMENTS:
        return "nothing recorded tells their strength."
    return "walking moments do not tell their strength, and no EMG or fitted gait does."


def _disagreements(place: Place, evidence: Sequence[Evidence], least: float) -> list[Finding]:
    group, side = place
    name = f"{side.value} {group.value}"
    found = []
    for number, one in enumerate(evidence):
        for other in evidence[number + 1 :]:
            if abs(one.strength - other.strength) > _CONTRADICTION_Z * math.hypot(one.sd, other.sd):
                found.append(_contradiction(name, one, other))
        if one.strength + _CONTRADICTION_Z * one.sd < least:
            found.append(_below_moment(name, one, least))
    return found


def _contradiction(name: str, one: Evidence, other: Evidence) -> Finding:
    return Finding(
        Severity.WARNING,
        Advice(
            f"{_capital(one.source)} and {other.source} contradict each other on the {name}: "
            f"{_percent(one.strength)} % against {_percent(other.strength)} %.",
            "One of them is wrong, or the muscles are strong but not used.",
            "Test this group by hand before accepting a weakness of it.",
            CONTRADICTION,
        ),
    )


def _below_moment(name: str, one: Evidence, least: float) -> Finding:
    return Finding(
        Severity.WARNING,
        Advice(
            f"The moments of this walk need at least {_percent(least)} % of the strength of the {name}; "
            f"{one.source} gives {_percent(one.strength)} % only.",
            "A muscle cannot do more than its strength, so this source is wrong here.",
            "Look at the joint moments and at the quality of the EMG before accepting a weakness of it.",
            BELOW_MOMENT,
        ),
    )


def _source_findings(sources: Sources, emg: EmgEvidence) -> list[Finding]:
    found = []
    if sources.calibration is not None and not sources.of_maximal_contraction:
        found.append(_NOT_MVC)
    if emg.all_low:
        found.append(_ALL_LOW)
    if sources.kinetics is not None and sources.kinetics.source is ForceSource.ESTIMATED:
        found.append(_NO_PLATES)
    if sources.fit is not None and explained(sources.fit) < EXPLAINS:
        found.append(_not_explained(explained(sources.fit)))
    return found


_NOT_MVC = Finding(
    Severity.NOTE,
    Advice(
        "EMG does not count for strength here: it is not a fraction of a maximal contraction.",
        "Without one, a weak muscle that works hard and a strong one that works little look alike.",
        "Import the EMG with a file of maximal contractions and calibrate again, if strength matters.",
        NOT_MVC,
    ),
)
_ALL_LOW = Finding(
    Severity.NOTE,
    Advice(
        "All calibrated muscles come out weaker than the model's, so only left against right counts.",
        "Contractions that were not maximal, or a model that is too strong, look the same.",
        "Test strength by hand where both legs may be weak.",
        ALL_LOW,
    ),
)
_NO_PLATES = Finding(
    Severity.NOTE,
    Advice(
        "The forces on the feet are estimated, so joint moments do not count for strength.",
        "How both feet share the load while both stand is assumed, not measured.",
        "Record a trial with force plates if strength matters.",
        NO_PLATES,
    ),
)


def _not_explained(part: float) -> Finding:
    return Finding(
        Severity.NOTE,
        Advice(
            f"The impairments fitted to the gait explain {_percent(max(0.0, part))} % of how it differs from "
            "the healthy twin's, so they do not count for strength.",
            "What the twin cannot do as this person does is then taken for an impairment.",
            "Rely on joint moments, EMG and a test by hand.",
            NOT_EXPLAINED,
        ),
    )


def _capital(word: str) -> str:
    return word if word == EMG else word.capitalize()
