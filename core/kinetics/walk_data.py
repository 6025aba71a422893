"""One recorded walk as the calibration of muscles needs it: angles, moments, EMG on one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, SAGITTAL, Joint, JointKind, Side
from core.domain.emg import EmgEnvelopes
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.motion import Motion, Stride

_MOTION_HZ, _ORDER = 6.0, 2  # what a walk's joint angles hold
_SHORTEST_TO_SMOOTH = 16  # frames; the filter needs as many


@dataclass(frozen=True, slots=True, eq=False)
class WalkData:
    """Axes: T frames, J = 14 joints as in `JOINTS`."""

    time_s: FloatArray  # (T,)
    angle_rad: FloatArray  # (T, J) without gaps
    velocity_rad_s: FloatArray  # (T, J)
    seen: BoolArray  # (T, 2 sides) whether hip, knee and ankle were seen
    moment_nm: FloatArray  # (T, J) NaN where not known
    source: ForceSource
    strides: tuple[Stride, ...]
    emg: EmgEnvelopes

    @staticmethod
    def of(motion: Motion, kinetics: Kinetics, emg: EmgEnvelopes) -> WalkData:
        moment = kinetics.moment_nm
        return walk_data(
            (motion.kinematics.time_s, motion.kinematics.angle_rad, moment),
            kinetics.source,
            motion.strides,
            emg,
        )

    def moment(self, kind: JointKind, side: Side) -> FloatArray:
        """(T,)"""
        return self.moment_nm[:, Joint.of(kind, side).column]


def walk_data(
    curves: tuple[FloatArray, FloatArray, FloatArray],
    source: ForceSource,
    strides: Sequence[Stride],
    emg: EmgEnvelopes,
) -> WalkData:
    """From times (T,), angles and internal moments (T, 14)."""
    time_s, angle, moment = curves
    seen = np.stack(
        [
            np.isfinite(angle[:, [Joint.of(kind, side).column for kind in SAGITTAL]]).all(axis=1)
            for side in Side
        ],
        axis=1,
    )
    whole = np.stack([_bridged(time_s, angle[:, joint.column]) for joint in JOINTS], axis=1)
    if len(time_s) >= _SHORTEST_TO_SMOOTH:
        rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
        sos = butter(_ORDER, min(_MOTION_HZ, 0.45 * rate_hz), fs=rate_hz, output="sos")
        whole = np.asarray(sosfiltfilt(sos, whole, axis=0))
    velocity = np.gradient(whole, time_s, axis=0)
    return WalkData(time_s, whole, velocity, seen, moment, source, tuple(strides), emg)


def _bridged(time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Without gaps; straight where no value is at all."""
    known = np.isfinite(values)
    return np.interp(time_s, time_s[known], values[known]) if known.any() else np.zeros_like(values)
