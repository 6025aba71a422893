"""Claims about decoding ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from core.capture.pipeline import KEPT_FRAMES, decoded_ahead


def _numbered(frames: int) -> Iterator[tuple[float, np.ndarray]]:
    image = np.zeros((4, 6, 3), np.uint8)
    for number in range(frames):
        image[:] = (number, 0, 200)
        yield number / 30, image


def _ignore(number: int, time_s: float, image: np.ndarray) -> None:
    return None


def test_pictures_arrive_in_order_and_with_red_first() -> None:
    with closing(decoded_ahead(_numbered(100), _ignore)) as frames:
        for expected, (number, time_s, picture) in enumerate(frames):
            assert (number, time_s) == (expected, expected / 30)
            assert picture[0, 0].tolist() == [200, 0, expected]


def test_earlier_pictures_stay_as_they_were() -> None:
    kept: list[np.ndarray] = []
    with closing(decoded_ahead(_numbered(100), _ignore)) as frames:
        for number, _, picture in frames:
            kept = [*kept[-KEPT_FRAMES:], picture]
            assert [int(old[0, 0, 2]) for old in kept] == list(
                range(max(0, number - KEPT_FRAMES), number + 1)
            )


def test_an_error_of_the_source_reaches_the_reader() -> None:
    def broken() -> Iterator[tuple[float, np.ndarray]]:
        yield from _numbered(3)
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"), closing(decoded_ahead(broken(), _ignore)) as frames:
        list(frames)


def test_leaving_early_ends_the_thread() -> None:
    with closing(decoded_ahead(_numbered(10_000), _ignore)) as frames:
        next(frames)
    assert not any(thread.name == "decode" for thread in threading.enumerate())
