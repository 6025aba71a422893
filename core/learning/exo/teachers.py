"""Teachers: what gives a torque at 100 Hz while a simulated person walks, and whom a pupil is to imitate.

A teacher may know anything of the simulation. Two kinds exist: a controller with encoders on a person's twin,
here; and an exo policy that was learned together with a walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import JointKind
from core.domain.controller import ExoController, ExoSensors, TorqueLimits
from core.domain.scenario import LEVEL_GROUND, LEVEL_WALKING, GaitKind, Ground, GroundKind, Scenario
from core.domain.twin import Network
from core.errors import UserError, refuse
from core.learning.exo.lessons import OTHER_LESSONS
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import Act, WornExo
from core.learning.rl.networks import load_layers, perceptron
from core.simulation.environment.batch_environment import BatchEnvironment
from core.simulation.environment.walker import Walker

SPEEDS_M_S = (0.7, 1.8)  # a little more than 0.75 to 1.75, so that these are no edge
SLOPES_DEG = (-10.0, -5.0, 0.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class TaughtWalks:
    """N walkers, what moves them, and who teaches the exo that they wear."""

    environment: BatchEnvironment  # of any kind: tracking or predictive
    act: Callable[[Float32Array], FloatArray]  # observation (N, O) -> action (N, A)
    teacher: Any  # an `Exo` of this kind of environment


class Teacher(Protocol):
    """Whom a pupil imitates. Walks are asked for by speed, slope, starts and stops."""

    @property
    def words(self) -> str:
        """Who it is, for cards and findings."""

    @property
    def device_id(self) -> str:
        """The exo that it drives."""

    @property
    def limits(self) -> TorqueLimits:
        """That its torque keeps to."""

    @property
    def mass_kg(self) -> float:
        """Of the body that walks."""

    @property
    def further(self) -> tuple[Scenario, ...]:
        """What else than walks on slopes can be walked with it."""

    def walks(
        self, scenarios: Sequence[Scenario], *, seed: int, seconds: float, threads: int = 2
    ) -> TaughtWalks:
        """One walker for each scenario, whose episodes last `seconds`."""


@dataclass(frozen=True, slots=True, eq=False)
class TwinTeacher:
    """A controller with encoders, which reads them without any fault, on a person's twin.

    Refuses (TRN-062) exos of other joints, and (TRN-064) a controller that has no more than gyros itself.
    """

    twin: TwinInExo
    controller: ExoController
    words: str

    def __post_init__(self) -> None:
        if {self.twin.exo_joint, self.controller.joint} != {JointKind.HIP_FLEXION}:
            raise not_at_the_hip(self.device_id)
        if self.controller.sensors is ExoSensors.THIGH_GYROS:
            raise refuse(
                "TRN-064",
                "This controller already needs thigh gyros alone.",
                "It was distilled from another one and knows no more than a pupil of its own would.",
                "Compare and use it as it is, or train a controller with encoders first.",
            )

    @property
    def device_id(self) -> str:
        return self.twin.device_id

    @property
    def limits(self) -> TorqueLimits:
        return self.controller.limits

    @property
    def mass_kg(self) -> float:
        return self.twin.policy.body.mass_kg

    @property
    def further(self) -> tuple[Scenario, ...]:
        """Stairs and runs: its walks there are no better than the twin's, and not judged."""
        return tuple(lesson for lesson in OTHER_LESSONS if lesson.gait is not GaitKind.WALK)

    def walks(
        self, scenarios: Sequence[Scenario], *, seed: int, seconds: float, threads: int = 2
    ) -> TaughtWalks:
        walkers = [self.twin.walker(one, worn=True, length_s=seconds) for one in scenarios]
        return self.taught(walkers, seed=seed, seconds=seconds, threads=threads)

    def taught(
        self, walkers: Sequence[Walker], *, seed: int, seconds: float, threads: int = 2
    ) -> TaughtWalks:
        """The teacher with these walkers of its twin, who wear the exo."""
        environment = self.twin.environment(walkers, seed=seed, threads=threads, episode_s=seconds)
        exo = WornExo(self.controller, environment)
        exo.act = _quick(self.controller.network)
        return TaughtWalks(environment, self.twin.walking.act, exo)


def not_at_the_hip(device_id: str) -> UserError:
    return refuse(
        "TRN-062",
        f"No controller from thigh gyros can be made for {device_id}.",
        "It does not turn the hips. Thighs tell nothing sure of what an ankle needs.",
        "Choose Hippo_L1, or train with encoders.",
    )


def walk_at(speed_m_s: float, slope_deg: float, *, start_and_stop: bool = False) -> Scenario:
    """A walk at this speed on this slope, up positive."""
    ramp = Ground(GroundKind.RAMP, slope_rad=float(np.radians(slope_deg)))
    ground = ramp if slope_deg else LEVEL_GROUND
    name = f"{speed_m_s:.2f} m/s, {slope_deg:+.0f}°" if slope_deg else f"{speed_m_s:.2f} m/s, level"
    if start_and_stop:
        name = f"{name}, from standing to standing"
    return Scenario(name, name, ground=ground, speed_m_s=speed_m_s, start_and_stop=start_and_stop)


def drawn_walks(
    count: int, rng: np.random.Generator, *, own: int, further: Sequence[Scenario] = ()
) -> list[Scenario]:
    """`own` times the person's own walk; of the others one in six starts and stops on the level.

    One in eight is one of `further`.
    """
    found = [LEVEL_WALKING] * own
    for number in range(count - own):
        if further and number % 8 == 7:
            found.append(further[(number // 8) % len(further)])
            continue
        # More of the slow walks: they are least regular, so hardest to foresee.
        speed = SPEEDS_M_S[0] + (SPEEDS_M_S[1] - SPEEDS_M_S[0]) * float(rng.random()) ** 1.5
        if number % 6 == 0:
            found.append(walk_at(min(speed, 1.5), 0.0, start_and_stop=True))
        else:
            found.append(walk_at(speed, float(rng.choice(SLOPES_DEG))))
    return found


def _quick(network: Network) -> Act:
    """The teacher's network in PyTorch: its own sums, one column at a time, cost more than the physics."""
    layers = perceptron(network.sizes, network.activation)
    load_layers(layers, network)

    def act(inputs: Float32Array) -> Float32Array:
        with torch.no_grad():
            found: Float32Array = layers(torch.from_numpy(inputs)).numpy()
        return found

    return act
