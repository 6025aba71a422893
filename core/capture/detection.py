"""From the frames of one camera to the people in them.

One person is followed by the fast single-person tracker, while now and then the whole picture is searched
for others. If there are others, the video is looked at again with a tracker for several people, they are
told apart, and each is then followed alone with everybody else painted over: otherwise the tracker hops.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import numpy as np

from core.capture.follow import Canvas, Follower, fits, without
from core.capture.people import Path, as_people, link, one_path_each, predicted_centre, track_of
from core.capture.pipeline import KEPT, ByteImage, Observe, TimedFrame, decoded_ahead
from core.capture.pose import Pose, PoseDetector, Searcher
from core.domain.recording import Person

OpenFrames = Callable[[], Iterator[TimedFrame]]
OpenDetector = Callable[[int, bool], PoseDetector]  # how many people, tracking or not
Report = Callable[[float], None]  # share of the work done; may raise to stop

_MOST_PEOPLE = 3
_SCOUTS = 4  # looks at the whole picture per video, when nobody else is suspected
_SUSPICIOUS_EVERY = 6  # frames between looks, once somebody else was seen
_HOP = 0.6  # the followed person jumps by this share of the body height: it is somebody else
_ROUGH_STEP_S = 1.0 / 18.0  # telling people apart does not need every frame

_Scouted = tuple[Future[tuple[Pose, ...]], Pose | None]  # a look at the whole picture, and who was followed


@dataclass(frozen=True, slots=True)
class Seen:
    """What one camera saw. Axis: T frames."""

    people: tuple[Person, ...]  # who walks furthest first; empty when nobody was seen
    time_s: tuple[float, ...]  # (T,)
    width_px: int
    height_px: int


@dataclass
class _Video:
    """One video that can be looked at several times; notes the times of its frames on the way."""

    open_frames: OpenFrames
    open_detector: OpenDetector
    searcher: Searcher
    observe: Observe
    expected: int
    time_s: list[float] = field(default_factory=list)
    size_px: tuple[int, int] = (0, 0)

    def frames(self) -> Generator[tuple[int, float, ByteImage], None, None]:
        with closing(decoded_ahead(self.open_frames(), self._once)) as frames:
            yield from frames

    def fraction(self, number: int) -> float:
        return min(1.0, number / max(self.expected, 1))

    def _once(self, number: int, time_s: float, image: ByteImage) -> None:
        """Pass a frame on only the first time it is decoded."""
        if number == len(self.time_s):
            self.time_s.append(time_s)
            self.size_px = (image.shape[1], image.shape[0])
            self.observe(number, time_s, image)


def see_people(
    open_frames: OpenFrames, open_detector: OpenDetector, *, expected: int, observe: Observe, report: Report
) -> Seen:
    """Find the people in one video.

    `open_frames` starts the video from its beginning each time; `expected` is the number of frames, used
    for progress only. `observe` sees each frame once, in the decoding thread.
    """
    with Searcher(lambda: open_detector(_MOST_PEOPLE, False)) as searcher:
        video = _Video(open_frames, open_detector, searcher, observe, expected)
        paths = _follow_one(video, report)
        if paths is None:
            paths = _follow_several(video, report)
    tracks = [track_of(path, video.time_s, *video.size_px) for path in paths]
    return Seen(as_people(tracks), tuple(video.time_s), *video.size_px)


def _follow_one(video: _Video, report: Report) -> Sequence[Path] | None:
    """The paths found when at most one person is there; None as soon as a second one is evident."""
    scouted: list[_Scouted] = []
    hopped = False
    next_scout, calm_every = 4, max(12, video.expected // _SCOUTS)
    with closing(video.frames()) as frames, video.open_detector(1, True) as tracker:
        follower = Follower(tracker, video.searcher)
        for number, time_s, image in frames:
            before = follower.lately()
            pose = follower.step(number, time_s, image)
            hopped = hopped or _hop(before, number, pose)
            others = _others(scouted)
            if number >= next_scout:
                scouted.append((_scout(video.searcher, without(image, pose)), pose))
                next_scout = number + (_SUSPICIOUS_EVERY if others else calm_every)
            if hopped or others >= 2:
                return None
            report(video.fraction(number))
        path = follower.finished()
        wait([search for search, _ in scouted])
    if _others(scouted) >= 2:
        return None
    return _longest(link(video.time_s, [_at(path, k) for k in range(len(video.time_s))]))


def _follow_several(video: _Video, report: Report) -> Sequence[Path]:
    """Tell people apart in a first pass, then follow each of them alone in a second one."""
    rough = _tell_apart(video, lambda fraction: report(0.4 * fraction))
    with ExitStack() as stack:
        frames = stack.enter_context(closing(video.frames()))
        together = stack.enter_context(ThreadPoolExecutor(len(rough) or 1, thread_name_prefix="follow"))
        alone = [
            _Alone(path, Follower(stack.enter_context(video.open_detector(1, True)), video.searcher))
            for path in rough
        ]
        for number, time_s, image in frames:
            list(together.map(lambda one: one.step(number, time_s, image), alone))  # noqa: B023 - used at once
            report(0.4 + 0.6 * video.fraction(number))
        fine = [one.follower.finished() for one in alone]
    return one_path_each([_merged(path, found) for path, found in zip(rough, fine, strict=True)])


def _tell_apart(video: _Video, report: Report) -> list[Path]:
    """The paths of the people, from some of the frames."""
    seen: list[tuple[Pose, ...]] = []
    looked_s = -1.0
    with closing(video.frames()) as frames, video.open_detector(_MOST_PEOPLE, True) as tracker:
        for number, time_s, image in frames:
            due = time_s - looked_s >= _ROUGH_STEP_S
            seen.append(tracker.detect(image, time_s) if due else ())
            looked_s = time_s if due else looked_s
            report(video.fraction(number))
    return _longest(one_path_each(link(video.time_s, seen)))


@dataclass
class _Alone:
    """One of several people, followed with the others painted over."""

    rough: Path
    follower: Follower
    canvas: Canvas = field(default_factory=Canvas)

    def step(self, number: int, time_s: float, image: ByteImage) -> None:
        if min(self.rough) - KEPT <= number <= max(self.rough) + KEPT:
            self.follower.step(number, time_s, self.canvas.only_around(image, self.rough, number))


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


def _scout(searcher: Searcher, image: ByteImage) -> Future[tuple[Pose, ...]]:
    return searcher.later(lambda detector: detector.detect(image))


def _hop(before: Path, number: int, pose: Pose | None) -> bool:
    """True when the followed person jumped further than a person can: it is somebody else now."""
    if pose is None or not before or number - max(before) > 3:
        return False
    distance = float(np.linalg.norm(pose.centre_px - predicted_centre(before, number)))
    return distance > _HOP * before[max(before)].size_px


def _others(scouted: Sequence[_Scouted]) -> int:
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
