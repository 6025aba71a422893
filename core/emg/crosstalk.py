"""How much of its signal an electrode shares with another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.signal import correlate

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.emg.processing import band_passed

_LAG_S = 0.03  # as Winter, Fuglevand & Archer 1994 looked


@dataclass(frozen=True, slots=True)
class Common:
    """Two channels with a common signal, by their columns; `fraction` of power, 0 to 1."""

    stronger: int
    weaker: int
    fraction: float


def common_signals(
    signal: FloatArray, rate_hz: float, sides: Sequence[Side], among: Sequence[int]
) -> tuple[Common, ...]:
    """Common signal of every pair of channels `among` (T, C) on the same leg, the largest first.

    The squared peak of the normalised cross-correlation of the band-passed signals within 30 ms (Winter,
    Fuglevand & Archer 1994, J Electromyogr Kinesiol 4:15). Different muscles fire independently of each
    other, so that hardly anything is common although their envelopes are alike. What it says is a lower
    bound: crosstalk that has changed its shape on its way does not correlate (Farina et al. 2004, J Appl
    Physiol 96:1486).
    """
    passed = {column: band_passed(signal[:, column], rate_hz) for column in among}
    power = {column: float(values @ values) for column, values in passed.items()}
    found = []
    for one, other in combinations(among, 2):
        if sides[one] is not sides[other] or not power[one] or not power[other]:
            continue
        stronger, weaker = (one, other) if power[one] >= power[other] else (other, one)
        fraction = _peak(passed[one], passed[other], round(_LAG_S * rate_hz)) ** 2 / (
            power[one] * power[other]
        )
        found.append(Common(stronger, weaker, fraction))
    return tuple(sorted(found, key=lambda common: -common.fraction))


def _peak(one: FloatArray, other: FloatArray, lags: int) -> float:
    product = correlate(one, other, mode="full", method="fft")
    middle = len(other) - 1
    return float(np.abs(product[max(0, middle - lags) : middle + lags + 1]).max())
