"""Claims about maximum contractions: every muscle has one, and 100 % is the best held second of all tries."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.importing import process_emg
from core.emg.mvc import mvc_values
from core.emg.mvc_protocol import PROTOCOL, needed
from core.emg.signals import RawEmg
from tests.emg.test_emg import bursts

RATE_HZ = 1000.0
SITES = {"L TA": ChannelSite(EmgMuscle.TIBIALIS_ANTERIOR, Side.LEFT)}


def tries(*levels: float, name: str = "mvc.csv", channel: str = "L TA", hold_s: float = 4.0) -> RawEmg:
    """Contractions of these levels, each held with rest between them; the standard deviation is the level."""
    random = np.random.default_rng(len(levels))
    rest = 0.01 * random.normal(size=2000)
    parts = [np.concatenate([rest, level * random.normal(size=int(hold_s * RATE_HZ))]) for level in levels]
    return RawEmg((channel,), np.concatenate([*parts, rest])[:, None], RATE_HZ, name)


def test_every_muscle_has_exactly_one_test_position() -> None:
    for muscle in EmgMuscle:
        assert sum(muscle in contraction.muscles for contraction in PROTOCOL) == 1
    assert [c.key for c in needed((EmgMuscle.SOLEUS, EmgMuscle.RECTUS_FEMORIS))] == [
        "plantarflexion-seated",
        "knee-extension",
    ]


def test_the_best_second_of_three_tries_counts() -> None:
    one, best = mvc_values([tries(1.0, 1.0)], ["L TA"]), mvc_values([tries(1.0, 2.0, 1.5)], ["L TA"])
    assert best.value[0] == pytest.approx(2 * one.value[0], rel=0.1)
    assert best.held == (True,) and best.tries == (3,)


def test_tries_in_several_files_are_one_set() -> None:
    files = [tries(1.3, name="1.csv"), tries(2.0, name="2.csv"), tries(1.6, name="3.csv")]
    found = mvc_values(files, ["L TA"])
    assert found.source == ("2.csv",) and found.tries == (3,)
    assert found.value[0] == mvc_values(files[1:2], ["L TA"]).value[0]


def test_each_channel_takes_the_contraction_that_has_it() -> None:
    files = [tries(1.0, name="a.csv"), tries(3.0, name="b.csv", channel="L SOL")]
    found = mvc_values(files, ["L TA", "L SOL", "L VL"])
    assert found.source == ("a.csv", "b.csv", "") and found.value[2] == 0


def test_a_walk_at_half_of_the_held_maximum_comes_out_at_half() -> None:
    walk = RawEmg(("L TA",), 0.5 * bursts(rate_hz=RATE_HZ)[:, None], RATE_HZ, "walk.csv")
    result = process_emg(walk, SITES, [tries(1.0), tries(1.0), tries(0.9)])
    phase = result.time_s % 1.0
    assert result.envelope[(phase > 0.15) & (phase < 0.35), 0].mean() == pytest.approx(0.5, abs=0.05)
    assert result.processing.endswith("100 % is the best second of the maximum contractions")
    assert not {"EMG-063", "EMG-064", "EMG-020"} & {finding.advice.code for finding in result.findings}


def test_a_single_try_and_a_burst_in_its_place_are_told() -> None:
    walk = RawEmg(("L TA",), bursts(rate_hz=RATE_HZ)[:, None], RATE_HZ, "walk.csv")
    single = process_emg(walk, SITES, tries(1.0))
    burst = process_emg(walk, SITES, tries(1.0, hold_s=0.3))
    assert "EMG-064" in [finding.advice.code for finding in single.findings]
    assert "EMG-063" in [finding.advice.code for finding in burst.findings]


def test_a_channel_in_no_maximum_is_shown_relative_to_its_own() -> None:
    walk = RawEmg(("L TA",), bursts(rate_hz=RATE_HZ)[:, None], RATE_HZ, "walk.csv")
    emg = process_emg(walk, SITES, [tries(1.0, channel="L SOL")])
    assert emg.normalised_to == "recorded maximum"
    assert "EMG-042" in [finding.advice.code for finding in emg.findings]
