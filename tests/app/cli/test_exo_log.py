"""An exo that was worn while the walk was recorded, told on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli.commands import _parser
from app.cli.exo_log import exo_log_options
from app.cli.session_exo import worn_exo, worn_exo_numbers
from core.domain.record import RecordKind
from core.errors import UserError
from core.store.repository import open_store
from tests.app.cli import test_commands
from tests.app.cli.test_commands import Shell
from tests.kinetics.test_exo_log import written
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui.force_samples import kinetics

pytestmark = pytest.mark.usefixtures("reads_in_this_process")

shell = test_commands.shell


def options(*words: str) -> dict[str, Any]:
    given = ["session", "run", "--patient", "p.json", "--video", "v.mp4", "--out", "o", *words]
    return dict(exo_log_options(_parser().parse_args(given)))


def test_a_log_and_what_is_said_of_it_go_to_the_job(tmp_path: Path) -> None:
    assert options() == {}
    path = str(written(tmp_path, ("time", "left hip torque", "right hip torque")))
    said = ["--exo-log-offset", "-1.5", "--exo-log-positive", "extension", "--exo-log-device", "Hippo_L1"]
    wanted = {"file": path, "offset_s": -1.5, "positive": "extension", "device": "Hippo_L1"}
    assert options("--exo-log", path, *said) == wanted


def test_what_cannot_be_used_is_refused_before_anything_takes_time(tmp_path: Path) -> None:
    path = str(written(tmp_path, ("time", "left hip torque", "right hip torque")))
    with refused("KIN-034") as caught:
        options("--exo-log", path)
    assert "--exo-log-positive flexion or extension" in caught.value.advice.next_step
    for words, code in (
        (("--exo-log-offset", "1"), "PC-022"),
        (("--exo-log", str(tmp_path / "gone.csv")), "PC-025"),
        (("--exo-log", path, "--exo-log-offset", "nan"), "PC-024"),
        (("--exo-log", path, "--exo-log-device", "Nobody_1"), "EXO-030"),
    ):
        with refused(code):
            options(*words)


def test_the_command_refuses_a_log_without_sides(shell: Shell) -> None:
    path = written(shell.folder, ("time", "hip_torque", "knee_torque"))
    assert shell.session("--exo-log", str(path)) == "KIN-032"


class Listening:
    """A terminal that keeps what it is asked, and refuses when told to."""

    def __init__(self, refusal: UserError | None = None) -> None:
        self.refusal, self.asked = refusal, dict[str, Any]()

    def run(self, kind: str, params: dict[str, Any], *, visit_id: str = "") -> str:
        if self.refusal is not None:
            raise self.refusal
        self.asked[kind] = params
        return "log"


def test_forces_are_solved_with_the_log_that_was_read() -> None:
    terminal = Listening()
    assert worn_exo(terminal, "visit", "motion", {}) == {}  # type: ignore[arg-type]
    found = worn_exo(terminal, "visit", "motion", {"file": "exo.csv"})  # type: ignore[arg-type]
    assert found == {"exo_log_id": "log"}
    assert terminal.asked == {"import_exo_log": {"motion_id": "motion", "file": "exo.csv"}}


def test_the_summary_says_what_was_accounted_for(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        assert worn_exo_numbers(store, visit_id) == {}
        bare = kinetics()
        store.save(RecordKind.KINETICS, bare, visit_id=visit_id, summary="")
        assert worn_exo_numbers(store, visit_id) == {}
        worn = replace(bare, exo_moment_nm=np.zeros((len(bare.time_s), 14)), exo_words="exo.csv: left hip")
        store.save(RecordKind.KINETICS, worn, visit_id=visit_id, summary="")
        told = worn_exo_numbers(store, visit_id)
    assert told == {"worn_exo": {"accounted_for": "exo.csv: left hip", "findings": []}}
