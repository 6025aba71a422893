"""Chains for EMG that laboratories use, by name, each with its reason, and how a parameter names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from core.emg.options import STUDY, ProcessingOptions, Smoothing
from core.errors import refuse


@dataclass(frozen=True, slots=True)
class Preset:
    """A chain, what to call it, and why one would choose it."""

    key: str
    title: str
    reason: str
    options: ProcessingOptions


PRESETS = (
    Preset(
        "study",
        "20-500 Hz, low-pass 10 Hz",
        "As in the soft exosuit study that ExoTwin follows; keeps bursts of a tenth of a second apart.",
        STUDY,
    ),
    Preset(
        "seniam",
        "SENIAM: 10-500 Hz, low-pass 6 Hz",
        # Hermens et al. 2000, J Electromyogr Kinesiol 10:361: high-pass 10-20 Hz, low-pass near 500 Hz.
        # SENIAM sets no corner for the envelope; 6 Hz is usual for gait (Winter 2009, chapter 10: 3-6 Hz).
        "SENIAM's band (high-pass 10 to 20 Hz, low-pass near 500 Hz); the envelope as usual for gait.",
        ProcessingOptions(band_hz=(10.0, 500.0), envelope_hz=6.0),
    ),
    Preset(
        "rms-50",
        "20-450 Hz, moving RMS 50 ms",
        # De Luca et al. 2010, J Biomech 43:1573: 20 Hz against movement artefacts. Konrad 2005, The ABC of
        # EMG: windows of 50-100 ms suit most movements.
        "Moving RMS as EMG programs show it; the short window suits fast movements.",
        ProcessingOptions(band_hz=(20.0, 450.0), smoothing=Smoothing.MOVING_RMS, window_s=0.05),
    ),
    Preset(
        "rms-100",
        "20-450 Hz, moving RMS 100 ms",
        "Moving RMS as EMG programs show it; the longer window suits walking.",
        ProcessingOptions(band_hz=(20.0, 450.0), smoothing=Smoothing.MOVING_RMS, window_s=0.1),
    ),
    Preset(
        "winter",
        "20-500 Hz, low-pass 3 Hz",
        # Winter & Yack 1987, Electroencephalogr Clin Neurophysiol 67:402.
        "As smooth as in Winter's averages of normal walking; on and off times come out blurred.",
        ProcessingOptions(envelope_hz=3.0),
    ),
    *(
        Preset(
            f"notch-{mains_hz}",
            f"20-500 Hz without {mains_hz} Hz hum, low-pass 10 Hz",
            "For hum that could not be avoided. It takes some of the muscle along, whose power lies there.",
            ProcessingOptions(notch_hz=float(mains_hz)),
        )
        for mains_hz in (50, 60)
    ),
)
_BY_KEY = {preset.key: preset for preset in PRESETS}


def options_of(value: object) -> ProcessingOptions:
    """The chain that a job's parameter names: nothing (the study's), a name, or a name with changed values.

    `{"preset": "seniam", "notch_hz": 50}` is SENIAM's chain with the mains cut out. Raises UserError EMG-060
    (no such chain or value), EMG-061 (a value makes no filter).
    """
    if value is None:
        return STUDY
    if isinstance(value, str):
        return _preset(value).options
    if not isinstance(value, Mapping):
        raise _unknown(str(value), tuple(_BY_KEY))
    changed = {str(key): entry for key, entry in value.items()}
    chosen = _preset(str(changed.pop("preset", "study"))).options
    names = tuple(field.name for field in fields(ProcessingOptions))
    for key in changed:
        if key not in names:
            raise _unknown(key, names)
    return replace(chosen, **{key: _typed(key, entry) for key, entry in changed.items()})


def _preset(key: str) -> Preset:
    if key not in _BY_KEY:
        raise _unknown(key, tuple(_BY_KEY))
    return _BY_KEY[key]


def _typed(key: str, entry: Any) -> Any:
    try:
        if key == "smoothing":
            return Smoothing(entry)
        if key == "band_hz":
            low, high = entry
            return float(low), float(high)
        return None if entry is None and key == "notch_hz" else float(entry)
    except (TypeError, ValueError):
        raise refuse(
            "EMG-060",
            f"“{entry}” is no value for {key}.",
            "The way in which EMG is processed is not clear.",
            f"Choose a chain by its name: {', '.join(_BY_KEY)}.",
        ) from None


def _unknown(name: str, known: tuple[str, ...]) -> Exception:
    near = get_close_matches(name, known, n=1)
    meant = f" Did you mean “{near[0]}”?" if near else ""
    return refuse(
        "EMG-060",
        f"“{name}” is no way of processing EMG that this program knows.",
        f"It knows {', '.join(known)}.{meant}",
        "Choose one of them.",
    )
