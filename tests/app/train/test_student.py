"""Claims about `exotwin train student`: teachers in files and by name, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import commands as cli
from app.train import student
from app.train.student import StudentRequest, student_arrays, student_into_folder, student_of
from app.train.virtual_people import default_twin
from core.devices.profiles import controller_arrays, load_default_controller
from core.domain.controller import ExoSensors
from core.domain.distillation import Agreement, Distillation
from core.learning.exo.distil import Pupil
from core.learning.exo.temporal_network import TemporalNetwork
from core.learning.exo.temporal_student import student_controller
from core.tasks.teacher_files import found_teacher
from tests.learning.exo.twins import DEVICE, LIMITS
from tests.refusals import code_of

FAR = Agreement("all walks", 0.9, 0.03, 0.1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def ready(teacher: Any, **_: object) -> Pupil:
        controller = student_controller(TemporalNetwork().network(70.0), LIMITS)
        return Pupil(controller, Distillation(teacher.words, "", (FAR,), FAR, 0.1, 9, 1.0), (), 9.0, 70.0)

    monkeypatch.setattr(student, "distil", ready)
    yield


def request(teacher: str, out: Path | None, device: str = DEVICE) -> StudentRequest:
    return StudentRequest(teacher, Path("nowhere"), out, device, 0)


def test_a_pupil_goes_into_a_folder_with_its_card_and_comes_back(tmp_path: Path, quick: None) -> None:
    file = tmp_path / "law.npz"
    np.savez(file, **controller_arrays(load_default_controller(DEVICE)))
    told = student_into_folder(request(str(file), tmp_path / "out"), print)
    card = json.loads((tmp_path / "out" / student.SUMMARY).read_text(encoding="utf-8"))
    assert told["correlation"] == card["correlation"] == 0.9 and card["simulated"] is True
    assert card["limits"]["peak_nm"] == 12.0 and card["teacher"] == "the controller in law.npz"
    with np.load(told["file"]) as arrays:
        found = student_of(dict(arrays), DEVICE)
    assert found.sensors is ExoSensors.THIGH_GYROS and found.limits == LIMITS
    assert student_arrays(found).keys() == {f"{kind}_{n}" for kind in ("weight", "bias") for n in range(5)}


def test_what_ships_can_teach_by_its_name() -> None:
    assert found_teacher("generic", default_twin(DEVICE)).words == "the generic controller of Hippo_L1"


def test_what_is_no_teacher_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text.npz", tmp_path / "other.npz"
    text.write_text("none", encoding="utf-8")
    np.savez(other, a=np.zeros(3))
    out = tmp_path / "out"
    assert code_of(student_into_folder, request(str(text), out), print) == "TRN-061"
    assert code_of(student_into_folder, request(str(other), out), print) == "TRN-061"
    assert code_of(student_into_folder, request("generic", out, "OpenExo_L1"), print) == "TRN-062"
    assert code_of(student_into_folder, request("generic", None), print) == "TRN-069"


def test_an_unknown_id_is_told_in_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "student", "--teacher", "nobody", "--data-dir", str(tmp_path)]) != 0
    assert "TRN-061" in capsys.readouterr().err
