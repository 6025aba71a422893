"""OpenSim 4.6 in a process of its own, where this machine has it; else tests that need it are skipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_LIMIT_S = 120.0


@cache
def _python() -> str | None:
    """`EXOTWIN_OPENSIM_PYTHON` names an interpreter that has the `opensim` wheel; else this one is tried."""
    candidates = (os.environ.get("EXOTWIN_OPENSIM_PYTHON", ""), sys.executable)
    for python in filter(None, candidates):
        found = subprocess.run(
            [
                python,
                "-c",
                "import importlib.util, sys; sys.exit(importlib.util.find_spec('opensim') is None)",
            ],
            check=False,
            timeout=_LIMIT_S,
        )
        if found.returncode == 0:
            return python
    return None


def opensim_there() -> bool:
    return _python() is not None


def ask_opensim(script: str, folder: Path, **order: Any) -> Any:
    """Run `script`, which finds `order` and puts its answer into `answer`. Skips without OpenSim."""
    python = _python()
    if python is None:
        pytest.skip("OpenSim is not installed (extra `oracle`; EXOTWIN_OPENSIM_PYTHON names its interpreter)")
    program, answered = folder / "ask_opensim.py", folder / "answer.json"
    program.write_text(
        "import json, opensim\nopensim.Logger.setLevelString('Error')\n"
        f"order = json.loads({json.dumps(json.dumps(order))})\n{script}\n"
        f"json.dump(answer, open({str(answered)!r}, 'w'))\n",
        encoding="utf-8",
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, str(program)],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(answered.read_text(encoding="utf-8"))
