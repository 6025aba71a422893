"""How much two muscles that pull against each other work at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import EmgMuscle
from core.domain.motion import CYCLE_POINTS
from core.emg.cycles import EmgCycles

# Pairs across the ankle and the knee. Of several possible ones of a joint the earlier ones come first.
ANTAGONISTS: tuple[tuple[EmgMuscle, EmgMuscle], ...] = (
    (EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.SOLEUS),
    (EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.GASTROCNEMIUS_MEDIALIS),
    (EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.GASTROCNEMIUS_LATERALIS),
    (EmgMuscle.VASTUS_LATERALIS, EmgMuscle.BICEPS_FEMORIS),
    (EmgMuscle.VASTUS_MEDIALIS, EmgMuscle.SEMITENDINOSUS),
    (EmgMuscle.VASTUS_MEDIALIS, EmgMuscle.SEMIMEMBRANOSUS),
    (EmgMuscle.RECTUS_FEMORIS, EmgMuscle.BICEPS_FEMORIS),
    (EmgMuscle.RECTUS_FEMORIS, EmgMuscle.SEMITENDINOSUS),
)


@dataclass(frozen=True, slots=True)
class Cocontraction:
    """Of one pair on one leg, over the cycle and its parts; NaN where a part has no point."""

    side: Side
    muscles: tuple[EmgMuscle, EmgMuscle]
    common_percent: float  # Falconer & Winter, whole cycle
    stance_percent: float
    swing_percent: float
    rudolph: float  # mean over the cycle; in the unit of the envelopes, so 0 to 2 for envelopes up to 1


def cocontractions(cycles: Sequence[EmgCycles]) -> tuple[Cocontraction, ...]:
    """All antagonist pairs among the channels that have strides, on mean cycles.

    The envelopes must have a common meaning: both relative to MVC, or both to their recorded maximum. The
    latter makes muscles comparable that are not, so read such indices for changes and sides only.
    """
    return tuple(
        _pair(side, pair, cycles[one], cycles[other])
        for side in SIDES
        for pair in ANTAGONISTS
        for one in _of(cycles, side, pair[0])
        for other in _of(cycles, side, pair[1])
    )


def falconer_winter_percent(one: FloatArray, other: FloatArray) -> float:
    """2 x the area below both envelopes over the sum of their areas, in percent.

    Falconer & Winter 1985, Electromyogr Clin Neurophysiol 25:135. 100 where both are equal, 0 where they take
    turns; NaN where both are silent.
    """
    total = float(np.sum(one + other))
    return 200.0 * float(np.sum(np.minimum(one, other))) / total if total > 0 else float("nan")


def rudolph_index(one: FloatArray, other: FloatArray) -> float:
    """Mean of (smaller / larger) x (smaller + larger); unlike the index above it grows with effort.

    Rudolph et al. 2000, Knee Surg Sports Traumatol Arthrosc 8:262.
    """
    low, high = np.minimum(one, other), np.maximum(one, other)
    ratio = np.divide(low, high, out=np.zeros_like(low), where=high > 0)
    return float(np.mean(ratio * (low + high))) if len(low) else float("nan")


def _of(cycles: Sequence[EmgCycles], side: Side, muscle: EmgMuscle) -> list[int]:
    """The first channel of a muscle that has strides, if there is one."""
    found = [
        number
        for number, one in enumerate(cycles)
        if one.site.side is side and one.site.muscle is muscle and len(one.envelope)
    ]
    return found[:1]


def _pair(
    side: Side, muscles: tuple[EmgMuscle, EmgMuscle], one: EmgCycles, other: EmgCycles
) -> Cocontraction:
    first, second = one.mean, other.mean
    stance = np.linspace(0.0, 1.0, CYCLE_POINTS) < one.toe_off_fraction
    return Cocontraction(
        side,
        muscles,
        falconer_winter_percent(first, second),
        falconer_winter_percent(first[stance], second[stance]),
        falconer_winter_percent(first[~stance], second[~stance]),
        rudolph_index(first, second),
    )
