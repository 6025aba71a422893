"""The claim that a kill at any moment loses nothing that was acknowledged, and leaves nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = int(os.environ.get("EXOTWIN_KILLS", "1000"))
SEED = 18


def killed(count: int, folder: Path, repository: Path, *share: str) -> dict[str, int]:
    command = [
        sys.executable,
        "-m",
        "tests.store.kills",
        str(count),
        str(SEED),
        str(folder / "kills"),
        *share,
    ]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def assert_nothing_lost(found: dict[str, int]) -> None:
    assert {name: found[name] for name in ("lost", "half written", "unreadable")} == {
        "lost": 0,
        "half written": 0,
        "unreadable": 0,
    }


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_few_kills_at_random_moments_lose_nothing(tmp_path: Path, repository: Path) -> None:
    assert_nothing_lost(killed(3, tmp_path, repository))


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_few_kills_leave_nothing_half_written_in_a_shared_folder(tmp_path: Path, repository: Path) -> None:
    assert_nothing_lost(killed(3, tmp_path, repository, str(tmp_path / "share")))


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_hundreds_of_kills_leave_nothing_half_written_in_a_shared_folder(
    tmp_path: Path, repository: Path
) -> None:
    found = killed(KILLS // 4, tmp_path, repository, str(tmp_path / "share"))
    sys.stdout.write(f"{found}\n")
    assert found["acknowledged"] > 0
    assert_nothing_lost(found)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_thousand_kills_at_random_moments_lose_nothing(tmp_path: Path, repository: Path) -> None:
    """`EXOTWIN_KILLS` gives another number."""
    found = killed(KILLS, tmp_path, repository)
    sys.stdout.write(f"{found}\n")
    assert found["acknowledged"] > 0
    assert_nothing_lost(found)
