"""Raw EMG and a channel map to normalised envelopes with their quality."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.emg import ChannelSite, EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.emg.naming import suggest_site
from core.emg.processing import BAND_HZ, MIN_RATE_HZ, band_hz, envelope, repair_gaps
from core.emg.quality import channel_findings, judge_channel
from core.emg.signals import RawEmg
from core.errors import Advice, refuse

STORED_RATE_HZ = 100.0  # ten times the envelope's bandwidth
_SHORTEST_S = 1.0


def process_emg(raw: RawEmg, sites: Mapping[str, ChannelSite], mvc: RawEmg | None = None) -> EmgEnvelopes:
    """Process the mapped channels and normalise to the MVC file, or to the recorded maximum.

    Raises UserError EMG-003 (rate too low), EMG-004 (a mapped channel is missing), EMG-005 (nothing mapped),
    EMG-006 (too short).
    """
    _check(raw, sites, mvc)
    names = [name for name in raw.channels if name in sites]
    signal, gap_fractions = _mapped(raw, names)
    channels = tuple(
        judge_channel(name, sites[name], signal[:, number], raw.rate_hz, gap_fractions[number])
        for number, name in enumerate(names)
    )
    curves = envelope(signal, raw.rate_hz)
    reference = curves if mvc is None else envelope(_mapped(mvc, names)[0], mvc.rate_hz)
    peak = reference.max(axis=0)
    normalised = np.divide(curves, peak, out=np.zeros_like(curves), where=peak > 0)
    time_s = np.arange(0.0, raw.duration_s, 1 / STORED_RATE_HZ)
    sampled_s = np.arange(len(signal)) / raw.rate_hz
    stored = np.stack([np.interp(time_s, sampled_s, normalised[:, c]) for c in range(len(names))], axis=1)
    return EmgEnvelopes(
        time_s=time_s,
        envelope=stored,
        channels=channels,
        normalised_to="recorded maximum" if mvc is None else "MVC",
        raw_rate_hz=raw.rate_hz,
        source_name=raw.source_name,
        findings=(*channel_findings(channels), *_notes(raw, sites, mvc)),
    )


def _mapped(raw: RawEmg, names: list[str]) -> tuple[FloatArray, list[float]]:
    repaired = [repair_gaps(raw.signal[:, raw.channels.index(name)], raw.rate_hz) for name in names]
    return np.stack([signal for signal, _fraction in repaired], axis=1), [
        fraction for _signal, fraction in repaired
    ]


def _check(raw: RawEmg, sites: Mapping[str, ChannelSite], mvc: RawEmg | None) -> None:
    if not sites:
        raise refuse(
            "EMG-005",
            "No channel is mapped to a muscle.",
            f"The names in {raw.source_name} do not tell muscle and side: {', '.join(raw.channels[:6])}.",
            "Choose muscle and side on the EMG page, or name channels like “tibialis anterior left”.",
        )
    for recording in (raw,) if mvc is None else (raw, mvc):
        missing = [name for name in sites if name not in recording.channels]
        if missing:
            raise refuse(
                "EMG-004",
                f"Channel {missing[0]} is not in {recording.source_name}.",
                "The channel map names a channel that this file does not have.",
                "Map the channels again for this file.",
            )
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


def _notes(raw: RawEmg, sites: Mapping[str, ChannelSite], mvc: RawEmg | None) -> tuple[Finding, ...]:
    notes: list[Advice] = []
    if mvc is None:
        notes.append(
            Advice(
                "Normalised to the recorded maximum.",
                "No recording of maximum voluntary contractions was given.",
                "Compare timing freely; compare amplitudes between muscles with care.",
                "EMG-020",
            )
        )
    if band_hz(raw.rate_hz)[1] < BAND_HZ[1]:
        notes.append(
            Advice(
                f"Filtered from 20 to {band_hz(raw.rate_hz)[1]:.0f} Hz instead of 500 Hz.",
                f"The signal was sampled at {raw.rate_hz:.0f} Hz.",
                "Record at 1200 Hz or more to keep the whole band.",
                "EMG-021",
            )
        )
    unmapped = [name for name in raw.channels if name not in sites and suggest_site(name) is not None]
    if unmapped:
        notes.append(
            Advice(
                f"{len(unmapped)} channels that look like muscles were left out.",
                f"They are not mapped: {', '.join(unmapped[:4])}.",
                "Map them if they should count.",
                "EMG-022",
            )
        )
    return tuple(Finding(Severity.NOTE, advice) for advice in notes)
