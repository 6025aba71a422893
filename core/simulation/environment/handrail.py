"""A virtual handrail: what a person who is about to fall would hold on to.

It holds the trunk once that leaves its usual place: tilted by more than 12 degrees, more than 8 cm below
where it went so far, turned away, or near the side of the stairs. Until then it gives nothing: a walk that
never needs it is the walk without it. Its grip grows from the edge of this free space to twice as far, where
it pulls back like a spring of 15 body weights per metre with a damper, by at most half a body weight: a hand
does not carry a person, and a leg that gives way entirely still ends in a fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.simulation.model.joint_coupling import rotation_matrices
from core.simulation.reference_gait.gait_initiation import PhasedStrides
from core.simulation.reference_gait.initial_states import InitialStates
from core.simulation.reference_gait.terrain_batch import TerrainBatch

FREE_TILT_RAD = float(np.radians(12.0))  # a sound twin tilts up to 10 degrees on its way down
FREE_M = 0.08  # down, from where the trunk went in the last second; a sound climb takes up to 7 cm
FREE_TURN_RAD = float(np.radians(25.0))  # a shipped policy climbs turned by up to 20 degrees
SIDE_M = 0.45  # beside the middle of the stairs: there the rail is, a walk ends at 0.6
STIFFNESS_BW_M = 15.0
DAMPING_BW_S_M = 1.7  # seven tenths of critical for the whole body on that spring
MOST_BW = 0.5
TOUCH_BW = 0.02  # up to so much is a touch of the rail, not support
HAND_M = 0.25  # beside the trunk's axis: a force there also turns the trunk back
USUAL_S = 1.0  # in which the usual place follows the trunk
TRUNK = "torso"


@dataclass(frozen=True, slots=True, eq=False)
class TrunkReference:
    """How high the pelvis of N walkers should be, and how fast it should rise."""

    height_m: FloatArray  # (N,)
    upward_m_s: FloatArray  # (N,)

    @staticmethod
    def of(
        states: InitialStates,
        terrain: TerrainBatch,
        strides: PhasedStrides,
        phase: FloatArray,
        forward_m: FloatArray,
    ) -> TrunkReference:
        """At these phases (N,) of the reference, for walkers so far ahead of their start (N,)."""
        height, rise = states.height_and_climb(phase)
        upward = rise + terrain.climb * strides.speed_m_s
        return TrunkReference(height + terrain.line_m(forward_m), upward)


class Handrail:
    """The handrail of N walkers, and how much they held on to it since the beginning."""

    def __init__(self, models: list[mujoco.MjModel], weight_n: FloatArray) -> None:
        """`weight_n` (N,) is the weight of each body, without the exo."""
        self._weight_n, self._shape = weight_n, (len(models), models[0].nbody, 6)
        self._trunk = models[0].body(TRUNK).id
        self._arm_m = np.array([_trunk_above_pelvis(model) for model in models])  # (N, 3)
        self._usual_m: FloatArray = np.zeros(len(models))  # of the pelvis above the reference
        self._support_s: FloatArray = np.zeros(len(models))  # body weights x seconds
        self._time_s = 0.0
        self.held: BoolArray = np.zeros(len(models), np.bool_)
        """(N,) who has held on, more than touched, since the beginning and through all restarts."""

    @property
    def support_bw(self) -> FloatArray:
        """(N,) mean force in body weights since the beginning, times without any included."""
        mean: FloatArray = self._support_s / max(self._time_s, 1e-9)
        return mean

    def reset(self, which: BoolArray, position: FloatArray) -> None:
        """The marked walkers (N,) start anew at these positions (N, nq)."""
        self._usual_m[which] = 0.0

    def force(
        self, position: FloatArray, velocity: FloatArray, reference: TrunkReference, interval_s: float
    ) -> FloatArray:
        """Forces and moments (N, bodies, 6) on the bodies' centres of mass for the coming interval.

        `position` (N, nq) and `velocity` (N, nv) begin with those of the pelvis.
        """
        rotation = rotation_matrices(position[:, 3:7])
        arm = np.einsum("nij,nj->ni", rotation, self._arm_m)
        spin = np.einsum("nij,nj->ni", rotation, velocity[:, 3:6])  # world axes
        tilt = np.arccos(np.clip(rotation[:, 2, 2], -1.0, 1.0))
        pull = _grip(tilt / FREE_TILT_RAD)[:, None] * _pull(self._arm_m - arm, -np.cross(spin, arm))
        pull[:, 2] = self._lift(
            position[:, 2] - reference.height_m, reference.upward_m_s - velocity[:, 2], interval_s
        )
        beyond_m = np.maximum(np.abs(position[:, 0]) - SIDE_M, 0.0)
        back_m = -np.sign(position[:, 0]) * beyond_m
        pull[:, 0] += _grip(1.0 + beyond_m / FREE_M) * _pull(back_m, -velocity[:, 0])
        pull /= np.maximum(np.linalg.norm(pull, axis=1) / MOST_BW, 1.0)[:, None]
        turn = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
        twist = _grip(np.abs(turn) / FREE_TURN_RAD) * HAND_M * _pull(-turn, -spin[:, 2])
        twist = np.clip(twist, -MOST_BW, MOST_BW)
        self._count(np.linalg.norm(pull, axis=1) + np.abs(twist), interval_s)
        force = np.zeros(self._shape)
        force[:, self._trunk, :3] = self._weight_n[:, None] * pull
        force[:, self._trunk, 5] = self._weight_n * HAND_M * twist
        return force

    def _lift(self, above_m: FloatArray, slower_m_s: FloatArray, interval_s: float) -> FloatArray:
        """(N,) body weights upwards, for the pelvis' height above the reference and the speed it lacks."""
        self._usual_m += (above_m - self._usual_m) * min(1.0, interval_s / USUAL_S)
        below_m = self._usual_m - above_m
        lift: FloatArray = np.maximum(_grip(below_m / FREE_M) * _pull(below_m, slower_m_s), 0.0)
        return lift

    def _count(self, support_bw: FloatArray, interval_s: float) -> None:
        self.held |= support_bw > TOUCH_BW
        self._support_s += support_bw * interval_s
        self._time_s += interval_s


def _grip(place: FloatArray) -> FloatArray:
    """How firmly a hand holds, 0 to 1, of a trunk in this place: 1 is the edge of its free space."""
    grip: FloatArray = np.clip(place - 1.0, 0.0, 1.0)
    return grip


def _pull(error_m: FloatArray, slower_m_s: FloatArray) -> FloatArray:
    """Body weights of a firm grip, for a distance and a speed that are missing."""
    pull: FloatArray = STIFFNESS_BW_M * error_m + DAMPING_BW_S_M * slower_m_s
    return pull


def _trunk_above_pelvis(model: mujoco.MjModel) -> FloatArray:
    """(3,) from the model's root to the trunk's centre of mass, the body upright."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    place: FloatArray = data.xipos[model.body(TRUNK).id] - data.qpos[:3]
    return place
