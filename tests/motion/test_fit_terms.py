"""Terms of the fit: the slopes they add are those of the cost they return."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.motion import fit_terms
from core.motion.fit_body import FitBody
from core.motion.fit_start import start_of_one
from core.motion.fit_state import BELT, FitState, Scene
from core.motion.fit_terms import Term
from core.motion.normal_equations import NormalEquations
from core.motion.observed import seen_part
from tests.motion.filmed import filmed
from tests.motion.synthetic_walk import HEIGHT_M, synthetic_walk

STEP = 1e-6


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A walk half in front of a camera, off its best fit in every unknown."""
    track = seen_part(filmed(synthetic_walk(seconds=0.6), 30.0))
    start = start_of_one(track, HEIGHT_M)
    random = np.random.default_rng(0).normal
    state = start.moved(random(0.0, 0.05, start.pose.shape), random(0.0, 0.02, start.constants))
    return Scene(FitBody(HEIGHT_M, 60.0), track.time_s, replace(state, belt_m_s=0.3))


def cost(term: Term, scene: Scene, state: FitState) -> float:
    moved = Scene(scene.body, scene.time_s, state)
    return term(NormalEquations(*state.pose.shape, state.constants), moved)


@pytest.mark.parametrize(
    "term",
    [
        fit_terms.add_landmarks,
        fit_terms.add_rest,
        fit_terms.add_limits,
        fit_terms.add_pelvis_tilt,
        fit_terms.add_heading,
        fit_terms.add_constants,
    ],
)
def test_slopes_are_half_the_derivatives_of_the_cost(term: Term, scene: Scene) -> None:
    """Of all terms whose weights do not depend on how the feet move."""
    state = scene.state
    equations = NormalEquations(*state.pose.shape, state.constants)
    term(equations, scene)

    random = np.random.default_rng(1)
    for _ in range(6):
        frames = random.normal(size=state.pose.shape)
        constants = random.normal(size=state.constants)
        ahead = cost(term, scene, state.moved(STEP * frames, STEP * constants))
        behind = cost(term, scene, state.moved(-STEP * frames, -STEP * constants))
        slope = float((equations.frame_slope * frames).sum() + equations.constant_slope @ constants)
        assert 2.0 * slope == pytest.approx((ahead - behind) / (2 * STEP), rel=1e-4, abs=1e-3)


def standing_still(belt_m_s: float, drift_m_s: float) -> FloatArray:
    """Slope by the belt of feet that all move back at `drift_m_s`."""
    body = FitBody(HEIGHT_M, 60.0)
    time_s = np.arange(10) / 30.0
    track = seen_part(filmed(synthetic_walk(seconds=0.4)))
    start = start_of_one(track, HEIGHT_M)
    pose = np.repeat(np.zeros_like(start.pose[:1]), 10, axis=0)
    pose[:, 2] = -body.points_m(pose[:1], start.constant)[0, -4:, 2].min()
    pose[:, 1] = drift_m_s * time_s
    state = replace(start, pose=pose, belt_m_s=belt_m_s)
    equations = NormalEquations(*pose.shape, state.constants)
    fit_terms.add_stillness(equations, Scene(body, time_s, state))
    return equations.constant_slope[BELT]


def test_a_belt_as_fast_as_the_feet_that_stand_on_it_is_not_pulled_and_others_are() -> None:
    assert standing_still(0.4, 0.4) == pytest.approx(0.0, abs=1e-9)
    assert standing_still(0.3, 0.4) < 0.0 < standing_still(0.5, 0.4)
