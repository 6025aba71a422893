"""`exotwin trial FILE`: what an import of a laboratory's files would do, without a record."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.domain.laboratory import LaboratoryTrial, PlateForces
from core.errors import Advice

if TYPE_CHECKING:
    from core.laboratory.c3d import C3dFile


def add_trial(commands: Any, _add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("trial", help="look into a laboratory's files: markers, plates, channels")
    parser.add_argument("file", type=Path, help="markers: .c3d or .trc")
    parser.add_argument("--plates", type=Path, help="ground forces: .mot, .sto or .c3d")
    parser.add_argument("--standing", type=Path, help="the same person standing: .c3d or .trc")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    parser.set_defaults(command=_trial)


def _trial(args: argparse.Namespace) -> int:
    from app.jobs.guarded import guarded

    files = args.file, args.plates, args.standing
    found = guarded(files, look_into, *files)
    print(json.dumps(found, indent=2) if args.as_json else "\n".join(_lines(found)))
    return 0


def look_into(file: Path, plates: Path | None, standing: Path | None) -> dict[str, Any]:
    """In a process of its own."""
    from core.laboratory.trial import read_trial

    return what_an_import_would_do(file, read_trial(file, plates=plates, standing=standing))


def what_an_import_would_do(path: Path, trial: LaboratoryTrial) -> dict[str, Any]:
    """All that is in the file and what becomes of it, as JSON."""
    from core.laboratory.c3d import read_c3d

    c3d = read_c3d(path) if path.suffix.lower() == ".c3d" else None
    rate_hz = 1.0 / float(np.median(np.diff(trial.time_s))) if len(trial.time_s) > 1 else None
    return {
        "file": path.name,
        "frames": len(trial.time_s),
        "duration_s": round(float(trial.time_s[-1]), 3),
        "rate_hz": None if rate_hz is None else round(rate_hz, 3),
        "marker_unit_of_the_file": None if c3d is None else c3d.point_units,
        "markers": [_marker(trial, number) for number in range(len(trial.marker_names))],
        "model_outputs": [] if c3d is None else list(c3d.output_labels),
        "plates": [_plate(plate, trial) for plate in trial.plates],
        "plates_of_the_file": [] if c3d is None else [_raw_plate(c3d, n) for n in range(len(c3d.plates))],
        "channels": [] if c3d is None else [_channel(c3d, n) for n in range(len(c3d.analog_labels))],
        "events": [
            {
                "kind": event.kind.value,
                "side": event.side,
                "time_s": round(event.time_s, 4),
                "label": event.label,
            }
            for event in trial.events
        ],
        "standing_markers": None
        if trial.standing_m is None
        else int(np.isfinite(trial.standing_m).all(axis=1).sum()),
        "findings": [
            {"severity": finding.severity.value, **_advice(finding.advice)} for finding in trial.findings
        ],
    }


def _marker(trial: LaboratoryTrial, number: int) -> dict[str, Any]:
    seen = np.isfinite(trial.marker_m[:, number]).all(axis=1)
    return {"name": trial.marker_names[number], "in_view": round(float(seen.mean()), 3)}


def _plate(plate: PlateForces, trial: LaboratoryTrial) -> dict[str, Any]:
    loaded = np.isfinite(plate.pressure_m).all(axis=1)
    step_s = float(trial.plate_time_s[1] - trial.plate_time_s[0]) if len(trial.plate_time_s) > 1 else 0.0
    return {
        "name": plate.name,
        "largest_vertical_force_n": round(float(plate.force_n[:, 2].max(initial=0.0)), 1),
        "loaded_s": round(float(loaded.sum() * step_s), 3),
        "rate_hz": round(1.0 / step_s, 3) if step_s else None,
    }


def _raw_plate(c3d: C3dFile, number: int) -> dict[str, Any]:
    plate = c3d.plates[number]
    corners = plate.corner_m.round(4).tolist() if np.isfinite(plate.corner_m).all() else None
    return {
        "type": plate.kind,
        "corners_m": corners,
        "channels": [
            c3d.analog_labels[channel] for channel in plate.channels if channel < len(c3d.analog_labels)
        ],
    }


def _channel(c3d: C3dFile, number: int) -> dict[str, Any]:
    samples = c3d.analog[:, number]
    of_plate = [place for place, plate in enumerate(c3d.plates, start=1) if number in plate.channels]
    return {
        "label": c3d.analog_labels[number],
        "description": c3d.analog_descriptions[number],
        "unit": c3d.analog_units[number],
        "rate_hz": c3d.analog_rate_hz,
        "force_plate": of_plate[0] if of_plate else None,
        "empty": bool(np.ptp(samples) == 0.0) if len(samples) else True,
    }


def _advice(advice: Advice) -> dict[str, str]:
    return {"code": advice.code, "what": advice.what, "why": advice.why, "next_step": advice.next_step}


def _lines(found: dict[str, Any]) -> list[str]:
    """The same for people, without the long lists."""
    rate = "" if found["rate_hz"] is None else f" at {found['rate_hz']:g} frames/s"
    others = [channel for channel in found["channels"] if channel["force_plate"] is None]
    lines = [
        f"{found['file']}: {found['duration_s']} s{rate}" if rate else f"{found['file']}: 1 frame",
        f"Markers ({len(found['markers'])}): {', '.join(marker['name'] for marker in found['markers'])}",
    ]
    lines += [_plate_line(plate) for plate in found["plates"]] or ["No force plate"]
    if others:
        lines.append(f"Channels ({len(others)}): {', '.join(channel['label'] for channel in others)}")
    if found["events"]:
        lines.append(f"Events: {len(found['events'])}")
    return lines + [_finding_line(finding) for finding in found["findings"]]


def _plate_line(plate: dict[str, Any]) -> str:
    name, force = plate["name"].capitalize(), plate["largest_vertical_force_n"]
    return f"{name}: up to {force} N, loaded for {plate['loaded_s']} s"


def _finding_line(finding: dict[str, str]) -> str:
    words = " ".join(finding[part] for part in ("what", "why", "next_step"))
    return f"{finding['severity'].upper()}: {words} [{finding['code']}]"
