"""One gait held against another: their two curves, how alike they are, and where they differ. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.gait.similarity import compare_curves
from ui.plots.curves import CycleCurve, JointPanel, Likeness
from ui.wording import signed

if TYPE_CHECKING:
    from core.statistics.curves import CurveTest

LETTERS = ("A", "B")
MOST_SPANS = 3  # named in words; the picture shows all


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """B minus A over the cycle, in the panel's unit, and the band that it is held against."""

    value: FloatArray  # (101,)
    band: FloatArray | None  # (101,) half its width; None where there is none
    band_words: str = ""  # "± 1 SD of normal"
    unit: str = "°"
    digits: int = 0
    test: CurveTest | None = None  # by the starts that both gaits share

    @property
    def exceeds(self) -> NDArray[np.bool_]:
        """(101,) where the two gaits are further apart than the band is wide to one side."""
        if self.band is None:
            return np.zeros(len(self.value), dtype=np.bool_)
        return np.asarray(np.abs(self.value) > self.band, dtype=np.bool_)

    def spans(self) -> tuple[tuple[int, int], ...]:
        """First and last percent of every place that exceeds the band."""
        edges = np.diff(np.concatenate([[False], self.exceeds, [False]]).astype(int))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return tuple((int(start), int(end)) for start, end in zip(starts, ends, strict=True))

    @property
    def beyond_chance(self) -> tuple[tuple[float, float], ...]:
        """Percent of the cycle, from and to, where the gaits differ by more than chance."""
        return () if self.test is None else tuple((one.begin, one.end) for one in self.test.clusters)

    def words(self) -> str:
        """`B − A: −6° to 11°; more than ± 1 SD of normal apart at 12–34 %`, and where it is beyond chance."""
        if self.test is None:
            return self._size_words()
        spans = [(round(begin), round(end)) for begin, end in self.beyond_chance]
        where = f"at {_named(spans)}" if spans else "nowhere"
        return f"{self._size_words()}; beyond chance {where}"

    def _size_words(self) -> str:
        low, high = (signed(float(value), self.digits) for value in (self.value.min(), self.value.max()))
        words = f"B − A: {low}{self.unit} to {high}{self.unit}"
        if self.band is None:
            return words
        spans = self.spans()
        if not spans:
            return f"{words}; nowhere more than {self.band_words} apart"
        return f"{words}; more than {self.band_words} apart at {_named(spans)}"


def _named(spans: Sequence[tuple[int, int]]) -> str:
    """`12–34 %, 60 % and 2 more`."""
    named = ", ".join(f"{a}–{b} %" if a != b else f"{a} %" for a, b in spans[:MOST_SPANS])
    return f"{named} and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else named


def gait_names(panels: Sequence[JointPanel]) -> tuple[str, ...]:
    """What the curves are called, in their order."""
    return tuple(dict.fromkeys(curve.label for panel in panels for curve in panel.curves))


def against(panels: Sequence[JointPanel], first: str, second: str) -> tuple[JointPanel, ...]:
    """Only these two gaits, marked A and B; a panel without one of them keeps the other."""
    return tuple(_against(panel, first, second) for panel in panels)


def differences_of(panels: Sequence[JointPanel]) -> tuple[Difference | None, ...]:
    """Of every panel; what chance does is that of all of them together (Bonferroni)."""
    pairs = [_starts(panel) for panel in panels]
    tests = sum(pair is not None for pair in pairs)
    return tuple(_tested(panel, pair, tests) for panel, pair in zip(panels, pairs, strict=True))


def chance_words(differences: Sequence[Difference | None]) -> str:
    """What the shade means and who was counted, short enough for one line; empty where nothing was tested."""
    tests = _tests(differences)
    if not tests:
        return ""
    of = f" of all {len(tests)} curves" if len(tests) > 1 else ""
    shown = "Shaded: beyond chance" if any(test.shown for test in tests) else "Nowhere beyond chance"
    return f"{shown} (SPM, p < 0.05{of}); n = {tests[0].n} simulated starts, not people."


def chance_tip(differences: Sequence[Difference | None]) -> str:
    """The same for those who want to know how."""
    tests = _tests(differences)
    if not tests:
        return ""
    return (
        f"Statistical parametric mapping: paired t of the mean curves of {tests[0].n} starts, the same for "
        f"both gaits, {tests[0].n - 1} degrees of freedom. The threshold is that of random field theory for "
        "all curves of this picture together. Strides of one walk do not count one by one. This is about "
        "this one twin, not about other people; whether a difference matters, its size says."
    )


def _tests(differences: Sequence[Difference | None]) -> list[CurveTest]:
    return [one.test for one in differences if one is not None and one.test is not None]


def difference_of(panel: JointPanel) -> Difference | None:
    """Of the curves A and B; None where there is one of them only.

    Held against the spread of normal gait; without it, against the band of a measured curve.
    """
    by_mark = {curve.mark: curve for curve in panel.curves}
    if not all(letter in by_mark for letter in LETTERS):
        return None
    first, second = (by_mark[letter] for letter in LETTERS)
    band, words = _band(panel, first, second)
    return Difference(second.mean - first.mean, band, words, panel.unit, panel.digits)


def _starts(panel: JointPanel) -> tuple[FloatArray, FloatArray] | None:
    """(S, 101) of A and of B, of the starts that have strides in both; None where they share too few."""
    by_mark = {curve.mark: curve.starts for curve in panel.curves}
    first, second = (by_mark.get(letter) for letter in LETTERS)
    if first is None or second is None or first.shape != second.shape:
        return None
    from core.statistics.curves import LEAST  # brings scipy, which no page needs that shows one gait

    whole = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    if whole.sum() < LEAST:
        return None
    return first[whole], second[whole]


def _tested(panel: JointPanel, pair: tuple[FloatArray, FloatArray] | None, tests: int) -> Difference | None:
    found = difference_of(panel)
    if found is None or pair is None:
        return found
    from core.statistics.curves import paired_curves

    return replace(found, test=paired_curves(*pair, tests=tests))


def _against(panel: JointPanel, first: str, second: str) -> JointPanel:
    curves = tuple(
        replace(curve, mark=letter)
        for name, letter in zip((first, second), LETTERS, strict=True)
        for curve in panel.curves
        if curve.label == name
    )
    return replace(panel, curves=curves, likeness=_likeness(panel, curves))


def _likeness(panel: JointPanel, curves: tuple[CycleCurve, ...]) -> tuple[Likeness, ...]:
    """Degrees are told of angles only; radians decide which curve is too flat for a correlation."""
    if len(curves) < len(LETTERS) or not isinstance(panel.kind, JointKind):
        return ()
    same = compare_curves(*(np.radians(curve.mean) for curve in curves))
    apart = float(np.mean(curves[1].mean - curves[0].mean))
    return (Likeness(curves[1].label, same.correlation, float(np.degrees(same.rmse_rad)), apart),)


def _band(panel: JointPanel, first: CycleCurve, second: CycleCurve) -> tuple[FloatArray | None, str]:
    if panel.band is not None:
        return panel.band.sd, "± 1 SD of normal" if panel.band.fits else "± 1 SD of the nearest band"
    for curve in (first, second):
        if curve.sd is not None:
            return curve.sd, f"the band of {curve.mark}"
    return None, ""
