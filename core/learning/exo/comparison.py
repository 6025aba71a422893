"""One simulated gait as numbers for the comparison table, and the verdict in words made from them."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.assistance import Assistance, assistance_of, percent_words
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.controller import GaitScore
from core.domain.motion import GaitCycles
from core.domain.rollout import Rollout
from core.gait.similarity import Similarity, compare_cycles
from core.learning.exo.effort import WalkMeasure
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S

ALIKE = 0.01  # savings of effort below 1 percent are not worth a word; a rise always is
CLOSER = 0.03  # differences of correlation worth a word


def score_gait(rollout: Rollout, measure: WalkMeasure, measured: tuple[GaitCycles, GaitCycles]) -> GaitScore:
    """Score one gait: curves from its rollout, effort, falls and exo work from the many walks of `measure`.

    `measured` are the patient's own cycles, in the order of SIDES. Joints without a comparable curve are left
    out.
    """
    alike = _similarities(rollout, measured)
    return GaitScore(
        label=rollout.label.value,
        correlation={joint: found.correlation for joint, found in alike.items()},
        rmse_deg={joint: float(np.degrees(found.rmse_rad)) for joint, found in alike.items()},
        effort=measure.effort,
        symmetry=step_symmetry(rollout),
        falls_per_minute=measure.falls_per_minute,
        exo_peak_nm=measure.work.peak_nm,
        exo_mean_power_w=measure.work.mean_power_w,
        exo_negative_work_fraction=measure.work.negative_fraction,
    )


def step_symmetry(rollout: Rollout) -> float:
    """1 - |L - R| / ((L + R) / 2) of step times and lengths, averaged (Robinson et al. 1987, as a share).

    NaN when one side has no step.
    """
    strikes = [_strikes(rollout, side) for side in range(len(SIDES))]
    times, lengths = [], []
    for side in range(len(SIDES)):
        own, other = strikes[side], strikes[1 - side]
        before = [other[other < strike] for strike in own]
        times.append([strike - late[-1] for strike, late in zip(own, before, strict=True) if len(late)])
        lengths.append([_step_length_m(rollout, side, strike) for strike in own])
    if any(len(found) == 0 for found in (*times, *lengths)):
        return float("nan")
    fractions = [
        1 - abs(a - b) / ((a + b) / 2)
        for a, b in ([np.mean(v) for v in times], [np.mean(v) for v in lengths])
    ]
    return float(np.clip(np.mean(fractions), 0.0, 1.0))


def verdict(without: GaitScore, default: GaitScore, personal: GaitScore) -> str:
    """One sentence or two for a clinician, from the numbers."""
    change = _effort_words(personal.effort / without.effort - 1.0)
    other = _effort_words(default.effort / without.effort - 1.0)
    sentence = (
        f"In simulation, with the personalized controller the effort of walking {change} compared with "
        f"walking without the exo (default controller: {other})."
    )
    for extra in (_closeness(default, personal), _stability(assistance_of((without, personal)))):
        sentence += f" {extra}" if extra else ""
    return f"{sentence} The exo gives at most {personal.exo_peak_nm:.0f} N m."


def _similarities(rollout: Rollout, measured: tuple[GaitCycles, GaitCycles]) -> dict[str, Similarity]:
    found = {}
    for side, own, simulated in zip(SIDES, measured, rollout.cycles, strict=True):
        if len(own.angle_rad) == 0 or len(simulated.angle_rad) == 0:
            continue
        for kind, similarity in compare_cycles(own, simulated).items():
            if np.isfinite(similarity.correlation) and np.isfinite(similarity.rmse_rad):
                found[Joint.of(kind, side).value] = similarity
    return found


def _strikes(rollout: Rollout, side: int) -> FloatArray:
    strides = ground_contacts(SIDES[side], rollout.ground_force_n[:, side, 2], CONTROL_STEP_S)
    return np.array([stride.start_s for stride in strides])


def _step_length_m(rollout: Rollout, side: int, strike_s: float) -> float:
    """How far this foot lands ahead of the other; walking goes towards -y."""
    frame = min(round(strike_s / CONTROL_STEP_S), len(rollout.time_s) - 1)
    heels = [rollout.playback.body_names.index(f"calcn_{each.suffix}") for each in SIDES]
    ahead = rollout.playback.body_position_m[frame, heels, 1]
    return float(ahead[1 - side] - ahead[side])


def _effort_words(change: float) -> str:
    if not np.isfinite(change):
        return "cannot be told"
    if -ALIKE < change <= 0.0:
        return "stays the same"
    return f"{'falls' if change < 0 else 'rises'} by {percent_words(abs(change))}"


def _closeness(default: GaitScore, personal: GaitScore) -> str:
    """The sagittal joint whose likeness to the patient's own gait differs most between the controllers."""
    shared = [
        (personal.correlation[joint.value] - default.correlation[joint.value], joint)
        for joint in (Joint.of(kind, side) for kind in SAGITTAL for side in SIDES)
        if joint.value in personal.correlation and joint.value in default.correlation
    ]
    if not shared:
        return ""
    difference, joint = max(shared, key=lambda pair: abs(pair[0]))
    if abs(difference) < CLOSER:
        return "All joints follow the patient's own gait as closely as with the default controller."
    how = "more" if difference > 0 else "less"
    return (
        f"The {_spoken(joint)} follows the patient's own gait {how} closely than with the default controller "
        f"(r {personal.correlation[joint.value]:.2f} instead of {default.correlation[joint.value]:.2f})."
    )


def _spoken(joint: Joint) -> str:
    part = {JointKind.HIP_FLEXION: "hip", JointKind.KNEE: "knee", JointKind.ANKLE: "ankle"}[joint.kind]
    return f"{'left' if joint.side is Side.LEFT else 'right'} {part}"


def _stability(found: Assistance) -> str:
    if not found.more_falls:
        return ""
    return (
        f"It falls more often: {found.falls_per_minute:.1f} times a minute instead of "
        f"{found.falls_without:.1f}."
    )
