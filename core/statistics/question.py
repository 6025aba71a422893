"""What is asked of a table of repeated measures. Loads nothing heavy: screens and terminals make it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Which columns are what, and what is asked of them."""

    subject: str
    within: tuple[str, ...] = ()  # columns of conditions; (): each value column is one condition
    values: tuple[str, ...] = ()  # (): all numbers
    conditions: tuple[str, ...] = ()  # (): all
    curve: str = ""  # what the columns of one curve begin with
    average: bool = False  # several rows of a subject in a condition count as their mean
    alternative: str = "different"  # or "less", "greater": one-sided pairs
    simulated: bool = False

    @property
    def who(self) -> str:
        return "subjects, simulated" if self.simulated else "subjects"
