"""The same sources compile for the small processor of an exo, and keep the rules that make bits equal."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.exo_core.building import NUMERICS, SOURCES, WARNINGS

ZIG = [sys.executable, "-m", "ziglang", "cc"]
# The bare name of the processor would give soft-float calls.
CORTEX_M7 = ["-target", "thumb-linux-musleabihf", "-mcpu=cortex_m7+fp_armv8d16"]
QUIET = ["-Wno-unused-command-line-argument"]  # zig adds -c to -S and warns about it itself

SOURCE_FILES = sorted(SOURCES.glob("*.c"))
SMALL_LIBRARY = {"memcpy", "memset", "memcmp", "memmove", "strlen"}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ziglang") is None, reason="ziglang is a development package")
@pytest.mark.parametrize("source", SOURCE_FILES, ids=lambda path: path.stem)
def test_it_compiles_for_a_cortex_m7_with_hardware_floats_and_no_fused_sums(source: Path, tmp_path: Path):
    assembly = tmp_path / "core.s"
    command = [*ZIG, *CORTEX_M7, *NUMERICS, *WARNINGS, *QUIET, "-O2", "-S", str(source), "-o", str(assembly)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    text = assembly.read_text(encoding="latin-1")  # zig writes debug strings as raw bytes
    assert not re.findall(r"\bvfn?m[as]", text)  # a fused multiply-add rounds once, not twice
    assert not re.findall(r"__aeabi_f\w+", text)  # single precision is done by the hardware
    assert "cortex-m7" in text


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCE_FILES, ids=lambda path: path.stem)
def test_nothing_is_allocated_and_no_mathematics_library_is_needed(source: Path, tmp_path: Path):
    done = subprocess.run(
        ["gcc", *NUMERICS, "-O2", "-c", str(source), "-o", str(tmp_path / "core.o")], check=False
    )
    assert done.returncode == 0
    said = subprocess.run(["nm", "-u", str(tmp_path / "core.o")], capture_output=True, text=True, check=True)
    needed = {line.split()[-1] for line in said.stdout.splitlines()}

    foreign = {name for name in needed if not name.startswith("exo_") and not re.match(r"s\d\d_", name)}
    assert foreign <= SMALL_LIBRARY | {"__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
