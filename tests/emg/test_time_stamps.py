"""Claims about time columns: rounded, in milliseconds, with a bad stamp, they still tell the rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.emg.readers import read_emg
from core.emg.time_stamps import SampleClock, clock_of
from tests.refusals import code_of

Codes = list[str]


def stamps(rate_hz: float, seconds: float = 10.0) -> np.ndarray:
    return np.arange(0, seconds, 1 / rate_hz)


def codes(clock: SampleClock) -> Codes:
    return [finding.advice.code for finding in clock.findings]


@pytest.mark.parametrize("decimals", [2, 3, 4, 5, 6, 9])
@pytest.mark.parametrize("rate_hz", [1000.0, 1200.0, 1500.0, 1600.0, 1925.926, 2000.0, 2148.148])
def test_rounded_stamps_give_the_true_rate_without_a_word(rate_hz: float, decimals: int) -> None:
    exact = stamps(rate_hz)
    clock = clock_of(np.round(exact, decimals), "s", "a.csv")
    assert clock.rate_hz == pytest.approx(rate_hz, rel=10.0**-decimals / exact[-1] * 1.01)
    assert clock.findings == ()


@pytest.mark.parametrize("decimals", [3, 4])
def test_stamps_cut_off_instead_of_rounded_do_as_well(decimals: int) -> None:
    cut = np.floor(stamps(1500.0) * 10**decimals) / 10**decimals
    assert clock_of(cut, "", "a.csv").rate_hz == pytest.approx(1500, rel=2e-4)


@pytest.mark.parametrize("rate_hz", [1000.0, 1500.0, 2148.148])
@pytest.mark.parametrize(("unit", "size"), [("ms", 1e-3), ("us", 1e-6)])
def test_milliseconds_are_known_by_their_name_or_told_when_they_are_not(
    rate_hz: float, unit: str, size: float
) -> None:
    stamp = np.round(stamps(rate_hz) / size, 3)
    named, unnamed = clock_of(stamp, unit, "a.csv"), clock_of(stamp, "", "a.csv")
    assert named.rate_hz == unnamed.rate_hz == pytest.approx(rate_hz, rel=1e-5)
    assert (codes(named), codes(unnamed)) == ([], ["EMG-033"])


def test_one_stamp_twice_or_wild_is_a_note() -> None:
    twice, wild, first = (stamps(1000.0, 3.0) for _ in range(3))
    twice[1500], wild[1500], first[0] = twice[1499], 99.0, -7.0
    for stamp in (twice, wild, first):
        clock = clock_of(np.round(stamp, 3), "s", "a.csv")
        assert clock.rate_hz == pytest.approx(1000, rel=1e-6) and codes(clock) == ["EMG-034"]


def test_a_rate_that_is_entered_refines_rounded_stamps_and_replaces_uneven_ones() -> None:
    rounded = np.round(stamps(1925.926, 2.0), 3)
    assert clock_of(rounded, "s", "a.csv", 1925.926).rate_hz == 1925.926
    uneven = np.concatenate([stamps(1000.0, 1.0), 5 + stamps(1000.0, 1.0)])
    assert code_of(clock_of, uneven, "s", "a.csv") == "EMG-003"
    clock = clock_of(uneven, "s", "a.csv", 1000.0)
    assert clock.rate_hz == 1000 and codes(clock) == ["EMG-035"]


def test_stamps_that_tell_no_rate_are_no_clock() -> None:
    whole_seconds = np.floor(stamps(1000.0, 3.0))
    to_and_fro = np.tile([0.1, 0.2], 40)
    for stamp in (whole_seconds, to_and_fro, np.zeros(100), np.full(100, np.nan), stamps(1000.0)[::-1]):
        assert code_of(clock_of, stamp, "s", "a.csv") == "EMG-003"
        assert clock_of(stamp, "s", "a.csv", 1000.0).rate_hz == 1000.0


def test_a_rate_that_contradicts_good_stamps_is_refused_with_a_way_out() -> None:
    assert code_of(clock_of, stamps(1000.0), "s", "a.csv", 2000.0) == "EMG-003"
    drifting = clock_of(stamps(1005.0), "s", "a.csv", 1000.0)
    assert drifting.rate_hz == pytest.approx(1005) and codes(drifting) == ["EMG-035"]


def test_a_header_that_says_another_rate_is_told() -> None:
    assert codes(clock_of(stamps(1000.0), "s", "a.csv", told_hz=2000.0)) == ["EMG-035"]
    assert codes(clock_of(stamps(1000.0), "s", "a.csv", told_hz=1000.0)) == []


@pytest.mark.parametrize(
    ("name", "rate_hz", "expected"),
    [
        ("rounded_to_ms", 1925.926, []),
        ("one_stamp_twice", 1000.0, ["EMG-034"]),
        ("milliseconds", 1000.0, ["EMG-033"]),
    ],
)
def test_the_handed_time_columns_are_read_with_and_without_their_rate(
    shared_data: Callable[[str], Path], name: str, rate_hz: float, expected: Codes
) -> None:
    path = shared_data(f"../cases/time-stamps/{name}.csv")
    raw = read_emg(path)
    assert raw.rate_hz == pytest.approx(rate_hz, rel=5e-4)
    assert [finding.advice.code for finding in raw.findings] == expected
    assert read_emg(path, rate_hz).rate_hz == pytest.approx(rate_hz, rel=1e-9)
