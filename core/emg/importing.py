"""Raw EMG and a channel map to normalised envelopes with their quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.emg import ChannelSite, EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.emg.mvc import MvcValues, mvc_findings, mvc_values
from core.emg.naming import suggest_site
from core.emg.processing import MIN_RATE_HZ, STUDY, ProcessingOptions, band_hz, envelope, repair_gaps
from core.emg.quality import channel_findings, judge_channels
from core.emg.signals import RawEmg
from core.errors import Advice, refuse

STORED_RATE_HZ = 100.0  # ten times the envelope's bandwidth
_SHORTEST_S = 1.0


def process_emg(
    raw: RawEmg,
    sites: Mapping[str, ChannelSite],
    mvc: RawEmg | Sequence[RawEmg] | None = None,
    options: ProcessingOptions = STUDY,
) -> EmgEnvelopes:
    """Process the mapped channels and normalise to the MVC recordings, or to the recorded maximum.

    With several MVC recordings each channel takes the best of those that have it. Raises UserError EMG-003
    (rate too low), EMG-004 (a mapped channel is missing), EMG-005 (nothing mapped), EMG-006 (too short).
    """
    maxima = () if mvc is None else (mvc,) if isinstance(mvc, RawEmg) else tuple(mvc)
    _check(raw, sites, maxima)
    names = [name for name in raw.channels if name in sites]
    signal, gap_fractions = _mapped(raw, names)
    channels = judge_channels(tuple(names), sites, signal, raw.rate_hz, tuple(gap_fractions))
    curves = envelope(signal, raw.rate_hz, options)
    reference = mvc_values(maxima, names, options) if maxima else None
    full = curves.max(axis=0) if reference is None else reference.value
    normalised = np.divide(curves, full, out=np.zeros_like(curves), where=full > 0)
    time_s = np.arange(0.0, raw.duration_s, 1 / STORED_RATE_HZ)
    sampled_s = np.arange(len(signal)) / raw.rate_hz
    stored = np.stack([np.interp(time_s, sampled_s, normalised[:, c]) for c in range(len(names))], axis=1)
    own = () if reference is None else mvc_findings(reference, names)
    return EmgEnvelopes(
        time_s=time_s,
        envelope=stored,
        channels=channels,
        normalised_to="recorded maximum" if reference is None else "MVC",
        raw_rate_hz=raw.rate_hz,
        source_name=raw.source_name,
        findings=(*channel_findings(channels), *own, *_processing_findings(raw, sites, maxima, options)),
        processing=f"{options.words(raw.rate_hz)}; {_normalised(reference)}",
    )


def _normalised(reference: MvcValues | None) -> str:
    if reference is None:
        return "100 % is the recorded maximum"
    if all(reference.held):
        return "100 % is the best second of the maximum contractions"
    return "100 % is the best second of the maximum contractions, or their peak where none was held"


def _mapped(raw: RawEmg, names: list[str]) -> tuple[FloatArray, list[float]]:
    repaired = [repair_gaps(raw.signal[:, raw.channels.index(name)], raw.rate_hz) for name in names]
    return np.stack([signal for signal, _fraction in repaired], axis=1), [
        fraction for _signal, fraction in repaired
    ]


def _check(raw: RawEmg, sites: Mapping[str, ChannelSite], maxima: Sequence[RawEmg]) -> None:
    if not sites:
        raise refuse(
            "EMG-005",
            "No channel is mapped to a muscle.",
            f"The names in {raw.source_name} do not tell muscle and side: {', '.join(raw.channels[:6])}.",
            "Choose muscle and side on the EMG page, or name channels like “tibialis anterior left”.",
        )
    for recordings in ((raw,), maxima):
        present = {name for recording in recordings for name in recording.channels}
        missing = [name for name in sites if name not in present]
        if missing and recordings:
            raise refuse(
                "EMG-004",
                f"Channel {missing[0]} is not in {', '.join(one.source_name for one in recordings)}.",
                "The channel map names a channel that this file does not have.",
                "Map the channels again for this file.",
            )
    for recording in (raw, *maxima):
        if recording.rate_hz < MIN_RATE_HZ:
            raise refuse(
                "EMG-003",
                f"{recording.source_name} was sampled at {recording.rate_hz:.0f} Hz.",
                f"Surface EMG needs at least {MIN_RATE_HZ:.0f} Hz; 1000 Hz or more is usual.",
                "Export the raw signal at its full rate, not an already smoothed one.",
            )
        if recording.duration_s < _SHORTEST_S:
            raise refuse(
                "EMG-006",
                f"{recording.source_name} lasts {recording.duration_s:.1f} s.",
                "At least one second is needed to filter and judge a signal.",
                "Choose a longer recording.",
            )


def _processing_findings(
    raw: RawEmg, sites: Mapping[str, ChannelSite], maxima: Sequence[RawEmg], options: ProcessingOptions
) -> tuple[Finding, ...]:
    advices: list[Advice] = []
    if not maxima:
        advices.append(
            Advice(
                "Normalised to the recorded maximum.",
                "No recording of maximum voluntary contractions was given.",
                "Compare timing freely; compare amplitudes between muscles with care.",
                "EMG-020",
            )
        )
    low, high = band_hz(raw.rate_hz, options)
    if high < options.band_hz[1]:
        advices.append(
            Advice(
                f"Filtered from {low:g} to {high:.0f} Hz instead of {options.band_hz[1]:g} Hz.",
                f"The signal was sampled at {raw.rate_hz:.0f} Hz.",
                "Record at 1200 Hz or more to keep the whole band.",
                "EMG-021",
            )
        )
    unmapped = [name for name in raw.channels if name not in sites and suggest_site(name) is not None]
    if unmapped:
        advices.append(
            Advice(
                f"{len(unmapped)} channels that look like muscles were left out.",
                f"They are not mapped: {', '.join(unmapped[:4])}.",
                "Map them if they should count.",
                "EMG-022",
            )
        )
    return tuple(Finding(Severity.NOTE, advice) for advice in advices)
