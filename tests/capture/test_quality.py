"""Claims about what a recording can be trusted for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.capture.quality import (
    background_shift_px,
    camera_findings,
    frame_statistics,
    length_findings,
    patient_findings,
    picture_findings,
    scaled_down,
    timing_findings,
)
from core.devices.cameras import VideoFileSource
from core.domain.findings import Severity
from tests.capture.figures import figure, track


@pytest.fixture(scope="module")
def picture(shared_data) -> np.ndarray:
    with VideoFileSource(shared_data("video-sagittal-walk/walk.mp4")) as source:
        return np.array(next(source.frames())[1])


def _codes(findings) -> list[str]:
    return [finding.advice.code for finding in findings]


def test_a_good_picture_has_no_findings(picture: np.ndarray) -> None:
    assert picture_findings([frame_statistics(picture)]) == ()


def test_a_dark_picture_is_called_dark(picture: np.ndarray) -> None:
    assert "CAP-012" in _codes(picture_findings([frame_statistics(picture // 5)]))


def test_an_overexposed_picture_is_called_overexposed(picture: np.ndarray) -> None:
    bright = np.clip(picture.astype(int) + 220, 0, 255).astype(np.uint8)
    assert "CAP-018" in _codes(picture_findings([frame_statistics(bright)]))


def test_a_blurred_picture_is_called_blurred(picture: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(picture, (0, 0), 12)
    assert _codes(picture_findings([frame_statistics(blurred)])) == ["CAP-013"]


def test_scaling_keeps_the_shape_of_the_picture(picture: np.ndarray) -> None:
    assert scaled_down(picture, 640).shape == (210, 640, 3)
    assert scaled_down(picture, 4000) is picture


def _times(rate_hz: float, seconds: float = 4.0) -> np.ndarray:
    return np.arange(0, seconds, 1 / rate_hz)


@pytest.mark.parametrize(
    ("rate_hz", "code"), [(30.0, []), (23.976, []), (20.0, ["CAP-011"]), (5.0, ["CAP-005"])]
)
def test_a_low_frame_rate_is_named(rate_hz: float, code: list[str]) -> None:
    assert _codes(timing_findings(_times(rate_hz), header_frames=0, cut_short=False)) == code


def test_left_out_frames_are_named() -> None:
    times = np.delete(_times(30.0), [20, 40, 60, 80, 100])
    assert _codes(timing_findings(times, header_frames=115, cut_short=False)) == ["CAP-015"]


def test_a_video_that_ends_early_is_a_warning() -> None:
    (finding,) = timing_findings(_times(30.0), header_frames=300, cut_short=True)
    assert (finding.severity, finding.advice.code) == (Severity.WARNING, "CAP-010")
    assert "120 of 300" in finding.advice.what


def test_videos_of_different_length_are_named() -> None:
    assert _codes(length_findings([4.0, 6.0])) == ["CAP-017"]
    assert length_findings([4.0, 4.1]) == ()


def _walk(frames: int = 90, **changes: float) -> np.ndarray:
    return np.array([figure(150.0 + 3 * k, 420.0, changes.get("height_px", 350.0)) for k in range(frames)])


def test_a_patient_well_in_view_has_no_findings() -> None:
    assert patient_findings(track(_walk())) == ()


def test_frames_out_of_view_are_named_with_their_time() -> None:
    walk = _walk()
    walk[60:] += (400.0, 0.0)
    (finding,) = patient_findings(track(walk))
    assert (finding.severity, finding.advice.code) == (Severity.WARNING, "CAP-025")
    assert "from 2.0 s to 3.0 s" in finding.advice.why


def test_a_patient_far_away_is_called_small() -> None:
    findings = patient_findings(track(_walk(height_px=110.0)))
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.WARNING, "CAP-026")]


def test_a_patient_lost_half_the_time_stops_the_session() -> None:
    walk = _walk()
    walk[10:70] = np.nan
    (finding,) = patient_findings(track(walk))
    assert (finding.severity, finding.advice.code) == (Severity.STOP, "CAP-024")


def test_a_camera_that_pans_is_noticed_and_one_that_stands_is_not(picture: np.ndarray) -> None:
    grey = cv2.cvtColor(scaled_down(picture, 640), cv2.COLOR_BGR2GRAY)
    no_boxes = np.empty((0, 4))
    panned = np.roll(grey, 12, axis=1)
    assert background_shift_px(grey, panned, no_boxes) == pytest.approx(12.0, abs=0.5)
    assert _codes(camera_findings([grey, panned], [no_boxes, no_boxes])) == ["CAP-027"]
    assert camera_findings([grey, grey], [no_boxes, no_boxes]) == ()
