"""Which leg is the left one, by evidence that does not look at how smooth the legs' paths are.

Toes lie before heels and the nose before the ears, whichever way a person walks; that tells where the body
faces, and so where its left side must be: away from the camera when it faces right in the picture, near when
it faces left. The detector's depth and visibility tell which leg it takes for the near one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack
from core.domain.sides_doubt import SideEvidence

_NAMES = ("LEFT", "RIGHT")
_LEGS = ("KNEE", "ANKLE")
_TRUNK = ("SHOULDER", "HIP")
_FEET = ("ANKLE", "HEEL", "FOOT_INDEX")
_SURE_DEPTH_M = 0.06  # by which one leg is nearer than the other, a third of a pelvis
_SURE_VISIBILITY = 0.03  # the far leg is hidden by the near one in part of every stride
_UNCLEAR = 0.25  # of the visibility vote: both legs are seen about as well
_SURE_TURN = 0.5  # sine of the angle from the line of sight: seen more from the side than from the front
_APART = 0.3  # of the largest distance of the feet in the picture: then it shows which foot is in front


def detected_sides(track: LandmarkTrack) -> FloatArray:
    """How well the legs' labels in the picture fit the way the body faces (T,): 1 well, -1 exchanged.

    Depth says how its own labels fit; where the picture has another foot in front than depth, the picture's
    are the other ones.
    """
    depth = np.clip(_along(track, _LEGS, _left_of_body(track)) / _SURE_DEPTH_M, -1.0, 1.0)
    return np.nan_to_num(depth * np.where(_same_in_picture(track) < 0.0, -1.0, 1.0))


def turned_round(track: LandmarkTrack, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of these frames the ones (N,) in which the body faces the other way than in the one before."""
    left = _left_of_body(track)[frames]
    same = (left[1:] * left[:-1]).sum(axis=1)
    return np.concatenate([[False], same < 0.0])


def side_evidence(track: LandmarkTrack, kept: FloatArray) -> SideEvidence:
    """What speaks for the labels of `track` after a repair; `kept` (T,) is 1 where it left the detector's."""
    left = _left_of_body(track)
    return SideEvidence(
        detector=_mean_vote(2.0 * kept - 1.0),
        depth=_mean_vote(np.clip(_along(track, _LEGS, left) / _SURE_DEPTH_M, -1.0, 1.0)),
        trunk=_mean_vote(np.clip(_along(track, _TRUNK, left) / _SURE_DEPTH_M, -1.0, 1.0)),
        visibility=_visibility_vote(track, left),
        picture=_mean_vote(_same_in_picture(track)),
    )


def _left_of_body(track: LandmarkTrack) -> FloatArray:
    """Unit vector (right, away) of the camera to which the body's left must point, (T, 2); NaN unknown."""
    feet = sum(_world(track, f"{side}_FOOT_INDEX") - _world(track, f"{side}_HEEL") for side in _NAMES)
    forward = _unit(np.asarray(feet)[:, [0, 2]])
    ears = (_world(track, "LEFT_EAR") + _world(track, "RIGHT_EAR")) / 2
    face = _unit((_world(track, "NOSE") - ears)[:, [0, 2]])
    agree = (forward * face).sum(axis=1)
    both = _unit(forward + np.nan_to_num(face))
    # A head that looks back, or feet that were not found: nothing can be said.
    both[agree < 0.0] = np.nan
    return np.column_stack([-both[:, 1], both[:, 0]])


def _world(track: LandmarkTrack, name: str) -> FloatArray:
    return np.asarray(track.world_m[:, Landmark[name].value])


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    return np.asarray(vector / np.where(length > 0.0, length, np.nan))


def _along(track: LandmarkTrack, parts: tuple[str, ...], left: FloatArray) -> FloatArray:
    """How far labelled left lies to the body's left of labelled right, metres, mean over the parts. (T,)"""
    across = sum(_world(track, f"LEFT_{part}") - _world(track, f"RIGHT_{part}") for part in parts)
    return np.asarray((np.asarray(across)[:, [0, 2]] * left).sum(axis=1) / len(parts))


def _visibility_vote(track: LandmarkTrack, left: FloatArray) -> float | None:
    """Whether the leg that must be nearer is the one the detector sees better."""
    seen = [
        np.mean([track.visibility[:, Landmark[f"{side}_{part}"].value] for part in ("KNEE", *_FEET)], axis=0)
        for side in _NAMES
    ]
    from_the_side = np.abs(left[:, 1]) > _SURE_TURN
    better = -np.sign(left[:, 1]) * np.clip((seen[0] - seen[1]) / _SURE_VISIBILITY, -1.0, 1.0)
    vote = _mean_vote(np.where(from_the_side, better, np.nan))
    return None if vote is None or abs(vote) < _UNCLEAR else vote


def _same_in_picture(track: LandmarkTrack) -> FloatArray:
    """1 where picture and depth have the same foot in front, else -1; NaN with the feet together. (T,)"""
    image, world = _feet_apart(track.image_px), _feet_apart(track.world_m[..., :2])
    distance = np.linalg.norm(image, axis=1)
    seen = distance[np.isfinite(distance)]
    apart = distance > _APART * (np.percentile(seen, 95) if len(seen) else np.inf)
    return np.where(apart, np.sign((image * world).sum(axis=1)), np.nan)


def _feet_apart(points: FloatArray) -> FloatArray:
    """From the right to the left foot, (T, 2)."""
    pairs = [[Landmark[f"{side}_{part}"].value for part in _FEET] for side in _NAMES]
    return np.asarray((points[:, pairs[0]] - points[:, pairs[1]]).mean(axis=1))


def _mean_vote(vote: FloatArray) -> float | None:
    known = vote[np.isfinite(vote)]
    return float(known.mean()) if len(known) else None
