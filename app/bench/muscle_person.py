"""A synthetic person whose muscles are known, and how nearly the calibration finds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL, Joint, JointKind, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.kinetics import ForceSource
from core.domain.motion import Stride
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.kinetics.calibration import calibrate_muscles
from core.kinetics.calibration_data import moment_problem
from core.kinetics.calibration_parameters import DYNAMICS, StrengthUnit
from core.kinetics.walk_data import WalkData, walk_data
from core.simulation.muscles.activation_prior import NORMAL_EMG_BURSTS, activity

SIDE = Side.RIGHT
TRUE_STRENGTH = {
    StrengthUnit.SOLEUS: 1.4,
    StrengthUnit.GASTROCNEMII: 0.8,
    StrengthUnit.DORSIFLEXORS: 0.7,
    StrengthUnit.HAMSTRINGS: 1.25,
    StrengthUnit.KNEE_EXTENSORS: 1.6,
}
TRUE_TWITCH, TRUE_DELAY_S, TRUE_SHAPE = -0.7, 0.062, -1.5
_RATE_HZ, _STRIDES, _PERIOD_S = 100.0, 7, 1.1
_NOISE_NM = 0.5  # of the moments
_CHANNELS = {
    EmgMuscle.SOLEUS: Muscle.SOLEUS,
    EmgMuscle.GASTROCNEMIUS_MEDIALIS: Muscle.GASTROCNEMIUS_MEDIALIS,
    EmgMuscle.TIBIALIS_ANTERIOR: Muscle.TIBIALIS_ANTERIOR,
    EmgMuscle.BICEPS_FEMORIS: Muscle.BICEPS_FEMORIS_LONG,
    EmgMuscle.SEMITENDINOSUS: Muscle.SEMITENDINOSUS,
    EmgMuscle.RECTUS_FEMORIS: Muscle.RECTUS_FEMORIS,
    EmgMuscle.VASTUS_LATERALIS: Muscle.VASTUS_LATERALIS,
    EmgMuscle.VASTUS_MEDIALIS: Muscle.VASTUS_MEDIALIS,
}


def synthetic_walk(seed: int = 7) -> WalkData:
    """A normal walk with a textbook's bursts, each as strong as chance has it, and the moments they make.

    The moments come from the same model of muscles that the calibration has: what is tested is whether the
    parameters can be found, not whether people are like the model.
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(0.0, _STRIDES * _PERIOD_S, 1.0 / _RATE_HZ)
    phase = (time_s / _PERIOD_S) % 1.0
    stride = (time_s / _PERIOD_S).astype(int)
    envelope = np.stack([_bursts(muscle, phase, stride, rng) for muscle in _CHANNELS.values()], axis=1)
    channels = tuple(
        ChannelQuality(muscle.value, ChannelSite(muscle, SIDE), "good", 20.0, 0.0, 0.0)
        for muscle in _CHANNELS
    )
    emg = EmgEnvelopes(time_s, envelope, channels, "MVC", 1000.0, "synthetic", (), synthetic=True)
    angle = _angles(phase, stride, rng)
    strides = tuple(
        Stride(SIDE, k * _PERIOD_S, (k + 0.62) * _PERIOD_S, (k + 1) * _PERIOD_S) for k in range(_STRIDES - 1)
    )
    walk = walk_data((time_s, angle, np.zeros_like(angle)), ForceSource.PLATES, strides, emg)
    return replace(walk, moment_nm=_moments(walk, rng))


def bench_muscle_person(_: Path) -> dict[str, Any]:
    """Largest error of a strength, as a fraction, and of the delay."""
    errors = recovery(calibrate_muscles(GENERIC_BODY, synthetic_walk(), synthetic=True))
    return {f"synthetic_{name}": value for name, value in errors.items()}


def recovery(calibration: MuscleCalibration) -> dict[str, float]:
    found = {one.name: one.after for one in calibration.parameters}
    strength = [abs(found[f"Strength, {SIDE} {unit}"] / true - 1.0) for unit, true in TRUE_STRENGTH.items()]
    dynamics = calibration.body.activation
    assert dynamics is not None
    return {
        "strength_worst_error": max(strength),
        "delay_error_ms": 1e3 * abs(dynamics.delay_s - TRUE_DELAY_S),
        "shape_error": abs(dynamics.shape - TRUE_SHAPE),
    }


def _bursts(muscle: Muscle, phase: FloatArray, stride: FloatArray, rng: np.random.Generator) -> FloatArray:
    level = activity(NORMAL_EMG_BURSTS[muscle])
    strength = rng.uniform(0.35, 0.9, stride.max() + 1)
    cycle = np.interp(100.0 * phase, np.arange(len(level) + 1), np.append(level, level[0]))
    level_now: FloatArray = 0.01 + strength[stride] * cycle
    return level_now


def _angles(phase: FloatArray, stride: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The normal stride, its range a little different from stride to stride."""
    normal = normal_reference().angle_rad
    at = phase * len(normal)
    closed = np.concatenate([normal, normal[:1]])
    half = len(normal) / 2.0
    angle = np.zeros((len(phase), len(JOINTS)))
    for joint in JOINTS:
        # The reference begins at the left heel strike, this walk at the right one.
        turned = (at + half) % len(normal)
        angle[:, joint.column] = np.interp(turned, np.arange(len(closed)), closed[:, joint.column])
    for kind in SAGITTAL:
        size = rng.uniform(0.9, 1.1, stride.max() + 1)
        angle[:, Joint.of(kind, SIDE).column] *= size[stride]
    return angle


def _moments(walk: WalkData, rng: np.random.Generator) -> FloatArray:
    problem, _ = moment_problem(GENERIC_BODY, walk, walk.emg)
    assert problem is not None
    values = problem.parameters.before.copy()
    values[DYNAMICS] = TRUE_TWITCH, TRUE_DELAY_S, TRUE_SHAPE
    for (unit, _), place in problem.parameters.strengths.items():
        values[place] = TRUE_STRENGTH[unit]
    made = problem.moments_nm(values)
    moment = np.full_like(walk.angle_rad, np.nan)
    for column, kind in enumerate((JointKind.KNEE, JointKind.ANKLE)):
        noise = rng.normal(0.0, _NOISE_NM, len(made))
        moment[:, Joint.of(kind, SIDE).column] = made[:, column] + noise
    return moment
