"""`exotwin assist plan PATIENT`: the force of a belt over the gait cycle, from the newest walk's moments."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.paths import data_dir_default
from core.errors import refuse

if TYPE_CHECKING:
    from core.domain.belt_profile import BeltProfile
    from core.jobs.values import JsonValue

_WHERE = {
    "above": "up from the hip joint to where the band leaves the belt",
    "ahead": "and from there forward",
    "along": "down the thigh from the hip joint to where the band ends",
}


def add_plan(kinds: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = kinds.add_parser("plan", help="the force of a belt over the gait cycle, from the hip moment")
    parser.add_argument("patient", help="the patient's code")
    parser.add_argument("--amplitude", type=float, metavar="N", help="largest force in newtons (default: 35)")
    for name, words in _WHERE.items():
        parser.add_argument(f"--{name}", type=float, metavar="CM", help=f"centimetres {words}")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the profile for other exos")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print it as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_plan)


def _plan(args: argparse.Namespace) -> int:
    from app.terminal import open_terminal
    from core.assistance.export import profile_json
    from core.domain.belt_profile import BeltProfile
    from core.store.repository import open_store

    data_dir = getattr(args, "data_dir", None) or data_dir_default()
    visit_id, kinetics_id = _moments_of(data_dir, args.patient)
    params: dict[str, JsonValue] = {"kinetics_id": kinetics_id, **_told(args)}
    with open_terminal(data_dir) as terminal:
        record_id = terminal.run("plan_assistance", params, visit_id=visit_id)
    with open_store(data_dir, to_read=True) as store:
        profile = store.load(record_id, BeltProfile)
    told = {"id": record_id} | profile_json(profile)
    if args.out is not None:
        _write(args.out, data_dir, visit_id, json.dumps(told, indent=2) + "\n")
    print(json.dumps(told, indent=2) if args.as_json else "\n".join(_lines(record_id, profile)))
    return 0


def _told(args: argparse.Namespace) -> dict[str, float]:
    lengths = {f"{name}_m": getattr(args, name) for name in _WHERE}
    told = {name: cm / 100.0 for name, cm in lengths.items() if cm is not None}
    return told if args.amplitude is None else told | {"amplitude_n": args.amplitude}


def _moments_of(data_dir: Path, code: str) -> tuple[str, str]:
    """The patient's newest visit and its moments. Refuses PAT-014, REC-007 and ASP-001 (none that stands)."""
    from core.domain.record import RecordKind
    from core.session.flow import standing
    from core.session.same_patient import patient_of_code
    from core.session.weakness import facts_of
    from core.store.repository import open_store

    with open_store(data_dir, to_read=True) as store:
        row = patient_of_code(store, code)
        visits = [] if row is None else store.visits(row.id)
        if not visits:
            raise refuse(
                "REC-007",
                f"There is no visit of a patient {code} in this data folder.",
                "It belongs to another data folder, or its code is not complete.",
                "Check the data folder, then choose again.",
            )
        moments = standing(facts_of(store, visits[-1].id), RecordKind.KINETICS)
        if moments is None:
            raise refuse(
                "ASP-001",
                "No assistance can be planned yet.",
                "There are no moments of the newest visit's walk, or they are older than its motion.",
                "Find forces and moments on the Motion page, or by `exotwin job inverse_dynamics`.",
            )
        return visits[-1].id, moments.id


def _write(out: Path, data_dir: Path, visit_id: str, text: str) -> None:
    """Out of the record, which the log tells."""
    from core.session.export import take_out
    from core.store.private import ordinary_permissions
    from core.store.repository import open_store

    with open_store(data_dir) as store:
        take_out(store, visit_id, "assistance profile of a belt")
    try:
        with ordinary_permissions():
            out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise refuse(
            "RPT-003",
            f"The profile could not be saved as {out.name}.",
            f"The folder {out.parent} does not take it: {error.strerror or error}.",
            "Choose another folder; the profile itself is kept in the record.",
        ) from error


def _lines(record_id: str, profile: BeltProfile) -> list[str]:
    from core.assistance.curves import peak_of, torque_nm

    left, right = profile.strides
    synthetic = ", synthetic" if profile.synthetic else ""
    return [
        f"{record_id}: planned, given to nobody",
        f"Largest force {profile.amplitude_n:g} N at {100.0 * peak_of(profile.shape):.0f} % of the gait "
        f"cycle, {torque_nm(profile).max():.1f} N·m about the hip",
        f"Moments: {profile.source}{synthetic}, {left} left and {right} right strides",
        f"Sum of {profile.order} sines, within {100.0 * profile.fit.rrmse:.2f} % of the range",
        *(f"{finding.severity.value}: {finding.advice.one_line()}" for finding in profile.findings),
    ]
