"""Muscles as springs and motors: the force of a muscle of given length, speed and activation.

A muscle is a fibre at an angle and an elastic tendon in series (Zajac 1989, Crit Rev Biomed Eng 17:359), with
the curves of De Groote et al. 2016 (Ann Biomed Eng 44:2922, supplement). Fibre and tendon are in balance in
every frame by itself: the tendon stretches with the force, but how fast it does is not integrated. Fibres of
the calf shorten more slowly than their unit by the fraction that the twin's own muscles have (`tendons`).

Chosen on walk36, calibrated on 19 to 24 s and looked at on the rest of 0 to 30 s: R2 of the knee and of the
ankle were 0.79 and 0.96 with this balance, 0.83 and 0.93 with rigid tendons, about 0.69 and 0.95 with the
parabolas and rigid tendons of the twin's own muscles. It alone is good at both joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.muscles import Muscle
from core.simulation.muscles.muscle_parameters import FIBRE_FRACTION
from core.twin.tendons import FIBRE_SPEED_FRACTION

_FASTEST = 10.0  # optimal fibre lengths per second
_CALF_STRAIN = 0.10  # of the tendon at the largest force (Rajagopal et al. 2016)
_STRAIN = 0.049  # of the other tendons
_BALANCE_STEPS = 6
_SHORTEST = 0.3  # of the optimal fibre length
_ACTIVE = (
    (0.8150671134243542, 1.055033428970575, 0.162384573599574, 0.063303448465465),
    (0.433004984392647, 0.716775413397760, -0.029947116970696, 0.200356847296188),
    (0.1, 1.0, 0.353553390593274, 0.0),
)
_PASSIVE_STIFFNESS, _PASSIVE_STRAIN = 4.0, 0.6
_VELOCITY = (-0.318, -8.149, -0.374, 0.886)

# Tendon slack length over optimal fibre length, and pennation in degrees: Rajagopal et al. 2016, table I.
_TENDON_AND_ANGLE: dict[Muscle, tuple[float, float]] = {
    Muscle.ADDUCTOR_BREVIS: (0.344, 6.6),
    Muscle.ADDUCTOR_LONGUS: (1.218, 7.9),
    Muscle.ADDUCTOR_MAGNUS_DISTAL: (0.493, 11.2),
    Muscle.ADDUCTOR_MAGNUS_ISCHIAL: (1.385, 9.6),
    Muscle.ADDUCTOR_MAGNUS_MIDDLE: (0.339, 11.9),
    Muscle.ADDUCTOR_MAGNUS_PROXIMAL: (0.382, 17.8),
    Muscle.BICEPS_FEMORIS_LONG: (3.332, 10.1),
    Muscle.BICEPS_FEMORIS_SHORT: (0.959, 15.1),
    Muscle.EXTENSOR_DIGITORUM: (5.323, 12.5),
    Muscle.EXTENSOR_HALLUCIS: (4.369, 11.3),
    Muscle.FLEXOR_DIGITORUM: (8.493, 12.9),
    Muscle.FLEXOR_HALLUCIS: (6.724, 14.8),
    Muscle.GASTROCNEMIUS_LATERALIS: (6.396, 12.0),
    Muscle.GASTROCNEMIUS_MEDIALIS: (7.818, 9.5),
    Muscle.GLUTEUS_MAXIMUS_1: (0.332, 20.3),
    Muscle.GLUTEUS_MAXIMUS_2: (0.432, 21.0),
    Muscle.GLUTEUS_MAXIMUS_3: (0.417, 21.9),
    Muscle.GLUTEUS_MEDIUS_1: (0.765, 18.1),
    Muscle.GLUTEUS_MEDIUS_2: (0.894, 18.1),
    Muscle.GLUTEUS_MEDIUS_3: (0.620, 18.1),
    Muscle.GLUTEUS_MINIMUS_1: (0.237, 10.0),
    Muscle.GLUTEUS_MINIMUS_2: (0.466, 0.0),
    Muscle.GLUTEUS_MINIMUS_3: (1.339, 1.0),
    Muscle.GRACILIS: (0.755, 9.9),
    Muscle.ILIACUS: (0.902, 16.0),
    Muscle.PERONEUS_BREVIS: (3.250, 11.8),
    Muscle.PERONEUS_LONGUS: (6.540, 14.2),
    Muscle.PIRIFORMIS: (4.419, 10.0),
    Muscle.PSOAS: (0.852, 12.3),
    Muscle.RECTUS_FEMORIS: (5.909, 12.4),
    Muscle.SARTORIUS: (0.308, 1.5),
    Muscle.SEMIMEMBRANOSUS: (5.037, 14.6),
    Muscle.SEMITENDINOSUS: (1.281, 13.8),
    Muscle.SOLEUS: (6.290, 21.9),
    Muscle.TENSOR_FASCIAE_LATAE: (4.732, 3.0),
    Muscle.TIBIALIS_ANTERIOR: (3.521, 11.2),
    Muscle.TIBIALIS_POSTERIOR: (7.428, 13.0),
    Muscle.VASTUS_INTERMEDIUS: (2.036, 3.6),
    Muscle.VASTUS_LATERALIS: (2.219, 14.5),
    Muscle.VASTUS_MEDIALIS: (2.065, 24.2),
}


@dataclass(frozen=True, slots=True, eq=False)
class HillMuscles:
    """Some muscles of one leg. Axes: M muscles."""

    muscles: tuple[Muscle, ...]
    peak_n: FloatArray  # (M,) largest isometric force of the body without calibrated strength
    fibre_m: FloatArray  # (M,) optimal length
    slack_m: FloatArray  # (M,) tendon slack length
    width_m: FloatArray  # (M,) of the muscle, which stays
    strain: FloatArray  # (M,) of the tendon at the largest force
    slowness: FloatArray  # (M,) speed of the fibre over that of its unit

    def force_n(
        self,
        activation: FloatArray,
        length_m: FloatArray,
        speed_m_s: FloatArray,
        fibre: FloatArray,
        slack: FloatArray,
    ) -> FloatArray:
        """Pull along the tendon (T, M) for activation 0..1, length and speed of the unit, all (T, M).

        `fibre` and `slack` (M,) are factors of optimal fibre and tendon slack length.
        """
        optimal, tendon = fibre * self.fibre_m, slack * self.slack_m
        width = fibre * self.width_m
        pull = np.zeros_like(length_m)
        for step in range(_BALANCE_STEPS):
            along = np.maximum(length_m - tendon * _stretched(pull, self.strain), _SHORTEST * optimal)
            whole = np.hypot(along, width)
            cosine, length = along / whole, whole / optimal
            speed = self.slowness * speed_m_s * cosine / (_FASTEST * optimal)
            found = cosine * (activation * active_curve(length) * speed_curve(speed) + passive_curve(length))
            pull = found if step == 0 else 0.5 * (pull + found)
        return self.peak_n * pull


def hill_muscles(model: Any, side: Side, muscles: tuple[Muscle, ...]) -> HillMuscles:
    """Parameters of this body's muscles; `model` has 80 of them.

    Forces and lengths are those that the body was scaled to. Its rigid-tendon fibres hold the stretch of the
    tendon as well; optimal length and slack length here share the same whole as published.
    """
    columns = [model.actuator(muscle.on(side)).id for muscle in muscles]
    gain, reach = model.actuator_gainprm[columns], model.actuator_lengthrange[columns]
    fibre = (reach[:, 1] - reach[:, 0]) / (gain[:, 1] - gain[:, 0])
    fibre = fibre * np.array([FIBRE_FRACTION.get(muscle, 1.0) for muscle in muscles])
    ratio, angle_deg = np.array([_TENDON_AND_ANGLE[muscle] for muscle in muscles]).T
    slowness = np.array([FIBRE_SPEED_FRACTION.get(muscle, 1.0) for muscle in muscles])
    return HillMuscles(
        muscles,
        gain[:, 2].copy(),
        fibre,
        ratio * fibre,
        fibre * np.sin(np.radians(angle_deg)),
        np.where(slowness < 1.0, _CALF_STRAIN, _STRAIN),
        slowness,
    )


def active_curve(length: FloatArray) -> FloatArray:
    """Active force at normalised fibre lengths: three bells."""
    force: FloatArray = sum(
        (a * np.exp(-0.5 * ((length - b) / (c + d * length)) ** 2) for a, b, c, d in _ACTIVE),
        start=np.zeros_like(length),
    )
    return force


def passive_curve(length: FloatArray) -> FloatArray:
    """Force of a relaxed fibre; none below its optimal length."""
    stretch = np.maximum(length - 1.0, 0.0) / _PASSIVE_STRAIN
    force: FloatArray = np.expm1(_PASSIVE_STIFFNESS * stretch) / np.expm1(_PASSIVE_STIFFNESS)
    return force


def speed_curve(speed: FloatArray) -> FloatArray:
    """Force at normalised speeds, -1 for the fastest shortening."""
    d1, d2, d3, d4 = _VELOCITY
    inner = d2 * np.clip(speed, -1.0, 1.0) + d3
    return np.clip(d1 * np.log(inner + np.hypot(inner, 1.0)) + d4, 0.0, None)


def _stretched(pull: FloatArray, strain: FloatArray) -> FloatArray:
    """Length of a tendon over its slack length: soft at first, then stiff."""
    stretch: FloatArray = 1.0 + strain * np.log1p(5.0 * np.maximum(pull, 0.0)) / np.log(6.0)
    return stretch
