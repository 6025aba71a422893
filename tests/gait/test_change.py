"""Claims about the change between two recorded gaits, and the smallest change that can be told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.capture_comparison import ChangeVerdict, GaitQuantity
from core.domain.motion import GaitCycles
from core.gait.change import (
    chance_of_false_change,
    changes_between,
    curve_changes,
    measured_numbers,
    minimal_change,
    range_error,
    standard_error,
    symmetry_error,
)
from core.gait.cycles import range_of_motion_deg
from tests import captured


def test_the_minimal_detectable_change_of_equal_errors_is_1_96_root_2_sem() -> None:
    assert minimal_change(0.5, 0.5) == pytest.approx(1.96 * math.sqrt(2.0) * 0.5)
    assert minimal_change(0.3, 0.4) == pytest.approx(
        1.96 * 0.5
    )  # of unequal ones: root of the sum of squares
    assert math.isnan(minimal_change(math.nan, 0.4))


def test_so_often_unchanged_means_exceed_it_as_is_said() -> None:
    random, strides, trials = np.random.default_rng(4), 4, 20_000
    first, other = (random.normal(3.0, 1.0, (trials, strides)) for _ in range(2))
    errors = [values.std(axis=1, ddof=1) / math.sqrt(strides) for values in (first, other)]
    mdc = 1.96 * np.sqrt(errors[0] ** 2 + errors[1] ** 2)
    share = float(np.mean(np.abs(first.mean(axis=1) - other.mean(axis=1)) > mdc))
    assert share == pytest.approx(chance_of_false_change(strides), abs=0.006)  # three standard errors
    assert chance_of_false_change(1000) == pytest.approx(0.05, abs=0.001)


def test_a_stiffer_knee_is_beyond_and_an_unchanged_hip_is_within() -> None:
    first, other = (measured_numbers(captured.walk(seed=seed, knee=k)) for seed, k in ((1, 1.0), (2, 0.7)))
    changes = {(c.quantity, c.side): c for c in changes_between(first, other)}
    knee = changes[GaitQuantity.KNEE_RANGE, Side.LEFT]
    assert knee.verdict is ChangeVerdict.BEYOND and knee.difference == pytest.approx(0.7 * 58 - 58, abs=4)
    assert changes[GaitQuantity.HIP_RANGE, Side.RIGHT].verdict is ChangeVerdict.WITHIN
    assert changes[GaitQuantity.SPEED, None].verdict is ChangeVerdict.WITHIN


def test_a_recording_against_itself_shows_no_change() -> None:
    motion = captured.walk(seed=3)
    numbers = measured_numbers(motion)
    assert all(
        c.difference == 0.0 and c.verdict is ChangeVerdict.WITHIN for c in changes_between(numbers, numbers)
    )
    for curve in curve_changes(motion.cycles, motion.cycles):
        assert curve.correlation == pytest.approx(1.0) and curve.rmse_deg == 0.0
        assert curve.verdict is ChangeVerdict.WITHIN and curve.mdc_deg > 0.0


def test_the_numbers_are_those_of_the_motion_page() -> None:
    motion = captured.walk(seed=5, speed_m_s=0.9)
    numbers = {(n.quantity, n.side): n for n in measured_numbers(motion)}
    assert numbers[GaitQuantity.SPEED, None].value == motion.measures.speed_m_s
    knee = range_of_motion_deg(motion.cycles[0])["knee_angle_l"]
    assert numbers[GaitQuantity.KNEE_RANGE, Side.LEFT].value == pytest.approx(knee)
    sd = motion.measures.sides[1].stance_fraction.sd
    assert numbers[GaitQuantity.STANCE, Side.RIGHT].sem == pytest.approx(100 * sd / math.sqrt(8))


def test_of_a_single_stride_nothing_is_judged() -> None:
    first, other = captured.walk(seed=1), captured.walk(seed=2, strides=1, knee=0.5)
    changes = changes_between(measured_numbers(first), measured_numbers(other))
    assert {change.verdict for change in changes} == {ChangeVerdict.NOT_JUDGED}
    assert {c.verdict for c in curve_changes(first.cycles, other.cycles)} == {ChangeVerdict.NOT_JUDGED}
    assert math.isnan(standard_error(np.array([1.0])))


def test_ranges_of_strides_that_differ_in_timing_seem_changed_as_rarely_as_is_said() -> None:
    """The strides' own ranges do not scatter at all here, but the range of their mean does."""
    random, strides, beyond = np.random.default_rng(2), 10, 0
    cycle = np.linspace(0.0, 1.0, 101)
    for _ in range(1000):
        sides = []
        for _ in range(2):
            shift = 0.06 * random.standard_normal((strides, 1))
            sides.append(np.exp(-(((cycle - 0.6 - shift) / 0.06) ** 2)))
        change = abs(float(np.ptp(sides[0].mean(axis=0)) - np.ptp(sides[1].mean(axis=0))))
        beyond += change > minimal_change(range_error(sides[0]), range_error(sides[1]))
    assert beyond / 1000 == pytest.approx(chance_of_false_change(strides), abs=0.025)


def test_a_leg_without_strides_has_no_numbers() -> None:
    motion = captured.walk(seed=1)
    nothing = GaitCycles(Side.LEFT, np.zeros((0, 101, 7)), math.nan)
    bare = replace(motion, cycles=(nothing, motion.cycles[1]))
    knee = {(n.quantity, n.side): n for n in measured_numbers(bare)}[GaitQuantity.KNEE_RANGE, Side.LEFT]
    assert not knee.known and math.isnan(knee.sem)


def test_the_error_of_the_symmetry_is_that_of_repeated_walks() -> None:
    """Step lengths scatter by 2 cm, as `captured.walk` makes them; step times not at all here."""
    random, strides = np.random.default_rng(8), 8
    lengths = 0.55 + np.array([[0.06], [0.0]]) + 0.02 * random.standard_normal((4000, 2, strides))
    left, right = lengths.mean(axis=2).T
    of_lengths = 1.0 - 2.0 * np.abs(left - right) / (left + right)
    motion = captured.walk(seed=6, strides=strides)
    sides = tuple(
        replace(own, step_length_m=replace(own.step_length_m, mean=mean, sd=0.02))
        for own, mean in zip(motion.measures.sides, (0.61, 0.55), strict=True)
    )
    even = replace(motion, measures=replace(motion.measures, sides=sides), strides=_even(motion.strides))
    assert symmetry_error(even) == pytest.approx(float(of_lengths.std()) / 2.0, rel=0.08)


def _even(strides: tuple[object, ...]) -> tuple[object, ...]:
    """The same strides on a clock without scatter."""
    evened = []
    for number, stride in enumerate(strides):
        count = len(strides) // 2
        start = (number % count) + (0.5 if number >= count else 0.0)
        evened.append(replace(stride, start_s=start, toe_off_s=start + 0.6, end_s=start + 1.0))  # type: ignore[type-var]
    return tuple(evened)
