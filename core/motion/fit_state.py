"""The unknowns of a trial's fit, and what one iteration looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.domain.arrays import FloatArray
from core.motion.fit_body import CONSTANTS, SOLES, FitBody, Seen
from core.motion.fit_camera import FitCamera

BELT = CONSTANTS  # column of the belt's speed among the constants; the cameras' follow
_RESTS_M_S = 0.4  # a sole slower than this stands on the floor


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one camera saw. Axes: T frames, P = 12 points in the order of `core.twin.skeleton.POINTS`."""

    camera: FitCamera
    image_px: FloatArray  # (T, P, 2) finite, also where not seen
    confidence: FloatArray  # (T, P) 0..1, 0 where not seen
    px_per_m: float  # at the person


@dataclass(frozen=True, slots=True, eq=False)
class FitState:
    """All unknowns. Axis: T frames."""

    pose: FloatArray  # (T, COLUMNS)
    constant: FloatArray  # (CONSTANTS,) of the body
    views: tuple[View, ...]
    belt_m_s: float = 0.0  # speed at which the floor moves backwards

    @property
    def constants(self) -> int:
        """Number of unknowns that are the same in all frames."""
        return BELT + 1 + sum(view.camera.constants for view in self.views)

    def with_belt(self, belt_m_s: float) -> FitState:
        return replace(self, belt_m_s=belt_m_s)

    def moved(self, frames: FloatArray, constants: FloatArray) -> FitState:
        """The state after a step of frames (T, COLUMNS) and of all constants."""
        views, at = [], BELT + 1
        for view in self.views:
            step = constants[at : at + view.camera.constants]
            views.append(replace(view, camera=view.camera.moved(step)))
            at += view.camera.constants
        belt_m_s = self.belt_m_s + float(constants[BELT])
        return FitState(self.pose + frames, self.constant + constants[:CONSTANTS], tuple(views), belt_m_s)


class Scene:
    """A state with the body's points and their derivatives, and how far each sole rests on the floor."""

    def __init__(self, body: FitBody, time_s: FloatArray, state: FitState) -> None:
        self.body, self.time_s, self.state = body, time_s, state
        self.seen: Seen = body.seen(state.pose, state.constant)

    @property
    def sole_m(self) -> FloatArray:
        """(T, 4, 3)"""
        return self.seen.point_m[:, SOLES]

    @cached_property
    def resting(self) -> FloatArray:
        """How far each sole stands still against the floor, 0..1 (T, 4)."""
        velocity = np.gradient(self.sole_m, self.time_s, axis=0)
        velocity[..., 1] -= self.state.belt_m_s
        return np.asarray(np.exp(-(velocity**2).sum(axis=-1) / _RESTS_M_S**2))

    def widened(self, by_constant: FloatArray) -> FloatArray:
        """Derivatives by the body's constants (..., CONSTANTS) as derivatives by all constants."""
        wide = np.zeros((*by_constant.shape[:-1], self.state.constants))
        wide[..., :CONSTANTS] = by_constant
        return wide
