"""Can a channel be trusted? Flat, clipped, hum, noise, gaps; judged on the raw signal."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch

from core.domain.arrays import FloatArray
from core.domain.emg import ChannelQuality, ChannelSite
from core.domain.findings import Finding, Severity
from core.emg.processing import band_hz, envelope
from core.errors import Advice

# Limits, each with its reason.
CLIPPED_LIMIT = 0.001  # one sample in a thousand at the rail already flattens the bursts
HUM_LIMIT = (
    0.4  # share of the power within 1 Hz of the mains and its harmonics; muscle spreads over 20-500 Hz
)
SIGNAL_TO_NOISE_LIMIT_DB = 6.0  # a burst must rise to twice the baseline to be told from it
GAP_LIMIT = 0.05
_MAINS_HZ = (50.0, 60.0)
_RAIL_RUN = 3  # equal extreme samples in a row mean the amplifier's rail, not a peak


def judge_channel(
    name: str, site: ChannelSite, signal: FloatArray, rate_hz: float, gap_fraction: float
) -> ChannelQuality:
    """Judge one raw channel (T,) whose gaps have been bridged."""
    clipped, hum = clipped_fraction(signal), hum_fraction(signal, rate_hz)
    ratio_db = signal_to_noise_db(signal, rate_hz)
    if gap_fraction > GAP_LIMIT:
        verdict = "gaps"
    elif np.ptp(signal) == 0 or len(np.unique(signal)) < 8:
        verdict = "flat"
    elif clipped > CLIPPED_LIMIT:
        verdict = "clipped"
    elif hum > HUM_LIMIT:
        verdict = "hum"
    elif ratio_db < SIGNAL_TO_NOISE_LIMIT_DB:
        verdict = "noise"
    else:
        verdict = "good"
    return ChannelQuality(name, site, verdict, round(ratio_db, 1), round(clipped, 5), round(hum, 3))


def clipped_fraction(signal: FloatArray) -> float:
    """Share of samples that sit at the signal's own extremes in runs of three or more."""
    if np.ptp(signal) == 0:
        return 0.0
    stuck = np.zeros(len(signal), dtype=bool)
    for rail in (signal.max(), signal.min()):
        at_rail = (signal == rail).astype(int)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], at_rail, [0]))))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            stuck[start:end] |= end - start >= _RAIL_RUN
    return float(stuck.mean())


def hum_fraction(signal: FloatArray, rate_hz: float) -> float:
    """Share of the in-band power within 1 Hz of 50 or 60 Hz and their harmonics, whichever is more."""
    frequency, power = welch(signal - signal.mean(), fs=rate_hz, nperseg=min(len(signal), int(2 * rate_hz)))
    low, high = band_hz(rate_hz)
    band = (frequency >= low) & (frequency <= high)
    total = float(power[band].sum())
    if total == 0:
        return 0.0
    fractions = []
    for mains in _MAINS_HZ:
        near = np.abs(frequency - mains * np.maximum(np.round(frequency / mains), 1)) <= 1.0
        fractions.append(float(power[band & near].sum()) / total)
    return max(fractions)


def signal_to_noise_db(signal: FloatArray, rate_hz: float) -> float:
    """Bursts over baseline: 95th over 10th percentile of the envelope, in dB."""
    high, low = np.percentile(envelope(signal, rate_hz), (95, 10))
    if high <= 0:
        return 0.0
    return float(20 * np.log10(high / max(low, 1e-6 * high)))


_WHY = {
    "flat": "The signal does not change: the electrode was off or not recorded.",
    "clipped": "The amplifier was driven to its limit, so the bursts are cut off.",
    "hum": "Mains interference outweighs the muscle.",
    "noise": "Bursts hardly rise above the baseline.",
    "gaps": "Longer stretches of the signal are missing.",
}


def channel_findings(channels: tuple[ChannelQuality, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            Severity.WARNING,
            Advice(
                what=f"{channel.name} ({channel.site.side} {channel.site.muscle}): {channel.verdict}.",
                why=_WHY[channel.verdict],
                next_step="Check the electrode and record again, or go on without this channel.",
                code="EMG-010",
            ),
        )
        for channel in channels
        if channel.verdict != "good"
    )
