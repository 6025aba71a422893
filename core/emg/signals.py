"""Raw EMG as read from a file, before anything was done to it."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class RawEmg:
    """Axes: T samples, C channels. Units as in the file; NaN where a sample is missing."""

    channels: tuple[str, ...]  # C, unique
    signal: FloatArray  # (T, C)
    rate_hz: float
    source_name: str

    def __post_init__(self) -> None:
        frozen(self, "signal", (None, len(self.channels)))

    @property
    def duration_s(self) -> float:
        return len(self.signal) / self.rate_hz
