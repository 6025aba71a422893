"""The table of hazards names every row of the design, and only tests that exist."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from core.deploy.envelope import LEAN_S, LEAN_TURN_RAD, LONGEST_S, SHORTEST_S, TURN_RAD
from core.domain.gait_envelope import RANGE_MARGIN_ANKLE_RAD, RANGE_MARGIN_RAD, STRIDE_DEVIATION
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


def test_the_table_says_that_every_package_carries_the_persons_limits():
    """Where the packer writes no envelope, or the exo takes a package without, the table has to say so."""
    packer = (FOLDER.parent / "deploy" / "package.py").read_text(encoding="utf-8")
    assert '"envelope": to_entry' in packer
    controls = [(row, control) for row, _hazard, control, _named in ROWS if "package" in control]
    assert {"S4", "S6", "S7", "S13"} <= {row for row, _control in controls}
    assert not any("none does yet" in control for _row, control in controls)


def test_the_program_knows_the_margins_of_the_firmware():
    """What a clinician is told of the envelope is what the exo does with it."""
    source = (FOLDER / "src" / "exo_safety_gait.c").read_text(encoding="utf-8")
    found = dict(re.findall(r"^#define (\w+) \(?([\d.]+)", source, flags=re.MULTILINE))
    assert float(found["ROM_MARGIN_RAD"]) == pytest.approx(math.degrees(RANGE_MARGIN_RAD))
    assert float(found["ROM_DEVIATION"]) == STRIDE_DEVIATION
    assert float(found["ROM_MARGIN_ANKLE_RAD"]) == pytest.approx(math.degrees(RANGE_MARGIN_ANKLE_RAD))
    assert float(found["TURN_RAD"]) == pytest.approx(math.degrees(TURN_RAD))
    assert float(found["LEAN_TURN_RAD"]) == pytest.approx(math.degrees(LEAN_TURN_RAD))
    assert float(found["LEAN_S"]) == LEAN_S
    assert (float(found["SHORT_US"]), float(found["LONG_US"])) == (1e3 * SHORTEST_S, 1e3 * LONGEST_S)


def test_every_row_that_can_latch_is_tried_by_name():
    cases = (Path(__file__).parent / "test_safety_faults.py").read_text(encoding="utf-8")
    tried = {int(number) for number in re.findall(r'^    "S(\d+) ', cases, flags=re.MULTILINE)}
    assert tried == {2, 9, 10, 11, 14, 15, 16, 17, 18, 20, 21, 22}


def test_every_row_of_the_design_is_tried_through_the_plant():
    cases = (Path(__file__).parents[1] / "virtual_exo" / "test_plant_faults.py").read_text(encoding="utf-8")
    latching = re.findall(r'^    "S(\d+) ', cases, flags=re.MULTILINE)
    claims = re.findall(r"^def test((?:_s\d\d)+)_", cases, flags=re.MULTILINE)
    tried = {int(number) for number in [*latching, *re.findall(r"\d\d", "".join(claims))]}
    assert tried == set(range(1, 24))
