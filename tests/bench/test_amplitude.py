"""Claims of `exotwin bench amplitude`, on few people: what is printed, and what real EMG gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from app.bench.amplitude import (
    FORCES_N,
    MINUTE_PERCENT,
    NOISE_PERCENT,
    SyntheticPeople,
    judged,
    oracle,
    percent_of_mvc,
)
from app.bench.amplitude_scatter import real_scatter
from app.bench.emg_holds import read_sheets

FEW = SyntheticPeople.drawn(12, 77)  # the bench judges others


def test_people_are_least_active_at_their_optimum() -> None:
    force = np.arange(10.0, 60.1, 0.1)
    least = force[FEW.activity(force).argmin(axis=1)]
    assert np.abs(least - FEW.optimum_n).max() < 0.1
    right, left = FEW.activity(np.array([57.0])), FEW.activity(np.array([13.0]))
    assert (right > FEW.least[:, None]).all() and (left > FEW.least[:, None]).all()


def test_with_next_to_no_noise_nearly_everybody_is_found() -> None:
    """A steep wing that begins between two forces stays unseen."""
    numbers = judged(FEW, 5, noise=0.005)
    assert numbers["within_2_n_of_the_others"] >= 0.9 and numbers["recordings_mean"] == 6.0


def test_the_band_covers_with_the_noise_of_the_issue_and_more_recordings_help() -> None:
    plain, more = judged(FEW, 5), judged(FEW, 5, added=1)
    assert plain["band_covers"] >= 0.75  # twelve people: 95 % of the time at least ten of them
    assert more["band_width_median_n"] <= plain["band_width_median_n"] + 0.5
    assert 6.0 <= more["recordings_mean"] <= 7.0


def test_who_knows_the_family_is_right_more_often_with_less_noise() -> None:
    many = SyntheticPeople.drawn(30, 78)
    assert oracle(many, 5, noise=0.05) >= max(0.9, oracle(many, 5))


def iemg_percent(signal: np.ndarray, maximum: np.ndarray) -> float:
    """By the formula of the study, written anew: mean over cycles of one second, from 31 to 75 %."""

    def envelope(raw: np.ndarray) -> np.ndarray:
        band = sosfiltfilt(butter(4, (20.0, 500.0), "bandpass", fs=2000.0, output="sos"), raw - raw.mean())
        low = butter(4, 10.0, "lowpass", fs=2000.0, output="sos")
        return np.asarray(sosfiltfilt(low, np.abs(band - band.mean())))

    full = np.convolve(envelope(maximum), np.ones(2001) / 2001.0, "valid").max()
    curve = envelope(signal)
    starts = range(1, int(len(signal) / 2000.0 - 1.5) + 1)
    parts = [
        curve[round((start + 0.31) * 2000) : round((start + 0.75) * 2000) + 1].mean() for start in starts
    ]
    return float(100.0 * np.mean(parts) / full)


@pytest.mark.slow
def test_real_emg_is_a_share_of_its_real_maximum(shared_data: Callable[[str], Path]) -> None:
    """Vastus lateralis in isometric holds of knee and shin; this person held the maximum."""
    holds = read_sheets(shared_data("emg-isometric/ID3.xlsx"))["VL"]
    knee, shin = (holds[np.isfinite(holds[:, column]), column] for column in (0, 2))
    for signal in (knee, shin):
        assert percent_of_mvc(signal, knee) == pytest.approx(iemg_percent(signal, knee), rel=0.02)
    own, other = percent_of_mvc(knee, knee), percent_of_mvc(shin, knee)
    assert own is not None and other is not None and 50.0 < own <= 100.0 and other < 20.0


def test_forces_are_those_of_the_study() -> None:
    assert list(FORCES_N) == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]


def test_neighbouring_strides_of_a_real_walk_are_alike_and_a_minute_leaves_part_of_the_noise(
    shared_data: Callable[[str], Path],
) -> None:
    folder = shared_data("treadmill-emg-walk36").parent
    told = real_scatter(folder)
    assert told["strides"] >= 40 and told["correlation_of_neighbours"] > 0.3
    left = told["sd_of_mean_of_all"] / told["sd_of_mean_of_five"]
    assert told["sd_of_mean_of_all_if_independent"] < told["sd_of_mean_of_all"]
    assert left <= MINUTE_PERCENT / NOISE_PERCENT, "what is taken is no better than the walk"
