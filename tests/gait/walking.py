"""A walk whose events are known, solved into a motion that people can edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.body import JOINTS
from core.domain.gait_events import FootPaths, WayWalked
from core.domain.motion import Kinematics, Motion
from core.gait.cycles import cut_cycles
from core.gait.events import find_events
from core.gait.measures import spatiotemporal_over
from core.gait.reference import gait_reference
from core.gait.strides import WalkedStrides, strides_in_turns
from tests.gait.test_gait import paths
from tests.ui.samples import motion

HEIGHT_M = 1.68


def walking_motion(feet: FootPaths | None = None) -> Motion:
    """Six seconds of walking; each angle is a wave of its own in the rhythm of the strides."""
    feet = paths() if feet is None else feet
    time_s = feet.time_s
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (len(time_s), 1))
    phase = 2 * np.pi * time_s[:, None] / 1.1
    angle = (0.4 + 0.01 * time_s[:, None]) * (1.0 + np.sin(phase + np.arange(len(JOINTS))))  # they vary
    way = WayWalked(feet, find_events(feet))
    strides = strides_in_turns(way.events)
    measures = spatiotemporal_over([WalkedStrides(way, strides)], width_seen=False)
    return replace(
        motion(),
        kinematics=Kinematics(time_s, angle, feet.pelvis_m, upright),
        strides=strides,
        measures=measures,
        cycles=cut_cycles(time_s, angle, strides),
        reference=gait_reference(
            time_s, angle, strides, speed_m_s=measures.speed_m_s, height_m=HEIGHT_M, sagittal_only=True
        ),
        ways=(way,),
    )
