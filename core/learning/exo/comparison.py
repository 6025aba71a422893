"""Scores of one simulated gait for the comparison table."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint
from core.domain.controller import GaitScore
from core.domain.motion import GaitCycles
from core.domain.rollout import Rollout
from core.domain.walk_measures import WalkMeasures
from core.gait.similarity import Similarity, compare_cycles
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S


def score_gait(
    rollout: Rollout, measures: WalkMeasures, measured: tuple[GaitCycles, GaitCycles]
) -> GaitScore:
    """Score one gait: curves from its rollout, everything else from its many walks.

    `measured` are the patient's own cycles, in the order of SIDES. Joints without a comparable curve are left
    out.
    """
    similarities = _similarities(rollout, measured)
    return GaitScore(
        label=rollout.label.value,
        correlation={joint: found.correlation for joint, found in similarities.items()},
        rmse_deg={joint: float(np.degrees(found.rmse_rad)) for joint, found in similarities.items()},
        effort=float(measures.joint_effort.mean()),
        symmetry=step_symmetry(rollout),
        falls_per_minute=measures.falls_per_minute,
        exo_peak_nm=float(measures.exo_peak_nm.max()),
        exo_mean_power_w=float(measures.exo_power_w.mean()),
        exo_negative_work_fraction=float(measures.negative_work_fraction.mean()),
        measures=measures,
    )


def step_symmetry(rollout: Rollout) -> float:
    """1 - |L - R| / ((L + R) / 2) of step times and lengths, averaged (Robinson et al. 1987, as a fraction).

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
    """Distance of this foot ahead of the other at its heel strike; walking goes towards -y."""
    frame = min(round(strike_s / CONTROL_STEP_S), len(rollout.time_s) - 1)
    heels = [rollout.playback.body_names.index(f"calcn_{each.suffix}") for each in SIDES]
    ahead = rollout.playback.body_position_m[frame, heels, 1]
    return float(ahead[1 - side] - ahead[side])
