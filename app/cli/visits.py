"""`exotwin visits PATIENT`: recordings of a patient compared across visits and conditions."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.paths import data_dir_default, operator_name
from core.errors import refuse

if TYPE_CHECKING:
    from core.domain.capture_comparison import CaptureComparison, CapturedGait, CapturePair, Prediction
    from core.session.captures import Capture
    from core.session.report_tables import ReportTable
    from core.store.repository import Store

_PAGE = "visits.pdf"


def add_visits(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("visits", help="recordings of a patient compared: change, trend, prediction")
    parser.add_argument("patient", help="the patient's code")
    parser.add_argument(
        "--motion",
        action="append",
        default=[],
        metavar="ID",
        help="a recording to compare, by the id that is printed; two to four, after an option each; the "
        "others are compared with the first (default: the newest of each visit and condition, the last four)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.pdf", help="write the comparison as one page, too")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_visits)


def _visits(args: argparse.Namespace) -> int:
    from core.session.capture_change import compare_captures
    from core.session.captures import captures_of
    from core.store.repository import open_store

    with open_store(getattr(args, "data_dir", None) or data_dir_default(), to_read=True) as store:
        every = captures_of(store, _patient_id(store, args.patient))
        chosen = _chosen(every, args.motion)
        comparison = None
        if args.motion or args.out or len(chosen) > 1:
            comparison = compare_captures(store, chosen, every)
            _keep(store, comparison, chosen, args.out)
    if args.as_json:
        print(json.dumps(_as_json(every, comparison), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(every, comparison)))
    return 0


def _patient_id(store: Store, code: str) -> str:
    """Refuses PAT-014 (archived) and REC-007 (no such patient)."""
    from core.session.same_patient import patient_of_code

    row = patient_of_code(store, code)
    if row is None:
        raise refuse(
            "REC-007",
            f"There is no patient {code} in this data folder.",
            "It belongs to another data folder, or its code is not complete.",
            "Check the data folder, then choose again.",
        )
    return row.id


def _chosen(every: Sequence[Capture], ids: Sequence[str]) -> tuple[Capture, ...]:
    """The recordings of these ids, in their order; without ids what `recordings_to_compare` proposes.

    Refuses REC-007 an id that is none of the patient's recordings.
    """
    from core.session.captures import recordings_to_compare

    if not ids:
        return recordings_to_compare(every)
    known = {capture.motion_id: capture for capture in every}
    for name in ids:
        if name not in known:
            raise refuse(
                "REC-007",
                f"There is no recording {name} of this patient.",
                "It is of another patient, or its id is not complete.",
                "Run the command without --motion: it prints the ids.",
            )
    return tuple(known[name] for name in ids)


def _keep(store: Store, comparison: CaptureComparison, chosen: Sequence[Capture], out: Path | None) -> None:
    """Into the record; where a file is wanted, its page too, under a name that cannot name the patient.

    Beside a program that has the data folder, only the file is written.
    """
    from core.session.capture_change import save_comparison

    if out is None:
        if store.writable:
            save_comparison(store, comparison, operator=operator_name())
        return
    from app.cli.report_file import without_screen
    from core.session.capture_page import visits_page
    from core.session.export import take_out
    from core.vault.scratch import temporary
    from ui.report_visits import write_visits
    from ui.saving import copy_to

    take_out(store, store.info(comparison.gaits[0].motion_id).visit_id, "comparison of recordings")
    without_screen()
    with temporary(store.data_dir) as places:
        made = places.place(_PAGE)
        write_visits(made, visits_page(store, comparison, chosen))
        copy_to(made, out, "The comparison")
        if store.writable:
            save_comparison(store, comparison, operator=operator_name(), page=made)


def _lines(every: Sequence[Capture], comparison: CaptureComparison | None) -> list[str]:
    from core.session.capture_tables import change_table, curve_table, headline_of, prediction_table

    lines = [_recording_line(capture) for capture in every] or ["No walk of this patient was solved yet."]
    if comparison is None:
        return [*lines, "There are no two recordings to compare yet."]
    lines += ["", headline_of(comparison)]
    for table in (change_table(comparison), curve_table(comparison), prediction_table(comparison)):
        if table is not None:
            lines += ["", table.title, *_table_lines(table), table.note]
    lines += [f"{f.severity.value}: {f.advice.one_line()}" for f in comparison.findings]
    return lines


def _recording_line(capture: Capture) -> str:
    speed = capture.motion.measures.speed_m_s
    why = "" if capture.unusable is None else f"  cannot be compared: {capture.unusable.what}"
    walked = f"  {speed:.2f} m/s" if math.isfinite(speed) else ""
    date = f"{capture.recorded_utc:%Y-%m-%d}"
    return (
        f"{capture.motion_id}  visit {capture.visit_number}  {date}  {capture.condition.words}{walked}{why}"
    )


def _table_lines(table: ReportTable) -> list[str]:
    rows = [table.columns, *((row.name, *row.cells) for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _as_json(every: Sequence[Capture], comparison: CaptureComparison | None) -> dict[str, Any]:
    known = {
        "recordings": [
            {
                "motion_id": capture.motion_id,
                "visit": capture.visit_number,
                "recorded_utc": capture.recorded_utc.isoformat(timespec="seconds"),
                "condition": capture.condition.value,
                "speed_m_s": _number(capture.motion.measures.speed_m_s),
                "cannot_be_compared": None if capture.unusable is None else capture.unusable.one_line(),
            }
            for capture in every
        ],
        "comparison": None,
    }
    if comparison is None:
        return known
    from core.session.capture_tables import headline_of

    compared = {
        "headline": headline_of(comparison),
        "synthetic": comparison.synthetic,
        "gaits": [_gait(gait) for gait in comparison.gaits],
        "against_the_first": [_pair(pair) for pair in comparison.pairs],
        "predicted": None if comparison.prediction is None else _prediction(comparison.prediction),
        "effort": [
            {"visit": point.visit_number, "metabolic_ratio_simulated": _number(point.ratio)}
            for point in comparison.effort
        ],
        "findings": [
            {"severity": f.severity.value, "code": f.advice.code, "what": f.advice.what}
            for f in comparison.findings
        ],
    }
    return {**known, "comparison": compared}


def _gait(gait: CapturedGait) -> dict[str, Any]:
    return {
        "motion_id": gait.motion_id,
        "visit": gait.visit_number,
        "condition": gait.condition.value,
        "measured_by": gait.how,
        "strides": list(gait.strides),
        "numbers": [
            {**_named(one), "value": _number(one.value), "sem": _number(one.sem)} for one in gait.numbers
        ],
    }


def _pair(pair: CapturePair) -> dict[str, Any]:
    return {
        "first": pair.first,
        "other": pair.other,
        "changes": [
            {
                **_named(one),
                "difference": _number(one.difference),
                "mdc95": _number(one.mdc),
                "verdict": one.verdict.value,
            }
            for one in pair.changes
        ],
        "curves": [
            {
                "joint": one.joint.value,
                "side": one.side.value,
                "r": _number(one.correlation),
                "rmse_deg": _number(one.rmse_deg),
                "mdc95_deg": _number(one.mdc_deg),
                "verdict": one.verdict.value,
            }
            for one in pair.curves
        ],
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "simulated": True,
        "comparison_id": prediction.comparison_id,
        "visit": prediction.visit_number,
        "condition": prediction.condition.value,
        "before_the_recording": prediction.before_recording,
        "metabolic_ratio": _number(prediction.metabolic_ratio),
        "changes": [{**_named(one), "difference": _number(one.difference)} for one in prediction.changes],
        "measured": None if prediction.measured is None else _pair(prediction.measured),
    }


def _named(one: Any) -> dict[str, Any]:
    """Quantity, side and unit of a number or a change."""
    side = None if one.side is None else one.side.value
    return {"quantity": one.quantity.value, "side": side, "unit": one.quantity.unit.strip()}


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
