"""Claims about the time left: within a factor of two from the first time it is told, and not told before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.jobs.time_left import TimeLeft


def told(
    course: Callable[[float], float | None], length_s: float, every_s: float
) -> list[tuple[float, float | None]]:
    """(true seconds left, told seconds left) at every report of a job that goes as `course` of its time."""
    left, reports = TimeLeft(), []
    for number in range(int(length_s / every_s) + 1):
        now_s = number * every_s
        reports.append((length_s - now_s, left.after(course(now_s), now_s)))
    return reports


def worst_factor(reports: list[tuple[float, float | None]]) -> float:
    factors = [max(true / max(said, 1e-9), said / true) for true, said in reports if said and true > 10.0]
    assert factors
    return max(factors)


@pytest.mark.parametrize("length_s", [20.0, 180.0, 3600.0])
def test_an_even_job_is_told_right_from_the_first_time(length_s: float) -> None:
    assert worst_factor(told(lambda now_s: now_s / length_s, length_s, 1.0)) < 1.05


def test_a_resumed_job_does_not_take_for_its_own_what_an_earlier_run_did() -> None:
    """It used to say 30 s when a quarter of an hour was left."""

    def course(now_s: float) -> float:
        return 0.0 if now_s < 10.0 else 0.8 + 0.2 * (now_s - 10.0) / 190.0

    assert worst_factor(told(course, 200.0, 1.0)) < 1.1


def test_preparing_says_nothing_of_the_work() -> None:
    """Twenty seconds of setting up, then two minutes of work."""

    def course(now_s: float) -> float:
        return 0.0 if now_s < 20.0 else (now_s - 20.0) / 120.0

    reports = told(course, 140.0, 2.0)
    assert all(said is None for true, said in reports if true > 116.0)
    assert worst_factor(reports) < 1.1


def test_a_report_that_stands_still_counts_down() -> None:
    left = TimeLeft()
    for second in range(1, 11):
        first = left.after(second / 20.0, float(second))
    assert first == pytest.approx(10.0)
    assert left.after(0.5, 14.0) == pytest.approx(6.0)
    assert left.after(0.5, 60.0) == 0.0


def test_nothing_is_told_of_a_jump() -> None:
    left = TimeLeft()
    assert [left.after(fraction, now_s) for fraction, now_s in ((0.05, 1.0), (0.4, 20.0))] == [None, None]


def test_a_report_without_a_fraction_begins_anew() -> None:
    left = TimeLeft()
    for second in range(1, 11):
        left.after(second / 100.0, float(second))
    assert left.after(None, 11.0) is None
    assert left.after(0.9, 12.0) is None


def test_slower_work_is_noticed() -> None:
    """The first third goes ten times faster than the rest."""

    def course(now_s: float) -> float:
        return now_s / 30.0 if now_s < 10.0 else 1 / 3 + (now_s - 10.0) / 300.0

    late = [(true, said) for true, said in told(course, 210.0, 1.0) if true < 180.0]
    assert worst_factor(late) < 1.2
