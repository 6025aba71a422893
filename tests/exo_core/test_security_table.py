"""The table of threats names only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from core.exo_core.building import FOLDER

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (FOLDER / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| asset")
]


def test_every_threat_has_a_control_and_a_test_that_exists() -> None:
    files = Path(__file__).parents[1].rglob("test_*.py")
    written = "\n".join(path.read_text(encoding="utf-8") for path in files)
    there = set(re.findall(r"^ *def (test_\w+)", written, flags=re.MULTILINE))

    for row in ROWS:
        assert len(row) == 4 and all(row), row
        names = re.findall(r"`(test_\w+)`", row[3])
        assert names, f"no test is named for: {row[1]}"
        assert set(names) <= there, f"{set(names) - there} is not there"
