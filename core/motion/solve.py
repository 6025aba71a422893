"""From one person's landmarks to the motion record: sides, scale, angles, events, strides, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.clock import AS_FAST_AS_LIFE, FilmClock
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import NO_STRIDE, GaitReference, Kinematics, Motion, Stride
from core.domain.recording import LandmarkTrack
from core.domain.sides_doubt import Sides, SideSource
from core.gait.cycles import cut_cycles
from core.gait.events import find_strides
from core.gait.measures import nothing_measured, spatiotemporal_over
from core.gait.reference import gait_reference
from core.gait.slow_motion import slow_motion_findings, too_slow_for_life
from core.motion.camera_sides import alike_in_all_cameras
from core.motion.course import Course
from core.motion.findings import (
    MotionFacts,
    SideDoubt,
    check_frame_rate,
    motion_findings,
    one_of_several,
)
from core.motion.observed import walked_fraction
from core.motion.side_swaps import (
    SideRepair,
    correct_side_swaps,
    exchange_all_sides,
    exchange_legs,
    leave_out_lost,
    most_doubtful,
)
from core.motion.trial import Trial, solve_one, solve_several
from core.twin.segment_lengths import lengths_by_name

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
    clock: FilmClock = AS_FAST_AS_LIFE,
    belt_speed_m_s: float | None = None,
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion of one person from all cameras that saw it.

    All calibrated cameras are used together; otherwise the camera that saw the walk from the side best is
    used alone, and the motion says so. `side_source` says whose left and right count, `swap_sides` exchanges
    them throughout, when the clinician says that they are the wrong way round, and `sides_by` is who said so:
    without a name a motion whose sides are in doubt stops the session (MOT-032). `belt_speed_m_s` is the
    speed of a treadmill, where it was read; on a treadmill without it the speed is found from the feet.
    `clock` says how many times slower than life the films play; without a name a walk that is too slow for
    its body stops the session (MOT-090). `tick` is called with the finished fraction and may raise to cancel.
    Raises MOT-001, -003 or -090, or what stops a trial anyhow where it has no stride.
    """
    tracks = tuple(in_life(track, clock) for track in tracks)
    sides = Sides(side_source, swap_sides, sides_by)
    repairs = _repaired(tracks)
    kept = [repair.exchanged * (side_source is SideSource.REPAIRED) for repair in repairs]
    used = [
        leave_out_lost(_with_sides(track, flags, swap=swap_sides), repair.lost_s)
        for track, flags, repair in zip(tracks, kept, repairs, strict=True)
    ]
    for track in used:
        check_frame_rate(track)
    calibrated = [number for number, track in enumerate(used) if track.projection is not None]
    if len(calibrated) > 1:
        seen = calibrated
        views = tuple(used[number] for number in seen)
        trial = solve_several(views, height_m, mass_kg, belt_m_s=belt_speed_m_s, tick=tick)
    else:
        seen = [max(range(len(used)), key=lambda number: walked_fraction(used[number]))]
        trial = solve_one(used[seen[0]], height_m, mass_kg, belt_m_s=belt_speed_m_s, tick=tick)
    doubt = _doubt_of([repairs[number] for number in seen], trial, sides)
    motion = replace(
        _motion(trial, doubt, clock, synthetic), leg_exchanges=tuple(kept), cameras_used=tuple(seen)
    )
    if len(seen) > 1 or len(used) == 1:
        return motion
    of_several = one_of_several(seen[0] + 1, len(used))
    return replace(motion, findings=worst_first((*motion.findings, of_several)))


def in_life(track: LandmarkTrack, clock: FilmClock) -> LandmarkTrack:
    """The track on the clock of the walk itself, where the film plays in slow motion."""
    return track if clock.slow_motion == 1.0 else replace(track, time_s=track.time_s / clock.slow_motion)


def _repaired(tracks: tuple[LandmarkTrack, ...]) -> list[SideRepair]:
    """Each camera's sides put right, and alike in those that are calibrated."""
    repairs = [correct_side_swaps(track) for track in tracks]
    calibrated = [number for number, track in enumerate(tracks) if track.projection is not None]
    if len(calibrated) > 1:
        own = [repairs[number] for number in calibrated]
        alike = alike_in_all_cameras([tracks[number] for number in calibrated], own)
        for number, repair in zip(calibrated, alike, strict=True):
            repairs[number] = repair
    return repairs


def _with_sides(track: LandmarkTrack, exchanged: FloatArray, *, swap: bool) -> LandmarkTrack:
    """Swapped after the repair: a repair that turned the whole trial would turn it back again."""
    taken = exchange_legs(track, exchanged)
    return exchange_all_sides(taken) if swap else taken


def _doubt_of(repairs: list[SideRepair], trial: Trial, sides: Sides) -> SideDoubt:
    """Exchanged is told of the trial or of the walk in it, whichever is worse: only the walk is measured."""
    spans = [(-np.inf, np.inf), *((float(part.time_s[0]), float(part.time_s[-1])) for part in trial.parts)]
    fraction = max(repair.fraction_between(*span) for repair in repairs for span in spans)
    repair = most_doubtful(repairs)
    evidence = repair.evidence.turned if sides.exchanged else repair.evidence
    return SideDoubt(sides, fraction, evidence, repair.jumping, repair.lost_s)


def _motion(trial: Trial, doubt: SideDoubt, clock: FilmClock, synthetic: bool) -> Motion:
    """The record of a trial; without strides when there is no complete one forward. Raises MOT-090."""
    kinematics = trial.kinematics()
    body = trial.body.parameters
    found = [(part.feet, find_strides(part.feet) if trial.walks else ()) for part in trial.parts]
    strides = tuple(stride for _, own in found for stride in own)
    cycles = cut_cycles(kinematics.time_s, kinematics.angle_rad, strides)
    if not any(len(side.angle_rad) for side in cycles):
        strides = ()
    findings = motion_findings(MotionFacts(trial, strides, doubt))
    _refuse_too_slow(trial, findings, clock)
    measures = spatiotemporal_over(found, width_seen=not trial.one_camera) if strides else nothing_measured()
    return Motion(
        kinematics=kinematics,
        strides=strides,
        measures=measures,
        cycles=cycles,
        reference=_reference(trial, kinematics, strides, measures.speed_m_s) if strides else None,
        segment_length_m=lengths_by_name(trial.lengths_m(), body.height_m),
        residual_m=trial.residual_m,
        sagittal_only=trial.one_camera,
        swapped_fraction=doubt.repaired_fraction,
        findings=worst_first((*findings, *_clock_findings(trial, clock))),
        clock=clock,
        synthetic=synthetic,
        sides_by=doubt.sides.by,
        side_evidence=doubt.evidence,
        belt_speed_m_s=trial.belt_m_s if trial.course is Course.IN_PLACE else None,
    )


def _clock_findings(trial: Trial, clock: FilmClock) -> tuple[Finding, ...]:
    """What the longest way tells of the film's clock."""
    longest = max(trial.parts, key=lambda part: len(part.time_s))
    height_m = trial.body.parameters.height_m
    return tuple(slow_motion_findings(longest.feet, height_m, clock)) if trial.walks else ()


def _refuse_too_slow(trial: Trial, findings: tuple[Finding, ...], clock: FilmClock) -> None:
    """Refuses (MOT-090) a walk in which only the film's clock can hide the strides."""
    if {f.advice.code for f in findings if f.severity is Severity.STOP} != {NO_STRIDE}:
        return
    longest = max(trial.parts, key=lambda part: len(part.time_s))
    refusal = too_slow_for_life(longest.feet, trial.body.parameters.height_m, clock)
    if refusal is not None:
        raise refusal


def _reference(
    trial: Trial, kinematics: Kinematics, strides: tuple[Stride, ...], speed_m_s: float
) -> GaitReference:
    return gait_reference(
        kinematics.time_s,
        kinematics.angle_rad,
        strides,
        speed_m_s=speed_m_s,
        height_m=trial.body.parameters.height_m,
        sagittal_only=trial.one_camera,
    )
