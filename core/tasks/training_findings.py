"""What is worth telling about a trained exo controller: whether it helps, falls, and the time it took."""

from __future__ import annotations

from core.domain.assistance import assistance_by
from core.domain.cost_ratio import cost_ratio, percent_words
from core.domain.findings import Finding, Severity
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.errors import Advice
from core.learning.exo.effort import change_words
from core.learning.exo.study import Study

SLOWER_THAN_PLANNED = 2.0  # so many times longer than asked for is told


def training_findings(gaits: dict[GaitLabel, WalkMeasures], study: Study) -> tuple[Finding, ...]:
    """What the walks with and without the exo show, and how well the study explains the muscles' cost."""
    found = gait_findings(gaits)
    return found if study.well_explained else (*found, _POORLY_EXPLAINED)


def gait_findings(gaits: dict[GaitLabel, WalkMeasures]) -> tuple[Finding, ...]:
    """What the walks with and without the exo show."""
    without, worn = gaits[GaitLabel.WITHOUT_EXO], gaits[GaitLabel.PERSONALIZED_CONTROLLER]
    found = list(_mass_alone(gaits[GaitLabel.WORN_WITHOUT_TORQUE], worn, without))
    verdict = assistance_by(worn, without)
    if verdict.costs_more:
        found.append(_NO_HELP)
    if verdict.more_falls:
        found.append(_more_falls(worn, without))
    if verdict.works_against and verdict.against is not None:
        found.append(_against_the_leg(verdict.against))
    return tuple(found)


def time_findings(taken_min: float, minutes: float, iterations: int) -> tuple[Finding, ...]:
    """Told where a training took much longer than the `minutes` asked for, with `iterations` of PPO."""
    if taken_min <= SLOWER_THAN_PLANNED * minutes:
        return ()
    return (_slower_than_planned(taken_min, minutes, iterations),)


def _mass_alone(idle: WalkMeasures, worn: WalkMeasures, without: WalkMeasures) -> tuple[Finding, ...]:
    """Told by the same costs as the verdict; () where they are not known."""
    mass, torque = cost_ratio(idle, without), cost_ratio(worn, without)
    if mass is None or torque is None:
        return ()
    activation = change_words(float(WalkRatios.between(worn, without).activation.mean()))
    note = _note(
        "TRN-011",
        f"The exo's mass alone gives a {mass.change_words} when it is worn without torque.",
        f"With torque it is a {torque.change_words}; the mean activation of the leg muscles changes by "
        f"{activation}.",
        "These are simulation results; watch the person at the first session.",
    )
    return (note,)


def _against_the_leg(share: float) -> Finding:
    return _warning(
        "TRN-027",
        "The exo works more against the leg's movement than with it.",
        f"{percent_words(share)} of its work slows the leg.",
        "Train again with the aim “Only with the leg”, or for longer.",
    )


def _more_falls(worn: WalkMeasures, without: WalkMeasures) -> Finding:
    return _warning(
        "TRN-013",
        "The twin falls more often with the exo than without.",
        f"{worn.falls} falls in {worn.starts} walks instead of {without.falls} in {without.starts}.",
        "Train again for longer before this controller is used.",
    )


def _slower_than_planned(taken_min: float, minutes: float, iterations: int) -> Finding:
    what = f"The training took {taken_min:.1f} minutes instead of {minutes:g}."
    if iterations == 0:
        return _note(
            "TRN-024",
            what,
            "To study the twin, to make first controllers and to measure them takes so long on this PC. "
            "No time was left to improve them.",
            "Train again with more minutes.",
        )
    return _note(
        "TRN-024",
        what,
        "The plan counts steps, not seconds, and this PC was slower than when it was measured, or busy.",
        "Nothing is missing in the result. Close other programs before the next training.",
    )


def _note(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, code))


def _warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))


_NO_HELP = _warning(
    "TRN-012",
    "The controller does not lower what walking costs.",
    "The exo's torque does not outweigh its mass for this gait.",
    "Train again for longer. If it stays so, this exo does not help this walk.",
)
_POORLY_EXPLAINED = _warning(
    "TRN-023",
    "Training could predict the muscles' cost of this gait only roughly.",
    "The joints explain less than four fifths of it, so training may have followed a wrong track. What is "
    "reported is measured exactly all the same.",
    "Let the twin learn its gait for longer on the Personalize page, then train again.",
)
