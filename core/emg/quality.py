"""Can a channel be trusted? Judged on the raw signal; the verdict names the worst trouble found.

The limits that are not a convention were chosen on three of the six people of a recording in which one leg's
electrodes were often not worn (walks of HC002D, HC030A and HC031A) and then held against the other three:
`tests/emg/test_quality.py` asks for the verdicts of both halves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, sosfiltfilt, welch

from core.domain.arrays import FloatArray
from core.domain.emg import ChannelQuality, ChannelSite
from core.domain.findings import Finding, Severity
from core.emg.crosstalk import Common, common_signals
from core.emg.processing import band_hz, band_passed, envelope, moving_mean
from core.errors import Advice

# Limits, each with its reason.
_CUT_BASELINE = 0.01  # of the bursts; lower is what the smoothing filter made
_BASELINE_S = 0.1
CLIPPED_LIMIT = 0.001  # one sample in a thousand at the rail already flattens the bursts
HUM_LIMIT = (
    0.4  # fraction of the power within 1 Hz of the mains and its harmonics; muscle spreads over 20-500 Hz
)
SIGNAL_TO_NOISE_LIMIT_DB = 6.0  # a burst must rise to twice the baseline to be distinguished from it
GAP_LIMIT = 0.05
# A muscle's power lies between 50 and 150 Hz (De Luca 1997, J Appl Biomech 13:135), the noise of an amplifier
# all over the band, its median in the middle. In the first half of the people muscles had theirs below 0.31
# of the band with bursts above 14 dB, channels without an electrode above 0.48 with less than 10 dB.
NOISE_MEDIAN_LIMIT = 0.4  # of the pass band
NOISE_BURST_LIMIT_DB = 12.0
MOTION_LIMIT = 0.5  # more power below 20 Hz, where steps and cables shake, than above it
_SLOWEST_STEP_HZ = 0.7  # slower is drift of the skin's potential, which a high-pass takes away harmlessly
_MOTION_HZ = 20.0  # De Luca et al. 2010, J Biomech 43:1573: movement artefact below, muscle above
LOOSE_LIMIT = 4.0  # a jump of the baseline within 0.1 s by so many times the bursts' own size
COMMON_NOTED, COMMON_LIMIT = 0.15, 0.5  # Konrad 2005: usual crosstalk is at most 10-15 %; half is not its own
_MAINS_HZ = (50.0, 60.0)
_RAIL_RUN = 3  # equal extreme samples in a row mean the amplifier's rail, not a peak
_JUMP_S = 0.1
_RECTIFIED_TO_SD = float(np.sqrt(np.pi / 2))  # of a Gaussian signal, its mean size to its standard deviation


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """Where the power of a channel lies."""

    median_hz: float  # within the pass band
    median_of_band: float  # 0 at its lower end, 1 at its upper end
    motion_fraction: float  # of all power, between the slowest steps and 20 Hz


def judge_channels(
    names: tuple[str, ...],
    sites: Mapping[str, ChannelSite],
    signal: FloatArray,
    rate_hz: float,
    gap_fractions: tuple[float, ...],
    *,
    held: bool = False,
) -> tuple[ChannelQuality, ...]:
    """Assess raw channels (T, C) whose gaps have been bridged, each alone and then beside its neighbours.

    `held` says that contractions were held instead of bursts made, as in recordings of maximum contractions:
    bursts are not asked for then.
    """
    alone = [
        channel_quality(name, sites[name], signal[:, number], rate_hz, gap_fractions[number], held=held)
        for number, name in enumerate(names)
    ]
    sound = [number for number, channel in enumerate(alone) if channel.verdict == "good"]
    for common in common_signals(signal, rate_hz, [sites[name].side for name in names], sound):
        alone[common.weaker] = _with_common(alone[common.weaker], names[common.stronger], common)
    return tuple(alone)


def channel_quality(
    name: str,
    site: ChannelSite,
    signal: FloatArray,
    rate_hz: float,
    gap_fraction: float,
    *,
    held: bool = False,
) -> ChannelQuality:
    """Assess one raw channel (T,) whose gaps have been bridged."""
    clipped, hum = clipped_fraction(signal), hum_fraction(signal, rate_hz)
    ratio_db, spectrum = signal_to_noise_db(signal, rate_hz), _spectrum(signal, rate_hz)
    if gap_fraction > GAP_LIMIT:
        verdict = "gaps"
    elif np.ptp(signal) == 0 or len(np.unique(signal)) < 8:
        verdict = "flat"
    elif clipped > CLIPPED_LIMIT:
        verdict = "clipped"
    elif hum > HUM_LIMIT:
        verdict = "hum"
    elif baseline_jump(signal, rate_hz) > LOOSE_LIMIT:
        verdict = "loose"
    elif _is_noise(spectrum, ratio_db, held=held):
        verdict = "noise"
    elif spectrum.motion_fraction > MOTION_LIMIT:
        verdict = "motion"
    else:
        verdict = "good"
    return ChannelQuality(
        name,
        site,
        verdict,
        round(ratio_db, 1),
        round(clipped, 5),
        round(hum, 3),
        motion_fraction=round(spectrum.motion_fraction, 3),
        median_hz=round(spectrum.median_hz, 1),
    )


def _is_noise(spectrum: _Spectrum, ratio_db: float, *, held: bool) -> bool:
    """Whether no muscle stands out: no bursts, or the spectrum of an amplifier without an electrode."""
    of_amplifier = spectrum.median_of_band > NOISE_MEDIAN_LIMIT
    if held:
        return of_amplifier
    return ratio_db < SIGNAL_TO_NOISE_LIMIT_DB or (of_amplifier and ratio_db < NOISE_BURST_LIMIT_DB)


def clipped_fraction(signal: FloatArray) -> float:
    """Fraction of samples that sit at the signal's own extremes in runs of three or more."""
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
    """Fraction of the in-band power within 1 Hz of 50 or 60 Hz and their harmonics, whichever is more."""
    frequency, power = _power(signal, rate_hz)
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
    """Bursts over baseline: 95th over 10th percentile of the envelope, in dB.

    Between high bursts the smoothed envelope swings below zero and is cut there, so the baseline is never
    taken lower than the mean of what was rectified.
    """
    high, low = np.percentile(envelope(signal, rate_hz), (95, 10))
    if high <= 0:
        return 0.0
    if low < _CUT_BASELINE * high:
        rectified = np.abs(band_passed(signal, rate_hz))
        low = max(low, np.percentile(moving_mean(rectified, rate_hz, _BASELINE_S), 10))
    return float(20 * np.log10(high / max(low, 1e-6 * high)))


def baseline_jump(signal: FloatArray, rate_hz: float) -> float:
    """Largest change of the baseline within 0.1 s, over the standard deviation of the signal in its bursts.

    An electrode that lifts off and comes back makes steps that no muscle makes.
    """
    size = _RECTIFIED_TO_SD * float(np.percentile(envelope(signal, rate_hz), 95))
    slow = sosfiltfilt(butter(2, _MOTION_HZ, fs=rate_hz, output="sos"), signal)
    level = moving_mean(np.asarray(slow), rate_hz, _JUMP_S)
    apart = max(1, round(_JUMP_S * rate_hz))
    if size <= 0 or len(level) <= apart:
        return 0.0
    return float(np.abs(level[apart:] - level[:-apart]).max()) / size


def _spectrum(signal: FloatArray, rate_hz: float) -> _Spectrum:
    frequency, power = _power(signal, rate_hz)
    low, high = band_hz(rate_hz)
    band = (frequency >= low) & (frequency <= high)
    inside, moving = power[band], power[frequency >= _SLOWEST_STEP_HZ]
    if not inside.sum() or not moving.sum():
        return _Spectrum(0.0, 0.0, 0.0)
    median_hz = float(np.interp(0.5, np.cumsum(inside) / inside.sum(), frequency[band]))
    slow = power[(frequency >= _SLOWEST_STEP_HZ) & (frequency < _MOTION_HZ)].sum()
    return _Spectrum(median_hz, (median_hz - low) / (high - low), float(slow / moving.sum()))


def _power(signal: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    frequency, power = welch(signal - signal.mean(), fs=rate_hz, nperseg=min(len(signal), int(2 * rate_hz)))
    return np.asarray(frequency), np.asarray(power)


def _with_common(channel: ChannelQuality, other: str, common: Common) -> ChannelQuality:
    if common.fraction <= max(COMMON_NOTED, channel.common_fraction):
        return channel
    verdict = "crosstalk" if common.fraction > COMMON_LIMIT else channel.verdict
    return replace(channel, verdict=verdict, common_fraction=round(common.fraction, 3), common_with=other)


_WHY = {
    "flat": "The signal does not change: the electrode was off or not recorded.",
    "clipped": "The amplifier was driven to its limit, so the bursts are cut off.",
    "hum": "Mains interference outweighs the muscle.",
    "noise": "No muscle stands out: bursts hardly rise above the baseline.",
    "gaps": "Longer stretches of the signal are missing.",
    "loose": "The baseline jumps, as it does when an electrode lifts off.",
    "motion": "Most of the power lies below 20 Hz, where steps and cables shake the electrode.",
    "crosstalk": "More than half of the signal is that of another channel.",
}


def channel_findings(channels: tuple[ChannelQuality, ...]) -> tuple[Finding, ...]:
    """A warning for each channel that is not good, and one for each that shares its signal with another."""
    return tuple(
        finding
        for channel in channels
        for finding in (_verdict_finding(channel), _common_finding(channel))
        if finding
    )


def _verdict_finding(channel: ChannelQuality) -> Finding | None:
    if channel.verdict == "good":
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            what=f"{_named(channel)}: {channel.verdict}.",
            why=_WHY[channel.verdict],
            next_step="Check the electrode and record again, or go on without this channel.",
            code="EMG-010",
        ),
    )


def _common_finding(channel: ChannelQuality) -> Finding | None:
    if not channel.common_with:
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            what=f"{_named(channel)} shares {100 * channel.common_fraction:.0f} % of its signal with "
            f"{channel.common_with}.",
            why="Neighbouring electrodes pick up the same muscle; up to 15 % is usual.",
            next_step="Place the electrodes further apart and record again, or trust the timing of the "
            "stronger channel only.",
            code="EMG-062",
        ),
    )


def _named(channel: ChannelQuality) -> str:
    return f"{channel.name} ({channel.site.side} {channel.site.muscle})"
