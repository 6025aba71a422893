"""What an electrode over a muscle would hear of a simulated walk, per gait cycle."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import EmgMuscle
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import Muscle
from core.domain.rollout import Rollout
from core.gait.load_strikes import heel_strikes_s

MODEL: dict[EmgMuscle, tuple[Muscle, ...]] = {
    EmgMuscle.GLUTEUS_MAXIMUS: (Muscle.GLUTEUS_MAXIMUS_1, Muscle.GLUTEUS_MAXIMUS_2, Muscle.GLUTEUS_MAXIMUS_3),
    EmgMuscle.GLUTEUS_MEDIUS: (Muscle.GLUTEUS_MEDIUS_1, Muscle.GLUTEUS_MEDIUS_2, Muscle.GLUTEUS_MEDIUS_3),
    EmgMuscle.TENSOR_FASCIAE_LATAE: (Muscle.TENSOR_FASCIAE_LATAE,),
    EmgMuscle.ADDUCTORS: (Muscle.ADDUCTOR_LONGUS,),
    EmgMuscle.RECTUS_FEMORIS: (Muscle.RECTUS_FEMORIS,),
    EmgMuscle.VASTUS_LATERALIS: (Muscle.VASTUS_LATERALIS,),
    EmgMuscle.VASTUS_MEDIALIS: (Muscle.VASTUS_MEDIALIS,),
    EmgMuscle.BICEPS_FEMORIS: (Muscle.BICEPS_FEMORIS_LONG,),
    EmgMuscle.SEMITENDINOSUS: (Muscle.SEMITENDINOSUS,),
    EmgMuscle.SEMIMEMBRANOSUS: (Muscle.SEMIMEMBRANOSUS,),
    EmgMuscle.GRACILIS: (Muscle.GRACILIS,),
    EmgMuscle.SARTORIUS: (Muscle.SARTORIUS,),
    EmgMuscle.TIBIALIS_ANTERIOR: (Muscle.TIBIALIS_ANTERIOR,),
    EmgMuscle.GASTROCNEMIUS_MEDIALIS: (Muscle.GASTROCNEMIUS_MEDIALIS,),
    EmgMuscle.GASTROCNEMIUS_LATERALIS: (Muscle.GASTROCNEMIUS_LATERALIS,),
    EmgMuscle.SOLEUS: (Muscle.SOLEUS,),
    EmgMuscle.PERONEUS_LONGUS: (Muscle.PERONEUS_LONGUS,),
}
"""Whose mean activation an electrode over a muscle is compared with."""


def activation_cycle(gait: Rollout, muscle: EmgMuscle, side: Side) -> FloatArray | None:
    """Mean activation (101,) over the walk's cycles of what an electrode there would hear; None without."""
    known, activation = gait.playback.muscle_names, gait.activation  # of a walk by torques
    if gait.muscles is not None:
        known, activation = gait.muscles.muscle_names, np.asarray(gait.muscles.activation, dtype=np.float64)
    columns = [known.index(name) for one in MODEL[muscle] if (name := one.on(side)) in known]
    return mean_over_cycles(gait, side, activation[:, columns].mean(axis=1)) if columns else None


def mean_over_cycles(rollout: Rollout, side: Side, values: FloatArray) -> FloatArray | None:
    """Mean of a signal over this side's complete cycles, (101,); None without any."""
    strikes = heel_strikes_s(rollout.time_s, rollout.ground_force_n[:, SIDES.index(side), 2])
    pieces = [
        np.interp(np.linspace(start, end, CYCLE_POINTS), rollout.time_s, values)
        for start, end in pairwise(strikes)
    ]
    return np.mean(pieces, axis=0) if pieces else None


def by_muscles(gait: Rollout) -> bool:
    """Whether the twin walked by its muscles; else they are an estimate that goes with its torques."""
    return gait.muscles is not None and not gait.muscles.estimated
