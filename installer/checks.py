"""All checks of the project, one after the other, with a table at the end."""

from __future__ import annotations

import subprocess
import sys
import time
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


CHECKS = (
    Check("lint", ("-m", "ruff", "check", ".")),
    Check("format", ("-m", "ruff", "format", "--check", ".")),
    Check("types", ("-m", "mypy")),
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
    status = subprocess.call([str(python), *check.arguments], cwd=root)
    return Result(check.title, status, time.monotonic() - started_s)


def summary(results: tuple[Result, ...]) -> str:
    """The closing table."""
    rows = [f"{'check':<18} {'result':<8} time", "-" * 36]
    for result in results:
        verdict = "passed" if result.status == 0 else "FAILED"
        rows.append(f"{result.title:<18} {verdict:<8} {clock(result.seconds)}")
    failed = sum(result.status != 0 for result in results)
    total = clock(sum(result.seconds for result in results))
    rows.append("-" * 36)
    ending = f"{failed} of {len(results)} failed" if failed else f"all {len(results)} passed"
    rows.append(f"{ending} in {total}")
    return "\n".join(rows)


def run_checks(checks: tuple[Check, ...] = CHECKS, python: Path | None = None, root: Path = ROOT) -> int:
    """Run every check, also after one has failed; returns 0 when all passed."""
    results: list[Result] = []
    for number, check in enumerate(checks, start=1):
        print(f"\n== {number}/{len(checks)} {check.title} ==", flush=True)
        results.append(run_check(check, python or venv_python(), root))
    print("\n" + summary(tuple(results)), flush=True)
    sys.stdout.flush()
    return 1 if any(result.status != 0 for result in results) else 0
