"""The same twin without the exo, with it worn, and with several controllers, on the same walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.devices.profiles import (
    for_first_session,
    load_default_controller,
    load_generic_controller,
    load_stranger_controllers,
)
from core.domain.assistance_profile import AssistanceProfile
from core.domain.comparison_words import verdict
from core.domain.controller import Comparison, TrainedController
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import SituationWalks
from core.domain.situation_effects import MOST_FALLS
from core.domain.start_curves import StartCurves
from core.domain.twin import GaitPolicy
from core.domain.walk_measures import WalkMeasures
from core.errors import refuse
from core.gait.similarity import cycle_matrix
from core.jobs.values import JobContext, Params
from core.learning.exo.comparison import score_gait
from core.learning.exo.gyro_exo import wear
from core.learning.exo.measures import WalkRecording
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.walked_cycles import start_curves
from core.simulation.analysis.rollout import record_rollout, scene_geometry, trace_walk
from core.simulation.analysis.scenario import scenario_rollout, trace_scenario
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import actuation_of
from core.store.repository import Store, open_store
from core.tasks import judged_walks
from core.tasks.compare_situations import EVALUATION_SEED, Condition, compare_situations
from core.tasks.physics_used import notes_physics, physics_settings
from core.twin.body import Fidelity

LENGTH_S = 10.0  # of the walk that is drawn: about eight strides
SEED = 1  # its fixed start, for all gaits, so that they differ by the exo only
STRANGER_SEEDS = 2  # fewer, for they are many; the sentence tells how many walks each
LEVEL_DONE = 0.6  # of the job, when all level walks are measured
CORRELATED = (
    GaitLabel.HEALTHY_TWIN,
    GaitLabel.WITHOUT_EXO,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Compare CONTROLLER `controller_id` with walking without exo, with it worn, and with other controllers.

    Returns the COMPARISON record's id. Raises UserError CMP-001 (inputs are lost), DEP-005 (a controller of
    another exo) and CMP-003 (the twin falls without the exo).
    """
    controller_id = str(params["controller_id"])
    with open_store(context.spec.data_dir) as store:
        trained = store.load(controller_id, TrainedController)
        visit_id = store.info(controller_id).visit_id
        _check_device(trained, store.subject_of(visit_id).device)
        policy_id = _input(store, controller_id, RecordKind.GAIT_POLICY)
        motion_id = _input(store, policy_id, RecordKind.MOTION)
        policy, motion = store.load(policy_id, GaitPolicy), store.load(motion_id, Motion)
        # The same policy walks all gaits: the one that accommodated to the exo.
        comparison = compare(trained.walking or policy, motion, trained, context)
        return store.save(
            RecordKind.COMPARISON,
            comparison,
            visit_id=visit_id,
            inputs=(controller_id, policy_id, motion_id),
            summary=comparison.sentence,
            operator=context.spec.operator,
            seed=EVALUATION_SEED,
            settings={"seconds": LENGTH_S, "seeds": judged_walks.SEEDS, "walkers": judged_walks.WALKERS}
            | physics_settings(),
        )


def conditions_of(trained: TrainedController) -> tuple[Condition, ...]:
    """What is compared, in the order of the columns. All controllers keep the limits of a first session."""
    device = trained.device_id
    default, generic = load_default_controller(device), load_generic_controller(device)
    return (
        Condition(GaitLabel.WITHOUT_EXO),
        Condition(GaitLabel.WORN_WITHOUT_TORQUE, device),
        Condition(GaitLabel.DEFAULT_CONTROLLER, device, for_first_session(default, device)),
        Condition(GaitLabel.GENERIC_CONTROLLER, device, for_first_session(generic, device)),
        Condition(GaitLabel.PERSONALIZED_CONTROLLER, device, trained.controller),
    )


def compare(
    policy: GaitPolicy, motion: Motion, trained: TrainedController, context: JobContext
) -> Comparison:
    """Simulate, measure and score all gaits."""
    device_id = trained.device_id
    context.progress(0.02, "Preparing the walks")
    walks = _Walks(TwinInExo(policy, device_id), context)
    conditions = conditions_of(trained)
    strangers = [
        Condition(GaitLabel.STRANGERS_CONTROLLER, device_id, for_first_session(one, device_id))
        for one in load_stranger_controllers(device_id)
    ]
    walks.expect(judged_walks.SEEDS * len(conditions) + STRANGER_SEEDS * len(strangers))
    level, curves, rollouts = walks.level(conditions)
    scores = [
        score_gait(rollout, one.measures, motion.cycles) for rollout, one in zip(rollouts, level, strict=True)
    ]
    others = tuple(walks.measured(condition, STRANGER_SEEDS).measures for condition in strangers)
    situations = (*level, *compare_situations(walks.twin, conditions, context, LEVEL_DONE, 0.94))
    context.progress(0.95, "Preparing the pictures")
    rollouts += healthy_walk(policy, device_id, context)
    synthetic = trained.synthetic or policy.synthetic or motion.synthetic
    geometry = scene_geometry(policy.body, device_id)
    return Comparison(
        RolloutSet(tuple(rollouts), geometry, LEVEL_WALKING.name, synthetic),
        tuple(scores),
        verdict(scores, others, situations),
        synthetic,
        others,
        situations,
        correlations_of(rollouts, motion),
        policy.body.impairments,
        policy.body.mass_kg,
        curves,
    )


def healthy_walk(policy: GaitPolicy, device_id: str, context: JobContext) -> tuple[Rollout, ...]:
    """The healthy self of an impaired twin: the same body without impairments, by the same policy."""
    if not policy.body.impairments:
        return ()
    body = replace(policy.body, impairments=())
    walks = _Walks(TwinInExo(replace(policy, body=body), device_id), context)
    return (walks.drawn(Condition(GaitLabel.HEALTHY_TWIN)),)


def correlations_of(rollouts: Sequence[Rollout], motion: Motion) -> CycleCorrelations:
    """Of the patient's strides, the healthy, the impaired and the assisted twin's."""
    by_label = {rollout.label: rollout.cycles for rollout in rollouts}
    shown = [(label, by_label[label]) for label in CORRELATED if label in by_label]
    return cycle_matrix([(GaitLabel.MEASURED, motion.cycles), *shown])


class _Walks:
    """Walks of one twin, measured and drawn, with progress and cancelling between them."""

    def __init__(self, twin: TwinInExo, context: JobContext) -> None:
        self.twin, self._context = twin, context
        self._done, self._expected = 0, 1

    def expect(self, seeds: int) -> None:
        self._expected = seeds

    def level(
        self, conditions: Sequence[Condition]
    ) -> tuple[list[SituationWalks], tuple[StartCurves, ...], list[Rollout]]:
        """All of every condition. Raises UserError CMP-003 when the twin falls without the exo."""
        found: list[SituationWalks] = []
        curves: list[StartCurves] = []
        rollouts: list[Rollout] = []
        for condition in conditions:
            walks, own = self.seed_by_seed(condition, judged_walks.SEEDS)
            if condition.label is GaitLabel.WITHOUT_EXO:
                check_walks(walks.measures)
            found.append(walks)
            curves.append(own)
            rollouts.append(self.drawn(condition))
        return found, tuple(curves), rollouts

    def measured(self, condition: Condition, seeds: int) -> SituationWalks:
        """Many level walks from starts nobody trained on; the seeds are the same for all conditions."""
        return self.seed_by_seed(condition, seeds)[0]

    def seed_by_seed(self, condition: Condition, seeds: int) -> tuple[SituationWalks, StartCurves]:
        """The same with the mean curves of every seed."""
        parts, recordings = [], []
        for seed in judged_walks.seeds(seeds):
            self._context.check_cancelled()
            fraction = 0.05 + (LEVEL_DONE - 0.05) * self._done / self._expected
            self._context.progress(fraction, _doing(condition))
            recording, measures, profile = self._one_seed(condition, seed)
            recordings.append(recording)
            parts.append(SituationWalks(LEVEL_WALKING.key, condition.label.value, measures, profile))
            self._done += 1
        curves = start_curves(condition.label.value, recordings, [part.profile for part in parts])
        return SituationWalks.joined(parts), curves

    def _one_seed(
        self, condition: Condition, seed: int
    ) -> tuple[WalkRecording, WalkMeasures, AssistanceProfile | None]:
        """A profile only where the exo gives torque."""
        worn = condition.device_id is not None
        found = judged_walks.evaluator(self.twin, (seed,)).recorded(seed, condition.controller, worn=worn)
        return found if condition.controller is not None else (*found[:2], None)

    def drawn(self, condition: Condition) -> Rollout:
        """One walk with its poses. A torque-driven twin is replayed for mean forces of every step."""
        policy, device_id = self.twin.policy, condition.device_id
        networks = PolicyNetworks.from_policy(policy)
        walker = self.twin.walker(LEVEL_WALKING, worn=device_id is not None)
        environment = WalkingEnvironment(
            [walker],
            seed=SEED,
            actuation=actuation_of([walker], networks),
            episode_s=2 * LENGTH_S,
            threads=1,
        )
        exo = None if condition.controller is None else wear(condition.controller, environment)
        if self.twin.fidelity is Fidelity.FAST:
            walk = trace_walk(environment, networks.act, exo, LENGTH_S)
            return record_rollout(condition.label, policy.body, walk, device_id)
        trace = trace_scenario(LEVEL_WALKING, walker, environment, networks.act, LENGTH_S, exo)
        return scenario_rollout(condition.label, walker, trace, device_id)


def _doing(condition: Condition) -> str:
    match condition.label:
        case GaitLabel.WITHOUT_EXO:
            return "The twin walks without the exo"
        case GaitLabel.WORN_WITHOUT_TORQUE:
            return "The twin wears the exo, without torque"
        case GaitLabel.STRANGERS_CONTROLLER:
            return "Controllers of other virtual people"
        case _:
            return condition.label.value.capitalize()


def _check_device(trained: TrainedController, worn: str) -> None:
    if trained.device_id != worn:
        raise refuse(
            "DEP-005",
            f"This controller was made for {trained.device_id}, not for {worn}.",
            "A controller fits only the exo it was trained with, and the patient is to wear another one.",
            "Train a controller again on the Train page, then compare.",
        )


def check_walks(without: WalkMeasures) -> None:
    """Refuses CMP-003: what the twin costs is measured while it walks."""
    if without.falls > MOST_FALLS * without.starts:
        raise refuse(
            "CMP-003",
            "This twin falls without the exo, so nothing can be compared.",
            f"It fell {without.falls} times in {without.starts} walks of a few seconds.",
            "Let the twin learn again for longer on the Personalize page, then train the controller again.",
        )


def _input(store: Store, record_id: str, kind: RecordKind) -> str:
    for name, _ in store.info(record_id).provenance.inputs:
        if store.info(name).kind is kind:
            return name
    raise refuse(
        "CMP-001",
        "This controller cannot be compared.",
        f"The {kind.value.replace('_', ' ')} it was made from is not in the record.",
        "Do the steps before again, then train the controller again.",
    )
