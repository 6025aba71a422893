"""Prior of muscle activation in walking: what coordination follows where joint torques leave it free.

Torques alone do not decide which muscles work: opposite muscles stiffen a joint together, and least squared
activation (Crowninshield & Brand 1981) never co-contracts them. EMG-informed models start from a muscle's
measured activity and let torques change it (Pizzolato et al. 2015, J Biomech 48:3929). Muscles of which a
person's own EMG is known have its mean over the gait cycle as nominal activation (`BodyParameters.habits`).
All others have that of textbooks: bursts over the gait cycle, each a bell curve as in Ivanenko
et al. 2004 (J Physiol 556:267), timed after Perry & Burnfield 2010 (Gait Analysis, 2nd ed., chapters 4 to 6)
and Andersson et al. 1997 (Acta Physiol Scand 161:361) for the deep hip flexors. No recording was used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, IntArray
from core.domain.body import Side
from core.domain.muscles import LumpedMuscle, Muscle
from core.domain.twin import BodyParameters, MuscleHabit
from core.simulation.muscles.leg_muscles import MODEL_SIDES, leg_columns
from core.simulation.muscles.muscle_parameters import base_muscle

FULL_BURST = 0.2  # activation at the top of a burst of height 1: walking takes about a fifth of a maximum
LEAST_VARIANCE = 0.03  # prior variance of a resting muscle; that of a fully active one is 1
OWN_VARIANCE = 0.15
"""Of a textbook's: what was measured is surer. Chosen on the recording walk36 as the largest that raises the
likeness to its EMG by 0.08; `exotwin bench emg` judges it on another person. Less makes joints less true."""
_SAMPLES = 100
_SILENT = 0.02  # activation: a muscle that never gets beyond it rests in walking
_PHASE_OF = {Side.LEFT: 0.0, Side.RIGHT: 0.5}  # a stride begins at the left heel strike


@dataclass(frozen=True, slots=True)
class Burst:
    """A bell curve of activation over the gait cycle, which starts at this foot's heel strike."""

    peak: float  # percent of the cycle
    width: float  # standard deviation in percent
    height: float  # of the muscle's largest activity in walking


_GLUTEUS_MAXIMUS = (Burst(5, 8, 1.0), Burst(97, 5, 0.5))
_ABDUCTORS = (Burst(10, 11, 1.0), Burst(30, 8, 0.4), Burst(97, 5, 0.5))
_TENSOR = (Burst(10, 12, 0.7), Burst(35, 10, 0.7))
_ADDUCTORS = (Burst(97, 7, 1.0), Burst(5, 7, 0.6), Burst(62, 8, 0.8))
_HAMSTRINGS = (Burst(95, 7, 1.0), Burst(5, 6, 0.5))
_SHORT_BICEPS = (Burst(75, 10, 1.0),)
_VASTI = (Burst(8, 7, 1.0), Burst(97, 5, 0.6))
_RECTUS = (Burst(8, 7, 1.0), Burst(60, 6, 0.5), Burst(97, 5, 0.3))
_DEEP_HIP_FLEXORS = (Burst(60, 11, 1.0),)
_SARTORIUS = (Burst(68, 9, 0.5),)
_SHIN = (Burst(3, 6, 1.0), Burst(68, 9, 0.6), Burst(82, 8, 0.4), Burst(95, 9, 0.7))
_SOLEUS = (Burst(42, 11, 1.0), Burst(22, 10, 0.4))
_GASTROCNEMIUS = (Burst(40, 11, 1.0),)
_DEEP_CALF = (Burst(40, 13, 0.3),)

NORMAL_EMG_BURSTS: dict[Muscle | LumpedMuscle, tuple[Burst, ...]] = {
    Muscle.ADDUCTOR_BREVIS: _ADDUCTORS,
    Muscle.ADDUCTOR_LONGUS: _ADDUCTORS,
    Muscle.ADDUCTOR_MAGNUS_DISTAL: _ADDUCTORS,
    Muscle.ADDUCTOR_MAGNUS_ISCHIAL: _ADDUCTORS,
    Muscle.ADDUCTOR_MAGNUS_MIDDLE: _ADDUCTORS,
    Muscle.ADDUCTOR_MAGNUS_PROXIMAL: _ADDUCTORS,
    Muscle.BICEPS_FEMORIS_LONG: _HAMSTRINGS,
    Muscle.BICEPS_FEMORIS_SHORT: _SHORT_BICEPS,
    Muscle.EXTENSOR_DIGITORUM: _SHIN,
    Muscle.EXTENSOR_HALLUCIS: _SHIN,
    Muscle.FLEXOR_DIGITORUM: _DEEP_CALF,
    Muscle.FLEXOR_HALLUCIS: _DEEP_CALF,
    Muscle.GASTROCNEMIUS_LATERALIS: _GASTROCNEMIUS,
    Muscle.GASTROCNEMIUS_MEDIALIS: _GASTROCNEMIUS,
    Muscle.GLUTEUS_MAXIMUS_1: _GLUTEUS_MAXIMUS,
    Muscle.GLUTEUS_MAXIMUS_2: _GLUTEUS_MAXIMUS,
    Muscle.GLUTEUS_MAXIMUS_3: _GLUTEUS_MAXIMUS,
    Muscle.GLUTEUS_MEDIUS_1: _ABDUCTORS,
    Muscle.GLUTEUS_MEDIUS_2: _ABDUCTORS,
    Muscle.GLUTEUS_MEDIUS_3: _ABDUCTORS,
    Muscle.GLUTEUS_MINIMUS_1: _ABDUCTORS,
    Muscle.GLUTEUS_MINIMUS_2: _ABDUCTORS,
    Muscle.GLUTEUS_MINIMUS_3: _ABDUCTORS,
    Muscle.GRACILIS: _SARTORIUS,
    Muscle.ILIACUS: _DEEP_HIP_FLEXORS,
    Muscle.PERONEUS_BREVIS: _DEEP_CALF,
    Muscle.PERONEUS_LONGUS: _DEEP_CALF,
    Muscle.PIRIFORMIS: _GLUTEUS_MAXIMUS,
    Muscle.PSOAS: _DEEP_HIP_FLEXORS,
    Muscle.RECTUS_FEMORIS: _RECTUS,
    Muscle.SARTORIUS: _SARTORIUS,
    Muscle.SEMIMEMBRANOSUS: _HAMSTRINGS,
    Muscle.SEMITENDINOSUS: _HAMSTRINGS,
    Muscle.SOLEUS: _SOLEUS,
    Muscle.TENSOR_FASCIAE_LATAE: _TENSOR,
    Muscle.TIBIALIS_ANTERIOR: _SHIN,
    Muscle.TIBIALIS_POSTERIOR: _DEEP_CALF,
    Muscle.VASTUS_INTERMEDIUS: _VASTI,
    Muscle.VASTUS_LATERALIS: _VASTI,
    Muscle.VASTUS_MEDIALIS: _VASTI,
    LumpedMuscle.ABDUCTORS: _ABDUCTORS,
    LumpedMuscle.ADDUCTORS: _ADDUCTORS,
    LumpedMuscle.HAMSTRINGS: _HAMSTRINGS,
    LumpedMuscle.BICEPS_FEMORIS_SHORT: _SHORT_BICEPS,
    LumpedMuscle.EXTENSOR_DIGITORUM: _SHIN,
    LumpedMuscle.FLEXOR_DIGITORUM: _DEEP_CALF,
    LumpedMuscle.GLUTEUS_MAXIMUS: _GLUTEUS_MAXIMUS,
    LumpedMuscle.ILIOPSOAS: _DEEP_HIP_FLEXORS,
    LumpedMuscle.RECTUS_FEMORIS: _RECTUS,
    LumpedMuscle.VASTI: _VASTI,
    LumpedMuscle.GASTROCNEMIUS: _GASTROCNEMIUS,
    LumpedMuscle.SOLEUS: _SOLEUS,
    LumpedMuscle.TIBIALIS_ANTERIOR: _SHIN,
}


LUMPED_TOGETHER: dict[LumpedMuscle, frozenset[Muscle]] = {
    LumpedMuscle.ABDUCTORS: frozenset(
        {
            Muscle.GLUTEUS_MEDIUS_1,
            Muscle.GLUTEUS_MEDIUS_2,
            Muscle.GLUTEUS_MEDIUS_3,
            Muscle.GLUTEUS_MINIMUS_1,
            Muscle.GLUTEUS_MINIMUS_2,
            Muscle.GLUTEUS_MINIMUS_3,
        }
    ),
    LumpedMuscle.ADDUCTORS: frozenset(
        {
            Muscle.ADDUCTOR_BREVIS,
            Muscle.ADDUCTOR_LONGUS,
            Muscle.ADDUCTOR_MAGNUS_DISTAL,
            Muscle.ADDUCTOR_MAGNUS_ISCHIAL,
            Muscle.ADDUCTOR_MAGNUS_MIDDLE,
            Muscle.ADDUCTOR_MAGNUS_PROXIMAL,
        }
    ),
    LumpedMuscle.HAMSTRINGS: frozenset(
        {Muscle.BICEPS_FEMORIS_LONG, Muscle.SEMIMEMBRANOSUS, Muscle.SEMITENDINOSUS}
    ),
    LumpedMuscle.BICEPS_FEMORIS_SHORT: frozenset({Muscle.BICEPS_FEMORIS_SHORT}),
    LumpedMuscle.EXTENSOR_DIGITORUM: frozenset({Muscle.EXTENSOR_DIGITORUM}),
    LumpedMuscle.FLEXOR_DIGITORUM: frozenset({Muscle.FLEXOR_DIGITORUM}),
    LumpedMuscle.GLUTEUS_MAXIMUS: frozenset(
        {Muscle.GLUTEUS_MAXIMUS_1, Muscle.GLUTEUS_MAXIMUS_2, Muscle.GLUTEUS_MAXIMUS_3}
    ),
    LumpedMuscle.ILIOPSOAS: frozenset({Muscle.ILIACUS, Muscle.PSOAS}),
    LumpedMuscle.RECTUS_FEMORIS: frozenset({Muscle.RECTUS_FEMORIS}),
    LumpedMuscle.VASTI: frozenset(
        {Muscle.VASTUS_INTERMEDIUS, Muscle.VASTUS_LATERALIS, Muscle.VASTUS_MEDIALIS}
    ),
    LumpedMuscle.GASTROCNEMIUS: frozenset({Muscle.GASTROCNEMIUS_LATERALIS, Muscle.GASTROCNEMIUS_MEDIALIS}),
    LumpedMuscle.SOLEUS: frozenset({Muscle.SOLEUS}),
    LumpedMuscle.TIBIALIS_ANTERIOR: frozenset({Muscle.TIBIALIS_ANTERIOR}),
}
"""Muscles of the 80-muscle body whose habits are those of a lumped muscle."""


@dataclass(frozen=True, slots=True, eq=False)
class ActivationPrior:
    """Nominal activation and its standard deviation at one moment. Axes: R legs, M muscles."""

    nominal_activation: Float32Array  # (R, M) activation 0..1
    prior_sd: Float32Array  # (R, M) 0..1: a deviation costs (deviation / prior_sd)^2

    @property
    def low(self) -> Float32Array:
        """(R, M) shift, in prior SDs, to no activation."""
        return -self.nominal_activation / self.prior_sd

    @property
    def high(self) -> Float32Array:
        """(R, M) shift, in prior SDs, to full activation."""
        return (np.float32(1.0) - self.nominal_activation) / self.prior_sd

    def shifted(self, shift: Float32Array) -> Float32Array:
        """Activation (R, M) after a shift, within 0..1."""
        return np.clip(self.nominal_activation + self.prior_sd * shift, 0.0, 1.0)

    def rows(self, picks: IntArray) -> ActivationPrior:
        """Some of the legs."""
        return ActivationPrior(self.nominal_activation[picks], self.prior_sd[picks])

    @staticmethod
    def none(legs: int, muscles: int) -> ActivationPrior:
        """Zero nominal activation, equal SDs: plain static optimisation."""
        return ActivationPrior(np.zeros((legs, muscles), np.float32), np.ones((legs, muscles), np.float32))


class ActivationPriors:
    """Activation priors of walkers that share a model, by the phase of their stride."""

    def __init__(self, model: Any, bodies: Sequence[BodyParameters]) -> None:
        """`bodies` (N) of the walkers, whose habits come before those of textbooks."""
        left = leg_columns(model)[MODEL_SIDES.index(Side.LEFT)]
        muscles = tuple(base_muscle(model.actuator(int(muscle)).name) for muscle in left)
        kinds = list(dict.fromkeys(body.habits for body in bodies))
        tables = [_habit_table(muscles, habits) for habits in kinds]
        self._nominal = np.stack([nominal for nominal, _ in tables])  # (kinds, sides, samples, M)
        self._variance = np.stack([variance for _, variance in tables])
        self._kind = np.tile([kinds.index(body.habits) for body in bodies], len(MODEL_SIDES))
        self._side = np.repeat(np.arange(len(MODEL_SIDES)), len(bodies))

    def at(self, phase: FloatArray, walking: FloatArray) -> ActivationPrior:
        """Prior of the legs (2 N), as rows of `LegMuscles`, at phases (N,) from left heel strike.

        `walking` (N,) is 1 for walking on even ground and 0 where there is no prior: on stairs, in running
        and in standing.
        """
        samples = np.concatenate([(phase + _PHASE_OF[side]) % 1.0 for side in MODEL_SIDES]) * _SAMPLES
        place = (self._kind, self._side, samples.astype(np.int64) % _SAMPLES)
        fraction = np.tile(walking, len(MODEL_SIDES))[:, None]
        variance = 1.0 - fraction * (1.0 - self._variance[place])
        return ActivationPrior(
            (fraction * self._nominal[place]).astype(np.float32), np.sqrt(variance).astype(np.float32)
        )


def _habit_table(
    muscles: tuple[Muscle | LumpedMuscle, ...], habits: tuple[MuscleHabit, ...]
) -> tuple[FloatArray, FloatArray]:
    """Nominal activation and variance of the muscles M over the gait cycle, (sides, samples, M) each."""
    level = np.stack([activity(NORMAL_EMG_BURSTS[muscle]) for muscle in muscles], axis=1)
    level = np.stack([level] * len(MODEL_SIDES))
    nominal, sureness = FULL_BURST * level, np.ones_like(level)
    for number, side in enumerate(MODEL_SIDES):
        for place, muscle in enumerate(muscles):
            own = _own_habit(muscle, side, habits)
            if own is not None:
                nominal[number, :, place] = own
                level[number, :, place] = own / max(float(own.max()), _SILENT)
                sureness[number, :, place] = OWN_VARIANCE
    return nominal, sureness * (LEAST_VARIANCE + (1.0 - LEAST_VARIANCE) * level)


def _own_habit(
    muscle: Muscle | LumpedMuscle, side: Side, habits: tuple[MuscleHabit, ...]
) -> FloatArray | None:
    """Mean of the recorded activations that belong to a muscle; None where none does."""
    belonging = {muscle} if isinstance(muscle, Muscle) else LUMPED_TOGETHER[muscle]
    own = [habit.activation for habit in habits if habit.side is side and habit.muscle in belonging]
    return np.mean(own, axis=0) if own else None


def activity(bursts: tuple[Burst, ...]) -> FloatArray:
    """Sum of bursts over the gait cycle from this foot's heel strike (100,), at most 1."""
    cycle = 100.0 * np.arange(_SAMPLES) / _SAMPLES
    away = [((cycle - burst.peak + 50.0) % 100.0 - 50.0) / burst.width for burst in bursts]
    level: FloatArray = sum(
        (burst.height * np.exp(-0.5 * far**2) for burst, far in zip(bursts, away, strict=True)),
        start=np.zeros(_SAMPLES),
    )
    return np.minimum(level, 1.0)
