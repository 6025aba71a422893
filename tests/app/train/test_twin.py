"""Claims about `exotwin train twin`: one person, one trial, and the same job as on the screens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.jobs.service import JobService
from app.terminal import JobDied, Terminal
from app.train.twin import TwinRequest, read_person, train_twin
from core.domain.body import Side
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.domain.twin import GroupStrength, Twin
from core.errors import UserError
from core.jobs.table import JobKind
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.store.repository import open_store
from tests.app.cli.test_commands import PATIENT
from tests.drop_foot import drop_foot
from tests.refusals import refused

STRIDE = {"period_s": 1.2, "speed_m_s": 1.0, "knee_angle_l": [10.0] * 30}


TABLE = {"learn_gait": JobKind("learning_for_tests:learn", "Teach the twin this gait")}


@pytest.fixture(autouse=True)
def _tasks_can_be_imported_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@contextmanager
def a_terminal(folder: Path) -> Iterator[Terminal]:
    jobs = JobService(folder / "data", "tester", TABLE)
    try:
        with Terminal(jobs) as terminal:
            yield terminal
    finally:
        jobs.close()


def person_file(folder: Path, **more: Any) -> Path:
    path = folder / "person.json"
    path.write_text(json.dumps({**PATIENT, **more}), encoding="utf-8")
    return path


def request(folder: Path, **changed: Any) -> TwinRequest:
    given = {
        "person": person_file(folder),
        "trial": None,
        "fidelity": "fast",
        "minutes": 0.2,
        "seed": 0,
        "data_dir": folder / "data",
        "out": folder / "out",
        **changed,
    }
    return TwinRequest(**given)


def test_a_person_file_tells_size_strength_and_impairments(tmp_path: Path) -> None:
    path = person_file(
        tmp_path,
        scale={"thigh": 1.1},
        strength=[{"group": "knee extensors", "side": "left", "factor": 0.7}],
        impairments=[{"kind": "weakness", "severity": 0.5, "side": "right", "group": "dorsiflexors"}],
    )

    body = read_person(path).body

    assert (body.height_m, body.mass_kg, body.scale.thigh) == (1.68, 60.0, 1.1)
    assert body.strength == (GroupStrength(MuscleGroup.KNEE_EXTENSORS, Side.LEFT, 0.7),)
    assert body.impairments == (drop_foot(Side.RIGHT, 0.5),)


@pytest.mark.parametrize(
    "more",
    [
        {"scale": {"nose": 1.0}},
        {"scale": [1.0]},
        {"strength": [{"group": "jaw", "side": "left", "factor": 1.0}]},
        {"strength": [{"group": "hamstrings", "side": "left", "factor": -1}]},
        {"impairments": [{"kind": "weakness", "severity": 3, "side": "left", "group": "hamstrings"}]},
        {"impairments": [{"kind": "pain"}]},
    ],
)
def test_a_body_that_cannot_be_built_is_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with refused("PAT-011"):
        read_person(person_file(tmp_path, **more))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.json", None, "MOT-031"),
        ("letter.json", "Dear doctor", "MOT-031"),
        ("letter.npz", "Dear doctor", "MOT-031"),
        ("short.json", json.dumps({**STRIDE, "knee_angle_l": [1.0]}), "MOT-030"),
        ("opensim.json", json.dumps({**STRIDE, "knee_angle_l": [-5.0 - k for k in range(30)]}), "SIM-007"),
        ("no-such-record", None, "REC-007"),
    ],
)
def test_a_trial_that_is_no_stride_is_refused_before_anything_is_recorded(
    tmp_path: Path, name: str, content: str | None, code: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    trial = str(tmp_path / name) if "." in name else name
    with a_terminal(tmp_path) as terminal, refused(code):
        train_twin(request(tmp_path, trial=trial), terminal)
    with open_store(tmp_path / "data") as store:
        assert store.patients() == ()


def test_a_stride_in_a_file_is_mended_in_the_file_and_on_no_page(tmp_path: Path) -> None:
    trial = tmp_path / "in ms.json"
    trial.write_text(json.dumps({**STRIDE, "period_s": 1200.0}), encoding="utf-8")
    with a_terminal(tmp_path) as terminal, pytest.raises(UserError) as caught:
        train_twin(request(tmp_path, trial=str(trial)), terminal)
    advice = caught.value.advice
    assert advice.code == "SIM-003" and "in ms.json" in advice.next_step and " page" not in advice.next_step


def test_nothing_to_go_on_with_is_told(tmp_path: Path) -> None:
    with a_terminal(tmp_path) as terminal, refused("TRN-015"):
        train_twin(request(tmp_path, resume=True), terminal)


@pytest.mark.slow
def test_a_killed_training_goes_on_with_another_time_and_its_result_is_written(tmp_path: Path) -> None:
    trial = tmp_path / "stride.json"
    trial.write_text(json.dumps(STRIDE), encoding="utf-8")
    with a_terminal(tmp_path) as terminal, pytest.raises(JobDied):
        train_twin(request(tmp_path, trial=str(trial)), terminal)

    with a_terminal(tmp_path) as terminal:  # another program run
        result = train_twin(request(tmp_path, trial=str(trial), resume=True, minutes=0.5), terminal)

    assert result["control_steps"] == 30
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8")) == result
    with np.load(tmp_path / "out" / "policy.npz") as arrays:
        assert PolicyNetworks.of(arrays).policy.sizes == (OBSERVATION_SIZE, 14)
    with open_store(tmp_path / "data") as store:
        visit = store.visits(store.patients()[0].id)[-1]
        twin = store.latest(visit.id, RecordKind.TWIN)
        assert twin is not None
        assert store.load(twin.id, Twin).body.mass_kg == PATIENT["mass_kg"]


def test_another_seed_is_another_training(tmp_path: Path) -> None:
    with a_terminal(tmp_path) as terminal, pytest.raises(JobDied):
        train_twin(request(tmp_path), terminal)

    with a_terminal(tmp_path) as terminal, refused("TRN-015"):
        train_twin(request(tmp_path, seed=1, resume=True), terminal)
