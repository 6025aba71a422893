"""Track association: link the poses of single frames to people, and find out which of them walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.capture.pose import Pose
from core.capture.walk_seen import LEAST_PASS, WalkSeen, walk_seen
from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.domain.recording import LANDMARK_COUNT, LandmarkTrack, Person
from core.errors import Advice

Path = dict[int, Pose]  # frame number -> pose of one person

_GATE = 0.6  # a person moves at most this fraction of the body height between two frames, plus...
_GATE_GROWTH_PER_S = 1.2  # ...this fraction per second without a detection
_LONGEST_GAP_S = 1.0
_LONGEST_STITCH_S = 1.5
_LEAST_FRAMES = 3  # what flashes up in one or two frames is not a person
_SAME_PERSON = 0.2  # two poses of one frame closer than this fraction of the body height are one person
_CLEAR_WALK_HEIGHTS = 1.5
_CLEAR_STEPS = 2
_CLEAR_LEAD = 1.5
_LONGER = 1.2  # in view so much longer, or so many more steps: who walks less could be the patient


def link(time_s: Sequence[float], detections: Sequence[Sequence[Pose]]) -> tuple[Path, ...]:
    """Link the poses of T frames to people by hip centre, size and predicted motion.

    Frame by frame the poses are assigned to the people known so far at the least total cost (Hungarian
    method); a pose that fits none of them starts a new person. Pieces of one person's path are joined
    afterwards.
    """
    paths: list[Path] = []
    for frame, poses in enumerate(detections):
        active = [path for path in paths if time_s[frame] - time_s[max(path)] <= _LONGEST_GAP_S]
        candidates = without_duplicate_poses(poses)
        assigned = _assign(active, candidates, frame, time_s)
        for number, pose in enumerate(candidates):
            if number in assigned:
                active[assigned[number]][frame] = pose
            else:
                paths.append({frame: pose})
    return _stitched([path for path in paths if len(path) >= _LEAST_FRAMES], time_s)


def without_duplicate_poses(poses: Sequence[Pose]) -> list[Pose]:
    """Drop the less visible of two poses that lie on the same person."""
    kept: list[Pose] = []
    for pose in sorted(poses, key=lambda pose: -float(pose.visibility.mean())):
        distances = [np.linalg.norm(pose.image_px - other.image_px, axis=1).mean() for other in kept]
        if all(
            distance > _SAME_PERSON * other.size_px for distance, other in zip(distances, kept, strict=True)
        ):
            kept.append(pose)
    return kept


def without_duplicate_paths(paths: Sequence[Path]) -> list[Path]:
    """Join paths that lie on the same person in most of the shorter one's frames; the longer one leads."""
    kept: list[Path] = []
    for path in sorted(paths, key=len, reverse=True):
        duplicate = next((other for other in kept if _overlap_fraction(path, other) > 0.5), None)
        if duplicate is None:
            kept.append(dict(path))
        else:
            duplicate.update({number: pose for number, pose in path.items() if number not in duplicate})
    return kept


def _overlap_fraction(path: Path, other: Path) -> float:
    """Fraction of the frames of `path` in which it lies on the person of `other`."""
    same = [
        np.linalg.norm(path[number].image_px - other[number].image_px, axis=1).mean()
        < _SAME_PERSON * other[number].size_px
        for number in path.keys() & other.keys()
    ]
    return sum(map(bool, same)) / len(path)


def predicted_centre(path: Mapping[int, Pose], frame: int) -> FloatArray:
    """Where the hip centre (2,) will be, at the mean velocity of the five nearest known frames."""
    nearest = sorted(path, key=lambda known: abs(known - frame))[:5]
    anchor = nearest[0]
    first, last = min(nearest), max(nearest)
    if first == last:
        return path[anchor].centre_px
    velocity = (path[last].centre_px - path[first].centre_px) / (last - first)
    centre: FloatArray = path[anchor].centre_px + velocity * np.clip(frame - anchor, -15, 15)
    return centre


def _assign(active: list[Path], poses: list[Pose], frame: int, time_s: Sequence[float]) -> dict[int, int]:
    """Pose number -> number of the path it continues."""
    if not active or not poses:
        return {}
    cost = np.array([[_assignment_cost(path, pose, frame, time_s) for path in active] for pose in poses])
    rows, columns = linear_sum_assignment(np.minimum(cost, 1e3))
    return {
        int(row): int(column) for row, column in zip(rows, columns, strict=True) if cost[row, column] < 1.0
    }


def _assignment_cost(path: Path, pose: Pose, frame: int, time_s: Sequence[float]) -> float:
    """0 = as predicted, 1 = just possible; more cannot be the same person."""
    last = max(path)
    size = path[last].size_px
    gate = _GATE + _GATE_GROWTH_PER_S * (time_s[frame] - time_s[last])
    distance = float(np.linalg.norm(predicted_centre(path, frame) - pose.centre_px)) / size
    return distance / gate + 0.3 * abs(float(np.log(pose.size_px / size)))


def _stitched(paths: list[Path], time_s: Sequence[float]) -> tuple[Path, ...]:
    """Join pieces that end and begin where one person would."""
    joined = [dict(path) for path in paths]
    while True:
        best: tuple[float, int, int] | None = None
        for early in range(len(joined)):
            for late in range(len(joined)):
                cost = _gap_cost(joined[early], joined[late], time_s)
                if cost < 1.0 and (best is None or cost < best[0]):
                    best = (cost, early, late)
        if best is None:
            return tuple(joined)
        joined[best[1]].update(joined[best[2]])
        del joined[best[2]]


def _gap_cost(early: Path, late: Path, time_s: Sequence[float]) -> float:
    end, begin = max(early), min(late)
    if begin <= end or time_s[begin] - time_s[end] > _LONGEST_STITCH_S:
        return np.inf
    return _assignment_cost(early, late[begin], begin, time_s)


def track_of(path: Path, time_s: Sequence[float], width_px: int, height_px: int) -> LandmarkTrack:
    """One person's path as arrays over all T frames; NaN and visibility 0 where not seen."""
    frames = len(time_s)
    image_px = np.full((frames, LANDMARK_COUNT, 2), np.nan)
    world_m = np.full((frames, LANDMARK_COUNT, 3), np.nan)
    visibility = np.zeros((frames, LANDMARK_COUNT))
    for frame, pose in path.items():
        image_px[frame], world_m[frame], visibility[frame] = pose.image_px, pose.world_m, pose.visibility
    return LandmarkTrack(np.asarray(time_s), image_px, world_m, visibility, width_px, height_px)


def label(number: int, walk: WalkSeen) -> str:
    """Text for the choice of the patient; `number` counts from 1."""
    return f"Person {number}, {_manner(walk)}"


def _manner(walk: WalkSeen) -> str:
    if walk.on_the_spot:
        return "walks on the spot or on a treadmill"
    if not walk.passes:
        return "stays in place"
    if not _walks(walk):
        return "moves about"
    across = sum(one.heights for one in walk.passes if one.across)
    if 2.0 * across < sum(one.heights for one in walk.passes):
        return "walks towards or away from the camera"
    if len(walk.passes) > 1:
        return "walks to and fro"
    return f"walks to the {'right' if walk.passes[0].right_px > 0 else 'left'}"


def as_people(tracks: Sequence[LandmarkTrack], *, most: int = 4) -> tuple[Person, ...]:
    """People worth showing, the one who walks most first; short sightings are left out."""
    walks = [(walk_seen(track), track) for track in tracks]
    shown = [(walk, track) for walk, track in walks if walk.seen_s >= 0.4 and track.detected_fraction >= 0.08]
    shown.sort(key=lambda pair: -pair[0].heights)
    return tuple(
        Person(label(number, walk), track.detected_fraction, walk.way_px, (track,))
        for number, (walk, track) in enumerate(shown[:most], start=1)
    )


def choose_patient(people: Sequence[Person]) -> tuple[int, str, tuple[Finding, ...]]:
    """Which person is the patient: index, by what, and a finding when a person should look.

    Clear when only one person is there, or when one walks enough, at least 1.5 times as much as any other,
    and no other who walks was in view for longer; otherwise the finding stops the session until the clinician
    has chosen.
    """
    if len(people) == 1:
        return 0, "only person", ()
    walks = [_best_view(person) for person in people]
    best = max(range(len(walks)), key=lambda number: walks[number].heights)
    rivals = [walk for number, walk in enumerate(walks) if number != best]
    if _walks_enough(walks[best]) and not any(_could_be_meant(rival, walks[best]) for rival in rivals):
        finding = Finding(Severity.NOTE, _chosen(len(people), people[best].label))
    else:
        finding = Finding(Severity.STOP, _unclear(len(people), sum(map(_walks, walks))))
    return best, "walks most", (finding,)


def _best_view(person: Person) -> WalkSeen:
    """The person's walk as the camera saw it that saw most of it."""
    return max((walk_seen(track) for track in person.tracks), key=lambda walk: walk.heights)


def _walks(walk: WalkSeen) -> bool:
    """Who goes a short way without steps climbed, jumped or was pushed."""
    return walk.on_the_spot or walk.longest_heights >= (LEAST_PASS if walk.steps else _CLEAR_WALK_HEIGHTS)


def _walks_enough(walk: WalkSeen) -> bool:
    """A portrait film is narrow: a short way counts when steps are seen in it."""
    least = _CLEAR_WALK_HEIGHTS if walk.steps < _CLEAR_STEPS else _CLEAR_WALK_HEIGHTS / 2
    return walk.heights >= least


def _could_be_meant(walk: WalkSeen, best: WalkSeen) -> bool:
    """Whether this person rather than the one who walks most could be the patient.

    Somebody in a hurry walks further in less time than a patient does.
    """
    if best.heights < _CLEAR_LEAD * walk.heights:
        return True
    return _walks(walk) and (walk.seen_s > _LONGER * best.seen_s or walk.steps > _LONGER * max(best.steps, 1))


def _chosen(count: int, chosen: str) -> Advice:
    return Advice(
        f"{count} people were seen; the one who walks most was taken as the patient.",
        f"This is {chosen}.",
        "If that is wrong, choose the other person.",
        "CAP-023",
    )


def _unclear(count: int, walking: int) -> Advice:
    why = "More than one of them could be meant: they walk for about as long or as far."
    return Advice(
        f"{count} people were seen, and it is not clear who the patient is.",
        why if walking > 1 else "Nobody walks clearly further than the others.",
        "Choose the patient in the picture.",
        "CAP-022",
    )
