"""Clinical gait features of a walk, computed alike for a recorded and a simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.gait_events import FootPaths
from core.domain.motion import CYCLE_POINTS, Motion, Stride
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.gait.cycles import cut_cycles, mean_cycle, resample
from core.gait.events import find_strides
from core.gait.measures import spatiotemporal
from core.simulation.model.joint_coupling import ROOT_POSITIONS, lowest_point
from core.twin.body import is_foot_geom
from core.twin.skeleton import POSE_SIZE, Skeleton, side_columns

_CLEARING = (0.3, 0.75)  # of the swing: where the toes pass the standing foot
_FLAT = (0.12, 0.35)  # of the gait cycle: where the whole sole is on the floor
# Parts of the gait cycle in percent (Perry & Burnfield 2010): loading response, mid and terminal stance, ...
_CONTACT, _LOADING, _STANCE, _ALONE = (0, 2), (5, 30), (10, 60), (15, 45)
_TERMINAL_STANCE, _PUSH_OFF, _SWING = (30, 70), (50, 75), (58, 95)
_MID_SWING, _LATE_SWING = (75, 87), (75, 95)


@dataclass(frozen=True, slots=True)
class SideFeatures:
    """One leg. Angles are of the mean stride; flexion and dorsiflexion positive unless the name says else."""

    side: Side
    hip_flexion_peak_rad: float  # in swing
    hip_mid_swing_rad: float  # mean of mid-swing, where the toes need room
    hip_extension_peak_rad: float  # at the end of stance, extension positive
    knee_contact_rad: float
    knee_loading_peak_rad: float
    knee_swing_peak_rad: float
    knee_mid_swing_rad: float
    ankle_stance_peak_rad: float
    ankle_push_off_rad: float  # largest plantarflexion around toe off, plantarflexion positive
    ankle_swing_rad: float  # mean of late swing
    pelvis_drop_rad: float  # of the other side while this leg carries the body alone, drop positive
    toe_clearance_m: float  # least height in mid-swing above that on a flat standing foot
    stance_fraction: float
    step_length_m: float
    stride_time_s: float


@dataclass(frozen=True, slots=True, eq=False)
class GaitFeatures:
    """One walk. Axes: 101 points of each leg's own gait cycle, 14 joints."""

    sides: tuple[SideFeatures, SideFeatures]  # in the order of SIDES
    speed_m_s: float
    cadence_steps_min: float
    symmetry: float  # of step times and lengths, 1 is equal
    forward_lean_rad: float  # of pelvis and trunk, which the model has in one piece
    cycle_rad: FloatArray  # (101, 14) mean stride

    def __post_init__(self) -> None:
        frozen(self, "cycle_rad", (CYCLE_POINTS, len(JOINTS)))

    def of(self, name: str, side: Side | None) -> float:
        """A feature by the name of its field; of the whole walk without a `side`."""
        owner = self if side is None else self.sides[SIDES.index(side)]
        return float(getattr(owner, name))


def walk_features(
    body: BodyParameters, time_s: FloatArray, root: FloatArray, angle_rad: FloatArray
) -> GaitFeatures | None:
    """Features of a walk with pelvis positions and quaternions (T, 7) and joint angles (T, 14).

    The floor is at height 0. None when a foot has no complete stride.
    """
    paths = foot_paths(body, time_s, root, angle_rad)
    return _features(paths, root[:, 3:], angle_rad, find_strides(paths), _standing_toe_m(body.scale))


def motion_features(body: BodyParameters, motion: Motion) -> GaitFeatures | None:
    """Features of a recorded motion of this body; None when a foot has no complete stride."""
    kinematics = motion.kinematics
    root = np.concatenate([kinematics.pelvis_position_m, kinematics.pelvis_quaternion], axis=1)
    seen = np.isfinite(root).all(axis=1) & np.isfinite(kinematics.angle_rad).all(axis=1)
    paths = foot_paths(body, kinematics.time_s[seen], root[seen], kinematics.angle_rad[seen])
    return _features(paths, root[seen][:, 3:], kinematics.angle_rad[seen], motion.strides)


def foot_paths(
    body: BodyParameters, time_s: FloatArray, root: FloatArray, angle_rad: FloatArray
) -> FootPaths:
    """Paths of pelvis, heels and toes of these poses: root (T, 7), joints (T, 14)."""
    skeleton = _skeleton(body.scale)
    turn = Rotation.from_quat(root[:, 3:ROOT_POSITIONS], scalar_first=True).as_rotvec()
    poses = np.column_stack([root[:, :3], turn, angle_rad])
    points = skeleton.points_m(poses)
    return FootPaths(
        time_s, root[:, :3], points[:, side_columns("HEEL")], points[:, side_columns("FOOT_INDEX")]
    )


@lru_cache(maxsize=8)
def _skeleton(scale: SegmentScale) -> Skeleton:
    return Skeleton(replace(GENERIC_BODY, scale=scale))


def _standing_toe_m(scale: SegmentScale) -> float:
    """Height of the toes' landmark above the sole.

    Loaded feet sink into the simulated floor, by different depths: the stance does not show its height.
    """
    skeleton = _skeleton(scale)
    neutral = np.zeros(POSE_SIZE)
    toe_m = skeleton.points_m(neutral)[side_columns("FOOT_INDEX"), 2].mean()
    skeleton.set_pose(neutral)
    model, data = skeleton.model, skeleton.data
    feet = [geom for geom in range(model.ngeom) if is_foot_geom(model.geom(geom).name)]
    return float(toe_m - min(lowest_point(model, data, geom) for geom in feet))


def _features(
    paths: FootPaths,
    quaternion: FloatArray,
    angle_rad: FloatArray,
    strides: Sequence[Stride],
    standing_toe_m: float | None = None,
) -> GaitFeatures | None:
    if any(all(stride.side is not side for stride in strides) for side in SIDES):
        return None
    cycles = cut_cycles(paths.time_s, angle_rad, strides)
    if any(not len(side.angle_rad) for side in cycles):
        return None
    measures = spatiotemporal(paths, strides)
    turn = Rotation.from_quat(quaternion, scalar_first=True).as_matrix()
    left_up_rad, back_up_rad = np.arcsin(np.clip(turn[:, 2, :2], -1.0, 1.0)).T
    cycle = np.zeros((CYCLE_POINTS, len(JOINTS)))
    sides = []
    for side, own, measure in zip(SIDES, cycles, measures.sides, strict=True):
        mean = mean_cycle(own)
        cycle[:, [Joint.of(kind, side).column for kind in JointKind]] = mean
        drop_rad = left_up_rad if side is Side.LEFT else -left_up_rad
        taken = [stride for stride in strides if stride.side is side]
        own_features = SideFeatures(
            side,
            **_angles(dict(zip(JointKind, mean.T, strict=True))),
            pelvis_drop_rad=_in_single_support(paths.time_s, drop_rad, taken),
            toe_clearance_m=_toe_clearance_m(paths, taken, standing_toe_m),
            stance_fraction=measure.stance_fraction.mean,
            step_length_m=measure.step_length_m.mean,
            stride_time_s=measure.stride_time_s.mean,
        )
        sides.append(own_features)
    return GaitFeatures(
        (sides[0], sides[1]),
        measures.speed_m_s,
        measures.cadence_steps_min,
        measures.symmetry,
        float(np.mean(back_up_rad)),
        cycle,
    )


def _angles(mean: dict[JointKind, FloatArray]) -> dict[str, float]:
    """The angles of `SideFeatures` by name, from mean cycles (101,)."""
    hip, knee, ankle = mean[JointKind.HIP_FLEXION], mean[JointKind.KNEE], mean[JointKind.ANKLE]
    return {
        "hip_flexion_peak_rad": float(_part(hip, _SWING).max()),
        "hip_mid_swing_rad": float(_part(hip, _MID_SWING).mean()),
        "hip_extension_peak_rad": float(-_part(hip, _TERMINAL_STANCE).min()),
        "knee_contact_rad": float(_part(knee, _CONTACT).mean()),
        "knee_loading_peak_rad": float(_part(knee, _LOADING).max()),
        "knee_swing_peak_rad": float(_part(knee, _SWING).max()),
        "knee_mid_swing_rad": float(_part(knee, _MID_SWING).mean()),
        "ankle_stance_peak_rad": float(_part(ankle, _STANCE).max()),
        "ankle_push_off_rad": float(-_part(ankle, _PUSH_OFF).min()),
        "ankle_swing_rad": float(_part(ankle, _LATE_SWING).mean()),
    }


def _part(cycle: FloatArray, percent: tuple[int, int]) -> FloatArray:
    return cycle[percent[0] : percent[1] + 1]


def _in_single_support(time_s: FloatArray, value: FloatArray, strides: Sequence[Stride]) -> float:
    """Mean of a curve (T,) while the leg of these strides carries the body alone."""
    curves = [
        resample(time_s, value[:, None], stride.start_s, stride.end_s, CYCLE_POINTS, endpoint=True)[:, 0]
        for stride in strides
    ]
    return float(np.nanmean([_part(curve, _ALONE) for curve in curves]))


def _toe_clearance_m(paths: FootPaths, strides: Sequence[Stride], standing_toe_m: float | None) -> float:
    """Median over strides of the least toe height in mid-swing above that on the flat standing foot.

    A recording has no floor (None): there the mean height in each flat stance stands for it.
    """
    toe = paths.toe_m[:, SIDES.index(strides[0].side), 2]
    found = []
    for stride in strides:
        swing_s, stride_s = stride.end_s - stride.toe_off_s, stride.end_s - stride.start_s
        swinging = _between(paths.time_s, toe, stride.toe_off_s, swing_s, _CLEARING)
        floor_m = standing_toe_m
        if floor_m is None:
            floor_m = _mean(_between(paths.time_s, toe, stride.start_s, stride_s, _FLAT))
        if len(swinging) and np.isfinite(floor_m):
            found.append(float(swinging.min() - floor_m))
    return float(np.median(found)) if found else float("nan")


def _between(
    time_s: FloatArray, values: FloatArray, start_s: float, length_s: float, fractions: tuple[float, float]
) -> FloatArray:
    """Values (T,) between two fractions of a span of time."""
    begin, end = (start_s + fraction * length_s for fraction in fractions)
    return values[(time_s >= begin) & (time_s <= end)]


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")
