"""A trial, solved: what the person did, and the fitted body's motion in every part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.domain.gait_events import FootPaths
from core.domain.motion import Kinematics
from core.domain.recording import Landmark, LandmarkTrack
from core.errors import refuse
from core.motion.course import Course, HipPath, also_backwards, course_of, feet_swing
from core.motion.fit_body import SOLES, FitBody
from core.motion.fit_camera import StandingCamera
from core.motion.fit_start import hip_path, start_of_one
from core.motion.fit_state import FitState
from core.motion.generic_links import Length
from core.motion.observed import cut, seen_part
from core.motion.room import room_of, start_of_several
from core.motion.steady_walking import long_gaps
from core.motion.trial_fit import Fitted, fit_trial
from core.twin.scaling import Segment
from core.twin.segment_lengths import GENERIC_LENGTH_M
from core.twin.skeleton import COLUMN, POINTS, POSE_SIZE

MAX_GAP_S = 0.25  # longer gaps stay NaN: a quarter of a second is a fifth of a stride
_BACKWARDS_M_S, _CLEARLY = 0.3, 0.2  # slower may be stepping on the spot; walks lift their feet at 0.6

Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One way walked, or a whole trial in place. Axes: T frames; world axes as in `Kinematics`."""

    time_s: FloatArray  # (T,)
    angle_rad: FloatArray  # (T, 14) NaN where a leg was out of sight for long
    spread_rad: FloatArray  # (T, 14) standard deviation
    pelvis_m: FloatArray  # (T, 3) against the belt where there is one
    pelvis_quaternion: FloatArray  # (T, 4)
    feet: FootPaths
    confidence: FloatArray  # (T, P) of the landmarks
    residual_m: float  # rms distance of model and landmarks in the pictures, hips to toes
    fitted: Fitted


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A whole trial."""

    course: Course
    parts: tuple[Part, ...]
    body: FitBody
    one_camera: bool
    also_backwards: bool = False  # some ways were walked backwards; they are left out

    @property
    def walks(self) -> bool:
        """Whether there is a gait to cut into cycles."""
        return self.course in (Course.WALKS, Course.IN_PLACE)

    @property
    def belt_m_s(self) -> float:
        return self.parts[0].fitted.state.belt_m_s

    @property
    def view_angle_rad(self) -> float:
        """Between the way walked and the picture plane of a single camera: 0 from the side; else 0."""
        camera = self.parts[0].fitted.state.views[0].camera
        return camera.view_angle_rad if isinstance(camera, StandingCamera) else 0.0

    @property
    def residual_m(self) -> float:
        return float(np.sqrt(np.mean([part.residual_m**2 for part in self.parts])))

    @property
    def confidence(self) -> FloatArray:
        return np.concatenate([part.confidence for part in self.parts])

    @property
    def gap_fraction(self) -> float:
        """Fraction of the frames without a solution for at least one leg."""
        return float(np.isnan(self.kinematics().angle_rad).any(axis=1).mean())

    def kinematics(self) -> Kinematics:
        """All parts one after the other."""
        return Kinematics(
            *(
                np.concatenate([getattr(part, name) for part in self.parts])
                for name in ("time_s", "angle_rad", "pelvis_m", "pelvis_quaternion", "spread_rad")
            )
        )

    def lengths_m(self) -> dict[Segment, float]:
        """Fitted lengths of the person's segments."""
        scale = self.body.parameters.scale
        factor = np.exp(np.mean([part.fitted.state.constant[: len(Length)] for part in self.parts], axis=0))
        fitted = {Segment.THIGH: factor[Length.THIGH], Segment.SHANK: factor[Length.SHANK]}
        return {
            segment: GENERIC_LENGTH_M[segment] * segment.factor(scale) * float(fitted.get(segment, 1.0))
            for segment in Segment
        }


def solve_trial(
    tracks: tuple[LandmarkTrack, ...], height_m: float, mass_kg: float, *, belt_m_s: float | None, tick: Tick
) -> Trial:
    """A trial that one camera or several calibrated ones saw. `belt_m_s`: a treadmill's speed, if known.

    Raises MOT-001.
    """
    if len(tracks) == 1:
        return solve_one(tracks[0], height_m, mass_kg, belt_m_s=belt_m_s, tick=tick)
    return solve_several(tracks, height_m, mass_kg, belt_m_s=belt_m_s, tick=tick)


def solve_one(
    track: LandmarkTrack, height_m: float, mass_kg: float, *, belt_m_s: float | None, tick: Tick
) -> Trial:
    """A trial that one camera saw. `belt_m_s` is that of a treadmill, where known. Raises MOT-001, -076."""
    track, body = seen_part(track), FitBody(height_m, mass_kg)

    def start_of(way: slice) -> FitState:
        return start_of_one(cut(track, way), height_m)

    return _solved(body, hip_path(track, height_m), start_of, belt_m_s, tick, one_camera=True)


def solve_several(
    tracks: tuple[LandmarkTrack, ...], height_m: float, mass_kg: float, *, belt_m_s: float | None, tick: Tick
) -> Trial:
    """A trial that several calibrated cameras saw. Raises MOT-001, -076."""
    room, body = room_of(tracks), FitBody(height_m, mass_kg)
    start_of = partial(start_of_several, room)
    return _solved(body, room.hip_path(height_m), start_of, belt_m_s, tick, one_camera=False)


def _solved(
    body: FitBody,
    path: HipPath,
    start_of: Callable[[slice], FitState],
    belt_m_s: float | None,
    tick: Tick,
    *,
    one_camera: bool,
) -> Trial:
    """What the person does, and every way or the whole trial fitted. Raises MOT-076."""
    course, ways = _course_of(path, belt_m_s)
    told_m_s = belt_m_s if course is Course.IN_PLACE else None
    parts = []
    for number, way in enumerate(ways):

        def part_tick(fraction: float, number: int = number) -> None:
            tick((number + fraction) / len(ways))

        parts.append(solve_part(body, path.time_s[way], start_of(way), course, told_m_s, part_tick))
    course = _as_fitted(course, parts)
    return Trial(course, tuple(parts), body, one_camera, also_backwards=also_backwards(path))


def _course_of(path: HipPath, belt_m_s: float | None) -> tuple[Course, tuple[slice, ...]]:
    """What a person does, and where; in place where a treadmill's speed is told. Refuses MOT-076."""
    course, ways = course_of(path)
    if belt_m_s is None:
        return course, ways
    if course in (Course.WALKS, Course.BACKWARDS):
        far_m = max(float(np.linalg.norm(path.path_m[way][-1] - path.path_m[way][0])) for way in ways)
        if far_m > path.height_m:
            raise refuse(
                "MOT-076",
                "The patient walks through the room, not on a treadmill.",
                f"The hips travel {far_m:.1f} m with the steps; on a treadmill they stay.",
                "Solve the motion without a treadmill's speed.",
            )
    if not feet_swing(path):
        return Course.STAYS, ways
    return Course.IN_PLACE, (slice(0, len(path.time_s)),)


def _as_fitted(course: Course, parts: Sequence[Part]) -> Course:
    """Whose feet are lifted to be carried backwards walks backwards on a belt, whatever speed was told."""
    moves = abs(parts[0].fitted.state.belt_m_s) > _BACKWARDS_M_S
    if course is Course.IN_PLACE and moves and _lift_forward(parts[0].feet) < -_CLEARLY:
        return Course.BACKWARDS
    return course


def _lift_forward(feet: FootPaths) -> float:
    """Correlation of the feet's height with their speed forward against the pelvis, mean of both sides."""
    place = ((feet.heel_m + feet.toe_m) / 2 - feet.pelvis_m[:, None]).transpose(1, 0, 2)
    forward = -np.gradient(place[..., 1], feet.time_s, axis=1)
    sides = [np.corrcoef(speed, height)[0, 1] for speed, height in zip(forward, place[..., 2], strict=True)]
    return float(np.mean(sides))


def solve_part(
    body: FitBody, time_s: FloatArray, start: FitState, course: Course, belt_m_s: float | None, tick: Tick
) -> Part:
    """Fit one part of a trial."""
    fitted = fit_trial(
        body,
        time_s,
        start.with_belt(belt_m_s or 0.0),
        walks=course is not Course.STAYS,
        belt_is_known=course is not Course.IN_PLACE or belt_m_s is not None,
        tick=tick,
    )
    state = fitted.state
    point_m = body.points_m(state.pose, state.constant)
    belt_m = np.zeros((len(time_s), 3))
    belt_m[:, 1] = state.belt_m_s * (time_s - time_s[0])
    pelvis_m, sole_m = state.pose[:, :3] - belt_m, point_m[:, SOLES] - belt_m[:, None]
    confidence = np.max([view.confidence for view in state.views], axis=0)
    return Part(
        time_s=time_s,
        angle_rad=_with_gaps(time_s, np.clip(state.pose[:, 6:POSE_SIZE], *body.limit_rad.T), confidence),
        spread_rad=fitted.spread_rad,
        pelvis_m=pelvis_m,
        pelvis_quaternion=_quaternions(state.pose[:, 3:6]),
        feet=FootPaths(time_s, pelvis_m, sole_m[:, ::2], sole_m[:, 1::2]),
        confidence=confidence,
        residual_m=_residual_m(state, point_m),
        fitted=fitted,
    )


def _residual_m(state: FitState, point_m: FloatArray) -> float:
    """Root mean square distance in the pictures, hips to toes, at the person's distance."""
    legs = slice(COLUMN[Landmark.LEFT_HIP], len(POINTS))
    square, seen = [], []
    for view in state.views:
        away = view.camera.project(point_m[:, : len(POINTS)]).image_px - view.image_px
        square.append(((away / view.px_per_m) ** 2).sum(axis=2)[:, legs])
        seen.append(view.confidence[:, legs] > 0.0)
    return float(np.sqrt(np.mean(np.concatenate(square)[np.concatenate(seen)])))


def _with_gaps(time_s: FloatArray, angle_rad: FloatArray, confidence: FloatArray) -> FloatArray:
    """Angles of a leg are NaN where it was out of sight for longer than `MAX_GAP_S`."""
    angle = np.array(angle_rad)
    for side in SIDES:
        parts = [COLUMN[Landmark[f"{side.name}_{part}"]] for part in ("HIP", "KNEE", "ANKLE")]
        hidden = long_gaps(time_s, (confidence[:, parts] == 0.0).any(axis=1), MAX_GAP_S)
        columns = [Joint.of(kind, side).column for kind in JointKind]
        angle[np.flatnonzero(hidden)[:, None], columns] = np.nan
    return angle


def _quaternions(rotation: FloatArray) -> FloatArray:
    """(T, 4) w x y z from rotation vectors (T, 3)."""
    angle = np.linalg.norm(rotation, axis=1, keepdims=True)
    return np.hstack([np.cos(angle / 2), 0.5 * np.sinc(angle / (2 * np.pi)) * rotation])
