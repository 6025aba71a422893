from __future__ import annotations

from datetime import datetime

import pytest

from ui.wording import count, day, listed, percent, time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3, "a few seconds left"),
        (42, "40 s left"),
        (250, "4 min left"),
        (3700, "1 h 1 min left"),
    ],
)
def test_time_left_is_told_in_honest_digits(seconds: float | None, words: str) -> None:
    assert time_left(seconds) == words


def test_numbers_come_with_units_and_right_plurals() -> None:
    assert percent(0.62) == "62 %"
    assert count(1, "stride") == "1 stride"
    assert count(0, "stride") == "no strides"
    assert listed(["hip", "knee", "ankle"]) == "hip, knee and ankle"


def test_dates_read_the_same_everywhere() -> None:
    assert day(datetime(2026, 11, 20, 12, 0)) == "20 Nov 2026"
