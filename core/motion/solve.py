"""From one person's landmarks to the motion record: sides, scale, angles, events, strides, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.capture.triangulation import triangulate
from core.domain.arrays import FloatArray
from core.domain.findings import worst_first
from core.domain.motion import Motion
from core.domain.recording import LandmarkTrack
from core.domain.sides_doubt import Sides, SideSource
from core.domain.twin import BodyParameters
from core.gait.cycles import cut_cycles
from core.gait.events import find_strides
from core.gait.measures import spatiotemporal
from core.gait.reference import gait_reference
from core.motion.body_landmarks import (
    BodyLandmarks,
    observe_sagittal,
    observe_space,
    walked_fraction,
    walked_part,
)
from core.motion.findings import (
    MotionFacts,
    SideDoubt,
    check_frame_rate,
    motion_findings,
    no_stride,
    one_of_several,
)
from core.motion.inverse_kinematics import solve_angles
from core.motion.measured_segments import measured_lengths_m
from core.motion.oblique_view import observe_oblique, view_angle_rad
from core.motion.side_swaps import SideRepair, correct_side_swaps, exchange_all_sides, exchange_legs
from core.twin.segment_lengths import estimate_scale, lengths_by_name

OBLIQUE_RAD = np.radians(55.0)
"""Further from the side the detector's depth helps: simulated walks seen at 0 to 45 degrees have smaller
errors in the picture plane alone, at 60 degrees and more with the depth."""

Tick = Callable[[float], None]


def _silent(_: float) -> None:
    return None


def motion_from_tracks(
    tracks: tuple[LandmarkTrack, ...],
    *,
    height_m: float,
    mass_kg: float,
    swap_sides: bool = False,
    side_source: SideSource = SideSource.REPAIRED,
    sides_by: str = "",
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion of one person from all cameras that saw it.

    Two or more calibrated cameras are triangulated; otherwise the camera that saw the walk from the side
    best is used alone, and the motion says so. `side_source` says whose left and right count, `swap_sides`
    exchanges them throughout, when the clinician says that they are the wrong way round, and `sides_by` is
    who said so: without a name a motion whose sides are in doubt stops the session (MOT-032). `tick` is
    called with the finished fraction and may raise to cancel. Raises MOT-001, -002, -003 or -010.
    """
    sides = Sides(side_source, swap_sides, sides_by)
    repairs = [correct_side_swaps(track) for track in tracks]
    kept = [repair.exchanged * (side_source is SideSource.REPAIRED) for repair in repairs]
    used = [_with_sides(*pair, swap=swap_sides) for pair in zip(tracks, kept, strict=True)]

    def solve(observation: BodyLandmarks, exchanged_fraction: float) -> Motion:
        doubt = SideDoubt(sides, exchanged_fraction)
        motion = _motion(observation, height_m, mass_kg, doubt, synthetic, tick)
        return replace(motion, leg_exchanges=tuple(kept))

    calibrated = [number for number, track in enumerate(used) if track.projection is not None]
    if len(calibrated) > 1:
        points = triangulate(tuple(used[number] for number in calibrated))
        observation = observe_space(points.time_s, points.world_m, points.confidence)
        motion = solve(observation, max(repairs[number].fraction for number in calibrated))
        return replace(motion, cameras_used=tuple(calibrated))
    best = max(range(len(used)), key=lambda number: walked_fraction(used[number]))
    motion = solve(observe_walk(used[best], height_m), _exchanged_fraction(repairs[best], used[best]))
    motion = replace(motion, cameras_used=(best,))
    if len(used) == 1:
        return motion
    return replace(motion, findings=worst_first((*motion.findings, one_of_several(best + 1, len(used)))))


def _with_sides(track: LandmarkTrack, exchanged: FloatArray, *, swap: bool) -> LandmarkTrack:
    """Swapped after the repair: a repair that turned the whole trial would turn it back again."""
    taken = exchange_legs(track, exchanged)
    return exchange_all_sides(taken) if swap else taken


def _exchanged_fraction(repair: SideRepair, track: LandmarkTrack) -> float:
    """Of the trial or of the walk in it, whichever is worse: only the walk is measured."""
    walked_s = walked_part(track).time_s
    return max(repair.fraction, repair.fraction_between(float(walked_s[0]), float(walked_s[-1])))


def observe_walk(track: LandmarkTrack, height_m: float) -> BodyLandmarks:
    """A walk seen by one camera: in the picture plane, or with the detector's depth when seen obliquely.

    Raises MOT-001 or MOT-002.
    """
    angle_rad = view_angle_rad(walked_part(track))
    if angle_rad < OBLIQUE_RAD:
        observation = observe_sagittal(track, height_m)
    else:
        observation = observe_oblique(track, height_m, walks=True)
    return replace(observation, view_angle_rad=angle_rad)


def _motion(
    observation: BodyLandmarks,
    height_m: float,
    mass_kg: float,
    doubt: SideDoubt,
    synthetic: bool,
    tick: Tick,
) -> Motion:
    check_frame_rate(observation)
    lengths_m = measured_lengths_m(observation)
    scale = estimate_scale(lengths_m, height_m, one_camera=observation.one_camera)
    solution = solve_angles(observation, BodyParameters(height_m, mass_kg, scale), tick=tick)
    motion, feet = solution.kinematics, solution.feet
    strides = find_strides(feet)
    cycles = cut_cycles(motion.time_s, motion.angle_rad, strides)
    if not len(cycles[0].angle_rad) and not len(cycles[1].angle_rad):
        raise no_stride(feet)
    measures = spatiotemporal(feet, strides, width_seen=not observation.one_camera)
    reference = gait_reference(
        motion.time_s,
        motion.angle_rad,
        strides,
        speed_m_s=measures.speed_m_s,
        height_m=height_m,
        sagittal_only=observation.one_camera,
    )
    return Motion(
        kinematics=motion,
        strides=strides,
        measures=measures,
        cycles=cycles,
        reference=reference,
        segment_length_m=lengths_by_name(lengths_m, height_m),
        residual_m=solution.residual_m,
        sagittal_only=observation.one_camera,
        swapped_fraction=doubt.repaired_fraction,
        findings=motion_findings(MotionFacts(observation, solution, strides, doubt)),
        synthetic=synthetic,
        sides_by=doubt.sides.by,
    )
