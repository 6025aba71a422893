"""The core, compiled once per test run by every compiler that is there."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.exo_core import building
from core.exo_core.library import Library, load
from tests.exo_core.cortex_m7 import build as build_for_cortex_m7
from tests.exo_core.cortex_m7 import missing

Builder = Callable[[str], Library]

BUILDS: dict[str, tuple[list[str] | None, tuple[str, ...]]] = {
    "gcc -O0": (["gcc"], ("-O0",)),
    "gcc -O2": (["gcc"], ("-O2",)),
    "gcc -O3 native": (["gcc"], ("-O3", "-march=native")),
    "clang -O3": (["clang"], ("-O3",)),
    "zig -O3": ([sys.executable, "-m", "ziglang", "cc"], ("-O3",)),
}


def available(name: str) -> bool:
    command = BUILDS[name][0]
    assert command is not None
    return find_spec("ziglang") is not None if "ziglang" in command else shutil.which(command[0]) is not None


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Compile and load the core by the name of a build in BUILDS; skip where its compiler is missing."""
    folder: Path = tmp_path_factory.mktemp("exo_core")
    done: dict[str, Library] = {}

    def build(name: str) -> Library:
        if not available(name):
            pytest.skip(f"no compiler for {name}")
        if name not in done:
            target = folder / name.replace(" ", "") / building.library_name()
            target.parent.mkdir()
            done[name] = load(building.build(target, *BUILDS[name]))
        return done[name]

    return build


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The core by the compiler that pip would use; undefined behaviour ends the program on the spot."""
    flags = ("-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    return load(building.build(tmp_path_factory.mktemp("core") / building.library_name(), flags=flags))


@pytest.fixture(scope="session")
def cortex_m7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program for the small processor; skip where nothing can run it."""
    if missing():
        pytest.skip(f"no {missing()}")
    return build_for_cortex_m7(tmp_path_factory.mktemp("cortex_m7") / "core.elf")
