"""Are the verdicts on EMG channels right? Real channels of known state, and real ones spoilt on purpose.

In `multi-subject-c3d` one leg of four people, and single channels of the others, carry no electrode or hang
at the rail; their recordings show it at a glance. The limits of `core.emg.quality` were chosen on the first
three people. Contaminations are synthetic and added to real muscles; they are as large as it takes to spoil
a channel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.recorded_walks import required_file
from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.processing import band_passed
from core.emg.quality import channel_quality
from core.emg.readers import read_emg

CHANNELS = tuple(f"Voltage.{side} {name}" for side in "LR" for name in ("Rect", "Hams", "Gast", "Tib Ant"))
Verdicts = tuple[str | None, ...]
_G, _N, _C = "good", "noise", "clipped"
# In the order of CHANNELS. None: HC030A's right leg carries interference that is neither muscle nor nothing.
CHOSEN_ON: dict[str, Verdicts] = {
    "HC002D/HC002D06": (_N, _N, _N, _N, _G, _G, _G, _G),
    "HC030A/HC030A05": (_G, _G, _G, _G, None, None, None, None),
    "HC031A/HC031A06": (_C, _C, _N, _N, _G, _G, _G, _G),
}
JUDGED_ON: dict[str, Verdicts] = {
    "HC032A/HC032A03": (_G, _G, _G, _G, _N, _N, _N, _N),
    "HC033A/HC033A10": (_N, _N, _N, _N, _G, _G, _G, _G),
    "HC036A/HC036A10": (_G, _G, _G, _G, _N, _N, _C, _N),
}
_ADULTS = {  # every channel of the eight or sixteen is a muscle
    "adult-walk-emg-c3d/bmc/Gait.c3d": slice(12, 28),
    "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_C1_01.c3d": slice(0, 8),
}
_SITE = ChannelSite(EmgMuscle.RECTUS_FEMORIS, Side.LEFT)  # where it sits does not matter to a channel alone
_STEPS_HZ = 1.8


def bench_emg_quality(folder: Path) -> dict[str, Any]:
    """Right verdicts of both halves of the people and of two adults, and of spoilt channels."""
    chosen, judged = (known_channels(folder, half) for half in (CHOSEN_ON, JUDGED_ON))
    adults = [signal for path, columns in _ADULTS.items() for signal in _columns(folder, path, columns)]
    muscles = [(signal, rate_hz) for verdict, signal, rate_hz in judged if verdict == _G]
    return {
        "quality_chosen_on": ", ".join(CHOSEN_ON),
        "quality_judged_on": ", ".join(JUDGED_ON),
        "quality_right_chosen": _share([verdict_of(s, rate) == truth for truth, s, rate in chosen]),
        "quality_right_judged": _share([verdict_of(s, rate) == truth for truth, s, rate in judged]),
        "quality_adults_called_good": _share([verdict_of(s, rate) == _G for s, rate in adults]),
        **{
            f"quality_synthetic_{name}_named": _share(
                [verdict_of(spoil(signal, rate_hz), rate_hz) == name for signal, rate_hz in muscles]
            )
            for name, spoil in SPOILT.items()
        },
    }


def known_channels(folder: Path, people: dict[str, Verdicts]) -> list[tuple[str, FloatArray, float]]:
    """Right verdict, signal and rate of every channel of known state. Refuses (PC-026) without files."""
    known = []
    for name, verdicts in people.items():
        raw = read_emg(required_file(folder, f"multi-subject-c3d/{name}.c3d"))
        for channel, verdict in zip(CHANNELS, verdicts, strict=True):
            if verdict is not None:
                signal = np.asarray(raw.signal[:, raw.channels.index(channel)], dtype=np.float64)
                known.append((verdict, signal, raw.rate_hz))
    return known


def verdict_of(signal: FloatArray, rate_hz: float) -> str:
    return channel_quality("", _SITE, signal, rate_hz, 0.0).verdict


def _columns(folder: Path, path: str, columns: slice) -> list[tuple[FloatArray, float]]:
    raw = read_emg(required_file(folder, path))
    return [(np.asarray(signal, dtype=np.float64), raw.rate_hz) for signal in raw.signal.T[columns]]


def _hum(signal: FloatArray, rate_hz: float) -> FloatArray:
    """Mains as strong as the muscle."""
    return signal + 1.5 * _size(signal, rate_hz) * np.sin(2 * np.pi * 50 * _time_s(signal, rate_hz))


def _motion(signal: FloatArray, rate_hz: float) -> FloatArray:
    """It shakes with the steps: six harmonics of their rhythm, together twice the muscle's size."""
    time_s = _time_s(signal, rate_hz)
    shake = np.sum([np.sin(2 * np.pi * _STEPS_HZ * k * time_s + k) for k in range(1, 7)], axis=0)
    return signal + 2 * _size(signal, rate_hz) * np.asarray(shake / shake.std())


def _loose(signal: FloatArray, rate_hz: float) -> FloatArray:
    """It lifts off for a third of the time; the baseline jumps by twenty times the muscle's size."""
    third = len(signal) // 3
    off = np.arange(len(signal)) // third == 1
    return np.where(off, 20 * _size(signal, rate_hz), 0.0) + signal


def _clipped(signal: FloatArray, rate_hz: float) -> FloatArray:
    """The amplifier ends at the muscle's own size."""
    middle, size = float(np.median(signal)), _size(signal, rate_hz)
    return np.clip(signal, middle - size, middle + size)


def _size(signal: FloatArray, rate_hz: float) -> float:
    return float(band_passed(signal, rate_hz).std())


def _time_s(signal: FloatArray, rate_hz: float) -> FloatArray:
    return np.arange(len(signal)) / rate_hz


SPOILT: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "hum": _hum,
    "motion": _motion,
    "loose": _loose,
    "clipped": _clipped,
}


def _share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)}"
