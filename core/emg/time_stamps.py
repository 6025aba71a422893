"""The sampling rate from a column of time stamps, as they come: rounded, in milliseconds, with a bad one.

The rate is that of the line through the first and the last stamp, and a stamp is good when it lies on that
line within one unit of its last decimal: single steps of rounded stamps say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.findings import Finding, Severity
from core.emg.units import TIME_UNITS_S, time_unit_s
from core.errors import Advice, refuse

_DISAGREEMENT = 0.02  # of the rate that a person entered: more is a mistake, not a clock that drifts
_WORTH_TELLING = 0.001  # of the rate
_UNEVEN_STEP = 0.2  # of a sample interval, where stamps have more decimals than they need
_BAD_FRACTION = 0.01  # of the stamps; more is a recording with holes
_FEWEST_TO_JUDGE = 50  # stamps; among fewer none can be called the odd one
_MOST_DECIMALS = 9
_PLAUSIBLE_HZ = (50.0, 50_000.0)  # sampling rates of EMG, envelopes included
_SLOWEST_S = 0.05  # an interval longer than this is not in seconds


@dataclass(frozen=True, slots=True)
class SampleClock:
    """The rate and the first time that a time column tells, and what had to be assumed."""

    rate_hz: float
    start_s: float
    findings: tuple[Finding, ...] = ()


def clock_of(
    stamp: FloatArray, unit: str, source: str, given_hz: float | None = None, told_hz: float | None = None
) -> SampleClock:
    """The clock of a column of stamps (T,) in `unit` (empty: not named).

    `given_hz` is what a person entered: it refines the stamps where it fits them, and takes their place where
    they are uneven. `told_hz` stands in the file and is only compared. Raises UserError EMG-003.
    """
    line = _line_of(stamp)
    if line is None:
        if given_hz is not None and given_hz > 0:
            return SampleClock(given_hz, 0.0, (_typed_instead(source, given_hz),))
        raise rate_problem(source, _uneven(stamp))
    step, bad, repeated, uncertain = line
    if uncertain > _DISAGREEMENT and np.ptp(np.diff(stamp)) > _UNEVEN_STEP * step:
        if given_hz is not None and given_hz > 0:
            return SampleClock(given_hz, 0.0, (_typed_instead(source, given_hz),))
        raise rate_problem(source, "Its time column has too few decimals to tell the rate.")
    scale, assumed = _scale(step, unit, given_hz or told_hz)
    rate = 1.0 / (step * scale)
    findings = [_unit_assumed(source, scale, rate)] if assumed else []
    if bad or repeated:
        findings.append(_bad_stamps(source, bad, repeated, len(stamp)))
    if given_hz is not None:
        rate, told = _with_given(source, rate, given_hz, uncertain)
        findings.extend(told)
    elif told_hz is not None and abs(told_hz / rate - 1) > _DISAGREEMENT:
        findings.append(_header_differs(source, rate, told_hz))
    start = float(stamp[np.isfinite(stamp)][0]) * scale
    return SampleClock(rate, start, tuple(findings))


def looks_like_stamps(values: FloatArray) -> bool:
    """Whether a column without a name grows as time does."""
    return len(values) > 2 and bool(np.all(np.isfinite(values))) and _line_of(values) is not None


def _line_of(stamp: FloatArray) -> tuple[float, int, int, float] | None:
    """Step between samples, number of bad and of repeated stamps, relative uncertainty of the step.

    None when the stamps do not lie on a line.
    """
    count = len(stamp)
    finite = np.isfinite(stamp)
    if count < 2 or finite.sum() < max(2, (1 - _BAD_FRACTION) * count):
        return None
    place = np.arange(count)
    known, at = stamp[finite], place[finite]
    resolution = _resolution(known)
    step = float((known[-1] - known[0]) / (at[-1] - at[0]))
    tolerance = max(resolution, _UNEVEN_STEP * abs(step))
    bad = _off_the_line(known - step * at, tolerance, known[0] - step * at[0])
    if bad.any():  # one wild stamp turns the line through the ends; the median slope is not moved by it
        half = len(known) // 2
        step = float(
            np.median((known[half:] - known[: len(known) - half]) / (at[half:] - at[: len(at) - half]))
        )
        tolerance = max(resolution, _UNEVEN_STEP * abs(step))
        bad = _off_the_line(known - step * at, tolerance, float(np.median(known - step * at)))
        if bad.sum() > max(count >= _FEWEST_TO_JUDGE, _BAD_FRACTION * count) or not step > 0:
            return None
        good_at, good = at[~bad], known[~bad]
        step = float((good[-1] - good[0]) / (good_at[-1] - good_at[0]))
    if not step > 0 or (np.diff(known) < 0).sum() > max(2 * bad.sum(), _BAD_FRACTION * count):
        return None
    spare = resolution <= step * (1 + 1e-6)
    repeated = int((np.diff(known) <= 0).sum()) if spare and not bad.any() else 0
    return step, int(bad.sum() + count - len(known)), repeated, resolution / (step * (count - 1))


def _off_the_line(residual: FloatArray, tolerance: float, centre: float) -> BoolArray:
    off: BoolArray = np.abs(residual - centre) > tolerance * (1 + 1e-6)
    return off


def _resolution(stamp: FloatArray) -> float:
    """One unit of the last decimal that the stamps are written with; 0 where they have more than nine."""
    sample = stamp[:: max(1, len(stamp) // 5000)]
    for decimals in range(_MOST_DECIMALS + 1):
        if np.allclose(np.round(sample, decimals), sample, rtol=1e-13, atol=1e-12):
            return float(10.0**-decimals)
    return 0.0


def _scale(step: float, unit: str, hint_hz: float | None) -> tuple[float, bool]:
    """Seconds per unit of the stamps, and whether that had to be guessed.

    A column called seconds whose steps are longer than EMG allows holds milliseconds all the same.
    """
    named = time_unit_s(unit)
    if named is not None and (named < 1 or step <= _SLOWEST_S):
        return named, False
    sizes = (1.0, TIME_UNITS_S["ms"], TIME_UNITS_S["us"])
    if hint_hz:
        fitting = [size for size in sizes if abs(hint_hz * step * size - 1) <= _DISAGREEMENT]
        if fitting:
            return fitting[0], fitting[0] != 1.0
    low, high = _PLAUSIBLE_HZ
    size = next((size for size in sizes if low <= 1.0 / (step * size) <= high), 1.0)
    return size, size != 1.0


def _with_given(
    source: str, rate: float, given_hz: float, uncertain: float
) -> tuple[float, tuple[Finding, ...]]:
    difference = abs(given_hz / rate - 1)
    if difference > max(_DISAGREEMENT, uncertain):
        raise rate_problem(
            source,
            f"Its time column says {rate:.6g} Hz, not {given_hz:g} Hz.",
            "Leave the rate empty to use the time column, or correct the rate.",
        )
    if difference <= max(uncertain, 1e-9):
        return given_hz, ()
    if difference <= _WORTH_TELLING:
        return rate, ()
    return rate, (
        _note(
            "EMG-035",
            f"{source} was read at {rate:.6g} Hz instead of the {given_hz:g} Hz that were entered.",
            "Its time column says so, and is exact enough to tell the difference.",
            "Nothing to do unless the time column is wrong.",
        ),
    )


def _uneven(stamp: FloatArray) -> str:
    """Why these stamps are no clock, in words."""
    known = stamp[np.isfinite(stamp)]
    if len(known) < 2:
        return f"Its time column holds {'one stamp only' if len(known) else 'nothing'}."
    steps = np.diff(known)
    at = int(np.argmax(np.abs(steps - np.median(steps))))
    return f"Its time column does not grow evenly: it goes from {known[at]:g} to {known[at + 1]:g}."


def _unit_assumed(source: str, scale: float, rate: float) -> Finding:
    unit = "milliseconds" if scale == TIME_UNITS_S["ms"] else "microseconds"
    return _note(
        "EMG-033",
        f"The time column of {source} was read as {unit}: {rate:.6g} Hz.",
        "In seconds, the muscles would have been sampled too slowly for EMG.",
        "Enter the sampling rate if this is not right.",
    )


def _bad_stamps(source: str, bad: int, repeated: int, count: int) -> Finding:
    said = " and ".join(
        words for words, number in ((f"{repeated} repeated", repeated), (f"{bad} out of line", bad)) if number
    )
    return _note(
        "EMG-034",
        f"Of {count} time stamps in {source}, {said}.",
        "All others are evenly spaced, so the samples were taken as evenly spaced too.",
        "Nothing to do.",
    )


def _typed_instead(source: str, given_hz: float) -> Finding:
    return Finding(
        Severity.WARNING,
        Advice(
            f"{source} was read at the {given_hz:g} Hz that were entered.",
            "Its time column does not tell the rate, so it was not used; samples may be missing.",
            "Compare the length of the recording with what you expect.",
            "EMG-035",
        ),
    )


def _header_differs(source: str, rate: float, told_hz: float) -> Finding:
    return Finding(
        Severity.WARNING,
        Advice(
            f"{source} was read at {rate:.6g} Hz; above its header it says {told_hz:g} Hz.",
            "The time column was believed.",
            "Enter the rate if the time column is wrong.",
            "EMG-035",
        ),
    )


def _note(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, code))


def rate_problem(
    source: str,
    why: str,
    next_step: str = "Enter the rate at which the EMG was sampled, or export with a correct time column.",
) -> Exception:
    """The refusal EMG-003."""
    return refuse("EMG-003", f"The sampling rate of {source} is not clear.", why, next_step)
