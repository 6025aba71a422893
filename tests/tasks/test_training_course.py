"""Claims about the bar of a training: even in time, so that the time left is right when it is first told.

The times are of a training of the demo patient with seed 0, in seconds of its processor: when the study began
its parts, when the offline rounds ended, one iteration of PPO (of two threads), and the measuring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.jobs.time_left import TimeLeft
from core.learning.gait.imitation import GaitProgress
from core.tasks.learn_gait import done_fraction
from core.tasks.training_course import TrainingCourse
from core.tasks.training_plan import CALIBRATED_ITERATIONS, Calibration

ROUNDS = (300, 1200)
STUDY_S, ROUNDS_S, ITERATION_S, MEASURING_S = (0.7, 6.8, 15.6), (34.2, 73.9), 1.08, 30.0
KNOWN = Calibration(preparation_s=71.0, iteration_s=ITERATION_S)


def training(minutes: float, known: Calibration | None) -> tuple[list[tuple[float, float]], float]:
    """(seconds, fraction) of every report, and when the training ended."""
    course = TrainingCourse.planned(ROUNDS, minutes, known, None)
    reports = [(second, course.studied(part)) for part, second in enumerate(STUDY_S)]
    reports += [(second, course.offline(number)) for number, second in enumerate(ROUNDS_S, start=1)]
    count = KNOWN.iterations(minutes)
    now_s = ROUNDS_S[-1]
    for number in range(1, max(count, 0 if known else CALIBRATED_ITERATIONS) + 1):
        now_s += ITERATION_S
        if known is None and number == CALIBRATED_ITERATIONS:
            course = TrainingCourse.planned(ROUNDS, minutes, KNOWN, count)
        reports.append((now_s, course.learned(min(1.0, number / max(count, CALIBRATED_ITERATIONS)))))
    reports.append((now_s, course.learned(1.0)))
    return reports, now_s + MEASURING_S


def told(reports: list[tuple[float, float]], end_s: float) -> Iterator[tuple[float, float]]:
    """(true, told) seconds left, where any were told and ten are left."""
    left, furthest = TimeLeft(), 0.0
    for now_s, fraction in reports:
        furthest = max(furthest, fraction)
        said = left.after(furthest, now_s)
        if said is not None and end_s - now_s > 10.0:
            yield end_s - now_s, said


@pytest.mark.parametrize("known", [KNOWN, None], ids=["calibrated", "the first training on this PC"])
@pytest.mark.parametrize("minutes", [1.0, 3.0, 6.0, 10.0])
def test_the_time_left_of_a_training_is_never_off_by_a_factor_of_two(
    minutes: float, known: Calibration | None
) -> None:
    pairs = list(told(*training(minutes, known)))
    assert pairs and all(0.5 < said / true < 2.0 for true, said in pairs)


def test_the_bar_grows_to_what_only_measuring_leaves() -> None:
    reports, end_s = training(3.0, KNOWN)
    fractions = [fraction for _now_s, fraction in reports]
    assert fractions[0] == 0.0 and fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0 - MEASURING_S / end_s, abs=0.03)


def test_measuring_has_its_share_of_the_bar_of_learning_to_walk() -> None:
    """It used to stand at 98 % for as long as measuring took."""
    progress = GaitProgress(9, 90.0, 90 * 4000, 5.0, 1.0, 0.9, 1.0)
    assert done_fraction(progress, 180.0) == pytest.approx(90.0 / (180.0 + 64_000 / 10_000))
    late = replace(progress, elapsed_s=181.0, control_steps=181 * 4000)
    assert done_fraction(late, 180.0) == pytest.approx(180.0 / 186.4)
