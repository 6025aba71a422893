"""Ten thousand random sequences through every build of the core, a Cortex-M7 and numpy: the same bits.

`python -m tests.exo_core.long_bits [--sequences 10000] [--json FILE]`; takes about a quarter of an hour. Says
how far torch and another code generator are away, and the instructions of a tick and of a signature check.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.domain.arrays import Float32Array
from core.domain.controller import ExoController
from core.exo_core import building
from core.exo_core.controller import Controller
from core.exo_core.library import Library, load
from core.exo_core.numpy_runtime import ExoRuntime
from tests.deploy.controllers import KEY
from tests.exo_core import cortex_m7
from tests.exo_core.conftest import BUILDS, available
from tests.exo_core.cortex_m7 import INSTRUCTIONS_PER_TICK, RUN, TIME, VERIFY, Job, execute
from tests.exo_core.kinds import KINDS, controller_of, package_of
from tests.exo_core.nets import CoreNet, random_layers, run_torch
from tests.exo_core.other_generator import run_other

TICKS = 8  # of a sequence
BATCH = 1000


def batches(count: int) -> Iterator[Float32Array]:
    """Motion (sequences, TICKS, 4), some of it wild."""
    rng = np.random.default_rng(2026)
    for start in range(0, count, BATCH):
        scale = rng.choice([0.01, 0.3, 1.0, 10.0], (min(BATCH, count - start), 1, 1))
        yield (scale * rng.normal(0.0, 1.0, (len(scale), TICKS, 4))).astype(np.float32)


def by_numpy(controller: ExoController, motion: Float32Array) -> bytes:
    runtime, torque = ExoRuntime(controller), []
    for sequence in motion:
        runtime.reset()
        torque += [runtime.step(row[:2], row[2:]) for row in sequence]
    return np.array(torque).tobytes()


def by_core(library: Library, data: bytes, motion: Float32Array) -> bytes:
    controller, torque = Controller(data, library), b""
    for sequence in motion:
        controller.reset()
        torque += controller.run(sequence[:, :2], sequence[:, 2:]).tobytes()
    return torque


def compare(name: str, count: int, builds: dict[str, Library], programs: dict[str, Path]) -> dict[str, Any]:
    """The hash of all torques by every way of computing them."""
    controller = controller_of(name, seed=11)
    data = package_of(controller).device_bytes
    hashes = {way: hashlib.sha256() for way in ("numpy", *builds, *programs)}
    for motion in batches(count):
        hashes["numpy"].update(by_numpy(controller, motion))
        for way, library in builds.items():
            hashes[way].update(by_core(library, data, motion))
        for way, program in programs.items():
            hashes[way].update(execute(program, [Job(RUN, data, motion)], program.parent))
    found = {way: digest.hexdigest() for way, digest in hashes.items()}
    equal = len(set(found.values())) == 1
    return {"sequences": count, "ticks": TICKS, "equal": equal, "ways": list(found), "sha256": found["numpy"]}


def instructions(program: Path) -> dict[str, int]:
    """On the Cortex-M7: of a tick of every controller, and of a signature check."""
    motion = next(batches(1))
    found = {}
    for name in KINDS:
        data = package_of(controller_of(name, seed=11)).device_bytes
        said = execute(program, [Job(TIME, data, motion)], program.parent, counted=True)
        found[f"tick, {name}"] = struct.unpack("<I", said)[0] * INSTRUCTIONS_PER_TICK // TICKS
        said = execute(program, [Job(VERIFY, data, KEY.public.raw)], program.parent, counted=True)
        _, read, checked = struct.unpack("<III", said)
        found["signature"] = checked * INSTRUCTIONS_PER_TICK
        found[f"hashes of {len(data)} bytes"] = read * INSTRUCTIONS_PER_TICK
    return found


def distances(library: Library, folder: Path, count: int) -> dict[str, float]:
    """Largest difference from torch and from another generator, in shares of full scale."""
    found = {}
    temporal = random_layers(11, (4, 16, 16, 16, 16, 2), 3, (1, 2, 4, 8))
    for name, layers in (("16-128-64-2", random_layers(11, (16, 128, 64, 2))), ("temporal", temporal)):
        rng = np.random.default_rng(11)
        inputs = rng.normal(0.0, 1.0, (count, layers[0].weight.shape[2])).astype(np.float32)
        own = folder / name
        own.mkdir()
        answered = CoreNet(library, layers).run(inputs)
        others = {"torch": run_torch(layers, inputs), "emx-onnx-cgen": run_other(layers, inputs, own)}
        for way, expected in others.items():
            found[f"{way}, {name}"] = float(np.abs(answered - expected).max() / np.abs(expected).max())
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        builds, programs = {}, {}
        for number, build in enumerate(build for build in BUILDS if available(build)):
            target = folder / str(number) / building.library_name()
            target.parent.mkdir()
            builds[build] = load(building.build(target, *BUILDS[build]))
        for optimise in () if cortex_m7.missing() else ("-O2", "-O3"):
            target = folder / optimise / "core.elf"
            target.parent.mkdir()
            programs[f"cortex-m7 {optimise}"] = cortex_m7.build(target, optimise)
        result: dict[str, Any] = {}
        for kind in KINDS:
            result[kind] = compare(kind, given.sequences, builds, programs)
            sys.stderr.write(f"{kind}: {'equal' if result[kind]['equal'] else 'DIFFERENT'}\n")
        if programs:
            result["instructions"] = instructions(programs["cortex-m7 -O2"])
        result["share_of_full_scale"] = distances(next(iter(builds.values())), folder, given.sequences)
    text = json.dumps(result, indent=1)
    sys.stdout.write(text + "\n")
    if given.json:
        given.json.write_text(text)
    return 0 if all(result[kind]["equal"] for kind in KINDS) else 1


if __name__ == "__main__":
    raise SystemExit(main())
