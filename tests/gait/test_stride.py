"""Claims about a stride that is read from a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.domain.body import Joint
from core.domain.twin import SegmentScale
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.gait.stride import stride_of
from tests.refusals import refused

LEG = Leg.of(SegmentScale())
KNEE = [10.0 + 30.0 * np.sin(2 * np.pi * k / 40) for k in range(40)]


def test_given_joints_are_taken_and_the_others_walk_normally() -> None:
    stride = stride_of({"period_s": 1.2, "speed_m_s": 1.0, "knee_angle_l": KNEE}, LEG)

    normal = normal_walk(LEG).angle_rad
    assert (stride.period_s, stride.speed_m_s) == (1.2, 1.0)
    np.testing.assert_allclose(np.degrees(stride.angle_rad[:, Joint.KNEE_L.column]), KNEE)
    hip = Joint.HIP_FLEXION_R.column
    np.testing.assert_allclose(stride.angle_rad[::2, hip], normal[::5, hip], atol=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"knee_angle_l": KNEE[:5]},
        {"knee_angle_l": [*KNEE[:-1], float("nan")]},
        {"knee_angle_l": "bent"},
        {"knee_angle_r": KNEE[:30]},
        {"knee_angle_x": KNEE},
        {"period_s": None},
        {"speed_m_s": "fast"},
    ],
)
def test_what_is_no_stride_is_refused(change: dict[str, Any]) -> None:
    with refused("MOT-030"):
        stride_of({"period_s": 1.2, "speed_m_s": 1.0, "knee_angle_l": KNEE, **change}, LEG)


def test_a_stride_without_joints_is_refused() -> None:
    with refused("MOT-030"):
        stride_of({"period_s": 1.2, "speed_m_s": 1.0}, LEG)
