"""Scores of one simulated gait for the comparison table, and the verdict in words made from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.assistance import CostRatio, cost_ratio
from core.domain.body import SIDES, Joint
from core.domain.controller import GaitScore
from core.domain.motion import GaitCycles
from core.domain.rollout import GaitLabel, Rollout
from core.domain.walk_measures import Estimate, WalkMeasures
from core.gait.similarity import Similarity, compare_cycles
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S

# Whom the personalized controller is compared with, besides walking without the exo.
RIVALS = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.GENERIC_CONTROLLER)


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


def verdict(scores: Sequence[GaitScore], strangers: Sequence[WalkMeasures] = ()) -> str:
    """A few sentences for a clinician, from the walks of every gait. All scores need their measures."""
    walks = {score.label: score.measures for score in scores if score.measures is not None}
    without = walks[GaitLabel.WITHOUT_EXO.value]
    personal = walks[GaitLabel.PERSONALIZED_CONTROLLER.value]
    rivals = [
        f"with the {label.value} {_compared(cost)}"
        for label in RIVALS
        if label.value in walks and (cost := cost_ratio(personal, walks[label.value])) is not None
    ]
    rivals += strangers_words(personal, strangers)
    sentences = (
        _against_no_exo(cost_ratio(personal, without)),
        f"Compared {'; '.join(rivals)}." if rivals else "",
        _falls(personal, without),
        f"The exo gives at most {personal.exo_peak_nm.max():.0f} N m.",
    )
    return " ".join(sentence for sentence in sentences if sentence)


def strangers_words(personal: WalkMeasures, strangers: Sequence[WalkMeasures]) -> tuple[str, ...]:
    """The personalized controller against those learned for other people; () without any.

    The interval is that over the other people, each by the mean of their seeds.
    """
    costs = [cost for stranger in strangers if (cost := cost_ratio(personal, stranger)) is not None]
    if not costs:
        return ()
    means = Estimate.of(np.array([cost.estimate.mean for cost in costs]))
    people = f"{len(costs)} other virtual people" if len(costs) > 1 else "another virtual person"
    whom = f"with controllers learned for {people} ({strangers[0].starts} walks each)"
    return (f"{whom} {_compared(CostRatio(means, any(cost.per_metre for cost in costs)))}",)


def _against_no_exo(cost: CostRatio | None) -> str:
    if cost is None:
        return "In simulation the metabolic cost of walking cannot be told."
    if not cost.shown:
        return (
            f"In simulation no difference in {cost.quantity} is shown between walking with the personalized "
            f"controller and without the exo ({cost.interval_words})."
        )
    verb = "raises" if cost.change > 0 else "lowers"
    return (
        f"In simulation the personalized controller {verb} the {cost.quantity} of walking by "
        f"{cost.size_words} compared with walking without the exo ({cost.interval_words})."
    )


def _compared(cost: CostRatio) -> str:
    """`5 % lower (3 to 6 %)`, of the quantity that the sentence before named."""
    if not cost.shown:
        return f"no difference is shown ({cost.range_words or cost.interval_words})"
    metre = " per metre" if cost.per_metre else ""
    return f"{cost.size_words} {'higher' if cost.change > 0 else 'lower'}{metre} ({cost.range_words})"


def _falls(personal: WalkMeasures, without: WalkMeasures) -> str:
    if personal.falls == without.falls == 0:
        return f"The twin falls in none of {personal.starts} walks."
    times = "once" if personal.falls == 1 else f"{personal.falls} times"
    return f"The twin falls {times} in {personal.starts} walks (without the exo: {without.falls})."


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
