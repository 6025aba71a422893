"""The clock of a film: slow motion stretches it, and only a person knows by how much."""

from __future__ import annotations

from dataclasses import dataclass

SLOW_MOTION_EVIDENT = "MOT-090"  # stops the session until a person has said how fast the film was recorded
SLOW_MOTION_POSSIBLE = "MOT-091"
SLOW_MOTION_STATED = "MOT-092"
LEAST_FACTOR, MOST_FACTOR = 1.0, 40.0  # 960 frames/s played at 24


@dataclass(frozen=True, slots=True)
class FilmClock:
    """How many times slower than life a film plays, and who said so."""

    slow_motion: float = 1.0  # times of the file are divided by it
    by: str = ""  # the person who said so; empty when nobody did

    @property
    def stated(self) -> bool:
        return bool(self.by)

    @property
    def words(self) -> str:
        if self.slow_motion == 1.0:
            return "The film plays as fast as life."
        return f"The film plays {self.slow_motion:g} times slower than life; all times are divided by that."


AS_FAST_AS_LIFE = FilmClock()
