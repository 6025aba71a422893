"""Joint moments from EMG: activation, muscle force, moment arm (Lloyd & Besier 2003, J Biomech 36:765).

Nothing is searched for here: a recorded envelope, a motion and a set of parameters give forces and moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import lfilter

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import JOINTS, JointKind, Side
from core.domain.emg import ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.muscles import Muscle
from core.domain.twin import ActivationDynamics
from core.kinetics.hill import HillMuscles, hill_muscles
from core.kinetics.muscle_paths import paths_of_model

ACTIVATION_RATE_HZ = 100.0  # of the recursion: its coefficients mean something at one rate only
MEMORY_S = 0.2  # of EMG that has to come before a moment: the longest delay and most of a twitch
_STRAIGHT = 1e-6  # a shape that is not told from a straight line

_E = EmgMuscle
# Whose electrodes tell the activity of a muscle; the mean of those that are there. The last five have no
# electrode of their own in common practice and go with a neighbour that does the same.
DRIVEN_BY: dict[Muscle, tuple[EmgMuscle, ...]] = {
    Muscle.SOLEUS: (_E.SOLEUS,),
    Muscle.GASTROCNEMIUS_MEDIALIS: (_E.GASTROCNEMIUS_MEDIALIS,),
    Muscle.GASTROCNEMIUS_LATERALIS: (_E.GASTROCNEMIUS_LATERALIS,),
    Muscle.TIBIALIS_ANTERIOR: (_E.TIBIALIS_ANTERIOR,),
    Muscle.BICEPS_FEMORIS_LONG: (_E.BICEPS_FEMORIS,),
    Muscle.SEMIMEMBRANOSUS: (_E.SEMIMEMBRANOSUS,),
    Muscle.SEMITENDINOSUS: (_E.SEMITENDINOSUS,),
    Muscle.RECTUS_FEMORIS: (_E.RECTUS_FEMORIS,),
    Muscle.VASTUS_LATERALIS: (_E.VASTUS_LATERALIS,),
    Muscle.VASTUS_MEDIALIS: (_E.VASTUS_MEDIALIS,),
    Muscle.VASTUS_INTERMEDIUS: (_E.VASTUS_LATERALIS, _E.VASTUS_MEDIALIS),
    Muscle.BICEPS_FEMORIS_SHORT: (_E.BICEPS_FEMORIS,),
    Muscle.EXTENSOR_DIGITORUM: (_E.TIBIALIS_ANTERIOR,),
    Muscle.EXTENSOR_HALLUCIS: (_E.TIBIALIS_ANTERIOR,),
}
# A neighbour's electrode stands in where the muscle's own is not there.
STAND_IN: dict[Muscle, tuple[EmgMuscle, ...]] = {
    Muscle.SOLEUS: (_E.GASTROCNEMIUS_MEDIALIS, _E.GASTROCNEMIUS_LATERALIS),
    Muscle.GASTROCNEMIUS_MEDIALIS: (_E.GASTROCNEMIUS_LATERALIS, _E.SOLEUS),
    Muscle.GASTROCNEMIUS_LATERALIS: (_E.GASTROCNEMIUS_MEDIALIS, _E.SOLEUS),
    Muscle.SEMIMEMBRANOSUS: (_E.SEMITENDINOSUS, _E.BICEPS_FEMORIS),
    Muscle.SEMITENDINOSUS: (_E.SEMIMEMBRANOSUS, _E.BICEPS_FEMORIS),
    Muscle.BICEPS_FEMORIS_LONG: (_E.SEMITENDINOSUS, _E.SEMIMEMBRANOSUS),
    Muscle.BICEPS_FEMORIS_SHORT: (_E.SEMITENDINOSUS, _E.SEMIMEMBRANOSUS),
    Muscle.VASTUS_LATERALIS: (_E.VASTUS_MEDIALIS, _E.RECTUS_FEMORIS),
    Muscle.VASTUS_MEDIALIS: (_E.VASTUS_LATERALIS, _E.RECTUS_FEMORIS),
    Muscle.VASTUS_INTERMEDIUS: (_E.RECTUS_FEMORIS,),
    Muscle.RECTUS_FEMORIS: (_E.VASTUS_LATERALIS, _E.VASTUS_MEDIALIS),
}
JOINT_KINDS = (JointKind.KNEE, JointKind.ANKLE)
"""Joints whose moments EMG can tell. At the hip the deep flexors, the strongest, have no electrode."""


@dataclass(frozen=True, slots=True, eq=False)
class DrivenLeg:
    """Recorded muscles of one leg along a motion. Axes: T frames, M muscles, C channels, 2 joints."""

    side: Side
    hill: HillMuscles
    drive: FloatArray  # (C, M) share of each channel in each muscle's activity
    length_m: FloatArray  # (T, M)
    speed_m_s: FloatArray  # (T, M)
    arm_m: FloatArray  # (T, 2, M) about `JOINT_KINDS`

    @property
    def muscles(self) -> tuple[Muscle, ...]:
        return self.hill.muscles

    def force_n(self, channels: FloatArray, fibre: FloatArray, slack: FloatArray) -> FloatArray:
        """(T, M) at activations of the channels (T, C), for muscles of the expected strength."""
        activation = channels @ self.drive
        return self.hill.force_n(activation, self.length_m, self.speed_m_s, fibre, slack)

    def rows(self, picks: IntArray) -> DrivenLeg:
        """Some of the frames."""
        return DrivenLeg(
            self.side,
            self.hill,
            self.drive,
            self.length_m[picks],
            self.speed_m_s[picks],
            self.arm_m[picks],
        )


def driven_leg(
    model: Any, side: Side, angle_rad: FloatArray, velocity_rad_s: FloatArray, sites: tuple[ChannelSite, ...]
) -> DrivenLeg | None:
    """The muscles of a leg that the electrodes at `sites` (C) tell of, along angles and velocities (T, 14).

    None where no electrode is on the leg. `model` is the person's body with 80 muscles.
    """
    drive = _drive(side, sites)
    muscles = tuple(drive)
    if not muscles:
        return None
    columns = [joint.column for joint in JOINTS if joint.side is side]
    states = paths_of_model(model).along(angle_rad[:, columns], velocity_rad_s[:, columns])
    places = [list(Muscle).index(muscle) for muscle in muscles]
    kinds = [list(JointKind).index(kind) for kind in JOINT_KINDS]
    return DrivenLeg(
        side,
        hill_muscles(model, side, muscles),
        np.stack([drive[muscle] for muscle in muscles], axis=1),
        states.length_m[:, places],
        states.speed_m_s[:, places],
        states.arm_m[:, kinds][:, :, places],
    )


def _drive(side: Side, sites: tuple[ChannelSite, ...]) -> dict[Muscle, FloatArray]:
    """Share of every channel (C,) in the activity of each muscle that one of them tells of."""
    there = {site.muscle for site in sites if site.side is side}
    found = {}
    for muscle, own in DRIVEN_BY.items():
        electrodes = there & set(own) or there & set(STAND_IN.get(muscle, ()))
        if electrodes:
            share = np.array([float(site.side is side and site.muscle in electrodes) for site in sites])
            found[muscle] = share / share.sum()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class EvenEmg:
    """Envelopes at the rate of the recursion, on the clock of the motion. Axes: K samples, C channels."""

    time_s: FloatArray  # (K,)
    envelope: FloatArray  # (K, C) not negative

    @staticmethod
    def of(emg: EmgEnvelopes) -> EvenEmg:
        """Envelopes at even times on the clock of the motion."""
        clock = emg.time_s + emg.offset_s
        even_s = np.arange(clock[0], clock[-1] + 0.5 / ACTIVATION_RATE_HZ, 1.0 / ACTIVATION_RATE_HZ)
        channels = [np.interp(even_s, clock, channel) for channel in emg.envelope.T]
        return EvenEmg(even_s, np.clip(np.stack(channels, axis=1), 0.0, None))

    def covers(self, time_s: FloatArray) -> BoolArray:
        """Which times of the motion (T,) have all the EMG that their activation depends on."""
        inside: BoolArray = (time_s >= self.time_s[0] + MEMORY_S) & (time_s <= self.time_s[-1])
        return inside

    def activation(self, dynamics: ActivationDynamics, time_s: FloatArray) -> FloatArray:
        """Activation (T, C) of every channel at times of the motion: delay, twitch and shape."""
        shaped = shape(recursion(self.envelope, dynamics), dynamics.shape)
        late_s = time_s - dynamics.delay_s
        return np.stack([np.interp(late_s, self.time_s, channel) for channel in shaped.T], axis=1)


def recursion(excitation: FloatArray, dynamics: ActivationDynamics) -> FloatArray:
    """u(t) = alpha e(t) - (c1 + c2) u(t-1) - c1 c2 u(t-2) along the first axis, from a steady start."""
    c1, c2 = dynamics.c1, dynamics.c2
    gain, feedback = (1.0 + c1) * (1.0 + c2), np.array([1.0, c1 + c2, c1 * c2])
    first = excitation[:1]
    start = np.concatenate([-(feedback[1] + feedback[2]) * first, -feedback[2] * first])
    filtered, _ = lfilter([gain], feedback, excitation, axis=0, zi=start)
    return np.asarray(filtered)


def shape(excitation: FloatArray, factor: float) -> FloatArray:
    """(exp(A u) - 1) / (exp(A) - 1), and u itself where A is zero; never above full activation."""
    held = np.clip(excitation, 0.0, 1.0)
    return held if abs(factor) < _STRAIGHT else np.expm1(factor * held) / np.expm1(factor)
