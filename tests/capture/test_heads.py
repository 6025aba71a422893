"""Claims about hidden heads: nothing of a face is left, and the body stays as it was."""

from __future__ import annotations

import numpy as np

from core.capture.heads import heads_of, hide_heads, with_sightings
from tests.capture.figures import figure, track


def _walker(frames: int = 60) -> np.ndarray:
    return np.array([figure(100.0 + 4.0 * k, 460.0, 400.0) for k in range(frames)])


def test_the_head_is_covered_and_the_body_is_not() -> None:
    seen = track(_walker())
    heads = heads_of([seen], seen.time_s)
    away = np.linalg.norm(seen.image_px - heads.centre_px, axis=2) / heads.radius_px
    assert away[:, :11].max() < 0.8
    assert away[:, 13:].min() > 1.5


def test_a_head_stays_hidden_where_the_person_was_lost() -> None:
    images = _walker()
    whole = heads_of([track(images)], track(images).time_s)
    images[20:40] = np.nan
    bridged = heads_of([track(images)], track(images).time_s)
    np.testing.assert_allclose(bridged.centre_px, whole.centre_px, atol=0.5)


def test_a_head_is_hidden_before_it_was_first_found_and_after() -> None:
    images = _walker(120)
    whole = heads_of([track(images)], track(images).time_s)
    images[:25] = images[100:] = np.nan
    found = heads_of([track(images)], track(images).time_s)
    off = np.linalg.norm(found.centre_px - whole.centre_px, axis=2)
    assert (off < 0.5 * found.radius_px).all()


def test_who_is_gone_for_long_leaves_no_field() -> None:
    images = _walker(120)
    images[:60] = np.nan
    heads = heads_of([track(images)], track(images).time_s)
    assert np.isnan(heads.centre_px[:29]).all() and np.isfinite(heads.centre_px[32:]).all()


def test_somebody_found_in_one_frame_only_is_hidden_there() -> None:
    seen = track(_walker())
    stranger = figure(500.0, 300.0, 100.0)
    heads = with_sightings(heads_of([seen], seen.time_s), [[stranger] if k == 7 else [] for k in range(60)])
    away = np.linalg.norm(stranger[:11] - heads.centre_px[7, 1], axis=1)
    assert (away < heads.radius_px[7, 1]).all() and heads.radius_px[7, 1] < 20.0
    assert np.isnan(heads.centre_px[:7, 1]).all() and np.isfinite(heads.centre_px[:, 0]).all()


def test_hiding_cannot_be_undone() -> None:
    """Two faces with the same mean colours leave the same field: what told them apart is gone."""
    random = np.random.default_rng(0)
    one = random.integers(0, 255, (200, 200, 3), dtype=np.uint8)
    other = one.copy()
    for row in range(4):
        for column in range(4):
            field = np.s_[60 + 20 * row : 80 + 20 * row, 60 + 20 * column : 80 + 20 * column]
            cells = other[field].reshape(-1, 3)
            other[field] = random.permutation(cells).reshape(20, 20, 3)
    assert np.abs(one[60:140, 60:140].astype(int) - other[60:140, 60:140]).mean() > 50
    for picture in (one, other):
        hide_heads(picture, np.array([[100.0, 100.0]]), np.array([40.0]))
    assert np.abs(one[66:134, 66:134].astype(int) - other[66:134, 66:134])[_disc(34)].max() <= 1


def _disc(radius: int) -> np.ndarray:
    offset = np.arange(2 * radius) - radius + 0.5
    return offset[:, None] ** 2 + offset[None, :] ** 2 <= radius**2


def test_heads_at_the_edge_and_beyond_it_are_no_trouble() -> None:
    picture = np.full((50, 60, 3), 200, np.uint8)
    places = np.array([[0.0, 0.0], [59.0, 25.0], [-100.0, -100.0], [30.0, 400.0], [np.nan, np.nan]])
    hide_heads(picture, places, np.full(5, 12.0))
    assert (picture == 200).all()
    picture[:] = np.random.default_rng(1).integers(0, 255, picture.shape, dtype=np.uint8)
    before = picture.copy()
    hide_heads(picture, places, np.full(5, 12.0))
    assert (picture[:8, :8] != before[:8, :8]).any() and (picture[30:, 20:40] == before[30:, 20:40]).all()
