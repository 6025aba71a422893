"""The table of hazards names every row of the design, and only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from core.exo_core.building import FOLDER

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (FOLDER / "SAFETY.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| S\d", line)
]


def test_every_row_of_the_table_names_tests_that_exist():
    tests = Path(__file__).parents[1]
    files = [
        path
        for room in ("exo_core", "deploy", "virtual_exo", "devices")
        for path in (tests / room).glob("test_*.py")
    ]
    written = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named_tests = set(re.findall(r"^def (test_\w+)", written, flags=re.MULTILINE))

    for row, hazard, control, named in ROWS:
        names = re.findall(r"`(test_\w+)`", named)
        assert hazard and control
        assert names, f"{row} names no test"
        assert set(names) <= named_tests, f"{row} names a test that is not there"


def test_no_row_of_the_design_is_missing():
    found = {int(number) for row in ROWS for number in re.findall(r"S(\d+)", row[0])}
    assert found == set(range(1, 24))


def test_the_table_says_which_limits_no_package_carries():
    """When a package carries an envelope of the person, the table has to say so."""
    packer = (FOLDER.parent / "deploy" / "package.py").read_text(encoding="utf-8")
    assert '"envelope"' not in packer
    assert sum("none does yet" in control for _row, _hazard, control, _named in ROWS) == 2


def test_every_row_that_can_latch_is_tried_by_name():
    cases = (Path(__file__).parent / "test_safety_faults.py").read_text(encoding="utf-8")
    tried = {int(number) for number in re.findall(r'^    "S(\d+) ', cases, flags=re.MULTILINE)}
    assert tried == {2, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22}


def test_every_row_of_the_design_is_tried_through_the_plant():
    cases = (Path(__file__).parents[1] / "virtual_exo" / "test_plant_faults.py").read_text(encoding="utf-8")
    latching = re.findall(r'^    "S(\d+) ', cases, flags=re.MULTILINE)
    claims = re.findall(r"^def test((?:_s\d\d)+)_", cases, flags=re.MULTILINE)
    tried = {int(number) for number in [*latching, *re.findall(r"\d\d", "".join(claims))]}
    assert tried == set(range(1, 24))
