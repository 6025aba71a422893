"""Make the lock files anew after a change of pyproject.toml: `.venv/bin/python installer/lock.py`.

Needs the package server. uv resolves pyproject.toml for every target, whatever machine this is and however
its pip is configured; versions of the present locks are kept where they still fit, unless `--upgrade` is
given. The SHA-256 of each file that fits a target comes from the server's list of files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import locks  # noqa: E402 - found only after the line above
from installer.locks import EXTRAS, GPU_ONLY, TESTED, Part, Pin, Target  # noqa: E402

INDEX = "https://pypi.org/simple"
UV = ("uv", "0.13.9")
UV_LOCK = locks.LOCKS / "uv.txt"
PYTORCH_CPU = locks.LOCKS / "pytorch-cpu.sha256"
FOR_UV = {
    "linux-x86_64": "x86_64-manylinux_2_36",
    "windows-amd64": "x86_64-pc-windows-msvc",
    "macos-arm64": "aarch64-apple-darwin",
}
MACOS = (14, 0)  # the oldest that PyTorch has a build for
# glibc of the oldest system that is served (Debian 12) to that of the newest that is known.
PLATFORMS = {
    "linux-x86_64": [f"manylinux_2_{minor}_x86_64" for minor in range(43, 4, -1)]
    + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"],
    "windows-amd64": ["win_amd64"],
    "macos-arm64": list(mac_platforms(MACOS, "arm64")),
}
HEAD = "# {what}\n# Made by installer/lock.py; not to be edited by hand.\n"
WHAT_UV = "Brings a Python where none that fits is installed (find_python.py)."
WHAT = {
    Part.RUNTIME: "What ExoTwin runs with on {name}.",
    Part.DEV: "What the tests need besides on {name}.",
    Part.SERVER: "What a record on a server needs besides on {name}.",
    Part.CLUSTER: "What jobs on several machines need besides on {name}.",
    Part.GPU: "What physics on a graphics card needs besides on {name}.",
    Part.CUDA: "PyTorch for {name} where only plain PyPI can be reached: with NVIDIA's libraries.",
}


def uv_command(folder: Path) -> list[str]:
    """Pin uv in its own file, install it into `folder` and return how to start it."""
    fits = {digest for target in locks.TARGETS for digest in fitting(files_of(UV[0]), UV[1], target)}
    locks.write([Pin(*UV, tuple(sorted(fits)))], UV_LOCK, HEAD.format(what=WHAT_UV))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--target", str(folder), "--requirement", str(UV_LOCK)], check=True)
    return [str(folder / "bin" / ("uv.exe" if os.name == "nt" else "uv"))]


def resolve(uv: list[str], target: Target, parts: Iterable[Part], known: dict[str, str]) -> dict[str, str]:
    """Every package of the runtime and `parts` with its version; those of `known` are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "resolved.txt"
        out.write_text("".join(f"{name}=={version}\n" for name, version in known.items()), encoding="utf-8")
        command = [*uv, "pip", "compile", str(ROOT / "pyproject.toml"), "--output-file", str(out)]
        command += ["--quiet", "--no-config", "--no-header", "--no-annotate", "--default-index", INDEX]
        command += ["--python-version", ".".join(map(str, target.python))]
        command += ["--python-platform", FOR_UV[target.system]]
        command += [word for part in parts if part.extra for word in ("--extra", part.extra)]
        variables = os.environ | {"MACOSX_DEPLOYMENT_TARGET": ".".join(map(str, MACOS))}
        subprocess.run(command, check=True, env=variables, stdout=subprocess.DEVNULL)
        lines = out.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


@cache
def files_of(name: str) -> tuple[dict[str, str], ...]:
    """What the package server lists of a package: file name and SHA-256 of each file."""
    wanted = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{INDEX}/{name}/", headers=wanted)) as answer:
        listed = json.load(answer)["files"]
    return tuple({"name": file["filename"], "sha256": file["hashes"]["sha256"]} for file in listed)


def tags(target: Target) -> frozenset[Tag]:
    """Every kind of wheel that pip installs on this target."""
    platforms = PLATFORMS[target.system]
    interpreter = f"cp{target.python[0]}{target.python[1]}"
    own = cpython_tags(python_version=target.python, platforms=platforms)
    general = compatible_tags(python_version=target.python, interpreter=interpreter, platforms=platforms)
    return frozenset([*own, *general])


def fitting(files: Iterable[dict[str, str]], version: str, target: Target) -> tuple[str, ...]:
    """SHA-256 of each wheel of `version` that fits; of the source where none does. Sorted."""
    fits = tags(target)
    wheels, sources = [], []
    for file in files:
        name = file["name"]
        if name.endswith(".tar.gz") and name.removesuffix(".tar.gz").endswith(f"-{version}"):
            sources.append(file["sha256"])
        try:
            _, wheel_version, _, wheel_tags = parse_wheel_filename(name)
        except InvalidWheelFilename:
            continue
        if wheel_version == Version(version) and fits & wheel_tags:
            wheels.append(file["sha256"])
    return tuple(sorted(wheels or sources))


def pytorch_for_processors(target: Target) -> str:
    """SHA-256 of PyTorch's own Linux build, which PyPI does not have."""
    for line in PYTORCH_CPU.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if f"-{target.name.rsplit('-')[-1]}-" in name:
            return digest
    raise SystemExit(f"{PYTORCH_CPU} lacks PyTorch for {target.name}")


def pinned(versions: dict[str, str], target: Target) -> Iterator[Pin]:
    """The packages with their hashes, in the order of their names."""
    with ThreadPoolExecutor(8) as pool:
        listed = dict(zip(versions, pool.map(files_of, versions), strict=True))
    for name in sorted(versions):
        digests = fitting(listed[name], versions[name], target)
        if not digests:
            raise SystemExit(f"{INDEX} has no file of {name} {versions[name]} for {target.name}")
        yield Pin(locks.normal(name), versions[name], digests)


def lock(uv: list[str], target: Target, known: dict[str, str]) -> dict[str, str]:
    """Write the files of one target; returns its versions, for the next target to keep."""
    everything = resolve(uv, target, TESTED, known)
    needed = {part: resolve(uv, target, [part], everything) for part in TESTED}
    for part, versions in needed.items():
        if others := versions.items() - everything.items():
            raise SystemExit(
                f"{target.name}: {part.extra} alone has {others}, not the versions of all together"
            )
    parts: dict[Part, list[Pin]] = {part: [] for part in Part}
    for pin in pinned(everything, target):
        if target.system.startswith("linux") and (pin.name == "torch" or GPU_ONLY.fullmatch(pin.name)):
            parts[Part.CUDA].append(pin)
        else:
            for part in parts_with(pin.name, needed):
                parts[part].append(pin)
        if target.system.startswith("linux") and pin.name == "torch":
            own = replace(pin, version=f"{pin.version}+cpu", sha256=(pytorch_for_processors(target),))
            parts[Part.RUNTIME].append(own)
    for part, pins in parts.items():
        if pins:
            locks.write(pins, target.path(part), HEAD.format(what=WHAT[part].format(name=target.name)))
    return everything


def parts_with(name: str, needed: dict[Part, dict[str, str]]) -> tuple[Part, ...]:
    """The runtime for what it needs; else each part that needs it, as one may come without the others."""
    if name in needed[Part.RUNTIME]:
        return (Part.RUNTIME,)
    return tuple(part for part in (Part.DEV, *EXTRAS) if name in needed[part])


def present(target: Target) -> dict[str, str]:
    """The versions of the present lock, where there is one."""
    there = [part for part in Part if target.path(part).is_file()]
    return {pin.name: pin.version.removesuffix("+cpu") for pin in locks.read(target, *there)} if there else {}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args().upgrade
    first, *others = locks.TARGETS
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(4) as pool:
        uv = uv_command(Path(folder))
        # One version everywhere: what the first target takes, the others take too where they can.
        common = lock(uv, first, {} if upgrade else present(first))
        known = [({} if upgrade else present(target)) | common for target in others]
        list(pool.map(lock, [uv] * len(others), others, known))
    for target in locks.TARGETS:
        print(f"{target.name}: {len(locks.read(target))} packages", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
