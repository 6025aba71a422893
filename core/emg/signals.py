"""Raw EMG as read from a file, before anything was done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, frozen
from core.domain.findings import Finding

MIN_RATE_HZ = 200.0  # below it too little of the EMG's spectrum is left


@dataclass(frozen=True, slots=True, eq=False)
class RawEmg:
    """Axes: T samples, C channels. NaN where a sample is missing.

    A channel is its place in the file: `unique_names` numbers names that occur twice.
    """

    channels: tuple[str, ...]  # C, unique
    signal: FloatArray | Float32Array  # (T, C) in `units`; single precision where the file has no more
    rate_hz: float
    source_name: str
    units: tuple[str, ...] = ()  # C, as `unit_symbol` spells them; empty where the file names none
    descriptions: tuple[str, ...] = ()  # C, what a C3D file says beside the label
    findings: tuple[Finding, ...] = ()  # what was assumed or repaired while reading
    sheet: str = ""  # of a workbook

    def __post_init__(self) -> None:
        if self.signal.flags.writeable or self.signal.shape[1:] != (len(self.channels),):
            frozen(self, "signal", (None, len(self.channels)))  # a reader's own array is not copied again
        for field in ("units", "descriptions"):
            if not getattr(self, field):
                object.__setattr__(self, field, ("",) * len(self.channels))
        assert len(set(self.channels)) == len(self.channels)
        assert len(self.units) == len(self.descriptions) == len(self.channels)

    def samples(self, name: str) -> FloatArray:
        """One channel (T,)."""
        return self.signal[:, self.channels.index(name)].astype(np.float64)

    @property
    def duration_s(self) -> float:
        return len(self.signal) / self.rate_hz


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Number names that occur twice, in the order of the file: `L TA #1`, `L TA #2`."""
    taken = set(names)
    unique: list[str] = []
    for place, name in enumerate(names):
        number = names[: place + 1].count(name)
        told = name if names.count(name) == 1 else f"{name} #{number}"
        while told != name and told in taken:
            number += 1
            told = f"{name} #{number}"
        taken.add(told)
        unique.append(told)
    return tuple(unique)
