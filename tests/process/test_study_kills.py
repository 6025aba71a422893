"""Claims about a study in processes of its own that are killed on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.bench.scale_study import killed_on_the_way, run_to_end, write_plan
from tests.cohort.made_up import plan

LITTLE = (sys.executable, "-m", "tests.cohort.quick_study")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_study_that_is_killed_twice_has_byte_for_byte_the_result_of_one_that_is_not(tmp_path: Path) -> None:
    file = write_plan(
        plan(3, 1, quick=True, gait_iterations=2, controller_iterations=3), tmp_path / "study.toml"
    )
    run_to_end(file, tmp_path / "whole", LITTLE)

    found = killed_on_the_way(file, tmp_path / "killed", tmp_path / "whole", LITTLE)

    assert (found.kills, found.tables) == (2, 6)  # five tables and the summary
    assert found.different == ()
