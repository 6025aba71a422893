"""From one person's landmarks to the motion record: sides, scale, angles, events, strides, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.capture.triangulation import triangulate
from core.domain.findings import worst_first
from core.domain.motion import Motion
from core.domain.recording import LandmarkTrack
from core.domain.twin import BodyParameters
from core.gait.cycles import cut_cycles
from core.gait.events import find_strides
from core.gait.measures import spatiotemporal
from core.gait.reference import gait_reference
from core.motion.body_landmarks import (
    Observation,
    observe_sagittal,
    observe_space,
    walked_part,
    walked_share,
)
from core.motion.findings import (
    MotionFacts,
    check_frame_rate,
    motion_findings,
    no_stride,
    one_of_several,
)
from core.motion.inverse_kinematics import solve_angles
from core.motion.measured_segments import measured_lengths_m
from core.motion.oblique_view import observe_oblique, view_angle_rad
from core.motion.side_swaps import exchange_all_sides, repair_sides
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
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion of one person from all cameras that saw it.

    Two or more calibrated cameras are triangulated; otherwise the camera that saw the walk from the side
    best is used alone, and the motion says so. `swap_sides` exchanges left and right throughout, when the
    clinician says that they are the wrong way round. `tick` hears the finished share and may raise to
    cancel. Raises MOT-001, -002, -003 or -010.
    """
    if swap_sides:
        tracks = tuple(exchange_all_sides(track) for track in tracks)
    repairs = [repair_sides(track) for track in tracks]
    calibrated = [repair for repair in repairs if repair.track.projection is not None]
    if len(calibrated) > 1:
        points = triangulate(tuple(repair.track for repair in calibrated))
        exchanged = max(repair.fraction for repair in calibrated)
        observation = observe_space(points.time_s, points.world_m, points.confidence)
        return _motion(observation, height_m, mass_kg, exchanged, synthetic, tick)
    best = max(repairs, key=lambda repair: walked_share(repair.track))
    observation = observe_walk(best.track, height_m)
    motion = _motion(observation, height_m, mass_kg, best.fraction, synthetic, tick)
    if len(repairs) == 1:
        return motion
    number = repairs.index(best) + 1
    return replace(motion, findings=worst_first((*motion.findings, one_of_several(number, len(repairs)))))


def observe_walk(track: LandmarkTrack, height_m: float) -> Observation:
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
    observation: Observation,
    height_m: float,
    mass_kg: float,
    exchanged_fraction: float,
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
        swapped_fraction=exchanged_fraction,
        findings=motion_findings(MotionFacts(observation, solution, strides, exchanged_fraction)),
        synthetic=synthetic,
    )
