"""Learning curves of the record, from the numbers of every training iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from core.domain.twin import LearningCurve


class Progress(Protocol):
    """Numbers of one training iteration: this one, and an attribute for every learning curve."""

    @property
    def elapsed_s(self) -> float: ...


def curve_row(progress: Progress, names: Mapping[str, str]) -> tuple[float, ...]:
    """Time, then the value of every named curve."""
    return (progress.elapsed_s, *(getattr(progress, name) for name in names))


def curves_of(history: Sequence[tuple[float, ...]], units: Mapping[str, str]) -> tuple[LearningCurve, ...]:
    """Named curves from rows as `curve_row` makes them."""
    table = np.array(history).reshape(-1, 1 + len(units))
    return tuple(
        LearningCurve(name, unit, table[:, 0], table[:, column])
        for column, (name, unit) in enumerate(units.items(), start=1)
    )
