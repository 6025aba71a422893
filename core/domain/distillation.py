"""What a controller from few sensors has of the controller that taught it."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CORRELATION = 0.95
MOST_RMSE_NM_KG = 0.02
MOST_STANDING_NM = 1.0  # that somebody who stands may get


@dataclass(frozen=True, slots=True)
class Agreement:
    """Torque of the pupil against that of its teacher in the same moments, both legs together."""

    name: str  # of the walk
    correlation: float  # Pearson
    rmse_nm_kg: float
    teacher_rms_nm_kg: float = 0.0

    @property
    def alike(self) -> bool:
        return self.correlation >= LEAST_CORRELATION and self.rmse_nm_kg <= MOST_RMSE_NM_KG


@dataclass(frozen=True, slots=True)
class Distillation:
    """How a controller was distilled, and how near it comes, on simulated walks that it did not learn on."""

    teacher: str  # in words
    teacher_id: str  # of the CONTROLLER record; "": a file or a shipped controller
    walks: tuple[Agreement, ...]
    overall: Agreement
    standing_nm: float  # largest torque in quiet standing
    ticks: int  # that were learned on
    seconds: float  # that all of it took

    @property
    def alike(self) -> bool:
        """Whether it may stand for its teacher, over all walks together."""
        return self.overall.alike

    @property
    def stands_helped(self) -> bool:
        """Whether somebody who stands is pushed."""
        return self.standing_nm > MOST_STANDING_NM

    @property
    def words(self) -> str:
        """`r 0.984, 0.016 N·m/kg from its teacher`."""
        found = self.overall
        return f"r {found.correlation:.3f}, {found.rmse_nm_kg:.3f} N·m/kg from its teacher"
