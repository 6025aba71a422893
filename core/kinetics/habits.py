"""What a person's muscles usually do over a gait cycle, from their EMG: in place of a textbook's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import EmgEnvelopes, EmgMuscle
from core.domain.motion import Stride
from core.domain.muscles import Muscle
from core.domain.twin import MuscleHabit
from core.simulation.muscles.activation_prior import FULL_BURST

SAMPLES = 100
_E, _M = EmgMuscle, Muscle
# Muscles of the model whose activity an electrode shows. A part of the vasti that lies under two others has
# the mean of both; a part that no electrode shows keeps a textbook's habits.
SHOWN_BY: dict[Muscle, tuple[EmgMuscle, ...]] = {
    _M.GLUTEUS_MAXIMUS_1: (_E.GLUTEUS_MAXIMUS,),
    _M.GLUTEUS_MAXIMUS_2: (_E.GLUTEUS_MAXIMUS,),
    _M.GLUTEUS_MAXIMUS_3: (_E.GLUTEUS_MAXIMUS,),
    _M.GLUTEUS_MEDIUS_1: (_E.GLUTEUS_MEDIUS,),
    _M.GLUTEUS_MEDIUS_2: (_E.GLUTEUS_MEDIUS,),
    _M.GLUTEUS_MEDIUS_3: (_E.GLUTEUS_MEDIUS,),
    _M.TENSOR_FASCIAE_LATAE: (_E.TENSOR_FASCIAE_LATAE,),
    _M.ADDUCTOR_LONGUS: (_E.ADDUCTORS,),
    _M.ADDUCTOR_BREVIS: (_E.ADDUCTORS,),
    _M.RECTUS_FEMORIS: (_E.RECTUS_FEMORIS,),
    _M.VASTUS_LATERALIS: (_E.VASTUS_LATERALIS,),
    _M.VASTUS_MEDIALIS: (_E.VASTUS_MEDIALIS,),
    _M.VASTUS_INTERMEDIUS: (_E.VASTUS_LATERALIS, _E.VASTUS_MEDIALIS),
    _M.BICEPS_FEMORIS_LONG: (_E.BICEPS_FEMORIS,),
    _M.SEMITENDINOSUS: (_E.SEMITENDINOSUS,),
    _M.SEMIMEMBRANOSUS: (_E.SEMIMEMBRANOSUS,),
    _M.GRACILIS: (_E.GRACILIS,),
    _M.SARTORIUS: (_E.SARTORIUS,),
    _M.TIBIALIS_ANTERIOR: (_E.TIBIALIS_ANTERIOR,),
    _M.GASTROCNEMIUS_MEDIALIS: (_E.GASTROCNEMIUS_MEDIALIS,),
    _M.GASTROCNEMIUS_LATERALIS: (_E.GASTROCNEMIUS_LATERALIS,),
    _M.SOLEUS: (_E.SOLEUS,),
    _M.PERONEUS_LONGUS: (_E.PERONEUS_LONGUS,),
}


def covered_strides(emg: EmgEnvelopes, strides: Sequence[Stride], side: Side) -> tuple[Stride, ...]:
    """Strides of a side that lie in the EMG from start to end."""
    first, last = emg.time_s[0] + emg.offset_s, emg.time_s[-1] + emg.offset_s
    return tuple(one for one in strides if one.side is side and one.start_s >= first and one.end_s <= last)


def muscle_habits(
    emg: EmgEnvelopes,
    strides: Sequence[Stride],
    scale: Mapping[tuple[Muscle, Side], float],
    *,
    to_maximum: bool,
) -> tuple[MuscleHabit, ...]:
    """Mean envelope over the gait cycle of every muscle that an electrode shows.

    `scale` holds, where moments told it, by what the envelope has to be multiplied to be an activation. Where
    it holds nothing, an envelope over a maximal contraction (`to_maximum`) is taken as it is; any other is
    brought to the height that muscles have in walking.
    """
    habits = []
    for side in SIDES:
        of_side = covered_strides(emg, strides, side)
        columns = {
            channel.site.muscle: number
            for number, channel in enumerate(emg.channels)
            if channel.site.side is side and channel.verdict == GOOD
        }
        for muscle, electrodes in SHOWN_BY.items():
            chosen = [columns[one] for one in electrodes if one in columns]
            if not chosen or not of_side:
                continue
            mean = _mean_cycle(emg, chosen, of_side)
            factor = scale.get((muscle, side), 1.0 if to_maximum else FULL_BURST / max(mean.max(), _SILENT))
            level = np.clip(factor * mean, 0.0, 1.0)
            habits.append(MuscleHabit(muscle, side, tuple(float(value) for value in level)))
    return tuple(habits)


GOOD = "good"
_SILENT = 1e-3  # of the normalisation value: an electrode that shows nothing


def _mean_cycle(emg: EmgEnvelopes, columns: list[int], strides: Sequence[Stride]) -> FloatArray:
    share = np.arange(SAMPLES) / SAMPLES
    mean = np.zeros(SAMPLES)
    for stride in strides:
        at = stride.start_s + share * (stride.end_s - stride.start_s) - emg.offset_s
        for column in columns:
            mean += np.interp(at, emg.time_s, emg.envelope[:, column])
    return np.clip(mean / (len(strides) * len(columns)), 0.0, None)
