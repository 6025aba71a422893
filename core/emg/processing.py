"""From raw EMG to envelopes: band-pass, demean, rectify, smooth, each step as `ProcessingOptions` says.

The chain that is used unless another one is chosen is that of a study of a soft exosuit ("Optimization of
Exoskeleton Assistance Function Based on Physics-Guided Dynamic Fusion Model", preprint 2026, methods):
band-pass 20-500 Hz, demean, rectify, low-pass 10 Hz. That its filters run both ways, without lag, is ours,
and so it is in every other chain here. `core.emg.presets` holds the others with the reason for each.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, filtfilt, iirnotch, sosfiltfilt

from core.domain.arrays import FloatArray
from core.emg.options import STUDY, ProcessingOptions, Smoothing, band_hz
from core.emg.signals import MIN_RATE_HZ

__all__ = [
    "MIN_RATE_HZ",
    "STUDY",
    "ProcessingOptions",
    "Smoothing",
    "band_hz",
    "band_passed",
    "envelope",
    "moving_mean",
    "repair_gaps",
]

_LONGEST_REPAIR_S = 0.05
_NOTCH_QUALITY = 25.0  # 2 Hz wide at 50 Hz: the mains wander by less, and most of the muscle's power stays


def repair_gaps(signal: FloatArray, rate_hz: float) -> tuple[FloatArray, float]:
    """Bridge missing samples of one channel (T,) linearly.

    Returns the signal and the fraction of samples that lie in gaps longer than 50 ms (these are bridged too,
    so that filters can run, but must not be trusted).
    """
    missing = ~np.isfinite(signal)
    if not missing.any():
        return signal, 0.0
    if missing.all():
        return np.zeros_like(signal), 1.0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing.astype(int), [0]))))
    lengths = edges[1::2] - edges[::2]
    long_fraction = float(lengths[lengths > _LONGEST_REPAIR_S * rate_hz].sum()) / len(signal)
    sample = np.arange(len(signal))
    return np.interp(sample, sample[~missing], signal[~missing]), long_fraction


def band_passed(signal: FloatArray, rate_hz: float, options: ProcessingOptions = STUDY) -> FloatArray:
    """Demeaned and band-passed EMG, without the mains where `options` cut them out; time along axis 0."""
    low, high = band_hz(rate_hz, options)
    sos = butter(4, (low, high), btype="bandpass", fs=rate_hz, output="sos")
    filtered: FloatArray = np.asarray(sosfiltfilt(sos, signal - signal.mean(axis=0), axis=0))
    if options.notch_hz is not None:
        filtered = _notched(filtered, rate_hz, options.notch_hz, high)
    centred: FloatArray = filtered - filtered.mean(axis=0)
    return centred


def envelope(signal: FloatArray, rate_hz: float, options: ProcessingOptions = STUDY) -> FloatArray:
    """Envelope of raw EMG, in the unit of the input; never negative. Time along axis 0."""
    passed = band_passed(signal, rate_hz, options)
    if options.smoothing is Smoothing.MOVING_RMS:
        return np.asarray(np.sqrt(moving_mean(passed**2, rate_hz, options.window_s)))
    sos = butter(4, options.envelope_hz, btype="lowpass", fs=rate_hz, output="sos")
    smooth: FloatArray = sosfiltfilt(sos, np.abs(passed), axis=0)
    return np.maximum(smooth, 0.0)


def moving_mean(values: FloatArray, rate_hz: float, window_s: float) -> FloatArray:
    """Mean in a window centred on each sample, shorter at the ends; time along axis 0."""
    half = max(1, round(window_s * rate_hz / 2))
    first = np.zeros((1, *values.shape[1:]))
    total = np.concatenate([first, np.cumsum(values, axis=0)])
    at = np.arange(len(values))
    start, end = np.maximum(0, at - half), np.minimum(len(values), at + half + 1)
    count = (end - start).reshape((-1, *(1 for _ in values.shape[1:])))
    return np.asarray(np.maximum((total[end] - total[start]) / count, values.min(axis=0)))


def _notched(signal: FloatArray, rate_hz: float, mains_hz: float, high_hz: float) -> FloatArray:
    """Without `mains_hz` and its harmonics inside the band, each notch equally wide."""
    for harmonic in range(1, int(high_hz // mains_hz) + 1):
        b, a = iirnotch(harmonic * mains_hz, harmonic * _NOTCH_QUALITY, fs=rate_hz)
        signal = np.asarray(filtfilt(b, a, signal, axis=0))
    return signal
