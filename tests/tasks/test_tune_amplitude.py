"""Claims about the job `tune_amplitude`: what it keeps, from files and from a twin."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.assistance.belt import arm_m
from core.devices.profiles import belt_of
from core.domain.amplitude import MUSCLES, Amplitude
from core.domain.body import Side
from core.domain.emg import EmgMuscle
from core.domain.muscles import Muscle
from core.domain.record import RecordKind
from core.domain.subject import USUAL_DEVICE
from core.jobs.values import JobSpec, JsonValue, SilentContext
from core.learning.exo import belt_force
from core.learning.exo.belt_force import Lever
from core.store.repository import open_store
from core.tasks import tune_amplitude
from tests.assistance.emg_files import maxima_file, walk_file
from tests.refusals import refused
from tests.store.samples import a_subject


@pytest.fixture
def visit_id(tmp_path: Path) -> str:
    with open_store(tmp_path) as store:
        return store.start_visit(store.add_patient(a_subject())).id


def run(folder: Path, **params: JsonValue) -> Amplitude:
    spec = JobSpec("j", "tune_amplitude", params, folder)
    record_id = tune_amplitude.run(params, SilentContext(spec, folder))
    with open_store(folder) as store:
        info = store.info(record_id)
        assert info.kind is RecordKind.AMPLITUDE and " N (95 % band " in info.summary
        return store.load(record_id, Amplitude)


def test_the_force_and_its_recordings_are_kept(tmp_path: Path, visit_id: str) -> None:
    activity = {10: 7.0, 25: 5.0, 40: 5.0, 60: 8.0}
    files = [walk_file(tmp_path / f"{n}.csv", value, cycles=3, seed=n) for n, value in activity.items()]
    found = run(
        tmp_path,
        visit_id=visit_id,
        files=[str(file) for file in files],
        forces_n=[10, 25, 40, "60 N"],
        mvc_file=str(maxima_file(tmp_path / "mvc.csv")),
        unit="uV",
        mvc_unit="uV",
    )
    assert list(found.measured.force_n) == [10.0, 25.0, 40.0, 60.0] and found.measured.side is Side.RIGHT
    assert 20.0 <= found.best_n <= 45.0
    with open_store(tmp_path) as store:
        info = store.latest(visit_id, RecordKind.AMPLITUDE)
        assert info is not None
        assert {"emg_10N.csv", "emg_60N.csv"} <= {one.name for one in store.folder(info.id).iterdir()}


def test_a_twin_is_measured_in_place_of_a_person_and_says_so(
    tmp_path: Path, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: dict[str, object] = {}

    def activity(twin: object, force_n: np.ndarray, lever: Lever, side: Side) -> tuple[np.ndarray, ...]:
        walked.update(device=twin.device_id, side=side, lever_m=lever(np.array([-0.2, 0.4])))  # type: ignore[attr-defined]
        return tuple(np.full((4, 3), 20.0 + 0.01 * (force - 30.0) ** 2) for force in force_n)

    monkeypatch.setattr(belt_force, "thigh_activity", activity)
    with open_store(tmp_path) as store:
        policy_id = store.save(RecordKind.GAIT_POLICY, policy(), visit_id=visit_id, summary="")
    found = run(tmp_path, visit_id=visit_id, policy_id=policy_id, side="left")
    lever_m, belt = walked.pop("lever_m"), belt_of(USUAL_DEVICE)
    assert belt is not None and np.array_equal(lever_m, arm_m(belt, np.array([-0.2, 0.4]))), "as of a profile"
    assert found.measured.simulated and walked == {"device": USUAL_DEVICE, "side": Side.LEFT}
    assert abs(found.best_n - 30.0) <= 2.0 and "simulated" in found.sentence
    monkeypatch.setattr(belt_force, "thigh_activity", lambda *_: (np.empty((0, 3)),) * 6)
    with refused("AMP-005"):
        run(tmp_path, visit_id=visit_id, policy_id=policy_id)


def policy() -> object:
    from app.train.virtual_people import default_twin

    return default_twin(USUAL_DEVICE).policy


def test_a_suit_that_extends_the_hip_is_not_taken_for_a_belt_that_flexes_it() -> None:
    assert belt_force.belt_device("HMEDI_L1") == USUAL_DEVICE == belt_force.belt_device("OpenExo_L1")


def test_the_muscles_of_the_twin_are_those_of_the_electrodes() -> None:
    names = {
        EmgMuscle.RECTUS_FEMORIS: Muscle.RECTUS_FEMORIS,
        EmgMuscle.VASTUS_MEDIALIS: Muscle.VASTUS_MEDIALIS,
        EmgMuscle.VASTUS_LATERALIS: Muscle.VASTUS_LATERALIS,
    }
    assert tuple(names[muscle] for muscle in MUSCLES) == belt_force.THIGH


@pytest.mark.slow
def test_help_into_flexion_spares_rectus_femoris_of_the_twin() -> None:
    from app.train.virtual_people import default_twin

    twin, belt = default_twin(USUAL_DEVICE), belt_of(USUAL_DEVICE)
    assert belt is not None
    lever = partial(arm_m, belt)
    weak, strong = belt_force.thigh_activity(twin, np.array([1.0, 60.0]), lever, Side.LEFT, seconds=4.0)
    assert len(weak) >= 2 and len(strong) >= 2
    assert strong[:, 0].mean() < weak[:, 0].mean()
