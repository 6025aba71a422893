"""Where PyTorch comes from: the build for processors where it can be had, the one for NVIDIA cards at last.

On Linux PyPI has only the build that cannot be loaded without gigabytes of NVIDIA's libraries (tried: it
stops at libcudnn), so others are asked before. On Windows and macOS PyPI's build is the one for processors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import locks
from installer.locks import Part, Pin, Target
from installer.processes import NOT_OFFERED, RULED_OUT, UNREACHABLE
from installer.terminal import SetupFailure

OWN_INDEX = "https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True, slots=True)
class Source:
    """One place that may have PyTorch."""

    title: str
    pins: tuple[Pin, ...]  # what to ask it for
    options: tuple[str, ...] = ()  # for pip
    with_gpu: bool = False


def sources(target: Target) -> tuple[Source, ...]:
    """Where to look, in this order."""
    torch = tuple(pin for pin in locks.read(target) if pin.name == "torch")
    configured = Source("the package server", torch)
    if not target.path(Part.CUDA).is_file():
        return (configured,)
    own = Source("PyTorch's own server", torch, ("--index-url", OWN_INDEX))
    plain = Source("the package server", locks.read(target, Part.CUDA), with_gpu=True)
    return (configured, own, plain)


def install(
    places: Sequence[Source],
    folder: Path,
    *,
    pip: Callable[[Sequence[str]], str],
    before_gpu: Callable[[], None],
) -> Source:
    """Ask one place after the other; returns the one that had it.

    `pip` installs what its arguments name; `before_gpu` is called before gigabytes are fetched, and may
    refuse. A place that lacks PyTorch is passed over, and so is PyTorch's own server where it cannot be
    reached. Any other SetupFailure is the end: without the package server, nothing else can be installed.
    """
    for place in places:
        if place.with_gpu:
            before_gpu()
        wanted = locks.write(place.pins, folder / "pytorch.txt")
        try:
            pip([*place.options, "--requirement", str(wanted)])
        except SetupFailure as failure:
            lacks = failure.why in (NOT_OFFERED, RULED_OUT)
            passed_over = lacks or (failure.why == UNREACHABLE and bool(place.options))
            if place is places[-1] or not passed_over:
                raise
        else:
            return place
    raise ValueError("no place to ask")
