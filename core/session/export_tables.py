"""Tables with commas for spreadsheets: numbers with their units, strides, gait cycles."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from core.domain.amplitude import MUSCLES, Amplitude
from core.domain.body import SIDES, JointKind
from core.domain.capture_comparison import CaptureComparison
from core.domain.emg import EmgEnvelopes
from core.domain.moments import Moments
from core.domain.motion import CYCLE_POINTS, GaitCycles, Motion, Stride
from core.domain.situation import SituationWalks
from core.emg.cycles import emg_cycles
from core.gait.cycles import is_held
from core.session.numbers import COLUMNS, Number, number_rows

_Cell = str | float | int | None


def numbers_csv(numbers: Sequence[Number]) -> str:
    return _table(COLUMNS, number_rows(numbers))


def numbers_text(numbers: Sequence[Number]) -> str:
    """The same with tabs, as tables take them from the clipboard."""
    rows = (COLUMNS, *([_written(cell) for cell in row] for row in number_rows(numbers)))
    return "\n".join("\t".join(row) for row in rows) + "\n"


def strides_csv(motion: Motion) -> str:
    """One row per stride, in order of time; `number` counts the strides of a side."""
    times = ("heel_strike_s", "toe_off_s", "next_heel_strike_s")
    head = ("side", "number", *times, "stride_s", "stance_percent")
    counted: dict[str, int] = {}
    rows: list[list[_Cell]] = []
    for stride in sorted(motion.strides, key=lambda one: one.start_s):
        side = stride.side.value
        counted[side] = counted.get(side, 0) + 1
        whole = stride.end_s - stride.start_s
        stance = 100.0 * (stride.toe_off_s - stride.start_s) / whole
        rows.append([side, counted[side], stride.start_s, stride.toe_off_s, stride.end_s, whole, stance])
    return _table(head, rows)


def edited_events_csv(motion: Motion) -> str:
    """Events that a person moved, added, removed or left out; the automatic time beside."""
    head = ("changed_by", "on_utc", "side", "event", "automatic_s", "time_s", "stride_left_out_because")
    rows = [
        [edit.by, edit.on_utc, one.side.value, one.kind.value, one.automatic_s, one.time_s, one.left_out]
        for edit in motion.edits[-1:]
        for one in edit.events
    ]
    return _table(head, rows)


def cycles_csv(cycles: Sequence[GaitCycles]) -> str:
    """One row per joint, side and percent: mean, standard deviation (n - 1), then every stride, degrees."""
    most = max((len(one.angle_rad) for one in cycles), default=0)
    strides = (f"stride_{number}_deg" for number in range(1, most + 1))
    head = ("joint", "side", "percent", "mean_deg", "sd_deg", *strides)
    return _table(head, (row for one in cycles for row in _cycle_rows(one, most)))


def _cycle_rows(cycles: GaitCycles, most: int) -> Iterable[list[_Cell]]:
    count = len(cycles.angle_rad)
    if not count:
        return
    angle_deg = np.degrees(cycles.angle_rad)
    mean = angle_deg.mean(axis=0)
    sd = angle_deg.std(axis=0, ddof=1) if count > 1 else np.full_like(mean, np.nan)
    for column, kind in enumerate(JointKind):
        if is_held(cycles.angle_rad[:, :, column]):
            continue
        for percent in range(CYCLE_POINTS):
            strides = [float(value) for value in angle_deg[:, percent, column]]
            numbers = [float(mean[percent, column]), float(sd[percent, column]), *strides]
            yield [kind.value, cycles.side.value, percent, *numbers, *[None] * (most - count)]


def emg_cycles_csv(emg: EmgEnvelopes, strides: Sequence[Stride]) -> str:
    """One row per channel and percent of its leg's gait cycle: mean, SD over the strides, their number."""
    head = ("muscle", "side", "percent", "mean_percent", "sd_percent", "strides", "of")
    rows: list[list[_Cell]] = []
    for number, one in enumerate(emg_cycles(emg, strides)):
        count = len(one.envelope)
        sd = one.sd if count > 1 else np.full(CYCLE_POINTS, np.nan)
        for percent in range(CYCLE_POINTS if count else 0):
            values = [100.0 * float(one.mean[percent]), 100.0 * float(sd[percent])]
            site = [one.site.muscle.value, one.site.side.value]
            rows.append([*site, percent, *values, count, emg.reference(number)])
    return _table(head, rows)


def moments_csv(moments: Moments) -> str:
    """One row per plane, side and percent: mean, error with other people, then every stride."""
    most = max((len(one.moment_nm_kg) for one in moments.cycles), default=0)
    strides = (f"stride_{number}_nm_kg" for number in range(1, most + 1))
    head = ("moment", "side", "percent", "estimated_nm_kg", "rmse_with_others_nm_kg", *strides)
    rows: list[list[_Cell]] = []
    for cycles in moments.cycles:
        values, count = cycles.moment_nm_kg, len(cycles.moment_nm_kg)
        for plane, kind in enumerate(moments.planes if count else ()):
            for percent in range(CYCLE_POINTS):
                one = values[:, percent, plane]
                numbers = [float(one.mean()), float(moments.error_nm_kg[percent, plane]), *map(float, one)]
                rows.append([kind.value, cycles.side.value, percent, *numbers, *[None] * (most - count)])
    return _table(head, rows)


def force_activity_csv(found: Amplitude) -> str:
    """One row per force: activity of the three muscles, their mean, and where it is from."""
    names = [muscle.value.replace(" ", "_") for muscle in MUSCLES]
    columns = [f"{name}_{what}" for name in names for what in ("percent_mvc", "sd_percent_mvc")]
    head = ("force_n", "side", *columns, "mean_percent_mvc", "cycles", "source")
    measured = found.measured
    rows: list[list[_Cell]] = []
    for number, force in enumerate(measured.force_n):
        pairs = zip(measured.mean_percent[number], measured.sd_percent[number], strict=True)
        cells = [float(value) for pair in pairs for value in pair]
        whole: list[_Cell] = [
            float(measured.activity_percent[number]),
            int(measured.cycles[number]),
            measured.sources[number],
        ]
        rows.append([float(force), measured.side.value, *cells, *whole])
    return _table(head, rows)


def force_curve_csv(found: Amplitude) -> str:
    """The estimated activity between the measured forces, with its 95 % band."""
    head = ("force_n", "estimated_percent_mvc", "low_95_percent_mvc", "high_95_percent_mvc")
    half = 1.96 * found.curve_sd_percent
    columns = (
        found.curve_force_n,
        found.curve_percent,
        found.curve_percent - half,
        found.curve_percent + half,
    )
    return _table(head, ([float(value) for value in row] for row in zip(*columns, strict=True)))


def torque_csv(situations: Sequence[SituationWalks]) -> str:
    """Torque of the exo over the gait cycle, by situation, controller and side; simulated."""
    head = (
        "situation",
        "handrail",
        "controller",
        "joint",
        "side",
        "percent",
        "torque_nm_kg",
        "sd_nm_kg",
        "strides",
    )
    rows: list[list[_Cell]] = []
    for walks in situations:
        profile = walks.profile
        for number, side in enumerate(SIDES) if profile is not None else ():
            if profile is None or not profile.strides[number]:
                continue
            rail = "yes" if walks.handrail else "no"
            place = [walks.situation, rail, walks.label, profile.joint.value, side.value]
            for percent in range(CYCLE_POINTS):
                torque, sd = (table[number, percent] for table in (profile.torque_nm_kg, profile.sd_nm_kg))
                rows.append([*place, percent, float(torque), float(sd), profile.strides[number]])
    return _table(head, rows)


def changes_csv(comparison: CaptureComparison) -> str:
    """One row per number and recording against the first one; units as on the screens."""
    head = (
        *("quantity", "side", "unit", "first_motion", "first_condition", "motion", "condition"),
        *("first_value", "value", "difference", "mdc95", "verdict"),
    )
    rows: list[list[_Cell]] = []
    for pair in comparison.pairs:
        first, other = comparison.gaits[pair.first], comparison.gaits[pair.other]
        whose = (first.motion_id, first.condition.value, other.motion_id, other.condition.value)
        for one in pair.changes:
            side = "" if one.side is None else one.side.value
            values = (one.before, one.after, one.difference, one.mdc, one.verdict.value)
            rows.append([one.quantity.value, side, one.quantity.unit.strip(), *whose, *values])
        for curve in pair.curves:
            names = (f"{curve.joint.place} curve, root-mean-square distance", curve.side.value, "°")
            rows.append([*names, *whose, None, None, curve.rmse_deg, curve.mdc_deg, curve.verdict.value])
            r = (f"{curve.joint.place} curve, Pearson r", curve.side.value, "", *whose)
            rows.append([*r, None, curve.correlation, None, None, None])
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[_Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def _written(cell: _Cell) -> str:
    """Twelve digits, as in the other files; what is not known is empty."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell)
