"""The process of the virtual exo: its options, what it listens at, and what ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from core.devices.profiles import load_profile
from core.virtual_exo.control_loop import ControlLoop
from core.virtual_exo.exo import VirtualExo
from core.virtual_exo.fault_channel import FaultChannel
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.plant_file import load_plant
from core.virtual_exo.ports import Port, open_fault_port, open_port, read_token
from core.virtual_exo.trust import TrustedFolder
from core.virtual_exo.watchdog import Watchdog

WORN_BEFORE_S = 6.0  # enough to stand and to walk five steps
_PARENT_CHECK_S = 0.5
OPEN_TO_ALL = (
    "Every program on this computer can reach the exo at {address}; with --token FILE only one that knows "
    "the word in the file.\n"
)


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
    token: Path | None = None,
) -> int:
    """Serve one virtual exo until a signal ends it, or until process `parent` is gone.

    The simulated wearer stands and walks for `worn_before_s` before a client connects. The exo runs
    controllers signed with the keys that the data folder `trust` holds when the controller arrives. A TCP
    client has to know the word in the file `token`. Writes one JSON line with `address`, `serial`,
    `profile_id`, `pid` and `faults` (address of the fault channel) to standard output when it is ready.
    Raises UserError EXO-020 (plant), EXO-021 (listen, faults, token), EXO-030 (device), KEY-006 (key).
    """
    profile = load_profile(profile_id)
    settings = PlantSettings.usual(profile.joint) if plant is None else load_plant(plant, profile.joint)
    stop = _StopSignal(parent)
    with ExitStack() as clean_up:
        port = open_port(listen, read_token(token))
        clean_up.callback(port.close)
        fault_port = _fault_port(faults, clean_up)
        keys = TrustedFolder(trust)
        folder = state or Path(clean_up.enter_context(TemporaryDirectory(prefix="virtual-exo-")))
        exo = VirtualExo(serial, profile, folder, settings, keys.keys)
        exo.pass_time(worn_before_s)
        address = port.address if token is None else f"{port.address},token={token}"
        _say_ready(address, fault_port, exo, profile_id)
        if listen.startswith("tcp") and token is None:
            sys.stderr.write(OPEN_TO_ALL.format(address=port.address))
        channel = None if fault_port is None else FaultChannel(fault_port, exo)
        watchdog = clean_up.enter_context(Watchdog(exo.cut_motors))
        ControlLoop(exo, port, channel, keys, watchdog).run(stop)
    return 0


def _fault_port(faults: str, clean_up: ExitStack) -> Port | None:
    port = open_fault_port(faults)
    if port is not None:
        clean_up.callback(port.close)
    return port


def _say_ready(address: str, fault_port: Port | None, exo: VirtualExo, profile_id: str) -> None:
    ready = {
        "address": address,
        "serial": exo.serial,
        "profile_id": profile_id,
        "pid": os.getpid(),
        "faults": "" if fault_port is None else fault_port.address,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


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
