"""Rates and accelerations of measured coordinates."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.kinetics.smoothing import course_of, low_pass

HZ = 1.5  # of a swing
INSIDE = slice(15, -15)  # where the filter has run in


def swing(time_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    turn = 2 * np.pi * HZ
    phase = turn * time_s
    return np.sin(phase)[:, None], turn * np.cos(phase)[:, None], -(turn**2) * np.sin(phase)[:, None]


def test_rates_of_a_camera_with_uneven_times_are_those_at_its_times() -> None:
    jitter = np.random.default_rng(3).uniform(-0.4, 0.4, 150)
    time_s = (np.arange(150) + jitter) / 60.0
    value, rate, acceleration = swing(time_s)

    found = course_of(time_s, value)

    assert np.abs(found.value - value)[INSIDE].max() < 0.02
    assert np.abs(found.rate - rate)[INSIDE].max() < 0.03 * np.abs(rate).max()
    assert np.abs(found.acceleration - acceleration)[INSIDE].max() < 0.06 * np.abs(acceleration).max()


def test_ways_with_a_pause_between_do_not_touch_each_other() -> None:
    way_s = np.arange(80) / 60.0
    value, _, acceleration = swing(way_s)
    time_s = np.concatenate([way_s, way_s + 4.0])

    found = course_of(time_s, np.concatenate([value, value + 3.0]))

    for part in (slice(0, 80), slice(80, 160)):
        difference = found.acceleration[part] - acceleration
        assert np.abs(difference)[INSIDE].max() < 0.02 * np.abs(acceleration).max()


def test_the_filter_keeps_half_the_power_at_its_cut_off_and_has_no_lag() -> None:
    time_s = np.arange(2000) / 100.0
    tone = np.sin(2 * np.pi * 6.0 * time_s)[:, None]
    passed = low_pass(tone, 100.0, 6.0)[500:-500, 0]
    assert abs(np.std(passed) / np.std(tone) - np.sqrt(0.5)) < 0.01
    assert np.corrcoef(passed, tone[500:-500, 0])[0, 1] > 0.9999
