"""Simulate level walking of the default twin and of this person's twin, with every sensor on."""

from __future__ import annotations

from dataclasses import replace

from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY, GaitPolicy
from core.gait.norms import normal_reference
from core.jobs.values import JobContext, Params
from core.simulation.analysis.rollout import record_rollout, scene_geometry, trace_walk
from core.simulation.analysis.scenario import scenario_rollout, trace_scenario
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.store.repository import open_store
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

LENGTH_S = 10.0  # about eight strides
SEED = 1  # one fixed start for both twins, so that they differ by their gait only


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Walk with GAIT_POLICY `policy_id`; returns the SIMULATED_GAIT record's id."""
    policy_id = str(params["policy_id"])
    with open_store(context.spec.data_dir) as store:
        policy = store.load(policy_id, GaitPolicy)
        networks = PolicyNetworks.from_policy(policy)
        context.progress(0.05, "The default twin walks")
        generic = Walker(worn_model(GENERIC_BODY, Fidelity.FAST, None), GENERIC_BODY, normal_reference())
        default = _walk(GaitLabel.DEFAULT_TWIN, generic, shipped_policy())
        context.check_cancelled()
        context.progress(0.4, "The person's twin walks")
        person = Walker(worn_model(policy.body, Fidelity.FAST, None), policy.body, policy.reference)
        personalized = _walk(GaitLabel.PERSONALIZED_TWIN, person, networks)
        context.check_cancelled()
        context.progress(0.8, "Preparing the pictures")
        rollouts = RolloutSet(
            rollouts=(default, personalized),
            geometry=scene_geometry(policy.body, None),
            scenario="Level walking",
            synthetic=policy.synthetic,
        )
        return store.save(
            RecordKind.SIMULATED_GAIT,
            rollouts,
            visit_id=store.info(policy_id).visit_id,
            inputs=(policy_id,),
            summary=_summary(personalized),
            operator=context.spec.operator,
            seed=SEED,
            settings={"seconds": LENGTH_S} | physics_settings(),
        )


def _walk(label: GaitLabel, walker: Walker, networks: PolicyNetworks) -> Rollout:
    """A muscle-driven twin is recorded directly; a torque-driven one is replayed for mean forces per step."""
    if networks.coordination is not None:
        model = worn_model(walker.body, Fidelity.STANDARD, None, surfaces=False)
        walker = replace(walker, model=model)
        environment = WalkingEnvironment(
            [walker], seed=SEED, actuation=actuation_of([walker], networks), episode_s=2 * LENGTH_S, threads=1
        )
        trace = trace_scenario(LEVEL_WALKING, walker, environment, networks.act, LENGTH_S)
        return scenario_rollout(label, walker, trace)
    environment = WalkingEnvironment([walker], seed=SEED, episode_s=2 * LENGTH_S, threads=1)
    walk = trace_walk(environment, networks.act, None, LENGTH_S)
    return record_rollout(label, walker.body, walk, None)


def _summary(rollout: Rollout) -> str:
    end = "" if rollout.fell_at_s is None else f", fell: {rollout.fall_cause}"
    return f"simulated walk of {rollout.walked_s:.1f} s at {rollout.speed_m_s:.2f} m/s{end}"
