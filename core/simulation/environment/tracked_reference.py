"""What a batch of walkers tracks: strides and courses, at each walker's place on the ground and in time."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco

from core.domain.arrays import FloatArray
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.walker import Walker
from core.simulation.reference_gait.course_batch import PHASE_GAIN, CourseBatch, CoursePlace
from core.simulation.reference_gait.foot_contact_correction import stride_for_training
from core.simulation.reference_gait.gait_initiation import PhasedStrides
from core.simulation.reference_gait.initial_states import InitialStates
from core.simulation.reference_gait.terrain_batch import TerrainBatch, ahead_of

STAIRS_PHASE_GAIN = 0.1  # of the phase error against the treads, each step: corrected within 0.2 s


class TrackedReference:
    """The references of N walkers, with their feet on the ground; `set_moment` comes before any reading."""

    def __init__(self, walkers: Sequence[Walker], models: Sequence[mujoco.MjModel]) -> None:
        """`models` are those of `walkers`, or copies of them."""
        bodies, grounds = [walker.body for walker in walkers], [walker.ground for walker in walkers]
        onsets = [walker.onset for walker in walkers]
        courses = CourseBatch([walker.course for walker in walkers])
        training = [stride_for_training(one.reference, one.body.scale, one.ground) for one in walkers]
        self.courses = courses.corrected(bodies, stride_for_training)
        self.strides = PhasedStrides(training, onsets, self.courses)
        self._own_courses = courses
        self._own_strides = PhasedStrides([walker.reference for walker in walkers], onsets, courses)
        self.terrain = TerrainBatch(grounds)
        self.initial_states = InitialStates(models, training, grounds, self.strides, self.courses)
        self._places: tuple[CoursePlace, ...] = ()

    def set_moment(self, forward_m: FloatArray, time_s: FloatArray) -> None:
        """Set what depends on how far ahead walkers (N,) are, and on the time (N,) since their start."""
        self._places = self.courses.places(forward_m)
        for part in (self.strides, self.initial_states, self.terrain):
            part.set_places(self._places)
        self.strides.set_time(time_s)

    def coming_phase(self, phase: FloatArray, forward_m: FloatArray) -> FloatArray:
        """Phase (N,) a control step later.

        It advances with time; on stairs it is corrected towards the treads, on a course from the beginning,
        but slowly.
        """
        phase = phase + CONTROL_STEP_S / self.strides.period_s
        phase = phase + STAIRS_PHASE_GAIN * self.terrain.ahead_of_phase(forward_m, phase)
        for place in self._places:
            gain = PHASE_GAIN + (STAIRS_PHASE_GAIN - PHASE_GAIN) * place.on_stairs
            phase[place.rows] += gain * ahead_of(place.strides, phase[place.rows])
        return phase

    def own_angle_rad(self, phase: FloatArray, forward_m: FloatArray, time_s: FloatArray) -> FloatArray:
        """(N, 14) of the persons' own strides, before the foot contact correction."""
        self._own_strides.set_places(self._own_courses.places(forward_m))
        self._own_strides.set_time(time_s)
        return self._own_strides.angle(phase)
