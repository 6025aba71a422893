"""Joint angles from one camera against markers: a real person's squat, and no worse than it was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.bench.motion import SQUAT, _squat, bench_motion
from tests.refusals import refused

pytestmark = pytest.mark.slow
JOINTS = ("knee_angle_l", "knee_angle_r", "hip_flexion_l", "hip_flexion_r")
# Measured in 807 pictures, obliquely from the front: knees 4.8 and 4.1 degrees, hips 9.3 and 9.2, where the
# camera sees the thigh against the trunk and the markers have it against the pelvis.
KNEE_RMSE_DEG, KNEE_BIAS_DEG = 5.5, 2.5
HIP_RMSE_DEG, HIP_BIAS_DEG = 10.0, 5.0


@pytest.fixture(scope="module")
def squat(
    shared_data: Callable[[str], Path], pose_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, float]:
    return _squat(shared_data(f"{SQUAT}/sample_mocap.json").parent, tmp_path_factory.mktemp("squat"))


def test_knees_bend_as_the_markers_say(squat: dict[str, float]) -> None:
    assert squat["squat_frames"] == 807
    for side in ("l", "r"):
        assert squat[f"squat_ours_knee_angle_{side}_rmse_deg"] < KNEE_RMSE_DEG
        assert abs(squat[f"squat_ours_knee_angle_{side}_bias_deg"]) < KNEE_BIAS_DEG


def test_hips_bend_as_the_markers_say_but_for_the_pelvis_that_no_camera_sees(squat: dict[str, float]) -> None:
    for side in ("l", "r"):
        assert squat[f"squat_ours_hip_flexion_{side}_rmse_deg"] < HIP_RMSE_DEG
        assert abs(squat[f"squat_ours_hip_flexion_{side}_bias_deg"]) < HIP_BIAS_DEG


@pytest.mark.parametrize("joint", JOINTS)
def test_every_angle_is_closer_to_the_markers_than_the_bare_detectors(
    squat: dict[str, float], joint: str
) -> None:
    assert squat[f"squat_ours_{joint}_rmse_deg"] < 0.9 * squat[f"squat_detector_{joint}_rmse_deg"]


def test_the_band_covers_60_to_76_percent_of_the_markers_angles(squat: dict[str, float]) -> None:
    """70 % measured. What resamples do not show was set on this same squat; the rest of the band was not."""
    assert 0.60 <= squat["squat_covered"] <= 0.76


def test_the_clocks_of_video_and_markers_agree_to_three_pictures(squat: dict[str, float]) -> None:
    assert abs(squat["squat_ours_shift_s"]) < 0.05


def test_recordings_that_are_missing_are_told(tmp_path: Path) -> None:
    with refused("PC-026"):
        bench_motion(tmp_path)
