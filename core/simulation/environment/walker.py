"""One member of a batch that tracks a reference, and what moves the joints of such a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco

from core.domain.body import JointKind
from core.domain.motion import GaitReference
from core.domain.scenario import LEVEL_GROUND, Disturbance, ExoDisturbance, Ground
from core.domain.twin import BodyParameters
from core.gait.course import Course
from core.simulation.environment.actuation import Actuation, MuscleActuation, TorqueActuation
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.muscles.coordination import CoordinationNetwork
from core.simulation.reference_gait.gait_initiation import STEADY, GaitOnset


@dataclass(frozen=True, slots=True, eq=False)
class Walker:
    """One member of a batch. `model` stands on `ground`; an exo's two motors follow its actuators."""

    model: mujoco.MjModel
    body: BodyParameters
    reference: GaitReference
    ground: Ground = LEVEL_GROUND
    onset: GaitOnset = STEADY
    disturbance: Disturbance | None = None
    exo_joint: JointKind = JointKind.HIP_FLEXION  # that a worn exo turns
    toes_rad: tuple[float, float] | None = None  # what a worn stiff shoe leaves the toes
    course: Course | None = None  # whose strides come after `reference`, the first
    exo_disturbance: ExoDisturbance | None = None  # of a worn exo
    practice_s: float | None = None  # practises, and begins anew so often; its episodes tell nothing


def actuation_of(walkers: Sequence[Walker], networks: PolicyNetworks) -> Actuation:
    """Actuation for this policy: muscles if it has a coordination network, else PD control."""
    if networks.coordination is None:
        return TorqueActuation([walker.model for walker in walkers], CONTROL_STEP_S)
    return muscle_actuation(walkers, CoordinationNetwork(networks.coordination))


def muscle_actuation(walkers: Sequence[Walker], network: CoordinationNetwork | None) -> MuscleActuation:
    """The muscles of walkers; without a network every problem is solved exactly."""
    return MuscleActuation([walker.model for walker in walkers], [walker.body for walker in walkers], network)
