"""Fuzz the core and the package parser: `python -m tests.exo_core.fuzz.run smp|blob|package --minutes 10`.

`smp` and `blob` need clang with libFuzzer (Debian: apt-get install clang libclang-rt-14-dev), `package` needs
`pip install atheris`. A find is kept in the folder of the run and ends it with an error.
"""

from __future__ import annotations

import argparse
import inspect
import os
import subprocess
import sys
from pathlib import Path

import cbor2

from core.deploy.blob import TRAILER_BYTES, sign_blob
from core.deploy.package import parse_package
from core.exo_core.building import NUMERICS, SOURCES
from tests.deploy.controllers import KEY, built
from tests.deploy.test_package import BUILT, repacked
from tests.deploy.test_package_fuzz import refused_or_runnable, refused_or_unsigned

FOLDER = Path(__file__).parent
SANITIZE = "-fsanitize=fuzzer,address,undefined"
WORDS = """d off data len sha hash confirm slot name index action arm nonce session max_nm ramp_s image
    peak_nm rate_nm_s hip_range_rad direction both flexion extension since max ack t_host
    datetime 2026-11-30T13:24:40Z reason downgrade
    test activate revert erase /slots/A.bin /log/events.bin"""
MANIFEST_WORDS = """net kind sizes activation relu inputs signal unit scale history output joint_target torque
    taps dilations limits device_profile control_hz joint hip_flexion ankle_angle direction extension
    golden weights_sha256 core_abi envelope release purpose virtual-only supervised-human serial expires_s
    counter
    rom_left_rad rom_right_rad stride_left_rad stride_right_rad power_w angle_rad speed_rad_s"""


def controller() -> bytes:
    return parse_package(built().archive).device_bytes


def requests() -> list[bytes]:
    """One step of `fuzz_core.c` for every command that the exo knows, and a few together."""
    groups = {0: 0, 1: 1, 8: 2, 10: 3, 70: 4}
    sha = bytes(32)
    asked = [
        (0, 0, True, {"d": "hello"}), (0, 4, False, {}), (0, 4, True, {"datetime": "2026-11-30T13:24:40"}),
        (0, 5, True, {}), (0, 6, False, {}), (1, 0, False, {}),
        (1, 0, True, {"hash": sha, "confirm": True}), (1, 5, True, {"slot": 1}),
        (1, 1, True, {"off": 0, "len": 60, "sha": sha, "data": bytes(40)}),
        (1, 1, True, {"off": 40, "data": bytes(20)}), (8, 0, False, {"name": "/slots/A.bin", "off": 0}),
        (8, 0, False, {"name": "/log/events.bin", "off": 0}), (8, 1, False, {"name": "/slots/B.bin"}),
        (10, 0, False, {}), (10, 2, False, {"index": 1}), (70, 0, False, {}), (70, 1, False, {}),
        (70, 3, True, {"action": "test", "sha": sha}), (70, 3, True, {"action": "activate"}),
        (70, 3, True, {"action": "revert"}), (70, 3, True, {"action": "erase", "sha": sha}),
        (70, 3, True, {"action": "downgrade", "sha": sha, "nonce": bytes(8), "reason": "it pulls"}),
        (70, 4, True, {}),
        (70, 5, True, {"peak_nm": 5.0, "rate_nm_s": 50.0, "hip_range_rad": 1.0}),
        (70, 5, True, {"peak_nm": 5.0, "rate_nm_s": 50.0, "hip_range_rad": 1.0, "direction": "flexion"}),
        (70, 6, True, {"arm": True, "sha": sha, "nonce": bytes(8), "max_nm": 6.0, "ramp_s": 1.0}),
        (70, 6, True, {"arm": False}), (70, 7, True, {"t_host": 1}), (70, 8, False, {"since": 0, "max": 5}),
        (70, 9, False, {}), (70, 9, True, {"ack": True}), (70, 10, False, {}), (70, 10, True, {}),
    ]  # fmt: skip
    steps = []
    for group, command, write, request in asked:
        body = cbor2.dumps(request)
        steps.append(bytes([write << 2 | groups[group] << 3, len(body), command]) + body)
    return [*steps, b"".join(steps), b"\x52".join(steps), b"\x13".join(steps[10:])]


def packages() -> list[bytes]:
    """What `look_into` can make something of: a package, and its two parts that are read in detail."""
    return [BUILT.archive, controller(), parse_package(BUILT.archive).manifest_bytes]


def prepare(kind: str, folder: Path) -> None:
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = {"smp": requests, "blob": lambda: [controller()], "package": packages}[kind]()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    (folder / "seed.bin").write_bytes(KEY.public.raw + controller())
    words = WORDS if kind == "smp" else MANIFEST_WORDS
    (folder / "words.txt").write_text("".join(f'"{word}"\n' for word in words.split()))


def compiled(kind: str, folder: Path) -> Path:
    program = folder / f"fuzz_{kind}"
    sources = [FOLDER / "fuzz_core.c", *sorted(SOURCES.glob("*.c"))]
    flags = [*NUMERICS, "-O2", "-g", SANITIZE, "-fno-sanitize-recover=all", f"-I{SOURCES}"]
    flags += ['-DEXO_SOURCES="fuzz"', *(["-DFUZZ_BLOB"] if kind == "blob" else [])]
    subprocess.run(["clang", *flags, *map(str, sources), "-lm", "-o", str(program)], check=True)
    return program


def look_into(raw: bytes) -> None:
    """Any bytes as a package, and as the device bytes inside a whole one: refused by name, or not signed."""
    refused_or_unsigned(raw)
    refused_or_unsigned(repacked(manifest=raw))
    refused_or_runnable(raw)
    if len(raw) > TRAILER_BYTES:
        refused_or_runnable(sign_blob(raw[:-TRAILER_BYTES], KEY))


def fuzz_package(folder: Path, seconds: int) -> int:
    code = "import tests.exo_core.fuzz.run as run; run.atheris_loop()"
    arguments = [str(folder / "corpus"), f"-max_total_time={seconds}", f"-artifact_prefix={folder}/"]
    command = [sys.executable, "-c", code, *arguments, "-max_len=20000", f"-dict={folder}/words.txt"]
    return subprocess.run(command, check=False).returncode


def atheris_loop() -> None:
    import atheris

    import core.deploy.blob
    import core.deploy.manifest
    import core.deploy.package
    import core.deploy.strict_json

    for module in (core.deploy.blob, core.deploy.manifest, core.deploy.package, core.deploy.strict_json):
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                setattr(module, name, atheris.instrument_func(value))
    atheris.Setup(sys.argv, look_into)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["smp", "blob", "package"])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, help="keeps corpus and finds", default=Path("build/fuzz"))
    given = parser.parse_args()
    folder, seconds = (given.folder / given.kind).absolute(), round(60 * given.minutes)
    prepare(given.kind, folder)
    if given.kind == "package":
        return fuzz_package(folder, seconds)
    options = [f"-max_total_time={seconds}", f"-dict={folder}/words.txt", f"-artifact_prefix={folder}/"]
    options += ["-max_len=4096", "-print_final_stats=1", "-timeout=20", "-verbosity=1"]
    environment = {**os.environ, "EXO_FUZZ_SEED": str(folder / "seed.bin")}
    command = [str(compiled(given.kind, folder)), str(folder / "corpus"), *options]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
