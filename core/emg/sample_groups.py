"""Signals of one file that were sampled at different rates, brought to one.

EDF files and exports with a time column per sensor hold such groups: EMG beside accelerometers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.emg.naming import is_other_signal
from core.emg.signals import MIN_RATE_HZ, RawEmg, unique_names
from core.errors import Advice

_SAME_RATE = 1e-4  # relative; less than a sample in ten seconds at 1 kHz
_FINEST_RATIO = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SampleGroup:
    """Channels of one rate. Axes: T samples, C channels."""

    places: tuple[int, ...]  # C, of the channel among all of the file
    signal: FloatArray  # (T, C)
    rate_hz: float
    start_s: float = 0.0


def joined(
    groups: Sequence[SampleGroup],
    names: Sequence[str],
    units: Sequence[str],
    source: str,
    findings: tuple[Finding, ...] = (),
    sheet: str = "",
) -> RawEmg:
    """One recording at the highest rate of what may be EMG; `names` and `units` are by place.

    Groups too slow for EMG are left out (EMG-037, a note), and slower EMG is brought to the highest rate.
    """
    unique = unique_names(list(names))
    wanted = [group for group in groups if group.rate_hz >= MIN_RATE_HZ] or list(groups)
    emg = [g for g in wanted if any(not is_other_signal(names[place], units[place]) for place in g.places)]
    rate = max(group.rate_hz for group in emg or wanted)
    kept: list[SampleGroup] = []
    left_out = [g for g in groups if not any(g is w for w in wanted)]
    for group in wanted:
        ours = any(group is of_emg for of_emg in emg) or abs(group.rate_hz / rate - 1) <= _SAME_RATE
        (kept if ours else left_out).append(group)
    if len(kept) == 1:
        signal, places = kept[0].signal, kept[0].places
    else:
        signal, places = _stacked(kept, rate)
    brought = [group for group in kept if abs(group.rate_hz / rate - 1) > _SAME_RATE]
    told = (*findings, *_told(source, brought, left_out, rate, unique))
    return RawEmg(
        tuple(unique[place] for place in places),
        signal,
        rate,
        source,
        tuple(units[place] for place in places),
        findings=told,
        sheet=sheet,
    )


def _stacked(groups: Sequence[SampleGroup], rate_hz: float) -> tuple[FloatArray, tuple[int, ...]]:
    """Every group on the clock of the first that starts, in the order of the file."""
    start = min(group.start_s for group in groups)
    moved = [_moved(group, rate_hz, start) for group in groups]
    samples = min(map(len, moved))
    places = [place for group in groups for place in group.places]
    order = np.argsort(places)
    signal = np.concatenate([part[:samples] for part in moved], axis=1)[:, order]
    signal.setflags(write=False)
    return signal, tuple(places[at] for at in order)


def _moved(group: SampleGroup, rate_hz: float, start_s: float) -> FloatArray:
    signal = group.signal
    if abs(group.rate_hz / rate_hz - 1) > _SAME_RATE:
        from scipy.signal import resample_poly  # a look at a file, for which somebody waits, does without it

        ratio = Fraction(rate_hz / group.rate_hz).limit_denominator(_FINEST_RATIO)
        whole = np.nan_to_num(signal, nan=0.0)  # a filter would spread a missing sample over its neighbours
        signal = resample_poly(whole, ratio.numerator, ratio.denominator, axis=0)
    late = round((group.start_s - start_s) * rate_hz)
    if late > 0:
        signal = np.concatenate([np.full((late, signal.shape[1]), np.nan), signal])
    return signal


def _told(
    source: str,
    brought: Sequence[SampleGroup],
    left_out: Sequence[SampleGroup],
    rate_hz: float,
    names: Sequence[str],
) -> tuple[Finding, ...]:
    advices = []
    if brought:
        advices.append(
            Advice(
                f"Signals of {source} have different sampling rates; all were brought to {rate_hz:.6g} Hz.",
                f"{_list(brought, names)} had another one.",
                "Nothing to do; timing and amplitude are kept.",
                "EMG-037",
            )
        )
    if left_out:
        advices.append(
            Advice(
                f"Signals of {source} with another sampling rate were left out.",
                f"{_list(left_out, names)} cannot be EMG at that rate.",
                "Nothing to do, unless one of them is EMG: then export it at its full rate.",
                "EMG-037",
            )
        )
    return tuple(Finding(Severity.NOTE, advice) for advice in advices)


def _list(groups: Sequence[SampleGroup], names: Sequence[str]) -> str:
    said = [f"{names[place]} ({group.rate_hz:.6g} Hz)" for group in groups for place in group.places]
    return ", ".join(said[:4]) + (f" and {len(said) - 4} more" if len(said) > 4 else "")
