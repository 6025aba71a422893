"""Claims about envelopes against held forces: the filter is a muscle's, and real holds agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bench import emg_holds
from app.bench.emg_holds import (
    CHOSEN_ON,
    JUDGED_ON,
    RATE_HZ,
    TWITCHES,
    Hold,
    Start,
    Twitch,
    chosen_twitch,
    follows,
    twitches,
)
from core.emg.processing import band_passed
from tests.refusals import code_of


def synthetic_hold(corner_hz: float, seed: int = 0) -> Hold:
    """Synthetic: noise modulated by a drive that rises, sags and rises again; the force is its twitches."""
    time_s = np.arange(0, 10, 1 / RATE_HZ)
    drive = np.clip(time_s / 0.8, 0, 1) * (0.7 + 0.25 * np.sin(2 * np.pi * 0.25 * time_s))
    emg = 50 * drive * band_passed(np.random.default_rng(seed).normal(size=len(time_s)), RATE_HZ)
    return Hold("ID1", "VL", emg, 3.0 + 20 * twitches(emg, corner_hz, from_rest=True))


def test_the_right_twitch_is_chosen_and_follows_wholly() -> None:
    holds = [synthetic_hold(1.0, seed) for seed in range(3)]
    chosen = chosen_twitch(holds)
    assert chosen.corner_hz == 1.0 and chosen.start is not Start.LEVEL
    assert follows(holds[0], chosen) == pytest.approx(1.0, abs=1e-6)
    assert follows(holds[0], Twitch(3.0, Start.REST)) < 0.97


def test_a_hold_that_was_under_way_starts_from_its_level() -> None:
    hold = synthetic_hold(1.0)
    late = Hold("ID1", "VL", hold.emg[4000:], hold.force[4000:])
    rising = Hold("ID1", "VL", hold.emg, hold.force)
    assert late.under_way and not rising.under_way
    assert follows(late, Twitch(1.0, Start.BY_FORCE)) == follows(late, Twitch(1.0, Start.LEVEL))
    assert follows(rising, Twitch(1.0, Start.BY_FORCE)) == follows(rising, Twitch(1.0, Start.REST))


def test_who_chooses_does_not_judge() -> None:
    assert not set(CHOSEN_ON) & set(JUDGED_ON)
    assert len({twitch.corner_hz for twitch in TWITCHES}) * len(Start) == len(TWITCHES)


def test_a_missing_workbook_is_refused(tmp_path: Path) -> None:
    assert code_of(lambda: emg_holds.bench_emg_holds(tmp_path)) == "PC-026"


def test_real_holds_follow_where_the_electrode_shows_a_muscle(shared_data: Callable[[str], Path]) -> None:
    """One person of those who judge; the chain and the low-pass are what the other three chose."""
    pytest.importorskip("openpyxl")
    holds = emg_holds._person(shared_data("emg-isometric"), "ID4")
    found = {hold.muscle: follows(hold, Twitch(0.7, Start.BY_FORCE)) for hold in holds if hold.has_muscle}
    assert set(found) == {"VL", "BF", "TA"}  # the fourth channel carries no EMG in any of the files
    assert min(found.values()) >= emg_holds.ASKED_R
