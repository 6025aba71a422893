"""Claims about EMG per gait cycle: cut at the motion's strides, on and off found, co-contraction right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.motion import Stride
from core.emg.cocontraction import cocontractions, falconer_winter_percent, rudolph_index
from core.emg.cycles import EmgCycles, emg_cycles
from core.emg.importing import process_emg
from core.emg.onsets import activity
from core.emg.readers import read_emg

PERCENT = np.arange(101.0)


def envelopes(values: np.ndarray, site: ChannelSite, offset_s: float = 0.0) -> EmgEnvelopes:
    channel = ChannelQuality("a", site, "good", 20.0, 0.0, 0.0)
    time_s = np.arange(len(values)) / 100.0
    return EmgEnvelopes(time_s, values[:, None], (channel,), "MVC", 1000.0, "a.csv", (), offset_s=offset_s)


def cycles(muscle: EmgMuscle, strides: np.ndarray, side: Side = Side.LEFT) -> EmgCycles:
    return EmgCycles("a", ChannelSite(muscle, side), np.atleast_2d(strides), 0.6, 0)


def burst(on: float, off: float, height: float = 1.0) -> np.ndarray:
    """Activity from `on` to `off` percent, smooth at its ends as an envelope is."""
    inside = (PERCENT - on) % 100.0 <= (off - on) % 100.0
    smooth = np.convolve(np.tile(inside[:-1].astype(float), 3), np.ones(5) / 5, mode="same")[100:201]
    return 0.02 + 0.002 * np.cos(7 * PERCENT) + height * smooth


def test_a_ramp_is_cut_at_the_strides_of_its_leg_and_shifted_by_the_offset() -> None:
    ramp = np.arange(500) / 100.0  # the value is the time of the EMG
    strides = [Stride(Side.LEFT, 1.0 + k, 1.6 + k, 2.0 + k) for k in range(5)]
    strides.append(Stride(Side.RIGHT, 1.5, 2.1, 2.5))
    site = ChannelSite(EmgMuscle.SOLEUS, Side.LEFT)
    (found,) = emg_cycles(envelopes(ramp, site, offset_s=0.25), strides)
    assert found.envelope.shape == (4, 101) and found.left_out == 1
    np.testing.assert_allclose(found.envelope[0], np.linspace(0.75, 1.75, 101), atol=1e-9)
    assert found.toe_off_fraction == pytest.approx(0.6)


def test_without_a_stride_there_are_no_numbers_and_no_bursts() -> None:
    (found,) = emg_cycles(envelopes(np.ones(300), ChannelSite(EmgMuscle.SOLEUS, Side.LEFT)), [])
    assert np.isnan(found.mean).all() and np.isnan(found.toe_off_fraction)
    assert activity(found).bursts == () and cocontractions([found]) == ()


def test_bursts_are_found_where_they_are_round_the_cycle_too() -> None:
    random = np.random.default_rng(0)
    curve = np.maximum(burst(20, 48), burst(85, 8, 0.6))
    strides = np.stack([curve * (1 + 0.05 * random.normal(size=101)) for _ in range(6)])
    found = activity(cycles(EmgMuscle.SOLEUS, strides))
    first, second = found.bursts
    assert (first.on_percent, first.off_percent) == pytest.approx((20, 49), abs=3)
    assert (second.on_percent, second.off_percent) == pytest.approx((85, 9), abs=3)
    assert second.length_percent == pytest.approx(24, abs=4)
    assert found.agreement > 0.95


def test_a_short_spike_is_no_burst_and_a_silent_muscle_has_none() -> None:
    spike = 0.02 + np.where((PERCENT >= 50) & (PERCENT < 52), 1.0, 0.0)
    assert activity(cycles(EmgMuscle.SOLEUS, spike)).bursts == ()
    assert activity(cycles(EmgMuscle.SOLEUS, np.zeros(101))).bursts == ()


def test_what_half_of_the_strides_do_not_share_is_no_burst() -> None:
    strides = np.stack([burst(20, 40)] * 5 + [np.maximum(burst(20, 40), burst(70, 80))])
    assert [round(b.on_percent) for b in activity(cycles(EmgMuscle.SOLEUS, strides)).bursts] == pytest.approx(
        [20], abs=2
    )


def test_cocontraction_is_100_for_equals_and_0_for_turns() -> None:
    one, other = np.maximum(0, np.sin(PERCENT / 10)), np.maximum(0, -np.sin(PERCENT / 10))
    assert falconer_winter_percent(one, one) == pytest.approx(100)
    assert falconer_winter_percent(one, other) == pytest.approx(0)
    assert falconer_winter_percent(one, 3 * one) == pytest.approx(50)
    assert rudolph_index(np.ones(5), np.ones(5)) == pytest.approx(2)
    assert rudolph_index(np.ones(5), np.full(5, 0.5)) == pytest.approx(0.75)
    assert np.isnan(falconer_winter_percent(np.zeros(5), np.zeros(5)))


def test_pairs_are_of_one_leg_and_tell_stance_from_swing() -> None:
    shin, calf = burst(65, 95), np.maximum(burst(20, 50), burst(65, 95))
    found = cocontractions(
        [
            cycles(EmgMuscle.TIBIALIS_ANTERIOR, shin),
            cycles(EmgMuscle.SOLEUS, calf),
            cycles(EmgMuscle.SOLEUS, calf, Side.RIGHT),
        ]
    )
    (pair,) = found
    assert pair.side is Side.LEFT and pair.muscles == (EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.SOLEUS)
    assert pair.swing_percent > 90 > 50 > pair.stance_percent


def test_a_real_calf_pushes_off_and_a_real_shin_works_in_swing(shared_data: Callable[[str], Path]) -> None:
    """A youth; strides between the events in the file, normal timing after Perry 1992."""
    path = shared_data("multi-subject-c3d/HC033A/HC033A10.c3d")
    strides = strides_in(path, Side.RIGHT)
    raw = read_emg(path)
    sites = {
        "Voltage.R Gast": ChannelSite(EmgMuscle.GASTROCNEMIUS_MEDIALIS, Side.RIGHT),
        "Voltage.R Tib Ant": ChannelSite(EmgMuscle.TIBIALIS_ANTERIOR, Side.RIGHT),
    }
    found = {one.site.muscle: one for one in emg_cycles(process_emg(raw, sites), strides)}
    calf, shin = found[EmgMuscle.GASTROCNEMIUS_MEDIALIS], found[EmgMuscle.TIBIALIS_ANTERIOR]
    assert len(calf.envelope) == len(strides) >= 1
    assert any(0 <= b.on_percent < 35 and 35 < b.off_percent < 65 for b in activity(calf).bursts)
    assert any(50 < b.on_percent < 80 for b in activity(shin).bursts)
    (pair,) = cocontractions(list(found.values()))
    assert 0 < pair.common_percent < 60


def strides_in(path: Path, side: Side) -> list[Stride]:
    """Strides between the file's own events, on the clock of its EMG."""
    content = ezc3d.c3d(str(path))
    events = content["parameters"]["EVENT"]
    first_s = content["header"]["points"]["first_frame"] / content["header"]["points"]["frame_rate"]
    minutes, seconds = events["TIMES"]["value"]
    rows = zip(
        events["CONTEXTS"]["value"], events["LABELS"]["value"], 60 * minutes + seconds - first_s, strict=True
    )
    times = sorted((at, what) for leg, what, at in rows if leg.lower() == side.value)
    strikes = [at for at, what in times if what == "Foot Strike"]
    offs = [at for at, what in times if what == "Foot Off"]
    return [
        Stride(side, start, next(off for off in offs if start < off < end), end)
        for start, end in pairwise(strikes)
    ]
