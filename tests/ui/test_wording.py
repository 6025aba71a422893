from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from PySide6.QtCore import QLocale

from ui.wording import clock, count, listed, percent, read_day, time_left


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


@pytest.fixture
def locale(request: pytest.FixtureRequest) -> Iterator[None]:
    QLocale.setDefault(QLocale(request.param) if request.param != "C" else QLocale.c())
    yield
    QLocale.setDefault(QLocale.c())


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("C", "20 Nov 2026, 12:05"),
        ("de_DE", "20.11.2026, 12:05"),
        ("en_US", "11/20/2026, 12:05\u202fPM"),
        ("en_GB", "20/11/2026, 12:05"),
        ("sv_SE", "2026-11-20, 12:05"),
        ("fa_IR", "2026/11/20, 12:05"),
    ],
    indirect=["locale"],
)
@pytest.mark.usefixtures("locale")
def test_dates_are_written_as_the_locale_does_with_a_whole_year(written: str) -> None:
    assert clock(datetime(2026, 11, 20, 12, 5).astimezone()) == written
    assert read_day(written.split(",")[0]) == date(2026, 11, 20)


@pytest.mark.parametrize("locale", ["de_DE"], indirect=True)
@pytest.mark.usefixtures("locale")
def test_a_day_may_be_typed_in_short_or_as_the_record_has_it() -> None:
    assert read_day("5.1.26") == read_day("05.01.2026") == read_day(" 2026-01-05") == date(2026, 1, 5)
    assert read_day("31.02.2026") is None and read_day("soon") is None and read_day("") is None
