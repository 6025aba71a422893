"""The ground's forces on either foot as a simulated twin feels them that tracks the recorded motion.

The person's own body is stepped through time by the laws of motion. Ideal servos drive its joints along the
recorded angles; its pelvis is free. Soft springs and dampers under heel, ball and toes of a standing foot
carry it, and a spring at the pelvis, which nobody has, keeps it from drifting off the recording; what that
spring gives is told. So the body sinks and tips by millimetres until the floor gives what its weight and its
swing ask for, and what each foot then feels is the estimate. The weight is not shared by a rule alone: two
feet far apart share it as the body's balance asks.

The floor is where the recorded foot stands, since markers do not tell a height of millimetres; a part of the
sole counts as far as it is no higher than the lowest part of its foot. In double support the floor under the
trailing foot goes soft while that under the leading one hardens, as `ground_reaction` passes the weight. Feet
do not slip. Deviations from the recording are small (in the bench's walks 1 cm and 1 degree), so they are
added to it to first order.

The constants are among the best of about two hundred combinations on two recordings of `exotwin bench
kinetics`, subject01 and HC030A; the other six there judge them. On those the twin comes as near to the plates
up and down as `ground_reaction` does, and less near fore and aft: it is a second opinion, not a better one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.motion import Stride
from core.kinetics.body_dynamics import ROOT, BodyDynamics, root_axes
from core.kinetics.ground_reaction import continued, weight_shares
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course, Wrench
from core.kinetics.smoothing import ways

_STEP_S = 0.002
_LIFT_M = 0.012  # of a part of the sole above the lowest one: it then carries a third
_FLOOR_HZ, _FLOOR_DAMPING = 6.0, 2.0  # of the body on one spring; it sinks in by 7 mm
_GRIP_HZ, _GRIP_DAMPING = 3.0, 1.0  # the same along the floor
_AID_RAD_S = np.array([4.0, 4.0, 0.0, 20.0, 20.0, 20.0])  # of the spring at the pelvis; none lifts it
_POINTS = 6  # heel, ball and toe of two soles
_LOWEST = 5  # percentile of the heights of a point: there it stands


@dataclass(frozen=True, slots=True, eq=False)
class TrackedWalk:
    """Axes: T frames, 2 sides as SIDES. World axes as in `Kinematics`."""

    force_n: FloatArray  # (T, 2, 3) the simulated floor on each foot; NaN where it is not known what stands
    aid_force_n: FloatArray  # (T, 3) of the spring at the pelvis
    aid_moment_nm: FloatArray  # (T, 3) about its heading, list and tilt


def track(
    dynamics: BodyDynamics, course: Course, wrench: Wrench, time_s: FloatArray, strides: tuple[Stride, ...]
) -> TrackedWalk:
    """Simulate the body along `course` (T frames at `time_s`), whose motion asks for `wrench`."""
    sole_m = dynamics.soles_m(course)
    share = weight_shares(time_s, continued(strides))
    known = np.isfinite(share).all(axis=1).astype(float)
    twin = _Twin.of(dynamics, course, wrench, sole_m, np.nan_to_num(share), known)
    force, aid = np.zeros((len(time_s), _POINTS, 3)), np.zeros((len(time_s), ROOT))
    for way in ways(time_s):
        if way.stop - way.start > 1:
            twin.walk(time_s, way, force, aid)
        else:
            known[way] = 0.0
    on_foot = force.reshape(len(time_s), 2, -1, 3).sum(axis=2)
    on_foot[known == 0.0] = np.nan
    return TrackedWalk(on_foot, aid[:, :3], aid[:, 3:])


def carrying(sole_m: FloatArray, share: FloatArray) -> FloatArray:
    """How much of the floor's stiffness is under heel, ball and toe of either foot, (T, 2, 3), 0 to 1.

    `sole_m` (T, 2, 3, 3), `share` (T, 2) of the weight that a foot takes by the time of its step.
    """
    height = sole_m[..., 2] - np.percentile(sole_m[..., 2], _LOWEST, axis=0)
    lifted = height - height.min(axis=2, keepdims=True)
    return np.asarray(share[..., None] * np.exp(-((lifted / _LIFT_M) ** 2)))


def pelvis_inertia(dynamics: BodyDynamics, course: Course) -> FloatArray:
    """Inertia (T, 6, 6) against moves of the pelvis that take the whole body along, joints held."""
    tree, value = dynamics.tree, course.value
    masses = [mass for mass in tree.masses if mass.mass_kg > 0.0]
    axes = root_axes(value)
    arm = tree.points_m(value, [(mass.part, mass.centre_m) for mass in masses]) - value[:, None, :3]
    turn = tree.orientations(value, [mass.part for mass in masses])
    kg = np.array([mass.mass_kg for mass in masses])
    moved = _moves(axes, arm)  # (T, P, 3, 6)
    inertia = np.einsum("p,tpki,tpkj->tij", kg, moved, moved, optimize=True)
    own = np.array([mass.inertia_kg_m2 for mass in masses])
    spun = np.einsum("tpij,pjk,tplk->til", turn, own, turn, optimize=True)
    inertia[:, 3:, 3:] += np.einsum("tki,tkl,tlj->tij", axes, spun, axes, optimize=True)
    return np.asarray(inertia)


def _moves(axes: FloatArray, arm: FloatArray) -> FloatArray:
    """Velocities (T, P, 3, 6) of points at `arm` (T, P, 3) from the pelvis for unit rates of its place and
    angles, whose `axes` are (T, 3, 3) by columns."""
    found = np.zeros((*arm.shape, ROOT))
    found[..., :3] = np.eye(3)
    for column in range(3):
        found[..., 3 + column] = np.cross(axes[:, None, :, column], arm)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Twin:
    """What the simulation needs at T frames: 6 moves of the pelvis, 6 points of the soles."""

    inertia: FloatArray  # (T, 6, 6)
    asked: FloatArray  # (T, 6) that the recorded motion asks of floor and pelvis
    moves: FloatArray  # (T, 6 points, 3, 6)
    carries: FloatArray  # (T, 6 points)
    known: FloatArray  # (T,) 1 where it is known what stands; elsewhere something carries the twin
    mass_kg: float

    @classmethod
    def of(
        cls,
        dynamics: BodyDynamics,
        course: Course,
        wrench: Wrench,
        sole_m: FloatArray,
        share: FloatArray,
        known: FloatArray,
    ) -> _Twin:
        pelvis, axes = course.value[:, :3], root_axes(course.value)
        about = wrench.moment_nm - np.cross(pelvis, wrench.force_n)
        asked = np.hstack([wrench.force_n, np.einsum("tki,tk->ti", axes, about)])
        points = sole_m.reshape(len(sole_m), _POINTS, 3)
        carries = carrying(sole_m, share).reshape(len(sole_m), _POINTS)
        moves = _moves(axes, points - pelvis[:, None])
        inertia = pelvis_inertia(dynamics, course)
        return cls(inertia, asked, moves, carries, known, dynamics.tree.mass_kg)

    def walk(self, time_s: FloatArray, way: slice, force: FloatArray, aid: FloatArray) -> None:
        """Simulate one way without a pause; write the points' forces and the aid at its frames."""
        floor = _Floor.under(self.mass_kg)
        typical = np.diagonal(self.inertia[way].mean(axis=0))
        aid_spring, aid_damper = typical * _AID_RAD_S**2, 2.0 * typical * _AID_RAD_S
        place, rate = np.zeros(ROOT), np.zeros(ROOT)
        place[2] = -floor.sunk_m
        for frame in range(way.start, way.stop):
            if frame > way.start:
                gap_s = float(time_s[frame] - time_s[frame - 1])
                steps = max(1, round(gap_s / _STEP_S))
                for step in range(1, steps + 1):
                    at = self._between(frame, step / steps)
                    place, rate = _stepped(place, rate, at, floor, (aid_spring, aid_damper), gap_s / steps)
            force[frame] = floor.force_n(self.moves[frame], self.carries[frame], place, rate)
            aid[frame] = -aid_spring * place - aid_damper * rate

    def _between(self, frame: int, part: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Inertia, what is asked, moves and carrying of the points between a frame's forerunner and it."""
        before = frame - 1

        def mixed(values: FloatArray) -> FloatArray:
            return np.asarray((1.0 - part) * values[before] + part * values[frame])

        known = min(self.known[before], self.known[frame])
        return mixed(self.inertia), mixed(self.asked) * known, mixed(self.moves), mixed(self.carries) * known


@dataclass(frozen=True, slots=True, eq=False)
class _Floor:
    """Springs and dampers under one point that carries all."""

    spring_n_m: FloatArray  # (3,)
    damper_ns_m: FloatArray  # (3,)
    sunk_m: float  # under the body's weight

    @classmethod
    def under(cls, mass_kg: float) -> _Floor:
        turns = 2.0 * np.pi * np.array([_GRIP_HZ, _GRIP_HZ, _FLOOR_HZ])
        damping = 2.0 * np.array([_GRIP_DAMPING, _GRIP_DAMPING, _FLOOR_DAMPING])
        return cls(mass_kg * turns**2, mass_kg * damping * turns, GRAVITY_M_S2 / float(turns[2]) ** 2)

    def force_n(
        self, moves: FloatArray, carries: FloatArray, place: FloatArray, rate: FloatArray
    ) -> FloatArray:
        """On every point (6, 3); the floor pushes and never pulls."""
        force = -carries[:, None] * (self.spring_n_m * (moves @ place) + self.damper_ns_m * (moves @ rate))
        return np.where(force[:, 2:] > 0.0, force, 0.0)


def _stepped(
    place: FloatArray,
    rate: FloatArray,
    at: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    floor: _Floor,
    aid: tuple[FloatArray, FloatArray],
    step_s: float,
) -> tuple[FloatArray, FloatArray]:
    """Place and rate of the pelvis (6,) against the recorded one after a step, by the implicit Euler method.

    Points that the floor would have to pull do not touch it in this step.
    """
    inertia, asked, moves, carries = at
    touches = floor.force_n(moves, carries, place, rate)[:, 2] > 0.0
    ways_n = moves[touches].reshape(-1, ROOT)
    weight = carries[touches, None]
    spring = ways_n.T @ ((weight * floor.spring_n_m).reshape(-1, 1) * ways_n) + np.diag(aid[0])
    damper = ways_n.T @ ((weight * floor.damper_ns_m).reshape(-1, 1) * ways_n) + np.diag(aid[1])
    matrix = inertia + step_s * damper + step_s**2 * spring
    faster = np.asarray(np.linalg.solve(matrix, inertia @ rate - step_s * (asked + spring @ place)))
    return place + step_s * faster, faster
