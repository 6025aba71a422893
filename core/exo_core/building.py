"""Compiling the C core into a library that this program loads. Standard library only: pip runs this too."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER / "src"
# A C compiler from the package server, for machines without one; 0.17.0 has none for Windows.
ZIG = "ziglang==0.17.1"

# Reproducible floating point first, then every warning about lost precision. Warnings are errors.
NUMERICS = ("-std=c99", "-ffp-contract=off")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wpedantic", "-Werror")


def library_name(platform: str = sys.platform) -> str:
    """File name of the compiled core."""
    return {"win32": "exo_core.dll", "darwin": "libexo_core.dylib"}.get(platform, "libexo_core.so")


LIBRARY = FOLDER / library_name()


class CompilerError(RuntimeError):
    """No C compiler, or it refused the sources."""


def sources_sha256(folder: Path = SOURCES) -> str:
    """Hash over names and contents of all sources: the identity of a core."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.c"), *folder.glob("*.h")]):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.name.encode() + b"\0" + text + b"\0")
    return digest.hexdigest()


def find_compiler() -> list[str] | None:
    """The command of a C compiler: $CC, gcc, clang, or the ziglang package; None when there is none."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for name in ("gcc", "clang", "cc"):
        found = shutil.which(name)
        if found:
            return [found]
    return [sys.executable, "-m", "ziglang", "cc"] if find_spec("ziglang") else None


def build(target: Path, compiler: Sequence[str] | None = None, flags: Sequence[str] = ("-O2",)) -> Path:
    """Compile all sources into the shared library `target`. Raises CompilerError."""
    command = list(compiler) if compiler is not None else find_compiler()
    if command is None:
        raise CompilerError(f"no C compiler was found; install gcc, clang or {ZIG}")
    position = [] if target.suffix == ".dll" else ["-fPIC"]
    identity = f'-DEXO_SOURCES="{sources_sha256()}"'
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    # Replaced by a rename: a running program keeps the library that it has loaded.
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    arguments = [*NUMERICS, *WARNINGS, *position, *flags, identity, "-shared", *sources, "-o", str(part)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompilerError(f"{command[0]} refused the sources of the exo core:\n{done.stderr}")
    part.replace(target)
    return target


if __name__ == "__main__":
    build(LIBRARY)
