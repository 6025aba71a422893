"""`exotwin bench …`: run one benchmark and print its numbers."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from core.errors import refuse

ASSISTANCE = ("assist", "strangers", "coadaptation")


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """What `bench walk` and `bench scenarios` evaluate."""

    fidelity: str
    starts: int
    seconds: float
    seed: int


def bench_command(
    what: str, data_dir: Path, file: Path | None, as_json: bool, walk: WalkOptions, *, quick: bool = False
) -> int:
    """Run the benchmark called `what`; returns the exit status."""
    evaluate = {"walk": _walk, "scenarios": _scenarios}.get(what)
    if what in ASSISTANCE:
        found = _assistance(what, quick=quick)
    else:
        found = evaluate(walk) if evaluate is not None else _run(what, data_dir, file)
    numbers = {name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}
    if as_json:
        sys.stdout.write(json.dumps(numbers, indent=2) + "\n")
    else:
        console = Console()
        for name, value in numbers.items():
            console.print(f"{name:<40} {value}")
    return 0


def _run(what: str, data_dir: Path, file: Path | None) -> dict[str, Any]:
    if what == "startup":
        from app.bench.startup import bench_startup

        return bench_startup()
    if what == "deploy":
        from app.bench.deploy import bench_deploy

        return dict(bench_deploy())
    if what == "ui":
        from app.bench.ui import bench_ui

        return bench_ui(data_dir)
    if what == "motion":
        from app.bench.motion import bench_motion

        return dict(bench_motion(_recordings()))
    if what == "renderings":
        from app.bench.renderings import bench_renderings

        return bench_renderings(_recordings())
    if what == "ik":
        from app.bench.ik import bench_ik

        return bench_ik(_recordings())
    if what == "cameras":
        from app.bench.cameras import bench_cameras
        from app.bench.cameras_sync import bench_cameras_sync

        return bench_cameras(_recordings()) | bench_cameras_sync(_recordings())
    if what == "simulation":
        from app.bench.simulation import bench_simulation

        return bench_simulation()
    if what == "impairments":
        from app.bench.impairments import bench_impairments

        return bench_impairments()
    if file is None:
        raise refuse(
            "PC-021",
            "No video was given.",
            "The benchmark compares with bare MediaPipe on the same file.",
            "Add --file VIDEO.",
        )
    from app.bench.video import bench_video

    return dict(bench_video(file))


def _assistance(what: str, *, quick: bool) -> dict[str, Any]:
    """How much the exo helps, and whom."""
    if what == "strangers":
        from app.bench.strangers import bench_strangers

        return bench_strangers()
    if what == "coadaptation":
        from app.bench.coadaptation import bench_coadaptation

        return bench_coadaptation()
    from app.bench.assist import bench_assist

    return bench_assist(quick=quick)


def _walk(options: WalkOptions) -> dict[str, Any]:
    from app.bench.walk import bench_walk
    from core.twin.body import Fidelity

    return bench_walk(
        _recordings(), Fidelity(options.fidelity), options.starts, options.seconds, options.seed
    )


def _scenarios(options: WalkOptions) -> dict[str, Any]:
    from app.bench.scenarios import bench_scenarios
    from core.twin.body import Fidelity

    return bench_scenarios(Fidelity(options.fidelity), options.starts, options.seconds, options.seed)


def _recordings() -> Path:
    """Where the real recordings are: `EXOTWIN_DATA`, else beside the source tree."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("EXOTWIN_DATA", str(beside)))
