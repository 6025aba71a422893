"""Claims about the job that compares gaits, on a controller made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from core.devices.profiles import for_first_session, load_default_controller
from core.domain.assistance import assistance_of
from core.domain.body import JointKind, Side
from core.domain.controller import Comparison, ExoController, TrainedController
from core.domain.help_by_side import help_by_side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.scenario import SCENARIOS
from core.domain.situation_effects import situation_verdict
from core.domain.subject import Sex, Subject
from core.domain.twin import GENERIC_BODY, GaitPolicy
from core.errors import JobCancelled
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, Progress, SilentContext
from core.learning.exo.situation_walks import SituationPlan
from core.learning.exo.twin_in_exo import TwinInExo
from core.store.repository import open_store
from core.tasks import compare, compare_situations, judged_walks
from core.tasks.compare_situations import Condition
from core.tasks.policy_files import shipped_policy
from tests import walked
from tests.refusals import code_of, refused
from tests.tasks.test_learn_gait import motion

DEVICE = "Hippo_L1"
NETWORKS = shipped_policy()


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """The same code with few walkers and short walks."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, little in (
            (judged_walks, "WALKERS", 2),
            (judged_walks, "SECONDS", 2.0),
            (judged_walks, "SEEDS", 2),
            (compare, "STRANGER_SEEDS", 2),
            (compare, "LENGTH_S", 4.0),
        ):
            patch.setattr(module, name, little)
        plan = SituationPlan(tuple(one for one in SCENARIOS if one.key in ("stairs-up", "push")), 1.2, 1, 2)
        labels = (GaitLabel.WITHOUT_EXO, GaitLabel.PERSONALIZED_CONTROLLER)
        both = compare_situations.ComparedSituations("stairs", plan, labels)
        rail = replace(plan, scenarios=plan.scenarios[:1], seeds=1, handrail=True)
        held = compare_situations.ComparedSituations("stairs with a handrail", rail, labels[:1])
        patch.setattr(compare_situations, "COMPARED", (both, held))
        yield


def stronger(factor: float) -> ExoController:
    default = for_first_session(load_default_controller(DEVICE), DEVICE)
    return replace(default, kp_nm_rad=factor * default.kp_nm_rad)


def trained() -> TrainedController:
    return TrainedController(stronger(1.2), DEVICE, (), 1, 1.0, 0.95, 0.0, synthetic=True)


def twin() -> GaitPolicy:
    return GaitPolicy(
        GENERIC_BODY, normal_reference(), NETWORKS.policy, NETWORKS.value, NETWORKS.log_std,
        NETWORKS.observation_mean, NETWORKS.observation_std, (), 1, 1.0, 10.0, 5.0,
    )  # fmt: skip


@dataclass
class Visit:
    folder: Path
    controller_id: str

    def context(self) -> SilentContext:
        (self.folder / "job").mkdir(exist_ok=True)
        spec = JobSpec("job", "compare", {"controller_id": self.controller_id}, self.folder, "", "Dr A")
        return SilentContext(spec, self.folder / "job")

    def compared(self) -> Comparison:
        context = self.context()
        with open_store(self.folder) as store:
            return store.load(compare.run(context.spec.params, context), Comparison)


def visit_in(folder: Path, *, device: str = DEVICE) -> Visit:
    with open_store(folder) as store:
        subject = Subject("P-1", 1980, Sex.FEMALE, 1.70, 75.0, synthetic=True, device=device)
        visit_id = store.start_visit(store.add_patient(subject)).id
        walk = store.save(RecordKind.MOTION, motion(normal_reference()), visit_id=visit_id, summary="walk")
        policy = store.save(
            RecordKind.GAIT_POLICY, twin(), visit_id=visit_id, inputs=(walk,), summary="walks"
        )
        controller_id = store.save(
            RecordKind.CONTROLLER, trained(), visit_id=visit_id, inputs=(policy,), summary="assists"
        )
    return Visit(folder, controller_id)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory, small: None) -> Comparison:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "load_stranger_controllers", lambda _device: (stronger(0.5), stronger(0.8)))
        return visit_in(tmp_path_factory.mktemp("compared")).compared()


@pytest.mark.slow
def test_five_gaits_are_walked_and_measured(comparison: Comparison) -> None:
    assert [rollout.label for rollout in comparison.rollouts.rollouts] == list(walked.GAITS)
    assert [score.label for score in comparison.scores] == [label.value for label in walked.GAITS]
    without, worn, *controlled = comparison.rollouts.rollouts
    assert not without.exo_torque_nm.any() and not worn.exo_torque_nm.any() and comparison.synthetic
    assert "exo" not in " ".join(without.playback.body_names)
    for rollout in controlled:
        assert 1.0 < np.abs(rollout.exo_torque_nm).max() <= 12.0


@pytest.mark.slow
def test_every_gait_has_its_measures_over_seeds_that_pair(comparison: Comparison) -> None:
    for score in comparison.scores:
        assert score.measures is not None
        assert (score.measures.seeds, score.measures.starts, score.measures.falls) == (2, 4, 0)
    cost = {
        score.label: score.measures.metabolic_w_kg.mean()
        for score in comparison.scores
        if score.measures is not None
    }
    assert 1.0 < cost[GaitLabel.WORN_WITHOUT_TORQUE] / cost[GaitLabel.WITHOUT_EXO] < 1.1  # it has a mass
    assert cost[GaitLabel.PERSONALIZED_CONTROLLER] < cost[GaitLabel.WORN_WITHOUT_TORQUE]
    assert assistance_of(comparison.scores).cost is not None


@pytest.mark.slow
def test_every_gait_has_its_curves_of_the_same_starts(comparison: Comparison) -> None:
    assert [one.label for one in comparison.curves] == [label.value for label in walked.GAITS]
    assert {(one.seeds, one.walks) for one in comparison.curves} == {(2, 2)}
    assert [one.torque_nm_kg is None for one in comparison.curves] == [True, True, False, False, False]


@pytest.mark.slow
def test_strangers_are_measured_and_told(comparison: Comparison) -> None:
    assert [stranger.starts for stranger in comparison.strangers] == [4, 4]
    assert "learned for 2 other virtual people" in comparison.sentence


@pytest.mark.slow
def test_the_walk_without_the_exo_does_not_depend_on_what_else_is_compared(comparison: Comparison) -> None:
    """Starts follow from their seeds alone, and so all ratios are paired."""
    walks = compare._Walks(TwinInExo(twin(), DEVICE), silent(Path()))
    again = walks.measured(Condition(GaitLabel.WITHOUT_EXO), seeds=1)
    score = comparison.find(GaitLabel.WITHOUT_EXO)
    assert score is not None and score.measures is not None
    np.testing.assert_allclose(again.measures.metabolic_w_kg[0], score.measures.metabolic_w_kg[0], rtol=1e-6)


@pytest.mark.slow
def test_level_walks_are_situations_with_the_torque_of_every_controller(comparison: Comparison) -> None:
    level = {one.label: one for one in comparison.situations if one.situation == "level"}
    assert list(level) == [label.value for label in walked.GAITS]
    assert level[GaitLabel.WORN_WITHOUT_TORQUE].profile is None
    profile = level[GaitLabel.PERSONALIZED_CONTROLLER].profile
    assert profile is not None and comparison.mass_kg == pytest.approx(GENERIC_BODY.mass_kg)
    assert help_by_side(profile, GENERIC_BODY.mass_kg) is None  # of walks too short for a whole stride


@pytest.mark.slow
def test_other_situations_are_walked_without_the_exo_and_with_it(comparison: Comparison) -> None:
    *others, held = [one for one in comparison.situations if one.situation != "level"]
    assert [(one.situation, one.label) for one in others] == [
        ("stairs-up", "without exo"), ("push", "without exo"),
        ("stairs-up", "personalized controller"), ("push", "personalized controller"),
    ]  # fmt: skip
    assert all((one.measures.seeds, one.measures.starts) == (2, 2) for one in others)
    assert held.handrail and held.measures.starts == 1 and 0.0 <= held.support_bw < 0.5
    assert situation_verdict(comparison.situations) in comparison.sentence


@pytest.mark.slow
def test_gaits_are_correlated_with_the_patients_and_each_other(comparison: Comparison) -> None:
    found = comparison.correlations
    assert found is not None
    assert found.labels == ("measured", "without exo", "default controller", "personalized controller")
    hip, knee = JointKind.HIP_FLEXION, JointKind.KNEE
    assert found.between("without exo", "without exo", hip, Side.LEFT) > 0.98  # its strides are alike
    assert 0.9 < found.between("without exo", "personalized controller", knee, Side.RIGHT) < 1.0


@pytest.mark.slow
def test_an_impaired_twin_is_shown_beside_its_healthy_self() -> None:
    stiff = Impairment(ImpairmentKind.STIFFNESS, 0.8, Side.LEFT, joint=JointKind.KNEE)
    impaired = replace(twin(), body=replace(GENERIC_BODY, impairments=(stiff,)))
    (healthy,) = compare.healthy_walk(impaired, DEVICE, silent(Path()))
    assert healthy.label is GaitLabel.HEALTHY_TWIN and not healthy.exo_torque_nm.any()
    assert compare.healthy_walk(twin(), DEVICE, silent(Path())) == ()


class Impatient(SilentContext):
    """A person who cancels as soon as something walks."""

    def check_cancelled(self) -> None:
        if any(isinstance(event, Progress) and "walks without" in event.sentence for event in self.events):
            raise JobCancelled


def silent(folder: Path) -> SilentContext:
    return SilentContext(JobSpec("job", "compare", {}, folder), folder)


@pytest.mark.slow
def test_a_comparison_can_be_cancelled_between_its_walks(tmp_path: Path) -> None:
    visit = visit_in(tmp_path)
    context = Impatient(visit.context().spec, tmp_path / "job")
    with pytest.raises(JobCancelled):
        compare.run(context.spec.params, context)
    with open_store(tmp_path) as store:
        assert store.latest(store.info(visit.controller_id).visit_id, RecordKind.COMPARISON) is None


@pytest.mark.slow
def test_other_situations_can_be_cancelled_between_their_batches() -> None:
    class Leaving(SilentContext):
        """A person who has waited for two batches."""

        def check_cancelled(self) -> None:
            if len(self.events) == 2:
                raise JobCancelled

    context = Leaving(JobSpec("job", "compare", {}, Path()), Path())
    conditions = [Condition(GaitLabel.WITHOUT_EXO), Condition(GaitLabel.PERSONALIZED_CONTROLLER, DEVICE)]
    with pytest.raises(JobCancelled):
        compare_situations.compare_situations(TwinInExo(twin(), DEVICE), conditions, context, 0.6, 0.9)
    told = [event for event in context.events if isinstance(event, Progress)]
    assert [event.sentence for event in told] == ["Without exo: stairs"] * 2
    walked = 2 / 9  # of what is walked: two situations of 2 x 2 x 2 and one more
    assert [event.fraction for event in told] == pytest.approx([0.6, 0.6 + 0.3 * walked])


def test_a_controller_of_another_exo_is_not_compared(tmp_path: Path) -> None:
    visit = visit_in(tmp_path, device="Other_L1")
    context = visit.context()
    with refused("DEP-005") as told:
        compare.run(context.spec.params, context)
    assert told.value.advice.what == "This controller was made for Hippo_L1, not for Other_L1."


def test_a_controller_whose_twin_is_lost_is_not_compared(tmp_path: Path) -> None:
    visit = visit_in(tmp_path)
    with open_store(tmp_path) as store:
        visit_id = store.info(visit.controller_id).visit_id
        alone = store.save(RecordKind.CONTROLLER, trained(), visit_id=visit_id, summary="alone")
        assert code_of(compare._input, store, alone, RecordKind.GAIT_POLICY) == "CMP-001"


def test_a_twin_that_falls_without_the_exo_is_not_compared() -> None:
    assert code_of(compare.check_walks, walked.measures(1.0, falls=21)) == "CMP-003"


def test_a_twin_that_falls_in_half_of_its_walks_still_is() -> None:
    compare.check_walks(walked.measures(1.0, falls=20))
