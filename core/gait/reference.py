"""One typical stride of a person: the reference gait that the twin is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL, JointKind, Side
from core.domain.motion import GaitReference, Stride
from core.gait.cycles import resample
from core.gait.norms import REFERENCE_SAMPLES, normal_reference

_SEEN_IN_SPACE = (*SAGITTAL, JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION)
HARMONICS = 6  # carries 99 % of the angles' power in walking (Angeloni et al. 1994, Gait & Posture 2:12)


def gait_reference(
    time_s: FloatArray,
    angle_rad: FloatArray,
    strides: Sequence[Stride],
    *,
    speed_m_s: float,
    height_m: float,
    sagittal_only: bool,
) -> GaitReference:
    """Average stride of angles (T, 14): 100 samples from left heel strike, both legs in their own phase.

    Every complete stride of either side is one sample of the whole body's cycle; right strides are turned by
    the person's own delay between the sides. The average keeps six harmonics, so it is periodic. Joints that
    were not seen follow normal gait: those out of the sagittal plane with one camera, and always the
    subtalar and toe joints, which no landmark tells. Raises ValueError where not `whole_body_seen`.
    """
    delay = _right_delay(strides)
    samples = []
    for stride in strides:
        piece = resample(
            time_s, angle_rad, stride.start_s, stride.end_s, REFERENCE_SAMPLES + 1, endpoint=True
        )
        if not np.isfinite(piece).all():
            continue
        closed = _closed(piece)
        samples.append(closed if stride.side is Side.LEFT else _turned(closed, delay))
    if not samples:
        raise ValueError("no stride without gaps")
    angle = _smooth(np.mean(samples, axis=0))
    seen = SAGITTAL if sagittal_only else _SEEN_IN_SPACE
    unseen = [joint.column for joint in JOINTS if joint.kind not in seen]
    angle[:, unseen] = normal_reference(height_m).angle_rad[:, unseen]
    knees = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]
    angle[:, knees] = np.maximum(angle[:, knees], 0.0)  # the model's knee does not overextend
    period_s = float(np.mean([stride.end_s - stride.start_s for stride in strides]))
    return GaitReference(period_s, speed_m_s, angle)


def whole_body_seen(time_s: FloatArray, angle_rad: FloatArray, strides: Sequence[Stride]) -> bool:
    """Whether both legs are without gaps in at least one of the strides; else there is no reference."""
    return any(
        np.isfinite(
            resample(time_s, angle_rad, stride.start_s, stride.end_s, REFERENCE_SAMPLES + 1, endpoint=True)
        ).all()
        for stride in strides
    )


def _right_delay(strides: Sequence[Stride]) -> float:
    """Where in the left cycle the right foot lands, 0..1; half a cycle when it cannot be told."""
    left = [stride for stride in strides if stride.side is Side.LEFT]
    strikes = [t for stride in strides if stride.side is Side.RIGHT for t in (stride.start_s, stride.end_s)]
    phases = [
        (t - stride.start_s) / (stride.end_s - stride.start_s)
        for stride in left
        for t in strikes
        if stride.start_s < t < stride.end_s
    ]
    return float(np.median(phases)) if phases else 0.5


def _closed(piece: FloatArray) -> FloatArray:
    """Take the small difference of first and last point off as a ramp, and drop the repeated last point."""
    ramp = np.linspace(-0.5, 0.5, len(piece))[:, None]
    return np.asarray((piece - ramp * (piece[-1] - piece[0]))[:-1])


def _turned(cycle: FloatArray, delay: float) -> FloatArray:
    """Start a cycle that began at right heel strike at left heel strike instead."""
    phase = np.arange(len(cycle)) / len(cycle) - delay
    grid = np.arange(len(cycle) + 1) / len(cycle)
    looped = np.vstack([cycle, cycle[:1]])
    return np.stack([np.interp(phase % 1.0, grid, column) for column in looped.T], axis=1)


def _smooth(cycle: FloatArray) -> FloatArray:
    spectrum = np.fft.rfft(cycle, axis=0)
    spectrum[HARMONICS + 1 :] = 0.0
    return np.asarray(np.fft.irfft(spectrum, len(cycle), axis=0))
