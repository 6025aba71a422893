"""Which physics a batch of bodies gets: MuJoCo in C, or MuJoCo Warp on a graphics card."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

import mujoco

from core.errors import UserError, refuse
from core.simulation.physics.batch import BatchPhysics, Physics
from core.simulation.physics.used import use

SETTING = "EXOTWIN_PHYSICS"
CPU, CUDA, WARP_CPU = "cpu", "cuda", "warp-cpu"
FEWEST_BODIES = 64
"""Smaller batches stay in C: a graphics card takes as long for one body as for hundreds."""
_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def batch_physics(models: Sequence[mujoco.MjModel], *, threads: int = 2) -> Physics:
    """The physics of these bodies, as `EXOTWIN_PHYSICS` says or else as this PC has it.

    Refuses (SIM-040) an unknown setting, (SIM-041) a graphics card that is not there, and as `WarpPhysics`.
    """
    physics = _made(models, chosen(len(models)), threads)
    use(physics.name)
    return physics


def _made(models: Sequence[mujoco.MjModel], kind: str, threads: int) -> Physics:
    if kind == CPU:
        return BatchPhysics(models, threads=threads)
    from core.simulation.physics.warp_batch import WarpPhysics  # no PC without a graphics card loads it

    return WarpPhysics(models, device="cuda" if kind == CUDA else "cpu")


def chosen(bodies: int) -> str:
    """CPU, CUDA or WARP_CPU for a batch of so many bodies."""
    asked = os.environ.get(SETTING, "")
    if asked == "":
        return CUDA if bodies >= FEWEST_BODIES and _can_use_cuda() else CPU
    if asked not in (CPU, CUDA, WARP_CPU):
        raise refuse(
            "SIM-040",
            f"There is no physics “{asked}”.",
            f"{SETTING} is one of {CPU}, {CUDA} and {WARP_CPU}.",
            f"Set it to one of them, or remove {SETTING}.",
        )
    if asked == CUDA and not cuda_devices():
        raise _no_card()
    return asked


@cache
def cuda_devices() -> int:
    """Graphics cards that NVIDIA's driver offers; 0 without a driver, which is known at once."""
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


@cache
def _can_use_cuda() -> bool:
    return cuda_devices() > 0 and find_spec("mujoco_warp") is not None


def _no_card() -> UserError:
    return refuse(
        "SIM-041",
        "The physics cannot run on a graphics card.",
        "No driver of NVIDIA offers one on this PC.",
        f"Set {SETTING} to {CPU}, or install the card's driver.",
    )
