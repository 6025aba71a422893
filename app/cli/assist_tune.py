"""`exotwin assist tune`: the assistance force at which three thigh muscles work least."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.emg import add_reading, emg_advice, emg_params
from app.paths import data_dir_default
from core.errors import Advice, UserError, refuse
from core.jobs.values import JsonValue

if TYPE_CHECKING:
    from core.domain.amplitude import Amplitude, MeasuredActivity

_IN_A_TERMINAL = (
    ("Say left or right", "Run again with --side left or --side right"),
    ("Name the channel of the heel switch", "Run again with --strikes CHANNEL"),
    (", or say which channel is which muscle", " or told by --map FILE"),
    ("Add the recording of maximum contractions of these muscles", "Run again with --mvc FILE"),
)


def add_tune(kinds: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = kinds.add_parser(
        "tune",
        help="how strongly to pull, by EMG at several forces or by the twin",
        description="EMG of rectus femoris, vastus medialis and vastus lateralis at four or more forces, six "
        "are usual, to the force at which they work least.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--emg", nargs="+", metavar="N=FILE", help="a recording for each force: 10=a.csv 20=b.csv …"
    )
    source.add_argument(
        "--twin", metavar="ID", help="instead, walks of this twin's walking policy: simulated"
    )
    parser.add_argument("--mvc", type=Path, action="append", default=[], help="maximum contractions")
    parser.add_argument("--side", choices=("left", "right"), help="leg, where the files have both")
    parser.add_argument(
        "--strikes", metavar="CHANNEL", help="channel of that heel's switch (default: by its name)"
    )
    add_reading(parser, "", placed=False)
    parser.add_argument("--map", type=Path, help="JSON file: channel to muscle and side")
    parser.add_argument("--visit", metavar="ID", help="keep the result in this visit (default: keep nothing)")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_tune)


def _tune(args: argparse.Namespace) -> int:
    try:
        found = _from_twin(args) if args.twin else _from_emg(args)
    except UserError as error:
        raise UserError(_advice(error.advice)) from error
    if args.as_json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(found)))
    return 0


def _from_emg(args: argparse.Namespace) -> Amplitude:
    from app.jobs.guarded import guarded
    from app.session_request import check_files
    from core.tasks.tune_amplitude import from_files

    pairs = [_pair(text) for text in args.emg]
    files = [Path(name).absolute() for _force, name in pairs]
    check_files(*files, *args.mvc, args.map)
    params: dict[str, JsonValue] = {
        "files": [str(file) for file in files],
        "forces_n": [force for force, _name in pairs],
        "side": args.side,
        "strikes": args.strikes,
        **emg_params(args, "", args.mvc, args.map),
    }
    if args.visit:
        return _kept(args, params)
    return guarded((*files, *args.mvc), from_files, params)


def _from_twin(args: argparse.Namespace) -> Amplitude:
    from core.store.repository import open_store

    with open_store(_data_dir(args), to_read=True) as store:
        visit_id = store.info(args.twin).visit_id
    args.visit = args.visit or visit_id
    return _kept(args, {"policy_id": args.twin, "side": args.side})


def _kept(args: argparse.Namespace, params: dict[str, JsonValue]) -> Amplitude:
    """By the job, which keeps the record."""
    from app.terminal import open_terminal
    from core.domain.amplitude import Amplitude
    from core.store.repository import open_store

    with open_terminal(_data_dir(args)) as terminal:
        told = {"visit_id": args.visit, **params}
        record_id = terminal.run("tune_amplitude", told, visit_id=args.visit)
    with open_store(_data_dir(args), to_read=True) as store:
        return store.load(record_id, Amplitude)


def _pair(text: str) -> tuple[str, str]:
    force, equals, name = text.partition("=")
    if not (equals and force and name):
        raise refuse(
            "AMP-006",
            f"“{text}” names no force and file.",
            "Every recording needs the force at which it was made.",
            "Write them as 10=FILE, the force in newtons first.",
        )
    return force, name


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()


def _advice(advice: Advice) -> Advice:
    """With a next step that a terminal can do."""
    told, step = emg_advice(advice), advice.next_step
    for on_the_page, option in _IN_A_TERMINAL:
        step = step.replace(on_the_page, option)
    return told if step == advice.next_step else replace(advice, next_step=step)


def as_json(found: Amplitude) -> dict[str, Any]:
    """What was measured and what follows, with units in the names."""
    measured = found.measured
    return {
        "simulated": measured.simulated,
        "side": measured.side.value,
        "best_n": round(found.best_n, 1),
        "band_95_n": [round(edge, 1) for edge in found.band_n],
        "largest_allowed_n": round(found.bound_n, 1),
        "largest_allowed_why": found.bound_why,
        "better_than_35_n": None if found.better_than_usual is None else round(found.better_than_usual, 3),
        "measure_again_at_n": found.again_n,
        "measured": _measured(measured),
        "curve": {
            "force_n": _rounded(found.curve_force_n),
            "percent_mvc": _rounded(found.curve_percent),
            "sd_percent_mvc": _rounded(found.curve_sd_percent),
        },
        "process": {
            "kernel": "Matern 5/2",
            "length_n": round(found.length_n, 2),
            "signal_percent_mvc": round(found.signal_percent, 3),
            "noise_percent_mvc": round(found.noise_percent, 3),
        },
        "findings": [
            {
                "severity": one.severity.value,
                "code": one.advice.code,
                "what": one.advice.what,
                "why": one.advice.why,
                "next_step": _advice(one.advice).next_step,
            }
            for one in found.findings
        ],
    }


def _measured(measured: MeasuredActivity) -> list[dict[str, Any]]:
    """One entry for each force."""
    from core.domain.amplitude import MUSCLES

    rows = zip(measured.force_n, measured.sources, measured.cycles, measured.mean_percent, strict=True)
    return [
        {
            "force_n": float(force),
            "source": source,
            "cycles": int(cycles),
            "mean_percent_mvc": round(float(row.mean()), 3),
            **{
                f"{muscle.value.replace(' ', '_')}_percent_mvc": round(float(value), 3)
                for muscle, value in zip(MUSCLES, row, strict=True)
            },
        }
        for force, source, cycles, row in rows
    ]


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def lines(found: Amplitude) -> Sequence[str]:
    measured = found.measured
    kind = "Simulated" if measured.simulated else "Measured"
    told = [f"{kind}, {measured.side.value} leg, mean of rectus femoris, vastus medialis, vastus lateralis:"]
    for force, cycles, percent, source in zip(
        measured.force_n, measured.cycles, measured.activity_percent, measured.sources, strict=True
    ):
        told.append(f"  {force:4.0f} N  {percent:6.2f} % MVC  {cycles} cycles  {source}")
    told.append(f"Least activity at {found.sentence}. Up to {found.bound_n:.0f} N: {found.bound_why}")
    if found.better_than_usual is not None:
        told.append(f"Better than 35 N with a probability of {100 * found.better_than_usual:.0f} %.")
    told += [f"{one.severity.value}: {_advice(one.advice).one_line()}" for one in found.findings]
    return told
