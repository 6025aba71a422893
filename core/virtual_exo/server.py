"""The process of the virtual exo: one loop that ticks the exo and answers the link in between."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from core.devices.profiles import load_profile
from core.virtual_exo.exo import VirtualExo
from core.virtual_exo.fault_channel import FaultChannel
from core.virtual_exo.framing import FrameReader, encode_frame
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.plant_file import load_plant
from core.virtual_exo.ports import Port, open_fault_port, open_port
from core.virtual_exo.trust import TrustedFolder

WORN_BEFORE_S = 6.0  # enough to stand and to walk five steps
_PARENT_CHECK_S = 0.5
_MAX_CATCH_UP_S = 0.05  # longer pauses of the PC are skipped instead of caught up


def run_virtual_exo(
    listen: str,
    *,
    plant: Path | None = None,
    state: Path | None = None,
    parent: int | None = None,
    profile_id: str = "Hippo_L1",
    serial: str = "VIRTUAL-1",
    faults: str = "",
    worn_before_s: float = WORN_BEFORE_S,
    trust: Path | None = None,
) -> int:
    """Serve one virtual exo until a signal ends it, or until process `parent` is gone.

    The simulated wearer stands and walks for `worn_before_s` before a client connects. The exo runs
    controllers signed with the keys that the data folder `trust` holds when the controller arrives. Writes
    one JSON line with `address`, `serial`, `profile_id`, `pid` and `faults` (address of the fault channel) to
    standard output when it is ready. Raises UserError EXO-020 (plant), EXO-021 (listen, faults), EXO-030
    (device), KEY-006 (damaged key).
    """
    profile = load_profile(profile_id)
    settings = PlantSettings.usual(profile.joint) if plant is None else load_plant(plant, profile.joint)
    stop = _StopSignal(parent)
    with ExitStack() as clean_up:
        port = open_port(listen)
        clean_up.callback(port.close)
        fault_port = open_fault_port(faults)
        if fault_port is not None:
            clean_up.callback(fault_port.close)
        folder = state or Path(clean_up.enter_context(TemporaryDirectory(prefix="virtual-exo-")))
        keys = TrustedFolder(trust)
        exo = VirtualExo(serial, profile, folder, settings, keys.keys)
        exo.pass_time(worn_before_s)
        _say_ready(port, fault_port, exo, profile_id)
        serve(exo, port, None if fault_port is None else FaultChannel(fault_port, exo), stop, keys)
    return 0


def _say_ready(port: Port, fault_port: Port | None, exo: VirtualExo, profile_id: str) -> None:
    ready = {
        "address": port.address,
        "serial": exo.serial,
        "profile_id": profile_id,
        "pid": os.getpid(),
        "faults": "" if fault_port is None else fault_port.address,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def serve(
    exo: VirtualExo,
    port: Port,
    channel: FaultChannel | None,
    stopped: Callable[[], bool],
    trust: TrustedFolder,
) -> None:
    """Tick in real time; answer received frames between ticks."""
    reader = FrameReader()
    due_s = time.monotonic()
    while not stopped():
        for frame in reader.feed(port.receive(max(0.0, due_s - time.monotonic()))):
            if trust.refresh():
                exo.device.trust(trust.keys)
            answer = exo.answer(frame)
            if answer is not None:
                port.send(encode_frame(answer))
            exo.boot_if_requested()
        lost = port.take_lost()
        if lost:
            reader = FrameReader()
        if channel is not None:
            channel.serve()
        if time.monotonic() >= due_s:
            exo.connected = port.connected and not lost
            due_s = max(due_s + exo.tick(), time.monotonic() - _MAX_CATCH_UP_S)


class _StopSignal:
    """True once the loop has to end: after a signal, or when the parent process is gone."""

    def __init__(self, parent: int | None) -> None:
        self._signalled = False
        self._parent = _process(parent)
        self._orphan = parent is not None and self._parent is None
        self._next_check_s = 0.0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._signalled = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._parent is not None and now >= self._next_check_s:
            self._next_check_s = now + _PARENT_CHECK_S
            self._orphan = not _alive(self._parent)
        return self._signalled or self._orphan


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
