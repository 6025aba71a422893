"""The record of a visit, filled up to a step, as the jobs would have written it."""

from __future__ import annotations

import numpy as np

from core.deploy.walk_recorder import match
from core.domain.comparison_words import verdict
from core.domain.controller import (
    Aim,
    Comparison,
    Deployment,
    ExoController,
    GaitScore,
    Handover,
    MeasuredGait,
    Package,
    TorqueLimits,
    TrainedController,
)
from core.domain.exo_walk import ExoWalk
from core.domain.gait_envelope import GaitEnvelope
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import GaitLabel
from core.domain.twin import GENERIC_BODY, GaitPolicy, LearningCurve, Network, Twin
from core.session.flow import Step
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.store.repository import Store
from tests import walked
from tests.ui import samples, walks

LIMITS = TorqueLimits(peak_nm=12.0, rate_nm_s=150.0, hip_range_rad=1.4)
# Of the default twin with the default controller.
GAIT = GaitEnvelope(
    (-0.375, -0.449), (0.544, 0.586), (0.817, 0.930), (0.817, 0.930), -5.0, 10.8, -0.423, 0.562, -2.43, 3.50
)
SHA256 = "9f2c4e5a" * 8
GAITS = walked.GAITS
_NETWORK = Network((np.zeros((2, 2)),), (np.zeros(2),), "relu")
_WALKS = Network((np.zeros((14, OBSERVATION_SIZE)),), (np.zeros(14),), "silu")


def fill(store: Store, visit_id: str, upto: Step) -> dict[Step, str]:
    """Write everything up to and including `upto`; returns the record of each step."""
    made: dict[Step, str] = {}
    for step, write in _WRITERS.items():
        made[step] = write(store, visit_id, made)
        if step is upto:
            return made
    raise ValueError(upto)


def _motion(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    capture = store.save(RecordKind.LANDMARKS, samples.landmarks(), visit_id=visit_id, summary="")
    motion = store.save(
        RecordKind.MOTION, samples.motion(), visit_id=visit_id, inputs=(capture,), summary="motion"
    )
    store.decide(visit_id, Step.MOTION.value, Verdict.ACCEPTED, record_id=motion)
    return motion


def _policy(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    motion = made[Step.MOTION]
    twin = store.save(
        RecordKind.TWIN,
        Twin(GENERIC_BODY, 0.019, 75.0, 0.88, 0.4),
        visit_id=visit_id,
        inputs=(motion,),
        summary="twin",
    )
    policy = gait_policy(walk_seconds=19.6)
    return store.save(
        RecordKind.GAIT_POLICY, policy, visit_id=visit_id, inputs=(twin, motion), summary="policy"
    )


def _simulated(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    gaits = walks.gaits(GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)
    inputs = (made[Step.PERSONALIZE],)
    return store.save(RecordKind.SIMULATED_GAIT, gaits, visit_id=visit_id, inputs=inputs, summary="gaits")


def _controller(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    exo = ExoController(_NETWORK, 0.1, 6.0, 30.0, 0.6, 100.0, LIMITS)
    curves = (curve("metabolic_ratio", 0.88), curve("activation_ratio", 0.94), curve("falls_per_minute", 0.1))
    shown = (GaitLabel.WITHOUT_EXO, GaitLabel.WORN_WITHOUT_TORQUE, GaitLabel.PERSONALIZED_CONTROLLER)
    gaits = tuple(
        MeasuredGait(score.label, score.measures)
        for score in scores()
        if score.measures is not None and score.label in shown
    )
    trained = TrainedController(
        exo, "Hippo_L1", curves, 500_000, 1800.0, 1.04, 0.0, aim=Aim.MUSCLES, gaits=gaits, envelope=GAIT
    )
    inputs = (made[Step.PERSONALIZE],)
    return store.save(RecordKind.CONTROLLER, trained, visit_id=visit_id, inputs=inputs, summary="controller")


def _comparison(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    comparison = Comparison(walks.gaits(*GAITS), scores(), verdict(scores()))
    inputs = (made[Step.TRAIN], made[Step.PERSONALIZE], made[Step.MOTION])
    return store.save(RecordKind.COMPARISON, comparison, visit_id=visit_id, inputs=inputs, summary="compared")


def _deployment(store: Store, visit_id: str, made: dict[Step, str]) -> str:
    sign(store, visit_id, made)
    package = pack(store, visit_id, made)
    deployment = Deployment(SHA256, SHA256, "VX-1", "/dev/pts/3", confirmed=True, virtual=True)
    return store.save(
        RecordKind.DEPLOYMENT, deployment, visit_id=visit_id, inputs=(package,), summary="deployed"
    )


def put_on_exo(
    store: Store,
    visit_id: str,
    source: str,
    *,
    stage: Handover = Handover.CONFIRMED,
    readback_sha256: str = SHA256,
    confirmed: bool = True,
) -> str:
    """A DEPLOYMENT of the package, or after the deployment, `source`."""
    deployment = Deployment(
        SHA256,
        readback_sha256,
        "VX-1",
        "/dev/pts/3",
        confirmed=confirmed and stage is not Handover.PROVISIONAL,
        virtual=True,
        stage=stage,
        version="1.0.0",
    )
    inputs = (source,)
    return store.save(RecordKind.DEPLOYMENT, deployment, visit_id=visit_id, inputs=inputs, summary="deployed")


def walk(store: Store, visit_id: str, deployment_id: str, *, fault: bool = False) -> str:
    """Twelve seconds, half a newton metre of difference now and then."""
    time_s = np.arange(-100, 1200) / 100.0
    phase = 2.0 * np.pi * time_s[:, None] / 1.1 + np.array([[0.0, np.pi]])
    predicted = np.clip(8.0 * np.sin(phase), -6.0, 6.0) * (time_s[:, None] >= 0.0)
    delivered = np.roll(predicted, 2, axis=0)
    assisting = time_s > 5.0
    value = ExoWalk(
        time_s=time_s,
        angle_rad=0.3 * np.cos(phase),
        velocity_rad_s=-1.7 * np.sin(phase),
        command_nm=predicted,
        delivered_nm=delivered,
        predicted_nm=predicted,
        assisting=assisting,
        limit_nm=6.0,
        strides=(11, 10),
        lost_ticks=0,
        match=match(predicted, delivered, assisting, 60.0),
        package_sha256=SHA256,
        device_serial="VX-1",
        on_trial=True,
        virtual=True,
        end="S9 A leg's sensor fell behind." if fault else "stopped from this program",
        fault=fault,
    )
    return store.save(RecordKind.WALK, value, visit_id=visit_id, inputs=(deployment_id,), summary="walk")


_WRITERS = {
    Step.MOTION: _motion,
    Step.PERSONALIZE: _policy,
    Step.REVIEW: _simulated,
    Step.TRAIN: _controller,
    Step.COMPARE: _comparison,
    Step.DEPLOY: _deployment,
}


def sign(store: Store, visit_id: str, made: dict[Step, str]) -> None:
    record_id = made[Step.COMPARE]
    store.decide(visit_id, Step.COMPARE.value, Verdict.SIGNED, record_id=record_id, by="A. Berger")


def pack(store: Store, visit_id: str, made: dict[Step, str], envelope: GaitEnvelope | None = GAIT) -> str:
    package = Package(
        "controller.exopkg",
        SHA256,
        44_000,
        "Hippo_L1",
        "tag",
        LIMITS,
        envelope=envelope,
        purpose="virtual-only",
    )
    inputs = (made[Step.TRAIN], made[Step.COMPARE])
    return store.save(RecordKind.PACKAGE, package, visit_id=visit_id, inputs=inputs, summary="package")


def gait_policy(*, walk_seconds: float) -> GaitPolicy:
    return GaitPolicy(
        body=GENERIC_BODY,
        reference=samples.motion().reference,
        policy=_WALKS,
        value=_WALKS,
        log_std=np.zeros(14),
        observation_mean=np.zeros(OBSERVATION_SIZE),
        observation_std=np.ones(OBSERVATION_SIZE),
        curves=(curve("walk_seconds", walk_seconds), curve("similarity", 0.88)),
        control_steps=900_000,
        control_steps_per_s=2500.0,
        walk_seconds_median=walk_seconds,
        joint_rmse_deg=5.4,
    )


def curve(name: str, last: float) -> LearningCurve:
    return LearningCurve(name, "", np.array([0.0, 60.0, 120.0]), np.array([0.0, last / 2, last]))


def earlier_controller() -> TrainedController:
    """As an earlier version left it: joint effort alone."""
    exo = ExoController(_NETWORK, 0.1, 6.0, 30.0, 0.6, 100.0, LIMITS)
    curves = (curve("effort_ratio", 0.93), curve("falls_per_minute", 0.1))
    return TrainedController(exo, "Hippo_L1", curves, 500_000, 1800.0, 0.93, 0.1)


def scores(worn: float = walked.USUAL[-1], falls: int = 0) -> tuple[GaitScore, ...]:
    """Without exo 100 %, worn 103, default 96, generic 94 % of the metabolic rate, personalized `worn`."""
    return walked.scores((*walked.USUAL[:-1], worn), falls=(0, 0, 0, 0, falls))


def earlier_comparison(worn: float = 0.0465) -> Comparison:
    """As an earlier version left it; without the exo the joint effort is 0.0500."""
    return Comparison(walks.gaits(*walked.EARLIER_GAITS), walked.earlier_scores(worn), "Compared earlier.")
