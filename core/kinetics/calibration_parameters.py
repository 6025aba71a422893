"""What a calibration may change in the muscles of a person: names, bounds, and places in a vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.body import Side
from core.domain.muscle_calibration import FIBRE, SLACK, CalibratedParameter
from core.domain.muscles import Muscle, MuscleGroup
from core.domain.twin import ActivationDynamics
from core.kinetics.emg_driven import DrivenLeg


class StrengthUnit(StrEnum):
    """Muscles that share one strength: finer than a manual test in the calf, where both parts are told."""

    SOLEUS = "soleus"
    GASTROCNEMII = "gastrocnemii"
    DORSIFLEXORS = "dorsiflexors"
    HAMSTRINGS = "hamstrings"
    KNEE_EXTENSORS = "knee extensors"

    @property
    def group(self) -> MuscleGroup:
        return _GROUP.get(self) or MuscleGroup(self.value)


_GROUP = {
    StrengthUnit.SOLEUS: MuscleGroup.PLANTARFLEXORS,
    StrengthUnit.GASTROCNEMII: MuscleGroup.PLANTARFLEXORS,
}
_CALF = {
    Muscle.SOLEUS: StrengthUnit.SOLEUS,
    Muscle.GASTROCNEMIUS_LATERALIS: StrengthUnit.GASTROCNEMII,
    Muscle.GASTROCNEMIUS_MEDIALIS: StrengthUnit.GASTROCNEMII,
}
_DYNAMICS = (
    # Name, unit, before, low, high. The two coefficients of the recursion are kept equal: a critically damped
    # twitch. Left free they end equal, and then neither is told for itself.
    ("Twitch, c1 = c2", "", -0.5, -0.95, -0.05),
    ("Electromechanical delay", "s", 0.04, 0.01, 0.1),
    ("Shape of activation", "", -0.1, -3.0, -0.001),
)
STRENGTH, STRENGTH_AND_SCALE = "Strength", "Strength and scale of the EMG"
_STRENGTH, _STRENGTH_AND_SCALE = (1.0, 0.5, 2.5), (1.0, 0.05, 2.5)  # a walk takes a part of the maximum only
_LENGTH = (1.0, 0.9, 1.1)


def unit_of(muscle: Muscle) -> StrengthUnit:
    return _CALF.get(muscle) or StrengthUnit(muscle.group.value)


@dataclass(frozen=True, slots=True, eq=False)
class LegPlaces:
    """Where the parameters of one leg stand. Axes: M muscles of the leg."""

    strength: IntArray  # (M,)
    fibre: IntArray  # (M,)
    slack: IntArray  # (M,)


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """All parameters of a calibration. Axes: P parameters."""

    names: tuple[str, ...]  # P, as a clinician reads them
    units: tuple[str, ...]
    before: FloatArray  # (P,)
    low: FloatArray
    high: FloatArray
    legs: tuple[LegPlaces, ...]
    strengths: dict[tuple[StrengthUnit, Side], int]
    groups: dict[str, FloatArray]  # strengths that follow from others: shares (P,) of the parameters

    @property
    def width(self) -> FloatArray:
        """(P,) from the lowest to the highest value."""
        return self.high - self.low

    @property
    def all_names(self) -> tuple[str, ...]:
        """With those that follow from others."""
        return (*self.names, *self.groups)

    @staticmethod
    def of(legs: Sequence[DrivenLeg], *, to_maximum: bool) -> Parameters:
        """`to_maximum`: whether the EMG is a fraction of a maximal voluntary contraction."""
        rows = [*_DYNAMICS]
        words, bounds = (STRENGTH, _STRENGTH) if to_maximum else (STRENGTH_AND_SCALE, _STRENGTH_AND_SCALE)
        strengths: dict[tuple[StrengthUnit, Side], int] = {}
        for leg in legs:
            for unit in dict.fromkeys(unit_of(muscle) for muscle in leg.muscles):
                strengths[unit, leg.side] = len(rows)
                rows.append((f"{words}, {leg.side} {unit}", "", *bounds))
        places = []
        for leg in legs:
            first, count = len(rows), len(leg.muscles)
            for length in (FIBRE, SLACK):
                rows += [(_length_name(length, leg.side, muscle), "", *_LENGTH) for muscle in leg.muscles]
            strength = np.array([strengths[unit_of(muscle), leg.side] for muscle in leg.muscles])
            places.append(
                LegPlaces(strength, first + np.arange(count), first + count + np.arange(count)),
            )
        names, units, before, low, high = zip(*rows, strict=True)
        groups = {
            f"{words}, {leg.side} {MuscleGroup.PLANTARFLEXORS}": _calf_shares(leg, place, len(rows))
            for leg, place in zip(legs, places, strict=True)
            if {unit_of(muscle) for muscle in leg.muscles} >= set(_GROUP)
        }
        return Parameters(
            names,
            units,
            np.array(before),
            np.array(low),
            np.array(high),
            tuple(places),
            strengths,
            groups,
        )


def _calf_shares(leg: DrivenLeg, place: LegPlaces, count: int) -> FloatArray:
    """Share (P,) of each strength in that of the plantarflexors, by peak force."""
    shares = np.zeros(count)
    for number, muscle in enumerate(leg.muscles):
        if muscle in _CALF:
            shares[place.strength[number]] += leg.hill.peak_n[number]
    whole: FloatArray = shares / shares.sum()
    return whole


DYNAMICS = slice(0, len(_DYNAMICS))


def dynamics_of(values: FloatArray) -> ActivationDynamics:
    """From the first parameters (P,)."""
    twitch, delay_s, factor = (float(value) for value in values[DYNAMICS])
    return ActivationDynamics(shape=factor, delay_s=delay_s, c1=twitch, c2=twitch)


def calibrated_lengths(
    parameters: Iterable[CalibratedParameter], side: Side
) -> tuple[FloatArray, FloatArray]:
    """Factors of optimal fibre and tendon slack length of a leg's forty muscles; 1 where none was found."""
    found = {one.name: one.after for one in parameters}
    fibre, slack = (
        np.array([found.get(_length_name(length, side, muscle), 1.0) for muscle in Muscle])
        for length in (FIBRE, SLACK)
    )
    return fibre, slack


def _length_name(length: str, side: Side, muscle: Muscle) -> str:
    return f"{length}, {side} {muscle.name.lower().replace('_', ' ')}"
