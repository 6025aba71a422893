"""What inverse kinematics follows: the directions of the body's segments, taken out of the landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark
from core.motion.body_landmarks import BodyLandmarks, standing_pitch_rad
from core.twin.skeleton import COLUMN, POINTS

_HIPS = (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
_SHOULDERS = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER)
_LYING_IN_PICTURE = 90  # percentile of a limb's length in the picture that is its full length


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTargets:
    """Segment vectors to follow. Axes: T frames, S segments."""

    ends: FloatArray  # (S, P) row s takes the tip minus the base out of the landmarks
    vector_m: FloatArray  # (T, S, 3) scaled to the model's lengths
    confidence: FloatArray  # (T, S)
    hip_m: FloatArray  # (T, 3)
    hip_confidence: FloatArray  # (T,)
    measured: FloatArray  # (3, 3) weights of differences in space, see BodyLandmarks.measured


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    row: FloatArray  # (P,)
    lift_rad: float = 0.0  # pitch of the landmarks of a flat foot, to be taken off
    turn_rad: float = 0.0  # the same where both landmarks sit askew on the foot
    limb: bool = False  # thigh or shank, whose length in the picture tells how far it points out of it


def segment_targets(observation: BodyLandmarks, model_m: FloatArray) -> SegmentTargets:
    """Targets of a trial. `model_m` (P, 3) are the model's landmarks in neutral pose.

    Besides each segment, the whole leg from hip to ankle is followed: a knee that is seen in the wrong place
    then turns thigh and shank less. The foot is followed from heel and from ankle, so that the noise of one
    landmark turns it less.
    """
    segments = _segments(observation, model_m)
    ends = np.stack([segment.row for segment in segments])
    vector = np.einsum("sp,tpk->tsk", ends, np.nan_to_num(observation.point_m))
    confidence = _confidence(ends, observation.confidence)
    model = ends @ model_m
    for s, segment in enumerate(segments):
        vector[:, s] = _zero_foot_pitch(vector[:, s], segment, observation.planar)
        vector[:, s] *= _stretch(vector[confidence[:, s] > 0, s], model[s], observation, limb=segment.limb)
    limbs = [s for s, segment in enumerate(segments) if segment.limb]
    legs = [(thigh, shank) for thigh, shank in zip(limbs[::2], limbs[1::2], strict=True)]
    whole = np.stack([vector[:, thigh] + vector[:, shank] for thigh, shank in legs], axis=1)
    rows = np.stack([ends[thigh] + ends[shank] for thigh, shank in legs])
    columns = [COLUMN[hip] for hip in _HIPS]
    return SegmentTargets(
        np.vstack([ends, rows]),
        np.concatenate([vector, whole], axis=1),
        np.concatenate([confidence, _confidence(rows, observation.confidence)], axis=1),
        observation.point_m[:, columns].mean(axis=1),
        observation.confidence[:, columns].min(axis=1),
        observation.measured,
    )


def difference_row(base: tuple[Landmark, ...], tip: tuple[Landmark, ...]) -> FloatArray:
    """Weights (P,) that take the middle of `tip` minus the middle of `base` out of the landmarks."""
    row = np.zeros(len(POINTS))
    for landmark in base:
        row[COLUMN[landmark]] = -1.0 / len(base)
    for landmark in tip:
        row[COLUMN[landmark]] = 1.0 / len(tip)
    return row


def _segments(observation: BodyLandmarks, model_m: FloatArray) -> list[_Segment]:
    segments = [_Segment(difference_row(_HIPS, _SHOULDERS))]
    if not observation.planar:
        segments.append(_Segment(difference_row((Landmark.RIGHT_HIP,), (Landmark.LEFT_HIP,))))
    for side in SIDES:
        hip, knee, ankle, heel, toe = (
            (Landmark[f"{side.name}_{part}"],) for part in ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
        )
        instep = difference_row(ankle, toe)
        _, back, up = instep @ model_m
        askew_rad = standing_pitch_rad(observation, side, "ANKLE") - float(np.arctan2(up, -back))
        segments += [
            _Segment(difference_row(hip, knee), limb=True),
            _Segment(difference_row(knee, ankle), limb=True),
            _Segment(difference_row(heel, toe), lift_rad=standing_pitch_rad(observation, side)),
            _Segment(instep, turn_rad=askew_rad),
        ]
    return segments


def _confidence(ends: FloatArray, confidence: FloatArray) -> FloatArray:
    """The least confidence of the landmarks that each row uses, (T, S)."""
    return np.asarray(np.where(ends != 0, confidence[:, None, :], 1.0).min(axis=2))


def _stretch(vector_m: FloatArray, model_m: FloatArray, observation: BodyLandmarks, *, limb: bool) -> float:
    """Model's length over the observed length of one segment's vectors (N, 3).

    A wrong segment length must not bend a joint. Where one camera guesses the depth, a limb's length is the
    one that it has in the picture when it lies there.
    """
    if not len(vector_m):
        return 1.0
    if observation.planar:
        model_m = model_m @ observation.measured
    if limb and observation.one_camera and not observation.planar:
        across = np.eye(3) - np.outer(observation.depth, observation.depth)
        seen = float(np.percentile(np.linalg.norm(vector_m @ across, axis=1), _LYING_IN_PICTURE))
    else:
        seen = float(np.median(np.linalg.norm(vector_m, axis=1)))
    return float(np.linalg.norm(model_m)) / max(seen, 1e-6)


def _zero_foot_pitch(vector_m: FloatArray, segment: _Segment, planar: bool) -> FloatArray:
    """Take the landmarks' own pitch off foot vectors (T, 3), so that a flat foot is level.

    In space the landmarks sit askew on the foot: turn them back about the lateral axis. In one picture the
    toes of a turned-out foot come nearer to a camera that looks down, and appear lower than the heel by the
    same distance at every foot angle: lift them back by it.
    """
    turn_rad = segment.turn_rad if planar else segment.turn_rad + segment.lift_rad
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    turned = vector_m @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]).T
    if planar:
        reach_m = float(np.median(np.linalg.norm(turned, axis=1)))
        turned = turned - np.array([0.0, 0.0, reach_m * np.sin(segment.lift_rad)])
    return np.asarray(turned)
