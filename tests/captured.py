"""Recorded walks of one patient over several visits, as the jobs would have written them; made by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.condition import Condition
from core.domain.motion import GaitCycles, Kinematics, Motion, SideMeasures, Spatiotemporal, Spread, Stride
from core.domain.record import RecordKind
from core.domain.recording import Recording
from core.gait.norms import normal_reference
from core.store.repository import Store
from tests.ui import samples

RATE_HZ = 30.0


def walk(
    *,
    strides: int = 8,
    knee: float = 1.0,
    speed_m_s: float = 1.2,
    scatter_deg: float = 1.5,
    seed: int = 0,
    one_camera: bool = True,
    marker_set: str = "",
    belt_m_s: float | None = None,
) -> Motion:
    """A normal walk whose left knee bends `knee` times as much, with strides that scatter."""
    random = np.random.default_rng(seed)
    period_s = 1.1 * 1.2 / speed_m_s
    own = _strides(strides, period_s, random)
    time_s = np.arange(int((strides + 1.5) * period_s * RATE_HZ)) / RATE_HZ
    forward = -speed_m_s * time_s - 0.004 * np.cumsum(random.standard_normal(len(time_s)))
    pelvis = np.stack([np.zeros_like(time_s), forward, np.full_like(time_s, 0.9)], axis=1)
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (len(time_s), 1))
    left, right = (_cycles(number, strides, knee, scatter_deg, random) for number in range(2))
    measured = replace(
        samples.motion(),
        kinematics=Kinematics(time_s, np.zeros((len(time_s), len(JOINTS))), pelvis, upright),
        strides=own,
        measures=Spatiotemporal(
            speed_m_s,
            120.0 / period_s,
            None,
            (_side(0, strides, speed_m_s, period_s), _side(1, strides, speed_m_s, period_s)),
            0.96,
        ),
        cycles=(left, right),
        sagittal_only=one_camera and not marker_set,
        marker_set=marker_set,
        belt_speed_m_s=belt_m_s,
        cameras_used=(0,) if one_camera else (0, 1, 2),
    )
    return measured


def save(
    store: Store, visit_id: str, motion: Motion, condition: Condition = Condition.NOT_STATED
) -> tuple[str, str]:
    """The recording, its landmarks and its motion; returns the ids of the recording and of the motion."""
    recording = Recording(samples.recording().videos, "file", condition=condition)
    recording_id = store.save(RecordKind.RECORDING, recording, visit_id=visit_id, summary="")
    landmarks_id = store.save(
        RecordKind.LANDMARKS, samples.landmarks(), visit_id=visit_id, inputs=(recording_id,), summary=""
    )
    motion_id = store.save(
        RecordKind.MOTION, motion, visit_id=visit_id, inputs=(landmarks_id,), summary="motion"
    )
    return recording_id, motion_id


def _strides(count: int, period_s: float, random: np.random.Generator) -> tuple[Stride, ...]:
    strides = []
    for number, side in enumerate(SIDES):
        strikes = (np.arange(count + 1) + 0.5 * number) * period_s
        strikes[1:-1] += 0.01 * random.standard_normal(count - 1) if count > 1 else 0.0
        strides += [
            Stride(side, float(start), float(start + 0.62 * (end - start)), float(end))
            for start, end in pairwise(strikes)
        ]
    return tuple(strides)


def _cycles(
    number: int, strides: int, knee: float, scatter_deg: float, random: np.random.Generator
) -> GaitCycles:
    """Every stride as a whole bends a little more or less, and lies a little higher or lower."""
    side, reference = SIDES[number], normal_reference()
    columns = [Joint.of(kind, side).column for kind in JointKind]
    phase = np.linspace(0.0, 1.0, 101) + 0.5 * number
    grid = np.arange(len(reference.angle_rad)) / len(reference.angle_rad)
    shape = np.stack(
        [np.interp(phase % 1.0, grid, reference.angle_rad[:, column], period=1.0) for column in columns],
        axis=1,
    )
    if number == 0:
        shape[:, list(JointKind).index(JointKind.KNEE)] *= knee
    size = 1.0 + 0.02 * scatter_deg * random.standard_normal((strides, 1, 1))
    offset = np.radians(scatter_deg) * random.standard_normal((strides, 1, len(columns)))
    return GaitCycles(side, shape * size + offset, 0.62)


def _side(number: int, strides: int, speed_m_s: float, period_s: float) -> SideMeasures:
    step = Spread(0.5 * speed_m_s * period_s, 0.02)
    return SideMeasures(SIDES[number], strides, step, Spread(period_s, 0.02), Spread(0.62, 0.015))
