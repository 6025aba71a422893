"""What a walk costs: metabolic power of muscles by two published models.

Both add the heat of activating, keeping and moving a muscle to its mechanical work, each with its own
constants; they are estimates from animal and cadaver muscle, never a measurement, and two are given so that
their difference shows how far such an estimate can be trusted. A fibre is taken to move exactly as its unit
of muscle and tendon, but for the calf's: there the tendon does most of the movement and of the work
(`core.twin.tendons`).

Fibre velocity is positive when the fibre lengthens, as in the papers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.muscles import LumpedMuscle, Muscle
from core.domain.rollout import METABOLIC_MODELS
from core.simulation.muscles.muscle_parameters import FIBRE_FRACTION, SLOW_TWITCH
from core.twin.full_body import leg_muscles
from core.twin.tendons import FASTEST, speed_fraction

DENSITY_KG_M3 = 1059.7  # mammalian muscle (Mendez & Keys 1960)
SPECIFIC_TENSION_PA = 0.60e6  # of the body model's largest forces: 60 N/cm^2 (Rajagopal et al. 2016)
BASAL_W_KG = 1.2  # a standing, relaxed person (Waters & Mulroy 1999; OpenSim's basal coefficient)
LEAST_HEAT_W_KG = 1.0  # per kg of muscle: an idle muscle's heat (Umberger et al. 2003; Bhargava's basal term)
_AEROBIC = 1.5  # S of Umberger 2003: recovery heat of effort that can be kept up


@dataclass(frozen=True, slots=True, eq=False)
class MetabolicMuscles:
    """What the models must know of M muscles."""

    names: tuple[str, ...]  # M, as the actuators
    mass_kg: FloatArray  # (M,)
    slow_twitch: FloatArray  # (M,) share of slow fibres, 0..1
    largest_force_n: FloatArray  # (M,) isometric, at optimal length
    optimal_length_m: FloatArray  # (M,) of the model's rigid-tendon fibre
    fibre_speed: FloatArray  # (M,) of the fibre over that of the unit of muscle and tendon
    fastest_per_s: FloatArray  # (M,) largest shortening velocity of the fibre, optimal lengths per second

    def __post_init__(self) -> None:
        for field in fields(self)[1:]:
            frozen(self, field.name, (len(self.names),))

    @staticmethod
    def of(model: Any) -> MetabolicMuscles:
        """From the leg muscles of a MuJoCo model, in the order of its actuators.

        Mass = F0 / sigma * rho * L0 (Umberger et al. 2003), with the published optimal fibre length: where
        the model's rigid-tendon fibre also holds the stretch of its tendon, `FIBRE_SHARE` takes it off.
        """
        muscles = leg_actuators(model)
        names = tuple(model.actuator(i).name for i in muscles)
        gain, reach = model.actuator_gainprm[muscles], model.actuator_lengthrange[muscles]
        length_m = (reach[:, 1] - reach[:, 0]) / (gain[:, 1] - gain[:, 0])
        bases = [_base(name) for name in names]
        fibre_speed = np.array([speed_fraction(name) for name in names])
        fibre_m = length_m * np.array([FIBRE_FRACTION.get(base, 1.0) for base in bases])
        return MetabolicMuscles(
            names=names,
            mass_kg=gain[:, 2] / SPECIFIC_TENSION_PA * DENSITY_KG_M3 * fibre_m,
            slow_twitch=np.array([SLOW_TWITCH[base] for base in bases]),
            largest_force_n=gain[:, 2].copy(),
            optimal_length_m=length_m,
            fibre_speed=fibre_speed,
            fastest_per_s=gain[:, FASTEST] * fibre_speed,
        )


def leg_actuators(model: Any) -> list[int]:
    """Numbers of the actuators that are muscles of a leg; those of trunk and arms do nothing in a walk."""
    names = [model.actuator(number).name for number in range(model.nu)]
    return [names.index(name) for name in leg_muscles(names)]


@dataclass(frozen=True, slots=True, eq=False)
class FibreMotion:
    """What M muscles did in T frames."""

    excitation: FloatArray  # (T, M) 0..1
    activation: FloatArray  # (T, M) 0..1
    length: FloatArray  # (T, M) optimal lengths
    velocity: FloatArray  # (T, M) optimal lengths per second, lengthening positive
    active_force_n: FloatArray  # (T, M) pull of the contractile element
    force_n: FloatArray  # (T, M) pull with the passive part
    isometric: FloatArray  # (T, M) active force-length factor 0..1

    def __post_init__(self) -> None:
        shape = np.shape(self.activation)
        for name in (
            "excitation",
            "activation",
            "length",
            "velocity",
            "active_force_n",
            "force_n",
            "isometric",
        ):
            frozen(self, name, shape)


def umberger_2010(muscles: MetabolicMuscles, motion: FibreMotion) -> FloatArray:
    """Metabolic power [W] of every muscle (T, M), never below its resting heat.

    Umberger, Gerritsen & Martin 2003 (Comput Methods Biomech Biomed Engin 6:99) with the changes of Umberger
    2010 (J R Soc Interface 7:1329, appendix): lengthening heat 0.3 instead of 4 times the slow shortening
    heat, and no negative work. In W per kg of muscle, with S = 1.5 (aerobic) and ST the slow share:
    h_AM = (128 (1 - ST) + 25) A^0.6 S; beyond the optimal length its maintenance part (60 %) follows the
    force-length factor; h_S = -(100 ST / (vmax / 2.5) + 153 (1 - ST) / vmax) v A^2 S when shortening, the
    slow fibres' term at most 100; h_L = 0.3 * 100 / (vmax / 2.5) v A S when lengthening; both follow the
    force-length factor beyond the optimal length; w = -F v when shortening. A = excitation when it is above
    activation, else their mean. The sum of the heats is at least 1 W/kg.
    """
    fast, slow = 1.0 - muscles.slow_twitch, muscles.slow_twitch
    drive = _drive(motion)
    stretched = np.where(motion.length > 1.0, motion.isometric, 1.0)
    keeping = (128.0 * fast + 25.0) * (0.4 + 0.6 * stretched) * drive**0.6
    slow_heat = 100.0 / (muscles.fastest_per_s / 2.5)
    fast_heat = 153.0 / muscles.fastest_per_s
    shortening = np.maximum(-motion.velocity, 0.0)
    lengthening = np.maximum(motion.velocity, 0.0)
    moving = (np.minimum(slow_heat * shortening, 100.0) * slow + fast_heat * shortening * fast) * drive**2
    moving = (moving + 0.3 * slow_heat * lengthening * drive) * stretched
    heat = np.maximum(_AEROBIC * (keeping + moving), LEAST_HEAT_W_KG)
    power: FloatArray = heat * muscles.mass_kg + _shortening_work(muscles, motion)
    return power


def bhargava_2004(muscles: MetabolicMuscles, motion: FibreMotion) -> FloatArray:
    """Metabolic power [W] of every muscle (T, M), never below its resting heat.

    Bhargava, Pandy & Anderson 2004 (J Biomech 37:81), the decay of the activation heat after onset left out:
    activation m (40 ST sin(pi/2 u) + 133 (1 - ST) (1 - cos(pi/2 u)));
    maintenance m L (74 ST sin(pi/2 a) + 111 (1 - ST) (1 - cos(pi/2 a))), L piecewise linear in the length
    through (0.5, 0.5), (1, 1), (1.5, 0);
    shortening -alpha v with alpha = 0.16 F_isometric + 0.18 F; lengthening with alpha = 0.157 F, which takes
    heat up; work -F v when shortening. The sum of the heats is at least 1 W/kg.
    """
    slow, fast = muscles.slow_twitch, 1.0 - muscles.slow_twitch
    u, a = 0.5 * np.pi * motion.excitation, 0.5 * np.pi * motion.activation
    reach = np.interp(motion.length, (0.5, 1.0, 1.5), (0.5, 1.0, 0.0))
    activating = 40.0 * slow * np.sin(u) + 133.0 * fast * (1.0 - np.cos(u))
    keeping = reach * (74.0 * slow * np.sin(a) + 111.0 * fast * (1.0 - np.cos(a)))
    velocity_m_s = motion.velocity * muscles.optimal_length_m
    isometric_n = motion.activation * motion.isometric * muscles.largest_force_n
    moved_n = np.where(
        motion.velocity < 0.0, 0.16 * isometric_n + 0.18 * motion.force_n, 0.157 * motion.force_n
    )
    heat = (activating + keeping) * muscles.mass_kg - moved_n * velocity_m_s
    power: FloatArray = np.maximum(heat, LEAST_HEAT_W_KG * muscles.mass_kg)
    return power + _shortening_work(muscles, motion)


MODELS = dict(zip(METABOLIC_MODELS, (umberger_2010, bhargava_2004), strict=True))


def metabolic_power(muscles: MetabolicMuscles, motion: FibreMotion) -> FloatArray:
    """Power [W] of all muscles together (T, 2), in the order of METABOLIC_MODELS."""
    return np.stack([model(muscles, motion).sum(axis=1) for model in MODELS.values()], axis=1)


@dataclass(frozen=True, slots=True)
class MetabolicRate:
    """Mean power of one walk by one model, per body mass."""

    model: str
    gross_w_kg: float  # with the basal rate
    net_w_kg: float  # what walking costs beyond standing

    @property
    def label(self) -> str:
        return f"{self.net_w_kg:.2f} W/kg net ({self.model})"


def metabolic_rates(power_w: FloatArray, mass_kg: float) -> tuple[MetabolicRate, ...]:
    """Means of `metabolic_power` (T, 2) for a body of `mass_kg`.

    Net is the power of the modelled muscles, gross adds the basal rate of the whole standing body.
    """
    net = power_w.mean(axis=0) / mass_kg
    return tuple(
        MetabolicRate(model, float(one) + BASAL_W_KG, float(one))
        for model, one in zip(METABOLIC_MODELS, net, strict=True)
    )


def _drive(motion: FibreMotion) -> FloatArray:
    mean = 0.5 * (motion.excitation + motion.activation)
    drive: FloatArray = np.where(motion.excitation > motion.activation, motion.excitation, mean)
    return np.maximum(drive, 0.0)


def _shortening_work(muscles: MetabolicMuscles, motion: FibreMotion) -> FloatArray:
    """Positive work [W] of the contractile element; lengthening fibres give nothing back."""
    speed_m_s = np.maximum(-motion.velocity, 0.0) * muscles.optimal_length_m
    work: FloatArray = motion.active_force_n * speed_m_s
    return work


def _base(name: str) -> Muscle | LumpedMuscle:
    stem = name[:-2]
    return Muscle(stem) if stem in set(Muscle) else LumpedMuscle(stem)
