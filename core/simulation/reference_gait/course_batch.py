"""Courses of a batch of walkers: which strides are asked for at each walker's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.motion import GaitReference
from core.domain.scenario import Ground
from core.domain.twin import BodyParameters, SegmentScale
from core.gait.course import Course

Correction = Callable[[GaitReference, SegmentScale, Ground], GaitReference]
PHASE_GAIN = 0.02  # of the phase error against the place, each step: corrected within a second
_DIFFERENCE_M = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class CoursePlace:
    """Where R walkers are on their course. Axis: L legs."""

    course: Course
    rows: IntArray  # (R,) of the batch
    weights: FloatArray  # (R, L) of each leg's stride
    weights_per_m: FloatArray  # (R, L) their change
    strides: FloatArray  # (R,) from where the stairs begin: the phase that belongs here

    @property
    def on_stairs(self) -> FloatArray:
        """(R,) weight of the stairs."""
        share: FloatArray = self.weights @ self.course.is_stairs
        return share


class CourseBatch:
    """The courses of N walkers; those without one have no place."""

    def __init__(self, courses: Sequence[Course | None]) -> None:
        distinct = {id(course): course for course in courses if course is not None}
        self.courses = tuple(distinct.values())
        self._rows = [
            np.flatnonzero([course is one for course in courses]).astype(np.int64) for one in self.courses
        ]

    def corrected(self, bodies: Sequence[BodyParameters], correct: Correction) -> CourseBatch:
        """The same with strides as `correct` makes them for these bodies (N,)."""
        corrected: list[Course | None] = [None] * len(bodies)
        for course, rows in zip(self.courses, self._rows, strict=True):
            scale = bodies[rows[0]].scale
            strides = tuple(
                correct(stride, scale, ground)
                for stride, ground in zip(course.strides, course.grounds, strict=True)
            )
            one = replace(course, strides=strides)
            for row in rows:
                corrected[row] = one
        return CourseBatch(corrected)

    def places(self, forward_m: FloatArray) -> tuple[CoursePlace, ...]:
        """One for each course, for walkers (N,) this far ahead of the start."""
        return tuple(
            _place(course, rows, forward_m[rows])
            for course, rows in zip(self.courses, self._rows, strict=True)
        )


def _place(course: Course, rows: IntArray, forward_m: FloatArray) -> CoursePlace:
    weights = course.weights(forward_m)
    change = (course.weights(forward_m + _DIFFERENCE_M) - weights) / _DIFFERENCE_M
    return CoursePlace(course, rows, weights, change, course.strides_to(forward_m))
