"""Claims about placing landmarks in space."""

from __future__ import annotations

import numpy as np
import pytest

from core.capture.triangulation import triangulate
from core.domain.recording import LandmarkTrack

WIDTH, HEIGHT = 1280, 720


def _camera(angle_rad: float) -> np.ndarray:
    """(3, 4) projection of a camera 4 m from the origin, looking at it from this side."""
    place = np.array([4 * np.cos(angle_rad), 4 * np.sin(angle_rad), 1.2])
    forward = (np.array([0, 0, 0.9]) - place) / np.linalg.norm(np.array([0, 0, 0.9]) - place)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(forward, right), forward])
    lens = np.array([[900.0, 0, WIDTH / 2], [0, 900.0, HEIGHT / 2], [0, 0, 1]])
    return lens @ np.column_stack([rotation, -rotation @ place])


def _truth(frames: int = 20) -> np.ndarray:
    random = np.random.default_rng(1)
    body = random.uniform([-0.3, -0.3, 0.0], [0.3, 0.3, 1.8], (33, 3))
    return body + np.linspace([0, 0.5, 0], [0, -0.5, 0], frames)[:, None]


def _seen(world_m: np.ndarray, projection: np.ndarray, noise_px: float, seed: int) -> LandmarkTrack:
    image = np.concatenate([world_m, np.ones((*world_m.shape[:2], 1))], axis=-1) @ projection.T
    pixels = image[..., :2] / image[..., 2:]
    pixels = pixels + np.random.default_rng(seed).normal(0, noise_px, pixels.shape)
    frames = len(world_m)
    return LandmarkTrack(
        np.arange(frames) / 30,
        pixels,
        np.zeros((frames, 33, 3)),
        np.full((frames, 33), 0.9),
        WIDTH,
        HEIGHT,
        projection,
    )


def _views(world_m: np.ndarray, angles=(0.0, 1.2, 2.4), noise_px: float = 0.0) -> tuple[LandmarkTrack, ...]:
    return tuple(_seen(world_m, _camera(angle), noise_px, seed) for seed, angle in enumerate(angles))


def test_exact_pictures_give_exact_places() -> None:
    truth = _truth()
    placed = triangulate(_views(truth, (0.0, 1.2)))
    assert np.abs(placed.world_m - truth).max() < 1e-6
    assert np.nanmax(placed.residual_px) < 1e-4
    assert placed.confidence == pytest.approx(np.full((20, 33), 0.9))


def test_two_pixels_of_noise_cost_about_a_centimetre() -> None:
    truth = _truth()
    placed = triangulate(_views(truth, noise_px=2.0))
    assert np.sqrt(np.mean((placed.world_m - truth) ** 2)) < 0.012
    assert 0.5 < np.nanmedian(placed.residual_px) < 4.0


def test_a_camera_that_sees_something_else_is_left_out() -> None:
    truth = _truth()
    views = list(_views(truth))
    wrong = np.array(views[2].image_px)
    wrong[5:9, 25] += 150.0
    views[2] = LandmarkTrack(
        views[2].time_s, wrong, views[2].world_m, views[2].visibility, WIDTH, HEIGHT, views[2].projection
    )
    assert np.abs(triangulate(tuple(views)).world_m - truth).max() < 1e-6


def test_a_landmark_that_one_camera_sees_is_not_placed() -> None:
    truth = _truth()
    views = list(_views(truth, (0.0, 1.2)))
    hidden = np.array(views[1].visibility)
    hidden[:, 30] = 0.0
    views[1] = LandmarkTrack(
        views[1].time_s, views[1].image_px, views[1].world_m, hidden, WIDTH, HEIGHT, views[1].projection
    )
    placed = triangulate(tuple(views))
    assert np.isnan(placed.world_m[:, 30]).all()
    assert (placed.confidence[:, 30] == 0).all()
    assert np.isfinite(placed.world_m[:, 29]).all()


def test_one_camera_cannot_place_anything() -> None:
    with pytest.raises(ValueError, match="two cameras"):
        triangulate(_views(_truth(), (0.0,)))
