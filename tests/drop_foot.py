"""An impairment that many tests use: a drop foot."""

from __future__ import annotations

from core.domain.body import Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup


def drop_foot(side: Side, severity: float) -> Impairment:
    """Drop foot: the muscles that lift the foot are weak."""
    return Impairment(ImpairmentKind.WEAKNESS, severity, side, group=MuscleGroup.DORSIFLEXORS)
