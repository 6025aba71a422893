"""What a person must know of a calibration of muscles."""

from __future__ import annotations

import numpy as np

from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.domain.muscle_calibration import CalibratedParameter, MomentFit, Told
from core.errors import Advice
from core.kinetics.calibration_parameters import STRENGTH

POOR_R2 = 0.5
_PLACE_IN_TIME = ("EMG-046", "EMG-048")
_MAXIMUM_TOO_LOW = (
    "The data ask for values beyond it, often because the maximal contraction of a muscle was not maximal."
)


def judged(fit: MomentFit) -> float:
    """R2 on held-out frames, and on those of the fit where none were held out."""
    return fit.held_out_r2_after if np.isfinite(fit.held_out_r2_after) else fit.r2_after


def emg_findings(recorded: EmgEnvelopes, usable: EmgEnvelopes) -> list[Finding]:
    """Which channels are left out, and how surely the EMG lies where it is in the motion."""
    left_out = [one.name for one in recorded.channels if one not in usable.channels]
    placed = [one for one in recorded.findings if one.advice.code in _PLACE_IN_TIME]
    if not left_out:
        return placed
    return [
        *placed,
        note(
            "KIN-109",
            f"Channels left out of the calibration: {', '.join(left_out)}.",
            "They are not of good quality, or another channel is on the same muscle.",
            "Fasten the electrodes again and repeat the recording where these muscles matter.",
        ),
    ]


def estimated_forces() -> Finding:
    return warning(
        "KIN-104",
        "Strength and activation were not calibrated: the forces of this walk are not measured.",
        "Moments estimated from the motion err by as much as a weak muscle differs from a strong one.",
        "Use a laboratory trial with force plates where strength matters; the person's own muscle habits are "
        "used here.",
    )


def no_electrode(words: str, absent: list[str]) -> Finding:
    return warning(
        "KIN-105",
        f"The {words} was not calibrated.",
        f"No usable electrode is on {' or '.join(absent)} of this leg.",
        f"Record {' and '.join(absent)} too, where the strength of this joint matters.",
    )


def no_moment(words: str, seconds: float) -> Finding:
    return warning(
        "KIN-106",
        f"The {words} was not calibrated.",
        f"Its moment is known for {seconds:.1f} s with EMG; a stance takes longer.",
        "Use a trial in which this foot steps onto a plate with nobody else on it.",
    )


def nothing_held_out() -> Finding:
    return warning(
        "KIN-107",
        "How well the calibrated muscles do on other strides of this person is not known.",
        "There are too few strides with known forces to hold some out.",
        "Use a longer trial, at least three strides of the recorded leg with forces and EMG.",
    )


def fit_findings(
    parameters: tuple[CalibratedParameter, ...], fits: tuple[MomentFit, ...], *, to_maximum: bool
) -> list[Finding]:
    findings = []
    poor = [fit for fit in fits if judged(fit) < POOR_R2]
    if poor:
        named = ", ".join(f"{fit.joint.label.lower()} ({judged(fit):.2f})" for fit in poor)
        findings.append(
            warning(
                "KIN-108",
                f"The calibrated muscles explain less than half of the moment: {named}.",
                "Electrodes, the offset of the EMG or the forces may be wrong, or muscles without electrodes "
                "do the work.",
                "Look at the moments before and after, and do not rely on the strength of this joint.",
            )
        )
    bound = [one.name for one in parameters if one.told is Told.AT_BOUND and one.name.startswith(STRENGTH)]
    if bound:
        findings.append(
            note(
                "KIN-110",
                f"At the bound of what was allowed: {'; '.join(bound)}.",
                _MAXIMUM_TOO_LOW if to_maximum else "The data ask for values beyond it.",
                "Take these as a direction, not as a number. A group at its bound is not taken over into the "
                "twin.",
            )
        )
    if not to_maximum:
        findings.append(
            warning(
                "KIN-111",
                "Strength was not taken over into the twin.",
                "The EMG is not normalised to maximal contractions, so that strength and the scale of the "
                "EMG cannot be told apart.",
                "Import a file of maximal contractions with the EMG where strength matters.",
            )
        )
    return findings


def note(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, code))


def warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))
