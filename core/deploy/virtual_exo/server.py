"""The process of the virtual exo: one loop that ticks the exo and answers the link in between."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from core.deploy.virtual_exo.device import Identity, VirtualExo
from core.deploy.virtual_exo.dispatcher import Dispatcher
from core.deploy.virtual_exo.exo_group import exo_handlers
from core.deploy.virtual_exo.framing import FrameReader, encode_frame
from core.deploy.virtual_exo.plant import load_motion, normal_walk
from core.deploy.virtual_exo.ports import Port, open_port
from core.deploy.virtual_exo.stock_groups import stock_handlers
from core.devices.exo_protocol import CONTROL_HZ
from core.devices.profiles import load_profile

_PARENT_CHECK_S = 0.5
_FORGIVEN_TICKS = 5  # after a longer pause the missed ticks are counted, not made up for


def run_virtual_exo(
    listen: str,
    *,
    plant: Path | None = None,
    state: Path | None = None,
    parent: int | None = None,
    profile_id: str = "Hippo_L1",
    serial: str = "VIRTUAL-1",
) -> int:
    """Serve one virtual exo until it is told to end, or until process `parent` is gone.

    Writes one JSON line with `address`, `serial`, `profile_id` and `pid` to standard output when it is ready.
    Raises UserError EXO-020 (plant), EXO-021 (listen), EXO-030 (device).
    """
    limits = load_profile(profile_id).limits
    wearer = normal_walk() if plant is None else load_motion(plant)
    stop = _StopSignal(parent)
    port = open_port(listen)
    try:
        with TemporaryDirectory(prefix="virtual-exo-") as temporary:
            identity = Identity(serial, profile_id, limits)
            exo = VirtualExo(identity, state or Path(temporary), wearer)
            ready = {"address": port.address, "serial": serial, "profile_id": profile_id, "pid": os.getpid()}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            serve(exo, port, stop)
    finally:
        port.close()
    return 0


def serve(exo: VirtualExo, port: Port, stopped: Callable[[], bool]) -> None:
    """Tick at CONTROL_HZ; between ticks answer what comes in."""
    dispatcher = Dispatcher({**stock_handlers(exo), **exo_handlers(exo)})
    reader = FrameReader()
    started = time.monotonic()
    ticks = 0
    while not stopped():
        due = started + ticks / CONTROL_HZ
        for frame in reader.feed(port.receive(max(0.0, due - time.monotonic()))):
            answer = dispatcher.answer(frame)
            if answer is not None:
                port.send(encode_frame(answer))
            if exo.reset_asked:
                exo.boot()
        if port.take_lost():
            reader = FrameReader()
            exo.supervisor.link_lost(exo.now_s)
        now = time.monotonic()
        if now >= due:
            exo.tick(now - started)
            ticks += 1
            behind = int((now - due) * CONTROL_HZ)
            exo.late_ticks += behind > 0
            if behind > _FORGIVEN_TICKS:
                ticks += behind


class _StopSignal:
    """Tells the loop to end: a signal came, or the parent is gone."""

    def __init__(self, parent: int | None) -> None:
        self._asked = False
        self._parent = _process(parent)
        self._orphan = parent is not None and self._parent is None
        self._next_check_s = 0.0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._asked = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._parent is not None and now >= self._next_check_s:
            self._next_check_s = now + _PARENT_CHECK_S
            self._orphan = not _alive(self._parent)
        return self._asked or self._orphan


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return None if pid is None else psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
