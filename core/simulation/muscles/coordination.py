"""Muscle coordination: which activations make the joint torques that are asked for.

The exact answer minimises |(activation - usual) / freedom|^2 + |torque error / reserve|^2 with activations
in 0..1: static optimisation (Crowninshield & Brand 1981) around what the muscles usually do
(`activation_prior`). In shifts z = (activation - usual) / freedom its solution has the form z = clip(A' y)
with one number y per joint (Karush-Kuhn-Tucker), so a network only has to find the seven numbers of a leg.
Like the muscle coordination network of Luo et al. 2024 it turns joint torques into activations; unlike theirs
(eq. 11) it learns from the answers of an exact solver (`core.learning.gait.coordination`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import Float32Array, IntArray
from core.domain.body import JointKind
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters, Network
from core.simulation.muscles.activation_prior import ActivationPrior
from core.simulation.muscles.leg_muscles import LEG_JOINTS, MODEL_SIDES, LegTorques
from core.simulation.muscles.static_optimisation import bounded_least_squares
from core.simulation.network import forward
from core.twin.body import STRENGTH
from core.twin.impairments import strength_factor

RESERVE_FRACTION = 0.05
"""A torque missed by this share of the joint's strength costs as much as one fully active muscle."""
RESERVE_NM: Float32Array = np.array(
    [RESERVE_FRACTION * STRENGTH[kind].limit_nm for kind in JointKind], np.float32
)
FEATURES = 4 * LEG_JOINTS + 3 + len(MuscleGroup)
_LIMIT_NM: Float32Array = np.array([STRENGTH[kind].limit_nm for kind in JointKind], np.float32)
POLISHING_STEPS = 3  # from a trained network's answer they end close to the exact torques
_STEP_LENGTHS = (1.0, 0.5, 0.25, 0.1)
_CLOSED_FRACTION = np.float32(0.05)  # muscles at their bounds count a little, or steps would overshoot
_UNIT: Float32Array = np.eye(LEG_JOINTS, dtype=np.float32)
_GUESS_LIMIT = 4.0  # of the first guess of y: an impossible demand must not drown the other inputs


@dataclass(frozen=True, slots=True, eq=False)
class CoordinationProblem:
    """What each leg is asked for, in reserves. R legs, M muscles."""

    active: Float32Array  # (R, 7, M) torque that a shift of one makes
    target_torque: Float32Array  # (R, 7) torque beyond the passive one and the usual activation's
    features: Float32Array  # (R, CLUE_SIZE) what the network sees
    initial_dual: Float32Array  # (R, 7) y if about half of the muscles were active
    prior: ActivationPrior

    def rows(self, picks: IntArray) -> CoordinationProblem:
        """Some of the legs."""
        active, target_torque, features, initial_dual = (
            part[picks] for part in (self.active, self.target_torque, self.features, self.initial_dual)
        )
        return CoordinationProblem(active, target_torque, features, initial_dual, self.prior.rows(picks))

    def activation(self, dual: Float32Array) -> Float32Array:
        """(R, M) for y (R, 7)."""
        drive: Float32Array = np.matmul(dual[:, None, :], self.active)[:, 0]
        return self.prior.shifted(drive)

    def _shift(self, drive: Float32Array) -> Float32Array:
        return np.clip(drive, self.prior.low, self.prior.high)

    def polished(self, dual: Float32Array) -> Float32Array:
        """A few damped Newton steps of y (R, 7) down the convex dual of the exact problem."""
        transposed = np.ascontiguousarray(np.swapaxes(self.active, 1, 2))
        drive = _times(transposed, dual)
        value = self._dual_value(dual, drive)
        for _ in range(POLISHING_STEPS):
            step = self._newton_step(dual, drive, transposed)
            change = _times(transposed, step)
            start_dual, start_drive = dual, drive
            for length in _STEP_LENGTHS:
                trial_dual, trial_drive = start_dual - length * step, start_drive - length * change
                trial = self._dual_value(trial_dual, trial_drive)
                better = trial < value
                dual = np.where(better[:, None], trial_dual, dual)
                drive = np.where(better[:, None], trial_drive, drive)
                value = np.where(better, trial, value)
        return dual

    def _newton_step(self, dual: Float32Array, drive: Float32Array, transposed: Float32Array) -> Float32Array:
        residual = dual + _times(self.active, self._shift(drive)) - self.target_torque
        open_fraction = np.where(
            (drive > self.prior.low) & (drive < self.prior.high), np.float32(1.0), _CLOSED_FRACTION
        )
        slope = _UNIT + np.matmul(self.active * open_fraction[:, None, :], transposed)
        step: Float32Array = np.linalg.solve(slope, residual[..., None])[..., 0]
        return step

    def _dual_value(self, dual: Float32Array, drive: Float32Array) -> Float32Array:
        """Dual objective (R,): its gradient by y is the residual y + A clip(A' y) - wanted."""
        shift = self._shift(drive)
        muscles = np.einsum("rm,rm->r", shift, drive - 0.5 * shift)
        value: Float32Array = muscles + np.einsum("rj,rj->r", dual, 0.5 * dual - self.target_torque)
        return value

    def exact(self) -> Float32Array:
        """The optimal activation (R, M): the network's teacher, and the oracle of its tests."""
        problem = (self.active, self.target_torque, self.prior.low, self.prior.high)
        shift = bounded_least_squares(*(part.astype(np.float64) for part in problem))
        return self.prior.shifted(shift.astype(np.float32))


def leg_traits(bodies: Sequence[BodyParameters]) -> Float32Array:
    """What tells one leg from another, (2 N, 3 + groups): size, and strength of each group."""
    traits = [[_traits(body, index) for body in bodies] for index in range(len(MODEL_SIDES))]
    return np.array(traits, np.float32).reshape(len(MODEL_SIDES) * len(bodies), -1)


def coordination_problem(
    torques: LegTorques,
    torque_nm: Float32Array,
    angle: Float32Array,
    speed: Float32Array,
    traits: Float32Array,
    prior: ActivationPrior,
) -> CoordinationProblem:
    """Pose the problem for torques (R, 7) at joint angles and velocities (R, 7) of legs with `traits`."""
    active = torques.active_nm / RESERVE_NM[:, None]
    target_torque = (torque_nm - torques.passive_nm) / RESERVE_NM - _times(active, prior.nominal_activation)
    active = active * prior.prior_sd[:, None, :]
    gram = np.matmul(active, np.swapaxes(active, 1, 2))
    system = _UNIT + 0.5 * gram
    initial_dual = np.linalg.solve(system, target_torque[..., None])[..., 0]
    initial_dual = np.clip(initial_dual, -_GUESS_LIMIT, _GUESS_LIMIT)
    features = np.concatenate(
        [angle, 0.1 * speed, target_torque * RESERVE_NM / _LIMIT_NM, 5.0 * initial_dual, traits], axis=1
    )
    return CoordinationProblem(active, target_torque, features.astype(np.float32), initial_dual, prior)


@dataclass(frozen=True, slots=True, eq=False)
class CoordinationNetwork:
    """A perceptron from a leg's clue to the correction of its first guess."""

    network: Network

    def activation(self, problem: CoordinationProblem) -> Float32Array:
        """Activations (R, M)."""
        return problem.activation(problem.polished(self.dual(problem)))

    def dual(self, problem: CoordinationProblem) -> Float32Array:
        """The network's own y (R, 7)."""
        return problem.initial_dual + forward(self.network, problem.features)


def _times(matrices: Float32Array, vectors: Float32Array) -> Float32Array:
    """(R, A, B) times (R, B)."""
    product: Float32Array = np.matmul(matrices, vectors[..., None])[..., 0]
    return product


def _traits(body: BodyParameters, side_index: int) -> list[float]:
    leg = 0.5 * (body.scale.thigh + body.scale.shank)
    sizes = (body.height_m / GENERIC_BODY.height_m, body.mass_kg / GENERIC_BODY.mass_kg, leg)
    strength = (strength_factor(body, group, MODEL_SIDES[side_index]) for group in MuscleGroup)
    return [value - 1.0 for value in (*sizes, *strength)]
