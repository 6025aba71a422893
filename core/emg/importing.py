"""Raw EMG and a channel map to normalised envelopes with their quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.emg import FILE_SCALE, MVC, OWN_MAXIMUM, ChannelSite, EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.emg.naming import naming_findings, suggestions
from core.emg.options import STUDY, ProcessingOptions, band_hz
from core.emg.processing import MIN_RATE_HZ, envelope, repair_gaps
from core.emg.quality import channel_findings, judge_channels
from core.emg.ready_envelopes import (
    SLOWEST_HZ,
    already_scaled,
    are_envelopes,
    envelope_quality,
    ready_finding,
)
from core.emg.reference import Reference, reference_of
from core.emg.signals import RawEmg
from core.emg.units import in_volts
from core.errors import Advice, refuse

STORED_RATE_HZ = 100.0  # ten times the envelope's bandwidth
_SHORTEST_S = 1.0
_LARGEST = 1e12  # in any unit; counts of 32 bits are a thousandth of it


def process_emg(
    raw: RawEmg,
    sites: Mapping[str, ChannelSite],
    mvc: RawEmg | Sequence[RawEmg] | None = None,
    options: ProcessingOptions = STUDY,
) -> EmgEnvelopes:
    """Process the mapped channels and normalise to the MVC recordings, or to the recorded maximum.

    With several MVC recordings each channel takes the best of those that have it; a channel without a maximum
    that can be believed is normalised to its own (`core.emg.reference`). Files that hold envelopes already
    are not filtered. Raises UserError EMG-003 (rate too low), EMG-004 (a mapped channel is missing), EMG-005
    (nothing mapped), EMG-006 (too short), EMG-014 (numbers that no signal has).
    """
    maxima = () if mvc is None else (mvc,) if isinstance(mvc, RawEmg) else tuple(mvc)
    _check_mapped(raw, sites)
    names = [name for name in raw.channels if name in sites]
    for recording in (raw, *maxima):
        _check_numbers(recording, sites)
    signal, gap_fractions = _mapped(raw, names)
    ready = not maxima and raw.rate_hz >= SLOWEST_HZ and are_envelopes(signal, raw.rate_hz)
    _check_signal((raw, *maxima), 0.0 if ready else MIN_RATE_HZ)
    if ready:
        return _ready(raw, sites, names, signal, tuple(gap_fractions))
    channels = judge_channels(tuple(names), sites, signal, raw.rate_hz, tuple(gap_fractions))
    curves = envelope(signal, raw.rate_hz, options)
    reference = reference_of(raw, curves.max(axis=0), sites, names, maxima, options)
    own = (*channel_findings(channels), *reference.findings)
    return EmgEnvelopes(
        *_stored(raw, curves, reference.full),
        channels=channels,
        normalised_to=reference.normalised_to,
        raw_rate_hz=raw.rate_hz,
        source_name=raw.source_name,
        findings=(*_of_reading(raw, maxima), *own, *_processing_findings(raw, sites, maxima, options)),
        processing=f"{options.words(raw.rate_hz)}; {_normalised(reference)}",
        references=reference.to,
        full_uv=_microvolts(raw, names, reference.full),
    )


def _of_reading(raw: RawEmg, maxima: Sequence[RawEmg]) -> tuple[Finding, ...]:
    """What was assumed or repaired while the files were read."""
    return tuple(finding for recording in (raw, *maxima) for finding in recording.findings)


def _ready(
    raw: RawEmg,
    sites: Mapping[str, ChannelSite],
    names: list[str],
    signal: FloatArray,
    gap_fractions: tuple[float, ...],
) -> EmgEnvelopes:
    """What a file of envelopes holds, with nothing done to it."""
    scaled = already_scaled(signal, raw.units)
    curves = np.maximum(signal, 0.0)
    full = np.ones(len(names)) if scaled else curves.max(axis=0)
    channels = envelope_quality(tuple(names), sites, signal, gap_fractions)
    to = FILE_SCALE if scaled else OWN_MAXIMUM
    return EmgEnvelopes(
        *_stored(raw, curves, full),
        channels=channels,
        normalised_to=to,
        raw_rate_hz=raw.rate_hz,
        source_name=raw.source_name,
        findings=(*raw.findings, *channel_findings(channels), ready_finding(raw.source_name, scaled)),
        processing=f"envelopes as in the file; 100 % is the {to}",
        references=(to,) * len(names),
        full_uv=_microvolts(raw, names, full),
    )


def _microvolts(raw: RawEmg, names: list[str], full: FloatArray) -> tuple[float, ...]:
    """What 100 % of each channel is; NaN where its unit is not told or no voltage."""
    sizes = [in_volts(raw.units[raw.channels.index(name)]) if raw.units else None for name in names]
    return tuple(
        float("nan") if size is None else 1e6 * size * float(value)
        for size, value in zip(sizes, full, strict=True)
    )


def _stored(raw: RawEmg, curves: FloatArray, full: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Times and normalised curves at the rate they are kept with."""
    normalised = np.divide(curves, full, out=np.zeros_like(curves), where=full > 0)
    time_s = np.arange(0.0, raw.duration_s, 1 / STORED_RATE_HZ)
    sampled_s = np.arange(len(curves)) / raw.rate_hz
    columns = [np.interp(time_s, sampled_s, column) for column in normalised.T]
    return time_s, np.stack(columns, axis=1)


def _normalised(reference: Reference) -> str:
    if reference.values is None or MVC not in reference.to:
        return "100 % is the recorded maximum"
    if all(reference.values.held):
        return "100 % is the best second of the maximum contractions"
    return "100 % is the best second of the maximum contractions, or their peak where none was held"


def _mapped(raw: RawEmg, names: list[str]) -> tuple[FloatArray, list[float]]:
    repaired = [repair_gaps(raw.samples(name), raw.rate_hz) for name in names]
    return np.stack([signal for signal, _fraction in repaired], axis=1), [
        fraction for _signal, fraction in repaired
    ]


def _check_mapped(raw: RawEmg, sites: Mapping[str, ChannelSite]) -> None:
    if not sites:
        raise refuse(
            "EMG-005",
            "No channel is mapped to a muscle.",
            f"The names in {raw.source_name} do not tell muscle and side: {', '.join(raw.channels[:6])}.",
            "Choose muscle and side on the EMG page, or name channels like “tibialis anterior left”.",
        )
    missing = [name for name in sites if name not in raw.channels]
    if missing:
        raise refuse(
            "EMG-004",
            f"Channel {missing[0]} is not in {raw.source_name}.",
            "The channel map names a channel that this file does not have.",
            "Map the channels again for this file.",
        )


def _check_signal(recordings: Sequence[RawEmg], slowest_hz: float) -> None:
    for recording in recordings:
        if recording.rate_hz < slowest_hz:
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


def _check_numbers(recording: RawEmg, sites: Mapping[str, ChannelSite]) -> None:
    """Of the mapped channels; other columns may count nanoseconds since 1970."""
    for place, name in enumerate(recording.channels):
        if name not in sites or not len(recording.signal):
            continue
        largest = float(np.nanmax(np.abs(recording.signal[:, place]), initial=0.0))
        if largest > _LARGEST:
            raise refuse(
                "EMG-014",
                f"Channel {name} of {recording.source_name} cannot be EMG.",
                f"It reaches {largest:.1g}, which no amplifier gives in any unit; the file may be damaged.",
                "Copy or export the file again, or leave the channel out.",
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
    found = suggestions(raw)
    unmapped = [name for name in found.sites if name not in sites]
    if unmapped:
        advices.append(
            Advice(
                f"{len(unmapped)} channels that look like muscles were left out.",
                f"They are not mapped: {', '.join(unmapped[:4])}.",
                "Map them if they should count.",
                "EMG-022",
            )
        )
    notes = (Finding(Severity.NOTE, advice) for advice in advices)
    return (*naming_findings(found, tuple(sites.values())), *notes)
