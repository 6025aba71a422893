"""From one person's landmarks to the motion record: sides, scale, angles, events, strides, measures."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.arrays import FloatArray
from core.domain.motion import Motion
from core.domain.recording import LandmarkTrack
from core.domain.twin import BodyParameters
from core.gait.cycles import cut_cycles
from core.gait.events import find_strides
from core.gait.measures import spatiotemporal
from core.gait.reference import gait_reference
from core.twin.inverse_kinematics import solve_angles
from core.twin.motion_findings import MotionFacts, check_frame_rate, motion_findings, no_stride
from core.twin.observation import Observation, observe_sagittal, observe_space
from core.twin.segment_lengths import estimate_scale, lengths_by_name, measured_lengths_m
from core.twin.sides import exchange_all_sides, repair_sides

Tick = Callable[[float], None]


def _silent(_: float) -> None:
    return None


def motion_from_one_camera(
    track: LandmarkTrack,
    *,
    height_m: float,
    mass_kg: float,
    swap_sides: bool = False,
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion of a person seen from the side by one camera.

    `swap_sides` exchanges left and right throughout, when the clinician says that they are the wrong way
    round. `tick` hears the finished share and may raise to cancel. Raises MOT-001, -002, -003 or -010.
    """
    if swap_sides:
        track = exchange_all_sides(track)
    repair = repair_sides(track)
    observation = observe_sagittal(repair.track, height_m)
    return _motion(observation, height_m, mass_kg, repair.fraction, synthetic, tick)


def motion_from_points(
    time_s: FloatArray,
    world_m: FloatArray,
    confidence: FloatArray,
    *,
    height_m: float,
    mass_kg: float,
    exchanged_fraction: float = 0.0,
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion from triangulated landmarks (T, 33, 3) in metres, z up, and their confidence (T, 33)."""
    observation = observe_space(time_s, world_m, confidence)
    return _motion(observation, height_m, mass_kg, exchanged_fraction, synthetic, tick)


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
    scale = estimate_scale(lengths_m, height_m, one_camera=observation.planar)
    solution = solve_angles(observation, BodyParameters(height_m, mass_kg, scale), tick=tick)
    motion, feet = solution.kinematics, solution.feet
    strides = find_strides(feet)
    cycles = cut_cycles(motion.time_s, motion.angle_rad, strides)
    if not len(cycles[0].angle_rad) and not len(cycles[1].angle_rad):
        raise no_stride(feet)
    measures = spatiotemporal(feet, strides, width_seen=not observation.planar)
    reference = gait_reference(
        motion.time_s,
        motion.angle_rad,
        strides,
        speed_m_s=measures.speed_m_s,
        height_m=height_m,
        sagittal_only=observation.planar,
    )
    return Motion(
        kinematics=motion,
        strides=strides,
        measures=measures,
        cycles=cycles,
        reference=reference,
        segment_length_m=lengths_by_name(lengths_m, height_m),
        residual_m=solution.residual_m,
        sagittal_only=observation.planar,
        swapped_fraction=exchanged_fraction,
        findings=motion_findings(MotionFacts(observation, solution, strides, exchanged_fraction)),
        synthetic=synthetic,
    )
