"""Curves over stance and over the gait cycle, cut alike from recordings and simulations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.motion import CYCLE_POINTS
from core.simulation.analysis.ground_reactions import CONTACT_N

STANCE_S = (0.3, 1.3)  # what counts as one stance of walking; shorter ones are scuffs or plate edges
_GAP_S = 0.05  # a shorter loss of contact is a bounce or noise


class EmgGroup(StrEnum):
    """Muscles whose activation is compared with electromyography."""

    SOLEUS = "soleus"
    GASTROCNEMIUS = "gastrocnemius"
    TIBIALIS_ANTERIOR = "tibialis_anterior"
    VASTI = "vasti"
    HAMSTRINGS = "hamstrings"
    GLUTEUS_MAXIMUS = "gluteus_maximus"
    GLUTEUS_MEDIUS = "gluteus_medius"
    RECTUS_FEMORIS = "rectus_femoris"


@dataclass(frozen=True, slots=True, eq=False)
class Stances:
    """Ground reaction of N stances, in body weights, 101 points from heel strike to toe off."""

    vertical_bw: FloatArray  # (N, 101)
    fore_aft_bw: FloatArray  # (N, 101) forwards positive: braking, then push-off
    stance_fraction: float  # mean stance duration over stride duration

    def __post_init__(self) -> None:
        frozen(self, "vertical_bw", (None, CYCLE_POINTS))
        frozen(self, "fore_aft_bw", (len(self.vertical_bw), CYCLE_POINTS))

    @property
    def peaks_bw(self) -> tuple[float, float]:
        """Largest mean vertical force in the first and in the second half of stance."""
        mean, half = self.vertical_bw.mean(axis=0), CYCLE_POINTS // 2
        return float(mean[: half + 1].max()), float(mean[half:].max())

    def mean_stance(self, name: str) -> FloatArray:
        """Mean of `vertical` or `fore_aft` over stance (101,)."""
        curves = self.vertical_bw if name == "vertical" else self.fore_aft_bw
        return np.asarray(curves.mean(axis=0))

    def mean_cycle(self, name: str) -> FloatArray:
        """The same over the whole cycle (101,)."""
        return self.over_cycle(self.mean_stance(name))

    def over_cycle(self, stance_bw: FloatArray) -> FloatArray:
        """A mean stance curve (101,) over the whole cycle, zero in swing."""
        fraction = np.linspace(0.0, 1.0, CYCLE_POINTS) / self.stance_fraction
        return np.interp(fraction, np.linspace(0.0, 1.0, CYCLE_POINTS), stance_bw, right=0.0)


@dataclass(frozen=True, slots=True)
class Contact:
    """One stance: from the first loaded sample to the first unloaded one."""

    start: int
    end: int


def contacts(vertical_n: FloatArray, rate_hz: float, threshold_n: float = CONTACT_N) -> tuple[Contact, ...]:
    """Complete stances in a vertical force (T,); what begins or ends with the recording is left out."""
    loaded = np.concatenate([[False], vertical_n > threshold_n, [False]])
    edges = np.flatnonzero(np.diff(loaded.astype(np.int8))).reshape(-1, 2).tolist()
    merged: list[list[int]] = []
    for start, end in edges:
        if merged and start - merged[-1][1] < _GAP_S * rate_hz:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    shortest, longest = (limit * rate_hz for limit in STANCE_S)
    return tuple(
        Contact(start, end)
        for start, end in merged
        if start > 0 and end < len(vertical_n) and shortest <= end - start <= longest
    )


def stances(
    vertical_n: FloatArray,
    fore_aft_n: FloatArray,
    found: tuple[Contact, ...],
    weight_n: float,
    fraction: float,
) -> Stances:
    """Cut forces (T,) at `found` stances. Their fore-aft axis is turned so that the push-off is positive."""
    vertical = np.stack([even(vertical_n[one.start : one.end]) for one in found]) / weight_n
    fore_aft = np.stack([even(fore_aft_n[one.start : one.end]) for one in found]) / weight_n
    half = CYCLE_POINTS // 2
    if fore_aft[:, half:].mean() < fore_aft[:, :half].mean():
        fore_aft = -fore_aft
    return Stances(vertical, fore_aft, fraction)


def even(values: FloatArray) -> FloatArray:
    """Resample (K,) to 101 points from the first to the last sample."""
    return np.interp(np.linspace(0, len(values) - 1, CYCLE_POINTS), np.arange(len(values)), values)


def joined(parts: list[Stances]) -> Stances:
    """Stances of several feet or people as one."""
    return Stances(
        np.concatenate([part.vertical_bw for part in parts]),
        np.concatenate([part.fore_aft_bw for part in parts]),
        float(np.mean([part.stance_fraction for part in parts])),
    )


def correlation(first: FloatArray, second: FloatArray) -> float:
    """Pearson's r of two curves (101,)."""
    return float(np.corrcoef(first, second)[0, 1])
