"""From raw EMG to envelopes: band-pass 20-500 Hz, demean, rectify, low-pass 10 Hz, normalise.

Band, steps and filters are those of a study of a soft exosuit ("Optimization of Exoskeleton Assistance
Function Based on Physics-Guided Dynamic Fusion Model", preprint 2026, methods). That they run both ways,
without lag, is ours.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfiltfilt

from core.domain.arrays import FloatArray

BAND_HZ = (20.0, 500.0)
ENVELOPE_HZ = 10.0
MIN_RATE_HZ = 200.0  # below it too little of the EMG's spectrum is left
_NYQUIST_FRACTION = 0.9  # a digital filter needs room below half the rate
_LONGEST_REPAIR_S = 0.05


def band_hz(rate_hz: float) -> tuple[float, float]:
    """The pass band at this rate: 20-500 Hz, or up to where the rate allows."""
    return BAND_HZ[0], min(BAND_HZ[1], _NYQUIST_FRACTION * rate_hz / 2)


def repair_gaps(signal: FloatArray, rate_hz: float) -> tuple[FloatArray, float]:
    """Bridge missing samples of one channel (T,) linearly.

    Returns the signal and the share of samples that lie in gaps longer than 50 ms (these are bridged too,
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


def band_passed(signal: FloatArray, rate_hz: float) -> FloatArray:
    """Demeaned and band-passed EMG; time along axis 0."""
    low, high = band_hz(rate_hz)
    sos = butter(4, (low, high), btype="bandpass", fs=rate_hz, output="sos")
    filtered: FloatArray = np.asarray(sosfiltfilt(sos, signal - signal.mean(axis=0), axis=0))
    centred: FloatArray = filtered - filtered.mean(axis=0)
    return centred


def envelope(signal: FloatArray, rate_hz: float) -> FloatArray:
    """Linear envelope of raw EMG, in the unit of the input; never negative. Time along axis 0."""
    sos = butter(4, ENVELOPE_HZ, btype="lowpass", fs=rate_hz, output="sos")
    smooth: FloatArray = sosfiltfilt(sos, np.abs(band_passed(signal, rate_hz)), axis=0)
    return np.maximum(smooth, 0.0)
