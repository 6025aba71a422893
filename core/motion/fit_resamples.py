"""How certain the angles of a fit are, by resampling what it was made from.

A resample moves the landmarks by the fit's own residuals, at another time and with another sign, so that its
errors are as large and last as long as those that were seen; it draws another person, another camera, another
tilt of the pelvis and other movements out of sight from what is known of them before one looks. All go
through the fit to first order: its curvature is known.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.motion.fit_state import Scene, View
from core.motion.fit_terms import constants_prior, landmark_slopes, rest_prior, tilt_prior
from core.motion.normal_equations import NormalEquations, second_differences
from core.twin.skeleton import POSE_SIZE

RESAMPLES, FEWEST = 200, 50  # a standard deviation over fifty is sure within a tenth
_FRAMES = 800  # of a longer trial fewer resamples are made, so that it is told in about a second
_LEAST_LEFT = 0.1  # of the errors in the residuals, however closely the fit follows


def resampled_sd_rad(
    equations: NormalEquations, scene: Scene, acceleration: FloatArray, *, seed: int = 0
) -> FloatArray:
    """Standard deviations (T, 14) of the joint angles over the resamples. The same seed gives the same.

    `acceleration` (N,): weight of the fit's pull on the accelerations of each unknown, over what is usual.
    """
    draws = _Draws(scene, np.random.default_rng(seed))
    by_noise = _of_landmarks(equations, draws)
    slope = draws.pelvis() + draws.rest() + draws.movement(acceleration)
    by_body, _ = equations.response(slope, draws.body())
    return np.asarray((by_noise + by_body)[:, 6:POSE_SIZE].std(axis=2))


def _of_landmarks(equations: NormalEquations, draws: _Draws) -> FloatArray:
    """How the pose (T, N, R) moves when landmarks are seen elsewhere.

    A fit follows its data: residuals are smaller than the errors were, by the share that a resampled fit
    follows its errors.
    """
    scene, frames = draws.scene, len(draws.scene.state.pose)
    slope, constant_slope = draws.nothing(), np.zeros((scene.state.constants, draws.count))
    seen = []
    for view, slopes in landmark_slopes(scene):
        errors = slopes.weight[..., None, None] * draws.errors(view, slopes.residual)
        moved = errors.reshape(frames, -1, draws.count)
        slope += slopes.by_pose.transpose(0, 2, 1) @ moved
        flat = slopes.by_constant.reshape(-1, scene.state.constants)
        constant_slope += flat.T @ moved.reshape(-1, draws.count)
        seen.append((slopes, moved))
    pose, constants = equations.response(slope, constant_slope)
    left = sum(
        float(((moved - slopes.by_pose @ pose - slopes.by_constant @ constants) ** 2).sum())
        for slopes, moved in seen
    )
    total = sum(float((moved**2).sum()) for _, moved in seen)
    return np.asarray(pose / np.sqrt(max(left / total, _LEAST_LEFT) if total > 0.0 else 1.0))


class _Draws:
    """What is drawn. Axes: T frames, N unknowns of a frame, K constants, R resamples."""

    def __init__(self, scene: Scene, random: np.random.Generator) -> None:
        self.scene, self._random = scene, random
        frames = len(scene.state.pose)
        self.count = int(np.clip(RESAMPLES * _FRAMES // frames, FEWEST, RESAMPLES))

    def nothing(self) -> FloatArray:
        return np.zeros((*self.scene.state.pose.shape, self.count))

    def errors(self, view: View, residual: FloatArray) -> FloatArray:
        """Residuals (T, P, 2) of a view at other times and with other signs, (T, P, 2, R)."""
        frames, points, _ = residual.shape
        seen = view.confidence > 0.0
        share = np.maximum(seen.mean(axis=0), 1.0 / frames)  # what was not seen has no residual
        own = np.where(seen[..., None], residual, 0.0) / np.sqrt(share)[:, None]
        errors = np.empty((*residual.shape, self.count))
        for number in range(self.count):
            later = (np.arange(frames)[:, None] + self._random.integers(frames, size=points)) % frames
            sign = self._random.choice([-1.0, 1.0], size=(points, 2))
            errors[..., number] = own[later, np.arange(points)] * sign
        return errors

    def body(self) -> FloatArray:
        """Slopes (K, R) when the person, and where nobody calibrated it the camera, is another one."""
        curvature, spread = constants_prior(self.scene.state)
        return np.asarray(curvature @ (spread[:, None] * self._normal(len(spread))))

    def pelvis(self) -> FloatArray:
        """Slopes (T, N, R) when the pelvis tilts otherwise with the trunk, through the whole trial."""
        slope, spread = tilt_prior(self.scene.state.pose)
        return np.asarray(slope[..., None] * (spread * self._normal()))

    def rest(self) -> FloatArray:
        """Slopes (N, R) when what cameras hardly see is not neutral, through the whole trial."""
        curvature, spread = rest_prior()
        return np.asarray((curvature * spread)[:, None] * self._normal(len(spread)))

    def movement(self, acceleration: FloatArray) -> FloatArray:
        """Slopes (T, N, R) when the accelerations that the fit holds down are as usual: what fills a gap."""
        slope = self.nothing()
        inner = len(slope) - 2
        others = self._normal(inner, len(acceleration)) * acceleration[:, None]
        for place, weight in enumerate(second_differences(self.scene.time_s)):
            slope[place : place + inner] += weight[:, None, None] * others
        return slope

    def _normal(self, *size: int) -> FloatArray:
        return self._random.normal(size=(*size, self.count))
