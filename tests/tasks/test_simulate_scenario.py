"""The job behind `exotwin simulate`: what it writes, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.scenario import SCENARIOS, scenario_of
from core.domain.twin import GENERIC_BODY
from core.errors import UserError
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.jobs.values import JobSpec, SilentContext
from core.session.same_patient import same_patient
from core.simulation.analysis.gait_events import walked_points
from core.simulation.analysis.video import FilmedWalk, picture, write_film
from core.store.repository import open_store
from core.tasks import simulate_scenario
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.ui import records


@pytest.fixture
def context(tmp_path: Path) -> SilentContext:
    with open_store(tmp_path):
        pass
    spec = JobSpec("job", "simulate_scenario", {}, tmp_path)
    return SilentContext(spec, tmp_path)


@pytest.mark.slow
def test_a_scenario_of_the_default_twin_leaves_arrays_a_summary_and_a_film(context: SilentContext) -> None:
    out = context.work_dir / "out"
    params = {"scenario": "ramp-up-5", "seconds": 2.0, "starts": 2, "out": str(out)}
    assert simulate_scenario.run(params, context) == ""

    with np.load(out / simulate_scenario.ARRAYS) as arrays:
        steps = len(arrays["time_s"])
        assert arrays["joint_angle_rad"].shape == (steps, 14)
        assert arrays["ground_force_n"].shape == (steps, 2, 3)
        assert arrays["muscle_force_n"].shape == (steps, len(arrays["muscle_names"]))
    summary = json.loads((out / simulate_scenario.SUMMARY).read_text())
    assert summary["simulated"] is True
    assert summary["muscles"] == "estimated from joint torques"
    assert len(summary["survived_s"]) == 2
    film = cv2.VideoCapture(str(out / simulate_scenario.FILM))
    assert film.isOpened()
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == pytest.approx(steps / 2, abs=1)
    film.release()


@pytest.mark.slow
def test_what_an_impaired_twin_did_is_told_with_its_impairment(context: SilentContext) -> None:
    out = context.work_dir / "out"
    weak = {"Weakness, left dorsiflexors": 0.5}
    params = {"scenario": "level", "seconds": 2.0, "starts": 1, "impairments": weak, "out": str(out)}
    simulate_scenario.run(params, context)

    summary = json.loads((out / simulate_scenario.SUMMARY).read_text())
    assert summary["impairments"] == weak
    assert summary["verdict"].startswith("Level walking, weakness, left dorsiflexors 0.5:")


@pytest.mark.parametrize(
    ("params", "code", "told"),
    [
        ({"scenario": "moonwalk"}, "SIM-031", "stairs-up"),
        ({"scenario": "exo-halt"}, "SIM-035", "level"),
        ({"scenario": "level", "twin": "nobody"}, "SIM-032", "default"),
        ({"scenario": "level", "seconds": 1e9}, "SIM-033", "60"),
        ({"scenario": "level", "seconds": "long"}, "SIM-033", "60"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_what_can(
    context: SilentContext, params: dict[str, object], code: str, told: str
) -> None:
    with pytest.raises(UserError) as refusal:
        simulate_scenario.run(params, context)  # type: ignore[arg-type]
    assert refusal.value.advice.code == code
    assert told in refusal.value.advice.one_line()


@pytest.mark.slow
def test_the_default_twin_walks_by_its_muscles_when_asked(context: SilentContext) -> None:
    out = context.work_dir / "out"
    params = {"scenario": "level", "fidelity": "standard", "seconds": 2.0, "starts": 1, "out": str(out)}
    simulate_scenario.run(params, context)

    summary = json.loads((out / simulate_scenario.SUMMARY).read_text())
    assert summary["muscles"] == "simulated"
    assert summary["success_rate"] == 1.0


def test_a_twin_walks_only_with_a_body_it_has_learned_to_move() -> None:
    learned = {muscles: shipped_policy(muscles=muscles) for muscles in (False, True)}

    assert simulate_scenario.chosen_fidelity(None, learned[True]) is Fidelity.STANDARD
    assert simulate_scenario.chosen_fidelity("full", learned[True]) is Fidelity.FULL
    assert code_of(simulate_scenario.chosen_fidelity, "standard", learned[False]) == "SIM-034"
    assert code_of(simulate_scenario.chosen_fidelity, "fast", learned[True]) == "SIM-034"


def a_walk() -> FilmedWalk:
    item = scenario_of("stairs-up")
    assert item is not None
    root = np.array([[0.0, 0.0, 0.95, 1.0, 0.0, 0.0, 0.0]] * 2)
    return FilmedWalk(
        title=item.name,
        body=GENERIC_BODY,
        ground=item.ground,
        time_s=np.array([0.0, 0.02]),
        root=root,
        angle_rad=np.zeros((2, 14)),
        ground_force_n=np.zeros((2, 2, 3)),
        ground_point_m=np.full((2, 2, 3), np.nan),
        fall="",
    )


@pytest.mark.slow
def test_a_picture_shows_the_body_above_its_walkway_and_says_that_it_is_simulated() -> None:
    walk = a_walk()
    shown = picture(walk, 0, walked_points(GENERIC_BODY, walk.root[:1], walk.angle_rad[:1])[0])
    height, width, _ = shown.shape
    assert len(np.unique(shown[: height // 2, width // 4 : width // 2].reshape(-1, 3), axis=0)) > 20
    label = shown[height - 40 : height - 10, 20:140].astype(int)
    assert label.max() - label.min() > 100  # "Simulated", dark on light


def test_a_film_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    assert code_of(write_film, a_walk(), tmp_path / "no such folder" / "film.mp4") == "SIM-030"


def test_every_scenario_has_a_name_and_a_key_of_its_own() -> None:
    assert len({item.key for item in SCENARIOS}) == len({item.name for item in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.slow
def test_a_twin_walks_with_its_own_impairments_and_a_tried_one_comes_to_them(tmp_path: Path) -> None:
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.4, Side.LEFT, MuscleGroup.HIP_FLEXORS)
    stiff = Impairment(ImpairmentKind.STIFFNESS, 0.3, Side.LEFT, joint=JointKind.KNEE, occasional=True)
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(same_patient(store, a_subject(), by="test")).id
        walks = shipped_policy()
        policy = replace(
            records.gait_policy(walk_seconds=19.6),
            body=replace(GENERIC_BODY, impairments=(weak, stiff)),
            reference=normal_walk(Leg.of(GENERIC_BODY.scale)),
            policy=walks.policy,
            value=walks.value,
            log_std=walks.log_std,
            observation_mean=walks.observation_mean,
            observation_std=walks.observation_std,
        )
        policy_id = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="")
    spec = JobSpec("job", "simulate_scenario", {}, tmp_path)
    context = SilentContext(spec, tmp_path)
    params = {"scenario": "level", "twin": policy_id, "seconds": 2.0, "starts": 1}
    tried = simulate_scenario.run({**params, "impairments": {"Weakness, left dorsiflexors": 0.5}}, context)

    with open_store(tmp_path) as store:
        own = "weakness, left hip flexors 0.4, stiffness, left knee 0.3 in some strides"
        expected = f"Level walking, {own}, weakness, left dorsiflexors 0.5: 1 of 1 starts"
        assert store.info(tried).summary.startswith(expected)
        assert store.load(tried, RolloutSet).rollouts[0].label is GaitLabel.IMPAIRED_TWIN
