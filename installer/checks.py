"""All checks of the project, with a table at the end."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from installer.environment import ROOT, venv_python
from installer.terminal import clock

# The import-linter has no `-m` entry; this is what its console script calls.
IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

# Three processes: tests wait for exos and screens half of the time, and every PC it runs on has two cores. A
# file stays in one process, with its fixtures; `tests/conftest.py` puts the files that take longest first.
SHARED_OUT = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Check:
    title: str
    arguments: tuple[str, ...]  # after the environment's python
    beside: bool = False  # goes on beside those after it; what it says comes when they have ended


CHECKS = (
    Check("lint", ("-m", "ruff", "check", ".")),
    Check("format", ("-m", "ruff", "format", "--check", ".")),
    Check("types", ("-m", "mypy"), beside=True),
    Check("import contracts", ("-c", IMPORTS)),
    Check("tests", ("-m", "pytest", *SHARED_OUT)),
)


@dataclass(frozen=True)
class Result:
    title: str
    status: int
    seconds: float


def run_check(check: Check, python: Path, root: Path) -> Result:
    """Run one check in the foreground, so that its own output is seen as it comes."""
    started_s = time.monotonic()
    status = subprocess.call([str(python), *check.arguments], cwd=root, env=_environment())
    return Result(check.title, status, time.monotonic() - started_s)


def run_beside(check: Check, python: Path, root: Path) -> tuple[Result, str]:
    """Run one check without a word; its result comes with all that it said."""
    started_s = time.monotonic()
    done = subprocess.run(
        [str(python), *check.arguments],
        cwd=root,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Result(check.title, done.returncode, time.monotonic() - started_s), done.stdout


def _environment() -> dict[str, str]:
    """Python may keep what it compiled: the tests start hundreds of programs, and where this is forbidden, as
    images of containers often have it, each of them compiles all of ExoTwin anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def summary(results: tuple[Result, ...], took_s: float) -> str:
    """The closing table; checks beside each other make the whole shorter than its parts."""
    rows = [f"{'check':<18} {'result':<8} time", "-" * 36]
    for result in results:
        verdict = "passed" if result.status == 0 else "FAILED"
        rows.append(f"{result.title:<18} {verdict:<8} {clock(result.seconds)}")
    failed = sum(result.status != 0 for result in results)
    rows.append("-" * 36)
    ending = f"{failed} of {len(results)} failed" if failed else f"all {len(results)} passed"
    rows.append(f"{ending} in {clock(took_s)}")
    return "\n".join(rows)


def run_checks(checks: tuple[Check, ...] = CHECKS, python: Path | None = None, root: Path = ROOT) -> int:
    """Run every check, also after one has failed; returns 0 when all passed."""
    started_s, python = time.monotonic(), python or venv_python()
    results: dict[str, Result] = {}
    beside: dict[str, Future[tuple[Result, str]]] = {}
    with ThreadPoolExecutor(len(checks)) as helpers:
        for number, check in enumerate(checks, start=1):
            print(f"\n== {number}/{len(checks)} {check.title} ==", flush=True)
            if check.beside:
                print("Goes on beside the next ones; what it says comes after them.", flush=True)
                beside[check.title] = helpers.submit(run_beside, check, python, root)
            else:
                results[check.title] = run_check(check, python, root)
        for title, running in beside.items():
            print(f"\n== {title}, which went on beside the others ==", flush=True)
            results[title], said = running.result()
            print(said, end="", flush=True)
    ended = tuple(results[check.title] for check in checks)
    print("\n" + summary(ended, time.monotonic() - started_s), flush=True)
    return 1 if any(result.status != 0 for result in ended) else 0
