"""From the frames of one camera to the people in them.

One person is followed by the fast single-person tracker, while from time to time the whole picture is
searched for others. If there are others, the video is read again with a tracker for several people, the
detections are linked to one path per person, and each person is then followed alone with all others painted
over: otherwise the tracker switches between them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import numpy as np

from core.capture.follow import Follower, MaskCanvas, is_plausible, masked_out
from core.capture.people import Path, as_people, link, predicted_centre, track_of, without_duplicate_paths
from core.capture.pipeline import KEPT_FRAMES, ByteImage, Observe, TimedFrame, decoded_ahead
from core.capture.pose import Pose, PoseDetector, Searcher
from core.domain.recording import Person

OpenFrames = Callable[[], Iterator[TimedFrame]]
OpenDetector = Callable[[int, bool], PoseDetector]  # how many people, tracking or not
Report = Callable[[float], None]  # fraction of the work done; may raise to stop

_MOST_PEOPLE = 3
_FULL_SEARCHES = 4  # searches of the whole picture per video, while no other person was found
_CLOSE_SEARCH_EVERY = 6  # frames between searches, once another person was found
_SWITCH_DISTANCE = 0.6  # body heights; a longer jump of the tracked pose is an identity switch
_COARSE_STEP_S = 1.0 / 18.0  # separating people does not need every frame

# The search of the rest of a picture, and the pose followed in it.
_FullSearch = tuple[Future[tuple[Pose, ...]], Pose | None]


@dataclass(frozen=True, slots=True)
class DetectedPeople:
    """The people found in the video of one camera. Axis: T frames."""

    people: tuple[Person, ...]  # the one who walks most first; empty when no person was found
    time_s: tuple[float, ...]  # (T,)
    width_px: int
    height_px: int


@dataclass
class _Video:
    """One video that can be read several times; records the times of its frames in the first pass."""

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


def detect_people(
    open_frames: OpenFrames, open_detector: OpenDetector, *, expected: int, observe: Observe, report: Report
) -> DetectedPeople:
    """Find the people in one video.

    `open_frames` starts the video from its beginning each time; `expected` is the number of frames, used
    for progress only. `observe` sees each frame once, in the decoding thread.
    """
    with Searcher(lambda: open_detector(_MOST_PEOPLE, False)) as searcher:
        video = _Video(open_frames, open_detector, searcher, observe, expected)
        paths = _track_one(video, report)
        if paths is None:
            paths = _track_several(video, report)
    tracks = [track_of(path, video.time_s, *video.size_px) for path in paths]
    return DetectedPeople(as_people(tracks), tuple(video.time_s), *video.size_px)


def _track_one(video: _Video, report: Report) -> Sequence[Path] | None:
    """The paths found when at most one person is there; None as soon as a second one is evident."""
    searches: list[_FullSearch] = []
    switched = False
    next_search, search_every = 4, max(12, video.expected // _FULL_SEARCHES)
    with closing(video.frames()) as frames, video.open_detector(1, True) as tracker:
        follower = Follower(tracker, video.searcher)
        for number, time_s, image in frames:
            before = follower.recent_poses()
            pose = follower.step(number, time_s, image)
            switched = switched or _is_identity_switch(before, number, pose)
            found_others = _searches_with_others(searches)
            if number >= next_search:
                searches.append((_search_rest(video.searcher, masked_out(image, pose)), pose))
                next_search = number + (_CLOSE_SEARCH_EVERY if found_others else search_every)
            if switched or found_others >= 2:
                return None
            report(video.fraction(number))
        path = follower.complete_path()
        wait([search for search, _ in searches])
    if _searches_with_others(searches) >= 2:
        return None
    return _longest(link(video.time_s, [_pose_at(path, k) for k in range(len(video.time_s))]))


def _track_several(video: _Video, report: Report) -> Sequence[Path]:
    """Separate people in a first pass, then follow each of them alone in a second one."""
    coarse_paths = _separate_people(video, lambda fraction: report(0.4 * fraction))
    with ExitStack() as stack:
        frames = stack.enter_context(closing(video.frames()))
        pool = stack.enter_context(ThreadPoolExecutor(len(coarse_paths) or 1, thread_name_prefix="follow"))
        people = [
            _FollowedPerson(path, Follower(stack.enter_context(video.open_detector(1, True)), video.searcher))
            for path in coarse_paths
        ]
        for number, time_s, image in frames:
            list(pool.map(lambda person: person.step(number, time_s, image), people))  # noqa: B023 - used at once
            report(0.4 + 0.6 * video.fraction(number))
        fine = [person.follower.complete_path() for person in people]
    return without_duplicate_paths(
        [_refined(path, found) for path, found in zip(coarse_paths, fine, strict=True)]
    )


def _separate_people(video: _Video, report: Report) -> list[Path]:
    """The paths of the people, from some of the frames."""
    detections: list[tuple[Pose, ...]] = []
    last_detection_s = -1.0
    with closing(video.frames()) as frames, video.open_detector(_MOST_PEOPLE, True) as tracker:
        for number, time_s, image in frames:
            due = time_s - last_detection_s >= _COARSE_STEP_S
            detections.append(tracker.detect(image, time_s) if due else ())
            last_detection_s = time_s if due else last_detection_s
            report(video.fraction(number))
    return _longest(without_duplicate_paths(link(video.time_s, detections)))


@dataclass
class _FollowedPerson:
    """One of several people, followed with the others painted over."""

    coarse: Path
    follower: Follower
    canvas: MaskCanvas = field(default_factory=MaskCanvas)

    def step(self, number: int, time_s: float, image: ByteImage) -> None:
        if min(self.coarse) - KEPT_FRAMES <= number <= max(self.coarse) + KEPT_FRAMES:
            self.follower.step(number, time_s, self.canvas.masked_except(image, self.coarse, number))


def _refined(coarse: Path, fine: Path) -> Path:
    """The finer pose wherever it is the same person, the coarse one elsewhere."""
    size = float(np.median([pose.size_px for pose in coarse.values()]))
    same = {
        number: pose
        for number, pose in fine.items()
        if is_plausible(pose, predicted_centre(coarse, number), size)
    }
    return coarse | same


def _longest(paths: Sequence[Path]) -> list[Path]:
    """The few people seen in most frames; a handful of frames is noise."""
    return sorted((path for path in paths if len(path) >= 5), key=len, reverse=True)[: _MOST_PEOPLE + 1]


def _search_rest(searcher: Searcher, image: ByteImage) -> Future[tuple[Pose, ...]]:
    return searcher.submit(lambda detector: detector.detect(image))


def _is_identity_switch(before: Path, number: int, pose: Pose | None) -> bool:
    """True when the followed pose jumped further than a person can: another one is tracked now."""
    if pose is None or not before or number - max(before) > 3:
        return False
    distance = float(np.linalg.norm(pose.centre_px - predicted_centre(before, number)))
    return distance > _SWITCH_DISTANCE * before[max(before)].size_px


def _searches_with_others(searches: Sequence[_FullSearch]) -> int:
    """In how many of the searched pictures a person other than the followed one was found."""
    done = [(search.result(), followed) for search, followed in searches if search.done()]
    return sum(_has_other_person(found, followed) for found, followed in done)


def _has_other_person(found: Sequence[Pose], followed: Pose | None) -> bool:
    if followed is None:
        return len(found) > 1
    distances = [float(np.linalg.norm(pose.centre_px - followed.centre_px)) for pose in found]
    return any(distance > _SWITCH_DISTANCE * followed.size_px for distance in distances)


def _pose_at(path: Path, number: int) -> tuple[Pose, ...]:
    return (path[number],) if number in path else ()
