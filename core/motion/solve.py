"""From one person's landmarks to the motion record: sides, scale, angles, events, strides, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.clock import AS_FAST_AS_LIFE, FilmClock
from core.domain.findings import Finding, Severity, worst_first
from core.domain.gait_events import WayWalked
from core.domain.motion import NO_STRIDE, GaitReference, Kinematics, Motion, Stride
from core.domain.recording import LandmarkTrack, with_sides_exchanged
from core.domain.sides_doubt import AS_REPAIRED, Sides, SideSource
from core.gait.cycles import cut_cycles
from core.gait.events import find_events
from core.gait.measures import nothing_measured, spatiotemporal_over
from core.gait.reference import gait_reference, whole_body_seen
from core.gait.slow_motion import slow_motion_findings, too_slow_for_life
from core.gait.strides import WalkedStrides, strides_in_turns
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
    exchange_legs,
    leave_out_lost,
    most_doubtful,
)
from core.motion.trial import Trial, solve_trial
from core.twin.segment_lengths import lengths_by_name

Tick = Callable[[float], None]


def _silent(_: float) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a person said about a trial; where nothing was said, it is taken as it looks."""

    sides: Sides = AS_REPAIRED  # sides in doubt stop the session without the name of who said it (MOT-032)
    clock: FilmClock = AS_FAST_AS_LIFE  # likewise a walk that is too slow for its body (MOT-090)
    belt_speed_m_s: float | None = None  # as a treadmill shows it; None: found from the feet on it


NOTHING_STATED = Stated()


def motion_from_tracks(
    tracks: tuple[LandmarkTrack, ...],
    *,
    height_m: float,
    mass_kg: float,
    stated: Stated = NOTHING_STATED,
    synthetic: bool = False,
    tick: Tick = _silent,
) -> Motion:
    """Motion of one person from all cameras that saw it.

    All calibrated cameras are used together; otherwise the camera that saw the walk from the side best is
    used alone, and the motion says so. `tick` is called with the finished fraction and may raise to cancel.
    Raises MOT-001, -003 or -090.
    """
    tracks = tuple(in_life(track, stated.clock) for track in tracks)
    repairs, sides = _repaired(tracks), stated.sides
    kept = [repair.exchanged * (sides.source is SideSource.REPAIRED) for repair in repairs]
    used = [
        leave_out_lost(_with_sides(track, flags, swap=sides.exchanged), repair.lost_s)
        for track, flags, repair in zip(tracks, kept, repairs, strict=True)
    ]
    for track in used:
        check_frame_rate(track)
    seen = _cameras_used(used)
    views = tuple(used[number] for number in seen)
    trial = solve_trial(views, height_m, mass_kg, belt_m_s=stated.belt_speed_m_s, tick=tick)
    doubt = _doubt_of([repairs[number] for number in seen], trial, sides)
    motion = _motion(trial, doubt, stated.clock, synthetic)
    motion = replace(motion, leg_exchanges=tuple(kept), cameras_used=seen)
    if len(seen) > 1 or len(used) == 1:
        return motion
    of_several = one_of_several(seen[0] + 1, len(used))
    return replace(motion, findings=worst_first((*motion.findings, of_several)))


def _cameras_used(tracks: list[LandmarkTrack]) -> tuple[int, ...]:
    """All calibrated cameras where there are several, else the one that saw the walk from the side best."""
    calibrated = tuple(number for number, track in enumerate(tracks) if track.projection is not None)
    if len(calibrated) > 1:
        return calibrated
    return (max(range(len(tracks)), key=lambda number: walked_fraction(tracks[number])),)


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
    return with_sides_exchanged(taken) if swap else taken


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
    ways = tuple(WayWalked(part.feet, find_events(part.feet)) for part in trial.parts if trial.walks)
    found = [WalkedStrides(way, strides_in_turns(way.events)) for way in ways]
    strides = tuple(stride for one in found for stride in one.strides)
    if not whole_body_seen(kinematics.time_s, kinematics.angle_rad, strides):
        strides = ()
    cycles = cut_cycles(kinematics.time_s, kinematics.angle_rad, strides)
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
        ways=ways,
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
