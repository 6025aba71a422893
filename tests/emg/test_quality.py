"""Claims about channels: real ones are told from empty and saturated ones, and contamination is named.

Verdicts on real walks are of six people whose channels without an electrode are known
(`app.bench.emg_quality`); limits were chosen on the first three only. What is added to a signal is synthetic.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bench.emg_quality import CHANNELS, CHOSEN_ON, JUDGED_ON, SPOILT, bench_emg_quality
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.importing import process_emg
from core.emg.processing import band_passed
from core.emg.quality import channel_findings, channel_quality, judge_channels, signal_to_noise_db
from core.emg.readers import read_emg
from core.emg.signals import RawEmg
from core.emg.synthetic import interference

RATE_HZ = 1000.0
SITE = ChannelSite(EmgMuscle.RECTUS_FEMORIS, Side.LEFT)


def verdict_of(signal: np.ndarray, *, held: bool = False) -> str:
    return channel_quality("a", SITE, signal, RATE_HZ, 0.0, held=held).verdict


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    """Synthetic: a muscle's spectrum (30 to 160 Hz), bursts of 0.4 s every second over a small baseline."""
    time_s = np.arange(0, 8.0, 1 / RATE_HZ)
    random = np.random.default_rng(3)
    muscle = np.cumsum(random.normal(size=len(time_s)))  # falling spectrum
    muscle = band_passed(muscle, RATE_HZ)
    amplitude = np.where(time_s % 1.0 < 0.4, 1.0, 0.05)
    return amplitude * muscle / muscle.std() + 0.01 * random.normal(size=len(time_s))


def test_a_baseline_that_smoothing_cuts_at_zero_is_no_endless_signal_to_noise() -> None:
    random = np.random.default_rng(5)
    noise = random.normal(size=3000)
    spikes = np.where(np.arange(3000) % 300 < 15, 60.0, 1.0) * noise  # between them the smoothing rings
    assert 20.0 < signal_to_noise_db(spikes, RATE_HZ) < 60.0


@pytest.mark.parametrize(("file", "verdicts"), [*CHOSEN_ON.items(), *JUDGED_ON.items()])
def test_channels_without_an_electrode_and_at_the_rail_are_told_from_muscles(
    shared_data: Callable[[str], Path], file: str, verdicts: tuple[str | None, ...]
) -> None:
    raw = read_emg(shared_data(f"multi-subject-c3d/{file}.c3d"))
    for name, verdict in zip(CHANNELS, verdicts, strict=True):
        found = channel_quality(name, SITE, raw.signal[:, raw.channels.index(name)], raw.rate_hz, 0.0)
        assert verdict in (None, found.verdict), (name, found)


def test_the_bench_calls_adults_good_and_names_what_was_added_to_those_who_judge(
    shared_data: Callable[[str], Path],
) -> None:
    for needed in ("multi-subject-c3d", "adult-walk-emg-c3d"):
        folder = shared_data(needed).parent
    numbers = bench_emg_quality(folder)
    assert numbers["quality_right_judged"] == numbers["quality_adults_called_good"] == "24 of 24"
    assert {numbers[f"quality_synthetic_{name}_named"] for name in SPOILT} == {"12 of 12"}


def test_a_channel_of_zeros_is_flat_and_its_envelope_stays_zero(walk: np.ndarray) -> None:
    raw = RawEmg(("L_soleus", "R_soleus"), np.stack([walk, np.zeros_like(walk)], axis=1), RATE_HZ, "a.csv")
    sites = {f"{side.suffix.upper()}_soleus": ChannelSite(EmgMuscle.SOLEUS, side) for side in Side}
    result = process_emg(raw, sites)
    assert [channel.verdict for channel in result.channels] == ["good", "flat"]
    assert not result.envelope[:, 1].any()
    assert "EMG-010" in [finding.advice.code for finding in result.findings]


def synthetic_trouble(walk: np.ndarray) -> dict[str, np.ndarray]:
    """Each contamination as large as is needed to spoil a recording."""
    time_s = np.arange(len(walk)) / RATE_HZ
    steps = np.where((time_s > 3) & (time_s < 4.2), 12.0, 0.0) + np.where(time_s > 6, -9.0, 0.0)
    shake = sum(
        np.sin(2 * np.pi * 1.8 * k * time_s + k) for k in range(1, 7)
    )  # harmonics of 1.8 steps a second
    return {
        "good": walk,
        "hum": walk + 1.5 * np.sin(2 * np.pi * 60 * time_s),
        "loose": walk + steps,
        "motion": walk + 0.6 * shake,
        "clipped": np.clip(walk, -0.6, 0.6),
        "noise": 0.05 * np.random.default_rng(1).normal(size=len(walk)),
    }


@pytest.mark.parametrize("trouble", ["good", "hum", "loose", "motion", "clipped", "noise"])
def test_a_synthetic_contamination_is_named(walk: np.ndarray, trouble: str) -> None:
    channel = channel_quality("a", SITE, synthetic_trouble(walk)[trouble], RATE_HZ, 0.0)
    assert channel.verdict == trouble
    assert [finding.advice.code for finding in channel_findings((channel,))] == ["EMG-010"] * (
        trouble != "good"
    )


def test_a_held_contraction_needs_no_bursts_but_a_muscle(walk: np.ndarray) -> None:
    held = band_passed(np.cumsum(np.random.default_rng(5).normal(size=8000)), RATE_HZ)
    assert verdict_of(held) == "noise"  # as a walk it would be
    assert verdict_of(held, held=True) == "good"
    assert verdict_of(np.random.default_rng(6).normal(size=8000), held=True) == "noise"


def with_share(walk: np.ndarray, share: float) -> np.ndarray:
    """Synthetic: a strong channel, and a weak one whose neighbour's signal is `share` times its own."""
    own = 0.3 * np.roll(walk[::-1], 300)
    return np.stack([walk, own + 0.3 * share * walk], axis=1)


@pytest.mark.parametrize(("share", "verdict"), [(0.6, "good"), (2.0, "crosstalk")])
def test_the_signal_of_a_neighbour_is_told_and_much_of_it_spoils_the_channel(
    walk: np.ndarray, share: float, verdict: str
) -> None:
    sites = {"a": SITE, "b": ChannelSite(EmgMuscle.VASTUS_LATERALIS, Side.LEFT)}
    stronger, weaker = judge_channels(("a", "b"), sites, with_share(walk, share), RATE_HZ, (0.0, 0.0))
    assert stronger.verdict == "good" and not stronger.common_with
    assert (weaker.common_with, weaker.verdict) == ("a", verdict)
    assert "EMG-062" in [finding.advice.code for finding in channel_findings((stronger, weaker))]


def test_channels_of_their_own_share_nothing(walk: np.ndarray) -> None:
    sites = {"a": SITE, "b": ChannelSite(EmgMuscle.VASTUS_LATERALIS, Side.LEFT)}
    channels = judge_channels(("a", "b"), sites, with_share(walk, 0.0), RATE_HZ, (0.0, 0.0))
    assert channel_findings(channels) == ()


def test_muscles_of_different_legs_are_not_compared(walk: np.ndarray) -> None:
    sites = {"a": SITE, "b": ChannelSite(EmgMuscle.RECTUS_FEMORIS, Side.RIGHT)}
    signal = np.stack([walk, 0.5 * walk], axis=1)
    assert not any(c.common_with for c in judge_channels(("a", "b"), sites, signal, RATE_HZ, (0.0, 0.0)))


def test_synthetic_emg_has_the_spectrum_of_a_muscle() -> None:
    noise = interference(np.random.default_rng(0), 20_000)
    channel = channel_quality("a", SITE, noise, RATE_HZ, 0.0, held=True)
    assert channel.verdict == "good" and 60 < channel.median_hz < 130
