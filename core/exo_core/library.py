"""The compiled core as a cffi library, declared by its own C headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cffi

from core.errors import refuse, set_up_again
from core.exo_core.building import LIBRARY, SOURCES, sources_sha256

# In the order in which they include each other.
_HEADERS = (
    "about",
    "hash",
    "sha512",
    "ed25519",
    "joint",
    "net",
    "runtime",
    "cbor",
    "release",
    "blob",
    "safety",
    "hal",
    "slots",
    "trail",
    "time",
    "device",
    "smp",
    "link",
    "port",
)


@dataclass(frozen=True, slots=True)
class Library:
    """The foreign function interface and the functions of the core."""

    ffi: Any
    lib: Any


@lru_cache(maxsize=8)
def load(path: Path = LIBRARY) -> Library:
    """Load the compiled core. Raises UserError EXO-060 when it is missing or of other sources."""
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    try:
        lib = ffi.dlopen(str(path))
    except OSError as error:
        raise _unusable(f"{path.name} cannot be loaded: {error}.") from error
    if ffi.string(lib.exo_about_sources()).decode() != sources_sha256():
        raise _unusable(f"{path.name} was built from other sources than those that lie beside it.")
    return Library(ffi, lib)


def declarations() -> str:
    """The declarations of the headers in the subset of C that cffi reads."""
    config = (SOURCES / "exo_config.h").read_text(encoding="utf-8")
    numbers = "\n".join(re.findall(r"^#define EXO_\w+ \d+", config, flags=re.MULTILINE))
    return numbers + "\n" + "\n".join(_declarations(f"exo_{name}.h") for name in _HEADERS)


def _declarations(name: str) -> str:
    text = (SOURCES / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith("#") or _is_number(line)]
    return "\n".join(lines)


def _is_number(line: str) -> bool:
    return re.fullmatch(r"#define EXO_\w+ \d+\s*", line) is not None


def _unusable(why: str) -> Exception:
    return refuse(
        "EXO-060",
        "The part of ExoTwin that runs on exos is not ready on this computer.",
        why,
        set_up_again(),
    )
