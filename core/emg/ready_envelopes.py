"""Files that hold envelopes already: they are neither filtered nor rectified a second time.

Recordings prepared for OpenSim (STO) are of this kind. Raw EMG swings about zero; an envelope never does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.signal import periodogram

from core.domain.arrays import FloatArray
from core.domain.emg import ChannelQuality, ChannelSite
from core.domain.findings import Finding, Severity
from core.emg.quality import GAP_LIMIT
from core.errors import Advice

SLOWEST_HZ = 40.0  # below it the bursts of walking are not caught
_MOST_NORMALISED = 1.5  # a fraction of the maximum contraction, rarely above one
_ABOVE_HZ = 25.0  # envelopes hold nearly nothing above, raw EMG nearly everything
_FAST_SHARE = 0.1
_RIPPLE = 0.1  # of its peak, a filtered envelope may dip below zero; raw EMG goes as far below as above


def are_envelopes(signal: FloatArray, rate_hz: float) -> bool:
    """Whether channels (T, C) are smooth and hardly negative, as far as they are anything at all."""
    moving = signal[:, np.ptp(signal, axis=0) > 0]
    if not moving.shape[1] or np.any(moving.min(axis=0) < -_RIPPLE * moving.max(axis=0)):
        return False
    if rate_hz <= 2 * _ABOVE_HZ:
        return True
    frequency, power = periodogram(moving, fs=rate_hz, axis=0, detrend="constant")
    return bool((power[frequency > _ABOVE_HZ].sum(axis=0) < _FAST_SHARE * power.sum(axis=0)).all())


def already_scaled(signal: FloatArray, units: tuple[str, ...]) -> bool:
    """Whether envelopes are fractions already: of a maximum that only the file's maker knows."""
    return not any(units) and bool(0.02 < signal.max() <= _MOST_NORMALISED)


def envelope_quality(
    names: tuple[str, ...],
    sites: Mapping[str, ChannelSite],
    signal: FloatArray,
    gap_fractions: tuple[float, ...],
) -> tuple[ChannelQuality, ...]:
    """All that can still be told of an envelope: whether it is there and whether it moves."""
    verdicts = (
        "gaps" if gaps > GAP_LIMIT else "flat" if np.ptp(signal[:, number]) == 0 else "good"
        for number, gaps in enumerate(gap_fractions)
    )
    return tuple(
        ChannelQuality(name, sites[name], verdict, 0.0, 0.0, 0.0)
        for name, verdict in zip(names, verdicts, strict=True)
    )


def ready_finding(source: str, scaled: bool) -> Finding:
    """EMG-044: the file held envelopes, so that nothing was filtered."""
    kept = " and its scale was kept" if scaled else ""
    return Finding(
        Severity.NOTE,
        Advice(
            f"{source} holds envelopes already; nothing was filtered{kept}.",
            "Its signals are smooth and stay above zero, unlike raw EMG.",
            "Hum, noise and crosstalk can no longer be judged; import the raw recording if there is one.",
            "EMG-044",
        ),
    )
