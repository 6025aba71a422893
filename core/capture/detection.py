"""From the frames of one camera to the people in them.

One person is followed by the fast single-person tracker, while now and then the whole picture is searched
for others. If there are others, the video is looked at again with a tracker for several people, they are
told apart, and each is then followed alone with everybody else painted over: otherwise the tracker hops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import numpy as np

from core.capture.follow import Follower, fits, only_around
from core.capture.people import Path, as_people, link, one_path_each, predicted_centre, track_of
from core.capture.pipeline import ByteImage, Observe, TimedFrame, decoded_ahead
from core.capture.pose import Pose, PoseDetector, Searcher
from core.domain.recording import Person

OpenFrames = Callable[[], Iterator[TimedFrame]]
OpenDetector = Callable[[int, bool], PoseDetector]  # how many people, tracking or not
Report = Callable[[float], None]  # share of the work done; may raise to stop

_MOST_PEOPLE = 3
_SCOUTS = 4  # looks at the whole picture per video, when nobody else is suspected
_SUSPICIOUS_EVERY = 6  # frames between looks, once somebody else was seen
_HOP = 0.6  # the followed person jumps by this share of the body height: it is somebody else


@dataclass(frozen=True, slots=True)
class Seen:
    """What one camera saw. Axis: T frames."""

    people: tuple[Person, ...]  # who walks furthest first; empty when nobody was seen
    time_s: tuple[float, ...]  # (T,)
    width_px: int
    height_px: int


@dataclass
class _Clock:
    """Frame times and size, noted by whichever pass reads the video to its end first."""

    time_s: list[float] = field(default_factory=list)
    size_px: tuple[int, int] = (0, 0)

    def note(self, number: int, time_s: float, image: ByteImage) -> None:
        if number == len(self.time_s):
            self.time_s.append(time_s)
            self.size_px = (image.shape[1], image.shape[0])


def see_people(
    open_frames: OpenFrames, open_detector: OpenDetector, *, expected: int, observe: Observe, report: Report
) -> Seen:
    """Find the people in one video.

    `open_frames` starts the video from its beginning each time; `expected` is the number of frames, used
    for progress only. `observe` sees each frame once, in the decoding thread.
    """
    clock = _Clock()
    observed = _once(observe)
    with ExitStack() as stack:
        searcher = stack.enter_context(Searcher(lambda: open_detector(_MOST_PEOPLE, False)))
        paths = _follow_one(open_frames, open_detector, searcher, clock, expected, observed, report)
        if paths is None:
            paths = _follow_several(open_frames, open_detector, searcher, clock, expected, observed, report)
    tracks = [track_of(path, clock.time_s, *clock.size_px) for path in paths]
    return Seen(as_people(tracks), tuple(clock.time_s), *clock.size_px)


def _follow_one(
    open_frames: OpenFrames,
    open_detector: OpenDetector,
    searcher: Searcher,
    clock: _Clock,
    expected: int,
    observe: Observe,
    report: Report,
) -> Sequence[Path] | None:
    """The paths found when at most one person is there; None as soon as a second one is evident."""
    scouted: list[tuple[Future[tuple[Pose, ...]], Pose | None]] = []
    hopped = False
    next_scout, calm_every = 4, max(12, expected // _SCOUTS)
    with closing(decoded_ahead(open_frames(), observe)) as frames, open_detector(1, True) as tracker:
        follower = Follower(tracker, searcher)
        for number, time_s, image in frames:
            clock.note(number, time_s, image)
            before = dict(list(follower.path.items())[-5:])
            pose = follower.step(number, time_s, image)
            hopped = hopped or _hop(before, number, pose)
            others = _others(scouted)
            if number >= next_scout:
                scouted.append((searcher.detect_later(image.copy()), pose))
                next_scout = number + (_SUSPICIOUS_EVERY if others else calm_every)
            if hopped or others >= 2:
                return None
            report(number / max(expected, 1))
        wait([search for search, _ in scouted])
    if _others(scouted) >= 2:
        return None
    return _longest(link(clock.time_s, [_at(follower.path, k) for k in range(len(clock.time_s))]))


def _follow_several(
    open_frames: OpenFrames,
    open_detector: OpenDetector,
    searcher: Searcher,
    clock: _Clock,
    expected: int,
    observe: Observe,
    report: Report,
) -> Sequence[Path]:
    """Tell people apart in a first pass, then follow each of them alone in a second one."""
    seen: list[tuple[Pose, ...]] = []
    with (
        closing(decoded_ahead(open_frames(), observe)) as frames,
        open_detector(_MOST_PEOPLE, True) as tracker,
    ):
        for number, time_s, image in frames:
            clock.note(number, time_s, image)
            seen.append(tracker.detect(image, time_s))
            report(0.5 * number / max(expected, 1))
    rough = _longest(link(clock.time_s, seen))
    with ExitStack() as stack:
        frames = stack.enter_context(closing(decoded_ahead(open_frames(), _ignore)))
        trackers = [stack.enter_context(open_detector(1, True)) for _ in rough]
        followers = [Follower(tracker, searcher) for tracker in trackers]
        for number, time_s, image in frames:
            for path, follower in zip(rough, followers, strict=True):
                if min(path) - 15 <= number <= max(path) + 15:
                    # A fresh canvas: the follower may look back at it.
                    follower.step(number, time_s, only_around(image, path, number, np.empty_like(image)))
            report(0.5 + 0.5 * number / max(expected, 1))
    return one_path_each(
        [_merged(path, follower.path) for path, follower in zip(rough, followers, strict=True)]
    )


def _merged(rough: Path, fine: Path) -> Path:
    """The finer pose wherever it is the same person, the rough one elsewhere."""
    size = float(np.median([pose.size_px for pose in rough.values()]))
    same = {
        number: pose for number, pose in fine.items() if fits(pose, predicted_centre(rough, number), size)
    }
    return rough | same


def _longest(paths: Sequence[Path]) -> list[Path]:
    """The few people seen in most frames; a handful of frames is noise."""
    return sorted((path for path in paths if len(path) >= 5), key=len, reverse=True)[: _MOST_PEOPLE + 1]


def _hop(before: Path, number: int, pose: Pose | None) -> bool:
    """True when the followed person jumped further than a person can: it is somebody else now."""
    if pose is None or not before or number - max(before) > 3:
        return False
    distance = float(np.linalg.norm(pose.centre_px - predicted_centre(before, number)))
    return distance > _HOP * before[max(before)].size_px


def _others(scouted: Sequence[tuple[Future[tuple[Pose, ...]], Pose | None]]) -> int:
    """In how many of the searched pictures somebody else than the followed person was seen."""
    done = [(search.result(), followed) for search, followed in scouted if search.done()]
    return sum(_somebody_else(found, followed) for found, followed in done)


def _somebody_else(found: Sequence[Pose], followed: Pose | None) -> bool:
    if followed is None:
        return len(found) > 1
    distances = [float(np.linalg.norm(pose.centre_px - followed.centre_px)) for pose in found]
    return any(distance > _HOP * followed.size_px for distance in distances)


def _at(path: Path, number: int) -> tuple[Pose, ...]:
    return (path[number],) if number in path else ()


def _once(observe: Observe) -> Observe:
    """Pass each frame on only the first time it is seen."""
    passed = -1

    def observe_new(number: int, time_s: float, image: ByteImage) -> None:
        nonlocal passed
        if number > passed:
            passed = number
            observe(number, time_s, image)

    return observe_new


def _ignore(number: int, time_s: float, image: ByteImage) -> None:
    return None
