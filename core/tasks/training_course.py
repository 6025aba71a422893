"""How much of a training of the exo is over, by the time that its stages take: for the bar and the time left.

The seconds are of one processor that does nothing else; only their proportions count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.tasks.training_plan import CALIBRATED_ITERATIONS, Calibration

_BARE_S, _WORN_S, _STUDIED_S = (
    6.0,
    15.0,
    17.0,
)  # over when: walks without exo, walks with it, surrogate fitted
_SCORE_S, _STEP_S = 10.0, 0.025  # of an offline round: scoring its controller, and each gradient step
_MEASURING_S = 30.0  # what the exo brings, at the end
_USUAL = Calibration(preparation_s=74.0, iteration_s=1.1)  # where these were measured
STUDY_S = (0.0, _BARE_S, _WORN_S)  # when each sentence of the study begins


@dataclass(frozen=True, slots=True)
class TrainingCourse:
    rounds: tuple[int, ...]  # gradient steps of the offline rounds
    learning_s: float  # planned for PPO

    @classmethod
    def planned(
        cls, rounds: Sequence[int], minutes: float, calibration: Calibration | None, iterations: int | None
    ) -> TrainingCourse:
        """Of `iterations` of PPO, else of as many as fit into `minutes`, as far as this PC is known."""
        known = calibration or _USUAL
        count = known.iterations(minutes) if iterations is None else iterations
        if calibration is None and iterations is None:
            count = max(count, CALIBRATED_ITERATIONS)  # so many tell how fast this PC is
        # In the units of this module: this PC may be slower or faster than the one where they were measured.
        slower = known.preparation_s / _USUAL.preparation_s if known.preparation_s > 0.0 else 1.0
        return cls(tuple(rounds), count * known.iteration_s / slower)

    def studied(self, part: int) -> float:
        """Fraction of the job that is over when part 0, 1 or 2 of the study begins."""
        return STUDY_S[min(part, len(STUDY_S) - 1)] / self._all_s

    def offline(self, rounds: int) -> float:
        """After so many rounds of the offline stage."""
        return (_STUDIED_S + self._rounds_s(rounds)) / self._all_s

    def learned(self, share: float) -> float:
        """After this share of PPO; 1 when only measuring is left."""
        return (_STUDIED_S + self._rounds_s(len(self.rounds)) + share * self.learning_s) / self._all_s

    @property
    def _all_s(self) -> float:
        return _STUDIED_S + self._rounds_s(len(self.rounds)) + self.learning_s + _MEASURING_S

    def _rounds_s(self, count: int) -> float:
        return sum(_SCORE_S + _STEP_S * steps for steps in self.rounds[:count])
