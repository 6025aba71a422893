"""Run the programs set-up needs, keep what they say, and turn their failures into a sentence."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from installer.terminal import SetupFailure

UNREACHABLE = "The network, or the package server, could not be reached."
NOT_OFFERED = "The package server does not offer a package in the pinned version for this machine."
RULED_OUT = (
    "The package server lacks the pinned version of a package, or a constraint of pip's own rules it out."
)
# The first pattern found in the output decides; all are matched in lower case.
REASONS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("no space left on device", "errno 28", "not enough free space", "not enough space on the disk"),
        "The disk is full.",
        "Free some space (README.md tells how much set-up needs) and run this again.",
    ),
    (
        ("do not match the hashes",),
        "A package is not the file that was tested: its SHA-256 is another.",
        "Check the package server (`pip config list` tells which one is asked); the file was not installed.",
    ),
    (
        (
            "temporary failure in name resolution",
            "temporary failure resolving",
            "name or service not known",
            "getaddrinfo failed",
            "newconnectionerror",
            "failed to establish a new connection",
            "network is unreachable",
            "could not connect to",
            "connection refused",
            "proxyerror",
            "read timed out",
            "connection timed out",
            "failed to fetch",
        ),
        UNREACHABLE,
        "Connect this machine to the network (once, for set-up) and run this again.",
    ),
    (
        ("could not get lock", "is another process using it", "unable to acquire the dpkg"),
        "Another program is installing packages right now.",
        "Wait until it has ended and run this again.",
    ),
    (
        ("a password is required", "a terminal is required to read the password"),
        "It needs the administrator's password.",
        "Run the command as an administrator, then run this again.",
    ),
    (
        ("permission denied", "access is denied", "winerror 5"),
        "A file or folder may not be written.",
        "Check who owns this folder, close programs that use it, and run this again.",
    ),
    (
        ("no matching distribution found", "could not find a version that satisfies"),
        NOT_OFFERED,
        "Check that the package server is complete (`pip config list` tells which one is asked).",
    ),
    (
        (
            "conflicting dependencies",
        ),  # what pip says of a version that is not there where it has constraints
        RULED_OUT,
        "Check the package server and pip's constraints (`pip config list` tells both).",
    ),
    (
        ("no module named pip", "no module named ensurepip", "ensurepip is not available"),
        "This Python has no pip.",
        "Install it (Debian and Ubuntu: apt install python3-venv) and run this again.",
    ),
)
LAST_LINES = 12


def reason(output: str) -> tuple[str, str]:
    """Why it failed and what to do, read from what the program said."""
    text = output.lower()
    for patterns, why, next_step in REASONS:
        if any(pattern in text for pattern in patterns):
            return why, next_step
    last = "\n    ".join(output.strip().splitlines()[-LAST_LINES:])
    return f"It said:\n    {last}\n", "Mend that and run this again."


def pump(stream: Iterable[str], lines: queue.Queue[str | None]) -> None:
    """Move every line into the queue, then None."""
    for line in stream:
        lines.put(line)
    lines.put(None)


def run(
    command: Sequence[str],
    *,
    what: str,
    log: Path | None = None,
    on_line: Callable[[str], None] = lambda line: None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it said.

    `on_line` is called for every line, and twice a second with an empty one, so that a bar can move on.
    Raises SetupFailure, whose first sentence is `what`, when the program is missing or fails.
    """
    try:
        process = subprocess.Popen(
            list(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        raise SetupFailure(
            what, f"{command[0]} could not be started: {error}.", "Mend that first."
        ) from error
    with process:
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=pump, args=(process.stdout or (), lines), daemon=True).start()
        output = collect(lines, on_line)
    status = process.returncode
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{output}\nexit status {status}\n\n")
    if status != 0:
        why, next_step = reason(output)
        raise SetupFailure(what, why, next_step)
    return output


def collect(lines: queue.Queue[str | None], on_line: Callable[[str], None]) -> str:
    """Everything that was said until the end, passed on line by line."""
    kept: deque[str] = deque(maxlen=5000)
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            on_line("")
            continue
        if line is None:
            return "".join(kept)
        kept.append(line)
        on_line(line.strip())
