"""Small records as the jobs would write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.body import JOINTS, SIDES, JointKind, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.findings import Finding, Severity
from core.domain.motion import (
    GaitCycles,
    GaitReference,
    Kinematics,
    Motion,
    SideMeasures,
    Spatiotemporal,
    Spread,
    Stride,
)
from core.domain.recording import (
    CameraVerdict,
    Landmarks,
    LandmarkTrack,
    Person,
    Recording,
    Synchronised,
    VideoFile,
)
from core.domain.sides_doubt import doubt_of_sides
from core.errors import Advice
from core.gait.measures import nothing_measured

FRAMES, RATE_HZ = 60, 30.0
CLOCKS = (Synchronised(0.41, 1.2e-4, 6.5, 0.9), Synchronised(-0.2, float("nan"), 8.0, 0.2))


def finding(severity: Severity = Severity.WARNING, code: str = "CAP-099") -> Finding:
    return Finding(severity, Advice("The picture is dark.", "Little light.", "Switch on a lamp.", code))


def recording() -> Recording:
    return Recording((VideoFile("walk.mp4", FRAMES, RATE_HZ, 640, 360),), "file")


def track() -> LandmarkTrack:
    """One person gliding through the picture."""
    time_s = np.arange(FRAMES) / RATE_HZ
    points = np.zeros((FRAMES, 33, 2))
    points[..., 0] = np.linspace(100, 500, FRAMES)[:, None]
    points[..., 1] = np.linspace(60, 300, 33)[None, :]
    return LandmarkTrack(time_s, points, np.zeros((FRAMES, 33, 3)), np.ones((FRAMES, 33)), 640, 360)


def landmarks(people: int = 1, findings: tuple[Finding, ...] = ()) -> Landmarks:
    found = tuple(Person(f"Person {n + 1}", 0.98, 400.0, (track(),)) for n in range(people))
    return Landmarks(found, 0, "only person" if people == 1 else "walks most", findings)


def several_cameras() -> Landmarks:
    """Four videos: the second and third start at other times, the last one saw nobody."""
    seen = (track(), *(replace(track(), sync=sync) for sync in CLOCKS))
    projected = tuple(replace(one, projection=np.eye(3, 4)) for one in seen)
    person = Person("Person 1", 0.98, 400.0, projected, (0, 1, 2))
    verdicts = (
        CameraVerdict(1.0, None, RATE_HZ, ""),
        *(CameraVerdict(0.97, sync, RATE_HZ, "") for sync in CLOCKS),
        CameraVerdict(0.0, None, RATE_HZ, "It saw nobody.", "cam04"),
    )
    return Landmarks((person,), 0, "only person", (), cameras=verdicts)


def doubtful_motion() -> Motion:
    """All knees and feet exchanged, and not confirmed by a person."""
    flags = (np.ones((FRAMES, 2)),)
    return replace(motion((doubt_of_sides(1.0),)), swapped_fraction=1.0, leg_exchanges=flags)


def motion(findings: tuple[Finding, ...] = ()) -> Motion:
    """Two strides of each leg, one second each; the right leg half a second later."""
    time_s = np.arange(FRAMES) / RATE_HZ
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, 1))
    strides = (
        Stride(Side.LEFT, 0.0, 0.6, 1.0),
        Stride(Side.RIGHT, 0.5, 1.1, 1.5),
    )
    return Motion(
        kinematics=Kinematics(time_s, np.zeros((FRAMES, len(JOINTS))), np.zeros((FRAMES, 3)), upright),
        strides=strides,
        measures=Spatiotemporal(1.21, 108.0, None, (_measures(Side.LEFT), _measures(Side.RIGHT)), 0.96),
        cycles=(_cycles(Side.LEFT), _cycles(Side.RIGHT)),
        reference=GaitReference(1.0, 1.21, np.zeros((100, len(JOINTS)))),
        segment_length_m={"thigh": 0.41},
        residual_m=0.03,
        sagittal_only=True,
        swapped_fraction=0.0,
        findings=findings,
    )


def with_spread(solved: Motion, sd_rad: float = 0.05) -> Motion:
    """A motion whose angles have a standard deviation, as they have today."""
    kinematics = solved.kinematics
    return replace(
        solved, kinematics=replace(kinematics, spread_rad=np.full_like(kinematics.angle_rad, sd_rad))
    )


def squat_motion() -> Motion:
    """Two seconds of a squat: knees bend to 90 degrees and stretch again."""
    stop = Finding(
        Severity.STOP, Advice("No walk was seen in this recording.", "No steps.", "Record a walk.", "MOT-072")
    )
    solved = with_spread(motion((stop,)))
    angle = np.zeros_like(solved.kinematics.angle_rad)
    knees = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]
    angle[:, knees] = (np.pi / 4 * (1.0 - np.cos(np.linspace(0.0, 2.0 * np.pi, FRAMES))))[:, None]
    nothing = np.zeros((0, 101, len(JointKind)))
    return replace(
        solved,
        kinematics=replace(solved.kinematics, angle_rad=angle),
        strides=(),
        measures=nothing_measured(),
        cycles=(GaitCycles(Side.LEFT, nothing, np.nan), GaitCycles(Side.RIGHT, nothing, np.nan)),
        reference=None,
    )


def _measures(side: Side) -> SideMeasures:
    return SideMeasures(side, 5, Spread(0.62, 0.02), Spread(1.10, 0.03), Spread(0.61, 0.02))


def _cycles(side: Side) -> GaitCycles:
    wave = 0.5 * np.sin(np.linspace(0, 2 * np.pi, 101))
    angles = np.repeat(wave[:, None], len(JointKind), axis=1)
    return GaitCycles(side, np.stack([angles, 1.05 * angles]), 0.62)


def emg() -> EmgEnvelopes:
    time_s = np.arange(0, 2, 0.01)
    sites = [ChannelSite(muscle, side) for side in SIDES for muscle in list(EmgMuscle)[:3]]
    channels = tuple(ChannelQuality(f"ch{n}", site, "good", 24.0, 0.0, 0.05) for n, site in enumerate(sites))
    envelope = np.abs(np.sin(time_s[:, None] * (1 + np.arange(len(sites)))[None, :]))
    return EmgEnvelopes(time_s, envelope, channels, "recorded maximum", 1000.0, "walk.csv", ())
