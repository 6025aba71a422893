"""Video recordings, and the landmarks detected in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.calibration import Camera
from core.domain.condition import Condition
from core.domain.findings import Finding


class Landmark(Enum):
    """MediaPipe's 33 pose landmarks; the value is the index on every landmark axis."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


LANDMARK_COUNT = len(Landmark)
HEADS_HIDDEN = "CAP-035"  # the finding that heads were hidden


def frame_rate_hz(time_s: Sequence[float] | FloatArray) -> float:
    """Frames per second from the times (T,) of at least two frames; pauses and dropped frames do not count.

    The mean of the steps near the median: containers round times to milliseconds, which the median alone
    would turn into 30.3 instead of 30 frames/s.
    """
    steps = np.diff(np.asarray(time_s, dtype=float))
    median = float(np.median(steps))
    return 1.0 / float(np.mean(steps[np.abs(steps - median) <= 0.5 * median]))


@dataclass(frozen=True, slots=True)
class VideoFile:
    """One imported video, stored in the record's folder under `name`."""

    name: str
    frames: int
    fps_hz: float  # from the timestamps, not from the header
    width_px: int
    height_px: int
    camera: str = ""  # what the file was called, as far as that names the camera ("cam01"), never all of it
    turn_deg: int = 0  # clockwise, by which the file's pictures are turned upright; sizes are after it

    @property
    def duration_s(self) -> float:
        return self.frames / self.fps_hz


@dataclass(frozen=True, slots=True)
class Recording:
    """Videos of one walk, all of the same moment when there are several."""

    videos: tuple[VideoFile, ...]
    source: str  # "file", "camera" or "synthetic"
    findings: tuple[Finding, ...] = ()
    heads_hidden: bool = False
    condition: Condition = Condition.NOT_STATED


SURE = 0.35  # a clock that is less sure should be looked at by a person


@dataclass(frozen=True, slots=True)
class Synchronised:
    """How one camera's clock runs against that of the first camera of its recording."""

    offset_s: float  # the first camera's time at this one's time 0
    drift: float  # how much faster the first clock runs, 1e-4 = 0.1 ms/s; NaN: clips too short to tell
    residual_px: float  # typical distance between the two cameras' views; NaN without a calibration
    sure: float  # 0..1: how well the movements agree, less where another offset agrees nearly as well

    @property
    def is_sure(self) -> bool:
        """Whether the offset can be relied on; else another one fits nearly as well."""
        return self.sure >= SURE

    def reference_s(self, time_s: FloatArray) -> FloatArray:
        """The first camera's times (T,) at times (T,) of this one; an unknown drift counts as none."""
        return np.asarray(self.offset_s + self._rate * time_s)

    def own_s(self, reference_s: FloatArray) -> FloatArray:
        """Times (T,) of this camera at times (T,) of the first one."""
        return np.asarray((reference_s - self.offset_s) / self._rate)

    @property
    def _rate(self) -> float:
        return 1.0 if np.isnan(self.drift) else 1.0 + self.drift


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkTrack:
    """One person seen by one camera. Axes: T frames, 33 landmarks."""

    time_s: FloatArray  # (T,) strictly increasing
    image_px: FloatArray  # (T, 33, 2) x right, y down; NaN where not seen
    world_m: FloatArray  # (T, 33, 3) hip-centred metres, MediaPipe's axes (x right, y down, z away); NaN
    visibility: FloatArray  # (T, 33) 0..1, 0 where not seen
    width_px: int
    height_px: int
    projection: FloatArray | None = None  # (3, 4) world (z up, metres) -> pixels; None when not calibrated
    camera: Camera | None = None  # gives the projection, of straightened pixels; `image_px` stay as filmed
    sync: Synchronised | None = None  # None: `time_s` are the first camera's, or nothing is known

    def __post_init__(self) -> None:
        frames = len(np.asarray(self.time_s))
        frozen(self, "time_s", (frames,))
        frozen(self, "image_px", (frames, LANDMARK_COUNT, 2))
        frozen(self, "world_m", (frames, LANDMARK_COUNT, 3))
        frozen(self, "visibility", (frames, LANDMARK_COUNT))
        if self.camera is not None:
            object.__setattr__(self, "projection", self.camera.projection)
        if self.projection is not None:
            frozen(self, "projection", (3, 4))
        if frames > 1 and not (np.diff(self.time_s) > 0).all():
            raise ValueError("LandmarkTrack.time_s must increase strictly")

    @property
    def detected_fraction(self) -> float:
        """Fraction of frames in which the person was detected."""
        return (
            float(np.isfinite(self.image_px[:, Landmark.LEFT_HIP.value, 0]).mean())
            if len(self.time_s)
            else 0.0
        )


_SIDE_PAIRS = (
    *((one, Landmark[one.name.replace("LEFT", "RIGHT")]) for one in Landmark if one.name.startswith("LEFT_")),
    (Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT),
)


def with_sides_exchanged(track: LandmarkTrack) -> LandmarkTrack:
    """The same with every left landmark called right, and the other way round."""
    order = np.arange(LANDMARK_COUNT)
    for left, right in _SIDE_PAIRS:
        order[[left.value, right.value]] = right.value, left.value
    return replace(
        track,
        image_px=track.image_px[:, order],
        world_m=track.world_m[:, order],
        visibility=track.visibility[:, order],
    )


def body_size_px(track: LandmarkTrack) -> float:
    """How tall the body between shoulders and ankles is in a picture, whatever side it is seen from."""
    shoulders, ankles = (
        track.image_px[:, (Landmark[f"LEFT_{part}"].value, Landmark[f"RIGHT_{part}"].value), 1].mean(axis=1)
        for part in ("SHOULDER", "ANKLE")
    )
    tall = np.abs(ankles - shoulders)
    return max(1.0, float(np.median(tall[np.isfinite(tall)]))) if np.isfinite(tall).any() else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person found in a recording, with one track per camera that saw this person."""

    label: str  # "Person 1, walks to the left"
    seen_fraction: float
    walked_distance_px: float
    tracks: tuple[LandmarkTrack, ...]
    videos: tuple[int, ...] = ()  # number of each track's video; empty: the first ones in their order

    def track_in(self, video: int) -> LandmarkTrack | None:
        """What the camera of this video, counted from 0, saw of the person."""
        videos = self.videos or tuple(range(len(self.tracks)))
        return self.tracks[videos.index(video)] if video in videos else None


@dataclass(frozen=True, slots=True)
class CameraVerdict:
    """What became of one camera of several."""

    seen_fraction: float  # of its pictures, with the patient in them
    sync: Synchronised | None  # None: it gives the time, or its clock is not known
    rate_hz: float  # pictures per second
    left_out: str  # why it is not used; empty where it is used
    name: str = ""  # as its video's file or its calibration calls it; empty where neither tells

    @property
    def offset_frames(self) -> float:
        """The offset of its clock in pictures of this camera."""
        return 0.0 if self.sync is None else self.sync.offset_s * self.rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The people of one recording, and which of them is the patient."""

    people: tuple[Person, ...]
    chosen: int
    chosen_by: str  # "only person", "walks most" (earlier "walks furthest"), "clinician"
    findings: tuple[Finding, ...]
    synthetic: bool = False
    cameras: tuple[CameraVerdict, ...] = ()  # one per video; empty for a single video

    @property
    def patient(self) -> Person:
        return self.people[self.chosen]
