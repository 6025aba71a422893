"""Without exo, default controller and personalized controller side by side, on the same walks."""

from __future__ import annotations

from core.domain.controller import Comparison, ExoController, GaitScore, TrainedController
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.twin import GaitPolicy
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.learning.exo.comparison import score_gait, verdict
from core.learning.exo.environment import walkers_of
from core.learning.exo.training import ControllerEvaluator
from core.learning.exo.worn_controller import WornExo
from core.simulation.analysis.rollout import record_rollout, scene_geometry, trace_walk
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.store.repository import Store, open_store
from core.tasks.train_controller import starting_controller

LENGTH_S = 10.0  # about eight strides
SEED = 1  # one fixed start for all three gaits, so that they differ by the exo only
EVALUATION_SEED = 20_000  # start states that no training used


def run(params: Params, context: JobContext) -> str:
    """Compare CONTROLLER `controller_id` with walking without exo and with the default controller.

    Returns the COMPARISON record's id.
    """
    controller_id = str(params["controller_id"])
    with open_store(context.spec.data_dir) as store:
        trained = store.load(controller_id, TrainedController)
        policy_id = _input(store, controller_id, RecordKind.GAIT_POLICY)
        motion_id = _input(store, policy_id, RecordKind.MOTION)
        policy, motion = store.load(policy_id, GaitPolicy), store.load(motion_id, Motion)
        # The same policy walks all three gaits: the one that accommodated to the exo.
        policy = trained.walking or policy
        comparison = compare(policy, motion, trained, context)
        return store.save(
            RecordKind.COMPARISON,
            comparison,
            visit_id=store.info(controller_id).visit_id,
            inputs=(controller_id, policy_id, motion_id),
            summary=comparison.sentence,
            operator=context.spec.operator,
            seed=EVALUATION_SEED,
            settings={"seconds": LENGTH_S},
        )


def compare(
    policy: GaitPolicy, motion: Motion, trained: TrainedController, context: JobContext
) -> Comparison:
    """Simulate, evaluate and score the three gaits."""
    device_id = trained.device_id
    gaits: tuple[tuple[GaitLabel, str | None, ExoController | None, str], ...] = (
        (GaitLabel.WITHOUT_EXO, None, None, "The twin walks without the exo"),
        (GaitLabel.DEFAULT_CONTROLLER, device_id, starting_controller(device_id), "Default controller"),
        (GaitLabel.PERSONALIZED_CONTROLLER, device_id, trained.controller, "Personalized controller"),
    )
    context.progress(0.02, "Preparing the walks")
    evaluator = ControllerEvaluator(policy, device_id, seed=EVALUATION_SEED)
    rollouts: list[Rollout] = []
    scores: list[GaitScore] = []
    for number, (label, device, controller, sentence) in enumerate(gaits):
        context.check_cancelled()
        context.progress(0.1 + 0.28 * number, sentence)
        rollout = _walk(label, policy, device, controller)
        measure = evaluator.without_exo if device is None else evaluator.evaluate(controller).measure
        rollouts.append(rollout)
        scores.append(score_gait(rollout, measure, motion.cycles))
    context.progress(0.95, "Preparing the pictures")
    synthetic = trained.synthetic or policy.synthetic or motion.synthetic
    geometry = scene_geometry(policy.body, device_id)
    return Comparison(
        RolloutSet(tuple(rollouts), geometry, "Level walking", synthetic),
        tuple(scores),
        verdict(scores[0], scores[1], scores[2]),
        synthetic,
    )


def _walk(
    label: GaitLabel, policy: GaitPolicy, device_id: str | None, controller: ExoController | None
) -> Rollout:
    walkers = walkers_of(policy.body, policy.reference, device_id, 1)
    environment = WalkingEnvironment(walkers, seed=SEED, episode_s=2 * LENGTH_S, threads=1)
    exo = None if controller is None else WornExo(controller, environment)
    trace = trace_walk(environment, PolicyNetworks.from_policy(policy).act, exo, LENGTH_S)
    return record_rollout(label, policy.body, trace, device_id)


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
