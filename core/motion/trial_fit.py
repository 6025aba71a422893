"""One fit of a whole trial: a body walks on a floor, and cameras see it.

Unknown are the poses of all frames, the person's proportions, where the detector's landmarks sit on the body,
the speed of a belt, and, where nobody calibrated it, the camera. The body's landmarks shall come out where
they were seen; feet that stand neither slide nor sink; accelerations stay those of walking; joints stay
inside their limits (Bogo et al. 2016 fit bodies to one picture this way; here a whole trial is one problem).
Solved by Gauss-Newton steps, damped where they would raise the cost (Levenberg 1944, Marquardt 1963).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.motion.fit_body import FitBody
from core.motion.fit_spread import angle_spread_rad
from core.motion.fit_state import BELT, FitState, Scene
from core.motion.fit_terms import (
    Term,
    add_constants,
    add_floor,
    add_heading,
    add_landmarks,
    add_limits,
    add_pelvis_tilt,
    add_rest,
    add_standing_balance,
    add_stillness,
    add_walking_balance,
)
from core.motion.normal_equations import NormalEquations, squared_accelerations

MOST_ITERATIONS = 40
_CONVERGED = 2e-4  # relative fall of the cost
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-7, 1e3
_LONGEST_STEP = 0.5  # m, rad

_ACCELERATION = {  # rms over normal walking, rounded up; rad/s2
    JointKind.HIP_FLEXION: 40.0,
    JointKind.HIP_ADDUCTION: 12.0,
    JointKind.HIP_ROTATION: 12.0,
    JointKind.KNEE: 70.0,
    JointKind.ANKLE: 70.0,
    JointKind.SUBTALAR: 12.0,
    JointKind.TOES: 12.0,
}
_ROOT_ACCELERATION = (3.0, 3.0, 4.0, 6.0, 8.0, 8.0)  # m/s2; rad/s2 about the left, back and up axes
_TRUNK_ACCELERATION = (6.0, 6.0, 8.0)  # rad/s2
_SMOOTHNESS = 0.5
_USUAL = np.array([*_ROOT_ACCELERATION, *(_ACCELERATION[j.kind] for j in JOINTS), *_TRUNK_ACCELERATION])

_TERMS: tuple[Term, ...] = (
    add_landmarks,
    add_floor,
    add_stillness,
    add_rest,
    add_limits,
    add_pelvis_tilt,
    add_constants,
)
_OF_WALKS: tuple[Term, ...] = (add_walking_balance, add_heading)
_OF_STANDING: tuple[Term, ...] = (add_standing_balance,)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Result of a fit. Axis: T frames."""

    state: FitState
    spread_rad: FloatArray  # (T, 14) standard deviations of the joint angles


def fit_trial(
    body: FitBody,
    time_s: FloatArray,
    start: FitState,
    *,
    walks: bool,
    belt_is_known: bool = True,
    tick: Callable[[float], None] = lambda _: None,
) -> Fitted:
    """The best state, from `start` on. `time_s` (T,), at least five frames.

    `walks` says that the body faces the way it goes; `belt_is_known` keeps the belt at the speed of `start`,
    zero over ground. `tick` is called with the finished fraction and may raise to cancel.
    """
    terms = (*_TERMS, *(_OF_WALKS if walks else _OF_STANDING))
    smoothness = _smoothness(time_s)
    best, trial, cost, damping = start, start, np.inf, _FIRST_DAMPING
    equations: NormalEquations | None = None
    for iteration in range(MOST_ITERATIONS):
        tick(iteration / MOST_ITERATIONS)
        fresh, fresh_cost = _equations(body, time_s, trial, terms, smoothness)
        if equations is None or fresh_cost <= cost:
            done = cost - fresh_cost < _CONVERGED * fresh_cost
            best, cost, equations = trial, fresh_cost, fresh
            damping = max(damping / 4.0, _LEAST_DAMPING)
            if belt_is_known:
                equations.fix_constant(BELT)
            if done:
                break
        elif damping > _MOST_DAMPING:
            break
        else:
            damping *= 10.0
        frames, constants = equations.step(damping)
        trial = best.moved(np.clip(frames, -_LONGEST_STEP, _LONGEST_STEP), constants)
    tick(1.0)
    assert equations is not None
    return Fitted(best, angle_spread_rad(equations, Scene(body, time_s, best), _SMOOTHNESS / _USUAL))


def _equations(
    body: FitBody, time_s: FloatArray, state: FitState, terms: tuple[Term, ...], smoothness: FloatArray
) -> tuple[NormalEquations, float]:
    """Normal equations at a state, and its cost."""
    scene = Scene(body, time_s, state)
    frames, unknowns = state.pose.shape
    equations = NormalEquations(frames, unknowns, state.constants)
    cost = sum(term(equations, scene) for term in terms)
    equations.add_smoothness(smoothness, state.pose)
    return equations, cost + _smoothness_cost(smoothness, state.pose)


def _smoothness(time_s: FloatArray) -> FloatArray:
    """Quadratic form of the acceleration penalty as diagonals 0, 1, 2 over frames, (3, T, COLUMNS).

    It acts like a zero-lag low-pass: with 0.05 rad noise of a joint from its landmarks and 70 rad/s2 the
    corner is sqrt(70 / 0.05) rad/s, about the 6 Hz usual in gait analysis (Winter 2009, ch. 3.4).
    """
    return np.asarray(_SMOOTHNESS * squared_accelerations(time_s) / _USUAL**2)


def _smoothness_cost(smoothness: FloatArray, pose: FloatArray) -> float:
    cost = (smoothness[0] * pose**2).sum()
    for gap in (1, 2):
        cost += 2.0 * (smoothness[gap][:-gap] * pose[:-gap] * pose[gap:]).sum()
    return float(cost)
