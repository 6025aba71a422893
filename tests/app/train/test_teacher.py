"""Claims about `train teacher` and walks from nothing, at the size of a toy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import commands as cli
from app.train import predictive, teacher
from app.train.predictive import PredictiveRequest, train_predictive
from app.train.teacher import TeacherRequest, read_twin, train_teacher
from core.learning.exo.privileged_teacher import PrivilegedTeacher
from core.learning.exo.teacher_environment import UnassistedEffort
from core.learning.exo.teacher_evaluation import WalkLength
from core.learning.gait.predictive import CurriculumStage
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION
from core.twin.body import Fidelity
from tests.refusals import code_of

LEVEL = CurriculumStage("level", (0.8, 1.2), (0.0,), 0.5, NO_RANDOMISATION)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a body that began from nothing, and has learned next to nothing."""
    out = tmp_path_factory.mktemp("from-nothing")
    request = PredictiveRequest(
        0.001, out, fidelity=Fidelity.LUMPED, walkers=2, evaluated_walkers=2, evaluated_seconds=0.1,
        stages=(LEVEL,), from_nothing=True,
    )  # fmt: skip
    return train_predictive(request, lambda _line: None)


@pytest.fixture
def request_(walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TeacherRequest:
    """Of a body that falls: its effort without an exo is given."""
    one = np.ones((1, 1))
    effort = UnassistedEffort(0.0 * one[0], one[0], 0.03 * one)
    monkeypatch.setattr(teacher, "unassisted_effort", lambda *_: effort)
    monkeypatch.setattr(teacher, "share_teacher", _short(teacher.share_teacher))
    return TeacherRequest(
        walk, tmp_path / "out", 0.001, walkers=2, stages=(LEVEL,),
        judged_speeds_m_s=(1.0,), judged_slopes_deg=(0.0,), judged=WalkLength(walkers=1, seconds=0.2),
    )  # fmt: skip


def _short(share):  # type: ignore[no-untyped-def]
    return lambda *args, **kwargs: share(*args, **kwargs, rounds=1, seconds=0.8, steps=5)


@pytest.mark.slow
def test_a_walk_from_nothing_needs_no_policy_and_says_what_it_is(walk: Path) -> None:
    twin, card = read_twin(walk), json.loads((walk.parent / predictive.SUMMARY).read_text())

    assert twin.from_nothing and len(twin.synergies) == 10
    assert card["begun"] == "from nothing" and card["demonstrated_walk_s"] is None


@pytest.mark.slow
def test_a_teacher_leaves_its_file_and_a_card_and_resumes(request_: TeacherRequest) -> None:
    file = train_teacher(request_, lambda _line: None)
    before, lines = file.read_bytes(), list[str]()
    train_teacher(request_, lines.append)

    with np.load(file) as arrays:
        assert PrivilegedTeacher.of(arrays).device_id == "Hippo_L1"
    card = json.loads((request_.out / teacher.CARD).read_text())
    assert card["person"] == "begun from nothing" and "simulated" in card["what"]
    assert [one["arm"] for one in card["walks"]] == ["no exo", "worn without torque", "assisted"]
    assert file.read_bytes() == before  # its time was used up
    assert not any("gives" in line or "walks without" in line for line in lines)


def test_only_a_predictive_walk_is_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "other.npz").write_text("no walk")

    assert code_of(read_twin, tmp_path / "other.npz") == "TRN-050"
    assert code_of(read_twin, tmp_path / "missing.npz") == "TRN-050"


@pytest.mark.slow
def test_a_damaged_checkpoint_of_a_teacher_is_refused(request_: TeacherRequest) -> None:
    request_.out.mkdir()
    (request_.out / "level.pt").write_bytes(b"half of a checkpoint")

    assert code_of(train_teacher, replace(request_, seed=1), print) == "TRN-014"


def test_a_walk_begins_from_nothing_or_from_a_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--from-nothing", "--tracking", "policy.npz", "--out", str(tmp_path / "out")]

    assert cli.run(["train", "predictive", *given]) != 0
    assert "TRN-052" in capsys.readouterr().err


@pytest.mark.slow
def test_the_card_of_a_control_is_of_walks_with_an_exo_that_gives_nothing(request_: TeacherRequest) -> None:
    train_teacher(replace(request_, control=True), lambda _line: None)

    card = json.loads((request_.out / teacher.CARD).read_text())
    assert card["control"] and all(one["exo_peak_nm"] < 1e-4 for one in card["walks"])
