"""`exotwin bench …`: run one benchmark and print its numbers."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import refuse

if TYPE_CHECKING:
    from core.twin.body import Fidelity


SCALE_PARTS = ("record", "artifacts", "jobs", "study", "physics", "memory")


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What the command line says besides the name; each benchmark takes what concerns it."""

    data_dir: Path
    file: Path | None = None  # of `video`
    quick: bool = False  # `assist` within six minutes; `student`, `scale`, `amplitude` smaller
    assist_parts: tuple[
        str, ...
    ] = ()  # of `assist`: "deficits", "situations", "ankle", "adapt"; () its main blocks
    scale_parts: tuple[str, ...] = ()  # of `scale`, among SCALE_PARTS; () all
    fidelity: str = "fast"  # of `walk` and `scenarios`, as the next three
    starts: int = 64
    seconds: float = 20.0
    seed: int = 0


def bench_command(what: str, options: BenchOptions, *, as_json: bool) -> int:
    """Run the benchmark called `what`; returns the exit status."""
    found = BENCHES[what](options)
    numbers = {name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}
    if as_json:
        sys.stdout.write(json.dumps(numbers, indent=2) + "\n")
        return 0
    from rich.console import Console

    console = Console()
    for name, value in numbers.items():
        console.print(f"{name:<40} {value}")
    return 0


# Each is imported when it runs: together they would load everything there is.


def _startup(_: BenchOptions) -> dict[str, Any]:
    from app.bench.startup import bench_startup

    return bench_startup()


def _video(options: BenchOptions) -> dict[str, Any]:
    if options.file is None:
        raise refuse(
            "PC-021",
            "No video was given.",
            "The benchmark compares with bare MediaPipe on the same file.",
            "Add --file VIDEO.",
        )
    from app.bench.video import bench_video

    return dict(bench_video(options.file))


def _ui(options: BenchOptions) -> dict[str, Any]:
    from app.bench.ui import bench_ui

    return bench_ui(options.data_dir)


def _deploy(_: BenchOptions) -> dict[str, Any]:
    from app.bench.deploy import bench_deploy

    return bench_deploy()


def _motion(_: BenchOptions) -> dict[str, Any]:
    from app.bench.motion import bench_motion

    return dict(bench_motion(_recordings()))


def _renderings(_: BenchOptions) -> dict[str, Any]:
    from app.bench.renderings import bench_renderings

    return bench_renderings(_recordings())


def _ik(_: BenchOptions) -> dict[str, Any]:
    from app.bench.ik import bench_ik

    return bench_ik(_recordings())


def _kinetics(_: BenchOptions) -> dict[str, Any]:
    from app.bench.kinetics import bench_kinetics

    return bench_kinetics(_recordings())


def _cameras(_: BenchOptions) -> dict[str, Any]:
    from app.bench.cameras import bench_cameras
    from app.bench.cameras_sync import bench_cameras_sync

    return bench_cameras(_recordings()) | bench_cameras_sync(_recordings())


def _simulation(_: BenchOptions) -> dict[str, Any]:
    from app.bench.simulation import bench_simulation

    return bench_simulation()


def _walk(options: BenchOptions) -> dict[str, Any]:
    from app.bench.walk import bench_walk

    return bench_walk(_recordings(), _fidelity(options), options.starts, options.seconds, options.seed)


def _scenarios(options: BenchOptions) -> dict[str, Any]:
    from app.bench.scenarios import bench_scenarios

    return bench_scenarios(_fidelity(options), options.starts, options.seconds, options.seed)


def _impairments(_: BenchOptions) -> dict[str, Any]:
    from app.bench.impairments import bench_impairments

    return bench_impairments()


def _assist(options: BenchOptions) -> dict[str, Any]:
    if options.assist_parts:
        return {part: _assist_part(part) for part in options.assist_parts}
    from app.bench.assist import bench_assist

    return bench_assist(quick=options.quick)


def _assist_part(part: str) -> dict[str, Any]:
    """`bench_<part>` of `app.bench.assist_<part>`."""
    module = importlib.import_module(f"app.bench.assist_{part}")
    return dict(getattr(module, f"bench_{part}")())


def _strangers(_: BenchOptions) -> dict[str, Any]:
    from app.bench.strangers import bench_strangers

    return bench_strangers()


def _emg(_: BenchOptions) -> dict[str, Any]:
    from app.bench.emg import bench_emg

    return bench_emg(_recordings())


def _coadaptation(_: BenchOptions) -> dict[str, Any]:
    from app.bench.coadaptation import bench_coadaptation

    return bench_coadaptation()


def _profile(_: BenchOptions) -> dict[str, Any]:
    from app.bench.profile import bench_profile

    return bench_profile(_recordings())


def _amplitude(options: BenchOptions) -> dict[str, Any]:
    from app.bench.amplitude import bench_amplitude

    return bench_amplitude(_recordings(), quick=options.quick)


def _student(options: BenchOptions) -> dict[str, Any]:
    from app.bench.student import bench_student

    return bench_student(_recordings(), quick=options.quick)


def _vault(options: BenchOptions) -> dict[str, Any]:
    from app.bench.vault import bench_vault

    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # on the disk that the data are on
    return bench_vault(options.data_dir)


def _scale(options: BenchOptions) -> dict[str, Any]:
    from app.bench.scale import bench_scale

    return bench_scale(options.scale_parts or SCALE_PARTS, quick=options.quick)


def _stats(_: BenchOptions) -> dict[str, Any]:
    from app.bench.stats import bench_stats

    return bench_stats()


BENCHES: dict[str, Callable[[BenchOptions], dict[str, Any]]] = {
    "startup": _startup,
    "video": _video,
    "ui": _ui,
    "deploy": _deploy,
    "motion": _motion,
    "renderings": _renderings,
    "ik": _ik,
    "kinetics": _kinetics,
    "cameras": _cameras,
    "simulation": _simulation,
    "walk": _walk,
    "emg": _emg,
    "scenarios": _scenarios,
    "impairments": _impairments,
    "assist": _assist,
    "strangers": _strangers,
    "coadaptation": _coadaptation,
    "amplitude": _amplitude,
    "student": _student,
    "vault": _vault,
    "profile": _profile,
    "stats": _stats,
    "scale": _scale,
}


def _fidelity(options: BenchOptions) -> Fidelity:
    from core.twin.body import Fidelity

    return Fidelity(options.fidelity)


def recordings_folder() -> Path:
    """The same for other commands that judge by the recordings."""
    return _recordings()


def _recordings() -> Path:
    """Where the real recordings are: `EXOTWIN_DATA`, else beside the source tree."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("EXOTWIN_DATA", str(beside)))
