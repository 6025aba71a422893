"""Maximum voluntary contractions: the value per channel that is 100 %."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.emg.mvc_protocol import HOLD_S, REST_S, TRIES
from core.emg.processing import STUDY, ProcessingOptions, envelope, moving_mean, repair_gaps
from core.emg.signals import RawEmg
from core.errors import Advice

BEST_S = 1.0
# The envelope of a steady contraction has a mean of more than half its peak; that of bursts has not.
_HELD = 0.5
_TRY = 0.5  # a stretch above this fraction of the best second is a try


@dataclass(frozen=True, slots=True, eq=False)
class MvcValues:
    """What is 100 % of each channel. Axes: C channels, in the order asked for."""

    value: FloatArray  # (C,) in the unit of the recordings; 0 where nothing was recorded
    held: tuple[bool, ...]  # whether the best second is what was taken, or only a peak
    tries: tuple[int, ...]  # contractions of a second or more within reach of the best one
    source: tuple[str, ...]  # the recording that gave the value; empty where none has the channel


def mvc_values(
    recordings: Sequence[RawEmg], names: Sequence[str], options: ProcessingOptions = STUDY
) -> MvcValues:
    """The best one-second mean of the envelope over all tries in all recordings, per channel.

    A contraction that was never held for a second (bursts) gives its highest peak instead; `held` says so.
    """
    found = [[_best(raw, name, options) for raw in recordings if name in raw.channels] for name in names]
    best = [max(tries, key=lambda one: one.value, default=_Best(0.0, False, 0, "")) for tries in found]
    for number, tries in enumerate(found):
        near = [one for one in tries if one.value >= _TRY * best[number].value]
        best[number] = _Best(
            best[number].value, best[number].held, sum(one.tries for one in near), best[number].source
        )
    return MvcValues(
        np.array([one.value for one in best]),
        tuple(one.held for one in best),
        tuple(one.tries for one in best),
        tuple(one.source for one in best),
    )


def mvc_findings(
    values: MvcValues, names: Sequence[str], used: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """What a reader of "% MVC" must know of the channels `used` so (None: all): peaks in place of a held
    second, and too few tries."""
    burst = [
        n for n, held, value in zip(names, values.held, values.value, strict=True) if value > 0 and not held
    ]
    few = [
        n for n, tries, held in zip(names, values.tries, values.held, strict=True) if held and tries < TRIES
    ]
    if used is not None:
        burst, few = ([name for name in found if name in used] for found in (burst, few))
    advices = []
    if burst:
        advices.append(
            Advice(
                f"{_listed(burst)}: the maximum contraction was not held for a second.",
                "The highest peak was taken as 100 %, which is higher than the mean of a held second.",
                f"Let each contraction be held for {HOLD_S:.0f} s and record again.",
                "EMG-063",
            )
        )
    if few:
        advices.append(
            Advice(
                f"{_listed(few)}: fewer than {TRIES} tries of the maximum contraction were found.",
                "A single try is often not the maximum; the best of three is usual.",
                f"Record {TRIES} tries with {REST_S:.0f} s of rest between them, in one file or several.",
                "EMG-064",
            )
        )
    return tuple(Finding(Severity.NOTE, advice) for advice in advices)


@dataclass(frozen=True, slots=True)
class _Best:
    value: float
    held: bool
    tries: int
    source: str


def _best(raw: RawEmg, name: str, options: ProcessingOptions) -> _Best:
    signal, _gaps = repair_gaps(raw.samples(name), raw.rate_hz)
    curve = envelope(signal, raw.rate_hz, options)
    half = round(BEST_S * raw.rate_hz / 2)
    seconds = moving_mean(curve, raw.rate_hz, BEST_S)
    whole = seconds[half : len(seconds) - half] if len(seconds) > 2 * half else seconds
    mean, peak = float(whole.max()), float(curve.max())
    held = peak > 0 and mean >= _HELD * peak
    _labels, tries = label(whole >= _TRY * mean) if mean > 0 else (None, 0)
    return _Best(mean if held else peak, held, int(tries), raw.source_name)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + ("" if len(names) <= 4 else f" and {len(names) - 4} more")
