"""Claims about the job: what it keeps, from what, and what the twin has afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from app.bench.muscle_person import SIDE, synthetic_walk
from app.cli.session_muscles import calibrated_twin, muscle_numbers
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.emg import EmgEnvelopes
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.kinetics import ForceSource, KineticCycles, Kinetics
from core.domain.motion import Motion
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.domain.twin import GENERIC_BODY, Twin
from core.jobs.values import JobSpec, SilentContext
from core.session.flow import VisitFacts, standing
from core.session.impairments import choose
from core.session.same_patient import same_patient
from core.store.repository import open_store
from core.tasks import calibrate_muscles
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui import samples

walked = cache(synthetic_walk)  # takes seconds: not before somebody asks for it


def motion() -> Motion:
    """Somebody else's sample with the synthetic person's movement."""
    frames = len(walked().time_s)
    kinematics = replace(
        samples.motion().kinematics,
        time_s=walked().time_s,
        angle_rad=walked().angle_rad,
        pelvis_position_m=np.zeros((frames, 3)),
        pelvis_quaternion=np.tile([1.0, 0.0, 0.0, 0.0], (frames, 1)),
        spread_rad=None,
    )
    return replace(
        samples.motion(), kinematics=kinematics, strides=walked().strides, findings=(), synthetic=True
    )


def kinetics(source: ForceSource = ForceSource.PLATES) -> Kinetics:
    frames = len(walked().time_s)
    nothing = np.full((frames, 2, 3), np.nan)
    empty = tuple(
        KineticCycles(side, np.zeros((0, 101, 7)), np.zeros((0, 101, 7)), np.zeros((0, 101, 3)))
        for side in SIDES
    )
    return Kinetics(
        time_s=walked().time_s,
        moment_nm=walked().moment_nm,
        power_w=np.full((frames, len(JOINTS)), np.nan),
        force_n=nothing,
        pressure_m=nothing,
        free_moment_nm=np.full((frames, 2), np.nan),
        residual_force_n=np.zeros((frames, 3)),
        residual_moment_nm=np.zeros((frames, 3)),
        source=source,
        mass_kg=GENERIC_BODY.mass_kg,
        cycles=(empty[0], empty[1]),
        work=(),
        exo_moment_nm=None,
        findings=(),
        synthetic=True,
    )


def saved(folder: Path, emg: EmgEnvelopes | None = None) -> dict[str, str]:
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.4, SIDE, group=MuscleGroup.PLANTARFLEXORS)
    twin = Twin(replace(GENERIC_BODY, impairments=(weak,)), 0.0, GENERIC_BODY.mass_kg, 0.8, 0.0)
    with open_store(folder) as store:
        visit_id = store.start_visit(same_patient(store, a_subject(), by="test")).id
        ids = {"motion_id": store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="")}
        for kind, value, name in (
            (RecordKind.TWIN, twin, "twin_id"),
            (RecordKind.KINETICS, kinetics(), "kinetics_id"),
            (RecordKind.EMG, emg or walked().emg, "emg_id"),
        ):
            inputs = () if kind is RecordKind.EMG else (ids["motion_id"],)
            ids[name] = store.save(kind, value, visit_id=visit_id, inputs=inputs, summary="")
    return ids


def run(folder: Path, ids: dict[str, str]) -> str:
    spec = JobSpec("job", "calibrate_muscles", dict(ids), folder, "", "Dr A")
    return calibrate_muscles.run(spec.params, SilentContext(spec, folder / "work"))


@pytest.fixture(autouse=True)
def one_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight starts find the same; one is enough for what is claimed here."""
    found = calibrate_muscles.calibrate_muscles
    monkeypatch.setattr(
        calibrate_muscles, "calibrate_muscles", lambda *args, **kw: found(*args, starts=1, **kw)
    )


def test_the_calibration_and_then_a_twin_with_these_muscles_are_kept(tmp_path: Path) -> None:
    ids = saved(tmp_path)
    twin_id = run(tmp_path, ids)
    with open_store(tmp_path) as store:
        info, twin = store.info(twin_id), store.load(twin_id, Twin)
        kept = store.latest(info.visit_id, RecordKind.MUSCLE_CALIBRATION)
        assert kept is not None
        calibration = store.load(kept.id, MuscleCalibration)
        facts = VisitFacts(None, store.records(info.visit_id))
    assert {name for name, _ in kept.provenance.inputs} == set(ids.values())
    assert [name for name, _ in info.provenance.inputs] == [ids["motion_id"], kept.id]
    assert twin.body == calibration.body and twin.synthetic and calibration.synthetic
    assert twin.body.impairments == () and twin.body.activation is not None and twin.body.habits
    assert any(one.group is MuscleGroup.PLANTARFLEXORS for one in twin.body.strength)
    assert "held out" in kept.summary and "habits of" in kept.summary
    assert standing(facts, RecordKind.MUSCLE_CALIBRATION) == kept
    assert standing(facts, RecordKind.TWIN) == info


def test_newer_emg_makes_the_twins_muscles_stale(tmp_path: Path) -> None:
    ids = saved(tmp_path)
    twin_id = run(tmp_path, ids)
    with open_store(tmp_path) as store:
        visit_id = store.info(twin_id).visit_id
        store.save(RecordKind.EMG, walked().emg, visit_id=visit_id, summary="")
        facts = VisitFacts(None, store.records(visit_id))
    assert standing(facts, RecordKind.TWIN) is None
    assert standing(facts, RecordKind.MUSCLE_CALIBRATION) is None


def test_emg_of_another_walk_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    ids = saved(tmp_path, replace(walked().emg, offset_s=100.0))
    with refused("KIN-101"):
        run(tmp_path, ids)
    with open_store(tmp_path) as store:
        visit_id = store.info(ids["motion_id"]).visit_id
        assert store.latest(visit_id, RecordKind.MUSCLE_CALIBRATION) is None
        latest = store.latest(visit_id, RecordKind.TWIN)
        assert latest is not None and latest.id == ids["twin_id"]


class RunsHere:
    """A terminal whose jobs run in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kinds, self.lines = folder, list[str](), list[str]()

    def run(self, kind: str, params: dict[str, object], *, visit_id: str = "") -> str:
        self.kinds.append(kind)
        return run(self.folder, {name: str(value) for name, value in params.items()})

    def print_line(self, sentence: str) -> None:
        self.lines.append(sentence)


def test_a_headless_session_with_emg_goes_on_with_the_calibrated_twin(tmp_path: Path) -> None:
    ids, terminal = saved(tmp_path), RunsHere(tmp_path)
    with open_store(tmp_path) as store:
        visit_id = store.info(ids["motion_id"]).visit_id
        assert muscle_numbers(store, visit_id) == {}
        twin_id = calibrated_twin(store, ids["twin_id"], ids["motion_id"], ids["kinetics_id"], terminal)
        numbers = muscle_numbers(store, visit_id)["muscles"]
    assert twin_id != ids["twin_id"] and terminal.kinds == ["calibrate_muscles"] and not terminal.lines
    assert numbers["moments"]["ankle_angle_r"]["held_out_r2"] > 0.9
    assert numbers["strength"] and numbers["habits"] and numbers["synthetic"]
    json.dumps(numbers, allow_nan=False)


def test_a_headless_session_goes_on_without_when_the_emg_cannot_serve(tmp_path: Path) -> None:
    ids, terminal = saved(tmp_path, replace(walked().emg, offset_s=100.0)), RunsHere(tmp_path)
    with open_store(tmp_path) as store:
        twin_id = calibrated_twin(store, ids["twin_id"], ids["motion_id"], ids["kinetics_id"], terminal)
    assert twin_id == ids["twin_id"]
    assert "KIN-101" in terminal.lines[0]


def test_without_plates_the_twin_has_habits_and_says_no_more(tmp_path: Path) -> None:
    ids = saved(tmp_path)
    with open_store(tmp_path) as store:
        visit_id = store.info(ids["motion_id"]).visit_id
        estimated = kinetics(ForceSource.ESTIMATED)
        inputs = (ids["motion_id"],)
        ids["kinetics_id"] = store.save(
            RecordKind.KINETICS, estimated, visit_id=visit_id, inputs=inputs, summary=""
        )
    twin_id = run(tmp_path, ids)
    with open_store(tmp_path) as store:
        twin, info = store.load(twin_id, Twin), store.info(twin_id)
    assert twin.body.habits and twin.body.activation is None and not twin.body.strength
    assert info.summary.endswith("muscle habits from EMG")


def test_a_calibrated_twin_keeps_what_a_person_put_into_it(tmp_path: Path) -> None:
    ids = saved(tmp_path)
    stiff = Impairment(ImpairmentKind.STIFFNESS, 0.4, SIDE, joint=JointKind.KNEE)
    with open_store(tmp_path) as store:
        visit_id = store.info(ids["motion_id"]).visit_id
        listed = choose(store, visit_id, stiff, ImpairmentOrigin.ENTERED, by="Dr. A", role="physician")
    twin_id = run(tmp_path, ids | {"impairments_id": listed.id})
    with open_store(tmp_path) as store:
        kept = store.latest(visit_id, RecordKind.MUSCLE_CALIBRATION)
        assert kept is not None and not store.load(kept.id, MuscleCalibration).body.impairments
        assert store.load(twin_id, Twin).body.impairments == (stiff,)
        assert "stiffness" in store.info(twin_id).summary
        assert standing(VisitFacts(None, store.records(visit_id)), RecordKind.TWIN) == store.info(twin_id)
