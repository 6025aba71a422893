"""Claims about the measurement of studies: the study it runs, and what it tells of cost and kills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.bench import scale_study
from app.bench.scale_study import Killed, bench_study, killed_on_the_way, write_plan
from core.cohort.study_file import read_study
from core.domain.record import RecordKind
from tests.cohort.made_up import COST, STRANGERS_COST, made_up, plan


def test_a_plan_that_is_written_is_read_back(tmp_path: Path) -> None:
    here = plan(5, 2, seeds=[0, 4], quick=True)

    assert read_study(write_plan(here, tmp_path / "study.toml")) == here


def test_it_tells_the_cost_of_a_cell_and_what_two_kills_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_study, "run_to_end", lambda file, folder: None)
    monkeypatch.setattr(scale_study, "result_of", lambda of, folder: made_up(of))
    monkeypatch.setattr(scale_study, "killed_on_the_way", lambda *_: Killed(2, 6, ("walks.csv",)))

    found = bench_study(quick=True)

    assert (found["cells"], found["kills"], found["tables_that_differ"]) == (2, 2, ["walks.csv"])
    assert found["cpu_s_per_cell_in_all"] == sum(one.cpu_s for one in (*COST, *STRANGERS_COST))
    assert found["hours_of_24_patients_on_2_cores"] == round(12 * found["cpu_s_per_cell_in_all"] / 3600, 2)


def test_tables_that_differ_are_named_and_those_of_the_pc_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills: list[RecordKind] = []

    def write(folder: Path, walks: str, cost: str) -> None:
        (folder / "results").mkdir(parents=True)
        for name, text in (("walks.csv", walks), ("cells.csv", "same"), ("cost.csv", cost)):
            (folder / "results" / name).write_text(text, encoding="utf-8")

    def kill(_file: Path, _folder: Path, kind: RecordKind, _program: Sequence[str]) -> None:
        kills.append(kind)

    monkeypatch.setattr(scale_study, "kill_at", kill)
    monkeypatch.setattr(
        scale_study, "run_to_end", lambda file, folder, program: write(folder, "other", "3 s")
    )
    write(tmp_path / "whole", "one", "2 s")

    found = killed_on_the_way(tmp_path / "study.toml", tmp_path / "killed", tmp_path / "whole")

    assert found == Killed(2, 2, ("walks.csv",))
    assert kills == [RecordKind.GAIT_POLICY, RecordKind.CONTROLLER]
