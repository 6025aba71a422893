"""Numbers of a walk beside the normal ones for this person, marked where they are not normal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from core.domain.motion import Spread
from core.gait.norm_choice import Walker
from core.gait.norm_numbers import GaitNumber, Mark, Reference, reference_for

_UNITS: dict[GaitNumber, tuple[float, str, int]] = {  # factor from the record's unit, unit shown, digits
    GaitNumber.SPEED: (1.0, "m/s", 2),
    GaitNumber.CADENCE: (1.0, "/min", 0),
    GaitNumber.STEP_LENGTH: (100.0, "cm", 0),
    GaitNumber.STRIDE_LENGTH: (100.0, "cm", 0),
    GaitNumber.STRIDE_TIME: (1.0, "s", 2),
    GaitNumber.STANCE: (100.0, "%", 0),
    GaitNumber.DOUBLE_SUPPORT: (100.0, "%", 0),
    GaitNumber.HIP_RANGE: (1.0, "°", 0),
    GaitNumber.KNEE_RANGE: (1.0, "°", 0),
    GaitNumber.ANKLE_RANGE: (1.0, "°", 0),
}
NOBODY = "There is no published number at this speed."
ARROWS = "An arrow means more than two standard deviations away."


@dataclass(frozen=True, slots=True)
class NormalNumber:
    """One normal number in words; `reference` is None where nobody was measured."""

    number: GaitNumber
    reference: Reference | None
    age_years: int | None  # None: nobody is compared

    @property
    def words(self) -> str:
        """`62 ± 5 cm`; in brackets where nobody of this age was measured; – where nobody was."""
        if self.reference is None:
            return "" if self.age_years is None else "–"
        factor, unit, digits = _UNITS[self.number]
        words = f"{factor * self.reference.mean:.{digits}f}"
        if self.reference.sd is not None:
            # one digit more where the spread would round to one or to nothing
            finer = digits if factor * self.reference.sd >= 1.5 * 10.0**-digits else digits + 1
            words = f"{factor * self.reference.mean:.{finer}f} ± {factor * self.reference.sd:.{finer}f}"
        words += unit if unit == "°" else f" {unit}"
        return words if self.reference.fits else f"({words})"

    @property
    def bare_words(self) -> str:
        """The same without its unit, for narrow places; empty where nobody was measured."""
        if self.reference is None:
            return ""
        return self.words.replace(f" {_UNITS[self.number][1]}", "")

    @property
    def tip(self) -> str:
        """Whose number it is."""
        if self.reference is None:
            return "" if self.age_years is None else NOBODY
        people = self.reference.people
        pace = "at the speed they like" if self.number is GaitNumber.SPEED else "at this speed"
        called = "Normal" if self.reference.fits else "Nearest"
        whose = f"{called}: {people.described}, {pace} and for this height ({people.source})."
        if not self.reference.fits:
            return f"{whose} Nobody of {self.age_years} was measured: not marked."
        return whose if self.reference.sd is None else f"{whose} {ARROWS}"

    def is_marked(self, value: float, sd: float = 0.0) -> bool:
        """`value` as the record has it, with its own spread."""
        return self._mark(value, sd) is not Mark.WITHIN

    def marked(self, words: str, value: float, sd: float = 0.0) -> str:
        """`words` of the value, with an arrow where it is not normal."""
        return f"{words} {self._mark(value, sd).value}".rstrip()

    def value_words(self, value: Spread) -> str:
        """`71 ± 2 cm ↑` of a number as the record has it."""
        return self.marked(self.spread_words(value), value.mean, value.sd)

    def spread_words(self, value: Spread) -> str:
        """`61 ± 2 cm` of a number as the record has it."""
        if not math.isfinite(value.mean):
            return "–"
        factor, unit, digits = _UNITS[self.number]
        words = f"{factor * value.mean:.{digits}f}"
        if math.isfinite(value.sd) and value.sd > 0:
            finer = digits if factor * value.sd >= 0.5 * 10.0**-digits else digits + 1  # never "± 0"
            words = f"{factor * value.mean:.{finer}f} ± {factor * value.sd:.{finer}f}"
        return f"{words}{unit}" if unit == "°" else f"{words} {unit}"

    def _mark(self, value: float, sd: float) -> Mark:
        return Mark.WITHIN if self.reference is None else self.reference.mark(value, sd)


@dataclass(frozen=True, slots=True)
class NormalNumbers:
    """The normal numbers for one walker; none at all without one."""

    walker: Walker | None

    def of(self, number: GaitNumber) -> NormalNumber:
        if self.walker is None:
            return NormalNumber(number, None, None)
        return NormalNumber(number, reference_for(number, self.walker), self.walker.age_years)

    def at(self, speed_m_s: float) -> NormalNumbers:
        """The same at a speed."""
        return NormalNumbers(None if self.walker is None else replace(self.walker, speed_m_s=speed_m_s))
