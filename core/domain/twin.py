"""The digital twin: this person's body, and the policy by which it walks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, frozen
from core.domain.body import Side
from core.domain.findings import Finding
from core.domain.impairment import Impairment
from core.domain.motion import GaitReference
from core.domain.muscles import Muscle, MuscleGroup


@dataclass(frozen=True, slots=True)
class SegmentScale:
    """Length of each segment as a factor of the generic model."""

    pelvis_width: float = 1.0
    thigh: float = 1.0
    shank: float = 1.0
    foot: float = 1.0
    trunk: float = 1.0


@dataclass(frozen=True, slots=True)
class GroupStrength:
    """Strength of one muscle group against what is expected of a body of this size."""

    group: MuscleGroup
    side: Side
    factor: float


@dataclass(frozen=True, slots=True)
class ActivationDynamics:
    """From EMG to activation (Lloyd & Besier 2003, J Biomech 36:765).

    u(t) = alpha e(t - delay) - (c1 + c2) u(t-1) - c1 c2 u(t-2), alpha = 1 + c1 + c2 + c1 c2;
    a = (exp(shape u) - 1) / (exp(shape) - 1). One step back is 10 ms.
    """

    shape: float = -0.1  # -3..0: how far activation grows ahead of EMG
    delay_s: float = 0.04  # electromechanical
    c1: float = -0.5
    c2: float = -0.5


@dataclass(frozen=True, slots=True)
class MuscleHabit:
    """A muscle's usual activation over this person's gait cycle, in place of a textbook's."""

    muscle: Muscle
    side: Side
    activation: tuple[float, ...]  # 100 samples from this foot's heel strike, 0..1


@dataclass(frozen=True, slots=True)
class BodyParameters:
    """Parameters of a person's body model, for every fidelity."""

    height_m: float
    mass_kg: float
    scale: SegmentScale = SegmentScale()
    strength: tuple[GroupStrength, ...] = ()  # groups that are not named have the expected strength
    impairments: tuple[Impairment, ...] = ()
    activation: ActivationDynamics | None = None  # calibrated with this person's EMG; None without
    habits: tuple[MuscleHabit, ...] = ()  # muscles that are not named have a textbook's habits


GENERIC_BODY = BodyParameters(height_m=1.70, mass_kg=74.975)  # as measured on the unscaled model


@dataclass(frozen=True, slots=True)
class Twin:
    """A body scaled to one person, with how well it fits."""

    body: BodyParameters
    landmark_residual_m: float  # RMS of model against recorded landmarks
    model_mass_kg: float  # as compiled; equals mass_kg
    leg_length_m: float
    joint_residual_deg: float  # RMS of the recorded angles outside the model's joint limits
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A plain multilayer perceptron as arrays: weights (out, in) and biases (out,), first layer first."""

    weights: tuple[Float32Array, ...]
    biases: tuple[Float32Array, ...]
    activation: str  # "silu", "relu" or "tanh" between layers; the last layer is linear

    def __post_init__(self) -> None:
        for field_name in ("weights", "biases"):
            arrays = []
            for array in getattr(self, field_name):
                copy = np.array(array, dtype=np.float32)
                copy.setflags(write=False)
                arrays.append(copy)
            object.__setattr__(self, field_name, tuple(arrays))

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.weights[0].shape[1], *(len(bias) for bias in self.biases))


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """One named metric of a training run over wall time."""

    name: str
    unit: str
    time_s: FloatArray  # (N,)
    value: FloatArray  # (N,)

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "value", (len(self.time_s),))


@dataclass(frozen=True, slots=True, eq=False)
class GaitPolicy:
    """A walking policy: networks, observation normalisation and the reference gait it imitates."""

    body: BodyParameters
    reference: GaitReference
    policy: Network
    value: Network
    log_std: Float32Array  # (14,)
    observation_mean: FloatArray  # (O,)
    observation_std: FloatArray  # (O,)
    curves: tuple[LearningCurve, ...]
    control_steps: int
    control_steps_per_s: float
    walk_seconds_median: float  # of randomised starts, cut at the evaluation length
    joint_rmse_deg: float  # flexion angles against the reference while walking
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False
    coordination: Network | None = None  # of the muscles; None where ideal torques move the joints
