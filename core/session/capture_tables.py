"""A comparison of recordings in words and tables, the same on screen, on paper and in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.domain.body import Side
from core.domain.capture_comparison import (
    CaptureComparison,
    CapturedGait,
    CapturePair,
    Change,
    ChangeVerdict,
    CurveChange,
    GaitQuantity,
    Measured,
    PredictedChange,
    Prediction,
)
from core.gait.change import LEAST_STRIDES, chance_of_false_change
from core.session.capture_findings import gait_names, short_names
from core.session.report_tables import ReportRow, ReportTable

UNKNOWN = "–"
MANY = 3  # recordings against the first, from which there is no room for every MDC on screen
MARKS = {ChangeVerdict.WITHIN: "·", ChangeVerdict.NOT_JUDGED: "?"}  # beside ▲ and ▼, which say the direction
CHANGE_NOTE = (
    "Measured; the change follows the value. ▲▼ more than the minimal detectable change (MDC, in brackets, "
    "95 %), · no more than it, ? not judged. MDC = 1.96 · √2 · SEM, SEM = standard deviation between the "
    "strides / √strides, of ranges by the jackknife: it tells a change from the scatter of the strides, not "
    "from another camera place or another day. Between days 2 to 5° are usual even in laboratories (McGinley "
    "2009)."
)
_MARK_NOTE = (
    "▲▼ more than the minimal detectable change by the strides' scatter ({where}95 %), · no more, ? not "
    "judged."
)
_DAY_NOTE = " Another day or camera place comes on top: 2 to 5° even in laboratories (McGinley 2009)."
CURVE_NOTE = "Curves: Pearson r with the first one, and root-mean-square distance with its MDC."


_NOTHING_JUDGED = "Whether anything changed cannot be judged: a leg without two strides has no known scatter."


def headline_of(comparison: CaptureComparison) -> str:
    """How much changed against the first recording, and how much of that would by chance."""
    if not any(_judged(pair) for pair in comparison.pairs):
        return _NOTHING_JUDGED
    names = gait_names(comparison.gaits)
    parts = [f"{_within(names[pair.other])}, in {_beyond_words(pair)}" for pair in comparison.pairs]
    against = f"Different from {_within(names[0])}, beyond the scatter of the strides"
    return f"{against}: {'; '.join(parts)}.{_by_chance(comparison)}"


def short_headline_of(comparison: CaptureComparison) -> str:
    """The same in one line, where the recordings are named beside it."""
    if not any(_judged(pair) for pair in comparison.pairs):
        return _NOTHING_JUDGED
    names = [_within(name) for name in short_names(comparison.gaits)]
    if all(_judged(pair) and not pair.beyond for pair in comparison.pairs):
        same = [f"{names[pair.other]} in {len(_judged(pair))} numbers" for pair in comparison.pairs]
        return f"No measurable difference from {names[0]}: {', '.join(same)}."
    parts = [f"{names[pair.other]} in {_beyond_words(pair)}" for pair in comparison.pairs]
    return f"Measurably different from {names[0]}: {', '.join(parts)}."


def screen_note(comparison: CaptureComparison) -> str:
    """How to read the marks, below the table on screen."""
    where = "in brackets, " if len(comparison.pairs) < MANY else ""
    return f"{_MARK_NOTE.format(where=where)}{_by_chance(comparison)}{_DAY_NOTE}"


def change_table(comparison: CaptureComparison) -> ReportTable:
    """One row per number, one column per recording; changes stand beside the values."""
    first = comparison.gaits[0]
    rows = tuple(
        ReportRow(
            row_name(one.quantity, one.side),
            (
                value_words(one.quantity, one.value),
                *(_changed(pair, one) for pair in comparison.pairs),
            ),
        )
        for one in first.numbers
    )
    return ReportTable("Change", ("", *gait_names(comparison.gaits)), rows, CHANGE_NOTE)


def curve_table(comparison: CaptureComparison) -> ReportTable:
    """How alike the mean curves are to those of the first recording."""
    names = gait_names(comparison.gaits)
    rows = tuple(
        ReportRow(
            f"{curve.side.value.capitalize()} {curve.joint.place} curve",
            tuple(curve_words(pair.curves[number]) for pair in comparison.pairs),
        )
        for number, curve in enumerate(comparison.pairs[0].curves)
    )
    return ReportTable(f"Curves against {_within(names[0])}", ("", *names[1:]), rows, CURVE_NOTE)


def prediction_table(comparison: CaptureComparison) -> ReportTable | None:
    """What the twin predicted beside what was measured; None without a comparison of controllers."""
    prediction = comparison.prediction
    if prediction is None:
        return None
    columns = ("", "Simulated, no exo", "Simulated, with it", "Change simulated", "Change measured (MDC)", "")
    rows = tuple(_predicted_row(prediction, one) for one in prediction.changes)
    title = f"Predicted by the twin: from no exo to the {prediction.condition.words}"
    return ReportTable(title, columns, rows, prediction_note(prediction))


def prediction_note(prediction: Prediction) -> str:
    """Where the prediction comes from, and why there may be nothing beside it."""
    words = [f"Simulated: the twin's comparison of visit {prediction.visit_number}."]
    if math.isfinite(prediction.metabolic_ratio):
        percent = 100.0 * prediction.metabolic_ratio
        words.append(
            f"Metabolic cost with the {prediction.condition.words}: {percent:.0f} % of that without exo; no "
            "recording here measures it."
        )
    if prediction.measured is None:
        words.append(
            "To see the measured change beside it, choose one recording without exo and one with the "
            "controller."
        )
    elif not prediction.before_recording:
        words.append("It was made after the walk with the exo, so it is a simulation and no prediction.")
    return " ".join(words)


def change_words(change: Change) -> str:
    """`64° ▲ +6.2 (4.1)`."""
    value = value_words(change.quantity, change.after)
    if not math.isfinite(change.difference):
        return value
    return f"{value} {mark_of(change)} {difference_words(change.quantity, change.difference)}{_mdc(change)}"


def short_change_words(change: Change, *, mdc: bool = True) -> str:
    """`▲ +6.2 (4.1)` or `▲ +6.2`, where many recordings stand side by side."""
    if not math.isfinite(change.difference):
        return UNKNOWN
    words = f"{mark_of(change)} {difference_words(change.quantity, change.difference)}"
    return f"{words}{_mdc(change)}" if mdc else words


def change_tip(change: Change) -> str:
    """What there is no room for: `64° (MDC 4.1)`."""
    mdc = _mdc(change)
    return f"{value_words(change.quantity, change.after)}{mdc.replace('(', '(MDC ')}"


def curve_words(curve: CurveChange, *, with_mdc: bool = True) -> str:
    """`r 0.97 · ▲ 5.2° (4.1)`; a distance has no direction but is beyond all the same."""
    if not math.isfinite(curve.rmse_deg):
        return UNKNOWN
    shape = f"r {curve.correlation:.2f} · " if math.isfinite(curve.correlation) else ""
    mark = {ChangeVerdict.BEYOND: "▲ ", ChangeVerdict.NOT_JUDGED: "? "}.get(curve.verdict, "")
    mdc = f" ({curve.mdc_deg:.1f})" if with_mdc and math.isfinite(curve.mdc_deg) else ""
    return f"{shape}{mark}{curve.rmse_deg:.1f}°{mdc}"


def mark_of(change: Change) -> str:
    if change.verdict is ChangeVerdict.BEYOND:
        return "▲" if change.difference > 0 else "▼"
    return MARKS[change.verdict]


def value_words(quantity: GaitQuantity, value: float) -> str:
    return f"{value:.{quantity.digits}f}{quantity.unit}" if math.isfinite(value) else UNKNOWN


def difference_words(quantity: GaitQuantity, difference: float) -> str:
    """With a sign and a digit more, so that it can be held against the minimal detectable change."""
    return f"{difference:+.{max(1, quantity.digits)}f}".replace("-", "−")


def row_name(quantity: GaitQuantity, side: Side | None) -> str:
    return quantity.label if side is None else f"{side.value.capitalize()} {quantity.value}"


def _mdc(change: Change) -> str:
    digits = max(1, change.quantity.digits)
    return f" ({change.mdc:.{digits}f})" if math.isfinite(change.mdc) else ""


def _changed(pair: CapturePair, one: Measured) -> str:
    change = pair.find(one.quantity, one.side)
    return UNKNOWN if change is None else change_words(change)


def _beyond_words(pair: CapturePair) -> str:
    judged = _judged(pair)
    if not judged:
        return "nothing that could be judged"
    return f"{len(pair.beyond) or 'none'} of {len(judged)} numbers"


def _judged(pair: CapturePair) -> tuple[Change, ...]:
    return tuple(one for one in pair.changes if one.verdict is not ChangeVerdict.NOT_JUDGED)


def _by_chance(comparison: CaptureComparison) -> str:
    """How many of the numbers of one recording would seem changed by chance alone."""
    counts = [len(_judged(pair)) for pair in comparison.pairs]
    fewest = min(min(gait.strides) for gait in comparison.gaits)
    if not any(pair.beyond for pair in comparison.pairs) or fewest < LEAST_STRIDES:
        return ""
    expected = max(counts) * chance_of_false_change(fewest)
    return f" By chance alone it would be about {max(1, round(expected))} of {max(counts)}."


def _predicted_row(prediction: Prediction, one: PredictedChange) -> ReportRow:
    pair = prediction.measured
    change = None if pair is None else pair.find(one.quantity, one.side)
    measured = UNKNOWN
    if change is not None and math.isfinite(change.difference):
        moved = difference_words(one.quantity, change.difference)
        measured = f"{mark_of(change)} {moved}{_mdc(change)}"
    cells = (
        value_words(one.quantity, one.without),
        value_words(one.quantity, one.worn),
        difference_words(one.quantity, one.difference) if math.isfinite(one.difference) else UNKNOWN,
        measured,
        "" if change is None else agreement_words(one, change),
    )
    return ReportRow(row_name(one.quantity, one.side), cells)


def agreement_words(predicted: PredictedChange, measured: Change) -> str:
    """Whether the measurement bears the prediction out; both count as a change beyond the MDC only."""
    if measured.verdict is ChangeVerdict.NOT_JUDGED or not math.isfinite(predicted.difference):
        return "not judged"
    foretold = abs(predicted.difference) > measured.mdc
    if measured.verdict is ChangeVerdict.WITHIN:
        return "not seen" if foretold else "as predicted"
    if not foretold:
        return "not predicted"
    same = (predicted.difference > 0) == (measured.difference > 0)
    return "as predicted" if same else "opposite"


def _within(name: str) -> str:
    """A recording's name in the middle of a sentence."""
    return name[:1].lower() + name[1:]


def facts_of(gait: CapturedGait) -> str:
    """`one camera, 4 left and 5 right strides`."""
    left, right = gait.strides
    return f"{gait.how}, {left} left and {right} right stride{'' if right == 1 else 's'}"


def speed_words(numbers: Sequence[Measured]) -> str:
    """The speed among the numbers of a recording."""
    speed = next((one.value for one in numbers if one.quantity is GaitQuantity.SPEED), math.nan)
    return value_words(GaitQuantity.SPEED, speed)
