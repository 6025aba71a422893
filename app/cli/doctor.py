"""`exotwin doctor`: what this PC offers, what is missing, and what to do about it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

import resources
from app.cli.doctor_check import GIGABYTE, LITTLE_DISK_GB, NO_DISK_GB, Check, State
from app.cli.doctor_record import check_backup, check_files, check_record, judge_protection
from core.errors import UserError, set_up_again
from core.store.protection import protection_of

PROBE_LIMIT_S = 30.0  # a cold import of VTK from a slow disk
LITTLE_MEMORY_GB, NO_MEMORY_GB = 8.0, 4.0
LITTLE_CORES = 4
WANTED_PYTHONS = ((3, 11), (3, 12), (3, 13))
LEAST_SCREEN_PX = (1366, 768)
_SMALLER_TORCH = (
    "ExoTwin works. Setting it up anew frees about 3.5 GB where the build without them is on offer."
)
_NO_SCREEN = "Start ExoTwin from a desktop for the windows; `exotwin session` works without one."


Answer = dict[str, Any]  # what a probe returned, or {"error": sentence}


class Probe:
    """A check in a child process, because it needs heavy or crash-prone libraries."""

    def __init__(self, function: str) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._receiver, sender = spawn.Pipe(duplex=False)
        self._child: BaseProcess = spawn.Process(target=_answer, args=(function, sender), daemon=True)
        self._child.start()
        sender.close()

    def result(self, limit_s: float = PROBE_LIMIT_S) -> Answer:
        """The answer, or why there is none. The child is gone afterwards."""
        try:
            if not self._receiver.poll(limit_s):
                return {"error": f"There was no answer within {limit_s:.0f} s."}
            answer: Answer = self._receiver.recv()
            return answer
        except (EOFError, OSError):
            self._child.join(2.0)
            return {"error": f"The driver ended the program (exit status {self._child.exitcode})."}
        finally:
            self._child.kill()
            self._child.join()
            self._receiver.close()


def _answer(function: str, sender: Connection) -> None:
    """Entry of the child: call `module:function` and send what it returns."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - devnull is no path on Windows
        os.dup2(nowhere.fileno(), 2)  # drivers write to the terminal as they like
    module, name = function.split(":")
    try:
        sender.send(getattr(importlib.import_module(module), name)())
    except Exception as error:  # noqa: BLE001 - the process border
        sender.send({"error": f"{type(error).__name__}: {error}."})


def check_python() -> Check:
    version = platform.python_version()
    if sys.version_info[:2] in WANTED_PYTHONS:
        return Check("Python", State.OK, f"Python {version}.")
    finding = f"This is Python {version}; the packages are for 3.11 to 3.13."
    return Check("Python", State.FAIL, finding, set_up_again())


def has_screen(variables: Mapping[str, str], system: str = sys.platform) -> bool:
    """True where a window can be shown."""
    return system != "linux" or bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def judge_opengl(answer: Answer, screen: bool) -> Check:
    """`screen`: whether a window could be shown at all."""
    if not screen:
        return Check("3D view", State.WARN, "There is no screen, so nothing can be shown.", _NO_SCREEN)
    if answer.get("drawn"):
        how = f"{answer['renderer']}, OpenGL {answer['version']}"
        return Check("3D view", State.OK, f"A test picture was drawn by {how}.")
    finding = f"The test picture could not be drawn. {answer.get('error', 'It came back in a wrong colour.')}"
    advice = "Update the graphics driver; on Debian and Ubuntu install libgl1-mesa-dri. The rest works."
    return Check("3D view", State.FAIL, finding, advice)


def judge_window(answer: Answer, screen: bool) -> Check:
    """`answer`: the screen's size in pixels [width, height] and how windows are drawn on it."""
    if not screen:
        return Check("Windows", State.WARN, "There is no screen, so no window can be shown.", _NO_SCREEN)
    if "size_px" not in answer:
        finding = f"No window could be shown. {answer.get('error', '')}".strip()
        advice = f"On Debian and Ubuntu install libxcb-cursor0 and libxkbcommon-x11-0. {set_up_again()}"
        return Check("Windows", State.FAIL, finding, advice)
    width, height = answer["size_px"]
    finding = f"A window can be shown ({answer['platform']}); the screen has {width} x {height}."
    if width < LEAST_SCREEN_PX[0] or height < LEAST_SCREEN_PX[1]:
        least = "{} x {}".format(*LEAST_SCREEN_PX)
        return Check("Windows", State.WARN, finding, f"The pages are made for {least}; here parts are cut.")
    return Check("Windows", State.OK, finding)


def judge_library(name: str, answer: Answer) -> Check:
    """A library that a step of the session needs: it must load and do one small piece of its work."""
    if "version" in answer:
        return Check(name, State.OK, f"{answer['version']} loads and works.")
    return Check(name, State.FAIL, answer.get("error", "It gave a wrong answer."), set_up_again())


def judge_cameras(answer: Answer) -> Check:
    names = answer.get("names", [])
    if names:
        return Check("Cameras", State.OK, f"{len(names)} found: {', '.join(names)}.")
    finding = answer.get("error", "No camera was found.")
    advice = "Connect a camera to record here; video files can be imported without one."
    return Check("Cameras", State.WARN, finding, advice)


def judge_ports(answer: Answer, usable: Mapping[str, bool]) -> Check:
    """`usable`: address -> whether this user may open it."""
    ports = answer.get("ports", [])
    if not ports:
        finding = answer.get("error", "No serial port was found.")
        advice = "Connect the exo by its USB cable; the virtual exo needs no port."
        return Check("Serial ports", State.WARN, finding, advice)
    locked = [address for address, _ in ports if not usable.get(address, True)]
    listed = ", ".join(f"{address} ({about})" if about else address for address, about in ports)
    finding = f"{len(ports)} found: {listed}."
    if len(locked) < len(ports):
        return Check("Serial ports", State.OK, finding)
    advice = 'You may not open them: run sudo usermod -aG dialout "$USER", then log in again.'
    return Check("Serial ports", State.WARN, finding, advice)


def judge_disk(data_dir: Path, free_gb: float, problem: str) -> Check:
    """`problem`: why nothing can be written there, empty when it can."""
    finding = f"{free_gb:.1f} GB free in {data_dir}."
    if problem:
        advice = "Choose another data folder with --data-dir or EXOTWIN_DATA_DIR, or change who owns it."
        return Check("Data folder", State.FAIL, f"{data_dir} cannot be written to: {problem}.", advice)
    if free_gb < NO_DISK_GB:
        return Check("Data folder", State.FAIL, finding, "Free some space; a visit needs up to 1 GB.")
    if free_gb < LITTLE_DISK_GB:
        return Check("Data folder", State.WARN, finding, "Free some space soon; a visit needs up to 1 GB.")
    return Check("Data folder", State.OK, finding)


def nearest_place(path: Path) -> Path:
    """The nearest file or folder on the way up that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def check_disk(data_dir: Path) -> Check:
    try:
        folder = nearest_place(data_dir.absolute())
        if not folder.is_dir():
            return judge_disk(data_dir, 0.0, f"{folder} is a file")
    except PermissionError as error:  # a folder on the way is closed to this login
        return judge_disk(data_dir, 0.0, error.strerror or str(error))
    problem = ""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        problem = error.strerror or str(error)
    return judge_disk(data_dir, shutil.disk_usage(folder).free / GIGABYTE, problem)


def check_data(data_dir: Path) -> tuple[Check, ...]:
    """Folder, record, files, backup, encryption; a folder of somebody else's is told, not looked into."""
    disk = check_disk(data_dir)
    try:
        return (
            disk,
            check_record(data_dir),
            check_files(data_dir),
            check_backup(data_dir),
            judge_protection(protection_of(data_dir)),
        )
    except PermissionError as error:
        finding = f"The record in {data_dir} may not be read by this login: {error.strerror}."
        advice = "Let its owner run this, or name another folder with --data-dir or EXOTWIN_DATA_DIR."
        return disk, Check("Record", State.FAIL, finding, advice)


def judge_machine(cores: int, memory_gb: float) -> Check:
    finding = f"{cores} processor cores, {memory_gb:.0f} GB of memory."
    if memory_gb < NO_MEMORY_GB:
        advice = f"Training needs at least {NO_MEMORY_GB:.0f} GB; close other programs or add memory."
        return Check("Processor and memory", State.FAIL, finding, advice)
    if memory_gb < LITTLE_MEMORY_GB or cores < LITTLE_CORES:
        advice = "Everything works; training takes longer than on 4 cores with 8 GB."
        return Check("Processor and memory", State.WARN, finding, advice)
    return Check("Processor and memory", State.OK, finding)


def usable_cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_gpu(program: str = "nvidia-smi") -> Check:
    found = shutil.which(program)
    names = ""
    if found:
        command = [found, "--query-gpu=name", "--format=csv,noheader"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)
            names = ", ".join(answer.stdout.split("\n")).strip(", ") if answer.returncode == 0 else ""
        except (OSError, subprocess.TimeoutExpired):
            names = ""
    finding = f"{names}." if names else "No NVIDIA GPU answers."
    finding += " None is needed: training uses the processor's cores."
    if has_gpu_libraries(found.metadata["Name"] or "" for found in importlib.metadata.distributions()):
        finding += " PyTorch came with several gigabytes of libraries for one; they are not used."
        return Check("GPU", State.WARN, finding, _SMALLER_TORCH)
    return Check("GPU", State.OK, finding)


def has_gpu_libraries(packages: Iterable[str]) -> bool:
    """Whether PyTorch was installed with what its build for NVIDIA cards needs."""
    return any(name.lower().startswith("nvidia-") for name in packages)


def check_exo_core() -> Check:
    """The compiled program of the exo: simulation, packages and the virtual exo run it."""
    from core.exo_core import library  # brings cffi and reads all its headers: only who asks waits for that

    try:
        library.load()
    except UserError as error:
        return Check(
            "Exo program", State.FAIL, f"{error.advice.what} {error.advice.why}", error.advice.next_step
        )
    return Check("Exo program", State.OK, "The program that runs on exos is compiled and fits its sources.")


def judge_pose_model(model: Path, answer: Answer) -> Check:
    """`answer`: what happened when the model was opened."""
    if not model.is_file():
        finding = f"{model} is not there; videos cannot be read."
        return Check("Pose model", State.FAIL, finding, set_up_again())
    if not answer.get("opened"):
        finding = f"{model} is there but cannot be used. {answer.get('error', '')}"
        return Check("Pose model", State.FAIL, finding.strip(), set_up_again())
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    if digest == resources.POSE_MODEL_SHA256:
        return Check("Pose model", State.OK, f"{model.name} is verified and opens.")
    finding = f"{model} opens, but is not the pinned one (SHA-256 {digest[:12]}...)."
    advice = f"If nobody put it there on purpose, delete it. {set_up_again()}"
    return Check("Pose model", State.WARN, finding, advice)


def _probe(name: str) -> Probe:
    return Probe(f"app.cli.doctor_probes:{name}")


def run_doctor(data_dir: Path) -> tuple[Check, ...]:
    """Run all checks. Takes a few seconds; never raises for what it finds."""
    screen = has_screen(os.environ)
    cameras, ports = _probe("cameras"), _probe("serial_ports")
    learning, physics = _probe("learning"), _probe("physics")
    window = _probe("window") if screen else None
    model = resources.pose_model()
    pose = _probe("pose_detector") if model.is_file() else None
    opengl = _probe("opengl").result() if screen else {}
    found_ports = ports.result()
    usable = {address: os.access(address, os.R_OK | os.W_OK) for address, _ in found_ports.get("ports", [])}
    return (
        check_python(),
        judge_window(window.result() if window else {}, screen),
        judge_opengl(opengl, screen),
        judge_cameras(cameras.result()),
        judge_ports(found_ports, usable if sys.platform == "linux" else {}),
        *check_data(data_dir),
        judge_machine(usable_cores(), psutil.virtual_memory().total / GIGABYTE),
        check_gpu(),
        check_exo_core(),
        judge_library("Learning", learning.result()),
        judge_library("Physics", physics.result()),
        judge_pose_model(model, pose.result() if pose else {}),
    )


def report_table(checks: tuple[Check, ...]) -> Table:
    """The report for a terminal."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    marks = {State.OK: ("ok", "green"), State.WARN: ("note", "yellow"), State.FAIL: ("mend", "bold red")}
    for check in checks:
        word, style = marks[check.state]
        finding = Text(check.finding)
        if check.advice:
            finding.append(f"\n{check.advice}", "dim")
        table.add_row(Text(word, style), Text(check.name), finding)
    return table


def doctor_command(data_dir: Path, as_json: bool) -> int:
    """`exotwin doctor [--json]`: exit status 1 when something must be mended."""
    checks = run_doctor(data_dir)
    failed = sum(check.state is State.FAIL for check in checks)
    if as_json:
        body = {"ok": failed == 0, "checks": [asdict(check) for check in checks]}
        sys.stdout.write(json.dumps(body, indent=2) + "\n")
    else:
        console = Console()
        console.print(report_table(checks))
        console.print("This PC is ready." if not failed else f"{failed} of {len(checks)} must be mended.")
    return 1 if failed else 0
